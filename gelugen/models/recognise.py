"""Which function of the catalogue an expression is: found by its values, so that the order of its nodes is no matter.

An expression is a function of the catalogue if both agree, in float64, at points around 0 and over the whole input
range, within what float32 rounding of its constants explains. Parameters are estimated from single values; a value
within float32 rounding of one that the catalogue knows, or of a constant of the expression, is taken for that one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from gelugen.dialects.expressions import Expression
from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.functions import CATALOGUE, get_function
from gelugen.functions.function import decimal
from gelugen.models.model import known

Reals = npt.NDArray[np.float64]

_POINTS: Reals = np.concatenate([np.linspace(-12.0, 12.0, 385), np.linspace(-0.7, 0.9, 33)])
_PER_RANGE = 65
_TOLERANCE = 3e-7
"""For max(1, |x|): a few constants, each off by float32's 2^-24."""
_PLAIN = ("relu", "gelu", "tanh", "sigmoid", "erf", "softplus", "mish", "hard_swish", "selu", "softsign", "normal_cdf")


def number(value: float, function: str, parameter: str) -> str:
    """A float32 as the parameter of a function: the catalogue's own value, or else the shortest decimal.

    Both give the same float32 back.
    """
    single = np.float32(value)
    for entry in CATALOGUE[function].parameters:
        if entry.name == parameter:
            for common in (entry.default, *(Fraction(text) for text, _ in entry.known)):
                if np.float32(float(common)) == single:
                    return decimal(common)
    return np.format_float_positional(single, unique=True, trim="-")


def operator_function(op: str, attributes: dict[str, float]) -> str | None:
    """The function of a single ONNX operator (``FastGelu`` for the tanh form); None if the catalogue has none."""
    if (plain := _OPERATORS.get(op)) is not None:
        return plain
    alpha = attributes.get("alpha", math.nan)
    if op in ("QuickGelu", "Swish"):
        if alpha == 1:
            return "swish"
        name, parameter = ("gelu_sigmoid", "coefficient") if op == "QuickGelu" else ("swish", "beta")
        return known(f"{name}:{parameter}={number(alpha, name, parameter)}")
    if op == "Elu":
        return known(f"elu:alpha={number(alpha, 'elu', 'alpha')}")
    if op == "LeakyRelu":
        return known(f"leaky_relu:slope={number(alpha, 'leaky_relu', 'slope')}")
    if op == "HardSigmoid":
        slope = number(alpha, "hard_sigmoid", "slope")
        return known(f"hard_sigmoid:slope={slope},offset={number(attributes['beta'], 'hard_sigmoid', 'offset')}")
    if op == "Selu":
        usual = {"alpha": np.float32(1.6732632423543772), "gamma": np.float32(1.0507009873554805)}
        return "selu" if all(np.float32(attributes[name]) == value for name, value in usual.items()) else None
    return None


_OPERATORS = {
    "Erf": "erf",
    "FastGelu": "gelu_tanh",
    "Gelu": "gelu",
    "HardSwish": "hard_swish",
    "Mish": "mish",
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}


@lru_cache(maxsize=256)
def is_affine(expression: Expression) -> bool:
    """Whether an expression is a straight line around 0: a requantization and no activation."""
    values = expression.evaluate(_POINTS)
    if not np.isfinite(values).all():
        return False
    at = dict(zip(_POINTS.tolist(), values.tolist(), strict=True))
    middle, slope = at[0.0], (at[12.0] - at[-12.0]) / 24
    line = middle + slope * _POINTS
    size = max(abs(middle), abs(slope), np.finfo(np.float64).tiny)
    return bool((np.abs(values - line) <= 1e-9 * size * np.maximum(1, np.abs(_POINTS))).all())


@lru_cache(maxsize=256)
def recognise(expression: Expression, source: Format) -> str | None:
    """The function of the catalogue that an expression is over the input range, in canonical notation, or None."""
    near = expression.evaluate(_POINTS)
    if not np.isfinite(near).all():
        return None
    codes = np.unique(np.linspace(source.code_min, source.code_max, _PER_RANGE).astype(np.int64))
    reals = source.dequantize(codes)
    far = expression.evaluate(reals)
    for notation in _candidates(expression):
        if _close(near, _near(notation), _POINTS):
            function = get_function(notation)
            if _close(far, function.values(reals), reals):
                return notation
    return None


def _close(values: Reals, truth: Reals, x: Reals) -> bool:
    return bool((np.abs(values - truth) <= _TOLERANCE * np.maximum(1, np.abs(x))).all())


@lru_cache(maxsize=64)
def _near(notation: str) -> Reals:
    return get_function(notation).values(_POINTS)


def _candidates(expression: Expression) -> Iterator[str]:
    """Functions that may be meant, in canonical notation: those without parameters first."""
    yield from _PLAIN

    def f(x: float) -> float:
        return float(expression.evaluate(np.array([x]))[0])

    estimates: tuple[Callable[[], tuple[str, dict[str, float]]], ...] = (
        lambda: ("gelu_tanh", {"coefficient": math.atanh(2 * f(1.0) - 1) / math.sqrt(2 / math.pi) - 1}),
        lambda: ("swish", {"beta": _logit(f(1.0))}),
        lambda: ("gelu_sigmoid", {"coefficient": _logit(f(1.0))}),
        lambda: ("leaky_relu", {"slope": -f(-1.0)}),
        lambda: ("elu", {"alpha": f(-1.0) / math.expm1(-1.0)}),
        lambda: ("softplus", {"sharpness": math.log(2) / f(0.0)}),
        lambda: ("hard_sigmoid", {"slope": 4 * (f(0.25) - f(0.0)), "offset": f(0.0)}),
        lambda: (
            "parametric_gelu",
            {"alpha": f(1.0) - f(-1.0), "beta": _logit(f(1.0) / (f(1.0) - f(-1.0)))},
        ),
    )
    found = []
    for estimate in estimates:
        try:
            name, values = estimate()
            texts = [f"{key}={_snapped(value, name, key, expression)}" for key, value in values.items()]
        except (ValueError, ArithmeticError, GelugenError):
            continue
        notation = known(f"{name}:{','.join(texts)}")
        if notation is not None:
            found.append(notation)
    # x * sigmoid(c * x) has two names: its common ones first, so that 1.702 is GELU's and 1 is swish.
    yield from sorted(found, key=lambda notation: notation not in ("swish", "gelu_sigmoid"))


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def _snapped(value: float, function: str, parameter: str, expression: Expression) -> str:
    """A parameter's text: a value that the catalogue knows, a constant of the expression, or seven digits."""
    if not math.isfinite(value):
        raise ValueError
    entry = next(each for each in CATALOGUE[function].parameters if each.name == parameter)
    for common in (entry.default, *(Fraction(text) for text, _ in entry.known)):
        if math.isclose(value, float(common), rel_tol=2**-22, abs_tol=2**-23):
            return decimal(common)
    for constant in expression.constants:
        for single in (constant, -constant):
            if math.isclose(value, single, rel_tol=2**-22, abs_tol=2**-23):
                return number(single, function, parameter)
    return np.format_float_positional(value, precision=7, unique=False, fractional=False, trim="-")
