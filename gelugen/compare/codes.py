"""How many codes differ between functions that are quantized alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq

from gelugen.compare.approximations import Approximation
from gelugen.formats import Codes, Format
from gelugen.functions.function import fraction
from gelugen.spec import Spec


@dataclass(frozen=True)
class Change:
    """How two lists of codes differ.

    Attributes:
        codes: the number of input codes whose output codes differ.
        largest: the largest distance between them, in codes.
    """

    codes: int
    largest: int

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)


def codes_of(approximation: Approximation, input_format: Format, output: Format) -> Codes:
    """The golden codes of an approximation, over all input codes from ``code_min`` up."""
    if not approximation.rational:
        return Spec(approximation.function, input_format, output).golden().codes
    step, unit = fraction(Fraction(input_format.scale)), fraction(1 / Fraction(output.scale))
    rounded = [
        _nearest(approximation.function.parts((code - input_format.zero_point) * step).exact * unit)
        for code in range(input_format.code_min, input_format.code_max + 1)
    ]
    low, high = (end - output.zero_point for end in output.ends)
    return np.array([min(max(each, low), high) for each in rounded], dtype=np.int64) + output.zero_point


def change(one: Codes, other: Codes) -> Change:
    """How two lists of codes differ."""
    distance = np.abs(one - other)
    return Change(int(np.count_nonzero(distance)), int(distance.max()))


def _nearest(value: fmpq) -> int:
    """The nearest integer; ties go to the even one."""
    floor = int(value.floor())
    twice = 2 * (value - floor)
    return floor + (floor & 1 if twice == 1 else int(twice > 1))
