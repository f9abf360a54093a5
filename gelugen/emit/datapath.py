"""A design's datapath as pipelined signals of exact widths: what the Verilog template prints.

A signal is named by what it holds and by the stage it is valid in: ``u_1``, ``c0_2``, ``p0_3``.

Products and sums of stored values hold whatever a table of these widths could give, so that no table overflows
them. What comes after is as wide as the design's own values need; bits above cannot reach the output.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby

from gelugen.design import Design
from gelugen.emit.layout import Layout
from gelugen.emit.signals import Constant, Signal, ranges, saturates, signed, unsigned
from gelugen.emit.tables import Source, Table
from gelugen.pipeline import Range, has_fold, is_plain, read_stage, steps, sum_stage


@dataclass(frozen=True)
class Product:
    """One Horner step: p <= factor * dx, then h = q + c, where q is p without the bits that the step's shift drops.

    Attributes:
        p, factor, dx, h: as above.
        q: the shifted product, which is p itself where nothing is dropped.
        shift, zeros: the bits dropped from p, or put back.
        c, drop: the coefficient, and its dropped zeros.
        constant: what is added where all segments share the coefficient, which then is None.
    """

    p: Signal
    factor: Signal
    dx: Signal
    q: Signal
    shift: int
    zeros: int
    h: Signal
    c: Signal | None
    drop: int
    constant: int


@dataclass
class Stage:
    """The registers of one stage from the table read on, beside the table's own."""

    number: int
    products: list[Product] = field(default_factory=list)
    carried: list[tuple[Signal, Signal]] = field(default_factory=list)


@dataclass(frozen=True)
class Residual:
    """The residual fold: line = relu(k), and y = line - r at the end."""

    line: Signal
    relu: Signal
    line_last: Signal
    rest: Signal
    dropped: Signal


@dataclass(frozen=True)
class Turn:
    """The odd fold, and the complement: r counts backwards where k is negative."""

    negative: Signal
    negative_last: Signal
    turned: Signal


@dataclass(frozen=True)
class Fold:
    """What a fold computes: k = in_data - zero_point, u = |k| if a table needs it, and what unfolds r again."""

    k: Signal
    magnitude: str
    u: Signal | None
    residual: Residual | None
    turn: Turn | None


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
        shifted: u where the smallest code is its first; None where u is the port or what the fold gives.
        plain: whether the table's word is the output.
        tables, stages: as their classes say.
        addends: what the sum adds, each with the zeros to put back.
        v, r, unfolded, total: the sum, the shifted sum, the value before the offset, and before saturation.
        clamp_low, clamp_high: whether some code needs it.
        fold: the fold's signals, or None.
        unused: dropped bits.
    """

    port: Signal
    out: Signal
    shifted: Signal | None
    plain: bool
    tables: list[Table]
    stages: list[Stage]
    addends: list[tuple[Signal, int]]
    v: Signal
    r: Signal
    unfolded: Signal
    total: Signal
    clamp_low: bool
    clamp_high: bool
    fold: Fold | None
    unused: list[Unused]

    @classmethod
    def of(cls, design: Design, mems: list[str]) -> Datapath:
        """The datapath of a design whose tables are in the named files, one a term."""
        spec, read, last = design.spec, read_stage(design), sum_stage(design)
        stages = {number: Stage(number) for number in range(read, last + 1)}
        port = Signal("in_data", spec.input.bits, spec.input.signed, Range(spec.input.code_min, spec.input.code_max))
        shifted = unsigned("u", design.u_bits) if design.first else None
        source = Source("u_1" if has_fold(design) else (shifted or port).name, design.u_bits)
        tables = [Table.of(layout, source, read, mem) for layout, mem in zip(Layout.all(design), mems, strict=True)]
        unused: list[Unused] = []
        addends = [_horner(table, stages, read, last, unused) for table in tables]
        v = _sum(design, addends, last)
        r = Signal(f"r_{last}", v.width - design.shift, True, v.range >> design.shift)
        _leave(unused, v, design.shift - 1, 0)
        fold = _fold(design, stages, bool(source.used)) if has_fold(design) else None
        unfolded = r
        if fold and fold.residual:
            unfolded = fold.residual.dropped
            _leave(unused, r, r.top, fold.residual.rest.width)
            _leave(unused, fold.residual.rest, design.line_drop - 1, 0)
        elif fold and fold.turn:
            unfolded = fold.turn.turned
            _leave(unused, r, r.top, unfolded.width)
        total = unfolded
        if design.offset:
            total = signed(f"sum_{last}", ranges(design)["sum"], Range(design.offset, design.offset))
            _leave(unused, unfolded, unfolded.top, total.width)
        low, high = saturates(design)
        if not (low or high):
            _leave(unused, total, total.top, spec.output.bits)
        if fold is None or fold.u is not None:
            whole = (shifted or port) if fold is None or fold.u is None else fold.u
            _leave_all(unused, whole, set(range(source.width)) - source.used)
        return cls(
            port=port,
            out=Signal("out", spec.output.bits, spec.output.signed, Range(spec.output.code_min, spec.output.code_max)),
            shifted=shifted,
            plain=is_plain(design),
            tables=tables,
            stages=list(stages.values()),
            addends=addends,
            v=v,
            r=r,
            unfolded=unfolded,
            total=total,
            clamp_low=low,
            clamp_high=high,
            fold=fold,
            unused=[each for each in unused if not is_plain(design) or each.source.startswith(source.name)],
        )


def _leave(unused: list[Unused], signal: Signal, top: int, bottom: int) -> None:
    """Name a slice that nothing needs, if there is one."""
    _leave_all(unused, signal, set(range(bottom, top + 1)))


def _leave_all(unused: list[Unused], signal: Signal, bits: set[int]) -> None:
    if not bits:
        return
    runs = [[at for _, at in run] for _, run in groupby(enumerate(sorted(bits)), lambda each: each[1] - each[0])]
    slices = [f"{signal.name}[{run[-1]}:{run[0]}]" for run in reversed(runs)]
    source = slices[0] if len(slices) == 1 else f"{{{', '.join(slices)}}}"
    unused.append(Unused(unsigned(f"unused_{signal.name}", len(bits)), source))


def _horner(table: Table, stages: dict[int, Stage], read: int, last: int, unused: list[Unused]) -> tuple[Signal, int]:
    """Put a term's products into their stages; gives what it adds to the sum, and the zeros to put back."""
    layout, columns = table.layout, table.columns
    h, dx = table.highest, table.dx
    if h is None or dx is None:
        return _carry(stages, columns[0].c, read, last), columns[0].drop
    for stage, step in enumerate(steps(layout.term, layout.u_bits), read + 1):
        name, column = f"{layout.prefix}{{}}{step.power}_{stage}", columns[step.power]
        p = q = Signal(name.format("p"), step.product_width, True, step.product)
        if step.shift:
            q = Signal(name.format("q"), p.width - step.shift, True, step.shifted)
        total = Signal(name.format("h"), step.h_width, True, step.h)
        _leave(unused, p, step.shift - 1, 0)
        _leave(unused, q, q.top, total.width - step.zeros)
        shared = isinstance(column.c, Constant)
        stages[stage].products.append(
            Product(
                p=p,
                factor=h,
                dx=_carry(stages, dx, read, stage - 1),
                q=q,
                shift=step.shift,
                zeros=step.zeros,
                h=total,
                c=None if shared else _carry(stages, column.c, read, stage),
                drop=column.drop,
                constant=column.c.range.low << column.drop if shared else 0,
            )
        )
        h = total
    return _carry(stages, h, read + layout.term.degree, last), 0


def _carry(stages: dict[int, Stage], signal: Signal, first: int, last: int) -> Signal:
    """Register a signal once a stage up to the stage of its use."""
    for number in range(first + 1, last + 1):
        pair = (signal.at(number), signal.at(number - 1))
        if pair not in stages[number].carried and not isinstance(signal, Constant):
            stages[number].carried.append(pair)
    return signal.at(last)


def _sum(design: Design, addends: list[tuple[Signal, int]], last: int) -> Signal:
    """The sum of all terms and the bias."""
    bias = Range(design.bias, design.bias)
    held = [each.range << drop for each, drop in addends]
    v = signed(f"v_{last}", sum(held, bias), bias)
    widths = [each.width + drop for each, drop in addends if not isinstance(each, Constant)]
    return replace(v, width=max(v.width, design.shift + 1, *(each.signed_width for each in held), *widths))


def _fold(design: Design, stages: dict[int, Stage], uses_u: bool) -> Fold:
    """The signals of the fold and of what undoes it."""
    spec, reach = design.spec, ranges(design)
    k = unsigned("k", spec.input.bits)
    if reach["k"].low < 0:
        zero_point = abs(spec.input.zero_point)
        port = Range(spec.input.code_min, spec.input.code_max)
        k = signed("k", reach["k"], port, Range(-zero_point, zero_point))
    return Fold(
        k=k,
        magnitude=f"k[{design.u_bits - 1}:0]",
        u=unsigned("u_1", design.u_bits) if uses_u else None,
        residual=_residual(design, stages) if design.fold == "residual" else None,
        turn=_turn(design, stages) if design.turns else None,
    )


def _residual(design: Design, stages: dict[int, Stage]) -> Residual:
    reach, last = ranges(design), sum_stage(design)
    positive = Range(0, max(reach["k"].high, 0)).unsigned_width
    line = unsigned("line_1", positive + design.line_shift)
    rest = signed(f"rest_{last}", reach["rest"], line.range)
    rest = replace(rest, width=max(rest.width, design.line_drop + 1))
    dropped = rest
    if design.line_drop:
        held = rest.range >> design.line_drop
        dropped = Signal(f"dropped_{last}", rest.width - design.line_drop, True, held)
    return Residual(
        line=line,
        relu=unsigned(f"k[{positive - 1}:0]", positive),
        line_last=_carry(stages, line, 1, last),
        rest=rest,
        dropped=dropped,
    )


def _turn(design: Design, stages: dict[int, Stage]) -> Turn:
    negative, last = unsigned("negative_1", 1), sum_stage(design)
    one = Range(design.one, design.one)
    turned = signed(f"turned_{last}", ranges(design)["turned"], one)
    return Turn(negative=negative, negative_last=_carry(stages, negative, 1, last), turned=turned)
