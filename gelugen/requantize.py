"""A real factor as an integer multiplier and a shift: the last step of a gated unit.

A product p of two codes becomes

    sign(p) * ((|p| * multiplier + half) >> shift),   half = 2^shift / 2,

which is p * multiplier / 2^shift rounded half away from zero. The real factor is r. Rounding p * x depends on x only
through the numbers odd / (2p) that lie below x. So for all |p| up to a bound P, multiplier / 2^shift rounds as r does
exactly if it lies in [L, U): L is the largest odd / (2p) <= r with p <= P, and U the smallest one above r. These are
the fractions whose reduced denominator is even and at most 2P, and they are found by walking neighbours in the Farey
sequence of order 2P (Graham, Knuth, Patashnik, Concrete Mathematics, 4.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from gelugen.aims import Guarantee
from gelugen.errors import GelugenError

LARGEST_SHIFT = 61
LARGEST = 1 << 62
"""Nothing on the way reaches this, so that signed integers of 64 bits hold everything."""

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Products:
    """Which products occur, and how many codes the output has on both sides of its zero point.

    Attributes:
        low, high: the smallest and the largest product.
        below, above: how far the output reaches.
    """

    low: int
    high: int
    below: int
    above: int

    @property
    def largest(self) -> int:
        """The largest |p|."""
        return max(-self.low, self.high)

    @property
    def limit(self) -> int:
        """The largest magnitude of an output that some product may have."""
        return max(self.above if self.high > 0 else 0, self.below if self.low < 0 else 0)

    def unsaturated(self, factor: Fraction, before: Fraction) -> int:
        """The largest |p| that matters.

        From the first one on whose p * factor is at most ``before`` less than the output's limit, all of them saturate.
        """
        sides = ((self.high, self.above), (-self.low, self.below))
        return max(1, *(min(most, math.ceil((limit - before) / factor)) for most, limit in sides))


@dataclass(frozen=True)
class Interval:
    """Factors that keep a guarantee: from ``low`` to ``high``, which is one of them if ``closed``."""

    low: Fraction
    high: Fraction
    closed: bool

    def __contains__(self, factor: Fraction) -> bool:
        return self.low <= factor and (factor <= self.high if self.closed else factor < self.high)


def interval(factor: Fraction, products: Products, guarantee: Guarantee) -> Interval:
    """The factors that keep a guarantee of the product's rounding.

    ``correct``: every product rounds, half away from zero, as it does with the real factor. ``ulp:N``: the integer is
    at most N away from the real product, clamped to the output's range.
    """
    factor = min(factor, Fraction(max(products.limit, 1)))  # beyond, every product but 0 saturates
    if guarantee.kind == "correct":
        most = products.unsaturated(factor, HALF)
        return Interval(even_below(factor, 2 * most), even_above(factor, 2 * most), closed=False)
    most = products.unsaturated(factor, Fraction(0))
    slack = (guarantee.ulp - HALF) / most
    return Interval(factor - slack, factor + slack, closed=True)


def scaling(factor: Fraction, products: Products, guarantee: Guarantee) -> tuple[int, int]:
    """The multiplier of fewest bits that keeps a guarantee, and its smallest shift.

    Raises:
        GelugenError: it needs more than 63 bits.
    """
    good = interval(factor, products, guarantee)
    for shift in range(LARGEST_SHIFT + 1):
        # The smallest shift has the fewest bits: no multiplier gets smaller by a larger one.
        multiplier = max(1, math.ceil(good.low * 2**shift))
        if Fraction(multiplier, 1 << shift) in good:
            if not fits(products.largest, multiplier, shift):
                break
            return multiplier, shift
    raise GelugenError(
        f"requantize {guarantee} needs more than 63 bits here: ask for requantize {_reachable(factor, products)}"
    )


def fits(largest: int, multiplier: int, shift: int) -> bool:
    """Whether |p| * multiplier + half stays in 63 bits."""
    return largest * multiplier + (1 << shift >> 1) < LARGEST


def _reachable(factor: Fraction, products: Products) -> Guarantee:
    """A guarantee of the form ulp:0.5001 that fits."""
    factor = min(factor, Fraction(max(products.limit, 1)))
    for shift in reversed(range(LARGEST_SHIFT + 1)):
        multiplier = max(1, round(factor * 2**shift))
        if fits(products.largest, multiplier, shift):
            break
    beyond = abs(Fraction(multiplier, 1 << shift) - factor) * products.unsaturated(factor, Fraction(0))
    places = 1
    while Fraction(1, 10 ** (places + 1)) >= beyond and places < 4:
        places += 1
    return Guarantee("ulp", HALF + Fraction(max(1, math.ceil(beyond * 10**places)), 10**places))


# -- neighbours in the Farey sequence ------------------------------------------------------------------------


def even_below(value: Fraction, order: int) -> Fraction:
    """The largest fraction <= value whose reduced denominator is even and at most ``order``; 0 if none is positive."""
    return max(_walk(value, order, strict=False), Fraction(0))


def even_above(value: Fraction, order: int) -> Fraction:
    """The smallest fraction > value whose reduced denominator is even and at most ``order``."""
    mirror = math.floor(value) + 2
    return mirror - _walk(mirror - value, order, strict=True)


def _walk(value: Fraction, order: int, strict: bool) -> Fraction:
    """``even_below`` for any sign; ``strict``: < value.

    Two neighbours of the sequence give the next one down: (k * here - above) with k = (order + d_above) // d_here. Of
    neighbours with odd denominators there are long runs only where k = 2, and there all denominators differ by the same
    number: such a run is taken in one step. So the walk is short.
    """
    here = _floor(value, order, strict)
    n, d = here.numerator, here.denominator
    above_d = order - (order + pow(n, -1, d)) % d  # n_above * d - n * d_above = 1
    above_n = (1 + n * above_d) // d
    while d % 2:
        k = (order + above_d) // d
        next_n, next_d = k * n - above_n, k * d - above_d
        step_n, step_d = n - above_n, d - above_d
        run = 1
        if k == 2 and step_d > 0:
            run = (order - d) // step_d
        elif k == 2 and step_d < 0:
            run = max(1, (2 * d - order - step_d - 1) // (-2 * step_d))
        if run > 1 and next_d % 2:
            next_n, next_d = n + run * step_n, d + run * step_d
            above_n, above_d = next_n - step_n, next_d - step_d
        else:
            above_n, above_d = n, d
        n, d = next_n, next_d
    return Fraction(n, d)


def _floor(value: Fraction, order: int, strict: bool) -> Fraction:
    """The largest fraction <= value (< value if strict) with a denominator of at most ``order``."""
    n, d = value.numerator, value.denominator
    if d <= order:
        if not strict:
            return value
        low = order - (order - pow(n, -1, d)) % d  # n * d_low - n_low * d = 1
        return Fraction((n * low - 1) // d, low)
    before, here = (0, 1), (1, 0)
    while True:
        whole = n // d
        after = before[0] + whole * here[0], before[1] + whole * here[1]
        if after[1] > order:
            break
        before, here, n, d = here, after, d, n - whole * d
    steps = (order - before[1]) // here[1]
    between = Fraction(before[0] + steps * here[0], before[1] + steps * here[1])
    return min(between, Fraction(*here))
