"""Where segments may lie, and what one search leaves fixed: equal segments or a binary split, a tail, the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gelugen.fit.bounds import FREE, Bounds
from gelugen.fit.polynomials.candidates import Grid
from gelugen.fit.polynomials.cover import Cover, Leaf, Rest, equal_covers, split_covers
from gelugen.fit.polynomials.horner import Place
from gelugen.fit.polynomials.nodes import Nodes
from gelugen.formats import Codes
from gelugen.maps import Breakpoints, Dyadic, Uniform
from gelugen.terms import Coefficient, Term

_LOOSE = 1 << 12
"""So far above the idle value the shared constant may be, where no bound is nearer."""


def least_width(low: Codes, high: Codes) -> int:
    """The bits that intercepts within bounds take at least, if their step is no more than twice the widest bounds."""
    binding = (low > -FREE) & (high < FREE)
    if not binding.any():
        return 0
    room = 2 * int((high - low)[binding].max() + 1)
    return max((int(low[binding].max()) - int(high[binding].min())) // room, 0).bit_length()


@dataclass(frozen=True)
class Shape:
    """What is fixed in one search.

    Attributes:
        nodes: the bounds on every node.
        tail: the term that serves what lies past the segments, if one is needed.
        rest: what r may be where the shared constant stands alone.
        equal: log2 of the length of equal segments; None for a binary split.
        count: how many equal segments there are.
    """

    nodes: Nodes
    tail: Term | None
    rest: Rest
    equal: int | None = None
    count: int = 0

    def covers(self, grid: Grid, step: float, most: float) -> list[Cover]:
        """The covers with the fewest segments, one for each constant; none if they have more than ``most``."""
        if self.equal is None:
            return split_covers(grid, self.rest, step, most)
        return equal_covers(grid, self.equal, self.count, self.rest, step) if self.count <= most else []

    @property
    def least_word(self) -> int:
        """The bits that the intercepts of equal segments take at least, with a step of twice what the bounds leave."""
        if self.equal is None:
            return 1
        middle = slice((1 << self.equal) // 2, self.count << self.equal, 1 << self.equal)
        return least_width(self.nodes.low[middle], self.nodes.high[middle])

    @property
    def dx_bits(self) -> int:
        """The bits of dx, at least: of twice the leaves that real coefficients need the longest has so many."""
        if self.equal is not None:
            return self.equal
        leaves = 2 * int(self.nodes.fewest[self.nodes.span][0])
        return max(self.nodes.span - (leaves - 1).bit_length(), 1)

    def segments(self, leaves: tuple[Leaf, ...]) -> Uniform | Dyadic:
        """The map of a cover."""
        return Uniform(self.equal) if self.equal is not None else Dyadic(tuple(log for log, _ in leaves))

    def places(self, leaves: tuple[Leaf, ...]) -> list[Place]:
        """Where the segments of a cover lie."""
        longest = max(log for log, _ in leaves)
        return [Place(number << log, 1 << log, longest - log) for log, number in leaves]

    def bits(self, segments: int, widths: int) -> int:
        """The ROM bits of so many segments."""
        tree = 2 * segments - 1 if self.equal is None else 0
        return segments * widths + tree + (self.tail.rom_bits if self.tail else 0)


def shapes(bounds: Bounds, degree: int, split: bool) -> Iterator[Shape]:
    """The ranges of u that segments may cover, the rest being idle or served by one constant."""
    idle = (bounds.low <= bounds.idle) & (bounds.idle <= bounds.high)
    needed = np.flatnonzero(~idle)
    if not len(needed):
        return
    end = int(needed[-1]) + 1
    u_bits, full = (len(bounds.low) - 1).bit_length(), max((end - 1).bit_length(), 1)
    for span in (full - 1, full):
        if span < degree:
            continue
        tail = None
        if 1 << span < end:
            tail = tail_of(bounds, 1 << span, end)
            if tail is None:
                continue
        nodes = Nodes(bounds, degree, span)
        covered = min(end, 1 << span)
        if split and np.isfinite(nodes.fewest[span][0]):
            yield Shape(nodes, tail, rest_of(bounds, tail, 1 << span))
        for log in reversed(range(nodes.smallest, min(span + 1, u_bits))) if not split else ():
            count = -(-covered // (1 << log))
            if nodes.levels[log].exists[:count].all():
                yield Shape(nodes, tail, rest_of(bounds, tail, count << log), equal=log, count=count)


def rest_of(bounds: Bounds, tail: Term | None, end: int) -> Rest:
    """What the shared constant may be, seen from the codes outside the segments that end at ``end``."""
    if tail is not None:  # its value is added to the idle one
        return bounds.idle, bounds.idle
    if end >= len(bounds.low):
        return None
    low, high = int(bounds.low[end:].max()), int(bounds.high[end:].min())
    return max(low, bounds.idle), min(high, bounds.idle + _LOOSE)


def tail_of(bounds: Bounds, start: int, end: int) -> Term | None:
    """One constant for start <= u < end: a value that is added to the idle one."""
    low, high = int(bounds.low[start:end].max()), int(bounds.high[start:end].min())
    if low > high:
        return None
    value = low if low > bounds.idle else high
    return Term(Breakpoints((start, end)), (Coefficient((0,), 0, False, 0, value - bounds.idle),))
