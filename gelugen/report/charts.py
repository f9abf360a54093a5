"""Charts as vector graphics: paths from arrays, and the numbers beside the axes.

A chart is drawn in a box of ``WIDTH`` by ``HEIGHT``, which the page stretches: lines keep their width, and the numbers
beside the axes are text of the page, so that they can be read on any screen. The page's own script draws the same
paths again for a part of the codes (templates/report/page.js.j2).
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

WIDTH, HEIGHT = 1000, 300
FEW = 1024
"""So many codes are drawn one by one; of more, each column of the chart shows the least and the largest value."""
_COLUMNS = 1000
_TICKS = 8


@dataclass(frozen=True)
class Axis:
    """An axis from ``low`` to ``high``, with a label that names the unit."""

    low: float
    high: float
    label: str

    def x(self, values: npt.ArrayLike) -> Reals:
        """Where values stand in a box, from the left."""
        return (np.asarray(values, dtype=np.float64) - self.low) * (WIDTH / (self.high - self.low))

    def y(self, values: npt.ArrayLike) -> Reals:
        """The same from the top."""
        return HEIGHT - (np.asarray(values, dtype=np.float64) - self.low) * (HEIGHT / (self.high - self.low))

    def ticks(self) -> list[Tick]:
        """Round numbers on the axis: steps of 1, 2 or 5 times a power of ten."""
        rough = (self.high - self.low) / _TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * 0.999)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [self._tick(n * step, f"{n * step:.{digits}f}") for n in range(first, last + 1)]

    def at(self, values: Sequence[float]) -> list[Tick]:
        """Chosen numbers."""
        return [self._tick(value, f"{value:g}") for value in values]

    def decades(self, names: Sequence[str] = ("1", "10", "100", "1,000", "10,000", "100,000")) -> list[Tick]:
        """Powers of ten on an axis of logarithms."""
        return [self._tick(n, name) for n, name in enumerate(names) if self.low <= n <= self.high]

    def _tick(self, value: float, text: str) -> Tick:
        return Tick(100 * (value - self.low) / (self.high - self.low), text.replace("-", "−"))


@dataclass(frozen=True)
class Tick:
    """A number beside an axis: where, in percent from its low end, and what."""

    place: float
    text: str


@dataclass(frozen=True)
class Shape:
    """A path: the class that the page colours it by, and its commands in the box."""

    kind: str
    path: str


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        kind: what it is, for the page's script.
        title: one line above.
        x, y: the axes.
        x_ticks, y_ticks: the numbers beside them.
        shapes: from back to front.
        legend: the classes of shapes with what they are.
    """

    kind: str
    title: str
    x: Axis
    y: Axis
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    shapes: Sequence[Shape]
    legend: Sequence[tuple[str, str]]


def line(x: Reals, y: Reals) -> str:
    """A line through points."""
    return "M" + "L".join(_points(x, y)) if len(x) else ""


def dots(x: Reals, y: Reals) -> str:
    """A dot at each point: strokes of no length with round ends."""
    return "".join(f"M{point}h0" for point in _points(x, y))


def steps(x: Reals, y: Reals) -> str:
    """Level pieces about each point, joined half-way between: codes are as wide as their distance."""
    if len(x) < 2:
        return dots(x, y)
    half = (x[1] - x[0]) / 2
    return line(np.column_stack([x - half, x + half]).ravel(), np.repeat(y, 2))


def columns(x: Reals, y: Reals) -> tuple[Reals, Reals, Reals]:
    """The place, the least and the largest y of each column, for points that stand in order."""
    starts = np.unique(np.searchsorted(x, np.arange(_COLUMNS) * (WIDTH / _COLUMNS)))
    starts = starts[starts < len(x)]
    return x[starts], np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)


def band(x: Reals, low: Reals, high: Reals) -> str:
    """The area between two lines."""
    return line(np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])) + "Z"


def curve(x: Reals, y: Reals) -> str:
    """A line through many points: through the least and the largest of each column."""
    if len(x) <= FEW:
        return line(x, y)
    place, low, high = columns(x, y)
    return line(np.repeat(place, 2), np.column_stack([high, low]).ravel())


def rectangle(left: float, top: float, right: float, bottom: float) -> str:
    """A rectangle."""
    return f"M{left:.1f} {top:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}Z"


def level(y: float) -> str:
    """A line across the box."""
    return f"M0 {y:.1f}H{WIDTH}"


def upright(x: float) -> str:
    """A line from top to bottom."""
    return f"M{x:.1f} 0V{HEIGHT}"


def packed(values: npt.NDArray[np.integer], kind: str) -> str:
    """Integers as base64 of little-endian words of a NumPy kind, for the page's script."""
    return b64encode(values.astype(kind).tobytes()).decode()


def _points(x: Reals, y: Reals) -> list[str]:
    return [f"{one:.1f} {two:.1f}" for one, two in zip(x.tolist(), y.tolist(), strict=True)]
