"""The tables of a design in C, and the steps that read them."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.design import Breakpoints, Coefficient, Design, Dyadic, Term
from gelugen.digits import DIGIT_BITS, SEEN
from gelugen.emit.layout import Layout
from gelugen.emit.signals import ranges
from gelugen.maps import about
from gelugen.pipeline import Range

MOST_COMPARISONS = 8
"""Segments whose number is counted by comparisons; of more it is found by bisection."""


@dataclass(frozen=True)
class Array:
    """A table of constants in C."""

    name: str
    type: str
    bytes: int
    values: tuple[int, ...]

    @classmethod
    def of(cls, name: str, values: tuple[int, ...], width: int, signed: bool = False) -> Array:
        """The smallest C type that holds values of some bits."""
        bits = next(size for size in (8, 16, 32) if width <= size)
        return cls(name, f"{'' if signed else 'u'}int{bits}_t", bits // 8 * len(values), values)


@dataclass(frozen=True)
class Column:
    """A coefficient in C: array[i] * factor + base.

    Attributes:
        array: the stored values; None if nothing is stored.
        factor, base: with the dropped zeros put back.
    """

    array: Array | None
    factor: int
    base: int

    @classmethod
    def of(cls, coefficient: Coefficient, name: str) -> Column:
        """The column of a coefficient."""
        array = None
        if coefficient.width:
            array = Array.of(name, coefficient.values, coefficient.width, coefficient.signed)
        return cls(array, 1 << coefficient.drop, coefficient.base << coefficient.drop)

    @property
    def reach(self) -> list[Range]:
        """What array[i] * factor, and base, can be."""
        values = self.array.values if self.array else (0,)
        return [Range(min(values) * self.factor, max(values) * self.factor), Range(self.base, self.base)]


@dataclass(frozen=True)
class Floor:
    """A floor shift in C, where a right shift of a negative value is the compiler's choice.

    A multiple of 2^shift is added before, so that nothing is negative, and taken off after.
    """

    shift: int
    add: int
    take: int
    reach: Range

    @classmethod
    def of(cls, shift: int, reach: Range) -> Floor:
        """The shift of a value of some range."""
        take = max(0, -(reach.low >> shift)) if shift else 0
        return cls(shift, take << shift, take, reach)

    @property
    def largest(self) -> int:
        """The largest magnitude on the way."""
        return max(self.reach.largest, self.reach.high + self.add, self.add)


@dataclass(frozen=True)
class Step:
    """A Horner step: h = floor(h * (dx + leak)) + column."""

    floor: Floor
    column: Column
    leak: int


@dataclass(frozen=True)
class Digit:
    """A partial product in C.

    Attributes:
        word, at: the array of the digit, and its lowest bit there.
        z: the argument.
        floor: the shift where the weight is negative.
        factor: the weight where it is not.
    """

    word: Array
    at: int
    z: str
    floor: Floor
    factor: int


@dataclass(frozen=True)
class Digits:
    """The partial products of a term in C.

    Attributes:
        words: the digits, so many in a word.
        each: those that are stored.
        lost, half: z_1 is (dx >> lost) - half, or its complement.
        reverse, subtract, bits, squares: as in ``gelugen.digits``.
        bump: whether z_2 is a bump.
    """

    words: list[Array]
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


_DIGITS_A_WORD = 16


def _digits(term: Term, prefix: str) -> Digits | None:
    made = term.digits
    if made is None:
        return None
    stored = [(each, term.coefficients[number]) for number, each in enumerate(made.each, 1)]
    stored = [(each, column) for each, column in stored if column.width]
    words, found = [], []
    for start in range(0, len(stored), _DIGITS_A_WORD):
        some = stored[start : start + _DIGITS_A_WORD]
        values = tuple(
            sum(column.values[place] << DIGIT_BITS * at for at, (_, column) in enumerate(some))
            for place in range(term.depth)
        )
        word = Array.of(f"{prefix}digits{start // _DIGITS_A_WORD or ''}", values, DIGIT_BITS * len(some))
        words.append(word)
        for at, (each, _) in enumerate(some):
            reach = Range(-(1 << made.seen(each.power)), 1 << made.seen(each.power))
            floor = Floor.of(max(-each.weight, 0), reach)
            found.append(Digit(word, DIGIT_BITS * at, f"z{each.power}", floor, 1 << max(each.weight, 0)))
    lost, half = term.place_bits - made.bits, 1 << made.bits - 1
    squares, bump = made.squares and not made.paired, made.squares and made.paired
    return Digits(words, found, lost, half, made.reverse, made.subtract, made.bits, squares, bump)


@dataclass(frozen=True)
class Table:
    """A term in C.

    Attributes:
        layout: the term, where its segments end, and its names.
        columns: the coefficients, c_0 first.
        steps: the Horner steps in their order.
        digits: the partial products, if it has some.
        mask: of the bits that are the position in the longest segment; of an offset table, of those that are mirrored.
        guarded: whether some code lies past the last segment.
        index, dx, value, flip: names of local variables.
        start, up: arrays of the first u of each segment, and of the bits by which a leaf is shorter than the longest.
        counted: the first u of the segments that are counted by comparisons.
        bisected: the steps of the bisection of more than that.
    """

    layout: Layout
    columns: list[Column]
    steps: list[Step]
    digits: Digits | None
    mask: int
    guarded: bool
    index: str
    dx: str
    value: str
    flip: str
    start: Array | None
    up: Array | None
    counted: tuple[int, ...]
    bisected: tuple[int, ...]

    @property
    def highest(self) -> Column:
        """The coefficient that Horner starts with."""
        return self.columns[-1]

    @property
    def arrays(self) -> list[Array]:
        """All arrays of the term."""
        words = self.digits.words if self.digits else []
        return [each for each in (self.start, self.up, *(column.array for column in self.columns), *words) if each]

    @property
    def places(self) -> bool:
        """Whether the position in the segment is asked for."""
        return bool(self.steps or self.digits)

    @property
    def about(self) -> int | None:
        """The u where dx is 0, if that is the same in all segments."""
        return about(self.layout.term.map)

    @property
    def compared(self) -> bool:
        """Whether the segment is found by comparisons."""
        return bool(self.layout.starts)

    @property
    def searched(self) -> bool:
        """Whether there are arrays whose entry must be found."""
        return bool(self.arrays) and not (self.compared and self.layout.depth == 1)

    @property
    def middle(self) -> int:
        """Where dx is 0 after a breakpoint: from the start in the array, if there is one, else from u = 0."""
        return self.layout.half + (0 if self.start else self.layout.first)

    @property
    def rest_bits(self) -> int:
        """Of an offset table: the low bits of its index, which are mirrored."""
        return self.layout.offset.bits - 1 if self.layout.offset else 0

    @property
    def flip_mask(self) -> int:
        """Of an offset table: the bit of u that is the sign."""
        return 1 << self.layout.offset.low + self.rest_bits if self.layout.offset else 0


def _table(name: str, layout: Layout, reach: dict[str, Range], number: int) -> Table:
    term, segment_map = layout.term, layout.term.map
    prefix = f"{name}_{layout.prefix}"
    coefficients = term.coefficients[:1] if term.digits else term.coefficients
    columns = [Column.of(each, f"{prefix}c{power}") for power, each in enumerate(coefficients)]
    starts, depth = layout.starts, layout.depth
    start = up = None
    if depth > MOST_COMPARISONS or (isinstance(segment_map, Breakpoints) and term.degree and depth > 1):
        start = Array.of(f"{prefix}start", starts, 16) if starts else None
    if isinstance(segment_map, Dyadic) and (term.degree or term.digits) and about(segment_map) is None:
        shorter = tuple(term.dx_bits - leaf for leaf in segment_map.leaves[:depth])
        up = Array.of(f"{prefix}up", shorter, 8) if any(shorter) else None
    return Table(
        layout=layout,
        columns=columns,
        steps=[
            Step(
                Floor.of(term.shift(power), reach[f"p{number}_{power}"]),
                columns[power],
                term.leak if power == term.degree - 1 else 0,
            )
            for power in reversed(range(term.degree))
        ],
        digits=_digits(term, prefix),
        mask=(1 << (layout.offset.bits - 1 if layout.offset else term.place_bits)) - 1,
        guarded=bool(layout.offset and layout.ends) or reach["u"].high >= layout.end,
        index=f"i{layout.suffix}",
        dx=f"dx{layout.suffix}",
        value=f"h{layout.suffix}",
        flip=f"m{layout.suffix}",
        start=start,
        up=up,
        counted=starts[1:] if depth <= MOST_COMPARISONS else (),
        bisected=tuple(_bisection(depth)) if starts and depth > MOST_COMPARISONS else (),
    )


def _bisection(depth: int) -> list[int]:
    """How far each step of a bisection over so many segments looks ahead."""
    steps = []
    while depth > 1:
        steps.append(depth // 2)
        depth -= depth // 2
    return steps


def tables_of(design: Design, name: str) -> list[Table]:
    """The tables of a design, whose arrays' names start with that of its function."""
    reach = dict(ranges(design))
    return [_table(name, layout, reach, number) for number, layout in enumerate(Layout.all(design))]
