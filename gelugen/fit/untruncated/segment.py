"""One segment: which coefficients on given grids keep a polynomial between two bounds, exactly and in integers.

With v = c_2 * t^2 + (c_1 << d_1) * t + (c_0 << d_0), the bounds low <= v <= high leave for fixed c_2 and c_1 the
c_0 of one interval. What is left between its ends,

    room(c_2, c_1) = min(high - c_2 t^2 - c_1 t) - max(low - c_2 t^2 - c_1 t)

is a minimum of affine functions less a maximum of such, hence concave in (c_2, c_1) together: climbing finds its top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gelugen.formats import Codes

_MOST = 48
"""Steps away from the best coefficient on each side."""


@dataclass(frozen=True)
class Grids:
    """Where the bits of v lie.

    Attributes:
        shift: fraction bits of v, and of c_2.
        first, zeroth: low bits that are zero in the coefficients c_1 and c_0.
    """

    shift: int
    first: int
    zeroth: int


@dataclass(frozen=True)
class Choice:
    """Coefficients that serve a segment: c_2, c_1 and the ends of the interval of c_0, each without its zeros."""

    c2: int
    c1: int
    low: int
    high: int


class Segment:
    """Bounds on r for the codes of a segment that are bound at all.

    Args:
        low, high, ideal: of r, for these codes.
        t: their places, seen from the middle of the segment.
        degree: 1 or 2.
    """

    def __init__(self, low: Codes, high: Codes, ideal: np.ndarray, t: Codes, degree: int) -> None:
        self.low, self.high, self.t, self.square, self.degree = low, high, t, t * t, degree
        powers = min(degree, max(len(t) - 1, 0))
        fitted = np.polyfit(t, ideal, powers) if len(t) else np.zeros(1)
        guess = [0.0] * (2 - powers) + [float(each) for each in fitted[:powers]] if powers else [0.0, 0.0]
        self._guess = (guess[-2], guess[-1])
        self.failed = 0

    def serves(self, grids: Grids) -> bool:
        """Whether there is a choice; one that failed is counted."""
        found = next(self.choices(grids), None)
        if found:
            self._guess = found.c2 / 2.0**grids.shift, found.c1 / 2.0 ** (grids.shift - grids.first)
        else:
            self.failed += 1
        return found is not None

    def best(self, grids: Grids) -> Choice:
        """The choice of the narrowest upper coefficients, of a segment that is served."""
        return min(self.choices(grids), key=lambda each: (abs(each.c2), abs(each.c1)))

    def choices(self, grids: Grids) -> Iterator[Choice]:
        """All choices near the best upper coefficients."""
        if not len(self.t):
            yield Choice(0, 0, -(1 << 40), 1 << 40)
            return
        scale = 1 << grids.shift
        low, high = self.low * scale, (self.high + 1) * scale - 1
        start_1 = round(self._guess[1] * 2.0 ** (grids.shift - grids.first))
        tops: dict[int, tuple[int, int]] = {}

        def top(c2: int) -> int:
            if c2 not in tops:
                below, above = low - c2 * self.square, high - c2 * self.square
                near = start_1 if not tops else tops[min(tops, key=lambda each: abs(each - c2))][1]
                c1, room = climb(lambda c1: self._room(below, above, c1 << grids.first), near)
                tops[c2] = room, c1
            return tops[c2][0]

        start_2 = round(self._guess[0] * scale)
        c2 = climb(top, start_2)[0] if self.degree == 2 else 0
        for each in around(c2, lambda at: top(at) >= 0) if self.degree == 2 else [0]:
            if top(each) >= 0:
                yield from self._with(each, low - each * self.square, high - each * self.square, tops[each][1], grids)

    def _with(self, c2: int, below: Codes, above: Codes, start: int, grids: Grids) -> Iterator[Choice]:
        for c1 in around(start, lambda at: self._room(below, above, at << grids.first) >= 0):
            line = (c1 << grids.first) * self.t
            least, most = -(-int((below - line).max()) >> grids.zeroth), int((above - line).min()) >> grids.zeroth
            if least <= most:
                yield Choice(c2, c1, least, most)

    def _room(self, below: Codes, above: Codes, slope: int) -> int:
        line = slope * self.t
        return int((above - line).min() - (below - line).max())


def climb(height: Callable[[int], int], start: int) -> tuple[int, int]:
    """The top of a concave function of the integers, and its height."""
    at, now = start, height(start)
    for way in (1, -1):
        step = way
        while (ahead := height(at + step)) > now:
            at, now, step = at + step, ahead, 2 * step
        while abs(step) > 1:
            step //= 2 if step > 0 else 1
            step = step if way > 0 else -(-step // 2)
            for each in (step, -step):
                if (ahead := height(at + each)) > now:
                    at, now = at + each, ahead
    return at, now


def around(start: int, serves: Callable[[int], bool]) -> Iterator[int]:
    """A number, and those on both sides of it as long as they serve."""
    yield start
    for way in (1, -1):
        for step in range(1, _MOST):
            if not serves(start + way * step):
                break
            yield start + way * step
