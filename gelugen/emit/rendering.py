"""What every emitted file shares: the Jinja environment, its number filters, the contract in the header."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2

import gelugen
from gelugen import accuracy, products
from gelugen.accuracy import Accuracy
from gelugen.architectures import ARCHITECTURES
from gelugen.assets import folder
from gelugen.design import Design
from gelugen.dialects.choice import EXACT, Choice
from gelugen.emit.layout import Layout, in_bits
from gelugen.emit.signals import Constant, Signal
from gelugen.formats import Format
from gelugen.gated import Gated
from gelugen.golden import difference
from gelugen.products import ProductAccuracy
from gelugen.spec import Spec, Target, command, spec_hash
from gelugen.units import Unit, warnings

Facts = tuple[tuple[str, str], ...]
"""Labels and texts."""


@dataclass(frozen=True)
class Contract:
    """What a unit promises, as label and text: the head of every emitted file.

    Attributes:
        accuracy: the measured errors.
        facts: of the whole.
        part: of a gated unit's activation, whose module has a file of its own; none for a design.
    """

    accuracy: Accuracy | ProductAccuracy
    facts: Facts
    part: Facts = ()

    def lines(self, *more: tuple[str, str]) -> list[str]:
        """The contract and further facts as lines, wrapped but for the command, which one copies."""
        return _lines((*self.facts, *more))

    def part_lines(self, *more: tuple[str, str]) -> list[str]:
        """The same for the activation alone."""
        return _lines((*self.part, *more))

    @classmethod
    def of(cls, unit: Unit, target: Target) -> Contract:
        """The contract of a unit, its errors measured over every code.

        Raises:
            GelugenError: the unit breaks a guarantee.
        """
        warned = tuple(("warning", sentence) for sentence in warnings(unit.spec))
        origin = (*warned, ("made by", command(unit.spec, target)), ("spec", f"sha256 {request_hash(unit, target)}"))
        if isinstance(unit, Gated):
            product = products.check(unit)
            part = (*_promise(unit.design, product.activation), *_inside(unit.design))
            return cls(
                product,
                (*_product_promise(unit, product), *_inside(unit.design), *origin),
                (*part, ("part of", target.name), *origin),
            )
        measured = accuracy.check(unit)
        return cls(measured, (*_promise(unit, measured), *_inside(unit), *origin))


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


def _inside(design: Design) -> Facts:
    """How a design does it."""
    return (
        ("design", describe(design)),
        ("order", table_order(design)),
        ("size", f"{design.rom_bits} ROM bits"),
        ("search", searched(design)),
    )


_TIES = {
    "even": "to even",
    "away": "away from zero",
    "up": "towards +infinity",
    "down": "towards -infinity",
}


def request_hash(unit: Unit, target: Target) -> str:
    """SHA-256 over the unit's spec and Target."""
    return spec_hash({**unit.spec.fields(), "name": target.name})


def table_order(design: Design) -> str:
    """What a table is indexed by, in words."""
    if not design.terms:
        return "there is no table"
    if design.fold == "none":
        kind = "two's complement bits" if design.spec.input.signed else "bits"
        u = f"u = code{plus(-design.first)}" if design.first else f"the input code's {kind} as an unsigned number u"
    else:
        u = f"u = |code{plus(-design.spec.input.zero_point)}|"
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


def c_rows(values: Iterable[int]) -> str:
    """Numbers of a C table, eight a row, aligned."""
    texts = [str(value) for value in values]
    width = max(map(len, texts))
    rows = [texts[start : start + 8] for start in range(0, len(texts), 8)]
    return ",\n".join("    " + ", ".join(text.rjust(width) for text in row) for row in rows)


def dec(value: int) -> str:
    """A plain decimal number."""
    return str(value)


def times(value: int) -> str:
    """A factor behind a C operand; nothing where it is 1."""
    return "" if value == 1 else f" * {value}"


def plus(value: int) -> str:
    """A constant added to a C operand; nothing where it is 0."""
    return f" {'-' if value < 0 else '+'} {abs(value)}" if value else ""


def utimes(value: int) -> str:
    """An unsigned factor behind a C operand; nothing where it is 1."""
    return "" if value == 1 else f" * {value}u"


def uplus(value: int) -> str:
    """An unsigned constant added to a C operand; nothing where it is 0."""
    return f" + {value}u" if value else ""


def splus(value: int, width: int) -> str:
    """A constant added to a signed Verilog operand; nothing where it is 0."""
    return f" {'-' if value < 0 else '+'} {width}'sd{abs(value)}" if value else ""


def sdec(value: int, width: int) -> str:
    """A signed decimal Verilog literal."""
    return f"{'-' if value < 0 else ''}{width}'sd{abs(value)}"


def sliteral(value: int) -> str:
    """A signed decimal Verilog literal of as few bits as the value takes."""
    return Constant.of(value).name


def udec(value: int, width: int) -> str:
    """An unsigned decimal Verilog literal."""
    return f"{width}'d{value}"


def uhex(value: int, width: int) -> str:
    """An unsigned hexadecimal Verilog literal with all its digits."""
    return f"{width}'h{value:0{-(-width // 4)}x}"


def wild(value: int, width: int, free: int) -> str:
    """A binary pattern of casez: the top bits, and free ones behind."""
    return f"{width}'b{f'{value:0{width - free}b}' if width > free else ''}{'?' * free}"


def copies(signal: Signal, width: int) -> str:
    """A bit, so many times."""
    return signal.name if width == 1 else f"{{{width}{{{signal.name}}}}}"


def literal(value: int, signal: Signal) -> str:
    """A literal of a signal's width and kind."""
    return sdec(value, signal.width) if signal.signed else udec(value, signal.width)


def added(value: int, signal: Signal) -> str:
    """A constant added to an operand of a signal's width and kind."""
    return f" {'-' if value < 0 else '+'} {literal(abs(value), signal)}"


def code(value: int, form: Format) -> str:
    """An output code as a Verilog literal."""
    return sdec(value, form.bits) if form.signed else udec(value, form.bits)


def fit(signal: Signal, width: int, drop: int = 0) -> str:
    """A Verilog signal as an expression of an exact width, dropped zeros put back: no tool has to guess."""
    if isinstance(signal, Constant):
        return sdec(signal.value << drop, width)
    ahead = width - signal.width - drop
    parts = [signal.name if ahead >= 0 else f"{signal.name}[{signal.top + ahead}:0]"]
    if ahead > 0:
        sign = f"{signal.name}[{signal.top}]"
        copies = sign if ahead == 1 else f"{{{ahead}{{{sign}}}}}"
        parts.insert(0, copies if signal.signed else f"{ahead}'d0")
    if drop:
        parts.append(f"{drop}'d0")
    return parts[0] if len(parts) == 1 else "{" + ", ".join(parts) + "}"


@cache
def environment() -> jinja2.Environment:
    """The environment: templates read like the language they make, and hold no arithmetic."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    filters = (
        dec,
        times,
        plus,
        utimes,
        uplus,
        splus,
        sdec,
        sliteral,
        udec,
        uhex,
        wild,
        copies,
        literal,
        added,
        code,
        fit,
    )
    for each in (*filters, c_rows):
        env.filters[each.__name__] = each
    env.globals["version"] = gelugen.__version__
    return env


def render(template: str, **context: Any) -> str:
    """Render a template of ``templates/``."""
    return environment().get_template(template).render(**context)
