"""Float32 arithmetic as kernels do it: fused multiply-add, Horner, rounding, quantizing.

NumPy rounds every float32 operation to nearest even, as SSE, AVX and NEON do. Two things it lacks are here: the fused
multiply-add, and the float32 results of elementary functions without calling the platform's own C library.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gelugen.formats import Codes, Format

F32 = npt.NDArray[np.float32]
"""An array of float32, of any shape."""

f32 = np.float32


def fma(a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> F32:
    """``a * b + c``, rounded once to float32.

    The product of two float32 is exact in float64. The sum is rounded to odd there (Boldo and Melquiond, "Emulation of
    FMA and correctly rounded sums", 2008), so that the second rounding, to float32, cannot double the error.
    """
    x, y, z = (np.asarray(v, dtype=f32).astype(np.float64) for v in (a, b, c))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        product = x * y
        total = np.atleast_1d(product + z)
        back = total - product
        rest = (product - (total - back)) + (z - back)
        bits = total.view(np.int64)
        inexact_even = (rest != 0) & ((bits & 1) == 0) & np.isfinite(total)
        bits = bits + np.where(inexact_even, np.where((rest > 0) == (total > 0), 1, -1), 0)
        rounded: F32 = bits.view(np.float64).astype(f32).reshape(np.shape(product + z))
    return rounded


def multiply_add(a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> F32:
    """``a * b + c``, rounded twice: the product first, then the sum."""
    result: F32 = np.asarray(a, dtype=f32) * np.asarray(b, dtype=f32) + np.asarray(c, dtype=f32)
    return result


def horner(x: F32, coefficients: Sequence[float], *, fused: bool) -> F32:
    """A polynomial at ``x`` by Horner's rule, highest coefficient first, each rounded to float32."""
    step = fma if fused else multiply_add
    result = np.full_like(x, f32(coefficients[0]))
    for coefficient in coefficients[1:]:
        result = step(result, x, f32(coefficient))
    return result


def scale_by_power_of_two(x: F32, exponent: npt.ArrayLike) -> F32:
    """``x * 2**exponent``, rounded once (also into the subnormals)."""
    scaled: F32 = np.ldexp(x, np.asarray(exponent).astype(np.int32))
    return scaled


def round_half_away(x: F32) -> F32:
    """C's ``roundf``: the nearest integer, halves away from zero."""
    whole = np.trunc(x)
    rounded: F32 = np.where(np.abs(x - whole) >= 0.5, whole + np.copysign(f32(1), x), whole).astype(f32)
    return rounded


def dequantize(codes: Codes, form: Format) -> F32:
    """``scale * (code - zero_point)`` in float32, as LiteRT and ONNX Runtime do it."""
    reals: F32 = f32(form.scale) * (codes - form.zero_point).astype(f32)
    return reals


def saturate(rounded: npt.NDArray[np.floating], form: Format, zero_point: int) -> Codes:
    """The codes of already rounded values, with the zero point added as an integer; what is too large saturates."""
    beyond = float(1 << 20)  # past every code of 16 bits, with any zero point
    return form.saturate(np.clip(rounded, -beyond, beyond).astype(np.int64) + zero_point)
