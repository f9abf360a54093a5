"""The polynomials with coefficients on a grid that each node admits, and the intercepts that each of them leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gelugen.fit.polynomials.exchange import Reals, leading_range
from gelugen.fit.polynomials.nodes import Nodes
from gelugen.formats import Codes

_EXCHANGES = 10
_NEAR = 1e-6


@dataclass(frozen=True)
class Candidates:
    """What one node admits.

    Attributes:
        k: shape (n, d), the integers of the coefficients of x^d .. x^1: C_j = k_j * 2^steps[j].
        start, to: shape (n,), the range of the intercept C_0.
    """

    k: Codes
    start: Reals
    to: Reals

    def within(self, windows: Sequence[tuple[int, int]]) -> Candidates:
        """Those whose integers lie in a window, first to last, for each column."""
        kept = np.ones(len(self.k), dtype=np.bool_)
        for column, (first, last) in zip(self.k.T, windows, strict=True):
            kept &= (column >= first) & (column <= last)
        return Candidates(self.k[kept], self.start[kept], self.to[kept])


class Grid:
    """The candidates of all nodes for given steps, found when they are asked for.

    Attributes:
        steps: the base-2 logarithm of the grid of each C_1 .. C_d, at the index of its power; steps[0] is not used.
    """

    def __init__(self, nodes: Nodes, steps: tuple[int, ...], most: int) -> None:
        """``most`` integers of one coefficient are tried at most (evenly spread), for each choice of those above it."""
        self.nodes, self.steps, self.most = nodes, steps, most
        self._known: dict[tuple[int, int], Candidates] = {}

    def of(self, log: int, numbers: Sequence[int]) -> list[Candidates]:
        """The candidates of some nodes of one level."""
        if unknown := [number for number in numbers if (log, number) not in self._known]:
            self._enumerate(log, np.array(unknown))
        return [self._known[log, number] for number in numbers]

    def put(self, log: int, number: int, candidates: Candidates) -> None:
        """Take candidates of a node that are known from elsewhere."""
        self._known[log, number] = candidates

    def _enumerate(self, log: int, numbers: Codes) -> None:
        level, degree = self.nodes.levels[log], self.nodes.degree
        owner = np.arange(len(numbers))
        k = np.zeros((len(numbers), 0), dtype=np.int64)
        x, counts = level.x[numbers], level.counts[numbers]
        low, high = level.low[numbers], level.high[numbers]
        for power in range(degree, 0, -1):
            if power == degree:
                start, to = level.start[numbers], level.to[numbers]
            else:
                start, to = leading_range(x[owner], counts[owner], low, high, power, _EXCHANGES)
            step = 2.0 ** self.steps[power]
            row, value = self._spread(start / step, to / step)
            owner, k = owner[row], np.concatenate([k[row], value[:, None]], axis=1)
            part = (value * step)[:, None] * x[owner] ** power
            low, high = low[row] - part, high[row] - part
        start, to = low.max(axis=1), high.min(axis=1)
        kept = start <= to
        owner, k, start, to = owner[kept], k[kept], start[kept], to[kept]
        cut = np.searchsorted(owner, np.arange(len(numbers) + 1))
        for index, number in enumerate(numbers.tolist()):
            mine = slice(cut[index], cut[index + 1])
            self._known[log, number] = Candidates(k[mine], start[mine], to[mine])

    def _spread(self, start: Reals, to: Reals) -> tuple[Codes, Codes]:
        """For every row the integers of start .. to: rows and integers.

        Of more than ``most`` a third are those nearest to 0, where columns are narrow, and the others evenly spread.
        """
        first, last = np.ceil(start - _NEAR), np.floor(to + _NEAR)
        known = np.isfinite(first) & np.isfinite(last)
        first, last = np.where(known, first, 0.0), np.where(known, last, -1.0)
        count = np.maximum(last - first + 1, 0)
        many = count > self.most
        taken = np.minimum(count, self.most).astype(np.int64)
        near = np.where(many, self.most // 3, 0)
        spread = taken - near
        stride = np.where(spread > 1, (count - 1) / np.maximum(spread - 1, 1), 0)
        row = np.repeat(np.arange(len(taken)), taken)
        number = np.arange(len(row)) - np.repeat(np.cumsum(taken) - taken, taken)
        nearest = np.clip(-(near // 2), first, np.maximum(last - near + 1, first))
        evenly = np.where((spread == 1) & many, (first + last) / 2, first)[row] + number * stride[row]
        value = np.where(number < spread[row], evenly, nearest[row] + number - spread[row])
        return row, np.rint(value).astype(np.int64)
