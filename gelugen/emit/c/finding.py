"""How C finds the row of a u: by some bits of it, by a table of them, by comparisons, or by bisection."""

from __future__ import annotations

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
"""Half instructions: to count from the first segment; to read a table of segments; a comparison; a step of a bisection."""
COMPARISON_BYTES, LOOK_BYTES, TABLE_BYTES = 8, 12, 8
"""Bytes of code that a comparison, a step of a bisection and the reading of a table of segments take, about."""

Kind = Literal["bits", "table", "counted", "bisected"]


@dataclass(frozen=True)
class Finder:
    """A way to find the row of a u.

    Attributes:
        kind: ``bits``: the row is (u >> shift) - first; ``table``: it stands at that place of a table; ``counted``: it
            is the number of starts that u has reached; ``bisected``: the same, looked for among all of them.
        shift, first, count: of the places, all of which lie below ``count``.
        served: the segment that each row serves.
        array: the table of segments, or that of starts.
        starts: the first u of all segments but the first, where they are counted.
        looks: how far each step of the bisection looks ahead.
    """

    kind: Kind
    shift: int
    first: int
    count: int
    served: tuple[int, ...]
    array: Array | None = None
    starts: tuple[int, ...] = ()
    looks: tuple[int, ...] = ()

    @property
    def cost(self) -> int:
        """In half instructions."""
        found = {"bits": 0, "table": TABLE, "counted": COMPARISON * len(self.starts), "bisected": 0}[self.kind]
        return found + LOOK * len(self.looks) + FIRST * bool(self.first)

    @property
    def bytes(self) -> int:
        """Of its array, and of its code, about."""
        code = COMPARISON_BYTES * len(self.starts) + LOOK_BYTES * len(self.looks)
        code += TABLE_BYTES if self.kind == "table" else 0
        return code + (self.array.bytes if self.array else 0)


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
    if 1 < depth and count <= MOST_ROWS:
        served = tuple(number for number in range(depth) for _ in range(marks[number + 1] - marks[number] >> shift))
        yield Finder("bits", shift, first, count, served)
        array = Array.of(f"{prefix}segment", served, (depth - 1).bit_length())
        yield Finder("table", shift, first, count, tuple(range(depth)), array)
    if depth <= MOST_COMPARISONS:
        yield Finder("counted", 0, 0, 0, tuple(range(depth)), starts=layout.starts[1:])
    else:
        array = Array.of(f"{prefix}start", layout.starts, 16)
        yield Finder("bisected", 0, 0, 0, tuple(range(depth)), array, looks=tuple(_bisection(depth)))


def _bisection(depth: int) -> list[int]:
    """How far each step of a bisection over so many segments looks ahead."""
    steps = []
    while depth > 1:
        steps.append(depth // 2)
        depth -= depth // 2
    return steps
