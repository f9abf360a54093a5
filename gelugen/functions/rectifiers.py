"""ReLU and what is meant to be a better one, the absolute value with a round corner, and exp."""

from __future__ import annotations

from fractions import Fraction

from flint import arb, fmpq

from gelugen.functions.entries import (
    HALF,
    IDENTITY,
    LEFT_ZERO,
    NOTHING,
    ONE,
    ZERO,
    Entry,
    Formula,
    Values,
    density,
    normal_tail,
)
from gelugen.functions.function import Fold, Line, Parts, decimal, fraction
from gelugen.functions.parameters import Parameter

_RECTIFIED = (LEFT_ZERO, IDENTITY)
_SELU_ALPHA = Fraction("1.6732632423543772848170429916717")
_SELU_SCALE = Fraction("1.0507009873554804934193349852946")


def _relu(_: Values) -> Formula:
    return Formula("max(x, 0)", "residual", Parts, _RECTIFIED)


def _leaky_relu(values: Values) -> Formula:
    slope = fraction(values["slope"])

    def parts(x: fmpq) -> Parts:
        return Parts(x if x >= 0 else slope * x)

    text = f"x for x >= 0, {decimal(values['slope'])} * x for x < 0"
    folds: dict[fmpq, Fold] = {ZERO: "residual", ONE: "odd", -ONE: "even"}
    return Formula(text, folds.get(slope, "none"), parts, (Line(slope, ZERO), IDENTITY))


def _noisy_relu(values: Values) -> Formula:
    s = fraction(values["sigma"])

    def parts(x: fmpq) -> Parts:
        z = arb(x / s)
        return Parts(x, s * (density(z) - z * normal_tail(z)), 1)

    sigma = decimal(values["sigma"])
    over = "x" if sigma == "1" else f"x / {sigma}"
    times = "" if sigma == "1" else f"{sigma} * "
    text = f"E[max(x + {times}noise, 0)] = x * Phi({over}) + {times}phi({over})"
    return Formula(text, "residual", parts, _RECTIFIED)


def _softplus(values: Values) -> Formula:
    b = fraction(values["sharpness"])

    def parts(x: fmpq) -> Parts:
        return Parts(x, (-arb(b * x)).exp().log1p() / b, 1)

    sharpness = decimal(values["sharpness"])
    text = "log(1 + exp(x))" if sharpness == "1" else f"log(1 + exp({sharpness} * x)) / {sharpness}"
    return Formula(text, "residual", parts, _RECTIFIED)


def _elu_of(scale: Fraction, alpha: Fraction, text: str) -> Formula:
    """The function scale * (x for x >= 0, alpha * (exp(x) - 1) for x < 0)."""
    right, depth = fraction(scale), fraction(scale * alpha)

    def parts(x: fmpq) -> Parts:
        if x >= 0:
            return Parts(right * x)
        if x > -1:
            return Parts(ZERO, depth * arb(x).expm1(), -1)
        return Parts(-depth, depth * arb(x).exp(), 1)

    return Formula(text, "none", parts, (Line(ZERO, -depth), Line(right, ZERO)))


def _elu(values: Values) -> Formula:
    alpha = decimal(values["alpha"])
    left = "exp(x) - 1" if alpha == "1" else f"{alpha} * (exp(x) - 1)"
    return _elu_of(Fraction(1), values["alpha"], f"x for x >= 0, {left} for x < 0")


def _selu(_: Values) -> Formula:
    text = "1.0507009873554805 * (x for x >= 0, 1.6732632423543772 * (exp(x) - 1) for x < 0), both to 32 digits"
    return _elu_of(_SELU_SCALE, _SELU_ALPHA, text)


def _mish(_: Values) -> Formula:
    def parts(x: fmpq) -> Parts:
        if not x:
            return NOTHING
        ball = arb(x)
        e = (-abs(ball)).exp()
        if x > 0:  # tanh(log(1 + 1/e)) = 1 - 2 e^2 / (e^2 + (1 + e)^2)
            square = e * e
            return Parts(x, -2 * ball * square / (square + (1 + e) ** 2), -1)
        rise = e * (e + 2)  # tanh(log(1 + e)) = ((1 + e)^2 - 1) / ((1 + e)^2 + 1)
        return Parts(ZERO, ball * rise / (rise + 2), -1)

    return Formula("x * tanh(log(1 + exp(x)))", "none", parts, _RECTIFIED)


def _hard_swish(_: Values) -> Formula:
    def parts(x: fmpq) -> Parts:
        return Parts(x * min(max((x + 3) / 6, ZERO), ONE))

    return Formula("x * min(max(x + 3, 0), 6) / 6", "residual", parts, _RECTIFIED)


def _rounded_corner(x: fmpq, a: fmpq) -> Parts:
    """sqrt(x^2 + a) for x >= 0: exact where it is rational, else x + a / (sqrt(x^2 + a) + x)."""
    square = x * x + a
    if square.p.is_square() and square.q.is_square():
        return Parts(square.sqrt())
    return Parts(x, a / (arb(square).sqrt() + x), 1)


def _smooth_abs(values: Values) -> Formula:
    a = fraction(values["a"])
    ends = (Line(-ONE, ZERO), IDENTITY)
    return Formula(f"sqrt(x^2 + {decimal(values['a'])})", "even", lambda x: _rounded_corner(x, a), ends)


def _smooth_relu(values: Values) -> Formula:
    a = fraction(values["a"])

    def parts(x: fmpq) -> Parts:
        exact, rest, sign = _rounded_corner(x, a)
        return Parts((x + exact) * HALF, None if rest is None else rest / 2, sign)

    return Formula(f"(x + sqrt(x^2 + {decimal(values['a'])})) / 2", "residual", parts, _RECTIFIED)


def _exp(_: Values) -> Formula:
    def parts(x: fmpq) -> Parts:
        return Parts(ZERO, arb(x).exp(), 1) if x else Parts(ONE)

    return Formula("exp(x)", "none", parts, (Line(ZERO, ZERO), None), domain=(None, Fraction(0)))


_SMOOTH = "Barron, Squareplus: A Softplus-Like Algebraic Rectifier, arXiv:2112.11687"

ENTRIES = (
    Entry(
        name="relu",
        group="rectifiers",
        source="Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010",
        define=_relu,
        checks=((-4.0, 0.0), (-0.75, 0.0), (1.0, 1.0)),
    ),
    Entry(
        name="leaky_relu",
        group="rectifiers",
        source="Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013; "
        "PyTorch's LeakyReLU",
        define=_leaky_relu,
        checks=((-4.0, -0.04), (-0.75, -0.0075), (1.0, 1.0)),
        parameters=(Parameter("slope", Fraction("0.01"), low=Fraction(-1), high=Fraction(1), above=False),),
    ),
    Entry(
        name="noisy_relu",
        group="rectifiers",
        source="the expectation of Nair and Hinton's noisy ReLU, 2010, for noise of one standard deviation sigma",
        define=_noisy_relu,
        checks=((-4.0, 7.14525843240567e-06), (-0.75, 0.131166917872153), (1.0, 1.08331547058769)),
        parameters=(Parameter("sigma", Fraction(1)),),
    ),
    Entry(
        name="softplus",
        group="rectifiers",
        source="Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing, 2000; "
        "PyTorch's Softplus, whose beta is the sharpness",
        define=_softplus,
        checks=((-4.0, 0.0181499279178097), (-0.75, 0.3868710061149), (1.0, 1.31326168751822)),
        parameters=(Parameter("sharpness", Fraction(1)),),
    ),
    Entry(
        name="elu",
        group="rectifiers",
        source="Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units, arXiv:1511.07289",
        define=_elu,
        checks=((-4.0, -0.981684361111266), (-0.75, -0.527633447258985), (1.0, 1.0)),
        parameters=(Parameter("alpha", Fraction(1)),),
    ),
    Entry(
        name="selu",
        group="rectifiers",
        source="Klambauer et al., Self-Normalizing Neural Networks, arXiv:1706.02515",
        define=_selu,
        checks=((-4.0, -1.72589862818989), (-0.75, -0.927632015835051), (1.0, 1.05070098735548)),
    ),
    Entry(
        name="mish",
        group="rectifiers",
        source="Misra, Mish: A Self Regularized Non-Monotonic Activation Function, arXiv:1908.08681",
        define=_mish,
        checks=((-4.0, -0.0725917407920254), (-0.75, -0.276494714505465), (1.0, 0.86509838826731)),
    ),
    Entry(
        name="hard_swish",
        group="rectifiers",
        source="Howard et al., Searching for MobileNetV3, arXiv:1905.02244",
        define=_hard_swish,
        checks=((-4.0, 0.0), (-0.75, -0.28125), (1.0, 0.666666666666667)),
    ),
    Entry(
        name="smooth_relu",
        group="rectifiers",
        source=_SMOOTH,
        define=_smooth_relu,
        checks=((-4.0, 0.23606797749979), (-0.75, 0.693000468164691), (1.0, 1.61803398874989)),
        parameters=(Parameter("a", Fraction(4)),),
        aliases=("squareplus",),
    ),
    Entry(
        name="smooth_abs",
        group="rectifiers",
        source=f"the absolute value with a round corner: twice squareplus minus x, {_SMOOTH}",
        define=_smooth_abs,
        checks=((-4.0, 4.12310562561766), (-0.75, 1.25), (1.0, 1.4142135623731)),
        parameters=(Parameter("a", Fraction(1)),),
    ),
    Entry(
        name="exp",
        group="softmax",
        source="the exponential on x <= 0, as softmax takes it after the largest logit is subtracted",
        define=_exp,
        checks=((-4.0, 0.0183156388887342), (-0.75, 0.472366552741015), (0.0, 1.0)),
    ),
)
