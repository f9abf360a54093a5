"""The bounds of all segments of one length, and the exact intervals of coefficients they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gelugen.fit.bounds import FREE, Bounds
from gelugen.formats import Codes

Interval = tuple[Codes, Codes]
"""For each segment the first and the last of neighbouring integers."""
_MOST_SLACK = 10


class Segments:
    """The bounds of all segments of one length, and the exact intervals of coefficients they leave."""

    def __init__(self, bounds: Bounds, dx_bits: int) -> None:
        length = 1 << dx_bits
        count = -(-len(bounds.low) // length)
        idle_fits = self._cut((bounds.low <= bounds.idle) & (bounds.idle <= bounds.high), count, length, True)
        needed = np.flatnonzero(~idle_fits.all(axis=1))
        self.depth = int(needed[-1]) + 1 if len(needed) else 0
        self.low = self._cut(bounds.low, count, length, -FREE)[: self.depth]
        self.high = self._cut(bounds.high, count, length, FREE)[: self.depth]
        self.ideal = self._cut(bounds.ideal, count, length, np.nan)[: self.depth]
        self.dx = np.arange(length, dtype=np.int64) - length // 2
        self.idle = bounds.idle
        self.slack = self._slack() if self.depth else 0

    def _slack(self) -> int:
        """By how many bits the intercepts' grid may be wider than one unit of r, at most.

        The intercept is the value at dx = 0, and r there lies between two bounds: a grid of r that misses these in
        one of the segments, wherever it starts, is too wide.
        """
        low, high = self.low[:, len(self.dx) // 2], self.high[:, len(self.dx) // 2]
        slack = 0
        while slack < _MOST_SLACK:
            grid = 2 << slack
            if not any((-(-(low - phase) // grid) <= (high - phase) // grid).all() for phase in range(grid)):
                break
            slack += 1
        return slack

    @staticmethod
    def _cut(values: npt.NDArray[Any], count: int, length: int, fill: float) -> npt.NDArray[Any]:
        padded = np.full(count * length, fill, dtype=values.dtype)
        padded[: len(values)] = values
        return padded.reshape(count, length)

    def intercepts(self, shift: int, slope: Codes) -> Interval:
        """For a slope a segment: the smallest and the largest intercept that keep every code inside."""
        rise = slope[:, None] * self.dx
        low = ((self.low << shift) - rise).max(axis=1)
        high = (((self.high + 1) << shift) - 1 - rise).min(axis=1)
        return low, high

    def slopes(self, shift: int) -> Interval | None:
        """The feasible integer slopes of each segment, from .. to; None if a segment has none.

        The interval of intercepts is a concave function of the slope, so feasible slopes are neighbours: find
        the widest interval by its sign of growth, then both ends by bisection.
        """
        bound = np.concatenate([self.low[self.low > -FREE], self.high[self.high < FREE]])
        steepest = int(bound.max(initial=0)) - int(bound.min(initial=0)) + 2  # from any bound to any other in one step
        reach = np.full(self.depth, steepest << shift, dtype=np.int64)

        def gap(slope: Codes) -> Codes:
            low, high = self.intercepts(shift, slope)
            return high - low

        widest = _last(-reach, reach, lambda slope: gap(slope) > gap(slope - 1))
        if (gap(widest) < 0).any():
            return None
        to = _last(widest, reach, lambda slope: gap(slope) >= 0)
        start = -_last(-widest, reach, lambda slope: gap(-slope) >= 0)
        return start, to


def _last(start: Codes, stop: Codes, holds: Callable[[Codes], npt.NDArray[np.bool_]]) -> Codes:
    """For each segment the last integer of start .. stop at which a property holds that, once lost, stays lost."""
    low, high = start.copy(), stop.copy()
    while (low < high).any():
        middle = (low + high + 1) >> 1
        kept = holds(middle)
        low, high = np.where(kept, middle, low), np.where(kept, high, middle - 1)
    return low
