"""What the page tells of one design: figures as text, and charts of its codes and errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gelugen import products
from gelugen.accuracy import measure, shown
from gelugen.design import Design
from gelugen.dialects.choice import EXACT, Choice
from gelugen.emit.contract import describe, differs, searched
from gelugen.explore.results import Result
from gelugen.gated import Gated
from gelugen.report.charts import (
    FEW,
    HEIGHT,
    Axis,
    Chart,
    Reals,
    Shape,
    band,
    columns,
    curve,
    dots,
    level,
    packed,
    rectangle,
    steps,
    upright,
)
from gelugen.report.pictures import bound_of
from gelugen.report.segments import Stored, cuts, stored
from gelugen.report.sizes import Sizes, plain_bits, sizes
from gelugen.spec import Spec

_BINS = 48
_ALIGNED = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 12.0)
"""Ends of a histogram with which half an ulp lies between two bins."""
_WORD = 32767
"""The largest |error| in steps of ``Curves.step``."""


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
class Curves:
    """Outputs and errors of every code, for the page's script.

    Attributes:
        data: numbers by name: where codes begin, zero points, scales, the error's step and the chart's range.
        outputs, errors: base64 of words: the output code less the least one, and the error in steps.
        cuts: where segments meet, in input codes.
    """

    data: dict[str, float]
    outputs: str
    errors: str
    cuts: list[float]


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


def view(design: Design, results: Sequence[Result]) -> DesignView:
    """All that is told of a design; ``results`` are those of an exploration for its spec."""
    spec = design.spec
    measured = measure(design)
    error, outputs = spec.golden().error(design.eval(spec.input.codes())), design.eval(spec.input.codes())
    reach = max(bound_of(spec), measured.max_ulp) or 0.5
    facts = (
        ("function", f"{spec.function}(x) = {spec.definition.formula}"),
        ("input", spec.input.describe()),
        ("output", spec.output.describe()),
        ("guarantee" if spec.guarantee else "aim", spec.describe_aim()),
        *((("dialect", f"{Choice.parse(spec.dialect).describe()}; {differs(spec)}"),) if spec.dialect != EXACT else ()),
        ("design", describe(design)),
        ("search", searched(design)),
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
        _curves(design, outputs, error, reach),
        (_function_chart(design, outputs), _error_chart(design, error, reach)),
        histogram(error, spec.guarantee is not None, _unit(spec)),
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


def _unit(spec: Spec) -> str:
    return "ulp" if spec.dialect == EXACT else "codes"


# -- charts --------------------------------------------------------------------------------------------------


def _curves(design: Design, outputs: Any, error: Reals, reach: float) -> Curves:
    form, out = design.spec.input, design.spec.output
    step = 2.0 ** (math.ceil(math.log2(max(float(np.abs(error).max()), 2.0**-16) / _WORD)))
    return Curves(
        {
            "first": form.code_min,
            "zero": form.zero_point,
            "scale": form.scale,
            "least": out.code_min,
            "outzero": out.zero_point,
            "outscale": out.scale,
            "step": step,
            "reach": _stretched(reach),
        },
        packed(outputs - out.code_min, "<u2"),
        packed(np.rint(error / step).astype(np.int64), "<i2"),
        cuts(design),
    )


def _stretched(reach: float) -> float:
    return 1.12 * reach


def _input_axis(form: Any, label: str = "x") -> Axis:
    low, high = ((end - form.zero_point) * form.scale for end in form.ends)
    return Axis(low - form.scale / 2, high + form.scale / 2, label)


def _function_chart(design: Design, outputs: Any) -> Chart:
    spec = design.spec
    x = spec.input.dequantize(spec.input.codes())
    real, made = spec.golden().scaled / 2.0**32 * spec.output.scale, spec.output.dequantize(outputs)
    low, high = min(real.min(), made.min()), max(real.max(), made.max())
    margin = max(0.06 * (high - low), 0.5 * spec.output.scale)
    across, up = _input_axis(spec.input), Axis(float(low - margin), float(high + margin), "output")
    at, middle = across.x(x), (np.array(cuts(design)) - spec.input.zero_point) * spec.input.scale
    marks = "".join(upright(each) for each in across.x(middle).tolist())
    drawn = steps if len(x) <= FEW else curve
    truth = f"{spec.function}(x), clamped to the output range"
    if spec.dialect != EXACT:
        truth = f"codes of {Choice.parse(spec.dialect).dialect.name}"
    legend = [("real", truth), ("design", "the design"), *([("cut", "segments")] if marks else [])]
    return Chart(
        "function",
        "Function, and the design over it",
        across,
        up,
        across.ticks(),
        up.ticks(),
        [Shape("cut", marks), Shape("real", curve(at, up.y(real))), Shape("design", drawn(at, up.y(made)))],
        legend,
    )


def _error_chart(design: Design, error: Reals, reach: float) -> Chart:
    spec = design.spec
    what = "error" if spec.dialect == EXACT else "difference"
    across, up = _input_axis(spec.input), Axis(-_stretched(reach), _stretched(reach), f"{what}, {_unit(spec)}")
    at = across.x(spec.input.dequantize(spec.input.codes()))
    shapes, legend = _bounds(spec, up)
    if len(at) <= FEW:
        shapes.append(Shape("dots", dots(at, up.y(error))))
        legend.append(("dots", f"{what} of each code"))
    else:
        place, low, high = columns(at, up.y(error))
        shapes.append(Shape("error", band(place, low, high)))
        legend.append(("error", f"least and largest {what}; single codes when zoomed in"))
    count = f"all {len(at):,} codes"
    title = f"Error at {count}" if spec.dialect == EXACT else f"Difference from the runtime at {count}"
    bound = bound_of(spec)
    ticks = up.at([bound * part for part in (-1, -0.5, 0, 0.5, 1)]) if bound else up.ticks()
    return Chart("error", title, across, up, across.ticks(), ticks, shapes, legend)


def _bounds(spec: Spec, up: Axis) -> tuple[list[Shape], list[tuple[str, str]]]:
    """The guarantee's band and the zero line."""
    zero = Shape("axis", level(float(up.y(0.0))))
    if spec.guarantee is None:
        return [zero], []
    bound = bound_of(spec)
    top, bottom = (float(up.y(each)) for each in (bound, -bound))
    return [Shape("band", rectangle(0, top, 1000, bottom)), zero], [("band", f"guarantee: {spec.guarantee}")]


def histogram(error: Reals, promised: bool, unit: str = "ulp", of: str = "codes") -> Chart:
    """How many codes have which error: counts on a logarithmic axis.

    Args:
        error: an error each.
        promised: whether there is a guarantee, and so a reason to tell small errors from larger ones.
        unit: ``ulp``; or ``codes``, and then errors are differences from a runtime.
        of: what is counted.
    """
    largest = float(np.abs(error).max())
    reach = next((end for end in _ALIGNED if end >= largest), largest)
    counts, edges = np.histogram(error - np.sign(error) * 1e-9, bins=_BINS, range=(-reach, reach))
    what = "error" if unit == "ulp" else "difference"
    across = Axis(-_stretched(reach), _stretched(reach), f"{what}, {unit}")
    up = Axis(math.log10(0.5), math.log10(int(counts.max())) + 0.15, f"number of {of}")
    bars: dict[str, list[str]] = {"bar": [], "bar2": []}
    for count, left, right in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if count:
            top = float(up.y(math.log10(count)))
            more = promised and reach in _ALIGNED and max(-left, right) > 0.5 + 1e-6
            path = rectangle(float(across.x(left)), top, float(across.x(right)) - 0.8, HEIGHT)
            bars["bar2" if more else "bar"].append(path)
    names = {"bar": "at most half an ulp", "bar2": "more than half an ulp"}
    if unit != "ulp":
        names = {"bar": "the same code", "bar2": "another code"}
    return Chart(
        "still",
        f"How many {of} have which {what}",
        across,
        up,
        across.ticks(),
        up.decades(),
        [Shape(kind, "".join(paths)) for kind, paths in bars.items()],
        [(kind, names[kind]) for kind, paths in bars.items() if paths and promised and reach in _ALIGNED],
    )


# -- gated units ---------------------------------------------------------------------------------------------


def product_view(gated: Gated) -> ProductView:
    """What is told of a gated unit beside its activation."""
    spec, measured = gated.spec, products.measure(gated)
    gate, up = gated.stimulus()
    error = products.errors(gated, gate, up)
    reach = max(measured.max_ulp, 0.5)
    first, count = spec.input.code_min, 1 << spec.input.bits
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, gate - first, error)
    np.maximum.at(high, gate - first, error)
    across, aside = _input_axis(spec.input, "gate"), Axis(-_stretched(reach), _stretched(reach), "error, ulp")
    at = across.x(spec.input.dequantize(spec.input.codes()))
    if count > FEW:
        place, _, below = columns(at, aside.y(low))
        at, above = place, columns(at, aside.y(high))[1]
    else:
        above, below = aside.y(high), aside.y(low)
    over = f"{measured.pairs:,}" if measured.pairs == measured.of else f"{measured.pairs:,} of {measured.of:,}"
    envelope = Chart(
        "still",
        "Error of the output at each gate code, over the codes of up",
        across,
        aside,
        across.ticks(),
        aside.ticks(),
        [Shape("axis", level(float(aside.y(0.0)))), Shape("error", band(at, above, below))],
        [("error", "least and largest error over up")],
    )
    good = measured.keeps and not measured.activation.outside
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
        (envelope, histogram(error, True, of="pairs")),
    )
