"""GELU in all its forms, what is written x * sigmoid, and the derivatives of GELU."""

from __future__ import annotations

from fractions import Fraction

from flint import arb, fmpq

from gelugen.functions.entries import (
    IDENTITY,
    LEFT_ZERO,
    NOTHING,
    ONE,
    ZERO,
    Entry,
    Formula,
    Values,
    density,
    logistic_tail,
    normal_tail,
    root_two_over_pi,
)
from gelugen.functions.function import Line, Parts, decimal, fraction
from gelugen.functions.parameters import Parameter

_PAPER = "Hendrycks and Gimpel, Gaussian Error Linear Units, arXiv:1606.08415"
_RECTIFIED = (LEFT_ZERO, IDENTITY)
_STEP = (Line(ZERO, ZERO), Line(ZERO, ONE))


def _gelu(_: Values) -> Formula:
    def parts(x: fmpq) -> Parts:
        ball = arb(x)
        return Parts(x, -ball * normal_tail(ball), -1) if x else NOTHING

    return Formula("x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))", "residual", parts, _RECTIFIED)


def _gelu_tanh(values: Values) -> Formula:
    c = fraction(values["coefficient"])

    def parts(x: fmpq) -> Parts:
        if not x:
            return NOTHING
        ball = arb(x)
        inner = root_two_over_pi() * (ball + c * ball**3)
        return Parts(x, -ball * logistic_tail(2 * inner), -1)  # (1 - tanh u) / 2 = sigmoid(-2u)

    text = f"x/2 * (1 + tanh(sqrt(2/pi) * (x + {decimal(values['coefficient'])} * x^3)))"
    return Formula(text, "residual", parts, _RECTIFIED)


def _times_sigmoid(alpha: Fraction, beta: Fraction) -> Formula:
    """The function alpha * x * sigmoid(beta * x)."""
    a, b = fraction(alpha), fraction(beta)

    def parts(x: fmpq) -> Parts:
        if not x:
            return NOTHING
        size = arb(abs(x))
        return Parts(max(a * x, ZERO), -(a * size) * logistic_tail(b * size), -1)

    scaled = "x" if alpha == 1 else f"{decimal(alpha)} * x"
    inner = "x" if beta == 1 else f"{decimal(beta)} * x"
    ends = (LEFT_ZERO, Line(a, ZERO))
    return Formula(f"{scaled} * sigmoid({inner})", "residual" if alpha == 1 else "none", parts, ends)


def _gelu_sigmoid(values: Values) -> Formula:
    return _times_sigmoid(Fraction(1), values["coefficient"])


def _swish(values: Values) -> Formula:
    return _times_sigmoid(Fraction(1), values["beta"])


def _parametric_gelu(values: Values) -> Formula:
    return _times_sigmoid(values["alpha"], values["beta"])


def _gelu_derivative(_: Values) -> Formula:
    def parts(x: fmpq) -> Parts:
        ball = arb(x)
        # By Mills' ratio x * phi(x) > Phi(-x) from x = 1 on: there f comes down to 1.
        return Parts(ONE, ball * density(ball) - normal_tail(ball), 1 if x >= 1 else 0)

    return Formula("Phi(x) + x * phi(x), the first derivative of gelu", "complement", parts, _STEP)


def _gelu_tanh_derivative(values: Values) -> Formula:
    c = fraction(values["coefficient"])

    def parts(x: fmpq) -> Parts:
        ball = arb(x)
        root = root_two_over_pi()
        tail = logistic_tail(2 * root * (ball + c * ball**3))
        slope = root * (1 + 3 * c * ball**2)
        # x * sigmoid(2u), derived; (1 - tail) * slope > 1/2 from x = 1 on, since there sigmoid(2u) > 4/5.
        return Parts(ONE, tail * (2 * ball * (1 - tail) * slope - 1), 1 if x >= 1 else 0)

    text = f"the first derivative of x/2 * (1 + tanh(sqrt(2/pi) * (x + {decimal(values['coefficient'])} * x^3)))"
    return Formula(text, "complement", parts, _STEP)


def _gelu_second_derivative(_: Values) -> Formula:
    def parts(x: fmpq) -> Parts:
        ball = arb(x)
        return Parts(ZERO, density(ball) * (2 - ball * ball), 1 if x * x < 2 else -1)

    text = "phi(x) * (2 - x^2), the second derivative of gelu"
    return Formula(text, "even", parts, (Line(ZERO, ZERO), Line(ZERO, ZERO)))


_TANH_COEFFICIENT = Parameter(
    "coefficient",
    Fraction("0.044715"),
    known=(
        ("0.04485", "least squares of Phi on -10 to 10"),
        ("0.04498017", "a known refit"),
        ("0.04553992412", "2/(3 pi) - 1/6: the third derivative at 0 is that of Phi"),
    ),
)

ENTRIES = (
    Entry(
        name="gelu",
        group="GELU",
        source=f"{_PAPER}: the exact, erf form",
        define=_gelu,
        checks=((-4.0, -0.00012668496733248), (-0.75, -0.169970514282651), (1.0, 0.841344746068543)),
    ),
    Entry(
        name="gelu_tanh",
        group="GELU",
        source=f"{_PAPER}: the tanh approximation of GELU",
        define=_gelu_tanh,
        checks=((-4.0, -7.02459481923727e-05), (-0.75, -0.17003944483438), (1.0, 0.841191990608277)),
        parameters=(_TANH_COEFFICIENT,),
    ),
    Entry(
        name="gelu_sigmoid",
        group="GELU",
        source=f"{_PAPER}: the sigmoid approximation of GELU (quick GELU)",
        define=_gelu_sigmoid,
        checks=((-4.0, -0.00441472413958106), (-0.75, -0.163609942465362), (1.0, 0.845795765932821)),
        parameters=(
            Parameter(
                "coefficient",
                Fraction("1.702"),
                known=(
                    ("1.70099", "least squares of Phi on -10 to 10"),
                    ("1.656577", "a known refit"),
                ),
            ),
        ),
        aliases=("quick_gelu",),
    ),
    Entry(
        name="parametric_gelu",
        group="GELU",
        source="x * sigmoid with two parameters: Ramachandran et al., Searching for Activation Functions, "
        "arXiv:1710.05941, scaled by alpha",
        define=_parametric_gelu,
        checks=((-4.0, -0.00441472413958106), (-0.75, -0.163609942465362), (1.0, 0.845795765932821)),
        parameters=(Parameter("alpha", Fraction(1)), Parameter("beta", Fraction("1.702"))),
    ),
    Entry(
        name="swish",
        group="GELU",
        source="Ramachandran et al., Searching for Activation Functions, arXiv:1710.05941; "
        "SiLU (beta = 1): Elfwing et al., arXiv:1702.03118",
        define=_swish,
        checks=((-4.0, -0.0719448398483662), (-0.75, -0.240615975618455), (1.0, 0.731058578630005)),
        parameters=(Parameter("beta", Fraction(1)),),
        aliases=("silu",),
    ),
    Entry(
        name="gelu_derivative",
        group="derivatives of GELU",
        source=f"{_PAPER}: the erf form, derived",
        define=_gelu_derivative,
        checks=((-4.0, -0.000503649661226421), (-0.75, 0.000774278260764896), (1.0, 1.08331547058769)),
    ),
    Entry(
        name="gelu_tanh_derivative",
        group="derivatives of GELU",
        source=f"{_PAPER}: the tanh approximation, derived",
        define=_gelu_tanh_derivative,
        checks=((-4.0, -0.000335123197122671), (-0.75, 0.0010617438625857), (1.0, 1.08296408384578)),
        parameters=(_TANH_COEFFICIENT,),
    ),
    Entry(
        name="gelu_second_derivative",
        group="derivatives of GELU",
        source=f"{_PAPER}: the erf form, derived twice",
        define=_gelu_second_derivative,
        checks=((-4.0, -0.00187362316070839), (-0.75, 0.432885058722531), (1.0, 0.241970724519143)),
    ),
)
