"""Where the registers of a pipeline stand: a design's steps in their order, and the cuts between them.

A step is a level of logic: fold, table read, the products and sums of Horner's rule, the sum of the terms, unfold,
output. A pipeline of depth n has n cuts; behind a cut all that is needed later stands in registers. Which cuts they
are is chosen so that the slowest stage is fastest, by a rough estimate of each level's delay in levels of LUTs: an
adder of w bits is one level and a carry of w / 20; a table of n address bits (n - 2) / 2; a product of a by b bits a
tree of adders.

Where there are more registers than levels, sums can be cut in two: the low bits first, with their carry in a register,
then the high ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from gelugen.errors import GelugenError


@dataclass(frozen=True)
class Level:
    """A step of the datapath.

    Attributes:
        name: what it does, such as ``fold`` or ``multiply 1``.
        delay: estimated, in levels of logic; 0 where it is only wires, and no register is of use behind what is
            before it.
        sum: whether it is one of two addends, whose low bits can be added a clock before the others.
        more: what it takes longer where a stage begins with it: the high half of a sum goes on with a carry that is
            on its way, unless that comes from a register.
    """

    name: str
    delay: float
    sum: bool = False
    more: float = 0.0


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

    def halved(self, name: str) -> bool:
        """Whether registers stand inside a sum, between its halves: its low bits are then added a stage before."""
        return (low := _low(name)) in self.numbers and self.cut(low)

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


def halves(levels: Sequence[Level]) -> list[Level]:
    """The same levels with every sum as two of them, which together take as long."""
    found = []
    for level in levels:
        if level.sum and level.delay:
            carry = (level.delay - 1) / 2
            found.append(Level(_low(level.name), 1 + carry))
            level = replace(level, delay=carry, sum=False, more=1.0)
        found.append(level)
    return found


def deepest(levels: Sequence[Level]) -> int:
    """The most registers that there are places for."""
    return len(places(halves(levels)))


def _low(name: str) -> str:
    """The level of a sum's low half."""
    return f"low {name}"


def schedule(levels: Sequence[Level], depth: int, first: Iterable[str] = ()) -> Schedule:
    """The best cuts for a depth; inside sums only where there are more than whole levels have places for.

    Args:
        levels: all of them, in order.
        depth: how many registers.
        first: levels that have a register behind them before any other has, the most urgent one first.

    Raises:
        GelugenError: there are not so many places for registers.
    """
    most = deepest(levels)
    if not 0 <= depth <= most:
        raise GelugenError(f"pipeline {depth} is not possible: this design takes 0 (combinational) to {most} registers")
    if depth > len(places(levels)):
        levels = halves(levels)
    where = places(levels)
    numbers = {level.name: number for number, level in enumerate(levels)}
    fixed = [numbers[name] for name in first if numbers[name] in where][:depth]
    return Schedule(tuple(levels), _balanced(levels, where, depth, frozenset(fixed)))


def _balanced(levels: Sequence[Level], where: Sequence[int], depth: int, fixed: frozenset[int]) -> frozenset[int]:
    """Among all sets of ``depth`` cuts with the fixed ones, that of the fastest slowest stage; then the most even."""

    def stage(start: int, end: int) -> float:
        return sum(level.delay for level in levels[start:end]) + (levels[start].more if start < end else 0.0)

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
    last = len(levels)
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
