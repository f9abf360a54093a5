"""How C finds the row of a u: by some bits of it, by a table of them, by comparisons, by bisection, or by both."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gelugen.design import Uniform
from gelugen.emit.c.packing import Array
from gelugen.emit.layout import Layout

MOST_COMPARISONS = 8
"""Segments whose number is counted by comparisons; of more it is found by bisection."""
MOST_ROWS = 1 << 12
"""More rows, or entries of a table of segments, are not made in place of comparisons."""
FIRST, TABLE, COMPARISON, LOOK = 2, 6, 5, 8
"""Half instructions: to count from the first segment; to read a table; a comparison; a look of a bisection."""
COMPARISON_BYTES, LOOK_BYTES, TABLE_BYTES = 8, 12, 8
"""Bytes of code that a comparison, a step of a bisection and the reading of a table of segments take, about."""

MOST_NEAR = 3
"""So many starts at most are looked at past the one that a table has told."""

Kind = Literal["bits", "table", "counted", "bisected", "near"]


@dataclass(frozen=True)
class Finder:
    """A way to find the row of a u.

    Attributes:
        kind: ``bits``: the row is (u >> shift) - first; ``table``: it stands at that place of a table; ``counted``: it
            is the number of starts that u has reached; ``bisected``: the same, looked for among all of them; ``near``:
            the same, looked for from where a table says.
        shift, first, count: of the places, all of which lie below ``count``.
        served: the segment that each row serves.
        array: the table of segments.
        start: the table of starts.
        starts: the first u of all segments but the first, where they are counted.
        looks: how far each step of the bisection looks ahead.
    """

    kind: Kind
    shift: int
    first: int
    count: int
    served: tuple[int, ...]
    array: Array | None = None
    start: Array | None = None
    starts: tuple[int, ...] = ()
    looks: tuple[int, ...] = ()

    @property
    def cost(self) -> int:
        """In half instructions."""
        found = COMPARISON * len(self.starts) + LOOK * len(self.looks)
        return found + TABLE * bool(self.array) + FIRST * bool(self.first)

    @property
    def bytes(self) -> int:
        """Of its array, and of its code, about."""
        code = COMPARISON_BYTES * len(self.starts) + LOOK_BYTES * len(self.looks)
        code += TABLE_BYTES * bool(self.array)
        return code + sum(each.bytes for each in (self.array, self.start) if each)


def finders(layout: Layout, prefix: str) -> Iterator[Finder]:
    """The ways to find a row, but for offset tables, which have one of their own; comparisons come last.

    Args:
        layout: the term.
        prefix: what names of arrays start with.
    """
    depth = layout.depth
    if isinstance(layout.term.map, Uniform):
        yield Finder("bits", layout.term.dx_bits, 0, depth, tuple(range(depth)))
        return
    marks = (*layout.starts, layout.end)
    every = 0
    for mark in marks:
        every |= mark
    shift = (every & -every).bit_length() - 1
    first, count = marks[0] >> shift, marks[-1] - marks[0] >> shift
    if depth > 1 and count <= MOST_ROWS:
        served = tuple(number for number in range(depth) for _ in range(marks[number + 1] - marks[number] >> shift))
        yield Finder("bits", shift, first, count, served)
        array = Array.of(f"{prefix}segment", served, (depth - 1).bit_length())
        yield Finder("table", shift, first, count, tuple(range(depth)), array)
    if depth <= MOST_COMPARISONS:
        yield Finder("counted", 0, 0, 0, tuple(range(depth)), starts=layout.starts[1:])
        return
    yield from _near(layout, prefix)
    array = Array.of(f"{prefix}start", layout.starts, 16)
    yield Finder("bisected", 0, 0, 0, tuple(range(depth)), start=array, looks=tuple(_bisection(depth)))


def _near(layout: Layout, prefix: str) -> Iterator[Finder]:
    """A table of the segments at multiples of 2^shift, and behind all starts the end, at which each look stops."""
    starts, depth, end = layout.starts, layout.depth, layout.end
    if end >> 16:
        return
    array, shift = Array.of(f"{prefix}start", (*starts, end), 16), 16
    for looks in reversed(range(1, MOST_NEAR + 1)):
        while shift and _most_inside(starts, shift) > looks:
            shift -= 1
        served = tuple(max(bisect_right(starts, place << shift) - 1, 0) for place in range((end - 1 >> shift) + 1))
        table = Array.of(f"{prefix}near", served, (depth - 1).bit_length())
        yield Finder("near", shift, 0, 0, tuple(range(depth)), table, array, looks=(1,) * looks)


def _most_inside(starts: tuple[int, ...], shift: int) -> int:
    """How many starts lie between two multiples of 2^shift, at most."""
    return max(Counter(start >> shift for start in starts[1:] if start & (1 << shift) - 1).values(), default=0)


def _bisection(depth: int) -> list[int]:
    """How far each step of a bisection over so many segments looks ahead."""
    steps = []
    while depth > 1:
        steps.append(depth // 2)
        depth -= depth // 2
    return steps
