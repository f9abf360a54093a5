"""LiteRT's default CPU delegate, XNNPACK, where its codes differ from the built-in kernels': 8 bits only.

LiteRT's interpreter uses it unless told not to. It takes LOGISTIC, TANH, ELU (tables filled in float32,
``round(f(x) * (1 / so) + zo)``, halves to even after the zero point is added) and LEAKY_RELU (integer multipliers of 8
fraction bits). GELU, HARD_SWISH and all 16-bit operators stay with the built-in kernels.

Found by comparison with ``ai-edge-litert`` 2.3.0: of several ways to write the sigmoid, this one and this rounding fit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gelugen.dialects.elementary import Elementary, library
from gelugen.dialects.float32 import F32, dequantize, f32, saturate
from gelugen.dialects.operators import Call
from gelugen.formats import Codes


def logistic(x: F32, c: Elementary) -> F32:
    """``exp(-|x|) / (1 + exp(-|x|))``, and for x > 0 one less that."""
    shrunk = c.exp(-np.abs(x))
    tail = shrunk / (f32(1) + shrunk)
    result: F32 = np.where(x > 0, f32(1) - tail, tail)
    return result


def table_codes(transform: Callable[[F32, Elementary], F32], call: Call) -> Codes:
    """A table of 256, in the order of the codes."""
    source, target = call.input, call.output
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        values = transform(dequantize(source.codes(), source), library(call.text("libm")))
        shifted = values * (f32(1) / f32(target.scale)) + f32(target.zero_point)
    return saturate(np.rint(shifted), target, 0)


def leaky_relu(call: Call) -> Codes | None:
    """LEAKY_RELU, or None where XNNPACK leaves it to the built-in kernel: a ratio below 2**-8 or above 2**7."""
    source, target = call.input, call.output
    with np.errstate(over="ignore", under="ignore"):
        ratio = f32(source.scale) / f32(target.scale)
        slope = ratio * f32(call.number("alpha"))
    least, most = f32(2.0**-8), f32(2.0**7)
    if not (least <= ratio <= most and least <= abs(slope) and f32(-127.99609375) <= slope <= most):
        return None
    x = source.codes() - source.zero_point
    multiplier = np.where(x >= 0, int(np.rint(f32(256) * ratio)), int(np.rint(f32(256) * slope)))
    return target.saturate(((x * multiplier + 128) >> 8) + target.zero_point)
