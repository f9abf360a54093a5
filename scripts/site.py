"""What the site's pages have made by code: pictures and tables in place of comments, as ``<!-- made: catalogue -->``.

MkDocs calls ``on_page_markdown`` for each page (``hooks`` in mkdocs.yml). Nothing is written into the checkout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from gelugen.design import Design
from gelugen.doctor import NEEDS
from gelugen.functions import CATALOGUE
from gelugen.functions.entries import Entry
from gelugen.functions.function import decimal
from gelugen.search import build
from gelugen.spec import Spec

TOP = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 360, 170
LEFT, BOTTOM = 34, 18
"""Room for the numbers beside the axes."""
Reals = Any


def on_page_markdown(markdown: str, **_: object) -> str:
    """The page with what is to be made."""
    return re.sub(r"<!-- made: (\w+) -->", lambda found: MADE[found[1]](), markdown)


# -- pictures ----------------------------------------------------------------------------------------------------------


def picture(
    curves: Sequence[tuple[str, Reals, Reals]],
    across: tuple[float, float],
    up: tuple[float, float],
    title: str,
    edges: Sequence[float] = (),
) -> str:
    """Curves in one box, as SVG in one line.

    Args:
        curves: the class by which the style sheet colours each, x and y. A class that ends in ``-steps`` is drawn with
            level pieces.
        across: the ends of the axis of x.
        up: the ends of the axis of y.
        title: what a reader who does not see it is told.
        edges: x of upright lines behind the curves.
    """

    def place(x: float, y: float) -> str:
        right = LEFT + (x - across[0]) / (across[1] - across[0]) * (WIDTH - LEFT - 4)
        down = 4 + (up[1] - y) / (up[1] - up[0]) * (HEIGHT - BOTTOM - 8)
        return f"{right:.1f},{down:.1f}"

    parts = []
    for x in edges:
        parts.append(f'<path class="edge" d="M{place(x, up[0])}L{place(x, up[1])}"/>')
    if up[0] < 0 < up[1]:
        parts.append(f'<path class="axis" d="M{place(across[0], 0)}L{place(across[1], 0)}"/>')
    if across[0] < 0 < across[1]:
        parts.append(f'<path class="axis" d="M{place(0, up[0])}L{place(0, up[1])}"/>')
    for kind, x, y in curves:
        if kind.endswith("-steps"):
            half = (x[1] - x[0]) / 2
            x, y = np.column_stack([x - half, x + half]).ravel(), np.repeat(y, 2)
        points = [place(float(a), float(b)) for a, b in zip(x, np.clip(y, *up), strict=True)]
        parts.append(f'<path class="{kind}" d="M{"L".join(points)}"/>')
    for value, anchor in zip(across, ("start", "end"), strict=True):
        right = place(value, up[0]).partition(",")[0]
        parts.append(f'<text x="{right}" y="{HEIGHT - 4}" text-anchor="{anchor}">{_number(value)}</text>')
    for value, down in zip(up, (HEIGHT - BOTTOM - 4, 14), strict=True):
        parts.append(f'<text x="{LEFT - 5}" y="{down}" text-anchor="end">{_number(value)}</text>')
    inside = "".join(parts)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}">{inside}</svg>'


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def figure(drawn: str, caption: str) -> str:
    """A picture with what it shows."""
    return f'<figure class="made">{drawn}<figcaption>{caption}</figcaption></figure>'


def figures(each: Sequence[str]) -> str:
    """Pictures side by side."""
    return f'<div class="made-row">{"".join(each)}</div>'


# -- the catalogue -----------------------------------------------------------------------------------------------------


def catalogue() -> str:
    """Every function: its plot, formula, parameters and source, under the headings of its group."""
    texts, group = [], ""
    for entry in CATALOGUE.values():
        if entry.group != group:
            group = entry.group
            texts.append(f"## {group[0].upper()}{group[1:]}\n")
        texts.append(_entry(entry))
    return "\n".join(texts)


def _entry(entry: Entry) -> str:
    function = entry.default
    high = 0.0 if function.domain_text else 4.0
    x = np.arange(-4, high + 1 / 64, 1 / 32)
    y = function.values(x)
    ends = (min(0.0, _round(float(y.min()), -1)), _round(float(y.max()), 1))
    drawn = picture([("curve", x, y)], (-4, high), ends, f"{entry.name} from -4 to {high:g}")
    facts = [f"`{entry.name}(x) = {function.formula}`"]
    if entry.aliases:
        facts.append("also " + ", ".join(f"`{each}`" for each in entry.aliases))
    facts += [f"`{each.name}` = {decimal(each.default)}: {each.domain}" for each in entry.parameters]
    if function.domain_text:
        facts.append(f"defined for `{function.domain_text}`")
    if function.fold != "none":
        facts.append(f"fold `{function.fold}`")
    facts.append(f"source: {entry.source}")
    listed = "\n".join(f"- {fact}" for fact in facts)
    return f"### {entry.name}\n\n{figures([figure(drawn, '')])}\n\n{listed}\n"


def _round(value: float, direction: int) -> float:
    """The next tenth outwards, or the next whole number of what is past 1.5."""
    grid = 1.0 if abs(value) > 1.5 else 0.1
    ends = np.floor(value / grid + 1e-9) if direction < 0 else np.ceil(value / grid - 1e-9)
    return round(float(ends) * grid, 1)


# -- architectures -----------------------------------------------------------------------------------------------------


def fold() -> str:
    """GELU beside ReLU, and the even function that is between them."""
    x = np.arange(-4, 4.01, 1 / 32)
    gelu = CATALOGUE["gelu"].default.values(x)
    relu = np.maximum(x, 0)
    above = picture([("other", x, relu), ("curve", x, gelu)], (-4, 4), (-0.5, 4), "GELU and ReLU")
    below = picture([("curve", x, relu - gelu)], (-4, 4), (0, 0.2), "ReLU less GELU, an even function")
    return figures(
        [
            figure(above, "GELU, and ReLU (grey)"),
            figure(below, f"relu(x) - gelu(x): the same on both sides, at most {float((relu - gelu).max()):.2f}"),
        ]
    )


SHAPES = (
    ("residual-free-constant", "q3.4", "correct"),
    ("residual-uniform-linear", "q3.8", "faithful"),
    ("residual-dyadic-linear", "q3.8", "faithful"),
    ("residual-free-linear", "q3.8", "faithful"),
    ("residual-dyadic-quadratic", "q3.8", "faithful"),
)


def segments() -> str:
    """Designs of each shape of segments: the residual that they store, and where their segments meet."""
    return figures(
        [_segments(Spec("gelu", form, form, guarantee=asked, architecture=name)) for name, form, asked in SHAPES]
    )


def _segments(spec: Spec) -> str:
    design = build(spec)
    u = np.arange(1 << design.u_bits - 1)
    edges: list[float] = []
    for term in design.terms:
        where, _ = term.map.locate(u)
        where = np.where((where >= 0) & (where < term.depth), where, -1)
        edges += (np.flatnonzero(np.diff(where)) + 0.5).tolist()
    r = _trace(design, u)["r"]
    last = int(min(u[-1], 1.15 * np.flatnonzero(r)[-1] + 2))
    title = f"{design.architecture}, {spec.input}"
    drawn = picture(
        [("curve-steps", u[: last + 1], r[: last + 1])],
        (0, last),
        (0, float(r.max() + 1)),
        title,
        [edge for edge in edges if edge < last],
    )
    return figure(
        drawn,
        f"<code>{design.architecture}</code>, {_form(spec)}, "
        f"{spec.guarantee}: {sum(term.depth for term in design.terms)} segments, {design.rom_bits} ROM bits",
    )


def _form(spec: Spec) -> str:
    return str(spec.input).partition(" ")[0]


def _trace(design: Design, u: Reals) -> Mapping[str, Reals]:
    return design.trace(-u)


def total() -> str:
    """A sum of tables: each table over u, and what they add up to."""
    design = build(Spec("gelu", "q2.5", "q2.5", architecture="residual-sum-of-tables"))
    u = np.arange(1 << design.u_bits - 1)
    traced = _trace(design, u)
    values = [traced[f"h{number}_0"] for number in range(len(design.terms))]
    low, high = min(int(each.min()) for each in values), max(int(each.max()) for each in values)
    drawn = [
        figure(
            picture([("part-steps", u, each)], (0, float(u[-1])), (min(low, 0), high + 1), f"table {number}"),
            f"table {number}: {term.rom_bits} bits",
        )
        for number, (each, term) in enumerate(zip(values, design.terms, strict=True), 1)
    ]
    r = traced["r"]
    whole = picture([("curve-steps", u, r)], (0, float(u[-1])), (0, float(r.max() + 1)), "the sum")
    caption = f"their sum, shifted right by {design.shift}: {design.rom_bits} ROM bits, no multiplier"
    return figures([*drawn, figure(whole, caption)])


# -- tables ------------------------------------------------------------------------------------------------------------


def rows(bits: int) -> list[dict[str, Any]]:
    """The designs of the gallery of so many bits."""
    found = json.loads((TOP / "docs" / "gallery.json").read_text())["designs"]
    return [each for each in found if each["bits"] == bits]


def _size(each: Mapping[str, Any]) -> str:
    multipliers = ", ".join(f"{a} x {b}" for a, b in each["multipliers"]) or "none"
    formats = f"{each['input'].partition(' ')[0]} | {each['output'].partition(' ')[0]}"
    return (
        f"| [{each['function']}](catalogue.md#{each['function']}) | {formats} | `{each['architecture']}` "
        f"| {each['rom_bits']:,} | {multipliers} | {each['latency']} | {_error(each['max_ulp'])} "
        f"| {each['mean_ulp']:.4f} | {each['correctly_rounded']:.2%} | {each['search']} |"
    )


def _error(ulp: float) -> str:
    """An error to four decimals; of a faithful design what rounds to 1 is less all the same."""
    return "< 1" if ulp > 0.99995 else f"{ulp:.4f}"


HEADS = (
    "| function | input | output | architecture | ROM bits | multipliers | clocks | max ulp | mean ulp "
    "| correctly rounded | search |\n|---|---|---|---|---:|---|---:|---:|---:|---:|---|"
)


def sizes(bits: int) -> str:
    """The designs of the gallery as a table."""
    return "\n".join([HEADS, *map(_size, rows(bits))])


def errors() -> str:
    """The error at every code of 8 bits."""
    drawn = []
    for each in rows(8):
        codes, ulp = np.arange(-128, 128), np.array(each["errors"]) / 1000
        shown = picture([("curve-steps", codes, ulp)], (-128, 127), (-0.6, 0.6), f"errors of {each['function']}", ())
        drawn.append(figure(shown, f"{each['function']}, {each['rom_bits']} ROM bits"))
    return figures(drawn)


def tools() -> str:
    """What ``gelugen doctor`` looks for."""
    lines = ["| tool | needed by | how to get it |", "|---|---|---|"]
    for need in NEEDS:
        if need.needed_by:
            uses = ", ".join(f"`{each}`" for each in need.needed_by)
            lines.append(f"| {need.name} | {uses} | {need.install} |")
    return "\n".join(lines)


MADE: Mapping[str, Callable[[], str]] = {
    "catalogue": catalogue,
    "fold": fold,
    "segments": segments,
    "total": total,
    "sizes8": lambda: sizes(8),
    "sizes16": lambda: sizes(16),
    "errors": errors,
    "tools": tools,
}
