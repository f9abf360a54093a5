"""What a guarantee leaves of r, the value of the terms after the shift, for every u."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gelugen.architectures import Architecture
from gelugen.errors import GelugenError
from gelugen.formats import Codes
from gelugen.golden import FRACTION, Golden
from gelugen.spec import Guarantee, Spec

FREE = 1 << 40
"""A bound that does not bind: past every value of r, and small enough to be shifted by 20 within 63 bits."""
_LARGEST_POWER = 16


@dataclass(frozen=True)
class Bounds:
    """What the guarantee leaves of r, for every u from 0.

    Attributes:
        low, high: int64, the smallest and largest r; -FREE and FREE where nothing binds.
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


def r_bounds(spec: Spec, golden: Golden, architecture: Architecture, guarantee: Guarantee) -> Bounds:
    """Take the guarantee's bounds on output codes through the architecture's fold to bounds on r.

    Raises:
        GelugenError: the fold needs scales whose ratio is a power of two.
    """
    low, high = golden.bounds(guarantee)
    real = golden.scaled / (1 << FRACTION)
    # Whatever lies past the ends is saturated.
    low = np.where(low <= spec.output.code_min, -FREE, low)
    high = np.where(high >= spec.output.code_max, FREE, high)
    if architecture.fold == "none":
        order = np.argsort(spec.input.codes() & ((1 << spec.input.bits) - 1))
        return Bounds(low[order], high[order], real[order] + spec.output.zero_point)
    ratio = Fraction(spec.input.scale) / Fraction(spec.output.scale)
    power = ratio.numerator.bit_length() - ratio.denominator.bit_length()
    if ratio != Fraction(2) ** power or abs(power) > _LARGEST_POWER:
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
    ideal = line - real * (1 << down) - half
    u = np.abs(k)
    size = int(u.max()) + 1
    joined_low, joined_high = np.full(size, -FREE), np.full(size, FREE)
    np.maximum.at(joined_low, u, r_low)
    np.minimum.at(joined_high, u, r_high)
    joined_ideal = np.zeros(size)
    order = np.argsort(k, kind="stable")[::-1]  # the negative code of a pair is written last: it never saturates
    joined_ideal[u[order]] = ideal[order]
    return Bounds(joined_low, joined_high, joined_ideal, -half, up, down, offset)


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
