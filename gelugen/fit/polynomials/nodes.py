"""Segments of every power-of-two length: what bounds a polynomial on each, and which polynomials exist in the reals.

A node is a segment of 2^l values of u that starts at a multiple of 2^l. Position in it is x in -1 .. 1, so that the
coefficients of all lengths are alike in size: p(x) = C_0 + C_1 x + .. + C_d x^d must keep low <= p < high + 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gelugen.fit.bounds import FREE, Bounds
from gelugen.fit.polynomials.exchange import Reals, leading_range
from gelugen.formats import Codes

_BELOW_ONE = 1 - 1e-7
"""p < high + 1 as a closed bound."""
_EXCHANGES = 16
_SAMPLES = 16


class Level:
    """All nodes of one length.

    Attributes:
        log: the base-2 logarithm of the length.
        x: shape (count, m), the positions of the points that can bind.
        count: how many nodes there are.
        start, to: shape (count,), the range that is left of the leading coefficient.
        exists: shape (count,), whether a real polynomial keeps the bounds.
    """

    def __init__(self, low: Codes, high: Codes, vital: npt.NDArray[np.bool_], log: int, degree: int) -> None:
        self.log, self.degree = log, degree
        self.count = len(low) >> log
        length = 1 << log
        position, self.counts = _binding(low, high, vital, length)
        take = position + np.arange(self.count)[:, None] * length
        half = max(length / 2, 0.5)
        self.x: Reals = (position - length // 2) / half
        self.low, self.high = low[take].astype(np.float64), high[take] + _BELOW_ONE
        self.start, self.to = leading_range(self.x, self.counts, self.low, self.high, degree, _EXCHANGES)
        self.exists = self.start <= self.to


def _binding(low: Codes, high: Codes, vital: npt.NDArray[np.bool_], length: int) -> tuple[Codes, Codes]:
    """The points of each node that can bind, ascending, and how many; rows are filled up with their first point.

    Where r and the polynomial both rise or both fall, a bound binds at an end of the run of codes that share it.
    """
    count = len(low) // length
    keep = vital.reshape(count, length).copy()
    keep[:, 0] = keep[:, -1] = True
    keep[:, :: max(length // _SAMPLES, 1)] = True
    for bound in (low.reshape(count, length), high.reshape(count, length)):
        changes = bound[:, 1:] != bound[:, :-1]
        keep[:, 1:] |= changes
        keep[:, :-1] |= changes
    counts = keep.sum(axis=1)
    order = np.argsort(~keep, axis=1, kind="stable")[:, : int(counts.max())]
    return np.where(np.take_along_axis(keep, order, 1), order, order[:, :1]), counts


class Nodes:
    """The nodes of every length over the first 2^span values of u.

    Attributes:
        degree: of the polynomials.
        span: the base-2 logarithm of the range of u that is covered.
        bounds: the bounds on r that hold over all of u.
        smallest: the base-2 logarithm of the shortest node: 2^degree codes, which are degree + 1 points at least.
        levels: by the logarithm of their length.
        fewest: for each level, the fewest leaves that each node needs by real polynomials; inf where none are enough.
    """

    def __init__(self, bounds: Bounds, degree: int, span: int) -> None:
        self.bounds, self.degree, self.span = bounds, degree, span
        size = 1 << span
        self.low = _padded(bounds.low, size, -FREE)
        self.high = _padded(bounds.high, size, FREE)
        self.ideal = _padded(bounds.ideal, size, 0.0)
        vital = _turning(self.low, self.high, self.ideal)
        self.smallest = degree
        low, high = _reined(self.low, self.high)
        self.levels = {log: Level(low, high, vital, log, degree) for log in range(self.smallest, span + 1)}
        self.fewest: dict[int, Reals] = {}
        below: Reals | None = None
        for log, level in self.levels.items():
            split = np.inf if below is None else below[0::2] + below[1::2]
            self.fewest[log] = below = np.where(level.exists, 1.0, split)


def _padded(values: npt.NDArray[Any], size: int, fill: float) -> npt.NDArray[Any]:
    if len(values) >= size:
        return values[:size]
    return np.concatenate([values, np.full(size - len(values), fill, dtype=values.dtype)])


def _reined(low: Codes, high: Codes) -> tuple[Codes, Codes]:
    """Bounds that bind everywhere: where none does, r may leave the range of all others by four times its width."""
    binding = np.concatenate([low[low > -FREE], high[high < FREE], [0]])
    least, greatest = int(binding.min()), int(binding.max())
    room = 4 * (greatest - least + 4)
    return np.maximum(low, least - room), np.minimum(high, greatest + room)


def _turning(low: Codes, high: Codes, ideal: Reals) -> npt.NDArray[np.bool_]:
    """The codes of runs on which r turns, so that a bound may bind inside the run."""
    rises = np.diff(ideal, prepend=ideal[:1]) > 0
    turns = np.flatnonzero(rises[1:] != rises[:-1])
    vital = np.zeros(len(low), dtype=np.bool_)
    for bound in (low, high):
        run = np.cumsum(np.diff(bound, prepend=bound[:1]) != 0)
        for turn in turns[:64].tolist():
            vital |= (run == run[turn]) & (np.abs(np.arange(len(low)) - turn) < 512)
    return vital
