"""Where functions are compared: on a grid of reals, or at every code of a format."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.functions import Function, parse_number
from gelugen.functions.function import decimal

MOST = 1_000_000
"""Points of a grid: beyond, a comparison takes minutes and says no more."""
_FURTHEST = Fraction(1 << 64)


@dataclass(frozen=True, eq=False)
class Points:
    """Reals at which functions are compared.

    Attributes:
        text: what they are, in few words.
        x: float64, ascending.
        low, high: the range that they stand for; a table has its first and last knot there.
        step: their distance.
        input: the format whose codes they are, or None.
    """

    text: str
    x: npt.NDArray[np.float64]
    low: Fraction
    high: Fraction
    step: Fraction
    input: Format | None = None

    @property
    def arange(self) -> tuple[Fraction, Fraction, Fraction]:
        """Low, high and step of the ``numpy.arange`` that gives the same points."""
        if self.input is None:
            return self.low, self.high, self.step
        return self.low, self.high + self.step / 2, self.step

    def check(self, function: Function) -> None:
        """Refuse a function that is not defined on all of them.

        Raises:
            GelugenError: a point is outside its domain.
        """
        first, last = float(self.x[0]), float(self.x[-1])
        if not function.contains(Fraction(first), Fraction(last)):
            where = "take another input" if self.input else "take a --range inside"
            raise GelugenError(
                f"function {function.name} is defined for {function.domain_text}, and x goes from {first:.6g} to "
                f"{last:.6g}: {where}"
            )


def grid(low: object, high: object, step: object) -> Points:
    """The points of ``numpy.arange(low, high, step)``: the last one lies before ``high``.

    All three are numbers, or their text.

    Raises:
        GelugenError: one is no number; the range is empty; or the points are fewer than 2 or more than a million.
    """
    first, last = parse_number(low, "the lower end of range"), parse_number(high, "the upper end of range")
    width = parse_number(step, "step")
    if max(abs(first), abs(last)) > _FURTHEST:
        raise GelugenError(f"range {low},{high} is too wide: its ends must lie between -2^64 and 2^64")
    if first >= last:
        raise GelugenError(
            f"range {decimal(first)},{decimal(last)} is empty: the lower end must come first, as in --range=-10,10"
        )
    if width <= 0:
        raise GelugenError(f"step {decimal(width)} must be above 0, as in --step 0.001")
    count = math.ceil((last - first) / width)
    if count < 2:
        raise GelugenError(
            f"step {decimal(width)} leaves 1 point of the range {decimal(first)} to {decimal(last)}: it must be "
            f"smaller than the range"
        )
    if count > MOST:
        least = float((last - first) / MOST)
        raise GelugenError(
            f"step {step} gives more than {MOST:,} points on the range {decimal(first)} to {decimal(last)}: it must be "
            f"at least {least:.3g}"
        )
    x = np.arange(float(first), float(last), float(width))
    shown = ", ".join(repr(float(each)).removesuffix(".0") for each in (first, last, width))
    text = f"numpy.arange({shown}), {len(x):,} points"
    return Points(text, x, first, last, width)


def all_codes(input_format: Format) -> Points:
    """The reals of every code of a format."""
    x = input_format.dequantize(input_format.codes())
    text = f"all {len(x):,} codes of {input_format.describe()}"
    return Points(text, x, Fraction(float(x[0])), Fraction(float(x[-1])), Fraction(input_format.scale), input_format)
