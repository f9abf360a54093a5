"""A design's datapath as pipelined signals of exact widths: what the Verilog template prints.

A signal is named by what it holds and by the stage it is valid in: ``u_1``, ``c0_2``, ``p0_3``.

Products and sums of stored values hold whatever a table of these widths could give, so that no table overflows
them. What comes after is as wide as the design's own values need; bits above cannot reach the output.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gelugen.design import Design, Term
from gelugen.emit.signals import Range, ranges, saturates

LARGEST_CASE = 4096
"""Words of a table that stand in the source; larger ones are read from the .mem file by $readmemh."""


@dataclass(frozen=True)
class Signal:
    """A Verilog vector."""

    name: str
    width: int
    signed: bool

    @property
    def top(self) -> int:
        """The number of the highest bit."""
        return self.width - 1

    @property
    def vector(self) -> str:
        """The type and range of its declaration."""
        return f"{'signed ' if self.signed else ''}[{self.top}:0]"

    def at(self, stage: int) -> Signal:
        """The same value, registered up to another stage."""
        return replace(self, name=f"{self.name.rsplit('_', 1)[0]}_{stage}")

    def reach(self, drop: int = 0) -> Range:
        """What the vector could hold, with dropped zeros put back."""
        if self.signed:
            return Range(-(1 << self.width - 1 + drop), ((1 << self.width - 1) - 1) << drop)
        return Range(0, ((1 << self.width) - 1) << drop)


def signed(name: str, *reach: Range) -> Signal:
    """A signed signal that holds all of some ranges."""
    return Signal(name, max(each.signed_width for each in reach), True)


@dataclass(frozen=True)
class Column:
    """A coefficient as a slice of its table's word."""

    c: Signal
    high: int
    low: int
    drop: int


@dataclass(frozen=True)
class Table:
    """A term's table.

    Attributes:
        words: the stored words.
        mem, parameter, rom: the file, the module parameter with its path, and the memory.
        ends: whether an index past the last word exists.
        index, index_width: the segment's number, a slice of u.
        address: its low bits, as many as the memory needs.
        word: the word that was read.
        columns: its slices, c_0 first.
        dx: the position in the segment, if a polynomial needs it.
        dx_source: the low bits of u with the top one flipped.
        highest: the highest coefficient, extended to what Horner starts with.
    """

    words: list[int]
    width: int
    mem: str
    parameter: str
    rom: str
    ends: bool
    index: str
    index_width: int
    address: str
    word: Signal
    columns: list[Column]
    dx: Signal | None = None
    dx_source: str = ""
    highest: Signal | None = None

    @property
    def depth(self) -> int:
        """The number of words."""
        return len(self.words)

    @property
    def last(self) -> int:
        """The address of the last word."""
        return self.depth - 1

    @property
    def in_memory(self) -> bool:
        """Whether the words come from a file."""
        return self.depth > LARGEST_CASE


@dataclass(frozen=True)
class Product:
    """One Horner step: p <= factor * dx, then h = p + c."""

    p: Signal
    factor: Signal
    dx: Signal
    h: Signal
    c: Signal
    drop: int


@dataclass
class Stage:
    """The registers of one stage from the table read on, beside the table's own."""

    number: int
    products: list[Product] = field(default_factory=list)
    carried: list[tuple[Signal, Signal]] = field(default_factory=list)


@dataclass(frozen=True)
class Fold:
    """The residual fold: k = in_data - zero_point, u = |k|, line = relu(k), and y = line - r at the end."""

    k: Signal
    magnitude: str
    u: Signal
    line: Signal
    relu: Signal
    line_last: Signal
    rest: Signal
    dropped: Signal


@dataclass(frozen=True)
class Unused:
    """Bits that nothing needs, named so that no tool has to warn of them."""

    bits: Signal
    source: str


@dataclass(frozen=True)
class Datapath:
    """Everything that the module's template names.

    Attributes:
        port, out: the input port and the output register.
        plain: whether the table's word is the output.
        tables, stages: as their classes say.
        addends: what the sum adds, each with the zeros to put back.
        v, r, total: the sum, the shifted sum, the value before saturation.
        clamp_low, clamp_high: whether some code needs it.
        fold: the fold's signals, or None.
        unused: dropped bits.
    """

    port: Signal
    out: Signal
    plain: bool
    tables: list[Table]
    stages: list[Stage]
    addends: list[tuple[Signal, int]]
    v: Signal
    r: Signal
    total: Signal
    clamp_low: bool
    clamp_high: bool
    fold: Fold | None
    unused: list[Unused]

    @classmethod
    def of(cls, design: Design, mems: list[str]) -> Datapath:
        """The datapath of a design whose tables are in the named files."""
        spec, last = design.spec, _sum_stage(design)
        stages = {number: Stage(number) for number in range(_read_stage(design), last + 1)}
        tables = [_table(design, number, mem) for number, mem in enumerate(mems)]
        addends = [_horner(design, number, table, stages, last) for number, table in enumerate(tables)]
        bias = Range(design.bias, design.bias)
        addend_ranges = [each.reach(drop) for each, drop in addends]
        v = signed(f"v_{last}", sum(addend_ranges, bias), bias, *addend_ranges)
        v = replace(v, width=max(v.width, design.shift + 1))
        total = r = Signal(f"r_{last}", v.width - design.shift, True)
        fold, cut = None, [(v, design.shift)]
        if design.fold == "residual":
            fold, total = _fold(design, stages, last)
            cut.append((fold.rest, design.line_drop))
        unused = [_unused(each, bits - 1, 0) for each, bits in cut if bits]
        if fold is not None and r.width > fold.rest.width:
            unused.append(_unused(r, r.top, fold.rest.width))
        port = Signal("in_data", spec.input.bits, spec.input.signed)
        if fold is None and not tables:
            unused.append(_unused(port, port.top, 0))
        low, high = saturates(design)
        if total.width > spec.output.bits and not (low or high):
            unused.append(_unused(total, total.width - 1, spec.output.bits))
        return cls(
            port=port,
            out=Signal("out", spec.output.bits, spec.output.signed),
            plain=_plain(design),
            tables=tables,
            stages=list(stages.values()),
            addends=addends,
            v=v,
            r=r,
            total=total,
            clamp_low=low,
            clamp_high=high,
            fold=fold,
            unused=[] if _plain(design) else unused,
        )


def _unused(signal: Signal, top: int, bottom: int) -> Unused:
    bits = Signal(f"unused_{signal.name}", top - bottom + 1, False)
    return Unused(bits, f"{signal.name}[{top}:{bottom}]")


def latency(design: Design) -> int:
    """Clocks from ``in_valid`` to ``out_valid``."""
    return 1 if _plain(design) else _sum_stage(design) + 1


def _plain(design: Design) -> bool:
    """Whether the table's words are the output codes, so that its read register is the output register."""
    return (
        design.fold == "none"
        and [term.degree for term in design.terms] == [0]
        and not (design.bias or design.shift or any(saturates(design)))
    )


def _read_stage(design: Design) -> int:
    """The stage in which table words are valid."""
    return 2 if design.fold == "residual" else 1


def _sum_stage(design: Design) -> int:
    """The stage in which all addends are valid."""
    return _read_stage(design) + max((term.degree for term in design.terms), default=-1)


def _table(design: Design, number: int, mem: str) -> Table:
    term, read = design.terms[number], _read_stage(design)
    prefix, suffix = (f"t{number}_", f"_{number}") if len(design.terms) > 1 else ("", "")
    u = "u_1" if design.fold == "residual" else "in_data"
    columns, low = [], 0
    for power, each in enumerate(term.coefficients):
        c = Signal(f"{prefix}c{power}_{read}", each.width, each.signed)
        columns.append(Column(c, low + each.width - 1, low, each.drop))
        low += each.width
    table = Table(
        words=term.words(),
        width=term.width,
        mem=mem,
        parameter=f"MEM_FILE{suffix}",
        rom=f"{prefix}rom",
        ends=term.depth << term.dx_bits < 1 << design.u_bits,
        index=f"{u}[{design.u_bits - 1}:{term.dx_bits}]",
        index_width=design.u_bits - term.dx_bits,
        address=f"{u}[{term.dx_bits + max((term.depth - 1).bit_length(), 1) - 1}:{term.dx_bits}]",
        word=Signal(f"{prefix}word_{read}", term.width, False),
        columns=columns,
    )
    if not term.degree:
        return table
    top = columns[-1]
    return replace(
        table,
        dx=Signal(f"{prefix}dx_{read}", max(term.dx_bits, 1), True),
        dx_source=_dx_source(term, u),
        highest=signed(f"{prefix}h{term.degree}_{read}", top.c.reach(top.drop)),
    )


def _dx_source(term: Term, u: str) -> str:
    top = term.dx_bits - 1
    if top < 0:
        return "1'b0"
    return f"{{~{u}[{top}], {u}[{top - 1}:0]}}" if top else f"~{u}[0]"


def _horner(design: Design, number: int, table: Table, stages: dict[int, Stage], last: int) -> tuple[Signal, int]:
    """Put a term's products into their stages; gives what it adds to the sum, and the zeros to put back."""
    degree, read = design.terms[number].degree, _read_stage(design)
    if table.dx is None or table.highest is None:
        return _carry(stages, table.columns[0].c, read, last), table.columns[0].drop
    prefix = table.word.name.removesuffix(f"word_{read}")
    h = table.highest
    for power in reversed(range(degree)):
        stage, column = read + degree - power, table.columns[power]
        dx = _carry(stages, table.dx, read, stage - 1)
        c = _carry(stages, column.c, read, stage)
        p = signed(f"{prefix}p{power}_{stage}", h.reach() * dx.reach(), h.reach())
        added = c.reach(column.drop)
        total = signed(f"{prefix}h{power}_{stage}", p.reach() + added, p.reach(), added)
        stages[stage].products.append(Product(p, h, dx, total, c, column.drop))
        h = total
    return _carry(stages, h, read + degree, last), 0


def _carry(stages: dict[int, Stage], signal: Signal, first: int, last: int) -> Signal:
    """Register a signal once a stage up to the stage of its use."""
    for number in range(first + 1, last + 1):
        pair = (signal.at(number), signal.at(number - 1))
        if pair not in stages[number].carried:
            stages[number].carried.append(pair)
    return signal.at(last)


def _fold(design: Design, stages: dict[int, Stage], last: int) -> tuple[Fold, Signal]:
    """The signals of the residual fold, and the value before saturation."""
    spec, reach = design.spec, ranges(design)
    k = Signal("k", spec.input.bits, False)
    if reach["k"].low < 0:
        port = Signal("in_data", spec.input.bits, spec.input.signed)
        k = signed("k", reach["k"], port.reach(), Range(-abs(spec.input.zero_point), abs(spec.input.zero_point)))
    positive = Range(0, max(reach["k"].high, 0)).unsigned_width
    line = Signal("line_1", positive + design.line_shift, False)
    rest = signed(f"rest_{last}", reach["rest"], line.reach())
    rest = replace(rest, width=max(rest.width, design.line_drop + 1))
    dropped = rest
    if design.line_drop:
        dropped = Signal(f"dropped_{last}", rest.width - design.line_drop, True)
    total = dropped
    if design.offset:
        total = signed(f"sum_{last}", reach["sum"], dropped.reach(), Range(design.offset, design.offset))
    fold = Fold(
        k=k,
        magnitude=f"k[{design.u_bits - 1}:0]",
        u=Signal("u_1", design.u_bits, False),
        line=line,
        relu=Signal(f"k[{positive - 1}:0]", positive, False),
        line_last=_carry(stages, line, 1, last),
        rest=rest,
        dropped=dropped,
    )
    return fold, total
