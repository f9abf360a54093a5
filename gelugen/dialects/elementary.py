"""The C library's float32 functions, as the runtimes' tables were built with them.

Two definitions, by name:

``fdlibm``: Sun's fdlibm in float32 without fused multiply-add, and Arm's ``expf``. This is what glibc 2.36 gives on
    x86-64, bit for bit; musl and bionic come from the same sources. It is the default, for the golden records were made
    with it.
``rounded``: the real value, rounded once, but the same ``expf``. This is meant for a glibc whose erf, erfc, tanh and
    expm1 come from CORE-MATH (2.41 and later).

Coefficients: Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems,
Inc. business. Permission to use, copy, modify, and distribute this software is freely granted, provided that this
notice is preserved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from gelugen.dialects.float32 import F32, f32, horner, scale_by_power_of_two
from gelugen.errors import GelugenError, short

Real = Callable[[F32], F32]


@dataclass(frozen=True)
class Elementary:
    """The float32 functions that kernels call."""

    name: str
    exp: Real
    expm1: Real
    tanh: Real
    erf: Real
    erfc: Real


# -- exp ---------------------------------------------------------------------------------------------------------------

_EXP_STEPS = 32  # 2**(i / 32) is tabulated


@cache
def _exp_table() -> npt.NDArray[np.float64]:
    digits = Context(prec=50)
    return np.array([float(digits.power(Decimal(2), Decimal(i) / _EXP_STEPS)) for i in range(_EXP_STEPS)])


def exp(x: F32) -> F32:
    """``expf`` of Arm's optimized routines (glibc from 2.27, musl, bionic): a table of 32 and a cubic, in float64."""
    z = np.clip(x.astype(np.float64), -200.0, 200.0) * (float.fromhex("0x1.71547652b82fep+0") * _EXP_STEPS)
    k = np.rint(z)
    r = z - k
    c0 = float.fromhex("0x1.c6af84b912394p-5") / _EXP_STEPS**3
    c1 = float.fromhex("0x1.ebfce50fac4f3p-3") / _EXP_STEPS**2
    c2 = float.fromhex("0x1.62e42ff0c52d6p-1") / _EXP_STEPS
    y = (c0 * r + c1) * (r * r) + (c2 * r + 1.0)
    whole = k.astype(np.int64)
    scale = np.ldexp(_exp_table()[whole % _EXP_STEPS], whole // _EXP_STEPS)
    with np.errstate(over="ignore", under="ignore"):
        result: F32 = (y * scale).astype(f32)
    return result


# -- expm1 and tanh ----------------------------------------------------------------------------------------------------

_LN2_HI, _LN2_LO, _INV_LN2 = f32(6.9313812256e-01), f32(9.0580006145e-06), f32(1.4426950216e00)
_EXPM1 = (-2.0109921195e-07, 4.0082177293e-06, -7.9365076090e-05, 1.5873016091e-03, -3.3333335072e-02, 1.0)


def expm1(x: F32) -> F32:
    """Sun's ``expm1f``: x = k ln 2 + r, a rational function of r, and the parts put together by the size of k."""
    one, half, two = f32(1), f32(0.5), f32(2)
    magnitude = np.abs(x)
    clipped = np.clip(x, f32(-27 * math.log(2)), f32(88.721679688))
    k = (_INV_LN2 * clipped + np.copysign(half, clipped)).astype(np.int64)
    near = magnitude < f32(1.0397207)  # 1.5 ln 2
    k = np.where(near, np.where(x < 0, -1, 1), k)
    k = np.where(magnitude <= f32(0.34657359), 0, k)  # 0.5 ln 2
    high = clipped - k.astype(f32) * _LN2_HI
    low = k.astype(f32) * _LN2_LO
    r = high - low
    lost = (high - r) - low
    half_r = half * r
    square = r * half_r
    r1 = horner(square, _EXPM1, fused=False)
    t = f32(3) - r1 * half_r
    e = square * ((r1 - t) / (f32(6) - r * t))
    at_zero = r - (r * e - square)
    e = (r * (e - lost) - lost) - square
    with np.errstate(over="ignore"):
        up = np.clip(k, -60, 128)
        power = scale_by_power_of_two(np.ones_like(x), -np.clip(up, 0, 60))
        result = np.select(
            [
                k == 0,
                k == -1,
                (k == 1) & (r < f32(-0.25)),
                k == 1,
                (k <= -2) | (k > 56),
                k < 23,
            ],
            [
                at_zero,
                half * (r - e) - half,
                -two * (e - (r + half)),
                one + two * (r - e),
                scale_by_power_of_two(one - (e - r), up) - one,
                scale_by_power_of_two((one - power) - (e - r), up),
            ],
            scale_by_power_of_two((r - (e + power)) + one, up),
        )
    result = np.where(magnitude < f32(2.0**-25), x, result)
    result = np.where(x <= f32(-27 * math.log(2)), f32(-1), result)
    limited: F32 = np.where(x > f32(88.721679688), f32(np.inf), result).astype(f32)
    return limited


def tanh(x: F32) -> F32:
    """Sun's ``tanhf``: by expm1 of 2|x| (from 1 on) or of -2|x|; 1 from 22 on."""
    one, two = f32(1), f32(2)
    magnitude = np.minimum(np.abs(x), f32(22))
    grown = expm1(two * magnitude)
    shrunk = expm1(-two * magnitude)
    value = np.where(magnitude >= one, one - two / (grown + two), -shrunk / (shrunk + two))
    value = np.where(np.abs(x) >= f32(22), one, value)
    value = np.where(np.abs(x) < f32(2.0**-55), np.abs(x), value)
    signed: F32 = np.copysign(value, x).astype(f32)
    return signed


# -- erf and erfc ------------------------------------------------------------------------------------------------------
# Rational functions on four intervals of |x|, highest coefficient first.

_PP = (-2.3763017452e-05, -5.7702702470e-03, -2.8481749818e-02, -3.2504209876e-01, 1.2837916613e-01)
_QQ = (-3.9602282413e-06, 1.3249473704e-04, 5.0813062117e-03, 6.5022252500e-02, 3.9791721106e-01, 1.0)
_PA = (
    *(-2.1663755178e-03, 3.5478305072e-02, -1.1089469492e-01, 3.1834661961e-01, -3.7220788002e-01),
    *(4.1485610604e-01, -2.3621185683e-03),
)
_QA = (
    *(1.1984500103e-02, 1.3637083583e-02, 1.2617121637e-01, 7.1828655899e-02, 5.4039794207e-01),
    *(1.0642088205e-01, 1.0),
)
_RA = (
    *(-9.8143291473e00, -8.1287437439e01, -1.8460508728e02, -1.6239666748e02, -6.2375331879e01),
    *(-1.0558626175e01, -6.9385856390e-01, -9.8649440333e-03),
)
_SA = (
    *(-6.0424413532e-02, 6.5702495575e00, 1.0863500214e02, 4.2900814819e02, 6.4538726807e02, 4.3456588745e02),
    *(1.3765776062e02, 1.9651271820e01, 1.0),
)
_RB = (
    *(-4.8351919556e02, -1.0250950928e03, -6.3756646729e02, -1.6063638306e02, -1.7757955551e01),
    *(-7.9928326607e-01, -9.8649431020e-03),
)
_SB = (
    *(-2.2440952301e01, 4.7452853394e02, 2.5530502930e03, 3.1998581543e03, 1.5367296143e03, 3.2579251099e02),
    *(3.0338060379e01, 1.0),
)
_ERX, _EFX = f32(8.4506291151e-01), f32(1.2837916613e-01)


def _ratio(x: F32, above: Sequence[float], below: Sequence[float]) -> F32:
    quotient: F32 = horner(x, above, fused=False) / horner(x, below, fused=False)
    return quotient


def _erfc_tail(magnitude: F32, boundary: int, kept_bits: int) -> F32:
    """``erfc`` from 1.25 on: exp(-x*x) split so that the square of the upper part of x is exact."""
    safe = np.clip(magnitude, f32(1.25), f32(28))
    s = f32(1) / (safe * safe)
    bits = safe.view(np.int32)
    ratio = np.where(bits < boundary, _ratio(s, _RA, _SA), _ratio(s, _RB, _SB))
    z = (bits & np.int32(kept_bits)).view(f32)
    with np.errstate(under="ignore"):
        tail: F32 = exp(-z * z - f32(0.5625)) * exp((z - safe) * (z + safe) + ratio)
        return tail / safe


def erf(x: F32) -> F32:
    """Sun's ``erff``."""
    one = f32(1)
    magnitude = np.abs(x)
    small = np.minimum(magnitude, f32(0.84375))
    small_value = small + small * _ratio(small * small, _PP, _QQ)
    linear = np.minimum(magnitude, one)
    tiny = linear < f32(2.0**-119)  # scaled there, so that the product does not fall below the normal numbers
    linear = np.where(tiny, f32(0.0625) * (f32(16) * linear + (f32(16) * _EFX) * linear), linear + _EFX * linear)
    small_value = np.where(magnitude < f32(2.0**-28), linear, small_value)
    s = np.clip(magnitude, f32(0.84375), f32(1.25)) - one
    middle = _ERX + _ratio(s, _PA, _QA)
    tail = one - _erfc_tail(np.minimum(magnitude, f32(6)), 0x4036DB6E, -0x1000)
    where = [magnitude < f32(0.84375), magnitude < f32(1.25), magnitude < f32(6)]
    value = np.select(where, [small_value, middle, tail], one)
    signed: F32 = np.copysign(value, x).astype(f32)
    return signed


def erfc(x: F32) -> F32:
    """Sun's ``erfcf``."""
    one, half, two = f32(1), f32(0.5), f32(2)
    magnitude = np.abs(x)
    negative = x < 0
    small = np.clip(x, f32(-0.84375), f32(0.84375))
    product = small * _ratio(small * small, _PP, _QQ)
    low = np.where(x < f32(0.25), one - (small + product), half - (product + (small - half)))
    ratio = _ratio(np.clip(magnitude, f32(0.84375), f32(1.25)) - one, _PA, _QA)
    middle = np.where(negative, one + (_ERX + ratio), (one - _ERX) - ratio)
    tail = _erfc_tail(magnitude, 0x4036DB6D, -0x2000)
    far = np.where(negative, np.where(magnitude >= f32(6), two, two - tail), tail)
    value: F32 = np.select(
        [magnitude < f32(0.84375), magnitude < f32(1.25), magnitude < f32(28)],
        [low, middle, far],
        np.where(negative, two, f32(0)),
    ).astype(f32)
    return value


# -- correctly rounded -------------------------------------------------------------------------------------------------


def _nearest(function: Callable[[float], float], x: F32) -> F32:
    """The float64 value, rounded to float32.

    Float64 results are off by less than 2**-51 of themselves; the float32 nearest to them is the one nearest to the
    real value unless that lies within this of a half-way point, which happens about once in 2**28 arguments.
    """
    values = np.array([function(float(value)) for value in np.ravel(x)])
    with np.errstate(over="ignore", under="ignore"):
        rounded: F32 = values.astype(f32).reshape(np.shape(x))
    return rounded


def _rounded(function: Callable[[float], float]) -> Real:
    return partial(_nearest, function)


FDLIBM = Elementary("fdlibm", exp=exp, expm1=expm1, tanh=tanh, erf=erf, erfc=erfc)
ROUNDED = Elementary(
    "rounded",
    exp=exp,
    expm1=_rounded(lambda v: math.expm1(min(v, 700.0))),
    tanh=_rounded(math.tanh),
    erf=_rounded(math.erf),
    erfc=_rounded(math.erfc),
)
LIBRARIES: Mapping[str, Elementary] = {library.name: library for library in (FDLIBM, ROUNDED)}


def library(name: object) -> Elementary:
    """The functions of a name.

    Raises:
        GelugenError: there is no such name.
    """
    if not isinstance(name, str) or name not in LIBRARIES:
        raise GelugenError(f"libm {short(name)} is not known: it must be one of {', '.join(LIBRARIES)}")
    return LIBRARIES[name]
