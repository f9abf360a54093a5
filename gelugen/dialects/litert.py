"""LiteRT (TensorFlow Lite), its built-in CPU kernels for 8 and 16 bits.

8 bits, GELU, LOGISTIC, TANH, ELU: a table filled in float32, ``clamp(round(f(x) * (1 / so)) + zo)`` with
``x = si * (q - zi)``, halves away from zero, indexed by the code's low byte. HARD_SWISH, LEAKY_RELU: in integers.
16 bits: LOGISTIC and TANH by gemmlowp's fixed point where the input scale is the power of two that it wants and the
kernel is the built-in one, else by the interpolated sigmoid table; LEAKY_RELU by integer multipliers; GELU in
``litert_gelu16``.

``resolver`` says whose kernels: ``builtin`` (LiteRT's own, without delegates), ``reference`` (its reference kernels) or
``xnnpack`` (the default delegate, which the interpreter applies unless told not to).

Source of the formulas: google-ai-edge/LiteRT, ``tflite/kernels/activations.cc``, ``tflite/kernels/internal/common.h``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gelugen.dialects import fixed_point, litert_gelu16, litert_xnnpack, sigmoid_table
from gelugen.dialects.elementary import Elementary, library
from gelugen.dialects.float32 import F32, dequantize, f32, round_half_away, saturate
from gelugen.dialects.operators import Call, Operator, Parameter
from gelugen.errors import GelugenError, short
from gelugen.formats import Codes, Format

VERSION = "ai-edge-litert 2.3.0"


# -- float32 functions -------------------------------------------------------------------------------------------------


def gelu(x: F32, c: Elementary) -> F32:
    """GELU by erfc: ``0.5 * x * erfc(x * -sqrt(1/2))``."""
    result: F32 = (f32(0.5) * x) * c.erfc(x * f32(-math.sqrt(0.5)))
    return result


def gelu_tanh(x: F32, c: Elementary) -> F32:
    """GELU by tanh: ``0.5 * x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x**3)))``."""
    inner = f32(math.sqrt(2 / math.pi)) * (x + f32(0.044715) * x * x * x)
    result: F32 = (f32(0.5) * x) * (f32(1) + c.tanh(inner))
    return result


def logistic(x: F32, c: Elementary) -> F32:
    """``1 / (1 + exp(-x))``."""
    result: F32 = f32(1) / (f32(1) + c.exp(-x))
    return result


def tanh(x: F32, c: Elementary) -> F32:
    """``tanh(x)``."""
    return c.tanh(x)


def elu(x: F32, c: Elementary) -> F32:
    """``expm1(x)`` below 0, else x."""
    result: F32 = np.where(x < 0, c.expm1(x), x)
    return result


Transform = Callable[[F32, Elementary], F32]


def table_codes(transform: Transform, call: Call) -> Codes:
    """8 bits: the kernel's table of 256, in the order of the codes."""
    source, target = call.input, call.output
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        values = transform(dequantize(source.codes(), source), library(call.text("libm")))
        scaled = round_half_away(values * (f32(1) / f32(target.scale)))
        shifted = scaled + f32(target.zero_point)
    return saturate(shifted, target, 0)


# -- integer kernels ---------------------------------------------------------------------------------------------------


def hard_swish(call: Call) -> Codes:
    """HARD_SWISH, 8 bits: 16-bit fixed point, x * relu6(x + 3) / 6 with x and the gate rounded on their own."""
    source, target = call.input, call.output
    fine = f32(1 / 128) * f32(source.scale)
    scale, shift = fixed_point.quantize_multiplier(float(fine / f32(target.scale)))
    if shift > 0:
        raise GelugenError(
            f"output scale {target.scale!r} is too fine for LiteRT's hard_swish of input scale {source.scale!r}: "
            f"it must be at least {float(fine) / 2:.6g}"
        )
    gate_scale, gate_shift = fixed_point.quantize_multiplier(float(fine / (f32(3) / f32(32768))))
    x = fixed_point.wrap16((source.codes() - source.zero_point) << 7)
    on_output = fixed_point.rounding_doubling_high_mul(x, _to_16_bits(scale), 16)
    gate = fixed_point.saturating_left_shift(x, gate_shift - 1) if gate_shift > 0 else x
    gate = fixed_point.rounding_doubling_high_mul(gate, _to_16_bits(gate_scale), 16)
    if gate_shift > 0:
        gate = fixed_point.saturating_left_shift(gate, 1)
    else:
        gate = fixed_point.rounding_divide_by_power_of_two(gate, -gate_shift, 16)
    gate = (gate + (1 << 15)) >> 1
    product = fixed_point.divide_toward_zero(gate * on_output, 15)
    result = fixed_point.rounding_divide_by_power_of_two(product, -shift, 16)
    return target.saturate(fixed_point.wrap16(result + target.zero_point))


def _to_16_bits(multiplier: int) -> int:
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1)


def leaky_relu(call: Call) -> Codes:
    """LEAKY_RELU: one integer multiplier on each side of 0."""
    source, target = call.input, call.output
    if source.bits == 16:
        _require_zero_points(call)
    if source.bits == 8 and call.text("resolver") == "xnnpack":
        delegated = litert_xnnpack.leaky_relu(call)
        if delegated is not None:
            return delegated
    x = source.codes() - source.zero_point
    with np.errstate(over="ignore", under="ignore"):
        ratio = f32(source.scale) / f32(target.scale)
        slope = f32(source.scale) * f32(call.number("alpha")) / f32(target.scale)
    if max(abs(ratio), abs(slope)) >= f32(2.0**30):
        raise GelugenError(
            f"output scale {target.scale!r} is too fine for LiteRT's leaky_relu of input scale {source.scale!r}: "
            f"their ratio, and alpha times it, must be below 2**30"
        )
    kept = fixed_point.multiply_by_quantized_multiplier(x, *fixed_point.quantize_multiplier(float(ratio)))
    leaked = fixed_point.multiply_by_quantized_multiplier(x, *fixed_point.quantize_multiplier(float(slope)))
    return target.saturate(target.zero_point + np.where(x >= 0, kept, leaked))


def _logistic_codes(call: Call) -> Codes:
    if call.input.bits == 16:
        return _sigmoid16(call, most_shift=0)
    if f32(call.output.scale) != f32(1 / 256):
        raise GelugenError(f"output scale {call.output.scale!r} must be 1/256 for LiteRT's logistic of 8 bits")
    return _table(logistic, litert_xnnpack.logistic)(call)


def _tanh_codes(call: Call) -> Codes:
    return _sigmoid16(call, most_shift=1) if call.input.bits == 16 else _table(tanh, tanh)(call)


def _elu_codes(call: Call) -> Codes:
    if call.text("resolver") == "reference":
        raise GelugenError("resolver 'reference' has no elu in LiteRT: it must be builtin or xnnpack")
    return _table(elu, elu)(call)


def _table(builtin: Transform, delegated: Transform) -> Callable[[Call], Codes]:
    def run(call: Call) -> Codes:
        if call.text("resolver") == "xnnpack":
            return litert_xnnpack.table_codes(delegated, call)
        return table_codes(builtin, call)

    return run


def _sigmoid16(call: Call, most_shift: int) -> Codes:
    """LOGISTIC (``most_shift`` 0) and TANH (1) of 16 bits."""
    source, name = call.input, call.operator
    _require_zero_points(call)
    exact, exponent = power_of_two(call.output)
    if not exact or exponent != -15 or (name == "logistic" and f32(call.output.scale) != f32(2.0**-15)):
        raise GelugenError(f"output scale {call.output.scale!r} must be 2**-15 for LiteRT's {name} of 16 bits")
    codes = source.codes()
    from_table = sigmoid_table.logistic if name == "logistic" else sigmoid_table.tanh
    exact, exponent = power_of_two(source)
    shift = 12 + exponent
    if exact and 0 <= shift <= most_shift:
        if call.text("resolver") == "reference":
            return fixed_point.wrap16(from_table(codes * (3 << shift)))
        by_formula = fixed_point.logistic if name == "logistic" else fixed_point.tanh
        return by_formula(fixed_point.saturating_left_shift(codes, shift))
    factor, right = float(f32(source.scale)) * 4096.0 * 3.0, 0
    while factor <= 32767.0 / 2.0 and right <= 30:
        factor, right = factor * 2.0, right + 1
    half = (1 << right) >> 1
    return fixed_point.wrap16(from_table(_wrap32(codes * int(factor) + half) >> right))


def _wrap32(x: Codes) -> Codes:
    return ((x + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def power_of_two(form: Format) -> tuple[bool, int]:
    """Whether LiteRT takes the scale for a power of two (its log2 within 0.001 of an integer), and the exponent."""
    exponent = float(f32(math.log(f32(form.scale))) * f32(1 / math.log(2)))
    nearest = math.floor(exponent + 0.5)
    return abs(exponent - nearest) < 1e-3, nearest


def _require_zero_points(call: Call) -> None:
    for name, form in (("input", call.input), ("output", call.output)):
        if form.zero_point:
            raise GelugenError(
                f"{name} zero_point {short(form.zero_point)} must be 0 for LiteRT's {call.operator} of 16 bits"
            )


def _gelu_codes(transform: Transform) -> Callable[[Call], Codes]:
    def run(call: Call) -> Codes:
        if call.input.bits == 8:
            return table_codes(transform, call)
        return litert_gelu16.codes(lambda x: transform(x, library(call.text("libm"))), call.input, call.output)

    return run


_KINDS = ("int8", "uint8", "int16")
_LIBM: dict[str, Parameter | None] = {"libm": "fdlibm"}
_RESOLVER: dict[str, Parameter | None] = {"resolver": "builtin"}
OPERATORS = (
    Operator("gelu", _gelu_codes(gelu), _KINDS, _LIBM | _RESOLVER),
    Operator("gelu_tanh", _gelu_codes(gelu_tanh), _KINDS, _LIBM | _RESOLVER),
    Operator("logistic", _logistic_codes, _KINDS, _LIBM | _RESOLVER),
    Operator("tanh", _tanh_codes, _KINDS, _LIBM | _RESOLVER),
    Operator("hard_swish", hard_swish, ("int8", "uint8"), _RESOLVER),
    Operator("elu", _elu_codes, ("int8",), _LIBM | _RESOLVER),
    Operator("leaky_relu", leaky_relu, _KINDS, {"alpha": None} | _RESOLVER),
)
