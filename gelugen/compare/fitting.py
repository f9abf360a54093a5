"""The best coefficient of the tanh and of the sigmoid form, for a range and a named target.

The forms are x * s(2 sqrt(2/pi) (x + c x^3)) and x * s(c x), with s the sigmoid. Against the target ``gelu`` the errors
are those of the form. Against ``normal_cdf`` both are divided by x: s(...) against Phi(x).

On ``numpy.arange(-10, 10, 0.001)`` least squares gives 0.044846 and 1.700991 for Phi, 0.044523 and 1.780076 for GELU;
minimax gives 0.044715 and 1.701745 for Phi, which are the coefficients in common use.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from gelugen.compare.approximations import refitted
from gelugen.compare.metrics import Reals
from gelugen.compare.points import grid
from gelugen.errors import GelugenError, short
from gelugen.functions import CATALOGUE, Function, get_function

Criterion = Literal["mse", "max"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
TARGETS = ("gelu", "normal_cdf")
FORMS: dict[str, tuple[float, float]] = {"gelu_tanh": (0.005, 0.5), "gelu_sigmoid": (0.5, 5.0)}
"""The forms with a coefficient, and between which bounds it is looked for."""

_SCANNED = 120
_DECIMALS = 6


@dataclass(frozen=True)
class Refit:
    """A best coefficient.

    Attributes:
        form: ``gelu_tanh`` or ``gelu_sigmoid``.
        target: what it is fitted to.
        criterion: ``mse``, least squares, or ``max``, the least largest |error|.
        points: where.
        coefficient: the best one, to six decimals; the errors are measured for it.
        mse, max_error: the errors against the target, from ball arithmetic.
        default: the form's usual coefficient.
        default_mse, default_max_error: the same errors for that.
    """

    form: str
    target: str
    criterion: Criterion
    points: str
    coefficient: float
    mse: float
    max_error: float
    default: float
    default_mse: float
    default_max_error: float

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)


def refit(
    form: str,
    target: str = "gelu",
    low: object = -10,
    high: object = 10,
    step: object = 0.001,
    criterion: str = "mse",
) -> Refit:
    """The best coefficient of a form on ``numpy.arange(low, high, step)``.

    Raises:
        GelugenError: the form has no coefficient, the target or the criterion is not known, the grid is refused,
            scipy is missing, or no coefficient is best on this range.
    """
    if form not in FORMS:
        raise GelugenError(f"function {short(form)} has no coefficient to refit: it must be {' or '.join(FORMS)}")
    if target not in TARGETS:
        raise GelugenError(f"target {short(target)} of a refit is not known: it must be {' or '.join(TARGETS)}")
    if criterion not in CRITERIA:
        raise GelugenError(f"criterion {short(criterion)} is not known: it must be {' or '.join(CRITERIA)}")
    points = grid(low, high, step)
    real = get_function(target).values(points.x)
    found = round(_best(form, target, points.x, real, criterion), _DECIMALS)
    usual = CATALOGUE[form].default
    default = float(CATALOGUE[form].parameters[0].default)
    errors = [_errors(each, target, points.x, real) for each in (refitted(form, found).function, usual)]
    best, before = [(float(np.mean(each**2)), float(np.abs(each).max())) for each in errors]
    return Refit(form, target, criterion, points.text, found, *best, default, *before)


def _best(form: str, target: str, x: Reals, real: Reals, criterion: Criterion) -> float:
    """A scan over the bounds, then Brent's method with bounds between the neighbours of the best one."""
    try:
        from scipy.optimize import minimize_scalar
    except ImportError:
        raise GelugenError("a refit needs scipy: pip install 'gelugen[fit]'") from None
    cost = cost_of(form, target, x, real, criterion)
    low, high = FORMS[form]
    scanned = np.geomspace(low, high, _SCANNED)
    costs = [cost(each) for each in scanned.tolist()]
    least = int(np.argmin(costs))
    if least in (0, _SCANNED - 1) or costs[least + 1] == costs[least]:  # past a bound, or too far out for any to matter
        raise GelugenError(
            f"no coefficient of {form} from {low} to {high} is best for {target} on x from {x[0]:.6g} to {x[-1]:.6g}: "
            f"take a range around 0"
        )
    bounds = (float(scanned[least - 1]), float(scanned[least + 1]))
    return float(minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-10}).x)


def cost_of(form: str, target: str, x: Reals, real: Reals, criterion: Criterion) -> Callable[[float], float]:
    """From a coefficient to what is to be least, in float64."""
    from scipy.special import expit

    scale = 2 * math.sqrt(2 / math.pi)
    times = x if target == "gelu" else np.ones_like(x)

    def cost(coefficient: float) -> float:
        inner = scale * (x + coefficient * x**3) if form == "gelu_tanh" else coefficient * x
        error = times * expit(inner) - real
        return float(np.mean(error**2) if criterion == "mse" else np.abs(error).max())

    return cost


def _errors(function: Function, target: str, x: Reals, real: Reals) -> Reals:
    """Errors of a form against the target; divided by x for ``normal_cdf``, where the limit at 0 is 1/2."""
    values = function.values(x)
    if target == "normal_cdf":
        values = np.divide(values, x, out=np.full_like(x, 0.5), where=x != 0)
    return values - real
