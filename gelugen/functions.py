"""The catalogue of functions, in ball arithmetic.

An entry says what a function is and how it folds. Ball arithmetic (Arb, through python-flint) encloses every
value, so that a rounding is proven; to add a function is to add one entry to ``CATALOGUE``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from flint import arb, ctx, fmpq

from gelugen.errors import GelugenError, short
from gelugen.formats import Format

Fold = Literal["none", "residual", "even", "odd", "complement"]
"""``none``: f(x) = core(x). ``residual``: f(x) = max(x, 0) - core(|x|), so that x and -x share one value.
``even``: f(-x) = f(x). ``odd``: f(-x) = -f(x). ``complement``: f(-x) = C - f(x). The last three are folds of a
design; no entry of the catalogue has one yet."""


@dataclass(frozen=True)
class Function:
    """A real function.

    Attributes:
        name: the identity that every design name and manifest carries.
        formula: the definition, in plain text.
        source: where the definition comes from.
        fold: the symmetry that is left when the exact part is taken away.
        core: what remains to be computed: a ball that encloses core(x) for a ball x, x >= 0 if there is a
            fold. It must keep its relative accuracy where it gets small, and be exact where it is rational.
        checks: pairs (x, f(x)) from outside gelugen (mpmath at 30 digits, tests/test_functions.py), to 15 digits.
        positive: core(x) > 0 for every x > 0 is known. It settles the floor of x - core(x) where core is so
            small that its ball touches 0.
    """

    name: str
    formula: str
    source: str
    fold: Fold
    core: Callable[[arb], arb]
    checks: tuple[tuple[float, float], ...]
    positive: bool = False

    def ball(self, x: Fraction) -> arb:
        """A ball around f(x), as small as flint's working precision makes it."""
        if self.fold == "residual":
            return rational(max(x, Fraction(0))) - self.core(rational(abs(x)))
        return self.core(rational(x))

    def range(self, input_format: Format) -> tuple[Fraction, Fraction]:
        """Bounds on the values over all codes of a format, wider than need be by at most the width of a ball.

        Balls have 96 bits; no bound lies past what the fold alone gives.
        """
        step = Fraction(input_format.scale)
        points = [(code - input_format.zero_point) * step for code in input_format.codes().tolist()]
        with ctx.workprec(96):
            balls = [(x, self.ball(x)) for x in points]
            rough = [float(ball) for _, ball in balls]
            least, greatest = min(rough), max(rough)
            near = 1e-9 * max(abs(least), abs(greatest))
            lowest = [b for b, value in zip(balls, rough, strict=True) if value <= least + near]
            highest = [b for b, value in zip(balls, rough, strict=True) if value >= greatest - near]
            low = min(_exact(ball.lower()) for _, ball in lowest)
            high = max(self._at_most(x, _exact(ball.upper())) for x, ball in highest)
        return low, high

    def _at_most(self, x: Fraction, bound: Fraction) -> Fraction:
        if self.fold == "residual" and self.positive:
            return min(bound, max(x, Fraction(0)))
        return bound


def rational(x: Fraction) -> arb:
    """The ball of a rational number."""
    return arb(fmpq(x.numerator, x.denominator))


def _exact(value: arb) -> Fraction:
    """An exact ball (a dyadic number) as a fraction; what is below 2^-1000 in magnitude goes to 0 or to that.

    A negative lower bound and a positive upper one so stay bounds.
    """
    tiny = Fraction(1, 1 << 1000)
    if abs(value) < rational(tiny):
        return tiny * ((value > 0) - (value < 0))
    mantissa, exponent = value.man_exp()
    return int(mantissa) * Fraction(2) ** int(exponent)


def _gelu(x: arb) -> arb:
    return x * (x / arb(2).sqrt()).erfc() / 2


def _gelu_tanh(x: arb) -> arb:
    inner = (arb(2) / arb.pi()).sqrt() * (x + rational(Fraction("0.044715")) * x**3)
    return x * _logistic_tail(2 * inner)  # (1 - tanh u) / 2 = sigmoid(-2u)


def _gelu_sigmoid(x: arb) -> arb:
    return x * _logistic_tail(rational(Fraction("1.702")) * x)


def _logistic_tail(x: arb) -> arb:
    """sigmoid(-x) for x >= 0, written so that a large x gives a small ball and never inf / inf."""
    e = (-x).exp()
    return e / (1 + e)


CATALOGUE: dict[str, Function] = {
    entry.name: entry
    for entry in (
        Function(
            name="gelu",
            formula="x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))",
            source="Hendrycks and Gimpel, Gaussian Error Linear Units, arXiv:1606.08415: the exact, erf form",
            fold="residual",
            core=_gelu,
            checks=((-4.0, -1.26684967332480e-04), (-0.75, -0.169970514282651), (1.0, 0.841344746068543)),
            positive=True,
        ),
        Function(
            name="gelu_tanh",
            formula="x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))",
            source="Hendrycks and Gimpel, arXiv:1606.08415: the tanh approximation of GELU",
            fold="residual",
            core=_gelu_tanh,
            checks=((-4.0, -7.02459481923727e-05), (-0.75, -0.17003944483438), (1.0, 0.841191990608277)),
            positive=True,
        ),
        Function(
            name="gelu_sigmoid",
            formula="x * sigmoid(1.702 * x)",
            source="Hendrycks and Gimpel, arXiv:1606.08415: the sigmoid approximation of GELU (quick GELU)",
            fold="residual",
            core=_gelu_sigmoid,
            checks=((-4.0, -4.41472413958106e-03), (-0.75, -0.163609942465362), (1.0, 0.845795765932821)),
            positive=True,
        ),
    )
}


def get_function(name: str) -> Function:
    """The catalogue entry of a name.

    Raises:
        GelugenError: there is none.
    """
    try:
        return CATALOGUE[name]
    except (KeyError, TypeError):
        raise GelugenError(f"function {short(name)} is not known: it must be one of {', '.join(CATALOGUE)}") from None
