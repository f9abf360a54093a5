"""ONNX Runtime's own float32 kernels, MLAS: erf, tanh, logistic, exp.

Polynomials and rational functions with fused multiply-adds, as x86-64 has them from FMA3 on (checked on AVX-512). On
a CPU without FMA single results may differ by one unit in the last place.

Source of the formulas and coefficients: microsoft/onnxruntime, ``onnxruntime/core/mlas/lib/erf.cpp``, ``tanh.cpp``,
``logistic.cpp``, ``compute.cpp``, ``intrinsics/avx512/gelu_avx512f.cpp``.
"""

from __future__ import annotations

import numpy as np

from gelugen.dialects.float32 import F32, f32, fma, horner, scale_by_power_of_two

# Highest coefficient first.
_ERF_SMALL = (-5.99104969e-4, 4.99339588e-3, -2.67667342e-2, 1.12818025e-1, -3.76124859e-1, 1.28379151e-1)
_ERF_BIG = (1.72948930e-5, -3.83208680e-4, 3.88393435e-3, -2.42545605e-2, 1.06777847e-1, 6.34846687e-1, 1.28717512e-1)
_ERF_EXP = (1.38319808e-3, 8.37550033e-3, 4.16689515e-2, 1.66664466e-1, 4.99999851e-1, 1.0, 1.0)
_LOG2_HIGH, _LOG2_LOW, _LOG2_E = f32(-6.93145752e-1), f32(-1.42860677e-6), f32(1.44269504088896341)
_SHIFT = f32(1.5 * 2**23)
"""Added and taken away again, it rounds to an integer."""
_EXP = tuple(
    float.fromhex(text)
    for text in ("0x1.694p-10", "0x1.125edcp-7", "0x1.555b5ap-5", "0x1.55545p-3", "0x1.fffff6p-2", "0x1p+0", "0x1p+0")
)

_TANH_ABOVE = (
    *(-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08),
    *(1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03),
)
_TANH_BELOW = (1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)

_LOGISTIC_ABOVE = (
    *(4.37031012579801e-11, 1.15627324459942e-07, 6.08574864600143e-05, 8.51377133304701e-03),
    2.48287947061529e-01,
)
_LOGISTIC_BELOW = (
    *(6.10247389755681e-13, 5.76102136993427e-09, 6.29106785017040e-06, 1.70198817374094e-03),
    *(1.16817656904453e-01, 9.93151921023180e-01),
)


def erf(x: F32) -> F32:
    """MLAS's erf: a polynomial up to 0.921875, then 1 - exp(polynomial); |x| is clamped to 3.925."""
    magnitude = np.minimum(np.abs(x), f32(3.925))
    small = fma(horner(magnitude * magnitude, _ERF_SMALL, fused=True), magnitude, magnitude)
    exponent = -fma(horner(magnitude, _ERF_BIG, fused=True), magnitude, magnitude)
    whole = fma(_LOG2_E, exponent, _SHIFT) - _SHIFT
    rest = fma(whole, _LOG2_LOW, fma(whole, _LOG2_HIGH, exponent))
    big = f32(1) - scale_by_power_of_two(horner(rest, _ERF_EXP, fused=True), whole)
    value: F32 = np.copysign(np.where(magnitude > f32(0.921875), big, small), x).astype(f32)
    return value


def _odd_ratio(x: F32, above: tuple[float, ...], below: tuple[float, ...]) -> F32:
    square = x * x
    ratio: F32 = (horner(square, above, fused=True) * x) / horner(square, below, fused=True)
    return ratio


def tanh(x: F32) -> F32:
    """MLAS's tanh: a rational function on [-9, 9]; beyond, its value at the end."""
    return _odd_ratio(np.clip(x, f32(-9), f32(9)), _TANH_ABOVE, _TANH_BELOW)


def logistic(x: F32) -> F32:
    """MLAS's logistic: 0.5 and an odd rational function on [-18, 18], clamped to [0, 1]."""
    ratio = _odd_ratio(np.clip(x, f32(-18), f32(18)), _LOGISTIC_ABOVE, _LOGISTIC_BELOW)
    value: F32 = np.clip(ratio + f32(0.5), f32(0), f32(1))
    return value


def exp(x: F32) -> F32:
    """MLAS's exp, which the Exp node uses: 2**m times a polynomial of degree 6 of the rest."""
    clamped = np.clip(x, f32(-103.9720840454), f32(88.7762626647950))
    m = fma(clamped, _LOG2_E, _SHIFT) - _SHIFT
    rest = fma(m, _LOG2_LOW, fma(m, _LOG2_HIGH, clamped))
    with np.errstate(over="ignore", under="ignore"):
        return scale_by_power_of_two(horner(rest, _EXP, fused=True), m)
