"""The contract in the header of every emitted file: what a unit promises, and how it keeps it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from gelugen import accuracy, bank, products
from gelugen.accuracy import Accuracy
from gelugen.architectures import ARCHITECTURES
from gelugen.bank import Bank, BankAccuracy
from gelugen.design import Design
from gelugen.dialects.choice import EXACT, Choice
from gelugen.emit.layout import Layout, in_bits
from gelugen.emit.rendering import plus
from gelugen.formats import Format
from gelugen.gated import Gated
from gelugen.golden import difference
from gelugen.objectives import Figures
from gelugen.products import ProductAccuracy
from gelugen.spec import Spec, Target, spec_hash
from gelugen.units import AnyAccuracy, Unit, command, warnings

Facts = tuple[tuple[str, str], ...]
"""Labels and texts."""


@dataclass(frozen=True)
class Contract:
    """What a unit promises, as label and text: the head of every emitted file.

    Attributes:
        accuracy: the measured errors.
        facts: of the whole.
        part: of a gated unit's activation, whose module has a file of its own; none for a design.
        cores: of each core of a bank, whose modules have files of their own.
        table: of the one table that takes their place.
        figures: what was counted, where a design was chosen by it.
    """

    accuracy: AnyAccuracy
    facts: Facts
    part: Facts = ()
    cores: tuple[Facts, ...] = ()
    table: Facts = ()
    figures: Figures | None = None

    def lines(self, *more: tuple[str, str]) -> list[str]:
        """The contract and further facts as lines, wrapped but for the command, which one copies."""
        return _lines((*self.facts, *more))

    def part_lines(self, *more: tuple[str, str]) -> list[str]:
        """The same for the activation alone."""
        return _lines((*self.part, *more))

    def core_lines(self, number: int | None, *more: tuple[str, str]) -> list[str]:
        """The same for a core of a bank, or for the one table that takes their place."""
        return _lines((*(self.table if number is None else self.cores[number]), *more))

    @classmethod
    def of(cls, unit: Unit, target: Target, figures: Figures | None = None) -> Contract:
        """The contract of a unit, its errors measured over every code; ``figures`` are those that it was chosen by.

        Raises:
            GelugenError: the unit breaks a guarantee.
        """
        warned = tuple(("warning", sentence) for sentence in warnings(unit.spec))
        origin = (*warned, ("made by", command(unit.spec, target)), ("spec", f"sha256 {request_hash(unit, target)}"))
        if isinstance(unit, Bank):
            return _bank_contract(unit, target, bank.check(unit), origin)
        if isinstance(unit, Gated):
            product = products.check(unit)
            part = (*_promise(unit.design, product.activation), *_inside(unit.design))
            return cls(
                product,
                (*_product_promise(unit, product), *_inside(unit.design), *origin),
                (*part, ("part of", target.name), *origin),
            )
        measured = accuracy.check(unit)
        facts = (*_promise(unit, measured), *_inside(unit, figures), *origin)
        return cls(measured, facts, figures=figures)


def _lines(facts: Facts) -> list[str]:
    lines = []
    for label, text in facts:
        rows = [text] if label == "made by" else textwrap.wrap(text, 92)
        lines += [f"{head:<10} {row}" for head, row in zip([label, *[""] * len(rows)], rows, strict=False)]
    return lines


def _codes(form: Format) -> str:
    return f"{form.describe()}, codes {form.code_min} to {form.code_max}"


def _promise(design: Design, measured: Accuracy) -> Facts:
    """What a design computes, and how well."""
    spec = design.spec
    return (
        ("function", f"{spec.function}(x) = {spec.definition.formula}"),
        ("input", _codes(spec.input)),
        ("output", _codes(spec.output)),
        ("guarantee" if spec.guarantee else "aim", f"{spec.describe_aim()}{_ties(spec)}"),
        *_dialect(spec),
        ("error", error_text(spec, measured)),
    )


def _ties(spec: Spec) -> str:
    return f"; ties {_TIES[spec.ties]}" if spec.dialect == EXACT else ""


def error_text(spec: Spec, measured: Accuracy) -> str:
    """The errors of a design in one line: in ulp, or in codes from those of a runtime."""
    if spec.dialect == EXACT:
        return measured.describe()
    share = f"{measured.correctly_rounded:.2%} of codes are those of {Choice.parse(spec.dialect).dialect.name}"
    return f"{share}, the others at most {measured.max_ulp:.0f} away" if measured.max_ulp else share


def _dialect(spec: Spec) -> Facts:
    """Whose arithmetic counts as the truth, and how it differs from the mathematics."""
    if spec.dialect == EXACT:
        return ()
    return (("dialect", f"{Choice.parse(spec.dialect).describe()}; {differs(spec)}"),)


def differs(spec: Spec) -> str:
    """How a dialect differs from the mathematics, in words."""
    codes, most = difference(spec)
    if not codes:
        return "its codes are the correctly rounded ones"
    return f"{codes} of {1 << spec.input.bits} codes are not the correctly rounded ones, by at most {most}"


def _product_promise(gated: Gated, measured: ProductAccuracy) -> Facts:
    """What a gated unit computes, and how well."""
    spec = gated.spec
    act = spec.activation
    return (
        ("function", f"{spec.function}(gate) * up; {spec.function}(x) = {act.definition.formula}"),
        ("gate", _codes(spec.input)),
        ("up", _codes(spec.up)),
        ("inside", f"{_codes(spec.intermediate)}: what {spec.function}(gate) is rounded to"),
        ("output", _codes(spec.output)),
        ("guarantee", f"of {spec.function}(gate): {act.describe_aim()}; ties {_TIES[act.ties]}"),
        ("requantize", spec.describe_requantize()),
        ("multiplier", f"{gated.multiplier} / 2^{gated.shift}, for the real factor {float(spec.factor)!r}"),
        ("error", f"of the output: {measured.describe()}"),
    )


def _bank_contract(unit: Bank, target: Target, measured: BankAccuracy, origin: Facts) -> Contract:
    """Each member with its function, formats, guarantee and errors; then of each core what it is made of."""
    members: list[tuple[str, str]] = []
    for number, (name, design) in enumerate(unit.members.items()):
        (_, function), *promise = _promise(design, measured.members[name])
        members += [(f"select {number}", f"{name}, {function}"), *(("", f"{label}: {text}") for label, text in promise)]
    if len(unit.designs) < 1 << unit.select.bits:
        members.append(("past that", f"as {unit.spec.names[-1]}"))
    size = ("size", f"{unit.rom_bits} ROM bits")
    part = (("part of", target.name), *origin)
    return Contract(
        measured,
        (*members, ("cores", bank_cores(unit)), size, *origin),
        cores=tuple(
            (
                *_promise(design, measured.members[unit.users(number)[0]]),
                *_inside(design),
                ("serves", ", ".join(unit.users(number))),
                *part,
            )
            for number, design in enumerate(unit.cores)
        ),
        table=(("holds", f"the tables of {', '.join(unit.spec.names)}"), size, *part),
    )


def bank_cores(unit: Bank) -> str:
    """What the modules of a bank are, in words."""
    if unit.table:
        return f"one table in place of {len(unit.cores)}, addressed by the table's number and the code"
    shared = len(unit.designs) - len(unit.cores)
    count = f"{len(unit.cores)} core{'' if len(unit.cores) == 1 else 's'} for {len(unit.designs)} members"
    return f"{count}, {'those of equal integers share one' if shared else 'one each'}"


def _inside(design: Design, figures: Figures | None = None) -> Facts:
    """How a design does it."""
    return (
        *((("takes", figures.describe()),) if figures else ()),
        ("design", describe(design)),
        ("order", table_order(design)),
        ("size", f"{design.rom_bits} ROM bits"),
        ("search", figures.searched() if figures else searched(design)),
    )


_TIES = {
    "even": "to even",
    "away": "away from zero",
    "up": "towards +infinity",
    "down": "towards -infinity",
}


def request_hash(unit: Unit, target: Target) -> str:
    """SHA-256 over the unit's spec and Target."""
    return spec_hash({**unit.spec.fields(), "name": target.name, **target.fields()})


def table_order(design: Design) -> str:
    """What a table is indexed by, in words."""
    if not design.terms:
        return "there is no table"
    if design.fold == "none":
        kind = "two's complement bits" if design.spec.input.signed else "bits"
        u = f"u = code{plus(-design.first)}" if design.first else f"the input code's {kind} as an unsigned number u"
    else:
        k = f"code{plus(-design.spec.input.zero_point)}"
        u = f"u = {k}, all bits inverted where it is negative" if design.first else f"u = |{k}|"
    if all(layout.starts for layout in Layout.all(design)):
        return f"a table holds the segments of {u}, from u = 0 up"
    return f"a table is indexed by {u}, low bits dropped"


def searched(design: Design) -> str:
    """Whether the search for the design was complete, and over what."""
    if design.spec.minimise:
        return "complete over breakpoints on codes and coefficients on the grid, before the sum is rounded"
    return ARCHITECTURES[design.architecture].search


def describe(design: Design) -> str:
    """The design in one line: architecture, segments, widths."""
    parts = [f"{design.architecture}: {ARCHITECTURES[design.architecture].summary}"]
    if not design.terms:
        parts.append("nothing has to be stored")
    for layout in Layout.all(design):
        widths = " + ".join(str(each.width) for each in layout.term.coefficients)
        if not layout.term.width:
            parts.append(f"{layout.segments}, no bits stored")
        elif layout.starts or layout.term.dx_bits:
            parts.append(f"{layout.segments}, {in_bits(widths)} each")
        else:
            parts.append(f"{layout.segments} of {in_bits(widths)}")
    return "; ".join(parts)
