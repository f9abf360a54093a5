"""A subgraph of elementwise nodes: its codes in ONNX Runtime's arithmetic, and the real function that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb, fmpq

from gelugen.dialects import eigen, onnxruntime
from gelugen.dialects.expressions import Array, Expression, Operators
from gelugen.dialects.float32 import dequantize
from gelugen.dialects.operators import Call
from gelugen.errors import GelugenError, short
from gelugen.formats import Codes, Format
from gelugen.functions import Function, Parts

SUBGRAPH = "subgraph"
"""The function of a spec whose ``expression`` says what it is."""

_KERNELS = {
    "Elu": "elu",
    "Erf": "erf",
    "Exp": "exp",
    "FastGelu": "gelu_tanh",
    "Gelu": "gelu",
    "HardSigmoid": "hard_sigmoid",
    "HardSwish": "hard_swish",
    "LeakyRelu": "leaky_relu",
    "Mish": "mish",
    "QuickGelu": "quick_gelu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Swish": "quick_gelu",
    "Tanh": "tanh",
}


def _kernel(name: str) -> Callable[..., Array]:
    kernel, _ = onnxruntime.KERNELS[name]

    def run(x: Array, **attributes: Any) -> Array:
        return kernel(np.asarray(x, dtype=np.float32), {key: float(value) for key, value in attributes.items()})

    return run


def _log(x: Array) -> Array:
    return np.where(x < 0, np.float32(np.nan), eigen.log(np.asarray(np.abs(x), dtype=np.float32)))


def _pow(x: Array, exponent: Array) -> Array:
    """Pow, with the squares and cubes that the runtime multiplies out."""
    if np.ndim(exponent) == 0 and float(exponent) in (2.0, 3.0):
        square = x * x
        return square if float(exponent) == 2.0 else square * x
    value: Array = np.power(x, exponent)
    return value


_RUNTIME: Operators = {**{op: _kernel(name) for op, name in _KERNELS.items()}, "Log": _log, "Pow": _pow}
"""ONNX Runtime's own kernels; what is missing here is correctly rounded by the standard, and NumPy's."""


def node_codes(expression: Expression, input_format: Format, output: Format) -> Codes:
    """The codes of DequantizeLinear, the nodes one after the other in float32, and QuantizeLinear.

    Returns:
        int64, one for each input code from ``code_min`` up.

    Raises:
        GelugenError: some value is not a number.
    """
    x = dequantize(input_format.codes(), input_format)
    with np.errstate(all="ignore"):
        values = np.asarray(expression.evaluate(x, _RUNTIME), dtype=np.float32)
    if (bad := np.isnan(values)).any():
        code = input_format.code_min + int(bad.argmax())
        raise GelugenError(f"expression {short(str(expression))} is not a number at input code {code}")
    return onnxruntime.quantize(values, Call(SUBGRAPH, input_format, output, {}))


# -- the real function -----------------------------------------------------------------------------------------


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _gelu(x: arb) -> arb:
    return x * (-x / arb(2).sqrt()).erfc() / 2


def _fast_gelu(x: arb) -> arb:
    return x * _sigmoid(2 * (arb(2) / arb.pi()).sqrt() * (x + fmpq(44715, 1000000) * x**3))


def _elu(x: arb, alpha: arb) -> arb:
    return x if x >= 0 else alpha * x.expm1()


def _clamp(x: arb) -> arb:
    return x.max(arb(0)).min(arb(1))


_BALLS: Mapping[str, Callable[..., arb]] = {
    "Abs": abs,
    "Add": lambda x, y: x + y,
    "Celu": lambda x, alpha: x if x >= 0 else alpha * (x / alpha).expm1(),
    "Div": lambda x, y: x / y,
    "Elu": _elu,
    "Erf": lambda x: x.erf(),
    "Exp": lambda x: x.exp(),
    "FastGelu": _fast_gelu,
    "Gelu": _gelu,
    "HardSigmoid": lambda x, alpha, beta: _clamp(alpha * x + beta),
    "HardSwish": lambda x: x * _clamp(x / 6 + fmpq(1, 2)),
    "LeakyRelu": lambda x, alpha: x if x >= 0 else alpha * x,
    "Log": lambda x: x.log(),
    "Max": lambda x, y: x.max(y),
    "Min": lambda x, y: x.min(y),
    "Mish": lambda x: x * x.exp().log1p().tanh(),
    "Mul": lambda x, y: x * y,
    "Neg": lambda x: -x,
    "Pow": lambda x, y: x ** int(y) if y.is_integer() else x**y,
    "QuickGelu": lambda x, alpha: x * _sigmoid(alpha * x),
    "Reciprocal": lambda x: 1 / x,
    "Relu": lambda x: x.max(arb(0)),
    "Selu": lambda x, alpha, gamma: gamma * _elu(x, alpha),
    "Sigmoid": _sigmoid,
    "Softplus": lambda x: x.exp().log1p(),
    "Softsign": lambda x: x / (1 + abs(x)),
    "Sqrt": lambda x: x.sqrt(),
    "Sub": lambda x, y: x - y,
    "Swish": lambda x, alpha: x * _sigmoid(alpha * x),
    "Tanh": lambda x: x.tanh(),
}
"""Every operator of an expression on balls."""


@lru_cache(maxsize=64)
def node_function(text: str) -> Function:
    """The real function of an expression's text, its float32 constants taken exactly.

    Raises:
        GelugenError: the text is no expression.
    """
    expression = Expression.parse(text)

    def parts(x: fmpq) -> Parts:
        values = [arb(x)]
        for step in expression.steps:
            operands = [values[each] if isinstance(each, int) else arb(each) for each in step.operands]
            values.append(_BALLS[step.op](*operands, **{name: arb(value) for name, value in step.attributes}))
        return Parts(fmpq(0), values[-1])

    return Function(name=SUBGRAPH, formula=text, source="a subgraph of a model", fold="none", parts=parts)
