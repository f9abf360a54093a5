"""What the page tells of one design: figures as text, and charts of its codes and errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gelugen import products
from gelugen.accuracy import measure, shown
from gelugen.design import Design
from gelugen.dialects.choice import EXACT, Choice
from gelugen.emit.contract import describe, differs
from gelugen.explore.results import Result
from gelugen.gated import Gated
from gelugen.report.charts import Chart
from gelugen.report.plots import Curves, curves, envelope, error_chart, function_chart, histogram, reach_of, unit_of
from gelugen.report.segments import Stored, stored
from gelugen.report.sizes import Sizes, plain_bits, sizes
from gelugen.spec import Spec


@dataclass(frozen=True)
class Tile:
    """A figure that is seen first.

    Attributes:
        label, value, note: what it is, the figure, and more of it.
        good: whether it says that something is kept, or broken; None where it is just a figure.
        formula: of a function.
    """

    label: str
    value: str
    note: str
    good: bool | None = None
    formula: str = ""


@dataclass(frozen=True)
class DesignView:
    """A design as the page tells it."""

    tiles: tuple[Tile, ...]
    facts: tuple[tuple[str, str], ...]
    numbers: dict[str, Any]
    curves: Curves
    charts: tuple[Chart, ...]
    histogram: Chart
    segments: list[Stored]
    sizes: Sizes


@dataclass(frozen=True)
class ProductView:
    """What a gated unit adds to its activation."""

    tiles: tuple[Tile, ...]
    facts: tuple[tuple[str, str], ...]
    numbers: dict[str, Any]
    charts: tuple[Chart, ...]


def view(design: Design, search: str, results: Sequence[Result]) -> DesignView:
    """All that is told of a design.

    Args:
        design: the design.
        search: how it was searched, as its manifest says.
        results: those of an exploration for its spec.
    """
    spec = design.spec
    measured = measure(design)
    error, outputs = spec.golden().error(design.eval(spec.input.codes())), design.eval(spec.input.codes())
    reach = reach_of(spec, measured.max_ulp)
    facts = (
        ("function", f"{spec.function}(x) = {spec.definition.formula}"),
        ("input", spec.input.describe()),
        ("output", spec.output.describe()),
        ("guarantee" if spec.guarantee else "aim", spec.describe_aim()),
        *((("dialect", f"{Choice.parse(spec.dialect).describe()}; {differs(spec)}"),) if spec.dialect != EXACT else ()),
        ("design", describe(design)),
        ("search", search),
    )
    numbers = {
        "max_ulp": measured.max_ulp,
        "mean_ulp": measured.mean_ulp,
        "correctly_rounded": measured.correctly_rounded,
        "worst_code": measured.worst_code,
        "rom_bits": design.rom_bits,
    }
    return DesignView(
        _tiles(design, measured.outside, numbers),
        facts,
        numbers,
        curves(design, outputs, error, reach),
        (function_chart(design, outputs), error_chart(design, error, reach)),
        histogram(error, spec.guarantee is not None, unit_of(spec)),
        stored(design),
        sizes(design, results),
    )


def _tiles(design: Design, outside: int, numbers: dict[str, Any]) -> tuple[Tile, ...]:
    spec, codes = design.spec, 1 << design.spec.input.bits
    worst = f"at code {minus(numbers['worst_code'])}, x = {_real(spec, numbers['worst_code'])}"
    share = f"{numbers['correctly_rounded']:.2%}"
    if spec.dialect == EXACT:
        value = f"{shown(numbers['max_ulp'])} ulp"
        note = f"{worst}; mean {numbers['mean_ulp']:.4f} ulp; {share} of codes correctly rounded"
    else:
        value = f"{numbers['max_ulp']:.0f} code{'' if numbers['max_ulp'] == 1 else 's'}"
        note = f"{share} of codes are those of {Choice.parse(spec.dialect).dialect.name}"
    plain = plain_bits(spec)
    times = f", {plain / design.rom_bits:,.0f} times as many" if 0 < 2 * design.rom_bits <= plain else ""
    kept = f"kept at all {codes:,} codes" if not outside else f"broken at {outside:,} of {codes:,} codes"
    _, _, formula = spec.describe_aim().partition(": ")
    return (
        Tile(
            "function", spec.function, f"{_short(spec.input)} → {_short(spec.output)}", formula=spec.definition.formula
        ),
        Tile("guarantee", str(spec.guarantee), f"{kept}: {formula}", not outside)
        if spec.guarantee
        else Tile("aim", spec.aim, formula),
        Tile("largest error" if spec.dialect == EXACT else "largest difference", value, note),
        Tile("size", f"{design.rom_bits:,} ROM bits", f"a plain table has {plain:,}{times}"),
    )


def _short(form: Any) -> str:
    text = str(form)
    return text if "scale" not in text else f"{form.kind}, scale {form.scale:.6g}, zero point {minus(form.zero_point)}"


def minus(number: float) -> str:
    """A number with a true minus sign."""
    return f"{number}".replace("-", "−")


def _real(spec: Spec, code: int) -> str:
    return f"{float(spec.input.dequantize([code])[0]):.6g}".replace("-", "−")


# -- gated units ---------------------------------------------------------------------------------------------


def product_view(gated: Gated) -> ProductView:
    """What is told of a gated unit beside its activation."""
    spec, measured = gated.spec, products.measure(gated)
    gate, up = gated.stimulus()
    error = products.errors(gated, gate, up)
    good = measured.keeps and not measured.activation.outside
    over = f"{measured.pairs:,}" if measured.pairs == measured.of else f"{measured.pairs:,} of {measured.of:,}"
    both = f"{spec.activation.guarantee}, {spec.requantize}"
    worst = f"at gate {minus(measured.worst_gate)}, up {minus(measured.worst_up)}"
    return ProductView(
        (
            Tile(
                "function",
                f"{spec.function}(gate) · up",
                " · ".join(_short(each) for each in (spec.input, spec.up)) + f" → {_short(spec.output)}",
            ),
            Tile(
                "guarantees",
                str(spec.requantize) if spec.activation.guarantee == spec.requantize else both,
                f"of {spec.function}(gate), and of the rounding of the product: {'kept' if good else 'broken'}",
                good,
            ),
            Tile(
                "largest error",
                f"{shown(measured.max_ulp)} ulp",
                f"{worst}; mean {measured.mean_ulp:.4f} ulp; {measured.correctly_rounded:.2%} of {over} pairs of codes "
                f"correctly rounded",
            ),
            Tile("size", f"{gated.rom_bits:,} ROM bits", f"of {spec.function}(gate); the product stores nothing"),
        ),
        (
            ("gate", spec.input.describe()),
            ("up", spec.up.describe()),
            ("intermediate", spec.intermediate.describe()),
            ("output", spec.output.describe()),
            ("requantize", spec.describe_requantize()),
            ("multiplier", f"{gated.multiplier} / 2^{gated.shift}"),
            ("pairs", f"{over} pairs of codes measured"),
        ),
        {
            "max_ulp": measured.max_ulp,
            "mean_ulp": measured.mean_ulp,
            "correctly_rounded": measured.correctly_rounded,
            "rom_bits": gated.rom_bits,
        },
        (envelope(gated, gate, error), histogram(error, True, of="pairs")),
    )
