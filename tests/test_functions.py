"""The catalogue against mpmath, from formulas that gelugen does not use."""

from fractions import Fraction

import numpy as np
import pytest
from flint import ctx
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp

from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.functions import CATALOGUE, get_function, rational


def phi(x):
    return (1 + mp.erf(x / mp.sqrt(2))) / 2


def tanh_phi(x):
    return (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))) / 2


def sigmoid_phi(x):
    return 1 / (1 + mp.exp(-mp.mpf("1.702") * x))


REAL = {
    "gelu": lambda x: x * phi(x),
    "gelu_tanh": lambda x: x * tanh_phi(x),
    "gelu_sigmoid": lambda x: x * sigmoid_phi(x),
}
NAMES = sorted(CATALOGUE)


def real(name, x):
    """f(x) for a fraction x, in mpmath's working precision."""
    return REAL[name](mp.mpf(x.numerator) / x.denominator)


def middle_and_radius(ball):
    """A ball as exact mpmath numbers."""
    parts = [part.man_exp() for part in (ball.mid(), ball.rad())]
    return [mp.mpf(int(mantissa)) * mp.mpf(2) ** int(exponent) for mantissa, exponent in parts]


def assert_encloses(ball, value, tightness):
    """The ball holds the value, which mpmath knows to 100 digits, and is not wide."""
    middle, radius = middle_and_radius(ball)
    assert abs(middle - value) <= radius + abs(value) * mp.mpf(10) ** -100
    assert radius <= tightness


def test_every_entry_has_a_formula_here():
    assert sorted(REAL) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_checks_of_an_entry_are_mpmaths_at_30_digits(name):
    checks = CATALOGUE[name].checks
    assert len(checks) >= 3
    for x, value in checks:
        with mp.workdps(30):
            assert value == float(mp.nstr(real(name, Fraction(x)), 15))


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_encloses_its_own_checks(name):
    for x, value in CATALOGUE[name].checks:
        with ctx.workprec(120):
            ball = CATALOGUE[name].ball(Fraction(x))
        assert float(f"{float(ball.mid()):.14e}") == value


@pytest.mark.parametrize("name", NAMES)
@example(x=Fraction(0))
@example(x=Fraction(1, 10**12))
@example(x=Fraction(-12))
@given(x=st.fractions(-12, 12, max_denominator=10**9))
def test_a_ball_encloses_the_real_value(name, x):
    with mp.workdps(200), ctx.workprec(120):
        assert_encloses(CATALOGUE[name].ball(x), real(name, x), mp.mpf(2) ** -100)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("fraction_bits", "codes"),
    [(4, range(-128, 128)), (12, np.random.default_rng(7).integers(-32768, 32768, 100).tolist())],
    ids=["all of q3.4", "some of q3.12"],
)
def test_the_residual_fold_holds_for_both_signs(name, fraction_bits, codes):
    entry = CATALOGUE[name]
    assert entry.fold == "residual"
    with mp.workdps(200), ctx.workprec(120):
        for code in codes:
            x = Fraction(code, 1 << fraction_bits)
            core = entry.core(rational(abs(x)))
            for signed in (x, -x):
                folded = rational(max(signed, Fraction(0))) - core
                assert_encloses(folded, real(name, signed), mp.mpf(2) ** -100)


@pytest.mark.parametrize("name", NAMES)
def test_the_core_keeps_its_relative_accuracy_where_it_is_small(name):
    entry = CATALOGUE[name]
    with mp.workdps(1000), ctx.workprec(120):
        for x in (Fraction(1, 2**60), Fraction(1, 3), Fraction(20), Fraction(30)):
            value = -real(name, -x)
            assert value > 0
            assert_encloses(entry.core(rational(x)), value, value * mp.mpf(2) ** -100)


@pytest.mark.parametrize("name", NAMES)
def test_the_core_is_positive_where_the_entry_says_so(name):
    entry = CATALOGUE[name]
    assert entry.positive
    with mp.workdps(400):
        for code in (1, 2, 100, 2000, 32768):
            assert -real(name, Fraction(-code, 4096)) > 0


@pytest.mark.parametrize("name", NAMES)
def test_at_zero_an_entry_is_exactly_zero(name):
    ball = CATALOGUE[name].ball(Fraction(0))
    assert ball.is_exact()
    assert ball == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    ["q3.4", "q1.2", "uq4.4", "q7.0", "int8:scale=0.05,zero_point=-3", "uint8:scale=0.1,zero_point=255", "q3.8"],
)
def test_the_range_holds_every_code_and_no_more(name, text):
    form = Format.parse(text)
    low, high = CATALOGUE[name].range(form)
    with mp.workdps(60):
        values = [real(name, (code - form.zero_point) * Fraction(form.scale)) for code in form.codes().tolist()]
        least, greatest = min(values), max(values)
        lowest, highest = (mp.mpf(end.numerator) / end.denominator for end in (low, high))
        near = mp.mpf(2) ** -59  # the ball's own radius, and the promised 2^-60
        assert 0 <= least - lowest < near
        assert 0 <= highest - greatest < near


def test_the_functions_are_three_different_ones():
    with mp.workdps(30):
        values = {mp.nstr(real(name, Fraction(2)), 6) for name in NAMES}
    assert values == {"1.9545", "1.9546", "1.93566"}


@pytest.mark.parametrize("name", ["GELU", "relu", "", None, 3, ["gelu"], {"gelu": 1}], ids=repr)
def test_an_unknown_function_is_refused_by_name(name):
    with pytest.raises(GelugenError) as refusal:
        get_function(name)
    assert repr(name) in str(refusal.value)
    assert "gelu_tanh" in str(refusal.value)


def test_a_known_function_is_found():
    for name in NAMES:
        assert get_function(name).name == name
