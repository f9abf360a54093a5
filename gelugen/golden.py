"""Golden codes: for every input code the right output code, proven.

The real value is clamped to the output range and correctly rounded. One exact integer a code, the floor of
the value in units of 2^-32 ulp, is found in ball arithmetic; every rounding, bound and error follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from flint import arb, ctx

from gelugen.errors import GelugenError
from gelugen.formats import Codes, Format
from gelugen.functions import get_function, rational
from gelugen.spec import Guarantee, Spec

FRACTION = 32
"""Fraction bits of the scaled values: errors in ulp are known to 2^-32."""
_ONE = 1 << FRACTION
_FIRST_PRECISION, _LAST_PRECISION = 96, 4096


@dataclass(frozen=True, eq=False)
class Golden:
    """The truth about a Spec, over its 2**bits input codes from ``code_min`` up.

    Attributes:
        output: the output format.
        scaled: int64, floor(y / scale * 2^32) with y the real value clamped to the output range, seen from
            the zero point.
        exact: bool, whether that floor is the value itself.
        codes: int64, the correctly rounded output codes.
    """

    output: Format
    scaled: Codes
    exact: npt.NDArray[np.bool_]
    codes: Codes

    def bounds(self, guarantee: Guarantee | None) -> tuple[Codes, Codes]:
        """The smallest and the largest output code that keep a guarantee, for every input code.

        ``correct`` leaves the golden code alone; ``faithful`` those less than one ulp away; ``ulp:N`` those
        at most N ulp away (N is taken down to a multiple of 2^-32). Where nothing does, low > high.
        None leaves every code.
        """
        if guarantee is None:
            return np.full_like(self.codes, self.output.code_min), np.full_like(self.codes, self.output.code_max)
        if guarantee.kind == "correct":
            return self.codes, self.codes
        if guarantee.kind == "faithful":
            low = self.scaled >> FRACTION
            whole = self.exact & (self.scaled & (_ONE - 1) == 0)
            high = low + ~whole
        else:
            radius = int(guarantee.ulp * _ONE)
            low = -((radius - self.scaled - ~self.exact) >> FRACTION)
            high = (self.scaled + radius) >> FRACTION
        zero_point = self.output.zero_point
        return (
            np.maximum(low + zero_point, self.output.code_min),
            np.minimum(high + zero_point, self.output.code_max),
        )

    def error(self, codes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Signed errors in ulp of output codes, one for every input code: code minus real value, to 2^-32."""
        distance = ((np.asarray(codes, dtype=np.int64) - self.output.zero_point) << FRACTION) - self.scaled
        return np.asarray(distance, dtype=np.float64) / _ONE


@lru_cache(maxsize=8)
def golden(spec: Spec) -> Golden:
    """The golden codes of a spec.

    Raises:
        GelugenError: a value could not be rounded with 4,096 bits; the message names the code.
    """
    scaled, exact = _scaled_values(spec)
    low = (spec.output.code_min - spec.output.zero_point) << FRACTION
    high = (spec.output.code_max - spec.output.zero_point) << FRACTION
    outside = [value < low or value >= high for value in scaled]  # a floor at `high` is at or above it
    values = np.array([min(max(value, low), high) for value in scaled], dtype=np.int64)
    known = np.array(exact, dtype=np.bool_) | np.array(outside, dtype=np.bool_)
    codes = _round(values, known, spec.ties) + spec.output.zero_point
    for array in (values, known, codes):
        array.flags.writeable = False
    return Golden(spec.output, values, known, codes)


def _round(scaled: Codes, exact: npt.NDArray[np.bool_], ties: str) -> Codes:
    """Nearest integers of scaled values; exact halves go where ``ties`` says."""
    floor, rest = scaled >> FRACTION, scaled & (_ONE - 1)
    up = rest >= _ONE >> 1
    half = exact & (rest == _ONE >> 1)
    at_tie = {"even": floor & 1 == 1, "away": floor >= 0, "up": True, "down": False}[ties]
    return floor + np.where(half, at_tie, up)


def _scaled_values(spec: Spec) -> tuple[list[int], list[bool]]:
    """floor(f(x) / scale * 2^32) for every input code, and whether it is exact."""
    function = get_function(spec.function)
    folded = function.fold == "residual"
    x_step = Fraction(spec.input.scale)
    slope = x_step / Fraction(spec.output.scale) * _ONE  # of the line y = x, in scaled units a code
    scaled, exact = [], []
    cores: dict[int, arb] = {}  # keyed by |x|: under a fold two codes share one ball
    with ctx.workprec(_FIRST_PRECISION):
        unit, step = rational(_ONE / Fraction(spec.output.scale)), rational(x_step)
        for code in range(spec.input.code_min, spec.input.code_max + 1):
            offset = code - spec.input.zero_point
            argument = abs(offset) if folded else offset
            core = cores.get(argument)
            if core is None:
                core = function.core(argument * step) * unit
                core = cores[argument] = -core if folded else core
            # y = line + core, with the line's whole part taken out exactly
            line = offset * slope.numerator if folded and offset > 0 else 0
            whole, rest = divmod(line, slope.denominator)
            fraction = Fraction(rest, slope.denominator) if rest else None
            floor = _floor(fraction, core, function.positive and argument > 0)
            if floor is None:
                floor = _refine(spec, code, fraction)
            scaled.append(whole + floor)
            exact.append(not rest and core.is_exact() and core == floor)
    return scaled, exact


def _floor(rest: Fraction | None, value: arb, negative: bool) -> int | None:
    """floor(rest + value) if the ball proves it; ``negative``: value < 0 is known beside the ball."""
    floor = (value if rest is None else rational(rest) + value).floor().unique_fmpz()
    if floor is not None:
        return int(floor)
    if negative and rest is None and value > -1 and value < 1:
        return -1
    return None


def _refine(spec: Spec, code: int, rest: Fraction | None) -> int:
    """The same floor with more and more bits."""
    function = get_function(spec.function)
    x = (code - spec.input.zero_point) * Fraction(spec.input.scale)
    folded = function.fold == "residual"
    precision = 2 * _FIRST_PRECISION
    while precision <= _LAST_PRECISION:
        with ctx.workprec(precision):
            unit = rational(_ONE / Fraction(spec.output.scale))
            core = function.core(rational(abs(x) if folded else x)) * unit
            floor = _floor(rest, -core if folded else core, function.positive and x != 0)
        if floor is not None:
            return floor
        precision *= 2
    raise GelugenError(
        f"input code {code} of {spec.function} cannot be rounded with {_LAST_PRECISION} bits: "
        f"its value lies too close to a multiple of the output scale {spec.output.scale!r}"
    )
