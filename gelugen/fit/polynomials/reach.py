"""How far a segment may reach from a breakpoint, and the cheapest breakpoints: what real polynomials allow.

A real polynomial that serves start <= u < end serves every part of it, so from each start there is a furthest end.
Of a segment only those codes are looked at whose bounds lie nearest to the real value, so it may be said to exist where
it does not, but not the other way round.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gelugen.fit.bounds import FREE, Bounds
from gelugen.fit.polynomials.exchange import Reals, leading_range
from gelugen.formats import Codes

_BELOW_ONE = 1 - 1e-7
_CUTS = 24
_EXCHANGES = 14
_MOST = 2048
"""So many codes of a segment are looked at when all that can bind are asked for."""

_Nearest = tuple[Reals, list[Codes]]
"""Values at every code, and for each power of two the place of the largest of so many from a code on."""


class Reach:
    """The bounds of all u below ``size``, ready for questions about any segment.

    Attributes:
        bounds: as given.
        degree: of the polynomials.
        lowest, highest: shape (size,), the bounds; -FREE and FREE where nothing binds.
        low, high: shape (size,), the bounds on a real polynomial; where nothing binds, far from all others.
        ideal: shape (size,), the real value of r.
        binding: the codes that can bind inside a segment, ascending.
    """

    def __init__(self, bounds: Bounds, degree: int, size: int) -> None:
        self.bounds, self.degree = bounds, degree
        seen = min(size, len(bounds.low))
        size = max(size, 2)
        low, high, self.ideal = np.full(size, -FREE), np.full(size, FREE), np.zeros(size)
        low[:seen], high[:seen], self.ideal[:seen] = bounds.low[:seen], bounds.high[:seen], bounds.ideal[:seen]
        values = np.concatenate([low[low > -FREE], high[high < FREE], [bounds.idle]])
        least, greatest = int(values.min()), int(values.max())
        room = 4 * (greatest - least + 4)
        self.lowest, self.highest = low, high
        self.low = np.maximum(low, least - room).astype(np.float64)
        self.high = np.minimum(high, greatest + room) + _BELOW_ONE
        self.binding = np.flatnonzero(_binding(low, high, self.ideal))
        self._over, self._under = _nearest(self.low - self.ideal), _nearest(self.ideal - self.high)

    def points(self, start: Codes, end: Codes, exact: bool = False) -> tuple[Codes, Codes]:
        """The codes of B segments to look at, shape (B, m), ascending, and how many they are.

        Rows are filled up with their first code. ``exact`` takes all that can bind, but of very many only the nearest
        to a bound in each part of the segment. A segment with fewer codes than its polynomial has coefficients borrows
        from the next.
        """
        if exact:
            rows = []
            for one, two in zip(start.tolist(), end.tolist(), strict=True):
                some = self.binding[slice(*np.searchsorted(self.binding, [one, two]))]
                if len(some) > _MOST:
                    cut = one + (two - one) * np.arange(_MOST // 2 + 1) // (_MOST // 2)
                    some = np.concatenate([_largest(each, cut[:-1], cut[1:]) for each in (self._over, self._under)])
                even = one + (two - 1 - one) * np.arange(17) // 16
                rows.append(np.unique(np.concatenate([some, even, one + np.arange(self.degree + 1)])))
            counts = np.array([len(row) for row in rows])
            return np.array([np.append(row, np.full(counts.max() - len(row), row[0])) for row in rows]), counts
        cut = start[:, None] + (end - start)[:, None] * np.arange(_CUTS + 1) // _CUTS
        first, past = cut[:, :-1], np.maximum(cut[:, 1:], cut[:, :-1] + 1)
        few = start[:, None] + np.arange(self.degree + 1)
        codes = [_largest(self._over, first, past), _largest(self._under, first, past), few, end[:, None] - 1]
        taken = np.sort(np.concatenate(codes, axis=1), axis=1)
        again = np.zeros(taken.shape, dtype=np.bool_)
        again[:, 1:] = taken[:, 1:] == taken[:, :-1]
        counts = (~again).sum(axis=1)
        order = np.argsort(again, axis=1, kind="stable")[:, : int(counts.max())]
        taken = np.take_along_axis(taken, order, axis=1)
        return np.where(np.arange(taken.shape[1]) < counts[:, None], taken, taken[:, :1]), counts

    def bounds_at(self, codes: Codes, end: Codes) -> tuple[Reals, Reals]:
        """The bounds at codes of shape (B, m); past the ends of the B segments they do not bind."""
        at = np.minimum(codes, len(self.low) - 1)
        past = codes >= end[:, None]
        return np.where(past, self.low.min(), self.low[at]), np.where(past, self.high.max(), self.high[at])

    def exists(self, start: Codes, end: Codes, margin: float | Reals) -> npt.NDArray[np.bool_]:
        """Whether a real polynomial stays so far inside the bounds of each of B segments."""
        codes, counts = self.points(start, end)
        low, high = self.bounds_at(codes, end)
        inside = np.broadcast_to(np.asarray(margin, dtype=np.float64), start.shape)[:, None]
        low, high = low + inside, high - inside
        there = np.flatnonzero((low <= high).all(axis=1))
        found = np.zeros(len(start), dtype=np.bool_)
        if len(there):
            x = (codes - start[:, None]) * (2 / np.maximum(end - start, 2))[:, None] - 1
            least, most = leading_range(x[there], counts[there], low[there], high[there], self.degree, _EXCHANGES)
            found[there] = least <= most
        return found

    def furthest(self, points: Codes, margins: Reals) -> Codes:
        """For every margin, and every breakpoint, the index of the last one that a segment from it may reach.

        Shape (margins, points); its own index where there is none.
        """
        start, margin = np.tile(np.arange(len(points)), len(margins)), np.repeat(margins, len(points))
        low, high = start.copy(), np.full(len(start), len(points))
        step = 8
        while len(open_ := np.flatnonzero(high - low > 1)):  # first longer and longer ones, then bisection
            rising = high[open_] == len(points)
            middle = np.where(rising, np.minimum(low[open_] + step, len(points) - 1), (low + high)[open_] // 2)
            ok = self.exists(points[start[open_]], points[middle], margin[open_])
            low[open_[ok]], high[open_[~ok]] = middle[ok], middle[~ok]
            step *= 2
        return low.reshape(len(margins), len(points))


def _binding(low: Codes, high: Codes, ideal: Reals) -> npt.NDArray[np.bool_]:
    """The codes at which a bound changes, and those beside a turn of r inside a run of equal bounds."""
    found = np.zeros(len(low), dtype=np.bool_)
    rises = np.diff(ideal, prepend=ideal[:1]) > 0
    for turn in np.flatnonzero(rises[1:] != rises[:-1])[:64].tolist():
        found[max(turn - 256, 0) : turn + 256] = True
    for bound in (low, high):
        changes = bound[1:] != bound[:-1]
        found[1:] |= changes
        found[:-1] |= changes
    return found


def _nearest(values: Reals) -> _Nearest:
    tables, length = [np.arange(len(values))], 1
    while 2 * length <= len(values):
        one = tables[-1][: len(values) - 2 * length + 1]
        two = tables[-1][length : length + len(one)]
        tables.append(np.where(values[one] >= values[two], one, two))
        length *= 2
    return values, tables


def _largest(nearest: _Nearest, first: Codes, past: Codes) -> Codes:
    """The places of the largest values of ranges."""
    values, tables = nearest
    past = np.minimum(past, len(values))
    first = np.minimum(first, past - 1)
    logs = np.frexp(past - first)[1] - 1
    found = np.zeros_like(first)
    for log in np.unique(logs).tolist():
        mine = logs == log
        one, two = tables[log][first[mine]], tables[log][past[mine] - (1 << log)]
        found[mine] = np.where(values[one] >= values[two], one, two)
    return found


def cheapest(points: Codes, furthest: Codes, longest: int, word: float, price: int) -> tuple[int, ...] | None:
    """The cheapest breakpoints from the first to the last of ``points``; None where no path leads there.

    Args:
        points: where breakpoints may be, ascending.
        furthest: for each of them the index of the last one that a segment from it reaches.
        longest: no segment is longer.
        word: what a segment costs.
        price: what a breakpoint costs that is neither 0 nor a power of two.
    """
    last = np.minimum(furthest, np.searchsorted(points, points + longest, side="right") - 1)
    prices = np.where(points & points - 1, price, 0)
    cost, origin = np.full(len(points), np.inf), np.full(len(points), -1)
    cost[0] = 0
    for index in range(len(points) - 1):
        reach = slice(index + 1, int(last[index]) + 1)
        through = cost[index] + word + prices[reach]
        better = through < cost[reach]
        cost[reach][better], origin[reach][better] = through[better], index
    if not np.isfinite(cost[-1]):
        return None
    path = [len(points) - 1]
    while path[-1] > 0:
        path.append(int(origin[path[-1]]))
    return tuple(points[path[::-1]].tolist())
