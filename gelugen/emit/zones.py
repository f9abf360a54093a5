"""Zones in Verilog: runs of equal segments, told apart once, and the segment's number and dx chosen by them.

In a zone the number of a segment is u >> leaf but for its upper bits. Numbers are given so that as many bits of them
as possible are bits of u: the aligned blocks of a zone, the largest first, take the free numbers that differ least.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, permutations

MOST = 4
"""Zones that are written so, with what lies past the segments: two bits tell them apart."""


@dataclass(frozen=True)
class Zone:
    """Equal segments, one after the other.

    Attributes:
        start: the first u.
        leaf: log2 of the length of a segment.
        first, count: the number of the first segment from u = 0 up, and how many there are.
    """

    start: int
    leaf: int
    first: int
    count: int

    @property
    def low(self) -> int:
        """The first u >> leaf."""
        return self.start >> self.leaf

    @property
    def spread(self) -> int:
        """The low bits of u >> leaf that are not the same in the whole zone."""
        return (self.low ^ self.low + self.count - 1).bit_length()


@dataclass(frozen=True)
class Numbered:
    """An aligned block of a zone: its first u >> leaf, log2 of its segments, and the number of the first of them."""

    low: int
    log: int
    number: int


@dataclass(frozen=True)
class Row:
    """A row of the selection.

    Attributes:
        zone: its zone.
        pattern: bits of u >> leaf from ``spread`` down that must be as here, as binary digits.
        bits: of the segment's number, the highest first: a constant, or None for the same bit of u >> leaf.
    """

    zone: int
    pattern: str
    bits: tuple[int | None, ...]


def zones(starts: tuple[int, ...], leaves: tuple[int, ...]) -> list[Zone]:
    """The zones of a binary split."""
    found, first = [], 0
    for leaf, run in groupby(leaves):
        count = len(list(run))
        found.append(Zone(starts[first], leaf, first, count))
        first += count
    return found


def numbered(found: list[Zone], width: int) -> list[list[Numbered]]:
    """The blocks of every zone, with numbers of so many bits: those that take the fewest rows."""
    blocks = [(log, place, low) for place, zone in enumerate(found) for low, log in _aligned(zone)]
    by_size = sorted(blocks, key=lambda each: (-each[0], each[1:]))  # in this order there is room for all
    tried = [by_size]
    tried += [sorted(by_size, key=lambda each: ranks[each[1]]) for ranks in permutations(range(len(found)))]
    given = [each for each in (_given(some, len(found), width) for some in tried) if each]
    return min(given, key=lambda each: (len(rows(found, each, width)), _changed(each)))


def _given(blocks: list[tuple[int, int, int]], count: int, width: int) -> list[list[Numbered]] | None:
    """Numbers for blocks in an order, each the free one that changes the fewest bits; None if there is no room."""
    free = {(0, width)}
    result: list[list[Numbered]] = [[] for _ in range(count)]
    for log, place, low in blocks:
        room = [(at, start, size) for start, size in free for at in range(start, start + (1 << size), 1 << log)]
        room = [each for each in room if each[2] >= log]
        if not room:
            return None
        number, start, size = min(room, key=lambda each: ((each[0] ^ low).bit_count(), each))
        free.remove((start, size))
        while size > log:
            size -= 1
            half = start + (1 << size)
            free.add((start, size) if number >= half else (half, size))
            start = half if number >= half else start
        result[place].append(Numbered(low, log, number))
    return result


def _changed(blocks: list[list[Numbered]]) -> int:
    """The bits of the numbers that are not those of u >> leaf."""
    return sum((each.number ^ each.low).bit_count() for own in blocks for each in own)


def rows(found: list[Zone], blocks: list[list[Numbered]], width: int) -> list[Row]:
    """The selection of the segment's number, row by row; no two fit the same u."""
    result = []
    for place, (zone, own) in enumerate(zip(found, blocks, strict=True)):
        common: list[Numbered] = []
        for block in own:
            if _bits([*common, block], width):
                common.append(block)
        for block in own:
            if block not in common:
                pattern = format(block.low >> block.log & (1 << zone.spread - block.log) - 1, "b")
                result.append(Row(place, pattern.zfill(zone.spread - block.log), _bits([block], width) or ()))
        apart = [row.pattern for row in result if row.zone == place]
        result += [Row(place, each, _bits(common, width) or ()) for each in (_others("", apart) if apart else [""])]
    return result


def _others(start: str, patterns: list[str]) -> list[str]:
    """The patterns of all bits that begin with some, and with none of the others."""
    if start in patterns:
        return []
    if not any(each.startswith(start) for each in patterns):
        return [start]
    return _others(start + "0", patterns) + _others(start + "1", patterns)


def order(found: list[Zone], blocks: list[list[Numbered]]) -> dict[int, int]:
    """The segments by their numbers."""
    return {
        block.number + at: zone.first + block.low - zone.low + at
        for zone, own in zip(found, blocks, strict=True)
        for block in own
        for at in range(1 << block.log)
    }


def _aligned(zone: Zone) -> list[tuple[int, int]]:
    """The aligned blocks of a zone: the first u >> leaf, and log2 of the segments."""
    found, at, end = [], zone.low, zone.low + zone.count
    while at < end:
        log = min((at & -at).bit_length() - 1 if at else 30, (end - at).bit_length() - 1)
        found.append((at, log))
        at += 1 << log
    return found


def _bits(blocks: list[Numbered], width: int) -> tuple[int | None, ...] | None:
    """The bits of a number that serve all blocks; None if there are none."""
    bits: list[int | None] = []
    for bit in reversed(range(width)):
        values = {each.number >> bit & 1 for each in blocks}
        if all(bit >= each.log for each in blocks) and len(values) == 1:
            bits.append(values.pop())
        elif all(bit < each.log or not (each.number ^ each.low) >> bit & 1 for each in blocks):
            bits.append(None)
        else:
            return None
    return tuple(bits)
