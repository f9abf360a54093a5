"""The picture of a comparison: the functions above, their errors below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gelugen.compare import Comparison, Row
from gelugen.report.pictures import can_plot, save

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # as Okabe and Ito choose them
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (2, 1)), (0, (1, 1)), (0, (4, 1, 1, 1)))
_DRAWN = 20_000  # points of a line: more are not seen


def plot_comparison(outcome: Comparison, path: Path) -> None:
    """Draw a function with its approximations, and |error| on a logarithmic scale; the legend tells the MSE of each.

    Raises:
        GelugenError: matplotlib is missing, or the file cannot be written.
    """
    can_plot(path, needed=True)
    from matplotlib import pyplot as plt

    x = outcome.points.x
    every = slice(None, None, max(1, -(-len(x) // _DRAWN)))
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(11, 7.5), sharex=True, height_ratios=(1, 1.25), layout="constrained"
    )
    styles = _styles(outcome.rows)
    top.plot(x[every], outcome.real[every], color="0.75", linewidth=5, label=outcome.function.name)
    for row, style in zip(outcome.rows, styles, strict=True):
        top.plot(x[every], row.values[every], **style)
    _inset(top, outcome, styles)
    top.margins(x=0.01)
    top.set_ylabel("value")
    top.set_title(
        f"{outcome.function.name}(x) = {outcome.function.formula}\nat {outcome.points.text}", fontsize="medium"
    )
    top.grid(alpha=0.3)

    handles = [top.lines[0]]
    for row, style in zip(outcome.rows, styles, strict=True):
        error = np.abs(row.values - outcome.real)[every]
        label = f"{row.approximation.name}\n  MSE {row.metrics.mse:.4e}"
        with np.errstate(divide="ignore"):
            handles += bottom.plot(x[every], np.where(error > 0, error, np.nan), label=label, **style)
    if largest := [row.metrics.max_error for row in outcome.rows if row.metrics.max_error > 0]:
        bottom.set_yscale("log")
        bottom.set_ylim(min(largest) * 1e-4, max(largest) * 2)
    bottom.set_xlabel("x")
    bottom.set_ylabel("|error|")
    bottom.grid(alpha=0.3)
    figure.legend(handles=handles, loc="outside right center", fontsize="small", frameon=False, handlelength=3)
    save(figure, path)


def _styles(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """A colour for each name, dashes for the parameters under one name; what is written by hand is thin and behind."""
    names = [row.approximation.name.partition(":")[0] for row in rows]
    order = list(dict.fromkeys(names))
    return [
        {
            "color": _COLOURS[order.index(name) % len(_COLOURS)],
            "linestyle": _DASHES[names[:number].count(name) % len(_DASHES)],
            "linewidth": 0.8 if rows[number].approximation.by_hand else 1.3,
            "zorder": 2 if rows[number].approximation.by_hand else 3,
        }
        for number, name in enumerate(names)
    ]


def _inset(axes: Any, outcome: Comparison, styles: list[dict[str, Any]]) -> None:
    """Enlarge where a function is furthest off; what is written by hand would hide the others."""
    rows = [(row, style) for row, style in zip(outcome.rows, styles, strict=True) if not row.approximation.by_hand]
    window = _window(outcome, [row for row, _ in rows])
    if window is None:
        return
    x, (left, right) = outcome.points.x, window
    near = (x >= left) & (x <= right)
    shown = [outcome.real[near], *(row.values[near] for row, _ in rows)]
    low, high = min(float(each.min()) for each in shown), max(float(each.max()) for each in shown)
    inner = axes.inset_axes((0.09, 0.4, 0.38, 0.55))
    inner.plot(x[near], outcome.real[near], color="0.75", linewidth=4)
    for row, style in rows:
        inner.plot(x[near], row.values[near], **style)
    inner.set_xlim(left, right)
    inner.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    inner.grid(alpha=0.3)
    inner.tick_params(labelsize="small")
    axes.indicate_inset_zoom(inner, edgecolor="0.4")


def _window(outcome: Comparison, rows: list[Row]) -> tuple[float, float] | None:
    """A sixth of the range around nearly the largest error; of such, where the function itself changes least.

    None where there is no error, or one that is seen without.
    """
    x = outcome.points.x
    half = len(x) // 12
    if not rows or not half:
        return None
    error = np.max([np.abs(row.values - outcome.real) for row in rows], axis=0)
    if not 0 < error.max() < 0.03 * np.ptp(outcome.real):
        return None
    middles = np.flatnonzero(error >= 0.95 * error.max())
    firsts = np.clip(middles[:: max(1, len(middles) // 100)] - half, 0, len(x) - 1 - 2 * half).tolist()
    first = min(firsts, key=lambda first: float(np.ptp(outcome.real[first : first + 2 * half + 1])))
    return float(x[first]), float(x[first + 2 * half])
