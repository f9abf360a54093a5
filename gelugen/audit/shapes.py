"""The catalogue in vectorised doubles: what a search over scales evaluates many thousand times.

A second copy of the formulas in ``functions/``, good to about 1e-12; tests hold each of them to the balls. It proposes
only: what is finally counted is counted against golden codes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from gelugen.functions import CATALOGUE, Function, get_function
from gelugen.functions.parameters import settle, split

Reals = npt.NDArray[np.float64]
Shape = Callable[[Reals], Reals]

_ROOT_HALF, _ROOT_TWO_OVER_PI, _ROOT_TAU = math.sqrt(0.5), math.sqrt(2 / math.pi), math.sqrt(2 * math.pi)
_LAST = 6.5
"""erfc is below 1e-19 from here on."""
_STEPS = 4096


@dataclass(frozen=True)
class Candidate:
    """A function that a table may hold.

    Attributes:
        name: in the notation of the catalogue.
        bits: how many bits it costs to name it: what is common costs less, an odd parameter more.
        scale_free: whether f(c x) is c f(x) or f(x) for c > 0, so that a table tells no input scale.
    """

    name: str
    bits: float
    scale_free: bool = False

    @property
    def straight(self) -> bool:
        """Whether it is a line, on which no place of x = 0 shows."""
        return self.name == "leaky_relu:slope=1"

    @property
    def function(self) -> Function:
        """The catalogue's function, where it has a domain with its value at the end outside of it."""
        return total(self.name)

    @property
    def shape(self) -> Shape:
        """The function in doubles."""
        return shape(self.name)


@lru_cache(maxsize=64)
def total(name: str) -> Function:
    """A function of the catalogue on all reals: outside its domain it has its value at the nearest end."""
    function = get_function(name)
    return function.extended(None) if function.domain_text else function


@lru_cache(maxsize=64)
def shape(name: str) -> Shape:
    """A function of the catalogue in doubles; a user's own one, and what is not written here, by its balls (slow)."""
    base = name.partition(":")[0]
    if base in CATALOGUE and base in _SHAPES:
        entry = CATALOGUE[base]
        values = {each.name: float(each.default) for each in entry.parameters}
        values |= {key: float(value) for key, value in settle(base, entry.parameters, split(name)[1]).items()}
        return _SHAPES[base](values)
    return total(name).values


def candidates() -> tuple[Candidate, ...]:
    """All functions of the catalogue, with the parameters that are in use."""
    found = []
    for name, entry in CATALOGUE.items():
        bits = _COMMON.get(name, 5.0)
        free = name in ("relu", "leaky_relu", "heaviside")
        if name != "parametric_gelu":  # by default gelu_sigmoid, and by other parameters swish
            found.append(Candidate(name, bits, free))
        for each in entry.parameters:
            known = [text for text, _ in each.known] + _MORE.get(name, [])
            found += [Candidate(f"{name}:{each.name}={text}", bits + 7, free) for text in known]
            if name == "hard_sigmoid":
                break
    return tuple(found)


_COMMON = {
    "gelu": 1.0,
    "relu": 1.0,
    "gelu_tanh": 2.0,
    "sigmoid": 2.0,
    "tanh": 2.0,
    "swish": 2.5,
    "gelu_sigmoid": 3.5,
    "exp": 3.5,
    "erf": 4.0,
    "softplus": 4.0,
    "hard_swish": 4.0,
    "mish": 4.0,
    "elu": 4.0,
    "leaky_relu": 4.0,
    "gelu_derivative": 6.0,
    "gelu_tanh_derivative": 7.0,
    "gelu_second_derivative": 7.0,
}
_MORE = {"leaky_relu": ["0.1", "0.2", "0.25", "0.3", "0.125", "1"], "heaviside": ["0", "1"]}


# -- the formulas --------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _erfc_table() -> tuple[Reals, Reals]:
    knots = np.linspace(0.0, _LAST, _STEPS + 1)
    values = np.array([math.erfc(x) for x in knots])
    return values, -2 / math.sqrt(math.pi) * np.exp(-knots * knots) * (_LAST / _STEPS)


def erfc(x: Reals) -> Reals:
    """The complementary error function by cubic Hermite interpolation, to about 1e-13."""
    values, slopes = _erfc_table()
    size = np.minimum(np.abs(x), _LAST * (1 - 1e-12)) * (_STEPS / _LAST)
    at = size.astype(np.int64)
    t = size - at
    left, right, rise, fall = values[at], values[at + 1], slopes[at], slopes[at + 1]
    step = right - left
    found = left + t * (rise + t * ((3 * step - 2 * rise - fall) + t * (rise + fall - 2 * step)))
    return np.where(x < 0, 2 - found, found)


def _phi(x: Reals) -> Reals:
    return np.exp(-0.5 * x * x) / _ROOT_TAU


def _cdf(x: Reals) -> Reals:
    return 0.5 * erfc(-x * _ROOT_HALF)


def _sigmoid(x: Reals) -> Reals:
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))


def _gelu_tanh(c: float) -> Shape:
    return lambda x: x * _sigmoid((2 * _ROOT_TWO_OVER_PI) * x * (1 + c * (x * x)))


def _gelu_tanh_derivative(c: float) -> Shape:
    def values(x: Reals) -> Reals:
        x = np.clip(x, -100, 100)
        head = _sigmoid((2 * _ROOT_TWO_OVER_PI) * x * (1 + c * (x * x)))
        return head + x * head * (1 - head) * 2 * _ROOT_TWO_OVER_PI * (1 + 3 * c * x * x)

    return values


def _softplus(b: float) -> Shape:
    return lambda x: np.maximum(x, 0) + np.log1p(np.exp(-b * np.abs(x))) / b


def _elu(scale: float, alpha: float) -> Shape:
    def values(x: Reals) -> Reals:
        found: Reals = np.where(x >= 0, scale * x, (scale * alpha) * np.expm1(np.minimum(x, 0)))
        return found

    return values


def _mish(x: Reals) -> Reals:
    found: Reals = x * np.tanh(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))
    return found


def _erf(x: Reals) -> Reals:
    return 1 - erfc(x)


def _noisy(sigma: float) -> Shape:
    return lambda x: x * _cdf(x / sigma) + sigma * _phi(x / sigma)


_SHAPES: dict[str, Callable[[dict[str, float]], Shape]] = {
    "gelu": lambda _: lambda x: x * _cdf(x),
    "gelu_tanh": lambda p: _gelu_tanh(p["coefficient"]),
    "gelu_sigmoid": lambda p: lambda x: x * _sigmoid(p["coefficient"] * x),
    "parametric_gelu": lambda p: lambda x: p["alpha"] * x * _sigmoid(p["beta"] * x),
    "swish": lambda p: lambda x: x * _sigmoid(p["beta"] * x),
    "gelu_derivative": lambda _: lambda x: _cdf(x) + x * _phi(x),
    "gelu_tanh_derivative": lambda p: _gelu_tanh_derivative(p["coefficient"]),
    "gelu_second_derivative": lambda _: lambda x: _phi(x) * (2 - x * x),
    "sigmoid": lambda _: _sigmoid,
    "tanh": lambda _: lambda x: np.tanh(x),
    "erf": lambda _: _erf,
    "normal_cdf": lambda _: _cdf,
    "normal_pdf": lambda _: _phi,
    "softsign": lambda _: lambda x: x / (1 + np.abs(x)),
    "hard_sigmoid": lambda p: lambda x: np.clip(p["slope"] * x + p["offset"], 0, 1),
    "heaviside": lambda p: lambda x: np.where(x > 0, 1.0, np.where(x < 0, 0.0, p["at_zero"])),
    "relu": lambda _: lambda x: np.maximum(x, 0.0),
    "leaky_relu": lambda p: lambda x: np.where(x >= 0, x, p["slope"] * x),
    "noisy_relu": lambda p: _noisy(p["sigma"]),
    "softplus": lambda p: _softplus(p["sharpness"]),
    "elu": lambda p: _elu(1.0, p["alpha"]),
    "selu": lambda _: _elu(1.0507009873554805, 1.6732632423543772),
    "mish": lambda _: _mish,
    "hard_swish": lambda _: lambda x: x * np.clip((x + 3) / 6, 0, 1),
    "smooth_relu": lambda p: lambda x: (x + np.sqrt(x * x + p["a"])) / 2,
    "smooth_abs": lambda p: lambda x: np.sqrt(x * x + p["a"]),
    "exp": lambda _: lambda x: np.exp(np.minimum(x, 0)),
}
