"""What a guarantee leaves of r, the value of the terms after the shift, for every u."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gelugen.architectures import Architecture
from gelugen.errors import GelugenError
from gelugen.formats import Codes
from gelugen.functions import Fold
from gelugen.golden import FRACTION, Golden
from gelugen.spec import Guarantee, Spec

FREE = 1 << 40
"""A bound that does not bind: past every value of r, and small enough to be shifted by 20 within 63 bits."""
_LARGEST_POWER = 16

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """What the guarantee leaves of r, for every u from 0.

    Attributes:
        low, high: int64, the smallest and largest r; -FREE and FREE where nothing binds.
        ideal: float64, the real value of r, seen from the middle of its rounding interval.
        idle: the r that a zero word gives: minus the rounding constant of ``line_drop``.
        line_shift, line_drop, offset, one, first: as in Design.
    """

    low: Codes
    high: Codes
    ideal: npt.NDArray[np.float64]
    idle: int = 0
    line_shift: int = 0
    line_drop: int = 0
    offset: int = 0
    one: int = 0
    first: int = 0


def r_bounds(spec: Spec, golden: Golden, architecture: Architecture, guarantee: Guarantee, first: int = 0) -> Bounds:
    """Take the guarantee's bounds on output codes through the architecture's fold to bounds on r.

    ``first`` is what u and a negative k add up to, where there is a fold: 0, or -1 for one's complement.

    Raises:
        GelugenError: the fold needs scales whose ratio is a power of two.
    """
    low, high = golden.bounds(guarantee)
    real = golden.scaled / (1 << FRACTION)
    if not architecture.codes:  # whatever lies past the ends is saturated
        low = np.where(low <= spec.output.code_min, -FREE, low)
        high = np.where(high >= spec.output.code_max, FREE, high)
    if architecture.fold == "none":
        first = spec.input.code_min if architecture.codes else spec.first_code
        order = np.argsort((spec.input.codes() - first) & ((1 << spec.input.bits) - 1))
        return Bounds(low[order], high[order], real[order] + spec.output.zero_point, first=first)
    if architecture.fold == "residual":
        return _residual(spec, architecture, low, high, real, first)
    return _symmetric(spec, architecture, low, high, real, first)


def commensurate(spec: Spec, fold: Fold) -> bool:
    """Whether the formats allow a fold: the residual's line, or the complement's one, must lie on the output's grid."""
    return {"residual": _power(spec) is not None, "complement": bool(_unit(spec))}.get(fold, True)


def _power(spec: Spec) -> int | None:
    """The p for which the input's scale is 2^p times the output's; None if there is none."""
    ratio = Fraction(spec.input.scale) / Fraction(spec.output.scale)
    power = ratio.numerator.bit_length() - ratio.denominator.bit_length()
    return power if ratio == Fraction(2) ** power and abs(power) <= _LARGEST_POWER else None


def _unit(spec: Spec) -> int:
    """The output code of 1 where it is whole, else 0."""
    unit = 1 / Fraction(spec.output.scale)
    return int(unit) if unit.denominator == 1 and unit < FREE else 0


def _residual(spec: Spec, architecture: Architecture, low: Codes, high: Codes, real: Reals, first: int) -> Bounds:
    """Bounds on r = (line << line_shift) - y, with both signs of a code together."""
    power = _power(spec)
    if power is None:
        raise GelugenError(
            f"architecture {architecture.name} needs an input scale that is the output scale times a power of two "
            f"(2^-{_LARGEST_POWER} to 2^{_LARGEST_POWER}), and {spec.input.scale!r} / {spec.output.scale!r} is none: "
            f"take {architecture.name.removeprefix('residual-')}"
        )
    up, down, offset = max(power, 0), max(-power, 0), spec.output.zero_point
    half = 1 << down >> 1
    k = spec.input.codes() - spec.input.zero_point
    line = np.maximum(k, 0) << up
    # y = ((line - r) >> down) + offset lies in low .. high  <=>  r lies in r_low .. r_high
    r_low = np.where(high == FREE, -FREE, line - ((high - offset + 1) << down) + 1)
    r_high = np.where(low == -FREE, FREE, line - ((low - offset) << down))
    joined = _joined(k, first, r_low, r_high, line - real * (1 << down) - half)
    return Bounds(*joined, -half, up, down, offset, first=first)


def _symmetric(spec: Spec, architecture: Architecture, low: Codes, high: Codes, real: Reals, first: int) -> Bounds:
    """Bounds on r where y = r + offset for k >= 0, and r, -r or one - r plus offset for a negative k."""
    offset, fold = spec.output.zero_point, architecture.fold
    one = 0
    if fold == "complement":
        one = _unit(spec)
        if not one:
            raise GelugenError(
                f"architecture {architecture.name} needs an output scale that is one over a whole number, and "
                f"{spec.output.scale!r} is none: take {architecture.name.removeprefix('complement-')}"
            )
    k = spec.input.codes() - spec.input.zero_point
    turned = (k < 0) & (fold != "even")
    # A bound that does not bind stays where it is, or changes sides.
    r_low = np.where(low == -FREE, -FREE, low - offset)
    r_high = np.where(high == FREE, FREE, high - offset)
    turned_low = np.where(high == FREE, -FREE, one - (high - offset))
    turned_high = np.where(low == -FREE, FREE, one - (low - offset))
    joined = _joined(
        k,
        first,
        np.where(turned, turned_low, r_low),
        np.where(turned, turned_high, r_high),
        np.where(turned, one - real, real),
    )
    return Bounds(*joined, 0, 0, 0, offset, one, first)


def rested(bounds: Bounds) -> Bounds:
    """The same bounds with another idle value, where the idle one does not serve the last u.

    It is the one that serves the most codes at the end, one after the other, and is nearest to the old one.
    """
    if bounds.low[-1] <= bounds.idle <= bounds.high[-1]:
        return bounds
    low, high = np.maximum.accumulate(bounds.low[::-1]), np.minimum.accumulate(bounds.high[::-1])
    served = int((low <= high).sum())
    return replace(bounds, idle=int(np.clip(bounds.idle, low[served - 1], high[served - 1])))


def _joined(k: Codes, first: int, low: Codes, high: Codes, ideal: Reals) -> tuple[Codes, Codes, Reals]:
    """Bounds and ideal values for every u: both signs must agree."""
    u = np.where(k < 0, first - k, k)
    size = int(u.max()) + 1
    joined_low, joined_high = np.full(size, -FREE), np.full(size, FREE)
    np.maximum.at(joined_low, u, low)
    np.minimum.at(joined_high, u, high)
    joined_ideal = np.zeros(size)
    order = np.argsort(k, kind="stable")[::-1]  # the negative code of a pair is written last: it never saturates
    joined_ideal[u[order]] = ideal[order]
    return joined_low, joined_high, joined_ideal


def reach(spec: Spec, golden: Golden, architecture: Architecture) -> str:
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
