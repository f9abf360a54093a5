"""A table for lookup tables of four inputs: every bit of its words as leaves of 16 entries, and a choice among them.

A synthesizer that is given a table as a case finds such a form too, but with more leaves: those that a bit needs more
than once, inverted or for another bit, are made once here, and the bits of the index that choose among the leaves are
those that leave the fewest of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from gelugen.emit.signals import Signal, unsigned

INPUTS = 4
"""Of a lookup table."""
WIDTHS = range(INPUTS + 1, INPUTS + 4)
"""Bits of an index that a table is written so for."""
_ONES = (1 << (1 << INPUTS)) - 1
_BITS = (0xAAAA, 0xCCCC, 0xF0F0, 0xFF00)
"""The leaves that are a bit of the index."""


@dataclass(frozen=True)
class Leaf:
    """16 entries of a bit: the signal, the entries, and the index, as an expression."""

    name: str
    entries: int
    index: str


@dataclass(frozen=True)
class Leaves:
    """A table in leaves.

    Attributes:
        table: the name of the function that looks an entry up.
        word: the signal that the bits make.
        signal: all leaves.
        each: the leaves.
        bits: every bit of the word, as an expression, the lowest first.
        kept: whether the synthesizer is to keep the leaves: of two it finds as good a form, of more it does not.
    """

    table: str
    word: str
    signal: Signal
    each: list[Leaf]
    bits: list[str]
    kept: bool

    @classmethod
    def of(cls, prefix: str, index: str, index_width: int, words: list[int], width: int) -> Leaves:
        """The leaves of a table whose words are those of all indices of a signal."""
        made = _Builder(prefix, index, index_width)
        columns = [sum((word >> bit & 1) << at for at, word in enumerate(words)) for bit in range(width)]
        order = sorted(range(width), key=lambda bit: (made.best(columns[bit])[0], bit))
        bits = {bit: made.bit(columns[bit]) for bit in order}
        return cls(
            table=f"{prefix}look_up",
            word=f"{prefix}looked_up",
            signal=unsigned(f"{prefix}leaf", len(made.leaves)),
            each=made.leaves,
            bits=[bits[bit] for bit in range(width)],
            kept=index_width > INPUTS + 1,
        )


class _Builder:
    """The leaves in the making."""

    def __init__(self, prefix: str, index: str, width: int) -> None:
        self.prefix, self.index, self.width = prefix, index, width
        self.leaves: list[Leaf] = []
        self.names: dict[tuple[tuple[int, ...], int], str] = {}

    def best(self, column: int) -> tuple[int, tuple[int, ...], list[int]]:
        """The lookup tables that a bit adds at least, the bits of the index that choose, and the leaves."""
        return min(self._price(column, chosen) for chosen in combinations(range(self.width), self.width - INPUTS))

    def bit(self, column: int) -> str:
        """A bit of the word."""
        _, chosen, parts = self.best(column)
        rest = self._rest(chosen)
        return self._choose([self._leaf(rest, each) for each in parts], chosen)

    def _rest(self, chosen: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(bit for bit in range(self.width) if bit not in chosen)

    def _price(self, column: int, chosen: tuple[int, ...]) -> tuple[int, tuple[int, ...], list[int]]:
        rest = self._rest(chosen)
        parts = [0] * (1 << len(chosen))
        for at in range(1 << self.width):
            part = sum((at >> bit & 1) << place for place, bit in enumerate(chosen))
            parts[part] |= (column >> at & 1) << sum((at >> bit & 1) << place for place, bit in enumerate(rest))
        new = {min(each, each ^ _ONES) for each in parts}
        new = {each for each in new if each and not _is_bit(each) and (rest, each) not in self.names}
        return len(new) + _choices(parts), chosen, parts

    def _leaf(self, rest: tuple[int, ...], entries: int) -> str:
        inverted = "~" if entries ^ _ONES < entries else ""
        entries = min(entries, entries ^ _ONES)
        if not entries:
            return "1'b1" if inverted else "1'b0"
        for place, bit in enumerate(_BITS):
            if entries in (bit, bit ^ _ONES):
                inverted = inverted if entries == bit else ("" if inverted else "~")
                return f"{inverted}{self.index}[{rest[place]}]"
        if (rest, entries) not in self.names:
            name = f"{self.prefix}leaf[{len(self.leaves)}]"
            self.names[rest, entries] = name
            seen = ", ".join(f"{self.index}[{bit}]" for bit in reversed(rest))
            self.leaves.append(Leaf(name, entries, f"{{{seen}}}"))
        return inverted + self.names[rest, entries]

    def _choose(self, parts: list[str], chosen: tuple[int, ...]) -> str:
        if not chosen:
            return parts[0]
        half = len(parts) // 2
        low, high = self._choose(parts[:half], chosen[:-1]), self._choose(parts[half:], chosen[:-1])
        if low == high:
            return low
        return " : ".join((f"{self.index}[{chosen[-1]}] ? {_nested(high)}", _nested(low)))


def _nested(text: str) -> str:
    return f"({text})" if "?" in text else text


def _is_bit(entries: int) -> bool:
    return any(entries in (bit, bit ^ _ONES) for bit in _BITS)


def _choices(parts: list[int]) -> int:
    """The lookup tables that choose among leaves."""
    if len(set(parts)) == 1:
        return 0
    if len(parts) > 4:
        half = len(parts) // 2
        low, high = parts[:half], parts[half:]
        return _choices(low) + (_choices(high) + 1 if low != high else 0)
    signals = {min(each, each ^ _ONES) for each in parts} - {0}
    chosen = len(parts).bit_length() - 1
    free = len(parts) == 4 and (parts[:2] == parts[2:] or (parts[0] == parts[1] and parts[2] == parts[3]))
    return 1 if len(signals) + chosen - free <= INPUTS else 2
