"""What C and Verilog share of a term: its names, its words, and where its segments end."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.design import Breakpoints, Design, Dyadic, Offset, Term


def in_bits(text: str) -> str:
    """So many bits: the text ends with their number."""
    return f"{text} bit{'' if text == '1' else 's'}"


@dataclass(frozen=True)
class Layout:
    """A term and its place in the design.

    Attributes:
        term: the term.
        number: its number; None if it is the only one.
        u_bits: the bits of u.
    """

    term: Term
    number: int | None
    u_bits: int

    @classmethod
    def all(cls, design: Design) -> list[Layout]:
        """The layouts of all terms."""
        several = len(design.terms) > 1
        return [cls(term, i if several else None, design.u_bits) for i, term in enumerate(design.terms)]

    @property
    def prefix(self) -> str:
        """What names of this term start with, so that those of several terms differ."""
        return "" if self.number is None else f"t{self.number}_"

    @property
    def suffix(self) -> str:
        """The same behind a name."""
        return "" if self.number is None else str(self.number)

    @property
    def depth(self) -> int:
        """The number of words."""
        return self.term.depth

    @property
    def ends(self) -> bool:
        """Whether there are u outside all segments."""
        return not self.term.map.covers(self.depth, self.u_bits)

    @property
    def first(self) -> int:
        """The first u in a segment."""
        return self.term.map.points[0] if isinstance(self.term.map, Breakpoints) else 0

    @property
    def end(self) -> int:
        """The first u past the last segment; 2^u_bits if there is none."""
        return self.term.map.end(self.depth)

    @property
    def stops(self) -> bool:
        """Whether there is a u past the last segment."""
        return self.end < 1 << self.u_bits

    @property
    def starts(self) -> tuple[int, ...]:
        """The first u of each stored segment of a map that compares; () for one that picks bits."""
        return self.term.map.starts[: self.depth] if isinstance(self.term.map, Dyadic | Breakpoints) else ()

    @property
    def binary(self) -> bool:
        """Whether the segments are the leaves of a binary split."""
        return isinstance(self.term.map, Dyadic)

    @property
    def half(self) -> int:
        """Where dx is 0, from the start of the longest segment."""
        return 1 << self.term.dx_bits >> 1

    @property
    def offset(self) -> Offset | None:
        """The map, if it is that of an offset table."""
        return self.term.map if isinstance(self.term.map, Offset) else None

    @property
    def segments(self) -> str:
        """The segments in words."""
        term, count = self.term, f"{self.depth} segment{'s' if self.depth > 1 else ''}"
        match term.map:
            case Dyadic(leaves):
                lengths = sorted({1 << leaf for leaf in leaves[: self.depth]})
                span = f"{lengths[0]} to {lengths[-1]}" if len(lengths) > 1 else f"{lengths[0]}"
                return f"{count} of {span} codes, a binary split"
            case Breakpoints(points):
                return f"{count} between u = {points[0]} and {self.end - 1}"
            case Offset():
                return f"{self.depth} mirrored offset{'s' if self.depth > 1 else ''}"
            case _ if term.dx_bits:
                return f"{count} of {1 << term.dx_bits} codes"
            case _:
                return f"{self.depth} word{'s' if self.depth > 1 else ''}"
