"""Which nodes cover the range of u with the fewest words, and how narrow their words can be.

The rounding constant that all segments share is kept as a set of phases of the intercept's grid: a node is possible
or not at each phase. Over a binary split the fewest leaves follow by dynamic programming from the short nodes to the
long ones; equal segments must all be possible at one phase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gelugen.fit.polynomials.candidates import Candidates, Grid
from gelugen.fit.polynomials.exchange import Reals
from gelugen.formats import Codes
from gelugen.terms import constant_bits

PHASES = 32
_NEAR = 1e-9

Window = tuple[int, int]
"""The first and the last integer that a column holds."""
Leaf = tuple[int, int]
"""log2 of the length, and the number of the node of that length."""


Rest = tuple[int, int] | None
"""The first and last r that the shared constant may give where it stands alone, outside the segments; None if it never
does. It is then free, and takes up the base of the intercepts."""


@dataclass(frozen=True)
class Cover:
    """A choice of nodes.

    Attributes:
        leaves: the nodes from u = 0 up.
        constant: what all segments share, in steps of the intercept.
    """

    leaves: tuple[Leaf, ...]
    constant: float


def _constants(rest: Rest, step: float) -> tuple[Reals, npt.NDArray[np.bool_]]:
    """The shared constants that are tried, one for each phase of the intercept's grid, and which ``rest`` allows."""
    phases = np.arange(PHASES) / PHASES
    if rest is None:
        return phases, np.ones(PHASES, dtype=np.bool_)
    constants = phases + np.ceil(rest[0] / step - phases - _NEAR)
    return constants, constants * step < rest[1] + 1 - _NEAR


def _possible(candidates: Candidates, step: float) -> npt.NDArray[np.bool_]:
    """At which phases some candidate has an intercept on the grid."""
    phases = np.arange(PHASES) / PHASES
    first = np.ceil(candidates.start[:, None] / step - phases - _NEAR)
    last = np.floor(candidates.to[:, None] / step - phases + _NEAR)
    return np.asarray((first <= last).any(axis=0), dtype=np.bool_)


def equal_covers(grid: Grid, log: int, count: int, rest: Rest, step: float) -> list[Cover]:
    """All of the first ``count`` nodes of one length, with each constant that serves them all, the safest first."""
    constants, possible = _constants(rest, step)
    for number in range(0, count, 16):
        for each in grid.of(log, range(number, min(number + 16, count))):
            possible &= _possible(each, step)
            if not possible.any():
                return []
    leaves = tuple((log, number) for number in range(count))
    return [Cover(leaves, float(constants[phase])) for phase in _safest_first(possible)]


def _safest_first(possible: npt.NDArray[np.bool_]) -> list[int]:
    """The possible phases: first the middle of the longest run, so that small changes later leave it possible."""
    best, run, at = 0, 0, 0
    for phase, each in enumerate(possible.tolist()):
        run = run + 1 if each else 0
        if run > best:
            best, at = run, phase - (run - 1) // 2
    return [at, *(phase for phase in np.flatnonzero(possible).tolist() if phase != at)]


def split_covers(grid: Grid, rest: Rest, step: float, most: float) -> list[Cover]:
    """The binary splits with the fewest leaves, for each constant; none if they have more than ``most``."""
    nodes = grid.nodes
    constants, allowed = _constants(rest, step)
    active = [0]
    asked: dict[int, list[int]] = {}
    masks: dict[int, npt.NDArray[np.bool_]] = {}
    log = nodes.span
    while True:
        level = nodes.levels[log]
        mask = np.zeros((len(active), PHASES), dtype=np.bool_)
        there = [index for index, number in enumerate(active) if level.exists[number]]
        for index, each in zip(there, grid.of(log, [active[index] for index in there]), strict=True):
            mask[index] = _possible(each, step)
        asked[log], masks[log] = active, mask
        split = [number for number, row in zip(active, mask, strict=True) if not row.all()]
        if not split or log == nodes.smallest:
            break
        children = np.array([child for number in split for child in (2 * number, 2 * number + 1)])
        hopes = nodes.fewest[log - 1][children][:, None].repeat(PHASES, axis=1)
        if np.where(allowed, _fewest(nodes.span, log, masks, hopes), np.inf).min() > most:
            return []
        active = children.tolist()
        log -= 1
    fewest = np.where(allowed, _fewest(nodes.span, log, masks, None), np.inf)
    if not fewest.min() <= most:
        return []

    def leaves(phase: int, at: int, number: int) -> list[Leaf]:
        if masks[at][asked[at].index(number), phase]:
            return [(at, number)]
        return leaves(phase, at - 1, 2 * number) + leaves(phase, at - 1, 2 * number + 1)

    return [
        Cover(tuple(leaves(phase, nodes.span, 0)), float(constants[phase]))
        for phase in _safest_first(fewest == fewest.min())
    ]


def _fewest(span: int, lowest: int, masks: dict[int, npt.NDArray[np.bool_]], below: Reals | None) -> Reals:
    """The fewest leaves of the whole range at each phase.

    ``below``: what the children of the lowest level's split nodes cost at least; None if they do not exist.
    """
    for log in range(lowest, span + 1):
        cost = np.where(masks[log], 1.0, np.inf)
        if below is not None and len(below):
            split = np.flatnonzero(~masks[log].all(axis=1))
            cost[split] = np.minimum(cost[split], below[0::2] + below[1::2])
        below = cost
    fewest: Reals = cost[0]
    return fewest


def windows_of(grid: Grid, cover: Cover, rest: Rest, step: float, order: Sequence[int]) -> list[Window]:
    """The narrowest windows of the columns C_d .. C_1 and of C_0 that a cover's candidates leave.

    They are narrowed one after the other: the columns in ``order``, where 0 is C_d, and C_0 last.

    A window of w bits starts at 0 or at -2^(w-1) if it can, which needs no base.
    """
    parts = [grid.of(log, [number])[0] for log, number in cover.leaves]
    owner = np.repeat(np.arange(len(parts)), [len(each.start) for each in parts])
    k = np.concatenate([each.k for each in parts])
    first = np.ceil(np.concatenate([each.start for each in parts]) / step - cover.constant - _NEAR).astype(np.int64)
    last = np.floor(np.concatenate([each.to for each in parts]) / step - cover.constant + _NEAR).astype(np.int64)
    kept = first <= last
    found: dict[int, Window] = {}
    for column in order:
        k, owner, first, last = k[kept], owner[kept], first[kept], last[kept]
        found[column] = window = window_of(Choices(owner, k[:, column], k[:, column]))
        kept = (k[:, column] >= window[0]) & (k[:, column] <= window[1])
    intercept = window_of(Choices(owner[kept], first[kept], last[kept]), free_base=rest is None)
    return [*(found[column] for column in range(grid.nodes.degree)), intercept]


class Choices:
    """What each segment may store in a column: ranges first .. last, one or more of each segment.

    Attributes:
        starts: where each segment's ranges begin; they stand side by side.
        first, last: the ranges.
    """

    def __init__(self, owner: Codes, first: Codes, last: Codes) -> None:
        """``owner``: the segment of each range, ascending from 0 without a gap."""
        self.starts = np.searchsorted(owner, np.arange(int(owner[-1]) + 1))
        self.first, self.last = first, last

    def __len__(self) -> int:
        return len(self.starts)

    def served(self, window: Window) -> bool:
        """Whether each segment has a choice within a window."""
        inside = (self.first <= window[1]) & (self.last >= window[0])
        return bool(np.logical_or.reduceat(inside, self.starts).all())


def window_of(choices: Choices, *, free_base: bool = False) -> Window:
    """The cheapest window in which each segment has a choice.

    Plain binary starts at 0, two's complement at -2^(w-1); any other start is stored once, as the column's base, unless
    ``free_base`` says that something else takes it up.
    """
    low = int(np.maximum.reduceat(choices.last, choices.starts).min())
    high = int(np.minimum.reduceat(choices.first, choices.starts).max())
    if low >= high:  # one value may serve all
        low = high = min(max(0, high), low)
    options = [_based(choices, low, high)]
    if free_base:
        return options[0]
    for signed in (False, True):
        bits = max(high, 0).bit_length() if not signed else _signed_bits(low, high)
        while bits < 62 and not choices.served(window := _plain(bits, signed)):
            bits += 1
        if bits < 62:
            options.append(window)
    return min(options, key=lambda window: len(choices) * width(window) + base_bits(window))


def _signed_bits(low: int, high: int) -> int:
    """The fewest bits of two's complement that hold low and high, which windows must; none where they are one."""
    if low == high:
        return 0
    return max(high if high >= 0 else -1 - high, low if low >= 0 else -1 - low).bit_length()


def _plain(bits: int, signed: bool) -> Window:
    return (-(1 << bits >> 1), (1 << bits >> 1) - (bits > 0)) if signed else (0, (1 << bits) - 1)


def _based(choices: Choices, low: int, high: int) -> Window:
    """The narrowest window with a base of its own."""
    bits = (high - low).bit_length()
    while True:
        size = 1 << bits
        starts = {high - size + 1 + (low - high + size - 1) * part // 8 for part in range(9)}
        for start in sorted(starts, key=lambda start: (base_bits((start, start + size - 1)), start)):
            if choices.served((start, start + size - 1)):
                return start, start + size - 1
        bits += 1


def width(window: Window) -> int:
    """The bits of a column that holds a window."""
    return (window[1] - window[0]).bit_length()


def base_bits(window: Window) -> int:
    """The bits of the base that a column with this window stores once."""
    base, _, _ = base_of(window)
    return constant_bits(base)


def base_of(window: Window) -> tuple[int, bool, int]:
    """The base of a column with this window, whether its stored values are signed, and zeros to drop.

    Of the two bases the one of fewer bits is taken. A constant that nothing is added to drops its own low zeros.
    """
    if not width(window):
        zeros = (window[0] & -window[0]).bit_length() - 1 if window[0] else 0
        return window[0] >> zeros, False, zeros
    half = 1 << width(window) >> 1
    return min((window[0], False, 0), (window[0] + half, True, 0), key=lambda each: (constant_bits(each[0]), each[1]))
