"""The segments of a design's terms, and what each stores."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gelugen.design import Design, Offset, Term
from gelugen.emit.layout import Layout, in_bits
from gelugen.formats import Codes, Format
from gelugen.report.charts import Axis, Chart, Shape, curve

_LISTED = 256
"""So many segments are listed; the words of more are drawn."""
_MARKED = 32
"""So many are marked in the picture of the function."""
_SHORT = 64
"""So many words of a plain table are rows; more stand side by side."""


@dataclass(frozen=True)
class Stored:
    """A term of a design as the page tells it.

    Attributes:
        title: the segments in words.
        columns: a coefficient each: its name, and how it comes from what is stored.
        heads, rows: a row for each segment; empty where there are too many.
        words: the words of a table of one word for each code; empty where there are too many.
        chart: a picture of the stored words where they are not listed.
    """

    title: str
    columns: tuple[str, ...]
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    words: tuple[int, ...] = ()
    chart: Chart | None = None


def stored(design: Design) -> list[Stored]:
    """What each term of a design stores."""
    return [_of_term(design, layout) for layout in Layout.all(design)]


def cuts(design: Design) -> list[float]:
    """Where segments meet, in input codes half-way between two; none where there are too many to be seen."""
    form, ends = design.spec.input, set[float]()
    for term in design.terms:
        if isinstance(term.map, Offset) or not term.dx_bits or term.depth > _MARKED:
            continue
        starts = [*_starts(term), term.map.end(term.depth)]
        for start in starts:
            if design.fold == "none":
                code = (start + design.first - form.code_min) % (1 << form.bits) + form.code_min
                ends.add(code - 0.5)
            elif start:
                ends |= {form.zero_point + start - 0.5, form.zero_point - start + 0.5}
            else:
                ends.add(float(form.zero_point))
    return sorted(end for end in ends if form.code_min < end < form.code_max)


def _starts(term: Term) -> list[int]:
    return [term.map.end(number) for number in range(term.depth)]


def _of_term(design: Design, layout: Layout) -> Stored:
    term = layout.term
    title = layout.segments if layout.number is None else f"term {layout.number}: {layout.segments}"
    columns = tuple(_column(term, power) for power in range(len(term.coefficients)))
    plain = not term.degree and not term.digits and not isinstance(term.map, Offset) and not term.dx_bits
    if term.depth > _LISTED:
        return Stored(title, columns, chart=_chart(term))
    if plain and term.depth > _SHORT:
        return Stored(title, columns, words=term.coefficients[0].values)
    names = tuple(f"c{power}" if not term.digits or not power else f"digit {power}" for power in range(len(columns)))
    values = zip(*(each.values for each in term.coefficients), strict=True)
    if isinstance(term.map, Offset):
        rows = tuple((str(number), *map(_number, each)) for number, each in enumerate(values))
        return Stored(title, columns, ("word", *names), rows)
    places = pairwise([*_starts(term), term.map.end(term.depth)])
    rows = tuple(
        (str(number), *_place(design, start, end - 1), *map(_number, each))
        for number, ((start, end), each) in enumerate(zip(places, values, strict=True))
    )
    return Stored(title, columns, ("segment", "u", "x" if design.fold == "none" else "|x|", *names), rows)


def _place(design: Design, first: int, last: int) -> tuple[str, str]:
    """Where a segment lies: in u, and in reals."""
    form = design.spec.input
    u = f"{first}" if first == last else f"{first} to {last}"
    if design.fold != "none":
        low, high = first * form.scale, last * form.scale
        return u, _span(low, high)
    codes = (np.array([first, last]) + design.first - form.code_min) % (1 << form.bits) + form.code_min
    if codes[0] > codes[1]:  # u goes on from the largest code to the smallest
        return (
            u,
            f"{_span(*_reals(form, [codes[0], form.code_max]))}; {_span(*_reals(form, [form.code_min, codes[1]]))}",
        )
    return u, _span(*_reals(form, codes))


def _reals(form: Format, codes: Codes | list[int]) -> list[float]:
    return [float(each) for each in form.dequantize(codes)]


def _span(low: float, high: float) -> str:
    text = f"{low:.5g}" if low == high else f"{low:.5g} to {high:.5g}"
    return text.replace("-", "−")


def _number(value: int) -> str:
    return str(value).replace("-", "−")


def _column(term: Term, power: int) -> str:
    """How a coefficient comes from what is stored."""
    each = term.coefficients[power]
    name = f"digit {power}" if term.digits and power else f"c{power}"
    kind = f"{in_bits(str(each.width))}{', signed' if each.signed else ''}" if each.width else "not stored"
    text = "stored" if each.width else "0"
    if each.base:
        text = f"{each.base} + {text}" if each.width else f"{each.base}"
    if each.drop:
        text = f"({text}) · 2^{each.drop}" if " " in text else f"{text} · 2^{each.drop}"
    return f"{name}: {kind}" + (f"; {name} = {text}" if text != "stored" and (each.base or each.drop) else "")


def _chart(term: Term) -> Chart:
    """The words of a long table, or their highest coefficient."""
    values = np.array(term.coefficients[0].values, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    margin = max(0.05 * (high - low), 0.5)
    x, y = Axis(-0.5, len(values) - 0.5, "word"), Axis(low - margin, high + margin, "stored c0")
    shape = Shape("design", curve(x.x(np.arange(len(values))), y.y(values)))
    return Chart("still", "Stored words, in the order of the table", x, y, x.ticks(), y.ticks(), [shape], [])
