"""PyTorch eager mode on x86-64: ``torch.nn.functional.gelu`` of a quantized tensor (the ``quantized_cpu`` kernel).

``x = si * q - si * zi`` by one fused multiply-add; ``out = clamp(round(f(x) * (1 / so)) + zo)``, halves to even. On
AVX2 and AVX-512 erf is Abramowitz and Stegun's 7.1.26, good to 6e-7 only, and exp and tanh are SLEEF's; tanh is taken
as correctly rounded here (SLEEF's differs in one argument of some thousands, by one unit in the last place). The
kernel keeps scale and zero point, so another output format is refused.

Source of the formulas: pytorch/pytorch, ``aten/src/ATen/native/quantized/cpu/kernels/QuantizedOpKernels.cpp`` and
``aten/src/ATen/cpu/vec/vec512/vec512_float.h``; SLEEF, ``Sleef_expf_u10``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gelugen.dialects.elementary import ROUNDED
from gelugen.dialects.float32 import F32, f32, fma, horner, saturate, scale_by_power_of_two
from gelugen.dialects.operators import Call, Operator
from gelugen.errors import GelugenError
from gelugen.formats import Codes

VERSION = "torch 2.13.0+cpu"

Real = Callable[[F32], F32]

_EXP = (
    *(0.000198527617612853646278381, 0.00139304355252534151077271, 0.00833336077630519866943359),
    *(0.0416664853692054748535156, 0.166666671633720397949219, 0.5),
)
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)


def exp(x: F32) -> F32:
    """SLEEF's ``expf`` (1.0 ulp) with fused multiply-adds."""
    whole = np.rint(x * f32(1.442695040888963407))
    rest = fma(whole, f32(-1.428606765330187045e-06), fma(whole, f32(-0.693145751953125), x))
    value = f32(1) + fma(rest * rest, horner(rest, _EXP, fused=True), rest)
    limited: F32 = np.where(x < f32(-104), f32(0), scale_by_power_of_two(value, np.maximum(whole, f32(-200))))
    return limited


def erf(x: F32) -> F32:
    """Abramowitz and Stegun, 7.1.26: ``1 - t * p(t) * exp(-x * x)``, ``t = 1 / (1 + 0.3275911 * |x|)``."""
    one = f32(1)
    t = one / fma(f32(0.3275911), np.abs(x), one)
    value: F32 = np.copysign(one, x) * fma(-exp(-(x * x)) * t, horner(t, _ERF, fused=True), one)
    return value


def tanh(x: F32) -> F32:
    """Correctly rounded, but 1 from 8.664339742 on, as SLEEF's ``tanhf`` is."""
    value: F32 = np.where(np.abs(x) > f32(8.664339742), np.copysign(f32(1), x), ROUNDED.tanh(x)).astype(f32)
    return value


def _gelu(x: F32, erf_of: Real) -> F32:
    value: F32 = (x * f32(0.5)) * (f32(1) + erf_of(x * f32(math.sqrt(0.5))))
    return value


def _gelu_tanh(x: F32) -> F32:
    inner = f32(math.sqrt(2 / math.pi)) * fma(f32(0.044715), x * x * x, x)  # the compiler fuses these two
    value: F32 = (f32(0.5) * x) * (f32(1) + tanh(inner))
    return value


def gelu(call: Call) -> Codes:
    """GELU by erf."""
    return _quantized(call, lambda x: _gelu(x, erf))


def gelu_tanh(call: Call) -> Codes:
    """GELU by tanh."""
    return _quantized(call, _gelu_tanh)


def _quantized(call: Call, function: Real) -> Codes:
    form = call.input
    if form != call.output:
        raise GelugenError(
            f"output {call.output} must be the input's format, {form}: PyTorch's quantized {call.operator} keeps it"
        )
    scale = f32(form.scale)
    x = fma(scale, form.codes().astype(f32), scale * f32(-form.zero_point))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        scaled = function(x) * (f32(1) / scale)
    return saturate(np.rint(scaled), form, form.zero_point)


OPERATORS = (
    Operator("gelu", gelu, ("int8", "uint8"), {}),
    Operator("gelu_tanh", gelu_tanh, ("int8", "uint8"), {}),
)
