"""Write tests/data/function_checks.json: the catalogue's functions by SciPy and PyTorch, in float64.

The tests need neither. To make the file again, in an environment of its own::

    pip install scipy torch --extra-index-url https://download.pytorch.org/whl/cpu
    python scripts/function_checks.py

A function that SciPy does not have is composed of those of ``scipy.special`` that it has. From PyTorch comes its own
function wherever there is one, and derivatives are taken by autograd.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats
import torch
from scipy.special import erf, expit, expm1, log1p, ndtr
from torch.nn import functional as nn

X = [-7.5, -3.0, -1.25, -0.5, -(2.0**-10), 0.0, 0.3, 1.0, 4.75]
PHI = scipy.stats.norm.pdf
NORMAL = torch.distributions.Normal(torch.tensor(0.0, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64))
COEFFICIENTS = [0.044715, 0.04485, 0.04498017, 0.04553992412]
Function = Callable[[Any], Any]


def tanh_form(x: Any, c: float) -> Any:
    """GELU's tanh form, and nothing simplified."""
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + c * x**3)))


def tanh_slope(x: Any, c: float) -> Any:
    """Its derivative."""
    u = np.sqrt(2 / np.pi) * (x + c * x**3)
    return (1 + np.tanh(u)) / 2 + x / 2 / np.cosh(u) ** 2 * np.sqrt(2 / np.pi) * (1 + 3 * c * x**2)


def torch_tanh_form(x: Any, c: float) -> Any:
    """The same, of PyTorch's tanh."""
    return x / 2 * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + c * x**3)))


def elu(x: Any, alpha: float) -> Any:
    """ELU by expm1."""
    return np.where(x >= 0, x, alpha * expm1(np.minimum(x, 0)))


def derivative(function: Function, order: int = 1) -> Function:
    """A derivative by autograd."""

    def derived(x: Any) -> Any:
        value = function(x.requires_grad_())
        for _ in range(order):
            (value,) = torch.autograd.grad(value.sum(), x, create_graph=True)
        return value.detach()

    return derived


SELU = 1.0507009873554804934, 1.6732632423543772848
SCIPY: dict[str, Function] = {
    "gelu": lambda x: x * ndtr(x),
    **{f"gelu_tanh:coefficient={c}": lambda x, c=c: tanh_form(x, c) for c in COEFFICIENTS},
    **{f"gelu_sigmoid:coefficient={c}": lambda x, c=c: x * expit(c * x) for c in (1.702, 1.70099, 1.656577)},
    "quick_gelu": lambda x: x * expit(1.702 * x),
    "parametric_gelu:alpha=0.5,beta=2.5": lambda x: 0.5 * x * expit(2.5 * x),
    "silu": lambda x: x * expit(x),
    "swish:beta=1.5": lambda x: x * expit(1.5 * x),
    "gelu_derivative": lambda x: ndtr(x) + x * PHI(x),
    **{f"gelu_tanh_derivative:coefficient={c}": lambda x, c=c: tanh_slope(x, c) for c in COEFFICIENTS},
    "gelu_second_derivative": lambda x: PHI(x) * (2 - x**2),
    "sigmoid": expit,
    "tanh": np.tanh,
    "erf": erf,
    "normal_cdf": ndtr,
    "normal_pdf": PHI,
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_sigmoid:slope=0.2": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "hard_sigmoid:slope=0.25,offset=0.375": lambda x: np.clip(0.25 * x + 0.375, 0, 1),
    "heaviside:at_zero=0.25": lambda x: np.heaviside(x, 0.25),
    "noisy_relu": lambda x: x * ndtr(x) + PHI(x),
    "noisy_relu:sigma=0.5": lambda x: x * ndtr(x / 0.5) + 0.5 * PHI(x / 0.5),
    "softplus": lambda x: log1p(np.exp(x)),
    "softplus:sharpness=4": lambda x: log1p(np.exp(4 * x)) / 4,
    "elu": lambda x: elu(x, 1.0),
    "elu:alpha=0.5": lambda x: elu(x, 0.5),
    "selu": lambda x: SELU[0] * elu(x, SELU[1]),
    "mish": lambda x: x * np.tanh(log1p(np.exp(x))),
    "smooth_relu": lambda x: (x + np.sqrt(x**2 + 4)) / 2,
    "smooth_relu:a=0.25": lambda x: (x + np.sqrt(x**2 + 0.25)) / 2,
    "smooth_abs": lambda x: np.sqrt(x**2 + 1),
    "smooth_abs:a=0.25": lambda x: np.sqrt(x**2 + 0.25),
    "exp": np.exp,
}
TORCH: dict[str, Function] = {
    "gelu": nn.gelu,
    "gelu_tanh": lambda x: nn.gelu(x, approximate="tanh"),
    **{f"gelu_tanh:coefficient={c}": lambda x, c=c: torch_tanh_form(x, c) for c in COEFFICIENTS[1:]},
    "gelu_sigmoid:coefficient=1.656577": lambda x: x * torch.sigmoid(1.656577 * x),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "parametric_gelu:alpha=0.5,beta=2.5": lambda x: 0.5 * x * torch.sigmoid(2.5 * x),
    "silu": nn.silu,
    "swish:beta=1.5": lambda x: x * torch.sigmoid(1.5 * x),
    "gelu_derivative": derivative(nn.gelu),
    "gelu_tanh_derivative": derivative(lambda x: nn.gelu(x, approximate="tanh")),
    "gelu_tanh_derivative:coefficient=0.04485": derivative(lambda x: torch_tanh_form(x, 0.04485)),
    "gelu_second_derivative": derivative(nn.gelu, 2),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "erf": torch.erf,
    "normal_cdf": NORMAL.cdf,
    "normal_pdf": lambda x: NORMAL.log_prob(x).exp(),
    "softsign": nn.softsign,
    "hard_sigmoid": nn.hardsigmoid,
    "heaviside": lambda x: torch.heaviside(x, torch.tensor(0.5, dtype=torch.float64)),
    "heaviside:at_zero=1": lambda x: torch.heaviside(x, torch.tensor(1.0, dtype=torch.float64)),
    "relu": nn.relu,
    "leaky_relu": nn.leaky_relu,
    "leaky_relu:slope=-0.25": lambda x: nn.leaky_relu(x, -0.25),
    "noisy_relu": lambda x: x * torch.special.ndtr(x) + NORMAL.log_prob(x).exp(),
    "softplus": nn.softplus,
    "softplus:sharpness=4": lambda x: nn.softplus(x, beta=4, threshold=1000),
    "elu": nn.elu,
    "elu:alpha=0.5": lambda x: nn.elu(x, alpha=0.5),
    "selu": nn.selu,
    "mish": nn.mish,
    "hard_swish": nn.hardswish,
    "exp": torch.exp,
}


def main() -> None:
    """Write the file."""
    checks = []
    for library, functions in (("scipy", SCIPY), ("torch", TORCH)):
        for notation, function in functions.items():
            x = [each for each in X if notation != "exp" or each <= 0]
            data = np.array(x) if library == "scipy" else torch.tensor(x, dtype=torch.float64)
            checks.append({"function": notation, "by": library, "x": x, "values": function(data).tolist()})
    versions = {"numpy": np.__version__, "scipy": scipy.__version__, "torch": torch.__version__}
    text = json.dumps({"versions": versions, "checks": checks}, indent=1)
    Path(__file__).parents[1].joinpath("tests", "data", "function_checks.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
