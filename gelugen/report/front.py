"""The picture of an exploration: size against error, with the Pareto fronts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gelugen.accuracy import shown
from gelugen.architectures import DEGREES, Architecture, Segments, get_architecture
from gelugen.explore import Exploration, Row, panel_of
from gelugen.objectives import Objective
from gelugen.report.pictures import bound_of, can_plot, save

_MARKERS: dict[Segments, tuple[str, str]] = {
    "codes": ("o", "table"),
    "sum": ("P", "sum of tables"),
    "uniform": ("s", "uniform segments"),
    "dyadic": ("D", "dyadic segments"),
    "free": ("^", "free breakpoints"),
}
_COLOURS = ("#555555", "#0072b2", "#d55e00", "#009e73")  # of degree 0 to 3; told apart by the colour-blind as well
_IN_DIGITS = {1: "#cc79a7", 2: "#e69f00"}  # the same, of polynomials in digits
_LISTED = 9
_NEAR = (25, 6)  # pixels across and up between points whose numbers would meet


def plot_front(outcome: Exploration, path: Path) -> None:
    """Draw size against error, one panel for each function and its formats, the Pareto front marked and listed.

    Raises:
        GelugenError: matplotlib is missing, or the file cannot be written.
    """
    can_plot(path, needed=True)
    from matplotlib import pyplot as plt

    panels: dict[tuple[str, str, str], list[Row]] = {}
    for row in outcome.rows:
        panels.setdefault(panel_of(row.case), []).append(row)
    figure, grid = plt.subplots(
        len(panels),
        2,
        figsize=(11.5, 4.4 * len(panels) + 0.9),
        width_ratios=(7, 4),
        squeeze=False,
        layout="constrained",
    )
    for (axes, beside), (panel, rows) in zip(grid, panels.items(), strict=True):
        _panel(axes, panel, rows)
        _list_front(beside, rows)
    _legend(figure, outcome.rows)
    save(figure, path)


def _panel(axes: Any, panel: tuple[str, str, str], rows: list[Row]) -> None:
    """All designs of a function and its formats; the front as a staircase, its points numbered."""
    for row in sorted(rows, key=lambda row: row.pareto):
        entry = get_architecture(row.architecture)
        axes.plot(
            row.size,
            row.found.max_ulp,
            marker=_MARKERS[entry.segments][0],
            markersize=8 if row.pareto else 6,
            color=_colour(entry),
            alpha=1 if row.pareto else 0.35,
            markeredgecolor="black" if row.pareto else "none",
            zorder=4 if row.pareto else 3,
        )
    sizes, errors = [row.size for row in rows], [row.found.max_ulp for row in rows]
    least = min((each for each in sizes if each), default=1.0)
    if max(sizes) > 8 * least:
        if min(sizes) > 0:
            axes.set_xscale("log", base=2)
        else:
            axes.set_xscale("symlog", base=2, linthresh=least)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    if max(errors) > 8 * min(errors):
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.margins(x=0.06, y=0.12)
    for case in dict.fromkeys(row.case for row in rows):
        bound = bound_of(case.spec)
        axes.axhline(bound, color="0.5", linewidth=0.9, linestyle="--", zorder=1)
        axes.annotate(
            str(case.spec.guarantee), (1, bound), (-4, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", color="0.35", fontsize="small",
        )  # fmt: skip
    front = _front(rows)
    axes.step(
        [row.size for row in front] + [axes.get_xlim()[1]],
        [row.found.max_ulp for row in front] + [front[-1].found.max_ulp],
        where="post",
        color="black",
        linewidth=1,
        zorder=2,
    )
    axes.set_xlim(axes.get_xlim())
    places = axes.transData.transform([(row.size, row.found.max_ulp) for row in front])
    lowered = False
    for number, row in enumerate(front, 1):  # below and left of a front there is nothing
        near = number > 1 and (abs(places[number - 1] - places[number - 2]) < _NEAR).all()
        lowered = near and not lowered
        axes.annotate(
            str(number), (row.size, row.found.max_ulp), (-5, -15 if lowered else -5), textcoords="offset points",
            fontsize="small", fontweight="bold", ha="right", va="top", zorder=5,
        )  # fmt: skip
    axes.set_title(f"{panel[0]}, {panel[1]} to {panel[2]}: {len(rows)} designs")
    axes.set_xlabel(_size_label(rows[0]))
    axes.set_ylabel("largest error in ulp")
    axes.grid(alpha=0.25)


def _colour(entry: Architecture) -> str:
    return _IN_DIGITS[entry.degree] if entry.digits else _COLOURS[entry.degree]


def _front(rows: list[Row]) -> list[Row]:
    return sorted((row for row in rows if row.pareto), key=lambda row: row.size)


def _size_label(row: Row) -> str:
    """What is counted on the axis of size."""
    objective = Objective.parse(row.case.spec.objective)
    rom, multiplier, _ = objective.weights
    if luts := objective.asked.luts:
        blocks = (f" + {luts.DSP} * DSP blocks" * luts.dsps, f" + {luts.BRAM} * block RAMs" * luts.brams)
        return f"lookup tables of {luts.family}{blocks[0]}{blocks[1]}"
    if core := objective.asked.core:
        about = ", estimated" if row.found.figures and row.found.figures.estimated else ""
        return f"{core.unit} on {core.core}{about}"
    parts = [
        name if weight == 1 else f"{weight:g} * {name}"
        for weight, name in ((rom, "ROM bits"), (multiplier, "multiplier bits"))
        if weight
    ]
    return " + ".join(parts) or "ROM bits"


def _list_front(axes: Any, rows: list[Row]) -> None:
    """The designs of the front in words."""
    front = _front(rows)
    lines = ["Pareto front"]
    for number, row in enumerate(front[:_LISTED], 1):
        found = row.found
        lines += [
            f"{number:>2}  {row.architecture}, {found.segments or 'no'} segment{'s' * (found.segments != 1)}",
            f"    {_taken(row)}",
            f"    at most {shown(found.max_ulp)} ulp, {found.correctly_rounded:.2%} correctly rounded",
        ]
    if len(front) > _LISTED:
        lines.append(f"    and {len(front) - _LISTED} more")
    axes.set_axis_off()
    axes.text(0, 1, "\n".join(lines), va="top", family="monospace", fontsize=7, transform=axes.transAxes)


def _taken(row: Row) -> str:
    """What a design takes, in words."""
    found = row.found
    if got := found.resources:
        counts = ((got.dsps, "DSP blocks"), (got.block_rams, "block RAMs"))
        more = "".join(f", {count} {name.removesuffix('s' * (count == 1))}" for count, name in counts if count)
        return f"{got.luts} lookup tables{more}, style {found.style}"
    if found.figures:
        return found.figures.on_core()
    multipliers = " ".join(f"{one}x{two}" for one, two in found.multipliers)
    return f"{found.rom_bits} ROM bits, " + (f"multipliers {multipliers}" if multipliers else "no multiplier")


def _legend(figure: Any, rows: tuple[Row, ...]) -> None:
    from matplotlib.lines import Line2D

    entries = {get_architecture(row.architecture) for row in rows}
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color="0.6", markeredgecolor="black", label=text)
        for segments, (marker, text) in _MARKERS.items()
        if segments in {entry.segments for entry in entries}
    ]
    handles += [
        Line2D([], [], linestyle="none", marker="o", color=_COLOURS[degree], label=f"{name} (degree {degree})")
        for degree, name in enumerate(DEGREES)
        if degree in {entry.degree for entry in entries if not entry.digits}
    ]
    handles += [
        Line2D([], [], linestyle="none", marker="o", color=colour, label=f"{DEGREES[degree]}, in digits")
        for degree, colour in _IN_DIGITS.items()
        if degree in {entry.degree for entry in entries if entry.digits}
    ]
    handles.append(Line2D([], [], color="black", linewidth=1, label="Pareto front"))
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize="small", frameon=False)
