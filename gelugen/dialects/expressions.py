"""A computation of elementwise operators on one real input, with float32 constants: what a subgraph computes.

Text notation, one step after the other, ``%1`` the first one's result and the last one's the value::

    Div(x, 0x1.6a09e60000000p+0); Erf(%1); Add(%2, 0x1.0000000000000p+0); Mul(x, %3); Mul(%4, 0x1.0000000000000p-1)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gelugen.errors import GelugenError, short

Array = npt.NDArray[Any]
"""Reals, all float32 or all float64."""
Operators = Mapping[str, Callable[..., Array]]
"""How each operator is computed: operands by place, attributes by name; the result has the type of the operands."""
Operand = int | float
"""The number of an earlier step (0 is the input), or a constant: an exact float32."""
MAX_STEPS = 64

_STEP = re.compile(r"([A-Z][A-Za-z]*)\(([^()]*)\)", re.ASCII)


@dataclass(frozen=True)
class Step:
    """One operator.

    Attributes:
        op: the ONNX operator; ``FastGelu`` for any GELU in its tanh form.
        operands: earlier steps and constants.
        attributes: by name, exact float32 values.
    """

    op: str
    operands: tuple[Operand, ...]
    attributes: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        operands = [
            ("x" if each == 0 else f"%{each}") if isinstance(each, int) else each.hex() for each in self.operands
        ]
        return f"{self.op}({', '.join([*operands, *(f'{name}={value.hex()}' for name, value in self.attributes)])})"


@dataclass(frozen=True)
class Expression:
    """Steps in order; the value is that of the last.

    Raises:
        GelugenError: there is no step, or more than 64; an operator is not known; an operand does not stand before it.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise GelugenError(f"an expression has {len(self.steps)} steps: it must have 1 to {MAX_STEPS}")
        for number, step in enumerate(self.steps, start=1):
            takes = _OPERANDS.get(step.op)
            if takes is None:
                raise GelugenError(f"operator {short(step.op)} of an expression is not known")
            attributes = ATTRIBUTES.get(step.op, {})
            if len(step.operands) != takes or {name for name, _ in step.attributes} != set(attributes):
                names = ", ".join(attributes) or "none"
                raise GelugenError(f"step {short(str(step))} must have {takes} operands and the attributes: {names}")
            if any(isinstance(each, int) and not 0 <= each < number for each in step.operands):
                raise GelugenError(f"step {short(str(step))} must take only steps that stand before it")

    def __str__(self) -> str:
        return "; ".join(str(step) for step in self.steps)

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Read the notation of the module's head.

        Raises:
            GelugenError: it is none.
        """
        return cls(tuple(_parse_step(part.strip()) for part in text.split(";")))

    @property
    def constants(self) -> tuple[float, ...]:
        """All constants in order."""
        return tuple(each for step in self.steps for each in step.operands if isinstance(each, float))

    def evaluate(self, x: npt.ArrayLike, operators: Operators | None = None) -> Array:
        """The values at reals of any shape, every step in the type of ``x`` (float32 or float64).

        Args:
            x: an array of float32 or float64.
            operators: what computes an operator in place of NumPy, such as a runtime's own Erf.
        """
        reals = np.asarray(x)
        real = reals.dtype.type
        chosen = {**OPERATORS, **(operators or {})}
        values: list[Any] = [reals]
        with np.errstate(all="ignore"):
            for step in self.steps:
                operands = [values[each] if isinstance(each, int) else real(each) for each in step.operands]
                attributes = {name: real(value) for name, value in step.attributes}
                values.append(chosen[step.op](*operands, **attributes))
        return np.broadcast_to(np.asarray(values[-1], dtype=reals.dtype), reals.shape)


def _parse_step(text: str) -> Step:
    match = _STEP.fullmatch(text)
    if not match:
        raise GelugenError(f"step {short(text)} must be written as in Add(%1, 0x1p+0)")
    operands: list[Operand] = []
    attributes: list[tuple[str, float]] = []
    for part in (each.strip() for each in match[2].split(",")):
        name, equals, value = part.partition("=")
        try:
            if equals:
                attributes.append((name.strip(), float.fromhex(value)))
            elif part == "x":
                operands.append(0)
            elif part.startswith("%"):
                operands.append(int(part[1:]))
            else:
                operands.append(float.fromhex(part))
        except (ValueError, OverflowError):
            raise GelugenError(f"operand {short(part)} must be x, a step such as %1 or a hexadecimal float") from None
    return Step(match[1], tuple(operands), tuple(attributes))


# -- NumPy's arithmetic: every constant below is taken in the type of the operand ---------------------------------

_erf64 = np.vectorize(math.erf, otypes=[np.float64])


def _erf(x: Array) -> Array:
    return np.asarray(_erf64(x), dtype=np.asarray(x).dtype) if np.size(x) else x


def _sigmoid(x: Array) -> Array:
    one = x.dtype.type(1)
    e = np.exp(-np.abs(x))
    value: Array = np.where(x >= 0, one / (one + e), e / (one + e))
    return value


def _softplus(x: Array) -> Array:
    value: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return value


def _gelu(x: Array) -> Array:
    value: Array = 0.5 * x * (1 + _erf(x * x.dtype.type(math.sqrt(0.5))))
    return value


def _fast_gelu(x: Array) -> Array:
    value: Array = 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
    return value


def _quick_gelu(x: Array, alpha: Array) -> Array:
    return x * _sigmoid(np.asarray(alpha * x))


def _elu(x: Array, alpha: Array) -> Array:
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _selu(x: Array, alpha: Array, gamma: Array) -> Array:
    return gamma * _elu(x, alpha)


def _celu(x: Array, alpha: Array) -> Array:
    value: Array = np.maximum(x, 0) + np.minimum(0, alpha * np.expm1(np.minimum(x, 0) / alpha))
    return value


def _leaky_relu(x: Array, alpha: Array) -> Array:
    return np.where(x >= 0, x, alpha * x)


def _hard_sigmoid(x: Array, alpha: Array, beta: Array) -> Array:
    value: Array = np.clip(alpha * x + beta, 0, 1)
    return value


OPERATORS: Operators = {
    "Abs": np.abs,
    "Add": np.add,
    "Celu": _celu,
    "Div": np.divide,
    "Elu": _elu,
    "Erf": _erf,
    "Exp": np.exp,
    "FastGelu": _fast_gelu,
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda x: x * _hard_sigmoid(x, x.dtype.type(1 / 6), x.dtype.type(0.5)),
    "LeakyRelu": _leaky_relu,
    "Log": np.log,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mish": lambda x: x * np.tanh(_softplus(x)),
    "Mul": np.multiply,
    "Neg": np.negative,
    "Pow": np.power,
    "QuickGelu": _quick_gelu,
    "Reciprocal": np.reciprocal,
    "Relu": lambda x: np.maximum(x, 0),
    "Selu": _selu,
    "Sigmoid": _sigmoid,
    "Softplus": _softplus,
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Sqrt": np.sqrt,
    "Sub": np.subtract,
    "Swish": _quick_gelu,
    "Tanh": np.tanh,
}
"""Every operator of an expression in NumPy's arithmetic, in the type of its operands."""
ATTRIBUTES: Mapping[str, Mapping[str, float]] = {
    "Celu": {"alpha": 1.0},
    "Elu": {"alpha": 1.0},
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
    "LeakyRelu": {"alpha": 0.01},
    "QuickGelu": {"alpha": 1.702},
    "Selu": {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875},
    "Swish": {"alpha": 1.0},
}
"""The attributes of the operators that have some, with the defaults of the ONNX standard and of ONNX Runtime."""
BINARY = frozenset({"Add", "Div", "Max", "Min", "Mul", "Pow", "Sub"})
_OPERANDS = {name: 2 if name in BINARY else 1 for name in OPERATORS}
