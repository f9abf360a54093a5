"""The normal distribution, and functions that go from one level to another."""

from __future__ import annotations

from fractions import Fraction

from flint import arb, fmpq

from gelugen.functions.entries import (
    HALF,
    NOTHING,
    ONE,
    ZERO,
    Entry,
    Formula,
    Values,
    density,
    logistic_tail,
    normal_tail,
)
from gelugen.functions.function import Line, Parts, decimal, fraction
from gelugen.functions.parameters import Parameter

_FLAT = (Line(ZERO, ZERO), Line(ZERO, ZERO))
_STEP = (Line(ZERO, ZERO), Line(ZERO, ONE))
_BOTH = (Line(ZERO, -ONE), Line(ZERO, ONE))


def _normal_pdf(_: Values) -> Formula:
    return Formula("phi(x) = exp(-x^2 / 2) / sqrt(2 pi)", "even", lambda x: Parts(ZERO, density(arb(x)), 1), _FLAT)


def _normal_cdf(_: Values) -> Formula:
    def parts(x: fmpq) -> Parts:
        return Parts(ONE, -normal_tail(arb(x)), -1)

    return Formula("Phi(x) = (1 + erf(x / sqrt(2))) / 2", "complement", parts, _STEP)


def _erf(_: Values) -> Formula:
    def parts(x: fmpq) -> Parts:
        if not x:
            return NOTHING
        return Parts(ZERO, arb(x).erf(), 1) if x < 1 else Parts(ONE, -arb(x).erfc(), -1)

    return Formula("erf(x) = 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x", "odd", parts, _BOTH)


def _sigmoid(_: Values) -> Formula:
    return Formula("1 / (1 + exp(-x))", "complement", lambda x: Parts(ONE, -logistic_tail(arb(x)), -1), _STEP)


def _tanh(_: Values) -> Formula:
    def parts(x: fmpq) -> Parts:
        if not x:
            return NOTHING
        return Parts(ZERO, arb(x).tanh(), 1) if x < 1 else Parts(ONE, -2 * logistic_tail(2 * arb(x)), -1)

    return Formula("tanh(x)", "odd", parts, _BOTH)


def _softsign(_: Values) -> Formula:
    return Formula("x / (1 + |x|)", "odd", lambda x: Parts(x / (1 + x)), _BOTH)


def _heaviside(values: Values) -> Formula:
    middle = fraction(values["at_zero"])

    def parts(x: fmpq) -> Parts:
        return Parts(ONE if x > 0 else middle if not x else ZERO)

    text = f"0 for x < 0, 1 for x > 0, {decimal(values['at_zero'])} at 0"
    return Formula(text, "complement" if middle == HALF else "none", parts, _STEP)


def _hard_sigmoid(values: Values) -> Formula:
    slope, offset = fraction(values["slope"]), fraction(values["offset"])

    def parts(x: fmpq) -> Parts:
        return Parts(min(max(slope * x + offset, ZERO), ONE))

    text = f"min(max({decimal(values['slope'])} * x + {decimal(values['offset'])}, 0), 1)"
    return Formula(text, "complement" if offset == HALF else "none", parts, _STEP)


ENTRIES = (
    Entry(
        name="sigmoid",
        group="sigmoids",
        source="the logistic function, as in PyTorch's Sigmoid and LiteRT's LOGISTIC",
        define=_sigmoid,
        checks=((-4.0, 0.0179862099620916), (-0.75, 0.320821300824607), (1.0, 0.731058578630005)),
    ),
    Entry(
        name="tanh",
        group="sigmoids",
        source="the hyperbolic tangent, NIST DLMF 4.28",
        define=_tanh,
        checks=((-4.0, -0.999329299739067), (-0.75, -0.635148952387287), (1.0, 0.761594155955765)),
    ),
    Entry(
        name="erf",
        group="sigmoids",
        source="the error function, NIST DLMF 7.2",
        define=_erf,
        checks=((-4.0, -0.999999984582742), (-0.75, -0.711155633653515), (1.0, 0.842700792949715)),
    ),
    Entry(
        name="normal_cdf",
        group="sigmoids",
        source="the standard normal distribution, NIST DLMF 7.2 with x / sqrt(2)",
        define=_normal_cdf,
        checks=((-4.0, 3.16712418331199e-05), (-0.75, 0.226627352376868), (1.0, 0.841344746068543)),
    ),
    Entry(
        name="normal_pdf",
        group="sigmoids",
        source="the density of the standard normal distribution",
        define=_normal_pdf,
        checks=((-4.0, 0.000133830225764885), (-0.75, 0.301137432154804), (1.0, 0.241970724519143)),
    ),
    Entry(
        name="softsign",
        group="sigmoids",
        source="Turian et al., Quadratic Features and Deep Architectures for Chunking, 2009; PyTorch's Softsign",
        define=_softsign,
        checks=((-4.0, -0.8), (-0.75, -0.428571428571429), (1.0, 0.5)),
    ),
    Entry(
        name="hard_sigmoid",
        group="sigmoids",
        source="PyTorch's Hardsigmoid (slope 1/6); ONNX HardSigmoid's default slope is 0.2",
        define=_hard_sigmoid,
        checks=((-4.0, 0.0), (-0.75, 0.375), (1.0, 0.666666666666667)),
        parameters=(
            Parameter("slope", Fraction(1, 6), known=(("0.2", "ONNX HardSigmoid, Keras 2"),)),
            Parameter("offset", Fraction(1, 2), high=Fraction(1), above=False),
        ),
    ),
    Entry(
        name="heaviside",
        group="sigmoids",
        source="the unit step, as numpy.heaviside(x, at_zero)",
        define=_heaviside,
        checks=((-4.0, 0.0), (0.0, 0.5), (1.0, 1.0)),
        parameters=(Parameter("at_zero", Fraction(1, 2), high=Fraction(1), above=False),),
    ),
)
