"""A design's datapath as pipelined signals of exact widths: what the Verilog template prints.

A signal is named by what it holds and by the stage it is valid in, which is the number of registers before it:
``u_1``, ``c0_2``, ``p0_3``. Behind a level with registers its results are registers themselves; all else that is
needed later is carried along.

Products and sums of stored values hold whatever a table of these widths could give, so that no table overflows
them. What comes after is as wide as the design's own values need; bits above cannot reach the output. Where words can
be rewritten, it is as wide as any words need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from gelugen.design import Design
from gelugen.emit.digits import Adders, Argument, Chain, Link, folded, result, sized
from gelugen.emit.halves import Halves, Shifted, top
from gelugen.emit.layout import Layout
from gelugen.emit.signals import Constant, Signal, signed, unsigned, values
from gelugen.emit.styling import Borrows, Negated, Style
from gelugen.emit.tables import Source, Table
from gelugen.emit.wiring import Wiring
from gelugen.emit.writing import Writing
from gelugen.pipeline import Range, has_fold, is_plain, steps, term_range, tree_levels
from gelugen.pipeline import Step as Horner
from gelugen.pipeline import addends as count_addends


@dataclass(frozen=True)
class Multiply:
    """p = factor * argument; q is p without the bits that the step's shift drops, or p itself.

    Attributes:
        p, factor, argument, q: as above.
        shift: the bits that are dropped.
        dx, leak: the argument is their sum; dx alone where leak is 0.
    """

    p: Signal
    factor: Signal
    dx: Signal
    q: Signal
    shift: int
    argument: Signal
    leak: int


@dataclass(frozen=True)
class Add:
    """h = q + c.

    Attributes:
        h, q: as above; q with zeros put back.
        zeros: how many.
        c, drop: the coefficient, and its dropped zeros.
        constant: what is added where all segments share the coefficient, which then is None.
        low: what stands in the place of the dropped zeros.
    """

    h: Signal
    q: Signal
    zeros: int
    c: Signal | None
    drop: int
    constant: int
    low: int = 0


@dataclass(frozen=True)
class Pair:
    """total = one + two of the tree of adders, each with the zeros to put back.

    Attributes:
        total, one, two: as above.
        halves: of the sum, where it takes two stages.
        early: whether it is there a stage before the other ones of its level.
    """

    total: Signal
    one: Shifted
    two: Shifted
    halves: Halves | None = None
    early: bool = False


@dataclass(frozen=True)
class Sum:
    """The sum of what is left and the bias.

    Attributes:
        v: the sum.
        addends: each with the zeros to put back.
        r: v without the bits that the shift drops.
        bias: what is added.
        low: what stands in the place of the zeros of a single addend.
        beyond: whether u is past the bits that the tables see.
        rest: r there.
        halves: as in ``Pair``.
    """

    v: Signal
    addends: list[Shifted]
    r: Signal
    bias: int
    low: int = 0
    beyond: Signal | None = None
    rest: int = 0
    halves: Halves | None = None


@dataclass(frozen=True)
class Fold:
    """What a fold computes.

    Attributes:
        k: in_data - zero_point.
        magnitude: the bits of k that hold it where it is not negative.
        u: k with its sign folded, if a table needs it.
        line: relu(k) on the grid of the residual (residual fold).
        relu: the bits of k that hold it.
        negative: whether k is negative (odd fold and complement; on iCE40 every fold).
        style: of the text.
        sign, low: of a text for a family: the sign of k, and the bits of k whose absolute value u is.
        beyond, beyond_source: whether u has more bits than the tables see.
    """

    k: Signal
    magnitude: str
    u: Signal | None
    line: Signal | None
    relu: Signal | None
    negative: Signal | None
    style: str
    sign: str
    low: Signal
    beyond: Signal | None
    beyond_source: str

    @property
    def is_negative(self) -> str:
        """Whether k is negative, as an expression."""
        return f"k < {self.k.width}'sd0" if self.style == "plain" else self.sign


@dataclass(frozen=True)
class Residual:
    """The residual fold undone.

    Attributes:
        line, r: what goes into it.
        rest: line - r.
        dropped: rest without its low bits.
        style: of the text.
        made: whether r is ~r or -r already, as the style wants it.
        q: on iCE40, -r.
        negative: on iCE40, whether k is negative: line does not tell.
    """

    line: Signal
    r: Signal
    rest: Signal
    dropped: Signal
    style: str = "plain"
    made: bool = False
    q: Signal | None = None
    negative: Signal | None = None


@dataclass(frozen=True)
class Turn:
    """The odd fold undone, and the complement: r counts backwards where k is negative."""

    negative: Signal
    r: Signal
    turned: Signal


@dataclass(frozen=True)
class Unused:
    """Bits that nothing needs, named so that no tool has to warn of them."""

    bits: Signal
    source: str


Operations = (
    Sequence[Multiply] | Sequence[Add] | Sequence[Pair] | Sequence[Halves] | Sequence[Argument] | Sequence[Link]
)
Addend = tuple[Signal, int, int]
"""A signal, the dropped zeros to put back, and the stage in which it is there."""


@dataclass(frozen=True)
class Step:
    """A level of the datapath.

    Attributes:
        kind: ``fold``, ``read``, ``multiply``, ``add``, ``square``, ``digit``, ``tree``, ``sum``, ``unfold`` or
            ``output``; ``low`` for the low halves of sums.
        registered: whether its results are registers.
        operations: those of the kinds that can have several.
    """

    kind: str
    registered: bool
    operations: Operations = ()


@dataclass
class Stage:
    """What lies between two rows of registers.

    Attributes:
        number: of the registers behind it.
        steps: its levels.
        registered: whether there are registers behind it: not where the output is combinational.
        carried: signals that are needed later, registered as (to, from).
    """

    number: int
    steps: list[Step] = field(default_factory=list)
    registered: bool = True
    carried: list[tuple[Signal, Signal]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Its number and what is done in it, as a comment."""
        done = ", ".join(dict.fromkeys(_DONE[each.kind] for each in self.steps)) or "carried along"
        return f"Stage {self.number}: {done}" if self.registered else f"No register behind: {done}"


_DONE = {
    "fold": "fold",
    "read": "table read",
    "words": "words",
    "multiply": "product",
    "add": "sum",
    "square": "square",
    "digit": "partial products",
    "low": "low bits of a sum",
    "tree": "sum",
    "sum": "sum",
    "unfold": "unfold",
    "output": "output",
}


@dataclass(frozen=True)
class Datapath:
    """Everything that the module's template names.

    Attributes:
        port, out: the input and the output.
        shifted: u where the smallest code is its first; None where u is the port or what the fold gives.
        tables, stages, fold: as their classes say.
        sum: the sum and its shift; None where the table's word is the output.
        unfolded: what undoes the fold, if there is one.
        value, total: the value before the offset, and before saturation.
        drop: zeros to put behind the output.
        clamp_low, clamp_high: whether some code needs it.
        unused: dropped bits.
        borrows: what takes the place of all stages.
        wiring: of borrows: r as a network; None where it is a case.
    """

    port: Signal
    out: Signal
    shifted: Signal | None
    tables: list[Table]
    stages: list[Stage]
    fold: Fold | None
    sum: Sum | None
    unfolded: Residual | Turn | None
    value: Signal
    total: Signal
    drop: int
    clamp_low: bool
    clamp_high: bool
    unused: list[Unused]
    borrows: Borrows | None = None
    wiring: Wiring | None = None

    @classmethod
    def of(cls, design: Design, writing: Writing, mems: list[str]) -> Datapath:
        """The datapath of a design whose tables are in the named files, one a term."""
        staged = _Builder(design, writing.staged, mems).build()
        borrows = Borrows.of(design, writing.staged)
        return replace(staged, borrows=borrows, wiring=Wiring.of(design, writing, staged.port.name))


class _Builder:
    """The datapath in the making: what every step adds to the stages and to the unused bits."""

    def __init__(self, design: Design, writing: Writing, mems: list[str]) -> None:
        self.design, self.writing, self.schedule = design, writing, writing.schedule
        self.h: Signal | None = None
        self.values = values(design, writing.writable)
        self.plain = is_plain(design, writing.writable)
        spec = design.spec
        held = Range(spec.input.code_min, spec.input.code_max)
        self.port = Signal("in_data" if writing.lanes == 1 else "sample", spec.input.bits, spec.input.signed, held)
        self.shifted = unsigned("u", design.u_bits) if design.first and design.fold == "none" else None
        first = self.schedule.start
        self.stages = [Stage(number) for number in range(first + 1, self.schedule.last + 1)]
        if not self.schedule.cut("output"):
            self.stages.append(Stage(self.schedule.last + 1, registered=False))
        self.unused: list[Unused] = []
        at = self.after("fold") if has_fold(design) else first
        folded = f"u_{at}" if has_fold(design) else (self.shifted or self.port).name
        self.style = Style.of(design, writing)
        negated = self.fold_digits(writing) or self.style.negated
        self.folded = negated is not None
        self.bias, self.low = (0, negated.low) if negated else (design.bias, 0)
        self.source = Source(folded, self.style.u_bits, port=folded == self.port.name)
        self.tables: list[Table] = []
        self.past = False
        layouts = Layout.all(negated.design if negated else design)
        for layout, mem in zip(layouts, mems, strict=True):
            seen = replace(layout, u_bits=self.style.u_bits)
            table = Table.of(seen, self.source, self.after("read"), mem, writing)
            if negated:
                table = table.with_outside(negated.outside)
            self.past = self.style.rest is not None and table.spare_entry
            if self.past:
                table = table.with_past(f"beyond_{at}")
            number = sum(each.memory for each in self.tables)
            self.tables.append(replace(table, number=number) if table.memory else table)

    def build(self) -> Datapath:
        """All of it, in the order of the levels."""
        design, output = self.design, self.design.spec.output
        if has_fold(design):
            self.does("fold")
        if design.terms:
            self.does("read")
        if "words" in self.schedule.numbers:
            self.does("words")
        fold = self.fold() if has_fold(design) else None
        low = high = False
        summed = undone = None
        drop = 0
        if self.plain:
            column = self.tables[0].columns[0]
            drop = column.drop
            value = total = self.carry(column.c, self.after("read"), self.before("output"))
        else:
            summed = self.sum(self.tree(self.horner()))
            value, undone = self.unfold(fold, summed.r)
            value = total = self.carry(value, self.after("unfold"), self.before("output"))
            if design.offset:
                total = signed(
                    f"sum_{self.before('output')}", self.values.ranges["sum"], Range(design.offset, design.offset)
                )
                self.leave(value, value.top, total.width)
            low, high = self.values.saturates
            if not (low or high):
                self.leave(total, total.top, output.bits)
        self.does("output")
        if fold is None or fold.u is not None:
            whole = (self.shifted or self.port) if fold is None or fold.u is None else fold.u
            self.leave_all(whole, set(range(whole.width)) - self.source.used)
        return Datapath(
            port=self.port,
            out=Signal("out", output.bits, output.signed, Range(output.code_min, output.code_max)),
            shifted=self.shifted,
            tables=self.tables,
            stages=self.stages,
            fold=fold,
            sum=summed,
            unfolded=undone,
            value=value,
            total=total,
            drop=drop,
            clamp_low=low,
            clamp_high=high,
            unused=self.unused,
        )

    # -- stages ------------------------------------------------------------------------------------------------

    def before(self, level: str) -> int:
        return self.schedule.before(level)

    def after(self, level: str) -> int:
        return self.schedule.after(level)

    def operands(self, level: str) -> int:
        """The stage in which a sum reads its addends."""
        return self.before(level) - self.schedule.halved(level)

    def stage(self, number: int) -> Stage:
        return self.stages[number - self.schedule.start - 1]

    def does(self, level: str, operations: Operations = ()) -> None:
        """Note a level in its stage."""
        step = Step(level.partition(" ")[0], self.schedule.cut(level), operations)
        self.stage(self.before(level) + 1).steps.append(step)

    def carry(self, signal: Signal, born: int, used: int) -> Signal:
        """Register a signal once a stage up to the stage of its use."""
        for number in range(born + 1, used + 1):
            pair = (signal.at(number), signal.at(number - 1))
            if pair not in self.stage(number).carried and not isinstance(signal, Constant):
                self.stage(number).carried.append(pair)
        return signal if born == used else signal.at(used)

    # -- terms -------------------------------------------------------------------------------------------------

    def horner(self) -> list[Addend]:
        """Put all products and sums of the polynomials into their stages; gives what the terms add."""
        products: dict[int, list[Multiply]] = {}
        sums: dict[int, list[Add]] = {}
        adders, addends = Adders(), []
        for table in self.tables:
            layout, columns = table.layout, table.columns
            h, dx, drop, born = columns[0].c, table.dx, columns[0].drop, self.after("read")
            if table.highest is not None and dx is not None:
                h, drop = table.highest, 0
                for number, step in enumerate(steps(layout.term, layout.u_bits), 1):
                    multiply, add = f"multiply {number}", f"add {number}"
                    factor_dx = self.carry(dx, self.after("read"), self.before(multiply))
                    factor = self.carry(h, born, self.before(multiply))
                    products.setdefault(number, []).append(self.multiply(table, step, factor, factor_dx, multiply))
                    q = products[number][-1].q
                    sums.setdefault(number, []).append(self.add(table, step, q, add))
                    h, born = sums[number][-1].h, self.after(add)
            if layout.term.digits:
                h, drop, born = self.chain(adders, table)
            addends.append((h, drop, born))
        for number in products:
            self.does(f"multiply {number}", products[number])
            self.does(f"add {number}", sums[number])
        if adders.squares:
            self.does("square", adders.squares)
        for number in adders.links:
            self.does(f"digit {number}", adders.links[number])
        return addends

    def fold_digits(self, writing: Writing) -> Negated | None:
        """The words of digits that hold the offsets of the partial products, and the negated sum of the style."""
        style, design = self.style, self.design
        if not design.terms or not design.terms[0].digits:
            return None
        other = None
        if design.fold == "residual":
            other = {"xc7": -1, "ice40": (1 << design.shift) - 1}.get(style.name)
        found = folded(design, writing, other)
        if found and other is not None:
            self.style = replace(style, negated=found)
        self.h = result(design, other) if found else None
        return found

    def chain(self, adders: Adders, table: Table) -> Addend:
        """The sum of a term's partial products and c_0."""
        term = table.layout.term
        links = Chain.of(term, self.writing, self.style.negated is not None)
        h = self.h
        if h is None and self.writing.writable:
            h = sized("h0", term_range(term, table.layout.u_bits))
        elif h is None:
            h = sized("h0", self.values.ranges[f"h{self.tables.index(table)}_0"])
        h, born = adders.add(self, table, links, h, self.low if self.folded else None)
        return h, 0, born

    def multiply(self, table: Table, step: Horner, factor: Signal, dx: Signal, level: str) -> Multiply:
        name = f"{table.layout.prefix}{{}}{step.power}_{self.after(level)}"
        p = q = Signal(name.format("p"), step.product_width, True, step.product)
        if step.shift:
            q = Signal(name.format("q"), p.width - step.shift, True, step.shifted)
        self.leave(p, step.shift - 1, 0)
        self.leave(q, q.top, step.h_width - step.zeros)
        leak = table.layout.term.leak if step.power == table.layout.term.degree - 1 else 0
        held = dx.range + Range(leak, leak)
        argument = signed(name.format("x"), held, dx.range) if leak else dx
        return Multiply(p, factor, dx, q, step.shift, argument, leak)

    def add(self, table: Table, step: Horner, q: Signal, level: str) -> Add:
        column = table.columns[step.power]
        shared = isinstance(column.c, Constant)
        low = 0 if step.power else self.low
        held = step.h + Range(0, low)
        width = max(step.h_width, held.signed_width)
        return Add(
            h=Signal(f"{table.layout.prefix}h{step.power}_{self.after(level)}", width, True, held),
            q=q,
            zeros=step.zeros,
            c=None if shared else self.carry(column.c, self.after("read"), self.before(level)),
            drop=column.drop,
            constant=(column.c.range.low << column.drop) + low if shared else 0,
            low=low,
        )

    def tree(self, addends: list[Addend]) -> list[Addend]:
        """Add pairs until two addends are left; the bias is one of them where there are more."""
        levels = tree_levels(count_addends(self.design))
        if levels and self.design.bias:
            addends = [*addends, (Constant.of(self.bias), 0, self.before("tree 1"))]
            self.bias = 0
        for number in range(1, levels + 1):
            level, pairs, left = f"tree {number}", [], []
            at = self.operands(level)
            now = [(self.carry(each, born, at), drop) for each, drop, born in addends]
            for index in range(0, len(now) - 1, 2):
                (one, one_drop), (two, two_drop) = now[index : index + 2]
                held = [one.range << one_drop, two.range << two_drop]
                total = signed(f"s{number}_{index // 2}_{self.after(level)}", held[0] + held[1], *held)
                total = replace(total, width=max(total.width, _room(one, one_drop), _room(two, two_drop)))
                pairs.append(Pair(total, now[index], now[index + 1]))
            if self.schedule.halved(level):
                pairs = self.halve(level, pairs)
            else:
                self.does(level, pairs)
            left = [(each.total, 0, self.before(level) if each.early else self.after(level)) for each in pairs]
            if len(now) % 2:
                left.append((now[-1][0], now[-1][1], at))
            addends = left
        return addends

    def halve(self, level: str, pairs: list[Pair]) -> list[Pair]:
        """Add pairs in two stages: the wide ones take both, the others the first."""
        stage, found = self.before(level), []
        middle = max(each.total.width for each in pairs) // 2
        for pair in pairs:
            if pair.total.width > middle + 1:
                found.append(replace(pair, halves=self.halves(pair.total, middle, stage, [pair.one, pair.two])))
            else:
                found.append(replace(pair, total=pair.total.at(stage), early=True))
        self.does(f"low {level}", [each.halves for each in found if each.halves])
        if early := [each for each in found if each.early]:
            self.stage(stage).steps.append(Step("tree", True, early))
        self.does(level, [each for each in found if each.halves])
        return found

    def halves(self, total: Signal, middle: int, stage: int, addends: list[Shifted]) -> Halves:
        """Both halves of a sum with the registers of a stage between; what the second one needs is carried."""
        tops = []
        for addend in addends:
            signal, zeros = top(addend, middle)
            to = signal
            if signal is addend[0]:
                to = self.carry(signal, stage - 1, stage)
            elif not isinstance(signal, Constant):
                to = replace(signal, name=f"{addend[0].name.rpartition('_')[0]}_top_{stage}")
                self.stage(stage).carried.append((to, signal))
            tops.append((to, zeros))
        found = Halves.of(total, middle, stage, addends, tops)
        self.leave(found.high, 0, 0)
        return found

    def sum(self, addends: list[Addend]) -> Sum:
        """The sum of what is left and the bias, and its shift."""
        design, at, halves = self.design, self.operands("sum"), None
        now = [(self.carry(each, born, at), drop) for each, drop, born in addends]
        bias = Range(self.bias, self.bias)
        low = 0 if any(table.dx for table in self.tables) else self.low
        held = [(each.range << drop) + Range(0, low) for each, drop in now]
        v = signed(f"v_{self.after('sum')}", sum(held, bias), bias, *held)
        widths = [_room(each, drop) for each, drop in now if not isinstance(each, Constant)]
        v = replace(v, width=max(v.width, design.shift + 1, *widths, 0))
        if self.schedule.halved("sum"):
            both = [*now, (Constant.of(self.bias), 0)] if self.bias else now
            if len(both) == 2 and not low and v.width > 2:
                halves = self.halves(v, v.width // 2, at + 1, both)
                self.does("low sum", [halves])
            else:
                now = [(self.carry(each, at, at + 1), drop) for each, drop in now]
        r = Signal(f"r_{self.after('sum')}", v.width - design.shift, True, v.range >> design.shift)
        self.leave(v, design.shift - 1, 0)
        self.does("sum")
        if self.style.rest is None or self.past:
            return Sum(v, now, r, self.bias, low, halves=halves)
        rest = self.style.rest
        if self.style.negated:
            rest = ~rest if self.style.name == "xc7" else -rest
        r = replace(r, range=r.range | Range(rest, rest))
        r = replace(r, width=max(r.width, r.range.signed_width))
        beyond = self.carry(unsigned(f"beyond_{self.after('fold')}", 1), self.after("fold"), self.after("sum"))
        return Sum(v, now, r, self.bias, low, beyond, rest, halves)

    # -- fold, unfold, output ----------------------------------------------------------------------------------

    def fold(self) -> Fold:
        """The signals of the fold; those that undo it come later."""
        spec, reach, at = self.design.spec, self.values.ranges, self.after("fold")
        k = unsigned("k", spec.input.bits)
        if reach["k"].low < 0:
            zero_point = abs(spec.input.zero_point)
            k = signed("k", reach["k"], self.port.range, Range(-zero_point, zero_point))
        line = relu = negative = beyond = None
        style, used = self.style, set(range(k.width))
        if self.design.fold == "residual":
            positive = Range(0, max(reach["k"].high, 0)).unsigned_width
            line = unsigned(f"line_{at}", positive + self.design.line_shift)
            relu = unsigned(f"k[{positive - 1}:0]", positive)
        if self.design.turns or (line and style.name == "ice40"):
            negative = unsigned(f"negative_{at}", 1)
        if style.name != "plain":
            used = {k.top}
            used |= set(range(line.width - self.design.line_shift)) if line else set()
            used |= set(range(style.u_bits)) if self.source.used else set()
        if style.rest is not None:
            beyond = unsigned(f"beyond_{at}", 1)
            used = set(range(k.width))
        self.leave_all(k, set(range(k.width)) - used)
        return Fold(
            k=k,
            magnitude=f"k[{self.design.u_bits - 1}:0]",
            u=unsigned(f"u_{at}", style.u_bits) if self.source.used else None,
            line=line,
            relu=relu,
            negative=negative,
            style=style.name,
            sign=f"k[{k.top}]",
            low=unsigned(f"k[{style.u_bits - 1}:0]", style.u_bits),
            beyond=beyond,
            beyond_source=self.beyond(k),
        )

    def beyond(self, k: Signal) -> str:
        """Whether u has more bits than the tables see, as an expression."""
        bits, sign = self.style.u_bits, f"k[{k.top}]"
        above, parts = k.top - bits, []
        if above == 1:
            parts.append(f"k[{bits}] != {sign}")
        elif above > 1:
            parts.append(f"k[{k.top - 1}:{bits}] != {{{above}{{{sign}}}}}")
        if self.style.zero or not parts:
            none = f"{sign} && k[{bits - 1}:0] == {bits}'d0"
            parts.append(f"({none})" if parts else none)
        return " || ".join(parts)

    def unfold(self, fold: Fold | None, r: Signal) -> tuple[Signal, Residual | Turn | None]:
        """Undo the fold; gives the value and what made it."""
        design, reach, at = self.design, self.values.ranges, self.after("unfold")
        r = self.carry(r, self.after("sum"), self.before("unfold"))
        if fold and fold.line:
            rest = signed(f"rest_{at}", reach["rest"], fold.line.range)
            rest = replace(rest, width=max(rest.width, design.line_drop + 1))
            dropped = rest
            if design.line_drop:
                held = rest.range >> design.line_drop
                dropped = Signal(f"dropped_{at}", rest.width - design.line_drop, True, held)
            self.leave(r, r.top, rest.width)
            self.leave(rest, design.line_drop - 1, 0)
            line = self.carry(fold.line, self.after("fold"), self.before("unfold"))
            negative = q = None
            if fold.negative:
                negative = self.carry(fold.negative, self.after("fold"), self.before("unfold"))
                q = signed(f"q_{self.before('unfold')}", Range(-rest.range.high, rest.range.high))
                q = replace(q, width=rest.width)
            made = self.style.negated is not None
            undone: Residual | Turn = Residual(line, r, rest, dropped, self.style.name, made, q, negative)
            value = dropped
        elif fold and fold.negative:
            value = signed(f"turned_{at}", reach["turned"], Range(design.one, design.one))
            self.leave(r, r.top, value.width)
            negative = self.carry(fold.negative, self.after("fold"), self.before("unfold"))
            undone = Turn(negative, r, value)
        else:
            return self.carry(r, self.before("unfold"), at), None
        self.does("unfold")
        return value, undone

    # -- bits that nothing needs ---------------------------------------------------------------------------------

    def leave(self, signal: Signal, top: int, bottom: int) -> None:
        """Name a slice that nothing needs, if there is one."""
        self.leave_all(signal, set(range(bottom, top + 1)))

    def leave_all(self, signal: Signal, bits: set[int]) -> None:
        """Name bits that nothing needs, if there are any."""
        if not bits:
            return
        runs = [[at for _, at in run] for _, run in groupby(enumerate(sorted(bits)), lambda each: each[1] - each[0])]
        slices = [f"{signal.name}[{run[-1]}:{run[0]}]" for run in reversed(runs)]
        source = slices[0] if len(slices) == 1 else f"{{{', '.join(slices)}}}"
        self.unused.append(Unused(unsigned(f"unused_{signal.name}", len(bits)), source))


def _room(signal: Signal, drop: int) -> int:
    """The bits of an addend with its zeros put back."""
    return signal.width + drop
