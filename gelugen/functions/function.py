"""What a function is: an exact part and a ball, a fold, a domain, and what it tends to at both ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from flint import arb, ctx, fmpq

from gelugen.errors import GelugenError, short
from gelugen.formats import Format

Fold = Literal["none", "residual", "even", "odd", "complement"]
"""``residual``: f(x) = max(x, 0) - r(|x|), so that f(x) - f(-x) = x. ``even``: f(-x) = f(x). ``odd``: f(-x) = -f(x).
``complement``: f(-x) = 1 - f(x). ``none``: nothing is known."""

ROUGH = 96
"""Bits of the first try at every value."""


class Parts(NamedTuple):
    """A value as exact + rest.

    Attributes:
        exact: the rational part, such as the line that f approaches.
        rest: a ball around what is left; None if that is 0.
        sign: of the rest where it is known beside the ball, else 0. It settles a rest too small for any precision.
    """

    exact: fmpq
    rest: arb | None = None
    sign: int = 0


class Line(NamedTuple):
    """slope * x + intercept: what a function tends to at one end."""

    slope: fmpq
    intercept: fmpq

    def __str__(self) -> str:
        if not self.slope:
            return _rough(self.intercept)
        slope = {fmpq(1): "x", fmpq(-1): "-x"}.get(self.slope, f"{_rough(self.slope)} x")
        return (
            f"{slope} {'+' if self.intercept > 0 else '-'} {_rough(abs(self.intercept))}" if self.intercept else slope
        )


Domain = tuple[Fraction | None, Fraction | None]
"""The first and the last x; None where there is no end."""


@dataclass(frozen=True, eq=False)
class Function:
    """A real function.

    Attributes:
        name: the identity that every design name and manifest carries, with the parameters that are not the default.
        formula: the definition, in plain text.
        source: where the definition comes from.
        fold: the symmetry, from which f(-x) follows.
        parts: f at a rational x; of a function with a fold it is asked for x >= 0 only. A ball must keep its relative
            accuracy where the rest gets small.
        ends: the lines that f tends to at -infinity and at +infinity; None where there is none.
        domain: where f is defined.
        checks: pairs (x, f(x)) from outside gelugen, to 15 digits.
        accuracy: for a float function, what its author states; empty where balls enclose the truth.
        own: whether it is the user's.
    """

    name: str
    formula: str
    source: str
    fold: Fold
    parts: Callable[[fmpq], Parts]
    ends: tuple[Line | None, Line | None] = (None, None)
    domain: Domain = (None, None)
    checks: tuple[tuple[float, float], ...] = ()
    accuracy: str = ""
    own: bool = False

    def at(self, x: fmpq) -> Parts:
        """The value at any rational x of the domain."""
        if self.fold == "none" or x >= 0:
            return self.parts(x)
        return mirrored(self.fold, -x, self.parts(-x))

    def ball(self, x: Fraction) -> arb:
        """A ball around f(x), as small as flint's working precision makes it."""
        exact, rest, _ = self.at(fraction(x))
        return arb(exact) if rest is None else exact + rest

    def values(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The values at reals of any shape, as the nearest doubles but for a last bit.

        Raises:
            GelugenError: an x is no finite number, or outside the domain; or the function is not finite there.
        """
        reals = np.asarray(x, dtype=np.float64)
        if not np.isfinite(reals).all():
            raise GelugenError(f"x of {self.name} is {reals[~np.isfinite(reals)].flat[0]}: it must be a finite number")
        points = [Fraction(value) for value in reals.ravel().tolist()]
        if points:
            self.check_domain(min(points), max(points))
        with ctx.workprec(ROUGH):
            balls = [self.ball(point) for point in points]
        for point, ball in zip(points, balls, strict=True):
            if not ball.is_finite():
                raise self.not_finite(fraction(point))
        return np.array([float(ball) for ball in balls]).reshape(reals.shape)

    def range(self, input_format: Format) -> tuple[Fraction, Fraction]:
        """Bounds on the values over all codes of a format, wider than need be by at most the width of a ball.

        Balls have 96 bits; no bound lies past what the exact part and the sign give.

        Raises:
            GelugenError: a user's own function is not finite somewhere.
        """
        step = fraction(Fraction(input_format.scale))
        with ctx.workprec(ROUGH):
            points = [
                (code - input_format.zero_point) * step
                for code in range(input_format.code_min, input_format.code_max + 1)
            ]
            found = [self.at(x) for x in points]
            for x, parts in zip(points, found, strict=True):
                if parts.rest is not None and not parts.rest.is_finite():
                    raise self.not_finite(x)
            rough = [float(exact) if rest is None else float(exact + rest) for exact, rest, _ in found]
            least, greatest = min(rough), max(rough)
            near = 1e-9 * max(abs(least), abs(greatest))
            low = min(_end(parts, -1) for parts, value in zip(found, rough, strict=True) if value <= least + near)
            high = max(_end(parts, 1) for parts, value in zip(found, rough, strict=True) if value >= greatest - near)
        return low, high

    def not_finite(self, x: fmpq) -> GelugenError:
        """The refusal of an x at which there is no finite value."""
        return GelugenError(
            f"function {self.name} has no finite value at x = {shown(x)}: it must be defined on the whole input range, "
            f"or have a domain"
        )

    @property
    def is_rectifier(self) -> bool:
        """Whether f tends to 0 on the left and to x on the right, as a ReLU does."""
        return self.ends == (Line(fmpq(0), fmpq(0)), Line(fmpq(1), fmpq(0)))

    # -- domain --------------------------------------------------------------------------------------------

    @property
    def domain_text(self) -> str:
        """The domain in words; empty if it is all reals."""
        low, high = self.domain
        if low is not None and high is not None:
            return f"{decimal(low)} <= x <= {decimal(high)}"
        return f"x >= {decimal(low)}" if low is not None else f"x <= {decimal(high)}" if high is not None else ""

    def contains(self, low: Fraction, high: Fraction) -> bool:
        """Whether f is defined on low .. high."""
        return (self.domain[0] is None or self.domain[0] <= low) and (self.domain[1] is None or high <= self.domain[1])

    def check_domain(self, low: Fraction, high: Fraction) -> None:
        """Refuse what is outside the domain.

        Raises:
            GelugenError: low .. high leaves the domain.
        """
        if not self.contains(low, high):
            raise GelugenError(
                f"function {self.name} is defined for {self.domain_text}, and x goes from {float(low):.6g} to "
                f"{float(high):.6g}: say what it is outside (--outside clamp, or a number), or take another input"
            )

    def extended(self, outside: Fraction | None) -> Function:
        """The same function on all reals: outside the domain a number, or for None its value at the nearest end."""
        low, high = (None if end is None else fraction(end) for end in self.domain)

        def beyond(end: fmpq) -> Parts:
            return Parts(fraction(outside)) if outside is not None else self.at(end)

        def parts(x: fmpq) -> Parts:
            if low is not None and x < low:
                return beyond(low)
            if high is not None and x > high:
                return beyond(high)
            return self.at(x)

        def line(end: fmpq | None, own: Line | None) -> Line | None:
            if end is None:
                return own
            exact, rest, _ = beyond(end)
            return Line(fmpq(0), exact) if rest is None else None

        there = "its value at the nearest end" if outside is None else decimal(outside)
        return replace(
            self,
            formula=f"{self.formula} for {self.domain_text}, outside {there}",
            fold="none",
            parts=parts,
            ends=(line(low, self.ends[0]), line(high, self.ends[1])),
            domain=(None, None),
        )


def mirrored(fold: Fold, x: fmpq, parts: Parts) -> Parts:
    """f(-x) from f(x)."""
    exact, rest, sign = parts
    if fold == "even":
        return parts
    if fold == "residual":
        return Parts(exact - x, rest, sign)
    return Parts((1 if fold == "complement" else 0) - exact, None if rest is None else -rest, -sign)


def fraction(x: Fraction) -> fmpq:
    """A fraction as flint has it."""
    return fmpq(x.numerator, x.denominator)


def python_fraction(x: fmpq) -> Fraction:
    """A fraction as Python has it."""
    return Fraction(int(x.p), int(x.q))


def exact_value(ball: arb) -> fmpq:
    """The one number in an exact ball: a dyadic one."""
    mantissa, exponent = ball.man_exp()
    power = int(exponent)
    return fmpq(mantissa) * (fmpq(2) ** power if power >= 0 else fmpq(1, 2 ** (-power)))


def decimal(x: Fraction) -> str:
    """A short text that gives a fraction back: a decimal, a hexadecimal double, or p/q."""
    try:
        near = float(x)
    except OverflowError:
        near = math.inf
    if math.isfinite(near) and Fraction(repr(near)) == x:
        return repr(near).removesuffix(".0")
    digits = _terminating(x)
    if math.isfinite(near) and Fraction(near) == x and len(digits) > 40:
        return near.hex()
    return digits or f"{x.numerator}/{x.denominator}"


def _terminating(x: Fraction) -> str:
    """All digits of a decimal that ends; empty if it does not."""
    rest, powers = x.denominator, []
    for prime in (2, 5):
        powers.append(0)
        while rest % prime == 0:
            rest //= prime
            powers[-1] += 1
    if rest > 1:
        return ""
    places = max(powers)
    digits = f"{abs(x.numerator) * 10**places // x.denominator:0{places + 1}d}"
    point = len(digits) - places
    return f"{'-' if x < 0 else ''}{digits[:point]}{'.' if places else ''}{digits[point:]}"


def _rough(x: fmpq) -> str:
    """A rational for people, to 16 digits if it has many."""
    text = decimal(python_fraction(x))
    return text if len(text) <= 20 else f"{float(x):.16g}"


def _end(parts: Parts, side: int) -> Fraction:
    """The end of a value's ball on one side, but not past the exact part where the sign forbids it.

    What is below 2^-1000 in magnitude goes outwards to 0 or to that.
    """
    exact, rest, sign = parts
    if rest is None:
        return python_fraction(exact)
    end = rest.upper() if side > 0 else rest.lower()
    if (sign < 0 < end and side > 0) or (sign > 0 > end and side < 0):
        return python_fraction(exact)
    tiny = fmpq(1, 1 << 1000)
    if abs(end) < tiny:
        return python_fraction(exact + side * tiny if end * side > 0 else exact)
    return python_fraction(exact + exact_value(end))


def shown(x: fmpq) -> str:
    """A rational for a message."""
    return short(decimal(python_fraction(x))).strip("'")
