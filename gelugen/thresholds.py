"""Where the codes of a format change: rounding to codes as comparisons alone.

Rounding is monotone, so the code of a real is the number of thresholds that do not exceed it. No division is left that
could round the wrong way, and each type of float has thresholds of its own.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gelugen.formats import Format, Ties, tie_step


def thresholds(form: Format, ties: Ties = "even") -> npt.NDArray[np.float64]:
    """The smallest double of every code but the first, ascending.

    ``form.quantize(x, ties)`` is ``form.code_min`` plus the number of thresholds that are at most x, for every double
    x but NaN, infinities included.

    Args:
        form: the format.
        ties: where a value exactly half-way between two codes goes.

    Returns:
        2**bits - 1 doubles.
    """
    numerator, denominator = Fraction(form.scale).as_integer_ratio()
    first = form.code_min - form.zero_point
    found = np.empty((1 << form.bits) - 1)
    for index in range(len(found)):
        floor = first + index
        exact = (2 * floor + 1) * numerator  # the boundary, in units of 1 / (2 * denominator)
        near = exact / (2 * denominator)  # correctly rounded
        found[index] = near
        if not _serves(near, exact, 2 * denominator, tie_step(floor, ties)):
            found[index] = np.nextafter(near, np.inf)
    return found


def _serves(near: float, exact: int, denominator: int, at_tie: int) -> bool:
    """Whether a double lies above the boundary, or on it where ties go up."""
    top, bottom = near.as_integer_ratio()
    difference = top * denominator - exact * bottom
    return difference > 0 or (difference == 0 and at_tie == 1)


def single(doubles: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The smallest float32 that is at least each double: the same thresholds for float32, float16 and bfloat16."""
    with np.errstate(over="ignore", under="ignore"):
        near = doubles.astype(np.float32)
        rounded: npt.NDArray[np.float32] = np.where(near < doubles, np.nextafter(near, np.float32(np.inf)), near)
    return rounded
