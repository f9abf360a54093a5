"""Where the registers of a pipeline stand: a design's steps in their order, and the cuts between them.

A step is a level of logic: fold, table read, the products and sums of Horner's rule, the sum of the terms, unfold,
output. A pipeline of depth n has n cuts; behind a cut all that is needed later stands in registers. Which cuts they
are is chosen so that the slowest stage is fastest, by a rough estimate of each level's delay in levels of LUTs: an
adder of w bits is one level and a carry of w / 20; a table of n address bits (n - 2) / 2; a product of a by b bits a
tree of adders.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gelugen.errors import GelugenError


@dataclass(frozen=True)
class Level:
    """A step of the datapath.

    Attributes:
        name: what it does, such as ``fold`` or ``multiply 1``.
        delay: estimated, in levels of logic; 0 where it is only wires, and no register is of use behind what is
            before it.
    """

    name: str
    delay: float


@dataclass(frozen=True)
class Schedule:
    """Levels, and behind which of them registers stand.

    Attributes:
        levels: all of them, in order.
        cuts: the numbers of those with registers behind them.
        start: the stage of what the first level reads.
    """

    levels: tuple[Level, ...]
    cuts: frozenset[int] = field(default_factory=frozenset)
    start: int = 0

    @property
    def depth(self) -> int:
        """The registers between input and output, which is the latency in clocks."""
        return len(self.cuts)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The levels' places by their names."""
        return {level.name: number for number, level in enumerate(self.levels)}

    def before(self, name: str) -> int:
        """The stage in which a level reads its operands."""
        return self.start + sum(cut < self.numbers[name] for cut in self.cuts)

    def after(self, name: str) -> int:
        """The stage in which its result is there."""
        return self.before(name) + self.cut(name)

    def cut(self, name: str) -> bool:
        """Whether registers stand behind a level."""
        return self.numbers[name] in self.cuts

    @property
    def last(self) -> int:
        """The stage of what the last level gives."""
        return self.start + self.depth

    def split(self, count: int) -> tuple[Schedule, Schedule]:
        """The schedule of the first ``count`` levels, and of the others."""
        first = Schedule(self.levels[:count], frozenset(cut for cut in self.cuts if cut < count), self.start)
        rest = frozenset(cut - count for cut in self.cuts if cut >= count)
        return first, Schedule(self.levels[count:], rest, first.last)


def places(levels: Sequence[Level]) -> list[int]:
    """Where registers are of use: behind every level that something follows, and behind the last one."""
    last = len(levels) - 1
    return [number for number in range(len(levels)) if number == last or levels[number + 1].delay]


def schedule(levels: Sequence[Level], depth: int, first: Iterable[str] = ()) -> Schedule:
    """The best cuts for a depth.

    Args:
        levels: all of them, in order.
        depth: how many registers.
        first: levels that have a register behind them before any other has, the most urgent one first.

    Raises:
        GelugenError: there are not so many places for registers.
    """
    where = places(levels)
    if not 0 <= depth <= len(where):
        raise GelugenError(
            f"pipeline {depth} is not possible: this design takes 0 (combinational) to {len(where)} registers"
        )
    numbers = {level.name: number for number, level in enumerate(levels)}
    fixed = [numbers[name] for name in first if numbers[name] in where][:depth]
    return Schedule(tuple(levels), _balanced([level.delay for level in levels], where, depth, frozenset(fixed)))


def _balanced(delays: Sequence[float], where: Sequence[int], depth: int, fixed: frozenset[int]) -> frozenset[int]:
    """Among all sets of ``depth`` cuts with the fixed ones, that of the fastest slowest stage; then the most even."""

    def stage(start: int, end: int) -> float:
        return sum(delays[start:end])

    best: dict[tuple[int, int], tuple[float, float, tuple[int, ...]]] = {(0, 0): (0.0, 0.0, ())}
    for place in where:
        for count in range(1, depth + 1):
            options = [
                (max(slowest, now), squares + now * now, (*cuts, place))
                for (end, used), (slowest, squares, cuts) in best.items()
                if used == count - 1 and end <= place and not any(end <= each < place for each in fixed)
                for now in (stage(end, place + 1),)
            ]
            if options:
                best[place + 1, count] = min(options)
    last = len(delays)
    ends = [
        (max(slowest, rest), squares + rest * rest, cuts)
        for (end, used), (slowest, squares, cuts) in best.items()
        if used == depth and not any(end <= each for each in fixed)
        for rest in (stage(end, last),)
    ]
    return frozenset(min(ends)[2])


# -- delays ------------------------------------------------------------------------------------------------


def adder(width: int) -> float:
    """An adder, or a comparison."""
    return 1 + width / 20


def lookup(bits: int) -> float:
    """A table of 2^bits words in logic."""
    return 1 + max(bits - 4, 0) / 2


def product(one: int, two: int) -> float:
    """A product of two numbers of so many bits."""
    return 1 + 1.5 * math.log2(max(min(one, two), 2)) + (one + two) / 20
