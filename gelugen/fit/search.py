"""The fewest bits for one segment length: widths of slopes and intercepts, shift, dropped bits, phase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gelugen.design import Coefficient, Term
from gelugen.fit.bounds import Bounds
from gelugen.fit.segments import Interval, Segments
from gelugen.formats import Codes

_LARGEST_SHIFT = 20
_MORE_SHIFTS = 4
_MOST_PHASES = 64
"""What bounds the search, where it would be longer than it is worth: shifts above the smallest feasible one,
and phases of the rounding constant (evenly spread)."""
_SLOPE_WORK = 1 << 21
_FEWEST_SLOPES, _MOST_SLOPES = 32, 512
"""So many slopes of one segment (those around the middle) are tried as there is work for: slopes times codes."""

_Kind = tuple[int, bool]
"""The width of a stored integer, and whether it is signed."""


@dataclass(frozen=True)
class Fit:
    """What a search has found: its ROM bits, and the parts of a design."""

    bits: int
    terms: tuple[Term, ...]
    bias: int
    shift: int


@dataclass(frozen=True)
class _Choice:
    """The widths that one search step settled on, and the candidates from which each segment then chooses."""

    bits: int
    shift: int
    slope_kind: _Kind
    intercept_kind: _Kind
    drop: int
    bias: int
    tried: tuple[Codes, Codes, Codes]


def fit_segments(bounds: Bounds, dx_bits: int, degree: int, limit: int | None) -> Fit | None:
    """The fewest bits for one segment length; None if not below ``limit``."""
    segments = Segments(bounds, dx_bits)
    if not segments.depth:
        return Fit(0, (), bounds.idle, 0) if limit is None or limit > 0 else None
    # The value at dx = 0 is the intercept itself, so it has at least these bits.
    middle = segments.low[:, len(segments.dx) // 2]
    least = max((int((middle - segments.idle).max() - 1) >> segments.slack).bit_length(), 1)

    def hopeless(slope_width: int) -> bool:
        target = best.bits if best else limit
        return target is not None and segments.depth * (least + slope_width) >= target

    best: _Choice | None = None
    if hopeless(1 if degree else 0):
        return None
    for shift, slopes in _shifts(segments) if degree else [(0, None)]:
        narrowest = _width(slopes) if slopes else (0, False)
        if hopeless(narrowest[0]):
            break  # from here on each further bit of shift is a further bit of slope
        for kind in _kinds(narrowest) if degree else [(0, False)]:
            if not hopeless(kind[0]):
                tried = _candidates(segments, shift, slopes, kind)
                best = _intercept(segments, shift, kind, tried, best.bits if best else limit) or best
    if best is None:
        return None
    return Fit(best.bits, (_fill(segments, dx_bits, best),), best.bias, best.shift)


def _shifts(segments: Segments) -> Iterator[tuple[int, Interval]]:
    """The shifts worth trying, from the smallest feasible one up, with the slopes that each leaves.

    What is feasible at a shift is so at the next one, with every coefficient doubled.
    """
    shift, above = 0, _LARGEST_SHIFT
    if segments.slopes(above) is None:
        return
    while shift < above:
        middle = (shift + above) // 2
        shift, above = (shift, middle) if segments.slopes(middle) else (middle + 1, above)
    for more in range(shift, min(shift + _MORE_SHIFTS, _LARGEST_SHIFT) + 1):
        if slopes := segments.slopes(more):
            yield more, slopes


def _width(slopes: Interval) -> _Kind:
    """The fewest bits, and whether signed, that hold one slope of each segment's interval."""
    start, to = slopes
    nearest = np.where(start > 0, start, np.where(to < 0, to, 0))
    if (nearest >= 0).all():
        return max(int(nearest.max()).bit_length(), 1), False
    return max(int(nearest.max()), int(-1 - nearest.min())).bit_length() + 1, True


def _kinds(narrowest: _Kind) -> Iterator[_Kind]:
    """Slope widths from the narrowest up: wider ones leave more choice to the intercepts."""
    width, signed = narrowest
    for more in range(3):
        yield width + more, signed
        if not signed:
            yield width + more + 1, True


def _candidates(segments: Segments, shift: int, slopes: Interval | None, kind: _Kind) -> tuple[Codes, Codes, Codes]:
    """Slopes that fit a width, and their intervals of intercepts: three arrays (slope number, segment)."""
    if slopes is None:
        tried = np.zeros((1, segments.depth), dtype=np.int64)
    else:
        low, high = _range(kind)
        start, to = np.maximum(slopes[0], low), np.minimum(slopes[1], high)
        affordable = max(_SLOPE_WORK // segments.low.size, _FEWEST_SLOPES)
        count = min(int((to - start).max()) + 1, affordable, _MOST_SLOPES)
        first = np.clip((start + to + 1) // 2 - count // 2, start, np.maximum(to - count + 1, start))
        tried = np.minimum(first + np.arange(count)[:, None], to)
    pairs = [segments.intercepts(shift, slope) for slope in tried]
    return tried, np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


def _intercept(
    segments: Segments, shift: int, slope_kind: _Kind, tried: tuple[Codes, Codes, Codes], limit: int | None
) -> _Choice | None:
    """The narrowest intercepts: as many low bits dropped as the intervals allow, with the best phase.

    The phases that work with one more bit dropped are among those that work now, or those plus that bit; of more
    than ``_MOST_PHASES`` some are let go.
    """
    _, low, high = tried
    base = segments.idle << shift
    phases, found = np.zeros(1, dtype=np.int64), []
    for drop in range(shift + segments.slack + 1):
        if drop and drop <= shift:
            phases = np.concatenate([phases, phases + (1 << drop - 1)])
        feasible = []
        for phase in phases.tolist():
            n_low, n_high = -((base + phase - low) >> drop), (high - base - phase) >> drop
            if (n_low <= n_high).any(axis=0).all():
                feasible.append(phase)
                found.append((_intercept_kind(n_low, n_high), drop, phase))
        if not feasible:
            break
        phases = np.array(feasible)[:: -(-len(feasible) // _MOST_PHASES)]
    kind, drop, phase = min(found, key=lambda each: (each[0][0], each[1]))
    bits = segments.depth * (slope_kind[0] + kind[0])
    if limit is not None and bits >= limit:
        return None
    return _Choice(bits, shift, slope_kind, kind, drop, base + phase, tried)


def _intercept_kind(n_low: Codes, n_high: Codes) -> _Kind:
    """The fewest bits, and whether signed, that hold one intercept of each segment."""
    huge, some = 1 << 62, n_low <= n_high
    least = np.where(some & (n_high >= 0), np.maximum(n_low, 0), huge).min(axis=0)
    unsigned = max(int(least.max()).bit_length(), 1)
    # In two's complement a negative n costs as much as -1 - n.
    cost = np.where(n_low > 0, n_low, np.where(n_high < 0, -1 - n_high, 0))
    signed = int(np.where(some, cost, huge).min(axis=0).max()).bit_length() + 1
    return (unsigned, False) if unsigned <= signed else (signed, True)


def _range(kind: _Kind) -> tuple[int, int]:
    width, signed = kind
    return (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)


def _fill(segments: Segments, dx_bits: int, choice: _Choice) -> Term:
    """Of all coefficients that fit the settled widths, those with the smallest mean square error a segment."""
    shift, drop, bias = choice.shift, choice.drop, choice.bias
    tried, low, high = choice.tried
    smallest, largest = _range(choice.intercept_kind)
    n_low = np.maximum(-((bias - low) >> drop), smallest)
    n_high = np.minimum((high - bias) >> drop, largest)
    # r is a floor, so v aims half a unit of r above the ideal.
    goal = (segments.ideal + 0.5) * (1 << shift)
    bound = np.nan_to_num(goal)
    there = ~np.isnan(goal)
    best = np.full(segments.depth, np.inf)
    slope = np.zeros(segments.depth, dtype=np.int64)
    intercept = np.zeros(segments.depth, dtype=np.int64)
    for a, lowest, highest in zip(tried, n_low, n_high, strict=True):
        rest = np.where(there, bound - a[:, None] * segments.dx, 0)
        mean = rest.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        n = np.clip(np.rint((mean - bias) / (1 << drop)).astype(np.int64), lowest, highest)
        error = (np.where(there, rest - (bias + (n << drop))[:, None], 0) ** 2).sum(axis=1)
        better = (lowest <= highest) & (error < best)
        best, slope, intercept = (
            np.where(better, error, best),
            np.where(better, a, slope),
            np.where(better, n, intercept),
        )
    columns = [Coefficient(tuple(intercept.tolist()), *choice.intercept_kind, drop)]
    if choice.slope_kind[0]:
        columns.append(Coefficient(tuple(slope.tolist()), *choice.slope_kind))
    return Term(dx_bits, tuple(columns))
