"""CMSIS-NN's 16-bit sigmoid and tanh (``arm_nn_activation_s16``).

The input scale is a power of two, ``2**(left_shift - 12)``; the output has 15 fraction bits. The kernel multiplies by
3, shifts by ``left_shift`` (to the right with rounding where it is negative) and interpolates the sigmoid table.

Source of the formulas: ARM-software/CMSIS-NN, ``Source/ActivationFunctions/arm_nn_activation_s16.c`` (V.2.0.0).
"""

from __future__ import annotations

from collections.abc import Callable

from gelugen.dialects import sigmoid_table
from gelugen.dialects.fixed_point import wrap16
from gelugen.dialects.operators import Call, Operator
from gelugen.errors import GelugenError
from gelugen.formats import Codes

VERSION = "CMSIS-NN arm_nn_activation_s16 V.2.0.0 (by its published source)"

LEAST_SHIFT, MOST_SHIFT = -12, 13


def left_shift(call: Call) -> int:
    """``12 + log2(input scale)``.

    Raises:
        GelugenError: the formats are not those of the kernel.
    """
    exponent = call.input.exponent
    if exponent is None or not LEAST_SHIFT <= 12 + exponent <= MOST_SHIFT:
        raise GelugenError(
            f"input scale {call.input.scale!r} must be a power of two "
            f"between 2**{LEAST_SHIFT - 12} and 2**{MOST_SHIFT - 12} for CMSIS-NN's {call.operator}"
        )
    if call.output.exponent != -15:
        raise GelugenError(f"output scale {call.output.scale!r} must be 2**-15 for CMSIS-NN's {call.operator}")
    for name, form in (("input", call.input), ("output", call.output)):
        if form.zero_point:
            raise GelugenError(f"{name} zero_point {form.zero_point} must be 0 for CMSIS-NN's {call.operator}")
    return 12 + exponent


def _run(function: Callable[[Codes], Codes]) -> Callable[[Call], Codes]:
    def run(call: Call) -> Codes:
        shift = left_shift(call)
        tripled = call.input.codes() * 3
        scaled = tripled << shift if shift >= 0 else (tripled + (1 << (-shift - 1))) >> -shift
        return wrap16(function(scaled))

    return run


OPERATORS = (
    Operator("sigmoid", _run(sigmoid_table.logistic), ("int16",), {}),
    Operator("tanh", _run(sigmoid_table.tanh), ("int16",), {}),
)
