"""A term's table in Verilog: how its word is found, and the coefficients that come out of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby

from gelugen.design import Dyadic, Offset, Term
from gelugen.emit import zones
from gelugen.emit.layout import Layout, in_bits
from gelugen.emit.leaves import WIDTHS, Leaves
from gelugen.emit.signals import Constant, Signal, signed, unsigned
from gelugen.emit.writing import Writing, from_file, padding
from gelugen.maps import Uniform, about
from gelugen.pipeline import coefficient_range, dx_range


@dataclass
class Source:
    """The folded code u as the tables read it.

    Attributes:
        name, width: of its signal.
        port: whether it is the input itself, which may be signed.
        used: the bits that an expression has taken; the others are of no use to anybody.
    """

    name: str
    width: int
    port: bool = False
    used: set[int] = field(default_factory=set)

    def bits(self, high: int, low: int) -> str:
        """A slice."""
        self.used |= set(range(low, high + 1))
        return f"{self.name}[{high}:{low}]"

    def bit(self, number: int) -> str:
        """One bit."""
        self.used.add(number)
        return f"{self.name}[{number}]"

    def slice(self, high: int, low: int) -> str:
        """A slice, which may be one bit."""
        return self.bit(low) if high == low else self.bits(high, low)

    def whole(self) -> str:
        """All bits, as an unsigned number."""
        bits = self.bits(self.width - 1, 0)
        return bits if self.port else self.name

    def middle(self, bits: int, zeros: int = 0) -> str:
        """The low bits, seen from the middle of their range (so the top one is flipped), with zeros behind."""
        if not bits:
            return f"{zeros}'d{1 << zeros - 1}" if zeros else "1'd0"
        parts = [f"~{self.bit(bits - 1)}"]
        parts += [self.bits(bits - 2, 0)] if bits > 1 else []
        parts += [f"{zeros}'d0"] if zeros else []
        return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"


@dataclass(frozen=True)
class Column:
    """A coefficient, without its dropped zeros.

    Attributes:
        c: the coefficient; where it is a Constant, the literal stands where it is used.
        stored: the stored bits, if there are any: c itself where nothing is added to them.
        high, low: the slice of the word; low is -1 where ``stored`` is the word.
        base: what is added to the stored bits.
        gated: whether the base must vanish outside the segments.
        drop: the dropped zeros.
    """

    c: Signal
    stored: Signal | None
    high: int
    low: int
    base: int
    gated: bool
    drop: int

    @property
    def sliced(self) -> bool:
        """Whether the stored bits have a wire of their own."""
        return self.stored is not None and self.low >= 0

    @property
    def made(self) -> bool:
        """Whether c is made of the stored bits, or of none."""
        return self.c != self.stored and not isinstance(self.c, Constant)


@dataclass(frozen=True)
class Arm:
    """A range of u under a map that compares: its word and dx.

    Attributes:
        top, free: of a binary split: the bits that select it, and how many bits of the index behind them are free.
        below: else the first u past it; None for the last one.
        word: the stored word.
        dx: the position in the segment, as an expression of the width of dx.
        inside: whether it is a segment.
    """

    top: int
    free: int
    below: int | None
    word: int
    dx: str
    inside: bool = True


@dataclass(frozen=True)
class Block:
    """Leaves of one length that fill a node of the binary split.

    Attributes:
        top, free: as in ``Arm``.
        segment, dx: the number of the word, and the position in the leaf, as expressions.
    """

    top: int
    free: int
    segment: str
    dx: str


@dataclass(frozen=True)
class Zones:
    """A binary split as a few runs of equal leaves, and what lies past them.

    Attributes:
        borders: whether u is past the first zone, the second, and so on: names and expressions.
        zone, code: the number of borders that u is past, and its expression.
        spare: the name of a third bit of the code, which is always 0: a difference of three bits is a carry chain,
            which keeps tools from merging the choice of the zone with what it chooses.
        selector: what the rows look at.
        rows: the pattern of the selector, the segment's number and the position in the leaf.
    """

    borders: list[tuple[str, str]]
    zone: Signal
    code: str
    spare: str
    selector: str
    rows: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Table:
    """A term's table.

    Attributes:
        layout: the term, where its segments end, and its names.
        u: the folded code as an unsigned expression, where the whole of it is compared.
        words: the stored words.
        mem, parameter, rom: the file, the module parameter with its path, and the memory.
        index, index_width: the segment's number; of a binary split, the bits of u that tell the leaves apart.
        mixed: the expression of that index, if it is no slice of u.
        address: the low bits of the index, as many as the memory needs.
        word: the word that was read, if there is one.
        inside: whether u was in a segment, if somebody asks.
        flip, flip_source: what inverts the word of an offset table.
        arms, nothing: of a map that compares; and what is outside.
        zones: of a binary split in digits that has few of them.
        blocks: of one that has more: leaves of one length.
        order, numbers: of both: the leaves in the order of their words, and the words' numbers if some are left out.
        memory: whether the words are a memory that is read by an address; else they are arms of a case.
        from_file: whether it is read from a file.
        in_leaves: whether the words of a case are written in leaves of 16 entries.
        number: of its memory, among those of the module.
        padding: zero words behind the stored ones of a memory.
        attribute, statement: what tells tools where to put the words: before a declaration, and before a case.
        read: what a memory gives: the word where nothing has to be put in its place outside the segments.
        segment, place: of a map that compares before a memory: the segment's number, and dx before its register.
        outside: the word that stands for all u outside the segments.
        columns: the coefficients, c_0 first.
        dx: the position in the segment, if a polynomial needs it.
        dx_source: where it comes from, if not from an arm.
        highest: the highest coefficient as the signed factor of the first product.
    """

    layout: Layout
    mem: str
    columns: list[Column]
    u: str = ""
    index: str = ""
    index_width: int = 0
    mixed: str = ""
    address: str = ""
    word: Signal | None = None
    inside: Signal | None = None
    flip: Signal | None = None
    flip_source: str = ""
    arms: list[Arm] = field(default_factory=list)
    nothing: Arm | None = None
    outside: int = 0
    zones: Zones | None = None
    blocks: list[Block] = field(default_factory=list)
    order: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    dx: Signal | None = None
    dx_source: str = ""
    highest: Signal | None = None
    memory: bool = False
    from_file: bool = False
    in_leaves: bool = False
    number: int = 0
    padding: int = 0
    attribute: str = ""
    statement: str = ""
    read: Signal | None = None
    segment: Signal | None = None
    place: Signal | None = None

    def with_outside(self, word: int) -> Table:
        """The same table with another word outside the segments."""
        arms = [each if each.inside else replace(each, word=word) for each in self.arms]
        nothing = replace(self.nothing, word=word) if self.nothing else None
        return replace(self, arms=arms, nothing=nothing, outside=word)

    def with_past(self, past: str) -> Table:
        """The same table, read at its last entry where a signal says that u is past the bits that it sees."""
        return replace(self, index=f"{self.index} | {{{self.index_width}{{{past}}}}}")

    @property
    def spare_entry(self) -> bool:
        """Whether the last entry of a table of equal segments in digits is what lies outside them."""
        uniform = self.layout.term.digits is not None and isinstance(self.layout.term.map, Uniform)
        return uniform and self.fine and self.layout.depth < 1 << self.index_width

    @property
    def words(self) -> list[int]:
        """The stored words; of a memory with the zeros behind them."""
        words = self.layout.term.words() + [0] * self.padding
        return [words[number] for number in self.order] if self.order else words

    @property
    def cases(self) -> list[tuple[int, int]]:
        """The words of a case, with their numbers."""
        return list(zip(self.numbers or range(len(self.words)), self.words, strict=True))

    @property
    def apart(self) -> bool:
        """Whether the case stands in a module of its own, where it would be written in leaves."""
        digits = self.layout.term.digits
        return self.fine and digits is not None and digits.paired and not self.layout.prefix

    @property
    def fine(self) -> bool:
        """Whether the case is written for lookup tables of four inputs."""
        return self.in_leaves and bool(self.word) and not self.memory and self.index_width in WIDTHS

    @property
    def leaves(self) -> Leaves | None:
        """The words of a case in leaves, where they are written so."""
        if not self.fine or self.apart:
            return None
        words = dict(self.cases)
        every = [words.get(at, self.outside) for at in range(1 << self.index_width)]
        return Leaves.of(self.layout.prefix, f"{self.layout.prefix}entry", self.index_width, every, self.width)

    @property
    def width(self) -> int:
        """Bits of a stored word."""
        return self.layout.term.width

    @property
    def last(self) -> int:
        """The address of the last word."""
        return self.layout.depth + self.padding - 1

    @property
    def depth(self) -> int:
        """The number of words."""
        return self.last + 1

    @property
    def guarded(self) -> Signal:
        """A word of the memory into which a simulation reads the file: one bit more, which only a good word clears."""
        return unsigned(f"{self.rom}_file", self.width + 1)

    @property
    def address_bits(self) -> int:
        """The bits of a word's number."""
        return max(self.last.bit_length(), 1)

    @property
    def parameter(self) -> str:
        """The module parameter with the path of the file."""
        return parameter(self.layout)

    @property
    def rom(self) -> str:
        """The memory."""
        return f"{self.layout.prefix}rom"

    @property
    def ends(self) -> bool:
        """Whether there are u outside all segments."""
        return self.layout.ends

    @property
    def spare(self) -> int:
        """The number of no word, which stands for all u outside; 0 where there is none."""
        return self.layout.depth if self.layout.ends else 0

    @property
    def block_width(self) -> int:
        """The bits of u that tell the blocks apart."""
        return self.nothing.top - self.nothing.free if self.nothing else 0

    @property
    def about(self) -> int | None:
        """The u where dx is 0, if that is the same in all segments."""
        return about(self.layout.term.map)

    @property
    def split(self) -> bool:
        """Whether the arms are selected by the top bits of u."""
        return self.layout.binary and self.layout.depth > 1

    @property
    def title(self) -> str:
        """A comment: segments, words, and what is outside."""
        layout, parts = self.layout, []
        if layout.starts or self.flip or not self.word:
            parts.append(layout.segments)
        if self.word:
            parts.append(f"{self.depth} word{'s' if self.depth > 1 else ''} of {in_bits(str(self.width))}")
        if layout.ends and not self.padding:
            parts.append("outside 0" if layout.first else "past the end 0")
        return ", ".join(parts)

    @classmethod
    def of(cls, layout: Layout, source: Source, read: int, mem: str, writing: Writing) -> Table:
        """The table of a term.

        Args:
            layout: the term.
            source: the folded code.
            read: the stage in which words are valid.
            mem: the name of the file with its words.
            writing: how tables are written.
        """
        term, prefix = layout.term, layout.prefix
        columns = _columns(layout, read)
        table = cls(
            layout,
            mem,
            columns,
            memory=writing.in_memory(layout),
            padding=padding(layout) if writing.in_memory(layout) else 0,
            from_file=from_file(layout),
            in_leaves=writing.style == "ice40" and writing.lanes == 1 and not writing.statement,
            attribute=writing.attribute,
            statement=writing.statement,
        )
        if term.width:
            table = replace(table, word=unsigned(f"{prefix}word_{read}", term.width))
        if term.digits:
            table = replace(table, dx=unsigned(f"{prefix}dx_{read}", term.place_bits))
        if term.degree:
            c = columns[-1].c
            table = replace(
                table,
                dx=signed(f"{prefix}dx_{read}", dx_range(term, layout.u_bits)),
                highest=c if c.signed else signed(f"{prefix}h{term.degree}_{read}", c.range),
            )
        if layout.ends and ((table.memory and not table.padding) or any(column.gated for column in columns)):
            table = replace(table, inside=unsigned(f"{prefix}inside_{read}", 1))
        if table.memory and table.word:
            table = replace(
                table, read=replace(table.word, name=f"{prefix}read_{read}") if table.inside else table.word
            )
        dx, middle = table.dx, about(term.map)
        if dx and middle is not None:  # all of u, wherever the segment
            table = replace(table, dx=None)
        if layout.starts:
            table = _compared(table, source, chained=writing.style != "plain")
        elif layout.offset:
            table = _offset(table, layout.offset, source, read)
        else:
            table = _uniform(table, source)
        if table.dx != dx:
            whole = source.middle(source.width) if middle else f"{{1'd0, {source.whole()}}}"
            table = replace(table, dx=dx, dx_source=whole)
        return table


def parameter(layout: Layout) -> str:
    """The module parameter with the path of the file of a term's words."""
    return f"MEM_FILE_{layout.suffix}" if layout.suffix else "MEM_FILE"


def address_bits(term: Term) -> int:
    """The bits of the number of a term's word."""
    return max((term.depth - 1).bit_length(), 1)


def _columns(layout: Layout, read: int) -> list[Column]:
    term, result, low = layout.term, [], 0
    alone = sum(column.width > 0 for column in term.coefficients) == 1
    for power, each in enumerate(term.coefficients):
        gated = layout.ends and each.base != 0
        held = coefficient_range(term, each, not gated)
        name = f"d{power}" if term.digits and power else f"c{power}"
        c: Signal = signed(f"{layout.prefix}{name}_{read}", held)
        if held.low >= 0 and (power < term.degree or not power):
            c = Signal(c.name, held.unsigned_width, False, held)
        stored, start = None, low
        if each.width and not each.base and not layout.offset:
            c = stored = Signal(c.name, each.width, each.signed, held)
        elif each.width:
            start = -1 if alone else low
            stored = Signal(f"{layout.prefix}{'word_' if alone else f's{power}_'}{read}", each.width, each.signed, held)
        elif not gated and (power < term.degree or not power or term.digits):
            c = Constant.of(each.base)
        result.append(Column(c, stored, low + each.width - 1, start, each.base, gated, each.drop))
        low += each.width
    return result


def _uniform(table: Table, source: Source) -> Table:
    """The index is the top bits of u; dx the low ones."""
    layout, bits = table.layout, table.layout.term.dx_bits
    if table.dx:
        table = replace(table, dx_source=source.middle(layout.term.place_bits))
    if table.memory and layout.depth > 1:
        table = replace(table, address=source.bits(bits + (layout.depth - 1).bit_length() - 1, bits))
    if table.inside or (table.word and not table.memory):
        table = replace(table, index=source.bits(source.width - 1, bits), index_width=source.width - bits)
    return table


def _offset(table: Table, at: Offset, source: Source, read: int) -> Table:
    """The index is mixed from two slices of u, and the word is inverted in one half."""
    layout, rest = table.layout, at.bits - 1
    sign = f"~{source.bit(at.low + rest)}"
    parts = [source.bits(source.width - 1, at.high)] if source.width > at.high else []
    if rest:
        copies = f"{{{rest}{{{sign}}}}}" if rest > 1 else sign
        parts.append(f"{source.bits(at.low + rest - 1, at.low)} ^ {copies}")
    index = f"{layout.prefix}index"
    return replace(
        table,
        index=index,
        index_width=source.width - at.high + rest,
        mixed=f"{{{', '.join(parts)}}}" if len(parts) > 1 else parts[0],
        address=f"{index}[{(layout.depth - 1).bit_length() - 1}:0]" if table.memory and layout.depth > 1 else "",
        flip=unsigned(f"{layout.prefix}flip_{read}", 1),
        flip_source=sign,
    )


def _compared(table: Table, source: Source, *, chained: bool) -> Table:
    """The arms of a binary split, or of breakpoints."""
    layout, segment_map = table.layout, table.layout.term.map
    bits = layout.term.dx_bits
    split, arms = isinstance(segment_map, Dyadic), []
    leaves = segment_map.leaves[: layout.depth] if isinstance(segment_map, Dyadic) else ()
    lowest = min(leaves, default=0)
    words = table.words
    if split and layout.term.digits and not table.memory and not table.inside and layout.depth > 1:
        if set(leaves) == {bits}:  # the position needs no alignment
            return _uniform(table, source)
        return _zones(table, source, chained=chained) or _blocks(table, source, leaves)
    if table.memory:
        words = list(range(layout.depth))
        if layout.depth > 1:
            segment = unsigned(f"{layout.prefix}segment", (layout.depth - 1).bit_length())
            table = replace(table, segment=segment, address=segment.name)
        if table.dx and bits:
            place = replace(table.dx, name=f"{layout.prefix}place")
            table = replace(table, place=place, dx_source=place.name)
        elif table.dx:
            table = replace(table, dx_source=source.middle(0))
    if table.segment or table.place if table.memory else table.word or (table.dx and bits):
        zero = f"{max(bits, 1)}'d0"
        nothing = Arm(0, 0, None, 0, zero, inside=False)
        table = replace(table, nothing=nothing)
        if layout.first:
            arms.append(replace(nothing, below=layout.first))
        for number, (start, word) in enumerate(zip(layout.starts, words, strict=True)):
            dx = zero
            if table.dx and split:
                dx = source.middle(leaves[number], bits - leaves[number])
            elif table.dx and bits:
                middle = (start + layout.half) % (1 << bits)
                dx = source.bits(bits - 1, 0) + (f" - {bits}'d{middle}" if middle else "")
            below = segment_map.end(number + 1)
            free = leaves[number] - lowest if split else 0
            arms.append(Arm(start >> lowest + free, free, below if below < 1 << source.width else None, word, dx))
        if layout.stops and not table.split:
            arms.append(nothing)
        if table.split:
            index = source.bits(source.width - 1, lowest)
            table = replace(table, index=index, index_width=source.width - lowest)
    elif table.dx and not table.memory:
        table = replace(table, dx_source=source.middle(0))
    if table.inside or (len(arms) > 1 and not table.split):
        table = replace(table, u=source.whole())
    return replace(table, arms=arms)


def few_zones(term: Term) -> bool:
    """Whether a term in digits is a binary split of few zones."""
    if not term.digits or not isinstance(term.map, Dyadic):
        return False
    return 1 < len(zones.zones(term.map.starts, term.map.leaves)) < zones.MOST


def _zones(table: Table, source: Source, *, chained: bool) -> Table | None:
    """A binary split by its zones; None if they are too many."""
    layout, bits, prefix, split = table.layout, table.layout.term.dx_bits, table.layout.prefix, table.layout.term.map
    if not isinstance(split, Dyadic) or not few_zones(layout.term) or not table.dx:
        return None
    if split.length > 1 << source.width:
        return None
    found = zones.zones(split.starts, split.leaves)
    past = split.length < 1 << source.width
    width = (split.segments + past - 1).bit_length()
    blocks = zones.numbered(found, width)
    borders = []
    for number, start in enumerate([*(zone.start for zone in found[1:]), split.length][: len(found) - 1 + past], 1):
        low = (start & -start).bit_length() - 1
        high = source.width - low
        name = f"{prefix}past_{number}"
        top = source.bit(low) if high == 1 else f"{source.bits(source.width - 1, low)} >= {high}'d{start >> low}"
        borders.append((name, top))
    names = [name for name, _ in borders]
    zone = unsigned(f"{prefix}zone", len(borders).bit_length())
    code, spare_bit = names[0], ""
    if len(names) > 1:
        less = names[1] if len(names) == 2 else f"{names[1]} & ~{names[2]}"
        bit = source.bit(0)
        code = f"{{{names[1]}, {names[0]}, {bit}}} - {{1'b0, {less}, {bit}}}"
        spare_bit = f"unused_{zone.name}"
        if not chained:
            code = f"{{{names[1]}, {names[0]}}} - {{1'b0, {less}}}"
            spare_bit = ""
    chosen = zones.rows(found, blocks, width)
    seen = {
        bit
        for row in chosen
        for at in range(len(row.pattern))
        for bit in [found[row.zone].leaf + found[row.zone].spread - 1 - at]
    }
    high, low = max(seen, default=-1), min(seen, default=0)
    selector = zone.name if high < low else f"{{{zone.name}, {source.slice(high, low)}}}"
    rows = []
    for row in chosen:
        own = found[row.zone]
        ahead = max(high - (own.leaf + own.spread - 1), 0)
        wild = "?" * ahead + row.pattern if row.pattern else ""
        pattern = format(row.zone, "b").zfill(zone.width) + wild.ljust(high - low + 1, "?")
        segment_number = number_text(row.bits, own.leaf, source)
        rows.append((f"{len(pattern)}'b{pattern}", segment_number, source.middle(own.leaf, bits - own.leaf)))
    numbers = zones.order(found, blocks)
    spare = max(set(range(1 << width)) - set(numbers), default=0)
    if past:
        rows.append(("default", f"{width}'d{spare}", rows[-1][2]))
    else:
        rows[-1] = ("default", *rows[-1][1:])
    stored = {number: at for number, at in sorted(numbers.items()) if at < layout.depth}
    place, segment = replace(table.dx, name=f"{prefix}place"), unsigned(f"{prefix}segment", width)
    return replace(
        table,
        zones=Zones(borders, zone, code, spare_bit, selector, rows),
        order=tuple(stored.values()),
        numbers=tuple(stored),
        segment=segment,
        place=place,
        dx_source=place.name,
        index=segment.name,
        index_width=width,
        mixed="",
    )


def number_text(bits: tuple[int | None, ...], leaf: int, source: Source) -> str:
    """A segment's number: constant bits, and slices of u, which is 0 above its own bits."""
    bits = tuple(0 if bit is None and leaf + len(bits) - 1 - n >= source.width else bit for n, bit in enumerate(bits))
    parts, at = [], len(bits)
    for fixed, run in groupby(bits, lambda bit: bit is not None):
        own = list(run)
        at -= len(own)
        if fixed:
            parts.append(f"{len(own)}'d{int(''.join(map(str, own)), 2)}")
        else:
            parts.append(source.slice(leaf + at + len(own) - 1, leaf + at))
    return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"


def _blocks(table: Table, source: Source, leaves: tuple[int, ...]) -> Table:
    """A binary split by its blocks of equal leaves; words are numbered so that a block's are those of some low bits."""
    layout, bits = table.layout, table.layout.term.dx_bits
    blocks = runs(layout.starts, leaves)
    lowest = min(log for _, log, _, _ in blocks)
    number = 0
    order: list[int] = []
    found: list[Block] = []
    width = (layout.depth - (not layout.ends)).bit_length()
    for start, log, leaf, first in sorted(blocks, key=lambda block: block[2] - block[1]):
        low = log - leaf
        parts = [f"{width - low}'d{number >> low}"] if width > low else []
        if low:
            parts.append(source.bit(leaf) if low == 1 else source.bits(log - 1, leaf))
        segment = parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"
        found.append(Block(start >> log, log - lowest, segment, source.middle(leaf, bits - leaf)))
        order += range(first, first + (1 << low))
        number += 1 << low
    place = replace(table.dx, name=f"{layout.prefix}place") if table.dx else None
    segment_signal = unsigned(f"{layout.prefix}segment", width)
    return replace(
        table,
        blocks=found,
        order=tuple(order),
        nothing=Arm(source.width, lowest, None, 0, f"{bits}'d0", inside=False),
        segment=segment_signal,
        place=place,
        dx_source=place.name if place else "",
        index=segment_signal.name,
        index_width=width,
        mixed="",
        u=source.bits(source.width - 1, lowest),
    )


def runs(starts: tuple[int, ...], leaves: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """The nodes of a binary split whose leaves are equal: start, log2 of the length, leaf, and the first leaf's number.

    Each is as long as it can be.
    """
    found, at = [], 0
    while at < len(leaves):
        start, leaf, log = starts[at], leaves[at], leaves[at]
        while not start >> log & 1 and all(each == leaf for each in leaves[at : at + (2 << log - leaf)]):
            if at + (2 << log - leaf) > len(leaves):
                break
            log += 1
        found.append((start, log, leaf, at))
        at += 1 << log - leaf
    return found
