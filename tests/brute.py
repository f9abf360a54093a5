"""Brute force over designs of a few codes, in plain integers: every width, base, grid, shift and shared constant.

Nothing here uses the fits: what they find is held against it.
"""

from itertools import pairwise

import numpy as np

from gelugen.terms import constant_bits

FAR = 1 << 40
_MOST_BASE = 1 << 12
_COSTS = np.array([constant_bits(base) for base in range(-_MOST_BASE, _MOST_BASE)])


def base_costs(bases, width):
    """The bits of a base for words that cover base .. base + 2^width - 1, plain binary or two's complement."""
    bases = np.asarray(bases)
    costs = _COSTS[bases + _MOST_BASE]
    if width:
        return np.minimum(costs, _COSTS[bases + (1 << width - 1) + _MOST_BASE])
    zeros = [(each & -each).bit_length() - 1 if each else 0 for each in bases.tolist()]
    return _COSTS[(bases >> np.array(zeros, dtype=np.int64)) + _MOST_BASE]  # a shared coefficient drops its zeros


def rested(ends, idle):
    """The idle value if it serves the last u, else the nearest one of those that serve the most u at the end."""
    if ends[-1][0] <= idle <= ends[-1][1]:
        return idle
    low, high = ends[-1]
    for each_low, each_high in reversed(ends):
        if max(low, each_low) > min(high, each_high):
            break
        low, high = max(low, each_low), min(high, each_high)
    return min(max(idle, low), high)


def outside(ends, start, idle):
    """The r that may stand at all u from ``start``, from the idle one up: (lowest, highest); None without such a u.

    Where the idle one does not serve them all, lowest > highest.
    """
    if start >= len(ends):
        return None
    low, high, idle = max(low for low, _ in ends[start:]), min(high for _, high in ends[start:]), rested(ends, idle)
    return (idle, min(high, idle + 4)) if low <= idle <= high else (1, 0)


def uniform_places(ends, length):
    """Every number of equal segments, each as (start, length, up)."""
    for depth in range(1, -(-len(ends) // length) + 1):
        yield [(number * length, length, 0) for number in range(depth)]


def splits(level):
    """Every binary split of 2^level codes: the leaves' logarithms."""
    yield (level,)
    if level:
        for left in splits(level - 1):
            for right in splits(level - 1):
                yield left + right


def split_places(leaves):
    """The leaves as (start, length, up)."""
    starts = np.cumsum([0, *(1 << leaf for leaf in leaves)]).tolist()
    return [(one, two - one, max(leaves) - leaf) for leaf, (one, two) in zip(leaves, pairwise(starts), strict=True)]


def smaller_line(ends, idle, places, budget, most_shift=5, more_drop=3):
    """Words for lines on these segments, or a line that all share, with fewer bits than ``budget``; None if none exist.

    Lists what was found: shift, zeros of the slope and of the intercept, constant, widths and bases.
    """
    depth, end = len(places), places[-1][0] + places[-1][1]
    rest = outside(ends, end, idle)
    if budget <= 0 or (rest is not None and rest[0] > rest[1]):
        return None
    half = max(length << up for _, length, up in places) >> 1
    for shift in range(most_shift + 1):
        for zeros in range(3 if shift == 0 else 1):
            slopes = np.arange(-(4 << shift), (4 << shift) + 1)
            start, stop = np.full((len(slopes), depth), -FAR), np.full((len(slopes), depth), FAR)
            for segment, (at, length, up) in enumerate(places):
                for u in range(at, min(at + length, len(ends))):
                    low, high = ends[u]
                    rise = (slopes << zeros) * (((u - at) << up) - half)
                    # low <= (c + rise) >> shift <= high
                    start[:, segment] = np.maximum(start[:, segment], (low << shift) - rise)
                    stop[:, segment] = np.minimum(stop[:, segment], (high + 1 << shift) - 1 - rise)
            if not (start <= stop).any(axis=0).all():
                continue
            for drop in range(shift + more_drop + 1):
                for constant in (
                    range(1 << drop)
                    if rest is None
                    else range(
                        rest[0] << shift, min(rest[0] << shift, (rest[1] + 1 << shift) - (1 << drop)) + (1 << drop)
                    )
                ):
                    if rest is not None and constant >= rest[1] + 1 << shift:
                        continue
                    first, last = -((constant - start) >> drop), (stop - constant) >> drop
                    several = 0 if rest is None else ((rest[1] + 1 << shift) - 1 - constant) >> drop
                    found = _cheapest(slopes, first, last, rest is None, several, budget)
                    if found:
                        return shift, zeros, drop, constant, *found
    return None


def _cheapest(slopes, first, last, free, several, budget):
    """Widths and bases of slope and intercept below a budget.

    The intercept's base is ``free``, or the constant may take up as much as ``several`` steps of it.
    """
    depth, there = first.shape[1], first <= last
    if not there.any(axis=0).all():
        return None
    number = np.arange(len(slopes))[:, None]
    low1 = int(np.where(there, number, FAR).min(axis=0).max())
    high1 = int(np.where(there, number, -FAR).max(axis=0).min())
    low0 = int(np.where(there, first, FAR).min(axis=0).max())
    high0 = int(np.where(there, last, -FAR).max(axis=0).min())
    least1, least0 = max(low1 - high1, 0).bit_length(), max(low0 - high0, 0).bit_length()
    for width1 in range(least1, 12):
        bases1 = np.arange(max(low1 - (1 << width1) + 1, 0), min(high1, len(slopes) - (1 << width1)) + 1)
        if not len(bases1):
            continue
        costs1 = base_costs(slopes[bases1], width1)
        for width0 in range(least0, 12):
            words = depth * (width1 + width0)
            if words + costs1.min() >= budget or (depth == 1 and width1 + width0):
                break
            bases0 = np.arange(max(low0 - (1 << width0) + 1, -2000), min(high0, 2000) + 1)
            if not len(bases0):
                continue
            costs0 = np.zeros(len(bases0), dtype=np.int64)
            if not free:
                taken = [base_costs(bases0 - step, width0) for step in range(min(several, 40) + 1)]
                costs0 = np.min(taken, axis=0)
            cheap = words + costs0 + costs1.min() < budget
            bases0, costs0 = bases0[cheap], costs0[cheap]
            if not len(bases0):
                continue
            hit = there & (first <= bases0[:, None, None] + (1 << width0) - 1) & (last >= bases0[:, None, None])
            sums = np.concatenate([np.zeros_like(hit[:, :1], dtype=np.int64), hit.cumsum(axis=1)], axis=1)
            served = (sums[:, bases1 + (1 << width1)] > sums[:, bases1]).all(axis=2)
            fits = served & (words + costs0[:, None] + costs1 < budget)
            if fits.any():
                one, two = np.argwhere(fits)[0]
                return width1, int(slopes[bases1[two]]), width0, int(bases0[one])
    return None
