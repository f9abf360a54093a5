"""Integer fixed-point arithmetic of gemmlowp, which LiteRT's kernels are written in.

A raw value of ``w`` bits with ``i`` integer bits stands for ``raw / 2**(w - 1 - i)``. Everything here works on int64
arrays; where the original wraps at 16 bits, so does this.

Source of the formulas: gemmlowp, ``fixedpoint/fixedpoint.h`` (rounding, exp, logistic, tanh), and TensorFlow Lite,
``kernels/internal/common.h`` and ``quantization_util.cc`` (multipliers).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gelugen.formats import Codes

Raw = npt.NDArray[np.int64]


def wrap16(x: Raw) -> Raw:
    """The low 16 bits as a signed number."""
    return ((x + 0x8000) & 0xFFFF) - 0x8000


def saturate_to(x: Raw, bits: int) -> Raw:
    """Clamp to a signed integer of ``bits`` bits."""
    clipped: Raw = np.clip(x, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return clipped


def divide_toward_zero(x: Raw, shift: int) -> Raw:
    """``x / 2**shift``, truncated as C's integer division does."""
    quotient: Raw = np.sign(x) * (np.abs(x) >> shift)
    return quotient


def rounding_doubling_high_mul(a: Raw, b: Raw | int, bits: int) -> Raw:
    """``a * b / 2**(bits - 1)`` to nearest: halves go up, and only (minimum, minimum) saturates."""
    product = a * np.int64(b) if isinstance(b, int) else a * b
    half = 1 << (bits - 2)
    nudged: Raw = product + np.where(product >= 0, half, 1 - half)
    return saturate_to(divide_toward_zero(nudged, bits - 1), bits)


def rounding_divide_by_power_of_two(x: Raw, exponent: int, bits: int = 32) -> Raw:
    """``x / 2**exponent`` to nearest, halves away from zero.

    From an exponent of ``bits`` on the original's mask overflows to -1, and the result is 1 for x >= 0, else -1.
    """
    if exponent == 0:
        return x
    mask = (1 << exponent) - 1 if exponent < bits else -1
    return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0))


def saturating_left_shift(x: Raw, exponent: int) -> Raw:
    """``x * 2**exponent`` in 16 bits, saturated."""
    return saturate_to(x << exponent, 16)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A real factor as ``(multiplier, shift)``: ``real ~ multiplier * 2**(shift - 31)``, 30 bits and up."""
    if real == 0.0:
        return 0, 0
    mantissa, shift = math.frexp(real)
    scaled = mantissa * (1 << 31)
    fixed = math.floor(abs(scaled) + 0.5) * (1 if scaled > 0 else -1)
    if fixed == 1 << 31:
        fixed, shift = fixed // 2, shift + 1
    return (fixed, shift) if shift >= -31 else (0, 0)


def multiply_by_quantized_multiplier(x: Codes, multiplier: int, shift: int) -> Raw:
    """``x * multiplier * 2**(shift - 31)`` in 32 bits, rounded twice: by the high multiplication, then by the shift."""
    wrapped = (((x << max(shift, 0)) + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    return rounding_divide_by_power_of_two(rounding_doubling_high_mul(wrapped, multiplier, 32), max(-shift, 0))


# -- functions of 16-bit fixed point -----------------------------------------------------------------------------------

_ONE = (1 << 15) - 1


def _mul(a: Raw, b: Raw | int) -> Raw:
    return rounding_doubling_high_mul(a, b, 16)


def _constant(raw32: int) -> int:
    """A constant given with 32 bits, in 16."""
    return int(rounding_divide_by_power_of_two(np.array([raw32]), 16)[0])


def _exp_near_zero(a: Raw) -> Raw:
    """``exp(a)`` for a in [-1/4, 0), no integer bits: Taylor's series about -1/8, to the fourth power."""
    x = wrap16(a + (1 << 12))
    x2 = _mul(x, x)
    x3 = _mul(x2, x)
    x4 = _mul(x2, x2)
    quarter = rounding_divide_by_power_of_two(x4, 2)
    higher = rounding_divide_by_power_of_two(wrap16(_mul(wrap16(quarter + x3), _constant(715827883)) + x2), 1)
    centre = _constant(1895147668)  # exp(-1/8)
    return saturate_to(centre + _mul(wrap16(x + higher), centre), 16)


def exp_on_negative(a: Raw, integer_bits: int) -> Raw:
    """``exp(a)`` for a <= 0, with no integer bits: of the last quarter by series, of the rest by one factor a bit."""
    fraction_bits = 15 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    near = (a & (quarter - 1)) - quarter
    result = _exp_near_zero(saturating_left_shift(near, integer_bits))
    remainder = wrap16(near - a)
    factors = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)  # exp(-2**-2), exp(-2**-1), ...
    for exponent, factor in enumerate(factors, start=-2):
        if integer_bits > exponent:
            has = (remainder >> (fraction_bits + exponent)) & 1
            result = np.where(has == 1, _mul(result, _constant(factor)), result)
    return np.where(a == 0, _ONE, result)


def _reciprocal_of_half_sum(a: Raw) -> Raw:
    """``2 / (1 + a)`` for a in [0, 1], two integer bits: three steps of Newton and Raphson."""
    total = a + _ONE
    half = divide_toward_zero(total + np.where(total >= 0, 1, -1), 1)
    x = wrap16(_constant(1515870810) + _mul(half, _constant(-1010580540)))  # 48/17 - 32/17 * half
    for _ in range(3):
        error = wrap16((1 << 13) - _mul(half, x))
        x = wrap16(x + saturating_left_shift(_mul(x, error), 2))
    return x


def logistic(a: Raw, integer_bits: int = 3) -> Raw:
    """``1 / (1 + exp(-a))`` with no integer bits."""
    magnitude = np.where(a > 0, a, wrap16(-a))
    positive = saturating_left_shift(_reciprocal_of_half_sum(exp_on_negative(wrap16(-magnitude), integer_bits)), 1)
    return np.where(a == 0, 1 << 14, np.where(a > 0, positive, wrap16(_ONE - positive)))


def tanh(a: Raw, integer_bits: int = 3) -> Raw:
    """``tanh(a)`` with no integer bits, by exp(-2|a|)."""
    negative = np.where(a < 0, a, wrap16(-a))
    shrunk = exp_on_negative(negative, integer_bits + 1)
    value = saturating_left_shift(wrap16(_reciprocal_of_half_sum(shrunk) - (1 << 13)), 2)
    return np.where(a == 0, 0, np.where(a < 0, wrap16(-value), value))
