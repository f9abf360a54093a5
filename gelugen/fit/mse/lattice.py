"""The best line y = a x + b of a segment, with a and b on a grid: the closest vector of a lattice in the plane.

For a segment with weight W, means mx and my, and V = sum w (x - mx)^2, the weighted square error of (a, b) is

    Q + V (a - a*)^2 + W (b - (my - a mx))^2,      Q and a*: those of the real least squares.

So slopes are tried in the order of their distance from a*, each with its one nearest intercept, until V (a - a*)^2
alone exceeds what is found: the enumeration of U. Fincke and M. Pohst, Math. Comp. 44 (1985). x is absolute: the
grid is the same for every segment, so a part of a segment never has a larger error than the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from gelugen.formats import Codes

Reals = npt.NDArray[np.float64]

_TRIES = 48
"""Slopes of a segment that ``nearest`` tries; where this does not settle it, a bound is left."""
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Grid:
    """The coefficients that a line may have.

    Attributes:
        slope: the step of slopes, in units of y / x.
        intercept: the step of intercepts, in units of y.
        low, high: the least and the greatest slope, in steps. 0 and 0 leave constants.
    """

    slope: float
    intercept: float
    low: int
    high: int


@dataclass(frozen=True)
class Samples:
    """What is to be fitted: finite float64 arrays of one length, x ascending, weights not negative."""

    x: Reals
    y: Reals
    weight: Reals


class _Columns:
    """A dataclass of arrays of one length, a row for each of several segments."""

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one after the other."""
        names = [each.name for each in fields(cls)]  # type: ignore[arg-type]
        return cls(*(np.concatenate([getattr(part, name) for part in parts] or [np.zeros(0)]) for name in names))

    def at(self, index: Codes | npt.NDArray[np.bool_] | slice) -> Self:
        """Some of the rows."""
        return type(self)(*(getattr(self, each.name)[index] for each in fields(self)))  # type: ignore[arg-type]

    def put(self, index: Codes, rows: Self) -> None:
        """Replace some of the rows."""
        for each in fields(self):  # type: ignore[arg-type]
            getattr(self, each.name)[index] = getattr(rows, each.name)


@dataclass(frozen=True)
class Moments(_Columns):
    """What the error of a line depends on, as the module's head has it, for each of several segments.

    ``slope`` is a*, ``rest`` is Q, ``spread`` is V.
    """

    weight: Reals
    mean_x: Reals
    mean_y: Reals
    spread: Reals
    slope: Reals
    rest: Reals

    def line(self, grid: Grid, slope: Codes) -> tuple[Codes, Reals]:
        """For slopes in steps: the nearest intercepts in steps, and the errors."""
        wanted = self.mean_y - slope * grid.slope * self.mean_x
        intercept = np.rint(wanted / grid.intercept)
        off = intercept * grid.intercept - wanted
        error = self.rest + self.spread * (slope * grid.slope - self.slope) ** 2 + self.weight * off**2
        return intercept.astype(np.int64), error


@dataclass(frozen=True)
class Best(_Columns):
    """For each of several segments a line on the grid, its error, and a proven bound below every line's error."""

    slope: Codes
    intercept: Codes
    found: Reals
    least: Reals


def moments(samples: Samples, start: int, ends: Codes) -> Moments:
    """The moments of segments from sample ``start`` to before the samples ``ends`` (ascending).

    A segment that would end before it starts has no sample.

    Sums run over distances from the first sample, so that little is lost where x and y are large.
    """
    part = slice(start, int(ends[-1]))
    weight, x, y = samples.weight[part], samples.x[part], samples.y[part]
    x0, y0 = (float(x[0]), float(y[0])) if len(x) else (0.0, 0.0)
    x, y = x - x0, y - y0
    wx, wy = weight * x, weight * y
    sums = np.zeros((6, len(x) + 1))
    np.cumsum(np.stack([weight, wx, wy, wx * x, wx * y, wy * y]), axis=1, out=sums[:, 1:])
    total, sx, sy, sxx, sxy, syy = sums[:, np.maximum(ends - start, 0)]
    safe = np.where(total > 0, total, 1.0)
    mean_x, mean_y = sx / safe, sy / safe
    spread = sxx - sx * mean_x
    flat = spread <= 1e-13 * sxx  # one sample, or one that outweighs all others: what is left is rounding
    joint = np.where(flat, 0.0, sxy - sx * mean_y)
    slope = joint / np.where(flat, 1.0, spread)
    rest = np.maximum(syy - sy * mean_y - slope * joint, 0.0)
    return Moments(total, mean_x + x0, mean_y + y0, np.where(flat, 0.0, spread), slope, rest)


def nearest(each: Moments, grid: Grid) -> Best:
    """The best line of every segment, or a line and a bound where that needs more slopes than are tried here."""
    wanted = each.slope / grid.slope
    middle = np.clip(np.rint(wanted), grid.low, grid.high).astype(np.int64)
    side = np.where(wanted >= middle, 1, -1)
    slope = middle.copy()
    intercept, found = each.line(grid, slope)
    active, part, floor = np.arange(len(slope)), each, np.zeros(len(slope))
    for count in range(1, _TRIES + 1):
        away = (count + 1) // 2
        tried = middle + side * (away if count % 2 else -away)
        floor = part.rest + part.spread * (tried * grid.slope - part.slope) ** 2  # and of all slopes not yet tried
        within = (middle + away <= grid.high) | (middle - away >= grid.low)
        still = np.flatnonzero(within & (floor < found[active]))
        active, part, floor = active[still], part.at(still), floor[still]
        middle, side, tried = middle[still], side[still], tried[still]
        if not len(active):
            break
        candidate, error = part.line(grid, tried)
        better = (tried >= grid.low) & (tried <= grid.high) & (error < found[active])
        where = active[better]
        slope[where], intercept[where], found[where] = tried[better], candidate[better], error[better]
    least = found.copy()
    least[active] = np.minimum(found[active], floor)
    return Best(slope, intercept, found, least)


def settled(each: Moments, grid: Grid, best: Best) -> Best:
    """The best line of every segment, proven: every slope that could be better than the line so far is tried."""
    rows = []
    for i in range(len(best.found)):
        part, (error, rest, spread, slope) = each.at(slice(i, i + 1)), _row(each, best, i)
        low, high = grid.low, grid.high
        if spread > 0:
            reach = np.sqrt(max(error - rest, 0.0) / spread) * (1 + 1e-9)
            low = int(np.floor(np.clip((slope - reach) / grid.slope, low, high)))
            high = int(np.ceil(np.clip((slope + reach) / grid.slope, low, high)))
        found = (error, int(best.slope[i]), int(best.intercept[i]))
        for start in range(low, high + 1, _CHUNK):
            tried = np.arange(start, min(start + _CHUNK, high + 1))
            candidate, errors = part.line(grid, tried)
            at = int(errors.argmin())
            if errors[at] < found[0]:
                found = (float(errors[at]), int(tried[at]), int(candidate[at]))
        rows.append(found)
    errors, slopes, intercepts = (np.array(column) for column in zip(*rows, strict=True))
    return Best(slopes, intercepts, errors, errors.copy())


def _row(each: Moments, best: Best, i: int) -> tuple[float, float, float, float]:
    return float(best.found[i]), float(each.rest[i]), float(each.spread[i]), float(each.slope[i])
