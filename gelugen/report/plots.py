"""The charts of one design: its function, its errors, how often they occur."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gelugen.design import Design
from gelugen.dialects.choice import EXACT, Choice
from gelugen.formats import Codes, Format
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
from gelugen.report.segments import cuts
from gelugen.spec import Spec

_BINS = 48
_ALIGNED = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 12.0)
"""Ends of a histogram with which half an ulp lies between two bins."""
_WORD = 32767
"""The largest |error| in steps of ``Curves.step``."""


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


def reach_of(spec: Spec, largest: float) -> float:
    """The |error| that a chart must reach: the guarantee, and the largest one."""
    return max(bound_of(spec), largest) or 0.5


def unit_of(spec: Spec) -> str:
    """What errors are counted in: ulp, or codes where they are differences from a runtime."""
    return "ulp" if spec.dialect == EXACT else "codes"


def curves(design: Design, outputs: Codes, error: Reals, reach: float) -> Curves:
    """What the page's script draws from; outputs and errors of every input code."""
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


def _input_axis(form: Format, label: str = "x") -> Axis:
    low, high = ((end - form.zero_point) * form.scale for end in form.ends)
    return Axis(low - form.scale / 2, high + form.scale / 2, label)


def function_chart(design: Design, outputs: Codes) -> Chart:
    """The real function, and the design's outputs over it."""
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


def error_chart(design: Design, error: Reals, reach: float) -> Chart:
    """The error of every code, with the guarantee's band."""
    spec = design.spec
    what = "error" if spec.dialect == EXACT else "difference"
    across, up = _input_axis(spec.input), Axis(-_stretched(reach), _stretched(reach), f"{what}, {unit_of(spec)}")
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


def envelope(gated: Gated, gate: Codes, error: Reals) -> Chart:
    """The least and the largest error of a gated unit at each gate code; one error for each of ``gate``."""
    spec, reach = gated.spec, max(float(np.abs(error).max()), 0.5)
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
    return Chart(
        "still",
        "Error of the output at each gate code, over the codes of up",
        across,
        aside,
        across.ticks(),
        aside.ticks(),
        [Shape("axis", level(float(aside.y(0.0)))), Shape("error", band(at, above, below))],
        [("error", "least and largest error over up")],
    )
