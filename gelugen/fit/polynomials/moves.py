"""A narrower word for polynomials between free breakpoints, and breakpoints moved so that it still serves all of them.

Heuristic: one column after the other loses a bit, as half of its window or as a step twice as wide. For every segment
and some starts near its own the furthest of some ends near its own is found; where a chain of segments leads from the
first breakpoint to the last one, the word is taken. Powers of two, and the first and last breakpoints, stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gelugen.fit.parts import Fit
from gelugen.fit.polynomials.candidates import Candidates
from gelugen.fit.polynomials.cover import Window
from gelugen.fit.polynomials.exchange import Reals, leading_range
from gelugen.fit.polynomials.reach import Reach
from gelugen.formats import Codes
from gelugen.terms import Term

_EXCHANGES = 10
_NEAR = 1e-9
_OFFSETS = (-6, -3, -1, 0, 1, 3, 6)
"""Where breakpoints are moved to, in strides."""
_MOST = {1: 33, 2: 9, 3: 5}
"""Integers of one coefficient that are tried for one choice of those above it, by degree."""


@dataclass(frozen=True)
class Word:
    """What the words of a table may hold.

    Attributes:
        dx_bits: x is dx / 2^(dx_bits - 1).
        steps: log2 of the grids of C_0 .. C_d.
        windows: of the columns, C_d first.
        constant: what all intercepts share, in units of r.
    """

    dx_bits: int
    steps: tuple[int, ...]
    windows: tuple[Window, ...]
    constant: float

    @classmethod
    def of(cls, fit: Fit, term: Term) -> Word:
        """The words of a fit's term."""
        steps, windows, below = [], [], fit.shift
        for power, column in enumerate(term.coefficients):
            steps.append(column.drop + power * (term.dx_bits - 1) - below)
            low, high = column.stored
            windows.append((column.base + low, column.base + high))
            if power < term.degree:
                below += term.shift(power)
        return cls(term.dx_bits, tuple(steps), tuple(reversed(windows)), fit.bias / 2**fit.shift)

    def narrower(self) -> Iterator[tuple[tuple[int, int], Word]]:
        """The words with one bit less in one column, each under a name that says how."""
        degree = len(self.steps) - 1
        for column, (low, high) in enumerate(self.windows):
            if low == high:
                continue
            half, power = (high - low + 1) // 2, degree - column
            steps = tuple(step + (index == power) for index, step in enumerate(self.steps))
            coarse = replace(self, steps=steps, windows=self._with(column, (low // 2, low // 2 + half - 1)))
            yield (column, 0), coarse
            if power == 0:
                yield (column, 1), replace(coarse, constant=self.constant + 2.0 ** self.steps[0])
            for kind, start in enumerate((low, low + half // 2, low + half), 2):
                if kind != 3 or half > 1:
                    yield (column, kind), replace(self, windows=self._with(column, (start, start + half - 1)))

    def _with(self, column: int, window: Window) -> tuple[Window, ...]:
        return (*self.windows[:column], window, *self.windows[column + 1 :])

    def choices(self, reach: Reach, start: Codes, end: Codes, exact: bool) -> tuple[Codes, Candidates]:
        """What B segments may hold: for each candidate its segment, ascending, and all candidates in one."""
        degree = len(self.steps) - 1
        codes, counts = reach.points(start, end, exact)
        low, high = reach.bounds_at(codes, end)
        x = (codes - start[:, None]) / (1 << self.dx_bits >> 1) - 1
        owner, k = np.arange(len(start)), np.zeros((len(start), 0), dtype=np.int64)
        for power in range(degree, 0, -1):
            step = 2.0 ** self.steps[power]
            least, most = leading_range(x[owner], counts[owner], low, high, power, _EXCHANGES)
            row, value = _spread(least / step, most / step, self.windows[degree - power], _MOST[degree])
            owner, k = owner[row], np.concatenate([k[row], value[:, None]], axis=1)
            part = (value * step)[:, None] * x[owner] ** power
            low, high = low[row] - part, high[row] - part
        least, most = low.max(axis=1), high.min(axis=1)
        step, window = 2.0 ** self.steps[0], self.windows[-1]
        first = np.maximum(np.ceil((least - self.constant) / step - _NEAR), window[0])
        kept = first <= np.minimum(np.floor((most - self.constant) / step + _NEAR), window[1])
        return owner[kept], Candidates(k[kept], least[kept], most[kept])

    def serves(self, reach: Reach, start: Codes, end: Codes) -> npt.NDArray[np.bool_]:
        """Which of B segments have a candidate, as far as a few codes of them tell."""
        found = np.zeros(len(start), dtype=np.bool_)
        found[self.choices(reach, start, end, exact=False)[0]] = True
        return found


def _spread(start: Reals, to: Reals, window: Window, most: int) -> tuple[Codes, Codes]:
    """For every row some integers of start .. to inside a window, evenly spread: rows and integers."""
    first = np.clip(np.ceil(np.nan_to_num(start, nan=1.0) - 1e-6), window[0], window[1] + 1)
    last = np.clip(np.floor(np.nan_to_num(to, nan=0.0) + 1e-6), window[0] - 1, window[1])
    count = np.maximum(last - first + 1, 0)
    taken = np.minimum(count, most).astype(np.int64)
    row = np.repeat(np.arange(len(taken)), taken)
    number = np.arange(len(row)) - np.repeat(np.cumsum(taken) - taken, taken)
    stride = (count - 1) / np.maximum(taken - 1, 1)
    return row, np.rint(first[row] + number * stride[row]).astype(np.int64)


def moved(reach: Reach, points: Sequence[int], word: Word, stride: int) -> tuple[int, ...] | None:
    """Breakpoints near others whose segments a word serves, as far as a few codes tell; None if none are found."""
    options = [_options(points, index, stride) for index in range(len(points))]
    longest = 1 << word.dx_bits
    sizes = [len(each) for each in options]
    owner = np.repeat(np.arange(len(points) - 1), sizes[:-1])
    start = np.concatenate(options[:-1])
    table = np.full((len(points), max(sizes)), 1 << 30)
    for index, each in enumerate(options):
        table[index, : len(each)] = each
    low = np.full(len(start), -1)
    high = ((table[owner + 1] - start[:, None]) <= longest).sum(axis=1)
    while len(open_ := np.flatnonzero(high - low > 1)):
        middle = (low + high)[open_] // 2
        ends = table[owner[open_] + 1, middle]
        ok = np.zeros(len(open_), dtype=np.bool_)
        there = ends > start[open_]
        ok[~there] = True
        ok[there] = word.serves(reach, start[open_[there]], ends[there])
        low[open_[ok]], high[open_[~ok]] = middle[ok], middle[~ok]
    reached, furthest = [np.ones(1, dtype=np.bool_)], []
    for index in range(len(points) - 1):
        far = np.where(reached[-1], low[owner == index], -1)
        furthest.append(far)
        reached.append(np.arange(sizes[index + 1]) <= far.max())
        if not reached[-1].any():
            return None
    at = [sizes[-1] - 1]
    for index in reversed(range(len(points) - 1)):
        fits = (furthest[index] >= at[-1]) & (options[index] < options[index + 1][at[-1]])
        if not fits.any():
            return None
        distance = np.where(fits, np.abs(options[index] - points[index]), 1 << 30)
        at.append(int(distance.argmin()))
    return tuple(int(each[one]) for each, one in zip(options, reversed(at), strict=True))


def _options(points: Sequence[int], index: int, stride: int) -> Codes:
    """Where a breakpoint may move, ascending: no further than half way to the next one."""
    point = points[index]
    if index in (0, len(points) - 1) or not point & point - 1:
        return np.array([point])
    near = point + np.array(_OFFSETS) * stride
    return near[(near > points[index - 1]) & (near < points[index + 1])]
