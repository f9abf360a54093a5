"""The catalogue against mpmath, SciPy and PyTorch; its folds, ends, signs and exact values; its notation."""

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flint import ctx, fmpq
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from mpmath import mp
from reference import EXACT, REAL, exact, number, real

from gelugen.errors import GelugenError, short
from gelugen.formats import Format
from gelugen.functions import ALIASES, CATALOGUE, Line, get_function, parse_number
from gelugen.functions.function import decimal, fraction, python_fraction

OTHERS = [
    "gelu_tanh:coefficient=0.04485",
    "gelu_tanh:coefficient=0.04498017",
    "gelu_tanh:coefficient=0.04553992412",
    "gelu_tanh:coefficient=2",
    "gelu_sigmoid:coefficient=1.70099",
    "gelu_sigmoid:coefficient=1.656577",
    "quick_gelu",
    "parametric_gelu:alpha=0.5,beta=2.5",
    "parametric_gelu:beta=0.75",
    "parametric_gelu:alpha=3",
    "silu",
    "swish:beta=1.5",
    "swish:beta=1/3",
    "gelu_tanh_derivative:coefficient=0.04485",
    "gelu_tanh_derivative:coefficient=1e-6",
    "hard_sigmoid:slope=0.2",
    "hard_sigmoid:slope=0.25,offset=0.375",
    "hard_sigmoid:offset=0",
    "heaviside:at_zero=0",
    "heaviside:at_zero=1",
    "leaky_relu:slope=0.5",
    "leaky_relu:slope=-0.25",
    "leaky_relu:slope=0",
    "leaky_relu:slope=1",
    "leaky_relu:slope=-1",
    "noisy_relu:sigma=0.5",
    "softplus:sharpness=4",
    "elu:alpha=0.5",
    "squareplus:a=0.25",
    "smooth_abs:a=2",
]
FUNCTIONS = [*CATALOGUE, *OTHERS]
FOLDS = {
    "residual": lambda x, right, left: right - left - x,
    "even": lambda _, right, left: right - left,
    "odd": lambda _, right, left: right + left,
    "complement": lambda _, right, left: right + left - 1,
}
"""What is 0 for every x > 0 where a fold holds, from f(x) and f(-x)."""
TINY = mp.mpf(10) ** -100


def parameters(notation):
    """The entry's name and its parameters, without gelugen's parser."""
    name, _, rest = notation.partition(":")
    entry = CATALOGUE[ALIASES.get(name, name)]
    values = {each.name: each.default for each in entry.parameters}
    values |= {key: Fraction(value) for key, value in (item.split("=") for item in rest.split(",") if item)}
    return entry.name, values


def truth(notation, x):
    """f(x) for a fraction x, in mpmath's working precision."""
    name, values = parameters(notation)
    return real(name, x, **values)


def rational_truth(notation, x):
    """f(x) as a fraction, or None."""
    name, values = parameters(notation)
    return exact(name, x, **values)


def defined(notation, x):
    """Whether f is defined at x: exp alone ends, at 0."""
    return not (notation == "exp" and x > 0)


def at(notation, x):
    return get_function(notation).at(fraction(x))


def middle_and_radius(ball):
    """A ball as exact mpmath numbers."""
    parts = [part.man_exp() for part in (ball.mid(), ball.rad())]
    return [mp.mpf(int(mantissa)) * mp.mpf(2) ** int(exponent) for mantissa, exponent in parts]


def assert_encloses(ball, value, tightness):
    """The ball holds the value, which mpmath knows to 100 digits, and is not wide."""
    middle, radius = middle_and_radius(ball)
    assert abs(middle - value) <= radius + abs(value) * TINY
    assert radius <= tightness


def codes(fraction_bits, count=None):
    """All codes of a 4 + fraction_bits format as reals, or random ones, the ends and those next to 0 among them."""
    end = 8 << fraction_bits
    if count is None:
        found = range(-end, end)
    else:
        random = np.random.default_rng(7).integers(-end, end, count).tolist()
        found = sorted({*random, -end, end - 1, -1, 0, 1})
    return [Fraction(code, 1 << fraction_bits) for code in found]


def refusal(notation):
    """The one sentence with which a notation is refused."""
    with pytest.raises(GelugenError) as caught:
        get_function(notation)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- values ----------------------------------------------------------------------------------------------------


def test_every_entry_has_a_formula_here():
    assert sorted({*REAL, *EXACT}) == sorted(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_checks_of_an_entry_are_mpmaths_at_30_digits(name):
    checks = CATALOGUE[name].checks
    assert len({x for x, _ in checks}) == len(checks) >= 3
    assert min(x for x, _ in checks) < 0 <= max(x for x, _ in checks)
    assert any(value != 0 for _, value in checks)
    for x, value in checks:
        with mp.workdps(30):
            assert value == float(mp.nstr(truth(name, Fraction(x)), 15))


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_encloses_its_own_checks(name):
    function = CATALOGUE[name].default
    assert function.checks == CATALOGUE[name].checks
    for x, value in function.checks:
        with ctx.workprec(120):
            ball = function.ball(Fraction(x))
        assert float(f"{float(ball.mid()):.14e}") == value


def test_checks_are_for_the_default_parameters_alone():
    assert get_function("swish:beta=1.5").checks == ()
    assert get_function("swish:beta=1").checks == get_function("silu").checks != ()


@pytest.mark.parametrize("notation", FUNCTIONS)
@settings(max_examples=40)
@example(x=Fraction(0))
@example(x=Fraction(1, 10**12))
@example(x=Fraction(-1, 10**12))
@example(x=Fraction(-1))
@example(x=Fraction(-12))
@example(x=Fraction(12))
@given(x=st.fractions(-12, 12, max_denominator=10**9))
def test_a_ball_encloses_the_real_value(notation, x):
    assume(defined(notation, x))
    with mp.workdps(200), ctx.workprec(120):
        assert_encloses(get_function(notation).ball(x), truth(notation, x), mp.mpf(2) ** -100)


@pytest.mark.parametrize(
    ("derived", "base", "order"),
    [("gelu_derivative", "gelu", 1), ("gelu_tanh_derivative", "gelu_tanh", 1), ("gelu_second_derivative", "gelu", 2)],
)
@pytest.mark.parametrize("x", [Fraction(-3), Fraction(-1, 3), Fraction(0), Fraction(2, 7), Fraction(5, 2)], ids=str)
def test_derivatives_are_those_that_mpmath_finds(derived, base, order, x):
    with mp.workdps(40), ctx.workprec(120):
        values = {key: number(value) for key, value in parameters(base)[1].items()}
        slope = mp.diff(lambda t: REAL[base](t, **values), number(x), order)
        middle, _ = middle_and_radius(get_function(derived).ball(x))
        assert abs(middle - slope) < mp.mpf(10) ** -30


# -- SciPy and PyTorch -----------------------------------------------------------------------------------------

OUTSIDE = json.loads(Path(__file__).parent.joinpath("data", "function_checks.json").read_text())


@pytest.mark.parametrize("check", OUTSIDE["checks"], ids=lambda check: f"{check['by']} {check['function']}")
def test_values_are_those_of_scipy_and_pytorch(check):
    """They reckon in doubles: where their formula cancels, what is left is wrong by an ulp of what cancelled."""
    values = get_function(check["function"]).values(check["x"])
    for x, value, theirs in zip(check["x"], values.tolist(), check["values"], strict=True):
        assert abs(value - theirs) <= 4e-15 * abs(value) + 2**-52 * max(1, abs(x))


def test_every_entry_and_every_parameter_is_checked_from_outside():
    for library in ("scipy", "torch"):
        assert OUTSIDE["versions"][library][0].isdigit()
    texts = [check["function"] for check in OUTSIDE["checks"]]
    checked = {parameters(text)[0] for text in texts}
    assert checked == {*CATALOGUE}
    assert {parameters(check["function"])[0] for check in OUTSIDE["checks"] if check["by"] == "torch"} >= checked - {
        "smooth_relu",  # PyTorch has no such thing
        "smooth_abs",
    }
    used = {(parameters(text)[0], item.split("=")[0]) for text in texts for item in text.partition(":")[2].split(",")}
    assert used >= {(entry.name, each.name) for entry in CATALOGUE.values() for each in entry.parameters}
    for entry in CATALOGUE.values():
        for each in entry.parameters:
            for value, _ in each.known:
                assert f"{entry.name}:{each.name}={value}" in texts


# -- folds -----------------------------------------------------------------------------------------------------

POINTS = {"all of q3.4": codes(4), "some of q3.12": codes(12, 100)}


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
@pytest.mark.parametrize("notation", FUNCTIONS)
def test_the_fold_holds_for_both_signs_and_no_other_does(notation, points):
    """By formulas for signed x. Where an entry says none, every fold fails at some code."""
    fold = get_function(notation).fold
    if notation == "exp":
        assert fold == "none"
        return
    with mp.workdps(200):
        pairs = [(number(x), truth(notation, x), truth(notation, -x)) for x in points if x > 0]
        middle = truth(notation, Fraction(0))
        holds = {name: all(abs(distance(*pair)) < TINY for pair in pairs) for name, distance in FOLDS.items()}
    holds["odd"] &= middle == 0
    holds["complement"] &= middle == mp.mpf("0.5")
    assert fold in {*FOLDS, "none"}
    assert holds.get(fold, True)
    if fold == "none":
        assert not any(holds.values())


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
@pytest.mark.parametrize("notation", FUNCTIONS)
def test_both_signs_of_every_code_are_enclosed(notation, points):
    with mp.workdps(200), ctx.workprec(120):
        for x in points:
            if defined(notation, x):
                assert_encloses(get_function(notation).ball(x), truth(notation, x), mp.mpf(2) ** -100)


# -- ends ------------------------------------------------------------------------------------------------------

ALGEBRAIC = ("softsign", "smooth_relu", "smooth_abs", "squareplus")


@pytest.mark.parametrize("notation", FUNCTIONS)
@pytest.mark.parametrize("side", [0, 1], ids=["left", "right"])
def test_a_function_tends_to_its_line(notation, side):
    line = get_function(notation).ends[side]
    if notation == "exp" and side:
        assert line is None
        return
    distances = []
    with mp.workdps(1000):
        for size in (50, 100, 1000):
            x = Fraction(size if side else -size)
            on_line = python_fraction(line.slope * fraction(x) + line.intercept)
            distances.append(abs(truth(notation, x) - number(on_line)))
    far, farther, farthest = distances
    assert farther < far or farther == far == 0
    assert farthest < farther or farthest == farther == 0  # or what is left needs more than 1,000 digits
    if notation.startswith(ALGEBRAIC):
        assert farthest * 500 < 1  # as 1 / x does
        assert farthest * 15 < far
    else:
        assert farthest < mp.mpf(10) ** -100
        assert far < mp.mpf("1e-4")  # 50 * sigmoid(-50/3) is 3e-6


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ((0, 0), "0"),
        ((1, 0), "x"),
        ((-1, 0), "-x"),
        ((0, -1), "-1"),
        ((fmpq(1, 4), 0), "0.25 x"),
        ((1, fmpq(1, 2)), "x + 0.5"),
        ((-2, -3), "-2 x - 3"),
        ((fmpq(1, 3), fmpq(-1, 7)), "1/3 x - 1/7"),
    ],
    ids=str,
)
def test_a_line_is_written_as_one_says_it(line, text):
    assert str(Line(fmpq(line[0]), fmpq(line[1]))) == text


def test_a_line_with_many_digits_is_written_to_16():
    assert [str(end) for end in get_function("selu").ends] == ["-1.758099340847377", "1.05070098735548 x"]


# -- signs and small rests -------------------------------------------------------------------------------------

FAR = [Fraction(sign * x) for x in (10, 15, 20, 30) for sign in (-1, 1)]


def reached(notation, x):
    """Whether 1,500 digits tell f(x) from its line: with a coefficient of 2, tanh is soon 1 to all of them."""
    return defined(notation, x) and (abs(x) <= 10 or notation != "gelu_tanh:coefficient=2")


@pytest.mark.parametrize("notation", FUNCTIONS)
def test_the_sign_of_a_rest_is_right_where_it_is_claimed(notation):
    claimed = 0
    for x in [*codes(12, 60), *FAR]:
        if not reached(notation, x):
            continue
        exact_part, rest, sign = at(notation, x)
        assert sign in (-1, 0, 1)
        if rest is None:
            assert sign == 0
            continue
        with mp.workdps(800 if abs(x) <= 8 else 1500):
            left = truth(notation, x) - number(python_fraction(exact_part))
        assert left != 0
        assert sign in (0, mp.sign(left))
        claimed += sign != 0
    exact_everywhere = not any(at(notation, x).rest is not None for x in codes(4) if defined(notation, x))
    assert (claimed > 0) != exact_everywhere


@pytest.mark.parametrize("notation", FUNCTIONS)
@pytest.mark.parametrize("x", FAR, ids=str)
def test_far_out_a_rest_is_none_or_has_a_sign(notation, x):
    if defined(notation, x):
        _, rest, sign = at(notation, x)
        assert (rest is None) == (sign == 0)


@pytest.mark.parametrize("notation", FUNCTIONS)
def test_a_rest_keeps_its_relative_accuracy_where_it_is_small(notation):
    with mp.workdps(1500), ctx.workprec(120):
        for x in (Fraction(1, 2**60), Fraction(1, 3), Fraction(10), Fraction(20), Fraction(30)):
            for signed in (x, -x):
                if not reached(notation, signed):
                    continue
                exact_part, rest, _ = at(notation, signed)
                if rest is not None:
                    left = truth(notation, signed) - number(python_fraction(exact_part))
                    assert_encloses(rest, left, abs(left) * mp.mpf(2) ** -80)


# -- exact values ----------------------------------------------------------------------------------------------


def is_exact(parts):
    """The rational number that parts are, or None."""
    exact_part, rest, _ = parts
    if rest is None:
        return python_fraction(exact_part)
    if not rest.is_exact():
        return None
    mantissa, exponent = rest.man_exp()
    return python_fraction(exact_part) + int(mantissa) * Fraction(2) ** int(exponent)


@pytest.mark.parametrize("notation", FUNCTIONS)
def test_rational_values_are_exact_and_no_other_is(notation):
    """Over all codes of q3.4. By Lindemann and Weierstrass the exponentials are irrational there, except at 0."""
    for x in codes(4):
        if defined(notation, x):
            assert is_exact(at(notation, x)) == rational_truth(notation, x)


@pytest.mark.parametrize(
    ("notation", "x", "value"),
    [
        ("smooth_abs", Fraction(3, 4), Fraction(5, 4)),
        ("smooth_abs", Fraction(-4, 3), Fraction(5, 3)),
        ("smooth_abs:a=2", Fraction(1, 2), Fraction(3, 2)),
        ("smooth_abs:a=2", Fraction(0), None),
        ("smooth_relu", Fraction(3, 2), Fraction(2)),
        ("smooth_relu", Fraction(-3, 2), Fraction(1, 2)),
        ("smooth_relu", Fraction(0), Fraction(1)),
        ("smooth_relu", Fraction(1), None),
        ("hard_swish", Fraction(-3), Fraction(0)),
        ("hard_swish", Fraction(-1), Fraction(-1, 3)),
        ("hard_swish", Fraction(3), Fraction(3)),
        ("softsign", Fraction(-1, 3), Fraction(-1, 4)),
        ("leaky_relu", Fraction(-1, 3), Fraction(-1, 300)),
        ("hard_sigmoid", Fraction(-3), Fraction(0)),
        ("hard_sigmoid", Fraction(1, 7), Fraction(11, 21)),
        ("heaviside", Fraction(0), Fraction(1, 2)),
        ("elu", Fraction(7, 3), Fraction(7, 3)),
        ("exp", Fraction(0), Fraction(1)),
        ("sigmoid", Fraction(0), Fraction(1, 2)),
        ("gelu_tanh_derivative", Fraction(0), Fraction(1, 2)),
    ],
    ids=str,
)
def test_exact_values_by_example(notation, x, value):
    assert is_exact(at(notation, x)) == value


# -- range, values, domain -------------------------------------------------------------------------------------


@pytest.mark.parametrize("notation", [*CATALOGUE, "parametric_gelu:alpha=3", "leaky_relu:slope=-0.25"])
@pytest.mark.parametrize(
    "text",
    ["q3.4", "q1.2", "uq4.4", "q7.0", "int8:scale=0.05,zero_point=-3", "uint8:scale=0.1,zero_point=255", "q3.8"],
)
def test_the_range_holds_every_code_and_no_more(notation, text):
    form = Format.parse(text)
    if notation == "exp":
        form = Format(form.bits, form.signed, form.scale, form.code_max)
    low, high = get_function(notation).range(form)
    with mp.workdps(60):
        values = [truth(notation, (code - form.zero_point) * Fraction(form.scale)) for code in form.codes().tolist()]
        least, greatest = min(values), max(values)
        lowest, highest = number(low), number(high)
        near = mp.mpf(2) ** -59  # the ball's own radius, and the promised 2^-60
        assert 0 <= least - lowest < near
        assert 0 <= highest - greatest < near


TAIL = Fraction(1, 2**1000)


@pytest.mark.parametrize(
    ("notation", "low", "high"),
    [
        ("gelu", (0, -TAIL), (1, 0)),  # below 0, and below x
        ("mish", (0, -TAIL), (1, 0)),
        ("softplus", (0, 0), (1, TAIL)),  # above 0, and above x
        ("noisy_relu", (0, 0), (1, TAIL)),
        ("elu", (0, -1), (1, 0)),
        ("tanh", (0, -1), (0, 1)),
    ],
)
@pytest.mark.parametrize("scale", [1000, 10**30, 2**106])
def test_bounds_lie_on_the_right_side_of_a_tail_that_no_digits_show(notation, low, high, scale):
    """Outside of it, by at most 2^-1000, but not past the line where the sign of the tail is known."""
    x = -128 * Fraction(float(scale)), 127 * Fraction(float(scale))
    expected = tuple(slope * end + intercept for end, (slope, intercept) in zip(x, (low, high), strict=True))
    assert get_function(notation).range(Format(8, True, float(scale))) == expected


@given(st.lists(st.floats(-20, 20), max_size=5))
def test_values_are_the_nearest_doubles_but_for_a_last_bit(x):
    values = get_function("gelu").values(x)
    with mp.workdps(60):
        for real_x, value in zip(x, values.tolist(), strict=True):
            right = truth("gelu", Fraction(real_x))
            assert abs(value - right) <= mp.mpf(2) ** -52 * abs(right) + mp.mpf(2) ** -1075  # half a subnormal


def test_values_have_the_shape_of_x():
    x = np.array([[0.5, -1.0, 2.0], [0.0, 3.0, -0.25]])
    values = get_function("relu").values(x)
    assert values.tolist() == [[0.5, 0.0, 2.0], [0.0, 3.0, 0.0]]
    assert get_function("relu").values(-1.5).shape == ()
    assert get_function("relu").values([]).tolist() == []


@pytest.mark.parametrize("x", [float("nan"), float("inf"), -float("inf")])
def test_values_at_what_is_no_number_are_refused(x):
    with pytest.raises(GelugenError, match=f"x of gelu is {x}: it must be a finite number"):
        get_function("gelu").values([1.0, x])


def test_exp_has_a_domain_and_nothing_else_has():
    for entry in CATALOGUE.values():
        assert (entry.default.domain_text == "") == (entry.name != "exp")
    exp = get_function("exp")
    assert exp.domain_text == "x <= 0"
    assert exp.values([-1.0, 0.0])[1] == 1.0
    with pytest.raises(GelugenError) as caught:
        exp.values([-1.0, 0.5])
    assert "function exp is defined for x <= 0, and x goes from -1 to 0.5" in str(caught.value)
    assert "--outside clamp" in str(caught.value)


@pytest.mark.parametrize(("outside", "right"), [(None, 1), (Fraction(0), 0), (Fraction(-1, 3), Fraction(-1, 3))])
def test_outside_its_domain_a_function_is_what_it_is_told_to_be(outside, right):
    exp = get_function("exp").extended(outside)
    assert exp.contains(Fraction(-1000), Fraction(1000))
    assert exp.domain_text == ""
    assert is_exact(exp.at(fmpq(1, 1000))) == right
    assert is_exact(exp.at(fmpq(0))) == 1
    assert exp.at(fmpq(-1)) != exp.at(fmpq(0))
    assert exp.ends == (Line(fmpq(0), fmpq(0)), Line(fmpq(0), fraction(Fraction(right))))
    assert exp.formula.startswith("exp(x) for x <= 0, outside ")


# -- notation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["GELU", "gelu2", "", " ", None, 3, 1.5, True, ["gelu"], {"gelu": 1}, {"name": 3}, b"gelu"], ids=repr
)
def test_an_unknown_function_is_refused_by_name(name):
    text = refusal(name)
    assert repr(name.strip() if isinstance(name, str) else name) in text
    assert "gelu" in text or "lacks its name: write { name = 'swish', beta = 1.5 }" in text


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_known_function_is_found(name):
    assert get_function(name).name == name
    assert get_function(f" {name} ") is get_function(name) is get_function({"name": name})
    assert get_function(name).source
    assert get_function(name).formula


@pytest.mark.parametrize(
    ("alias", "name"),
    [("quick_gelu", "gelu_sigmoid"), ("silu", "swish"), ("squareplus", "smooth_relu")],
)
def test_an_alias_is_the_entry_itself(alias, name):
    assert get_function(alias) is get_function(name)
    assert alias in CATALOGUE[name].aliases


def test_aliases_and_names_are_distinct():
    aliases = [alias for entry in CATALOGUE.values() for alias in entry.aliases]
    assert len({*aliases, *CATALOGUE}) == len(aliases) + len(CATALOGUE)
    assert {*ALIASES} == {*aliases}


@pytest.mark.parametrize(
    ("notation", "canonical"),
    [
        ("swish:beta=1.50", "swish:beta=1.5"),
        ("swish:beta=3/2", "swish:beta=1.5"),
        ("swish:beta=0x1.8p0", "swish:beta=1.5"),
        (" swish : beta = 15e-1 ", "swish:beta=1.5"),
        ("silu:beta=1.5", "swish:beta=1.5"),
        ({"name": "silu", "beta": 1.5}, "swish:beta=1.5"),
        ({"name": "swish", "beta": "+1.5"}, "swish:beta=1.5"),
        ({"name": "swish", "beta": Fraction(3, 2)}, "swish:beta=1.5"),
        ({"name": "swish", "beta": 1}, "swish"),
        ("swish:beta=1.0", "swish"),
        ("silu", "swish"),
        ("quick_gelu", "gelu_sigmoid"),
        ("swish:beta=2/6", "swish:beta=1/3"),
        ("swish:beta=0.1", "swish:beta=0.1"),
        ("swish:beta=0x1.999999999999ap-4", "swish:beta=0x1.999999999999ap-4"),  # the double is not one tenth
        ({"name": "swish", "beta": 0.1}, "swish:beta=0.1"),  # but a float is meant as it is written
        ("parametric_gelu:beta=1.702,alpha=1", "parametric_gelu"),
        ("parametric_gelu:beta=2,alpha=3", "parametric_gelu:alpha=3,beta=2"),
        ("leaky_relu:slope=-0", "leaky_relu:slope=0"),
        ("leaky_relu:slope=-1e-5", "leaky_relu:slope=-1e-05"),
        ("hard_sigmoid:slope=1/6,offset=.25", "hard_sigmoid:offset=0.25"),
        ("swish:beta=18446744073709551616", "swish:beta=18446744073709551616"),
        ("swish:beta=1.0000000000000000000000000001", "swish:beta=1.0000000000000000000000000001"),
    ],
    ids=str,
)
def test_a_notation_has_one_canonical_form(notation, canonical):
    assert get_function(notation).name == canonical
    assert get_function(canonical) is get_function(notation)


@pytest.mark.parametrize(
    ("notation", "said"),
    [
        ("swish:beta=0", "parameter beta of swish is 0: it must be above 0 and at most 2^64"),
        ("silu:beta=-1", "parameter beta of silu is -1: it must be above 0"),
        ("swish:beta=1e-30", "parameter beta of swish is 1e-30: it must be 2^-64 or more"),
        ("swish:beta=1e30", "parameter beta of swish is 1e+30: it must be above 0 and at most 2^64"),
        ("swish:beta=1e999", "beta of swish is '1e999': its digits must fit into 64 characters"),
        ("swish:beta=1e-999", "beta of swish is '1e-999': its digits must fit into 64 characters"),
        ("swish:beta=1e9999", "beta of swish is '1e9999': it must be a number such as 1.5, 0x1.8p0 or 3/2"),
        (f"swish:beta=0.{'1' * 90}", "its digits must fit into 64 characters"),
        (f"swish:beta={'1' * 5000}", "it must be a number such as"),
        ({"name": "swish", "beta": 10**9999}, "its digits must fit into 64 characters"),
        ("swish:beta=", "parameter beta of swish is '': it must be a number"),
        ("swish:beta=x", "is 'x': it must be a number"),
        ("swish:beta=nan", "is 'nan': it must be a number"),
        ("swish:beta=1/0", "is '1/0': it must be a number"),
        ("swish:beta=0x1p9999", "is '0x1p9999': it must be a number"),
        ("swish:beta=1_0", "is '1_0': it must be a number"),
        ("swish:beta=١", "it must be a number"),
        ({"name": "swish", "beta": float("inf")}, "is inf: it must be a number"),
        ({"name": "swish", "beta": float("nan")}, "is nan: it must be a number"),
        ({"name": "swish", "beta": True}, "is True: it must be a number"),
        ({"name": "swish", "beta": None}, "is None: it must be a number"),
        ({"name": "swish", "beta": [1]}, "is [1]: it must be a number"),
        ({"name": "swish", "beta": date(2020, 1, 2)}, "it must be a number"),
        ("swish:alpha=1", "parameter 'alpha' of swish is not known: its parameters are beta"),
        ("parametric_gelu:gamma=1", "'gamma' of parametric_gelu is not known: its parameters are alpha, beta"),
        ("gelu:beta=1", "parameter 'beta' of gelu is not known: it has none"),
        ({"name": "gelu", 3: 4}, "parameter 3 of gelu is not known"),
        ("swish:beta=1,beta=2", "'swish:beta=1,beta=2' gives beta twice"),
        ("swish:", "has the part '': write parameters as in swish:beta=1.5"),
        ("swish:beta", "has the part 'beta': write parameters as in swish:beta=1.5"),
        ("swish:=1", "has the part '=1'"),
        ("swish:beta=1,", "has the part ''"),
        ("swish:beta=1;alpha=2", "is '1;alpha=2': it must be a number"),
        ({"beta": 1}, "lacks its name"),
        ({"name": "swish:beta=1"}, "function 'swish:beta=1' is not known"),
        ("leaky_relu:slope=1.01", "slope of leaky_relu is 1.01: it must be -1 or more and at most 1"),
        ("leaky_relu:slope=1e-25", "slope of leaky_relu is 1e-25: it must be 0, or 2^-64 or more in magnitude"),
        ("heaviside:at_zero=-0.5", "at_zero of heaviside is -0.5: it must be 0 or more and at most 1"),
        ("hard_sigmoid:offset=2", "offset of hard_sigmoid is 2: it must be 0 or more and at most 1"),
        ("softplus:sharpness=0", "sharpness of softplus is 0: it must be above 0"),
        ("noisy_relu:sigma=-1", "sigma of noisy_relu is -1"),
        ("smooth_abs:a=0", "a of smooth_abs is 0"),
        ("elu:alpha=-1", "alpha of elu is -1"),
        ("math:sin", "function 'math:sin' is a user's own and not known here"),
    ],
    ids=lambda value: short(value)[:50],
)
def test_a_bad_notation_is_refused_in_one_sentence(notation, said):
    assert said in refusal(notation)


@pytest.mark.parametrize("entry", [each for each in CATALOGUE.values() if each.parameters], ids=lambda each: each.name)
def test_the_ends_of_a_domain_belong_to_it_as_it_says(entry):
    for each in entry.parameters:
        for value in (each.low, each.high, Fraction(1, 2**64)):
            if value == each.low and each.above:
                assert f"parameter {each.name} of {entry.name} is" in refusal({"name": entry.name, each.name: value})
            else:
                at_end = get_function({"name": entry.name, each.name: value})
                with ctx.workprec(96):
                    assert all(at_end.ball(Fraction(x)).is_finite() for x in (-8, -1, 0))


NUMBERS = (
    st.fractions()
    | st.fractions(-3, 3, max_denominator=10**20)
    | st.floats(allow_nan=False, allow_infinity=False).map(Fraction)
    | st.decimals(allow_nan=False, allow_infinity=False).map(Fraction)
    | st.builds(lambda m, e: m * Fraction(10) ** e, st.integers(-(10**45), 10**45), st.integers(-60, 60))
)


@given(NUMBERS)
@example(Fraction(0))
@example(Fraction(1, 10))
@example(Fraction(0.1))
@example(Fraction(1, 3))
@example(Fraction(10) ** 400)
@example(Fraction(-1, 10**400))
@example(Fraction(2**1000 + 1))
@example(Fraction("1.000000000000000000000000000000000000001"))
def test_a_number_is_written_so_that_it_reads_back_or_refused(x):
    """What is read can be written and read again, whatever it is: no canonical text is one that is refused."""
    text = decimal(x)
    assert Fraction(float.fromhex(text)) == x if "x" in text else Fraction(text) == x
    if len(text) > 64:
        with pytest.raises(GelugenError, match="fit into 64 characters"):
            parse_number(x, "it")
        return
    assert parse_number(text, "it") == parse_number(x, "it") == x
    assert decimal(parse_number(text, "it")) == text


@given(st.text("0123456789.-+/xpeEaf ", max_size=12) | st.text(max_size=6))
def test_any_text_is_a_number_or_a_refusal(text):
    try:
        number_read = parse_number(text, "it")
    except GelugenError:
        return
    assert parse_number(decimal(number_read), "it") == number_read


def test_functions_with_other_parameters_have_other_names_and_formulas():
    functions = {get_function(notation) for notation in FUNCTIONS}
    assert len({each.name for each in functions}) == len(functions) == len(FUNCTIONS) - 2  # silu and quick_gelu
    formulas = {}
    for each in functions:
        formulas.setdefault(each.formula, set()).add(each.name)
    assert [names for names in formulas.values() if len(names) > 1] == [{"gelu_sigmoid", "parametric_gelu"}]


def test_no_two_functions_are_one_by_a_slip():
    values = {}
    for function in {get_function(notation) for notation in FUNCTIONS}:
        x = [float(each) for each in codes(4) if defined(function.name, each)]
        values.setdefault(tuple(function.values(x).tolist()), set()).add(function.name)
    same = sorted(sorted(names) for names in values.values() if len(names) > 1)
    assert same == [["gelu_sigmoid", "parametric_gelu"], ["leaky_relu:slope=0", "relu"]]
