"""From grids to integers: the Horner scheme with its shifts, the shared constant, and the stored words.

A coefficient C_j = k_j * 2^steps[j] of x^j, where x = dx / 2^(dx_bits - 1). The value after each Horner step is kept to
``guard`` fraction bits of r, what is below is cut off by a floor shift. The upper coefficients of a segment then give
an integer at every code, whatever was cut off, and the intercepts that keep all codes inside are exactly an interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gelugen.fit.bounds import FREE
from gelugen.fit.polynomials.cover import Choices, Rest, Window, base_bits, base_of, width, window_of
from gelugen.fit.polynomials.exchange import Reals
from gelugen.formats import Codes
from gelugen.terms import Coefficient

_MOST_GUARDS = 12
_LAST_GUARD = 20
_MOST_PHASES = 128
_MOST_CANDIDATES = 64
_MOST_TRIALS = 8
LARGEST_SHIFT = 24
"""Of a step or of the sum."""


@dataclass(frozen=True)
class Place:
    """Where a segment lies: start <= u < start + length, and dx = ((u - start) << up) - half."""

    start: int
    length: int
    up: int = 0


class Limits(Protocol):
    """The bounds on r, and the real value, of all u that segments cover; what is left of ``Nodes``."""

    @property
    def degree(self) -> int:
        """Of the polynomials."""

    @property
    def low(self) -> Codes:
        """The smallest r of every u."""

    @property
    def high(self) -> Codes:
        """The largest r of every u."""

    @property
    def ideal(self) -> Reals:
        """The real value of r."""


@dataclass(frozen=True)
class Horner:
    """The shifts of an evaluation.

    Attributes:
        dx_bits: the bits of dx.
        drops: the zeros below each stored value, c_0 first.
        shifts: the floor shift of each step, the one that adds c_(d-1) first.
        shift: the fraction bits of the sum.
    """

    dx_bits: int
    drops: tuple[int, ...]
    shifts: tuple[int, ...]
    shift: int

    @classmethod
    def of(cls, steps: Sequence[int], dx_bits: int, guard: int) -> Horner:
        """The evaluation that keeps ``guard`` fraction bits, or more where a coefficient's grid is finer."""
        degree, up = len(steps) - 1, dx_bits - 1
        lead = max([0] + [steps[degree] - up * (degree - power) - steps[power] for power in range(degree)])
        lead = max(lead, steps[degree] - up * degree)  # so that the sum has no negative number of fraction bits
        fraction, drops, shifts = lead - steps[degree], [lead], []
        for power in reversed(range(degree)):
            fraction += up
            cut = max(fraction - max(guard, -steps[power], 0), 0)
            fraction -= cut
            shifts.append(cut)
            drops.append(fraction + steps[power])
        return cls(dx_bits, tuple(reversed(drops)), tuple(shifts), fraction)

    @property
    def fits(self) -> bool:
        """Whether a design takes these shifts."""
        return min(self.drops) >= 0 and max(self.drops) <= 30 and max([self.shift, *self.shifts]) <= LARGEST_SHIFT

    def upper(self, k: Codes, dx: Codes) -> Codes:
        """What the coefficients c_d .. c_1 give: k of shape (n, d), dx of shape (m,), the result (n, m)."""
        degree = k.shape[1]
        value = (k[:, 0] << self.drops[degree])[:, None] if degree else np.zeros((len(k), 1), dtype=np.int64)
        for step in range(degree):
            value = (value * dx) >> self.shifts[step]
            if step + 1 < degree:
                value = value + (k[:, step + 1] << self.drops[degree - 1 - step])[:, None]
        return np.broadcast_to(value, (len(k), len(dx)))


@dataclass(frozen=True)
class Settled:
    """A table in integers.

    Attributes:
        columns: the coefficients, c_0 first.
        horner: the shifts.
        bias: the constant in the sum.
    """

    columns: tuple[Coefficient, ...]
    horner: Horner
    bias: int


@dataclass(frozen=True)
class _Segment:
    """One segment: its candidates, what they give at every code, and the intervals of what must be added."""

    k: Codes
    upper: Codes
    first: Codes
    last: Codes
    goal: Reals


def settle(
    limits: Limits,
    places: Sequence[Place],
    choices: Sequence[Codes],
    rest: Rest,
    steps: Sequence[int],
    windows: Sequence[Window],
    constant: float,
) -> Settled | None:
    """The narrowest evaluation in which each segment has coefficients that keep every code inside.

    Args:
        limits: the bounds.
        places: of the segments.
        choices: for each segment the integers of C_d .. C_1, shape (n, d).
        rest: what r may be outside the segments.
        steps: the grids, at the index of their power.
        windows: of the columns, C_d .. C_1 and C_0 last; the last one says what C_0 may cost.
        constant: what the segments share, in steps of C_0, with which those windows were found.
    """
    dx_bits = max([(each.length - 1).bit_length() + each.up for each in places] + [1 if limits.degree else 0])
    first = max(-steps[0], 0)
    for guard in [*range(first, first + _MOST_GUARDS), max(first + _MOST_GUARDS, _LAST_GUARD)]:
        horner = Horner.of(steps, dx_bits, guard)
        if horner.fits and (settled := _with(limits, places, choices, rest, windows, constant, horner)):
            return settled
    return None


def _with(
    limits: Limits,
    places: Sequence[Place],
    choices: Sequence[Codes],
    rest: Rest,
    windows: Sequence[Window],
    constant: float,
    horner: Horner,
) -> Settled | None:
    segments = []
    for place, k in zip(places, choices, strict=True):
        segment = _segment(limits, place, k, horner)
        if not len(segment.k):
            return None
        segments.append(segment)
    found = _constant(segments, rest, constant, horner, _cost(len(segments), windows[-1], rest))
    if found is None:
        return None
    bias, window = found
    stored = np.array([_best(segment, bias, window, horner) for segment in segments])
    if rest is None:
        bias, stored[:, -1], window = _absorbed(bias, stored[:, -1], window, horner)
    columns = [_column(stored[:, -1], window, horner.drops[0])]
    for power in range(1, limits.degree + 1):
        column = limits.degree - power
        columns.append(_column(stored[:, column], windows[column], horner.drops[power]))
    return Settled(tuple(columns), horner, bias)


def _segment(limits: Limits, place: Place, k: Codes, horner: Horner) -> _Segment:
    here = slice(place.start, place.start + place.length)
    low, high, ideal = limits.low[here], limits.high[here], limits.ideal[here]
    if len(k) > _MOST_CANDIDATES:
        k = k[np.linspace(0, len(k) - 1, _MOST_CANDIDATES).astype(np.int64)]
    dx = (np.arange(place.length, dtype=np.int64) << place.up) - (1 << horner.dx_bits >> 1)
    upper = horner.upper(k, dx)
    first = ((low << horner.shift) - upper).max(axis=1)
    last = (((high + 1) << horner.shift) - 1 - upper).min(axis=1)
    kept = first <= last
    goal = np.where((low > -FREE) | (high < FREE), (ideal + 0.5) * (1 << horner.shift), np.nan)
    return _Segment(k[kept], upper[kept], first[kept], last[kept], goal)


def _absorbed(bias: int, stored: Codes, window: Window, horner: Horner) -> tuple[int, Codes, Window]:
    """The same sums with the base of the intercepts in the shared constant."""
    base = window[0]
    return bias + (base << horner.drops[0]), stored - base, (0, window[1] - base)


def _constant(
    segments: list[_Segment], rest: Rest, known: float, horner: Horner, most: int
) -> tuple[int, Window] | None:
    """The shared constant that leaves the intercepts the fewest bits, and their window; None if above ``most``."""
    grid = 1 << horner.drops[0]
    start, several = 0, grid
    if rest is not None:
        start = rest[0] << horner.shift
        several = min(grid, (rest[1] + 1 - rest[0]) << horner.shift)
    constants = start + np.unique(np.linspace(0, several - 1, min(several, _MOST_PHASES)).astype(np.int64))
    constants = np.append(constants, _within(rest, horner.shift, round(known * grid)))
    owner = np.repeat(np.arange(len(segments)), [len(segment.k) for segment in segments])
    starts = np.searchsorted(owner, np.arange(len(segments)))
    first = np.concatenate([segment.first for segment in segments])[:, None] - constants
    last = np.concatenate([segment.last for segment in segments])[:, None] - constants
    first, last = -(-first // grid), last // grid
    there = first <= last
    served = np.add.reduceat(there, starts, axis=0).min(axis=0)
    huge = np.int64(1) << 60
    lowest = np.minimum.reduceat(np.where(there, first, huge), starts, axis=0).max(axis=0)
    highest = np.maximum.reduceat(np.where(there, last, -huge), starts, axis=0).min(axis=0)
    bits = np.array([int(each).bit_length() for each in np.maximum(lowest - highest, 0)])
    found: tuple[int, int, Window] | None = None
    for index in [len(constants) - 1, *np.lexsort((-served, bits))[:_MOST_TRIALS].tolist()]:
        if served[index]:
            kept = there[:, index]
            choices = Choices(owner[kept], first[kept, index], last[kept, index])
            window = window_of(choices, free_base=rest is None)
            cost = _cost(len(segments), window, rest)
            if cost <= most and (found is None or cost < found[0]):
                found = cost, int(constants[index]), window
    return None if found is None else found[1:]


def _within(rest: Rest, shift: int, constant: int) -> int:
    """The constant, or the nearest one that gives an r that ``rest`` allows."""
    return constant if rest is None else min(max(constant, rest[0] << shift), ((rest[1] + 1) << shift) - 1)


def _cost(segments: int, window: Window, rest: Rest) -> int:
    """The bits of the intercepts; their base costs nothing where the shared constant is free."""
    return segments * width(window) + (0 if rest is None else base_bits(window))


def _best(segment: _Segment, bias: int, window: Window, horner: Horner) -> list[int]:
    """Of the coefficients that keep every code inside, those with the least mean square error."""
    grid = 1 << horner.drops[0]
    first = np.maximum(-(-(segment.first - bias) // grid), window[0])
    last = np.minimum((segment.last - bias) // grid, window[1])
    there = ~np.isnan(segment.goal)
    rest = np.where(there, np.nan_to_num(segment.goal) - bias - segment.upper, 0.0)
    mean = rest.sum(axis=1) / max(int(there.sum()), 1)
    intercept = np.clip(np.rint(mean / grid).astype(np.int64), first, np.maximum(first, last))
    error = (np.where(there, rest - (intercept * grid)[:, None], 0.0) ** 2).sum(axis=1)
    index = int(np.where(first <= last, error, np.inf).argmin())
    return [*segment.k[index].tolist(), int(intercept[index])]


def _column(values: Codes, window: Window, drop: int) -> Coefficient:
    """A stored column."""
    base, signed, zeros = base_of(window)
    stored = values - (base << zeros)
    return Coefficient(tuple(stored.tolist()), width(window), signed, drop + zeros, base)
