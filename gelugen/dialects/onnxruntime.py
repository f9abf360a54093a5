"""ONNX Runtime's CPU provider: DequantizeLinear, a float32 kernel, QuantizeLinear.

``x = (q - zi) * si``; ``out = clamp(round(f(x) / so) + zo)`` with halves to even, all in float32. QLinearSigmoid and
QLinearLeakyRelu fill a table of 256 with the same arithmetic, so they give the same codes as their QDQ forms. GELU
written out with Erf between quantized tensors is not fused: it divides by sqrt(2) where Gelu multiplies by sqrt(1/2).

Source of the formulas: microsoft/onnxruntime, ``core/providers/cpu/activation/activations.h``, ``tensor/gelu.cc``,
``contrib_ops/cpu/quantization/qlinear_lookup_table.cc``; Selu's order of products by comparison with 1.31.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from gelugen.dialects import eigen, mlas
from gelugen.dialects.float32 import F32, dequantize, f32, saturate
from gelugen.dialects.operators import Call, Operator, Parameter
from gelugen.formats import Codes

VERSION = "onnxruntime 1.31.1"

Kernel = Callable[[F32, Mapping[str, float]], F32]


def gelu(x: F32, _: Mapping[str, float]) -> F32:
    """Gelu, ``approximate="none"``; com.microsoft Gelu."""
    value: F32 = (f32(0.5) * x) * (mlas.erf(x * f32(math.sqrt(0.5))) + f32(1))
    return value


def gelu_nodes(x: F32, _: Mapping[str, float]) -> F32:
    """GELU written out: Div by sqrt(2), Erf, Add 1, Mul by x, Mul by 1/2 (in any order: halving is exact)."""
    value: F32 = x * (mlas.erf(x / f32(math.sqrt(2))) + f32(1)) * f32(0.5)
    return value


def gelu_tanh(x: F32, _: Mapping[str, float]) -> F32:
    """Gelu, ``approximate="tanh"``; com.microsoft FastGelu."""
    inner = x * (f32(0.035677408136300125) * x * x + f32(0.7978845608028654))
    value: F32 = (f32(0.5) * x) * (mlas.tanh(inner) + f32(1))
    return value


def quick_gelu(x: F32, p: Mapping[str, float]) -> F32:
    """com.microsoft QuickGelu: ``x * sigmoid(alpha * x)``."""
    value: F32 = x * mlas.logistic(x * f32(p["alpha"]))
    return value


def silu(x: F32, _: Mapping[str, float]) -> F32:
    """``x * Sigmoid(x)``."""
    value: F32 = x * mlas.logistic(x)
    return value


def elu(x: F32, p: Mapping[str, float]) -> F32:
    """Elu."""
    value: F32 = np.where(x >= 0, x, f32(p["alpha"]) * (eigen.exp(x) - f32(1)))
    return value


def selu(x: F32, p: Mapping[str, float]) -> F32:
    """Selu: ``gamma * x`` above 0, else ``(gamma * alpha) * (exp(x) - 1)``."""
    gamma = f32(p["gamma"])
    value: F32 = np.where(x > 0, gamma * x, (gamma * f32(p["alpha"])) * (eigen.exp(x) - f32(1)))
    return value


def softplus(x: F32, _: Mapping[str, float]) -> F32:
    """Softplus: ``max(x, 0) + log1p(exp(-|x|))``."""
    rest = eigen.log1p(eigen.exp(-np.abs(x)))
    value: F32 = np.where(x > 0, x + rest, rest)
    return value


def mish(x: F32, p: Mapping[str, float]) -> F32:
    """Mish: ``x * tanh(softplus(x))``."""
    value: F32 = x * mlas.tanh(softplus(x, p))
    return value


def hard_sigmoid(x: F32, p: Mapping[str, float]) -> F32:
    """HardSigmoid: ``max(0, min(1, alpha * x + beta))``."""
    value: F32 = np.maximum(np.minimum(f32(p["alpha"]) * x + f32(p["beta"]), f32(1)), f32(0))
    return value


def hard_swish(x: F32, _: Mapping[str, float]) -> F32:
    """HardSwish: ``x * HardSigmoid(x)`` with alpha 1/6 and beta 1/2."""
    value: F32 = x * hard_sigmoid(x, {"alpha": 1 / 6, "beta": 0.5})
    return value


def leaky_relu(x: F32, p: Mapping[str, float]) -> F32:
    """LeakyRelu."""
    value: F32 = np.where(x >= 0, x, f32(p["alpha"]) * x)
    return value


KERNELS: Mapping[str, tuple[Kernel, Mapping[str, float]]] = {
    "gelu": (gelu, {}),
    "gelu_nodes": (gelu_nodes, {}),
    "gelu_tanh": (gelu_tanh, {}),
    "quick_gelu": (quick_gelu, {"alpha": 1.702}),
    "silu": (silu, {}),
    "sigmoid": (lambda x, _: mlas.logistic(x), {}),
    "tanh": (lambda x, _: mlas.tanh(x), {}),
    "erf": (lambda x, _: mlas.erf(x), {}),
    "exp": (lambda x, _: mlas.exp(x), {}),
    "elu": (elu, {"alpha": 1.0}),
    "selu": (selu, {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875}),
    "softplus": (softplus, {}),
    "mish": (mish, {}),
    "hard_sigmoid": (hard_sigmoid, {"alpha": 0.2, "beta": 0.5}),
    "hard_swish": (hard_swish, {}),
    "leaky_relu": (leaky_relu, {"alpha": 0.01}),
}
"""The float32 kernels by name, with the defaults of their attributes (those of the ONNX operators)."""

_KINDS_8 = ("int8", "uint8")
_KINDS = (*_KINDS_8, "int16", "uint16")


def quantize(values: F32, call: Call) -> Codes:
    """QuantizeLinear."""
    with np.errstate(over="ignore"):
        return saturate(np.rint(values / f32(call.output.scale)), call.output, call.output.zero_point)


def _run(kernel: Kernel) -> Callable[[Call], Codes]:
    def run(call: Call) -> Codes:
        attributes = {name: call.number(name) for name in call.parameters}
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return quantize(kernel(dequantize(call.input.codes(), call.input), attributes), call)

    return run


def _operator(name: str, kernel: str, kinds: tuple[str, ...]) -> Operator:
    function, defaults = KERNELS[kernel]
    parameters: dict[str, Parameter | None] = dict(defaults)
    return Operator(name, _run(function), kinds, parameters)


OPERATORS = (
    *(_operator(name, name, _KINDS) for name in KERNELS),
    _operator("qlinear_sigmoid", "sigmoid", _KINDS_8),
    _operator("qlinear_leaky_relu", "leaky_relu", _KINDS_8),
)
