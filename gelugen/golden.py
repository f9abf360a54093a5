"""Golden codes: for every input code the right output code, proven.

The real value is clamped to the output range and correctly rounded. One exact integer a code, the floor of
the value in units of 2^-32 ulp, is found in ball arithmetic; every rounding, bound and error follows from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from flint import arb, ctx, fmpq, fmpz

from gelugen.dialects.choice import EXACT, Choice
from gelugen.dialects.expressions import Expression
from gelugen.dialects.nodes import node_codes
from gelugen.errors import GelugenError
from gelugen.formats import Codes, Format, Ties
from gelugen.functions import Fold, Function, Parts
from gelugen.functions.function import exact_value, fraction, mirrored
from gelugen.functions.user import check_pure
from gelugen.spec import Guarantee, Spec

FRACTION = 32
"""Fraction bits of the scaled values: errors in ulp are known to 2^-32."""
_ONE = 1 << FRACTION
_FIRST_PRECISION, _LAST_PRECISION = 64, 4096
"""Bits of the first try, which leaves about one code in 2^16 to be refined, and of the last."""


@dataclass(frozen=True, eq=False)
class Golden:
    """The truth about a Spec, over its 2**bits input codes from ``code_min`` up.

    Attributes:
        output: the output format.
        scaled: int64, floor(y / scale * 2^32) with y the real value clamped to the output range, seen from
            the zero point.
        exact: bool, whether that floor is the value itself.
        codes: int64, the correctly rounded output codes.
        beyond: bool, whether y lies more than half an ulp outside the output range: the code saturates.
    """

    output: Format
    scaled: Codes
    exact: npt.NDArray[np.bool_]
    codes: Codes
    beyond: npt.NDArray[np.bool_]

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
        """Signed errors in ulp of output codes, one for every input code: code minus real value, to 2^-32.

        Where that would be a bound, a multiple of a half, which the error comes near and does not have, it is told from
        the middle of what it may be: a faithful design has no error of 1.
        """
        distance = ((np.asarray(codes, dtype=np.int64) - self.output.zero_point) << FRACTION) - self.scaled
        beside = ~self.exact & (distance & (_ONE >> 1) - 1 == 0) & (distance != 0)
        told: npt.NDArray[np.float64] = (distance - 0.5 * beside) / _ONE
        return told


def golden(spec: Spec) -> Golden:
    """The golden codes of a spec: correctly rounded, or those of the runtime whose dialect it names.

    Raises:
        GelugenError: a value could not be rounded with 4,096 bits, and the message names the code; a user's own
            function is not finite, raises, or is not pure; or a runtime does not compute the function.
    """
    if spec.dialect != EXACT:
        return _of_dialect(spec.dialect, spec.function, spec.expression, spec.input, spec.output)
    return golden_of(spec.definition, spec.input, spec.output, spec.ties)


@lru_cache(maxsize=8)
def _of_dialect(dialect: str, function: str, expression: str | None, input_format: Format, output: Format) -> Golden:
    """The codes of a runtime as the truth: every value is one of them, exactly."""
    if expression is None:
        codes = Choice.parse(dialect).codes(function, input_format, output)
    else:
        codes = node_codes(Expression.parse(expression), input_format, output)
    scaled = (codes - output.zero_point) << FRACTION
    whole, none = np.ones(len(codes), dtype=np.bool_), np.zeros(len(codes), dtype=np.bool_)
    for array in (codes, scaled, whole, none):
        array.flags.writeable = False
    return Golden(output, scaled, whole, codes, none)


def difference(spec: Spec) -> tuple[int, int]:
    """At how many codes a dialect differs from correct rounding, and by how many codes at most."""
    distance = np.abs(golden(spec).codes - golden_of(spec.definition, spec.input, spec.output).codes)
    return int(np.count_nonzero(distance)), int(distance.max())


@lru_cache(maxsize=8)
def golden_of(function: Function, input_format: Format, output: Format, ties: Ties = "even") -> Golden:
    """The golden codes of any function between two formats, which must lie in its domain.

    Raises:
        GelugenError: as ``golden``.
    """
    scaled, exact = _scaled_values(function, input_format, output)
    low = (output.code_min - output.zero_point) << FRACTION
    high = (output.code_max - output.zero_point) << FRACTION
    outside = [value < low or value >= high for value in scaled]  # a floor at `high` is at or above it
    values = np.array([min(max(value, low), high) for value in scaled], dtype=np.int64)
    known = np.array(exact, dtype=np.bool_) | np.array(outside, dtype=np.bool_)
    codes = _round(values, known, ties) + output.zero_point
    half = _ONE >> 1
    beyond = np.array(
        [
            value < low - half or value > high + half or (value == high + half and not whole)
            for value, whole in zip(scaled, exact, strict=True)
        ],
        dtype=np.bool_,
    )
    for array in (values, known, codes, beyond):
        array.flags.writeable = False
    return Golden(output, values, known, codes, beyond)


def _round(scaled: Codes, exact: npt.NDArray[np.bool_], ties: str) -> Codes:
    """Nearest integers of scaled values; exact halves go where ``ties`` says."""
    floor, rest = scaled >> FRACTION, scaled & (_ONE - 1)
    up = rest >= _ONE >> 1
    half = exact & (rest == _ONE >> 1)
    at_tie = {"even": floor & 1 == 1, "away": floor >= 0, "up": True, "down": False}[ties]
    return floor + np.where(half, at_tie, up)


def _scaled_values(function: Function, input_format: Format, output: Format) -> tuple[list[int], list[bool]]:
    """floor(f(x) / scale * 2^32) for every input code, and whether it is exact."""
    low, high = (end - input_format.zero_point for end in input_format.ends)
    offsets = range(low, high + 1)
    step = fraction(Fraction(input_format.scale))
    floors: dict[int, tuple[int, bool]] = {}
    with ctx.workprec(_FIRST_PRECISION):
        unit = _Unit.of(output)

        def settle(offset: int, parts: Parts) -> None:
            floors[offset] = unit.floor(parts) or _refine(function, input_format, output, offset)

        if function.fold == "none":
            points = [offset * step for offset in offsets]
            found = [function.parts(x) for x in points]
            if function.own:
                check_pure(function, points, found)
            for offset, parts in zip(offsets, found, strict=True):
                settle(offset, parts)
        else:  # both signs share one ball
            for offset in range(max(-low, high) + 1):
                x = offset * step
                parts = function.parts(x)
                if offset in offsets:
                    settle(offset, parts)
                if offset and -offset in offsets:
                    settle(-offset, mirrored(function.fold, x, parts))
    scaled, exact = zip(*(floors[offset] for offset in offsets), strict=True)
    return list(scaled), list(exact)


@dataclass(frozen=True)
class _Unit:
    """One over 2^-32 ulp of an output format: exact, and as a ball of the working precision."""

    exact: fmpq
    ball: arb

    @classmethod
    def of(cls, output: Format) -> _Unit:
        exact = fraction(_ONE / Fraction(output.scale))
        return cls(exact, arb(exact))

    def floor(self, parts: Parts) -> tuple[int, bool] | None:
        """The floor of a value in these units, and whether it is the value itself; None if no ball proves it."""
        exact, rest, sign = parts
        if rest is not None and rest.is_exact() and rest.is_finite():
            exact, rest = exact + exact_value(rest), None
        if rest is None:
            scaled = exact * self.exact
            floor = scaled.floor()
            return int(floor), bool(scaled == floor)
        value = rest * self.ball  # wider than rest, so that a ball that ends on an integer now reaches over it
        if not exact:
            whole, part = fmpz(0), exact
        else:
            scaled = exact * self.exact
            whole = scaled.floor()
            part = scaled - whole
        found = (value + part if part else value).floor().unique_fmpz()
        if found is not None:
            return int(whole + found), False
        if sign and not part and value > -1 and value < 1:
            return int(whole) - (sign < 0), False
        return None


def _refine(function: Function, input_format: Format, output: Format, offset: int) -> tuple[int, bool]:
    """The same floor with more and more bits, or from what the author of a float function states."""
    x = offset * fraction(Fraction(input_format.scale))
    precision = _FIRST_PRECISION
    while precision <= _LAST_PRECISION:
        with ctx.workprec(precision):
            unit, parts = _Unit.of(output), function.at(x)
            found = unit.floor(parts) or (_stated(output, unit, parts) if function.accuracy else None)
        if found:
            return found
        precision = 2 * precision if not function.accuracy else _LAST_PRECISION + 1
    what = f"input code {offset + input_format.zero_point} of {function.name} cannot be rounded"
    if parts.rest is not None and not parts.rest.is_finite():
        raise function.not_finite(x)
    if function.accuracy:
        raise GelugenError(
            f"{what}: its value is known to {function.accuracy} only, which reaches over the middle of two "
            f"output codes; state a better accuracy, or give the function on balls"
        )
    raise GelugenError(
        f"{what} with {_LAST_PRECISION} bits: its value lies too close to a multiple of the output scale "
        f"{output.scale!r}"
    )


def _stated(output: Format, unit: _Unit, parts: Parts) -> tuple[int, bool] | None:
    """The floor of a float function's own result, if its stated accuracy leaves one code that it is rounded to.

    A result half-way between two codes counts as exact. So does the code itself where the truth may be that code: then
    each guarantee holds on either side of it, and errors are known as the author states.
    """
    scaled = parts.exact * unit.exact
    low, high = ((end - output.zero_point) << FRACTION for end in output.ends)
    ball = arb(scaled) if parts.rest is None else scaled + parts.rest * unit.ball
    if ball >= high or ball <= low:
        return int(scaled.floor()), False
    halves = scaled / (_ONE >> 1)
    tie = halves.q == 1 and halves.p % 2 == 1
    place = ball / _ONE if tie else ball / _ONE + arb(0.5)
    code = place.floor().unique_fmpz()
    if code is None:
        return None
    if tie:
        return int(scaled), True
    return (int(code) * _ONE, True) if ball.contains(int(code) * _ONE) else (int(scaled.floor()), False)


def symmetry(spec: Spec) -> Fold:
    """The fold of a spec's function: that of the catalogue, or what the values over the codes show.

    A user's own function has the fold that holds, to 2^-31 ulp, wherever neither x nor -x saturates, at three x or
    more. Designs are held to both signs in any case: this only says what is worth a search.
    """
    function = spec.definition
    if function.fold != "none" or not function.own:
        return function.fold
    k = spec.input.codes() - spec.input.zero_point
    least = (spec.output.code_min - spec.output.zero_point) << FRACTION
    most = (spec.output.code_max - spec.output.zero_point) << FRACTION
    values = {
        offset: value
        for offset, value in zip(k.tolist(), golden(spec).scaled.tolist(), strict=True)
        if least < value < most
    }
    pairs = [(offset, value, values[-offset]) for offset, value in values.items() if offset > 0 and -offset in values]
    if len(pairs) < 3:
        return "none"
    one = Fraction(_ONE) / Fraction(spec.output.scale)
    line = one * Fraction(spec.input.scale)
    folds: dict[Fold, Callable[[int, int, int], Fraction]] = {
        "even": lambda _, right, left: Fraction(right - left),
        "odd": lambda _, right, left: Fraction(right + left),
        "complement": lambda _, right, left: right + left - one,
        "residual": lambda offset, right, left: right - left - offset * line,
    }
    for fold, distance in folds.items():
        if all(abs(distance(*pair)) <= 2 for pair in pairs):
            return fold
    return "none"
