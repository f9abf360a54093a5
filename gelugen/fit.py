"""Golden codes and an architecture to a Design, in integers and without an error budget.

The guarantee gives every input code the output codes it allows. Taken through the fold these become bounds
on r, the value of the terms after the shift, for every u. For a segment, a shift s and an integer slope a,
the intercepts that keep every code inside are then exactly the integers of

    max(low_i * 2^s - a * dx_i)  ..  min((high_i + 1) * 2^s - 1 - a * dx_i),

so feasible widths are found and not estimated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gelugen.architectures import Architecture
from gelugen.design import Coefficient, Design, Term
from gelugen.errors import GelugenError
from gelugen.formats import Codes
from gelugen.golden import FRACTION, Golden
from gelugen.spec import Guarantee, Spec

_FREE = 1 << 30
"""A bound that does not bind: past every value, and small enough to be shifted by 24 within 63 bits."""
_LARGEST_SHIFT = 20
_MORE_SHIFTS = 4
_MOST_SLOPES = 32
_MOST_PHASES = 64
"""What bounds the search, where it would be longer than it is worth: shifts above the smallest feasible one,
slopes of one segment (those around the middle) and phases of the rounding constant (evenly spread)."""

_Interval = tuple[Codes, Codes]
"""For each segment the first and the last of neighbouring integers."""
_Kind = tuple[int, bool]
"""The width of a stored integer, and whether it is signed."""
_Found = tuple[int, tuple[Term, ...], int, int]
"""ROM bits, terms, bias, shift."""


@dataclass(frozen=True)
class Bounds:
    """What the guarantee leaves of r, for every u from 0.

    Attributes:
        low, high: int64, the smallest and largest r; -_FREE and _FREE where nothing binds.
        ideal: float64, the real value of r, seen from the middle of its rounding interval.
        idle: the r that a zero word gives: minus the rounding constant of ``line_drop``.
        line_shift, line_drop, offset: as in Design.
    """

    low: Codes
    high: Codes
    ideal: npt.NDArray[np.float64]
    idle: int = 0
    line_shift: int = 0
    line_drop: int = 0
    offset: int = 0


def fit(spec: Spec, golden: Golden, architecture: Architecture) -> Design:
    """The design of an architecture that keeps the spec's guarantee with the fewest ROM bits found.

    Tables are filled exactly. For uniform lines every segment length and every shift that could still win is
    tried, with every width of slope from the smallest feasible one up, and every number of dropped low bits of
    the intercept with every phase of the shared rounding constant; up to 48 slopes a segment.

    Raises:
        GelugenError: the fold does not fit the formats, or the guarantee cannot be kept; the message says how
            far the architecture gets.
    """
    bounds = r_bounds(spec, golden, architecture, spec.guarantee)
    if (bounds.low > bounds.high).any():
        raise GelugenError(
            f"architecture {architecture.name} cannot keep the guarantee {spec.guarantee} of {spec.function} from "
            f"{spec.input} to {spec.output}: at best it keeps ulp:{_reach(spec, golden, architecture)}"
        )
    best: _Found | None = None
    if architecture.uniform:
        for dx_bits in reversed(range(1, (len(bounds.low) - 1).bit_length())):
            found = _fit_segments(bounds, dx_bits, architecture.degree, best[0] if best else None)
            best = found or best
    else:
        best = _fit_segments(bounds, 0, 0, None)
    if best is None:  # two codes a segment always fit a line, one code always a constant
        raise AssertionError(f"no {architecture.name} for {spec}")
    _, terms, bias, shift = best
    return Design(
        spec=spec,
        architecture=architecture.name,
        fold=architecture.fold,
        terms=terms,
        bias=bias,
        shift=shift,
        line_shift=bounds.line_shift,
        line_drop=bounds.line_drop,
        offset=bounds.offset,
    )


# -- bounds ------------------------------------------------------------------------------------------------


def r_bounds(spec: Spec, golden: Golden, architecture: Architecture, guarantee: Guarantee) -> Bounds:
    """Take the guarantee's bounds on output codes through the architecture's fold to bounds on r.

    Raises:
        GelugenError: the fold needs scales whose ratio is a power of two.
    """
    low, high = golden.bounds(guarantee)
    real = golden.scaled / (1 << FRACTION)
    # Whatever lies past the ends is saturated.
    low = np.where(low <= spec.output.code_min, -_FREE, low)
    high = np.where(high >= spec.output.code_max, _FREE, high)
    if architecture.fold == "none":
        order = np.argsort(spec.input.codes() & ((1 << spec.input.bits) - 1))
        return Bounds(low[order], high[order], real[order] + spec.output.zero_point)
    ratio = Fraction(spec.input.scale) / Fraction(spec.output.scale)
    power = ratio.numerator.bit_length() - ratio.denominator.bit_length()
    if ratio != Fraction(2) ** power or abs(power) > spec.input.bits:
        raise GelugenError(
            f"architecture {architecture.name} needs an input scale that is the output scale times a power of "
            f"two, and {spec.input.scale!r} / {spec.output.scale!r} is not: take {architecture.name.removeprefix('residual-')}"
        )
    up, down, offset = max(power, 0), max(-power, 0), spec.output.zero_point
    half = 1 << down >> 1
    k = spec.input.codes() - spec.input.zero_point
    line = np.maximum(k, 0) << up
    # y = ((line - r) >> down) + offset lies in low .. high  <=>  r lies in r_low .. r_high
    r_low = np.where(high == _FREE, -_FREE, line - ((high - offset + 1) << down) + 1)
    r_high = np.where(low == -_FREE, _FREE, line - ((low - offset) << down))
    ideal = line - real * (1 << down) - half
    u = np.abs(k)
    size = int(u.max()) + 1
    joined_low, joined_high = np.full(size, -_FREE), np.full(size, _FREE)
    np.maximum.at(joined_low, u, r_low)
    np.minimum.at(joined_high, u, r_high)
    joined_ideal = np.zeros(size)
    order = np.argsort(k, kind="stable")[::-1]  # the negative code of a pair is written last: it never saturates
    joined_ideal[u[order]] = ideal[order]
    return Bounds(joined_low, joined_high, joined_ideal, -half, up, down, offset)


def _reach(spec: Spec, golden: Golden, architecture: Architecture) -> str:
    """The smallest N, to four decimals, for which the architecture keeps ulp:N."""
    low, high = 0, 10_000 << spec.output.bits
    while low < high:
        middle = (low + high) // 2
        bounds = r_bounds(spec, golden, architecture, Guarantee("ulp", Fraction(middle, 10_000)))
        if (bounds.low <= bounds.high).all():
            high = middle
        else:
            low = middle + 1
    return f"{low / 10_000:.4f}"


# -- segments ----------------------------------------------------------------------------------------------


class _Segments:
    """The bounds of all segments of one length, and the exact intervals of coefficients they leave."""

    def __init__(self, bounds: Bounds, dx_bits: int) -> None:
        length = 1 << dx_bits
        count = -(-len(bounds.low) // length)
        idle_fits = self._cut((bounds.low <= bounds.idle) & (bounds.idle <= bounds.high), count, length, True)
        needed = np.flatnonzero(~idle_fits.all(axis=1))
        self.depth = int(needed[-1]) + 1 if len(needed) else 0
        self.low = self._cut(bounds.low, count, length, -_FREE)[: self.depth]
        self.high = self._cut(bounds.high, count, length, _FREE)[: self.depth]
        self.ideal = self._cut(bounds.ideal, count, length, np.nan)[: self.depth]
        self.dx = np.arange(length, dtype=np.int64) - length // 2
        self.idle = bounds.idle
        width = np.where((self.low > -_FREE) & (self.high < _FREE), self.high - self.low + 1, 0)
        # How far above one unit of r the intercepts' grid may lie: a grid wider than every interval misses some.
        self.slack = int(width.max(initial=1)).bit_length() - 1

    @staticmethod
    def _cut(values: npt.NDArray[np.generic], count: int, length: int, fill: float) -> npt.NDArray[np.generic]:
        padded = np.full(count * length, fill, dtype=values.dtype)
        padded[: len(values)] = values
        return padded.reshape(count, length)

    def intercepts(self, shift: int, slope: Codes) -> _Interval:
        """For a slope a segment: the smallest and the largest intercept that keep every code inside."""
        rise = slope[:, None] * self.dx
        low = ((self.low << shift) - rise).max(axis=1)
        high = (((self.high + 1) << shift) - 1 - rise).min(axis=1)
        return low, high

    def slopes(self, shift: int) -> _Interval | None:
        """The feasible integer slopes of each segment, from .. to; None if a segment has none.

        The interval of intercepts is a concave function of the slope, so feasible slopes are neighbours: find
        the widest interval by its sign of growth, then both ends by bisection.
        """
        finite = np.where((self.low > -_FREE) & (self.high < _FREE), (self.low + self.high) // 2, 0)
        steepest = int(np.abs(np.diff(finite, axis=1)).max(initial=0)) + (2 << self.slack)
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


def _last(start: Codes, stop: Codes, holds: object) -> Codes:
    """For each segment the last integer of start .. stop at which a property holds that, once lost, stays lost."""
    low, high = start.copy(), stop.copy()
    assert callable(holds)
    while (low < high).any():
        middle = (low + high + 1) >> 1
        kept = holds(middle)
        low, high = np.where(kept, middle, low), np.where(kept, high, middle - 1)
    return low


@dataclass(frozen=True)
class _Choice:
    """The widths that one search step settled on, and the candidates from which each segment then chooses."""

    bits: int
    shift: int
    slope_kind: _Kind
    intercept_kind: _Kind
    drop: int
    bias: int
    tried: tuple[Codes, Codes, Codes]


def _fit_segments(
    bounds: Bounds, dx_bits: int, degree: int, limit: int | None
) -> _Found | None:
    """The fewest bits for one segment length; None if not below ``limit``."""
    segments = _Segments(bounds, dx_bits)
    if not segments.depth:
        return (0, (), bounds.idle, 0) if limit is None or limit > 0 else None
    # The value at dx = 0 is the intercept itself, so it has at least these bits.
    middle = segments.low[:, len(segments.dx) // 2]
    least = max((int((middle - segments.idle).max() - 1) >> segments.slack).bit_length(), 1)

    def hopeless(slope_width: int) -> bool:
        target = best.bits if best else limit
        return target is not None and segments.depth * (least + slope_width) >= target

    best: _Choice | None = None
    if hopeless(1 if degree else 0):
        return None
    for shift, slopes in _shifts(segments) if degree else [(0, None)]:
        narrowest = _width(slopes) if slopes else (0, False)
        if hopeless(narrowest[0]):
            break  # from here on each further bit of shift is a further bit of slope
        for kind in _kinds(narrowest) if degree else [(0, False)]:
            if not hopeless(kind[0]):
                tried = _candidates(segments, shift, slopes, kind)
                best = _intercept(segments, shift, kind, tried, best.bits if best else limit) or best
    if best is None:
        return None
    return best.bits, (_fill(segments, dx_bits, best),), best.bias, best.shift


def _shifts(segments: _Segments) -> Iterator[tuple[int, _Interval]]:
    """The shifts worth trying, from the smallest feasible one up, with the slopes that each leaves.

    What is feasible at a shift is so at the next one, with every coefficient doubled.
    """
    shift, above = 0, _LARGEST_SHIFT
    if segments.slopes(above) is None:
        return
    while shift < above:
        middle = (shift + above) // 2
        shift, above = (shift, middle) if segments.slopes(middle) else (middle + 1, above)
    for more in range(shift, min(shift + _MORE_SHIFTS, _LARGEST_SHIFT) + 1):
        slopes = segments.slopes(more)
        assert slopes is not None
        yield more, slopes


def _width(slopes: _Interval) -> _Kind:
    """The fewest bits, and whether signed, that hold one slope of each segment's interval."""
    start, to = slopes
    nearest = np.where(start > 0, start, np.where(to < 0, to, 0))
    if (nearest >= 0).all():
        return max(int(nearest.max()).bit_length(), 1), False
    return max(int(nearest.max()), int(-1 - nearest.min())).bit_length() + 1, True


def _kinds(narrowest: _Kind) -> Iterator[_Kind]:
    """Slope widths from the narrowest up: wider ones leave more choice to the intercepts."""
    width, signed = narrowest
    for more in range(3):
        yield width + more, signed
        if not signed:
            yield width + more + 1, True


def _candidates(
    segments: _Segments, shift: int, slopes: _Interval | None, kind: _Kind
) -> tuple[Codes, Codes, Codes]:
    """Slopes that fit a width, and their intervals of intercepts: three arrays (slope number, segment)."""
    if slopes is None:
        tried = np.zeros((1, segments.depth), dtype=np.int64)
    else:
        low, high = _range(kind)
        start, to = np.maximum(slopes[0], low), np.minimum(slopes[1], high)
        count = min(int((to - start).max()) + 1, _MOST_SLOPES)
        first = np.clip((start + to + 1) // 2 - count // 2, start, np.maximum(to - count + 1, start))
        tried = np.minimum(first + np.arange(count)[:, None], to)
    pairs = [segments.intercepts(shift, slope) for slope in tried]
    return tried, np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


def _intercept(
    segments: _Segments, shift: int, slope_kind: _Kind, tried: tuple[Codes, Codes, Codes], limit: int | None
) -> _Choice | None:
    """The narrowest intercepts: as many low bits dropped as the intervals allow, with the best phase.

    The phases that work with one more bit dropped are among those that work now, or those plus that bit.
    """
    _, low, high = tried
    base = segments.idle << shift
    phases, found = np.zeros(1, dtype=np.int64), []
    for drop in range(shift + segments.slack + 1):
        if drop and drop <= shift:
            phases = np.concatenate([phases, phases + (1 << drop - 1)])
        feasible = []
        for phase in phases.tolist():
            n_low, n_high = -((base + phase - low) >> drop), (high - base - phase) >> drop
            if (n_low <= n_high).any(axis=0).all():
                feasible.append(phase)
                found.append((_intercept_kind(n_low, n_high), drop, phase))
        if not feasible:
            break
        phases = np.array(feasible)[:: -(-len(feasible) // _MOST_PHASES)]
    kind, drop, phase = min(found, key=lambda each: (each[0][0], each[1]))
    bits = segments.depth * (slope_kind[0] + kind[0])
    if limit is not None and bits >= limit:
        return None
    return _Choice(bits, shift, slope_kind, kind, drop, base + phase, tried)


def _intercept_kind(n_low: Codes, n_high: Codes) -> _Kind:
    """The fewest bits, and whether signed, that hold one intercept of each segment."""
    huge, some = 1 << 62, n_low <= n_high
    least = np.where(some & (n_high >= 0), np.maximum(n_low, 0), huge).min(axis=0)
    unsigned = max(int(least.max()).bit_length(), 1)
    # In two's complement a negative n costs as much as -1 - n.
    cost = np.where(n_low > 0, n_low, np.where(n_high < 0, -1 - n_high, 0))
    signed = int(np.where(some, cost, huge).min(axis=0).max()).bit_length() + 1
    return (unsigned, False) if unsigned <= signed else (signed, True)


def _range(kind: _Kind) -> tuple[int, int]:
    width, signed = kind
    return (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)


def _fill(segments: _Segments, dx_bits: int, choice: _Choice) -> Term:
    """Of all coefficients that fit the settled widths, those with the smallest mean square error a segment."""
    shift, drop, bias = choice.shift, choice.drop, choice.bias
    tried, low, high = choice.tried
    smallest, largest = _range(choice.intercept_kind)
    n_low = np.maximum(-((bias - low) >> drop), smallest)
    n_high = np.minimum((high - bias) >> drop, largest)
    # r is a floor, so v aims half a unit of r above the ideal.
    goal = (segments.ideal + 0.5) * (1 << shift)
    bound = np.nan_to_num(goal)
    there = ~np.isnan(goal)
    best = np.full(segments.depth, np.inf)
    slope = np.zeros(segments.depth, dtype=np.int64)
    intercept = np.zeros(segments.depth, dtype=np.int64)
    for a, lowest, highest in zip(tried, n_low, n_high, strict=True):
        rest = np.where(there, bound - a[:, None] * segments.dx, 0)
        mean = rest.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        n = np.clip(np.rint((mean - bias) / (1 << drop)).astype(np.int64), lowest, highest)
        error = (np.where(there, rest - (bias + (n << drop))[:, None], 0) ** 2).sum(axis=1)
        better = (lowest <= highest) & (error < best)
        best, slope, intercept = (
            np.where(better, error, best),
            np.where(better, a, slope),
            np.where(better, n, intercept),
        )
    columns = [Coefficient(tuple(intercept.tolist()), *choice.intercept_kind, drop)]
    if choice.slope_kind[0]:
        columns.append(Coefficient(tuple(slope.tolist()), *choice.slope_kind))
    return Term(dx_bits, tuple(columns))
