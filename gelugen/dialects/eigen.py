"""Eigen's float32 exp, log and log1p, which ONNX Runtime's Elu, Selu, Softplus, Mish and Log use.

ONNX Runtime builds Eigen for SSE2 on x86-64, so products and sums are rounded one by one. On Arm Eigen fuses them,
and single results may differ there by one unit in the last place.

Source of the formulas and coefficients: Eigen, ``Eigen/src/Core/arch/Default/GenericPacketMathFunctions.h``.
"""

from __future__ import annotations

import numpy as np

from gelugen.dialects.float32 import F32, f32, horner, multiply_add, scale_by_power_of_two


def exp(x: F32) -> F32:
    """2**m times a polynomial of degree 6 of the rest, in its even and odd halves."""
    clamped = np.minimum(x, f32(88.723))
    m = np.floor(multiply_add(clamped, f32(1.44269504088896341), f32(0.5)))
    r = multiply_add(m, f32(2.12194440e-4), multiply_add(m, f32(-0.693359375), clamped))
    square = r * r
    even = horner(square, (1.37449637986719608306884765625e-3, 4.166965186595916748046875e-2), fused=False)
    even = multiply_add(square, even, f32(0.49999988079071044921875))
    odd = horner(square, (8.36894474923610687255859375e-3, 0.16666518151760101318359375), fused=False)
    y = multiply_add(square, multiply_add(r, odd, even), r + f32(1))
    with np.errstate(over="ignore", under="ignore"):
        value = np.maximum(scale_by_power_of_two(y, np.maximum(m, f32(-200))), x)
    limited: F32 = np.where(x < f32(-104), f32(0), value).astype(f32)
    return limited


def log(x: F32) -> F32:
    """Log of a positive number: the exponent times ln 2, and a rational function of the mantissa less 1."""
    mantissa, exponent = np.frexp(x)
    low = mantissa < f32(0.707106781186547524)
    m = (mantissa - f32(1)) + np.where(low, mantissa, f32(0))
    above = horner(m, (0.18256296349849254, 1.0000000190281063, 1.0000000190281136), fused=False) * m
    below = horner(m, (0.049616247954120038, 0.59923249590823520, 1.4999999999999927, 1.0), fused=False)
    return multiply_add((exponent - low).astype(f32), f32(0.6931471805599453), above / below)


def log1p(x: F32) -> F32:
    """Log(1 + x) for x >= 0 by Kahan's formula, ``x * log(1 + x) / ((1 + x) - 1)``."""
    grown = x + f32(1)
    logarithm = log(grown)
    with np.errstate(divide="ignore", invalid="ignore"):
        value: F32 = np.where((grown == 1) | (grown == logarithm), x, x * (logarithm / (grown - f32(1)))).astype(f32)
    return value
