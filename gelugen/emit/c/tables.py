"""The tables of a design in C, and the steps that read them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from gelugen.design import Design, Term
from gelugen.digits import DIGIT_BITS, SEEN
from gelugen.emit.c.finding import Finder
from gelugen.emit.c.packing import Array
from gelugen.emit.c.rows import DIGITS_A_FIELD, Part, Rows, Word
from gelugen.emit.c.sums import Sum, guarded
from gelugen.emit.layout import Layout, in_bits
from gelugen.emit.signals import ranges
from gelugen.maps import about
from gelugen.pipeline import Range

DIGIT_MASK = (1 << DIGIT_BITS) - 1


@dataclass(frozen=True)
class Step:
    """A Horner step: h = floor(h * (dx + leak) / 2^shift) + part, the product negative or not."""

    shift: int
    negative: bool
    part: Part
    leak: int


@dataclass(frozen=True)
class Digit:
    """A partial product in C.

    Attributes:
        word, at, mask: the number of the word that holds it, its lowest bit there, and the mask of its bits; None where
            all segments have the same.
        digit: what all segments have.
        z: the argument.
        shift, factor: the weight, where it is negative, and where it is not.
    """

    word: int | None
    at: int
    mask: int
    digit: int
    z: str
    shift: int
    factor: int


@dataclass(frozen=True)
class Digits:
    """The partial products of a term in C.

    Attributes:
        each: those that are stored: 0, 1, 2 and 3 stand for -1, 0, 1 and 2, and -1 for the complement.
        lost, half: z_1 is (dx >> lost) - half, or its complement.
        reverse, subtract, bits: as in ``gelugen.digits``.
        squares, bump: whether a stored digit is of power 2, and z_2 a square or a bump.
    """

    each: list[Digit]
    lost: int
    half: int
    reverse: bool
    subtract: bool
    bits: int
    squares: bool
    bump: bool

    @property
    def behind(self) -> int:
        """The mask of the bits of z_1 behind the first two."""
        return (1 << self.bits - 2) - 1

    @property
    def unseen(self) -> int:
        """The lowest bits of z_1 that the bump does not see."""
        return max(self.bits - 2 - SEEN, 0)

    @property
    def bump_shift(self) -> int:
        """The shift of the bump's product."""
        return 2 * (self.bits - 2 - self.unseen)

    @property
    def bump_end(self) -> int:
        """The sum of the two factors of a bump that vary."""
        return 4 << self.bits - 2 - self.unseen

    @property
    def ones(self) -> int:
        """The mask of the magnitude's bits but the top one."""
        return (1 << self.bits - 2) - 1 if self.squares else 0

    @property
    def quarter(self) -> int:
        """What the magnitude's top bit adds, beside the others."""
        return 1 << self.bits - 3 if self.squares else 0


@dataclass(frozen=True)
class Table:
    """A term in C.

    Attributes:
        layout: the term, where its segments end, and its names.
        finder: how the row is found; None of an offset table.
        words: of a row.
        parts: the coefficients, c_0 first.
        steps: the Horner steps in their order.
        digits: the partial products, if it has some.
        up: of a binary split, by how many bits a leaf is shorter than the longest.
        origin: of segments between free breakpoints, the u where dx is 0, unless it is told from the start that was
            found.
        guarded: whether some code lies outside all segments.
        own: the array of an offset table.
    """

    layout: Layout
    finder: Finder | None
    words: list[Word]
    parts: list[Part]
    steps: list[Step]
    digits: Digits | None
    up: Part | None
    origin: Part | None
    guarded: bool
    own: Array | None = None

    # -- names of local variables ---------------------------------------------------------------------------

    @property
    def index(self) -> str:
        """The row's number."""
        return f"i{self.layout.suffix}"

    @property
    def at(self) -> str:
        """The place in a table of segments, or in that of starts."""
        return f"at{self.layout.suffix}"

    @property
    def dx(self) -> str:
        """The position in the segment."""
        return f"dx{self.layout.suffix}"

    @property
    def value(self) -> str:
        """The polynomial."""
        return f"h{self.layout.suffix}"

    @property
    def flip(self) -> str:
        """Of an offset table: all ones where stored values are inverted."""
        return f"m{self.layout.suffix}"

    # -- what is stored -------------------------------------------------------------------------------------

    @cached_property
    def arrays(self) -> list[Array]:
        """All arrays of the term."""
        found = [self.finder.array, self.finder.start] if self.finder else []
        some = [*found, self.own, *(word.array for word in self.words)]
        return [each for each in dict.fromkeys(some) if each]

    @property
    def searched(self) -> bool:
        """Whether there are rows, one of which must be found."""
        return bool(self.words or self.own or (self.finder and self.finder.start))

    @property
    def asks(self) -> bool:
        """Whether its value depends on u: not where all rows came out alike, and there is a row for every u."""
        return self.guarded or self.searched or bool(self.steps or self.digits)

    @property
    def highest(self) -> Part:
        """The coefficient that Horner starts with."""
        return self.parts[-1]

    @property
    def signed(self) -> bool:
        """Whether a field is got by a floor shift of a word with a sign."""
        some = [*self.parts, *(each for each in (self.up, self.origin) if each)]
        return any(each.place and each.place.signed and self.words[each.place.word].local for each in some)

    @property
    def condition(self) -> Hashable:
        """What tells the u inside; None if all are. Two terms with the same one are for the same u."""
        if not self.guarded:
            return None
        if self.mirrors:
            return self.layout.offset, self.layout.depth
        return self.layout.first, self.layout.end

    @property
    def told(self) -> list[str]:
        """What the tables are, in sentences."""
        layout, finder = self.layout, self.finder
        outside = f"; {'outside all' if layout.first else 'past the end all'} is 0" if self.guarded else ""
        if finder is None:
            return [f"Entry i serves the codes with index {self.index} == i{outside}."]
        which = f"serves segment i: {layout.segments}"
        if finder.kind == "bits":
            which = f"serves the codes with {self._shifted} == i{f': {layout.segments}' if layout.starts else ''}"
        sentences = [f"{'Row' if any(word.local for word in self.words) else 'Entry'} i {which}{outside}."]
        for word in self.words:
            if len(word.fields) > 1:
                each = ", ".join(f"{name} ({in_bits(str(width))})" for name, width in word.fields)
                sentences.append(f"{word.local} holds, from its lowest bit up, {each}.")
        if self.up and self.up.place:
            sentences.append("A leaf is 2^up times shorter than the longest one.")
        if finder.kind == "table":
            sentences.append(f"segment[j] is the one of the codes with {self._shifted} == j.")
        if finder.kind == "near":
            sentences.append(f"near[j] is the segment of the first code with {self._shifted} == j.")
        return sentences

    @property
    def _shifted(self) -> str:
        """The bits of u that tell the row, as C has them."""
        finder = self.finder
        if finder is None or not finder.shift:
            return f"u - {finder.first}" if finder and finder.first else "u"
        return f"(u >> {finder.shift}) - {finder.first}" if finder.first else f"u >> {finder.shift}"

    # -- the argument ---------------------------------------------------------------------------------------

    @property
    def about(self) -> int | None:
        """The u where dx is 0, if that is the same in all segments."""
        return about(self.layout.term.map)

    @property
    def mask(self) -> int:
        """Of the bits that are the position in the longest segment; of an offset table, of those that are mirrored."""
        at = self.layout.offset
        return (1 << (at.bits - 1 if at else self.layout.term.place_bits)) - 1

    @property
    def bits(self) -> bool:
        """Whether the row's number is some bits of u."""
        return self.finder is not None and self.finder.kind == "bits"

    @property
    def rest_bits(self) -> int:
        """Of an offset table: the low bits of its index, which are mirrored."""
        return self.layout.offset.bits - 1 if self.layout.offset else 0

    @property
    def mirrors(self) -> bool:
        """Of an offset table: whether some bits of its index are mirrored."""
        return self.rest_bits > 0

    @property
    def flip_at(self) -> int:
        """Of an offset table: the bit of u that is the sign."""
        return self.layout.offset.low + self.rest_bits if self.layout.offset else 0

    @property
    def largest(self) -> int:
        """A bound on every magnitude that the ranges of a design do not tell."""
        found = [part.largest for part in self.parts]
        if self.digits:
            bits = self.digits.bits
            found.append(sum((1 << bits + 1) * each.factor for each in self.digits.each) + sum(found))
        return max(found, default=0)


@dataclass(frozen=True)
class Block:
    """Terms for the same u, one after the other.

    Attributes:
        tables: the terms.
        guarded: whether other u skip them.
        braced: whether they stand in braces.
    """

    tables: list[Table]
    guarded: bool
    braced: bool

    @property
    def inverted(self) -> int:
        """What the negative of an inverted number lacks, of all offset tables: ~c = -c - 1."""
        return sum(table.parts[0].factor for table in self.tables if table.own)


def blocks(tables: list[Table]) -> list[Block]:
    """The terms in blocks; one of digits, whose steps have names of their own, is a block alone."""
    found: list[list[Table]] = []
    for table in tables:
        last = found[-1][-1] if found else None
        if last and last.condition == table.condition and not (last.digits or table.digits):
            found[-1].append(table)
        else:
            found.append([table])
    return [
        Block(some, guarded, guarded or (bool(some[0].digits) and len(tables) > 1))
        for some in found
        for guarded in [some[0].condition is not None]
    ]


def tables_of(design: Design, name: str) -> list[Table]:
    """The tables of a design, whose arrays' names start with that of its function."""
    reach = dict(ranges(design))
    total = Sum.of(design)
    constant = total.constant if total.alone else 0
    return [_table(name, layout, reach, number, constant) for number, layout in enumerate(Layout.all(design))]


def _table(name: str, layout: Layout, reach: dict[str, Range], number: int, constant: int) -> Table:
    term, prefix = layout.term, f"{name}_{layout.prefix}"
    outside = guarded(layout, reach["u"])
    if layout.offset:
        (stored,) = term.coefficients
        part = Part("c0", None, 1 << stored.drop, 0, Range(-stored.largest, stored.largest))
        own = Array.of(f"{prefix}c0", stored.values, stored.width, stored.signed)
        return Table(layout, None, [], [part], [], None, None, None, outside, own)
    rows = Rows.of(layout, prefix, constant)
    parts = {part.name: part for part in rows.parts}
    columns = [parts[f"c{power}"] for power in range(term.degree + 1)]
    return Table(
        layout=layout,
        finder=rows.finder,
        words=rows.words,
        parts=columns,
        steps=[
            Step(
                term.shift(power),
                reach[f"p{number}_{power}"].low < 0,
                columns[power],
                term.leak if power == term.degree - 1 else 0,
            )
            for power in reversed(range(term.degree))
        ],
        digits=_digits(term, parts),
        up=parts.get("up"),
        origin=parts.get("origin"),
        guarded=outside,
    )


def _digits(term: Term, parts: dict[str, Part]) -> Digits | None:
    made = term.digits
    if made is None:
        return None
    stored = [each for each, column in zip(made.each, term.coefficients[1:], strict=True) if column.width]
    found = []
    for number, each in enumerate(stored):
        part, at = parts[f"d{number // DIGITS_A_FIELD}"], DIGIT_BITS * (number % DIGITS_A_FIELD)
        mask = DIGIT_MASK
        if part.place and part.place.mask:
            mask &= part.place.mask >> at
        factor = 1 << max(each.weight, 0)
        if part.place and mask:
            found.append(
                Digit(part.place.word, part.place.at + at, mask, 0, f"z{each.power}", max(-each.weight, 0), factor)
            )
        else:
            digit = (part.base >> at & DIGIT_MASK) - 1
            found.append(Digit(None, 0, 0, digit, f"z{each.power}", max(-each.weight, 0), factor))
    second = any(each.power == 2 for each in stored)
    lost, half, flags = term.place_bits - made.bits, 1 << made.bits - 1, (made.reverse, made.subtract)
    return Digits(found, lost, half, *flags, made.bits, second and not made.paired, second and made.paired)
