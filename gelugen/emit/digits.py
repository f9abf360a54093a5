"""A term of digits in Verilog: partial products, and one chain of adders that ends with c_0.

A partial product p of w bits enters as p + 2^(w - 1), which is p with its top bit flipped: a number without a sign.
What the offsets add up to is in the words of c_0, where these stand in the source, and is added to c_0 else. The chain
goes from the lowest weight up, so that each adder covers only the bits from its weight up; c_0 comes last.

xc7 subtracts: a 7 series carry chain takes a - b with any function of other bits for b, but not for a. What is
subtracted then is the complement.

ice40 has ones ahead: the chain is -1 - the sum of what enters, which is less than 0 whatever is stored, so that its
upper bits are known to be ones. Of two sums a synthesizer would make one of three operands, which on iCE40 takes more
lookup tables than two adders do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from gelugen.design import Coefficient, Design, Term
from gelugen.digits import BUMP, Digit, Digits, bumps
from gelugen.emit.layout import Layout
from gelugen.emit.rendering import fit, splus
from gelugen.emit.signals import Signal, unsigned
from gelugen.emit.styling import Negated
from gelugen.emit.tables import Table
from gelugen.emit.writing import Writing
from gelugen.pipeline import Range, chain
from gelugen.schedule import Schedule


@dataclass(frozen=True)
class Square:
    """z_2 of z_1, see ``gelugen.digits``.

    Attributes:
        magnitude: z_1 without its sign.
        lower, sign: the bits of z_1 that it is made of.
        half: the table's word: b * (b + 1) without its low bits.
        words, index, index_width: of the table; () for 3 bits, where all are 0.
        square: z_2.
        top, upper: the magnitude's top bit, and what is added where it is set.
    """

    magnitude: Signal
    lower: str
    sign: str
    half: Signal
    words: tuple[int, ...]
    index: str
    index_width: int
    square: Signal
    top: str
    upper: str

    @classmethod
    def of(cls, prefix: str, z: Signal, stage: int) -> Square:
        """The square of z_1."""
        bits, name = z.width, f"{prefix}magnitude"
        upper = [f"{name}[{bits - 3}]", f"~{name}[{bits - 3}]"]
        upper += [f"{name}[{bits - 4}:0]"] if bits > 3 else []
        return cls(
            magnitude=unsigned(name, bits - 1),
            lower=f"{z.name}[{bits - 2}:0]",
            sign=f"{z.name}[{bits - 1}]",
            half=unsigned(f"{prefix}half", max(bits - 3, 1)),
            words=tuple(b * (b + 1) >> bits - 1 for b in range(1 << bits - 2)) if bits > 3 else (),
            index=f"{name}[{bits - 3}:0]",
            index_width=bits - 2,
            square=unsigned(f"{prefix}z2_{stage}", bits - 1),
            top=f"{name}[{bits - 2}]",
            upper=f"{{{', '.join(upper)}}}",
        )


@dataclass(frozen=True)
class Bump:
    """z_2 of z_1 where segments are paired, see ``gelugen.digits``.

    Attributes:
        mirrored: what of z_1 the bump sees, from whichever end of the segment is nearer.
        lower, half: the bits of z_1 that it is made of.
        words: the bump by that.
        square: z_2.
    """

    mirrored: Signal
    lower: str
    half: str
    words: tuple[int, ...]
    square: Signal

    @classmethod
    def of(cls, prefix: str, z: Signal, stage: int) -> Bump:
        """The bump of z_1."""
        words = bumps(z.width)
        seen = (len(words) - 1).bit_length()
        return cls(
            mirrored=unsigned(f"{prefix}mirrored", seen),
            lower=f"{z.name}[{z.width - 3}:{z.width - 2 - seen}]",
            half=f"{z.name}[{z.width - 2}]",
            words=words,
            square=unsigned(f"{prefix}z2_{stage}", BUMP),
        )


@dataclass(frozen=True)
class Argument:
    """z_1, where it comes from, and its square or bump if there is one."""

    z: Signal
    source: str
    square: Square | None
    bump: Bump | None = None


@dataclass(frozen=True)
class Partial:
    """A partial product without its floored bits.

    Attributes:
        p: the product, in two's complement.
        digit: its digit.
        once, twice: z and 2z, as expressions of the width of p.
        term: what enters the chain: p with its top bit flipped, or the complement of that.
    """

    p: Signal
    digit: Signal
    once: str
    twice: str
    term: str


@dataclass(frozen=True)
class Link:
    """An adder of the chain.

    Attributes:
        total: its result.
        partials: the partial products that are made for it.
        argument: what z_1 is, where this adder is the first to need it.
        before, start: of the first adder: what the chain starts with, and its expression.
        expression: the sum or the difference of the bits from its weight up, and the bits that pass by it.
    """

    total: Signal
    partials: list[Partial]
    argument: Argument | None
    before: Signal | None
    start: str
    expression: str


@dataclass(frozen=True)
class Chain:
    """How a term's partial products are added.

    Attributes:
        each: the digits that are stored, in the order of the chain, with the numbers of their columns.
        made: all digits of the term.
        sign: of the partial products in the result.
        subtracts: whether links subtract.
        ones: whether they do with ones ahead of what they subtract from.
    """

    each: tuple[tuple[int, Digit], ...]
    made: Digits
    sign: int
    subtracts: bool
    ones: bool

    @classmethod
    def of(cls, term: Term, writing: Writing, negated: bool) -> Chain:
        """The chain of a term, or of what is left of a constant if it is taken off."""
        if term.digits is None:
            raise ValueError("a term without digits has no chain")
        sign = (-1 if term.digits.subtract else 1) * (-1 if negated else 1)
        return cls(chain(term), term.digits, sign, writing.style == "xc7", writing.style == "ice40")

    def width(self, digit: Digit) -> int:
        """The bits of a partial product."""
        return max(self.made.seen(digit.power) + 1 + min(digit.weight, 0), 1)

    def offset(self, place: int) -> int:
        """What a partial product is larger by in the chain, before its weight."""
        width = self.width(self.each[place][1])
        if self.ones:
            return (self.sign > 0) - (1 << width - 1) - (not place)
        offset = (1 << width - 1) - (self.sign < 0)
        return offset - (1 << width) + 1 if self.subtracts and place else offset

    @property
    def offsets(self) -> int:
        """What all together are larger by."""
        return sum(self.offset(place) << max(digit.weight, 0) for place, (_, digit) in enumerate(self.each))

    def ahead(self, signal: Signal, end: int, start: int) -> str:
        """The bits of a sum from ``start`` on and before ``end``, with what stands in front of it."""
        width = end - max(signal.width, start)
        if not self.ones or width <= 0:
            return extended(signal, end, start)
        front = f"{width}'d{(1 << width) - 1}" if width < 32 else f"{{{width}{{1'b1}}}}"
        return f"{{{front}, {extended(signal, signal.width, start)}}}" if start < signal.width else front

    def holding(self, h: Signal) -> Signal:
        """The result, at least as wide as every partial product in its place."""
        widest = max(self.width(each) + max(each.weight, 0) for _, each in self.each)
        return replace(h, width=max(h.width, widest))


def folded(design: Design, writing: Writing, other: int | None) -> Negated | None:
    """The design with words of c_0 that hold the offsets and the bias; ``other`` - v in place of v if it is given.

    None where the words cannot be other ones: they are in a memory, or there are several terms.
    """
    (layout, *more) = Layout.all(design)
    term = layout.term
    if more or writing.in_memory(layout):
        return None
    links = Chain.of(term, writing, other is not None)
    column = term.coefficients[0]
    top, drop = max(links.holding(result(design, other)).width, column.drop + 1), column.drop

    def word(value: int) -> int:
        v = (column.base + value << column.drop) + design.bias
        wanted = (v if other is None else other - v) - links.offsets
        return (-wanted if links.subtracts else wanted) & (1 << top) - 1

    words = [word(value) for value in column.values]
    outside = word(-column.base)
    first = Coefficient(tuple(each >> drop for each in words), top - drop, False, drop)
    if first.width > 32:
        return None
    changed = Term(term.map, (first, *term.coefficients[1:]), (), term.digits)
    return Negated(replace(design, terms=(changed,), bias=0), outside >> drop, outside & (1 << drop) - 1)


def result(design: Design, other: int | None) -> Signal:
    """The sum of a design of one term, as wide as its own values need, or what is left of a constant."""
    trace = design.trace(design.spec.input.codes())["v"]
    held = Range(int(trace.min()), int(trace.max()))
    if other is not None:
        held = Range(other, other) - held
    return sized("h0", held)


def sized(name: str, held: Range) -> Signal:
    """A signal that holds a range; signed only if it has to be."""
    if held.low >= 0:
        return Signal(name, held.unsigned_width, False, held)
    return Signal(name, held.signed_width, True, held)


def partial(column: Signal, z: Signal, links: Chain, place: int, name: str) -> Partial:
    """A partial product and what of it enters the chain."""
    digit = links.each[place][1]
    bits = links.made.seen(digit.power)
    down = min(max(-digit.weight, 0), bits)
    names: list[tuple[str, int] | None] = [(z.name, at) for at in range(z.width)]
    longer = [*names, names[-1]] if digit.power == 1 else [*names, None, None]
    once = longer[down : bits + 1]
    twice = [None, *longer][down : bits + 1]
    p = unsigned(name, len(once))
    plain = (links.sign > 0) != ((links.subtracts or links.ones) and place > 0)
    if p.width == 1:
        term = f"{'~' if plain else ''}{p.name}"
    elif plain:
        term = f"{{~{p.name}[{p.top}], {p.name}[{p.top - 1}:0]}}"
    else:
        term = f"{{{p.name}[{p.top}], ~{p.name}[{p.top - 1}:0]}}"
    return Partial(p, column, joined(once, z), joined(twice, z), term)


def link(total: str, top: int, links: Chain, place: int, before: Signal, term: str, held: Range) -> tuple[Signal, str]:
    """An adder of a partial product: its result, and the expression of it."""
    weight = max(links.each[place][1].weight, 0)
    held = before.range - held if links.subtracts else before.range + held  # with ones ahead: of -1 - the sum
    result = sized(total, held)
    room = links.width(links.each[place][1])
    result = replace(result, width=min(max(result.width, room + weight, before.width), top))
    width = result.width - weight
    own = term if room == width else f"{{{width - room}'d0, {term}}}"
    upper = f"{links.ahead(before, result.width, weight)} {'-' if links.subtracts or links.ones else '+'} {own}"
    lower = links.ahead(before, weight, 0) if weight else ""
    return result, f"{{{upper}, {lower}}}" if lower else upper


def extended(signal: Signal, end: int, start: int) -> str:
    """The bits of a signal from ``start`` on and before ``end``, with its sign in front."""
    ahead = end - max(signal.width, start)
    parts = []
    if ahead > 0:
        sign = f"{signal.name}[{signal.top}]"
        parts.append((sign if ahead == 1 else f"{{{ahead}{{{sign}}}}}") if signal.signed else f"{ahead}'d0")
    if start < signal.width:
        high = min(end, signal.width) - 1
        whole = start == 0 and high == signal.top
        parts.append(signal.name if whole and not signal.signed else f"{signal.name}[{high}:{start}]")
    return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"


def joined(bits: list[tuple[str, int] | None], whole: Signal) -> str:
    """Bits of a signal, lowest first, and zeros, as an expression."""
    parts: list[str] = []
    at = len(bits) - 1
    while at >= 0:
        end = at
        first = bits[at]
        if first is None:
            while end > 0 and bits[end - 1] is None:
                end -= 1
            parts.append(f"{at - end + 1}'d0")
        else:
            while end > 0 and (below := bits[end - 1]) is not None and below[1] == first[1] - (at - end + 1):
                end -= 1
            high, low = first[1], first[1] - (at - end)
            everything = low == 0 and high == whole.top
            slice_ = f"[{high}]" if high == low else f"[{high}:{low}]"
            parts.append(whole.name if everything else f"{whole.name}{slice_}")
        at = end - 1
    return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"


def unused(digit: Digit, bits: int) -> int:
    """The low bits of z that a digit's partial product has not."""
    return max(min(max(-digit.weight, 0), bits) - 1, 0)


class Places(Protocol):
    """Where registers stand, and what carries a signal to a later stage."""

    schedule: Schedule

    def before(self, level: str) -> int:
        """The stage in which a level reads its operands."""

    def after(self, level: str) -> int:
        """The stage in which its result is there."""

    def carry(self, signal: Signal, born: int, used: int) -> Signal:
        """A signal in a later stage."""

    def leave(self, signal: Signal, top: int, bottom: int) -> None:
        """Name bits that nothing needs, if there are any."""


@dataclass
class Adders:
    """The squares and the adders of all terms of digits, by their levels.

    Attributes:
        squares: z_1 and its square, of every term where some term has one.
        links: the adders of each level.
    """

    squares: list[Argument] = field(default_factory=list)
    links: dict[int, list[Link]] = field(default_factory=dict)

    def add(self, places: Places, table: Table, links: Chain, h: Signal, low: int | None) -> tuple[Signal, int]:
        """Add a term's partial products and c_0; gives the result and its stage.

        Args:
            places: of the registers.
            table: the term's.
            links: its chain.
            h: the result; its width counts.
            low: what stands in the dropped bits of c_0; None where its words do not hold the offsets.
        """
        h = replace(links.holding(h), width=max(links.holding(h).width, table.columns[0].drop + 1))
        prefix, read, made, last = table.layout.prefix, places.after("read"), table.layout.term.digits, len(links.each)
        if made is None or table.dx is None:
            raise ValueError("a term without digits has no partial products")
        first = "square" if "square" in places.schedule.numbers else "digit 1"
        at = places.before(first)
        dx = places.carry(table.dx, read, at)
        lost = dx.width - made.bits
        places.leave(dx, lost - 1, 0)
        bits = f"{dx.name}[{dx.top}:{lost}]" if lost else dx.name
        z1 = unsigned(f"{prefix}z1_{at}", made.bits)
        kind: type[Square | Bump] = Bump if made.paired else Square
        square = kind.of(prefix, z1, places.after("square")) if made.squares else None
        argument = Argument(
            z1,
            f"{'~' if made.reverse else ''}{bits}",
            square if isinstance(square, Square) else None,
            square if isinstance(square, Bump) else None,
        )
        born = {1: (z1, at)}
        if square:
            born[2] = (square.square, places.after("square"))
        for power, (z, there) in born.items():  # of the copies of z the last one alone feeds no other
            ats = [
                (places.before(f"digit {max(place, 1)}"), unused(each, made.seen(power)))
                for place, (_, each) in enumerate(links.each)
                if each.power == power
            ]
            latest = max((at for at, _ in ats), default=there)
            if latest > there or power == 2 or not square:  # which sees all bits of z_1
                free = min([z.width, *(bits for at, bits in ats if at == latest)])
                places.leave(z if latest == there else z.at(latest), free - 1, 0)
        if first == "square":
            self.squares.append(argument)
        parts = []
        for place, (column, digit) in enumerate(links.each):
            at = places.before(f"digit {max(place, 1)}")
            z = places.carry(*born[digit.power], at)
            d = places.carry(table.columns[column].c, read, at)
            parts.append(partial(d, z, links, place, f"{prefix}p{column}"))
        weight = max(links.each[0][1].weight, 0)
        total = begun = unsigned(f"{prefix}start", parts[0].p.width + weight)
        start, there = f"{{{parts[0].term}, {weight}'d0}}" if weight else parts[0].term, places.before("digit 1")
        for number in range(1, last + 1):
            level = f"digit {number}"
            now = places.carry(total, there, places.before(level)) if number > 1 else begun
            if number < last:
                entering = Range(0, (1 << parts[number].p.width) - 1) << max(links.each[number][1].weight, 0)
                name = f"{prefix}s{number}_{places.after(level)}"
                total, text = link(name, h.width, links, number, now, parts[number].term, entering)
            else:
                total = replace(h, name=f"{prefix}h0_{places.after(level)}")
                text = self._last(places, table, links, now, total, low)
            self.links.setdefault(number, []).append(
                Link(
                    total,
                    parts[number : number + 1] if number > 1 else parts[:2],
                    argument if number == 1 and first != "square" else None,
                    begun if number == 1 else None,
                    start,
                    text,
                )
            )
            there = places.after(level)
        return total, there

    @staticmethod
    def _last(places: Places, table: Table, links: Chain, now: Signal, h: Signal, low: int | None) -> str:
        """The sum with c_0."""
        column = table.columns[0]
        c = places.carry(column.c, places.after("read"), places.before(f"digit {len(links.each)}"))
        places.leave(c, c.top, h.width - column.drop)
        ahead = links.ahead(now, h.width, 0)
        if low is not None:
            return f"{ahead} {'-' if links.subtracts else '+'} {fit(c, h.width, column.drop, low)}"
        half = 1 << h.width - 1
        rest = (half - links.offsets) % (2 * half) - half
        return f"{ahead} + {fit(c, h.width, column.drop)}{splus(rest, h.width)}"
