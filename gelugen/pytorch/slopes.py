"""Derivatives of the real functions, for the straight-through gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial

import torch

from gelugen.functions import ALIASES, CATALOGUE
from gelugen.functions.parameters import settle, split

Slope = Callable[[torch.Tensor], torch.Tensor]
"""The derivative at each element of a float tensor."""
_FAR = 1e6
"""Past every point where an exponential is more than nothing, and its cube is finite in float32."""


def slope_of(function: str) -> Slope | None:
    """The derivative of a function of the catalogue in closed form, with its parameters; None where none is here.

    There are closed forms for ``gelu``, ``gelu_tanh``, ``gelu_sigmoid``, ``parametric_gelu``, ``swish``, ``sigmoid``
    and ``tanh``.
    """
    prefix = function.partition(":")[0]
    if ALIASES.get(prefix, prefix) not in _SLOPES:
        return None
    name, given = split(function)
    name = ALIASES.get(name, name)
    values: Mapping[str, Fraction] = settle(name, CATALOGUE[name].parameters, given)
    return partial(_SLOPES[name], **{key: float(value) for key, value in values.items()})


def _gelu(x: torch.Tensor) -> torch.Tensor:
    density = torch.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return 0.5 * (1 + torch.erf(x * math.sqrt(0.5))) + x * density


def _gelu_tanh(x: torch.Tensor, coefficient: float) -> torch.Tensor:
    x, root = x.clamp(-_FAR, _FAR), math.sqrt(2 / math.pi)
    t = torch.tanh(root * (x + coefficient * x * x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * coefficient * x * x)


def _times_sigmoid(x: torch.Tensor, alpha: float = 1.0, beta: float = 1.0) -> torch.Tensor:
    z = (beta * x).clamp(-_FAR, _FAR)
    s = torch.sigmoid(z)
    return alpha * (s + z * s * (1 - s))


def _gelu_sigmoid(x: torch.Tensor, coefficient: float) -> torch.Tensor:
    return _times_sigmoid(x, beta=coefficient)


def _sigmoid(x: torch.Tensor) -> torch.Tensor:
    s = torch.sigmoid(x)
    return s * (1 - s)


def _tanh(x: torch.Tensor) -> torch.Tensor:
    t = torch.tanh(x)
    return 1 - t * t


_SLOPES: Mapping[str, Callable[..., torch.Tensor]] = {
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "gelu_sigmoid": _gelu_sigmoid,
    "parametric_gelu": _times_sigmoid,
    "swish": _times_sigmoid,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
}
