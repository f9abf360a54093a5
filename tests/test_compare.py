"""gelugen compare: errors, changed codes, refits, what is written by hand, the picture, bad input."""

import json
import math
import re
import shlex
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

from gelugen.cli import main
from gelugen.compare import (
    FORMS,
    all_codes,
    approximation,
    compare,
    defaults,
    grid,
    measure,
    refit,
    refitted,
    split_names,
)
from gelugen.compare.approximations import _FAMILIES
from gelugen.errors import GelugenError
from gelugen.formats import Format, parse_format
from gelugen.functions import CATALOGUE, get_function
from gelugen.spec import Spec

TOP = Path(__file__).parent.parent
TANH, SIGMOID = "gelu_tanh", "gelu_sigmoid"
GELU = get_function("gelu")
PAPER = grid(-10, 10, 0.001)


def compared(function, names, points, output=None):
    found = get_function(function)
    output = None if output is None else parse_format(output)
    return compare(found, points, [approximation(name, found, points) for name in names], output)


def forms(x):
    """The three GELUs by mpmath at 40 digits, from their textbook formulas."""
    with mpmath.workdps(40):
        x = mpmath.mpf(x)
        return {
            "gelu": x / 2 * (1 + mpmath.erf(x / mpmath.sqrt(2))),
            TANH: x / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3))),
            SIGMOID: x / (1 + mpmath.exp(-mpmath.mpf("1.702") * x)),
        }


# -- errors --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paper():
    """GELU with its usual approximations at the points of the issue."""
    return compare(GELU, PAPER, defaults(GELU, PAPER))


def row(outcome, name):
    (found,) = [each for each in outcome.rows if each.approximation.name == name]
    return found


def test_the_points_are_those_of_numpy():
    assert np.array_equal(PAPER.x, np.arange(-10, 10, 0.001))
    assert PAPER.text == "numpy.arange(-10, 10, 0.001), 20,000 points"


@pytest.mark.parametrize(("name", "mse"), [(TANH, "2.4329e-08"), (SIGMOID, "5.6479e-05")])
def test_mean_square_errors_of_the_forms(paper, name, mse):
    assert f"{row(paper, name).metrics.mse:.4e}" == mse


def test_gelu_is_compared_with_every_known_form(paper):
    assert [each.approximation.name for each in paper.rows] == [
        TANH,
        *(f"{TANH}:coefficient={value}" for value in ("0.04485", "0.04498017", "0.04553992412")),
        SIGMOID,
        *(f"{SIGMOID}:coefficient={value}" for value in ("1.70099", "1.656577")),
        "three_segments",
        "minmax_table",
    ]


@pytest.mark.parametrize("name", [TANH, SIGMOID])
def test_errors_against_mpmath(name):
    points = grid(-4, 4, 0.0625)
    found = row(compared("gelu", [name], points), name).metrics
    errors = [abs(float(real[name] - real["gelu"])) for real in map(forms, points.x.tolist())]
    assert found.mse == pytest.approx(math.fsum(each**2 for each in errors) / len(errors), rel=1e-12)
    assert found.max_error == pytest.approx(max(errors), rel=1e-12)
    assert found.mean_error == pytest.approx(math.fsum(errors) / len(errors), rel=1e-12)
    assert errors[points.x.tolist().index(found.max_error_at)] == pytest.approx(max(errors), rel=1e-12)


def test_measure_by_hand():
    x = np.array([0.0, 1.0, 2.0, 3.0])
    found = measure(x, np.array([0.0, 1.0, 9.0, -5.0]), np.array([0.5, 1.0, 7.0, -3.0]), Format.parse("q2.1"))
    assert found.mse == (0.25 + 0 + 4 + 4) / 4
    assert (found.max_error, found.max_error_at) == (2.0, 2.0)
    assert found.mean_error == 4.5 / 4
    # q2.1 holds -4 to 3.5: of 9 against 7 nothing is left, of -5 against -3 one.
    assert found.max_ulp == 1.0 / 0.5


def test_errors_in_ulp_need_an_output_format(paper):
    assert {each.metrics.max_ulp for each in paper.rows} == {None}
    found = compared("sigmoid", ["hard_sigmoid"], grid(-8, 8, 0.01), "uq0.8").rows[0].metrics
    assert found.max_ulp == found.max_error * 256


def test_at_every_code_of_an_input_format():
    input_format = Format.parse("int8:scale=0.05,zero_point=-3")
    outcome = compared("gelu", [SIGMOID], all_codes(input_format))
    x = [(code + 3) * 0.05 for code in range(-128, 128)]
    errors = [abs(float(real[SIGMOID] - real["gelu"])) for real in map(forms, x)]
    assert len(outcome.points.x) == 256
    assert outcome.rows[0].metrics.mse == pytest.approx(sum(each**2 for each in errors) / 256, rel=1e-12)
    assert outcome.changes == {}


def test_an_approximation_that_comes_twice_is_taken_once():
    names = ["quick_gelu", SIGMOID, "gelu_sigmoid:coefficient=1.7020"]
    assert [each.approximation.name for each in compared("gelu", names, grid(-1, 1, 0.5)).rows] == [SIGMOID]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_function_has_something_to_be_compared_with(name):
    function = get_function(name)
    points = grid(-6, 0 if function.domain_text else 6, 0.25)
    outcome = compare(function, points, defaults(function, points), Format.parse("q3.4"))
    names = [each.approximation.name for each in outcome.rows]
    assert names[-1] == "minmax_table"
    assert name not in names
    assert ("three_segments" in names) == (None not in function.ends)
    # An 8-bit table is never far off: half a step, and at most a quarter of the pitch where a slope changes by 1.
    step = float(np.ptp(outcome.real)) / 255
    assert outcome.rows[-1].metrics.max_error <= (1 if name == "heaviside" else 0.501 * step + 12 / 255 / 4)


def test_families_name_functions_that_there_are():
    assert {*_FAMILIES, *(name for names in _FAMILIES.values() for name in names)} <= set(CATALOGUE)


# -- what is written by hand ---------------------------------------------------------------------------------

THREE_SEGMENTS = {
    "gelu": ("three_segments", {-9: 0, -3: 0, -1: 1, 0: 1.5, 2: 2.5, 3: 3, 7: 7}),
    "narrow gelu": ("three_segments:low=-1,high=1", {-2: 0, -1: 0, 0: 0.5, 0.5: 0.75, 1: 1, 2: 2}),
    "tanh": ("three_segments", {-4: -1, -1.5: -0.5, 0: 0, 3: 1, 8: 1}),
    "sigmoid": ("three_segments:low=-2,high=2", {-3: 0, -1: 0.25, 0: 0.5, 2: 1}),
    "smooth_abs": ("three_segments:low=-2,high=4", {-3: 3, -2: 2, 1: 3, 4: 4, 5: 5}),
    "elu": ("three_segments", {-5: -1, -3: -1, 0: 1, 3: 3, 4: 4}),
}


@pytest.mark.parametrize("case", THREE_SEGMENTS)
def test_three_segments_by_hand(case):
    notation, values = THREE_SEGMENTS[case]
    function = get_function(case.split()[-1])
    found = approximation(notation, function, PAPER).function.values(list(values))
    assert found.tolist() == list(values.values())


def test_a_table_by_hand():
    points = grid(-1, 2, 0.5)
    table = approximation("minmax_table:entries=4", get_function("relu"), points).function
    # Knots -1, 0, 1, 2; min 0, max 2: words 0, 0, 127.5 (a tie, to the even 128), 255.
    one = 128 / 255 * 2
    assert table.values([-5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 6]).tolist() == pytest.approx(
        [0, 0, 0, 0, one / 2, one, (one + 2) / 2, 2, 2], rel=1e-15
    )


@pytest.mark.parametrize(("name", "entries"), [("gelu", 256), ("sigmoid", 16), ("smooth_abs", 33)])
def test_a_table_is_what_a_script_in_numpy_gives(name, entries):
    points = grid(-6, 5, 0.01)
    knots = np.linspace(-6, 5, entries)
    values = get_function(name).values(knots)
    scale = (values.max() - values.min()) / 255
    words = np.round((values - values.min()) / scale)
    expected = np.interp(points.x, knots, values.min() + scale * words)
    found = approximation(f"minmax_table:entries={entries}", get_function(name), points).function.values(points.x)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_a_table_whose_range_ends_past_the_domain():
    points = grid(-1, 0.05, 0.1)
    assert -1e-9 < points.x[-1] <= 0
    table = approximation("minmax_table:entries=2", get_function("exp"), points).function
    assert table.values([-1, 0.05]).tolist() == pytest.approx([math.exp(-1), 1], rel=1e-15)


def test_a_table_of_a_constant():
    points = grid(-5, -1, 0.5)
    table = approximation("minmax_table", get_function("relu"), points).function
    assert table.values(points.x).tolist() == [0.0] * 8


def test_codes_of_a_line_are_exact_and_ties_go_to_even():
    # At int4 with scale 1 the chord (x + 3) / 2 meets a tie at every second code.
    whole = Format.parse("int4:scale=1")
    outcome = compared("relu", ["three_segments"], all_codes(whole), "int4:scale=1")
    line = {x: round(Fraction(x + 3, 2)) for x in range(-3, 4)}
    relu = {x: max(x, 0) for x in range(-3, 4)}
    assert line == {-3: 0, -2: 0, -1: 1, 0: 2, 1: 2, 2: 2, 3: 3}
    change = outcome.changes["relu", "three_segments"]
    assert (change.codes, change.largest) == (sum(line[x] != relu[x] for x in line), 2)


def test_codes_of_a_line_saturate_and_see_the_zero_point():
    outcome = compared(
        "relu",
        ["three_segments"],
        all_codes(Format.parse("int8:scale=0.0625,zero_point=9")),
        "int8:scale=0.04,zero_point=20",
    )
    x = [Fraction(code - 9, 16) for code in range(-128, 128)]
    unit = 1 / Fraction(0.04)
    real = [min(round(max(each, 0) * unit) + 20, 127) for each in x]
    line = [min(round((0 if each < -3 else each if each > 3 else (each + 3) / 2) * unit) + 20, 127) for each in x]
    distance = [abs(one - other) for one, other in zip(real, line, strict=True)]
    change = outcome.changes["relu", "three_segments"]
    assert (change.codes, change.largest) == (sum(each > 0 for each in distance), max(distance))
    assert 127 in line


# -- changed codes -------------------------------------------------------------------------------------------

PAIRS = {
    ("int8:scale=0.05", "int8:scale=0.05"): (0, 0, 28, 1),
    ("int8:scale=0.03", "int8:scale=0.02,zero_point=-100"): None,
    ("int8:scale=0.1", "int8:scale=fit"): None,
    ("int8:scale=1", "int8:scale=1"): (0, 0, 0, 0),
    ("q3.4", "q3.4"): None,
    ("uint8:scale=0.05,zero_point=128", "int12:scale=0.004"): None,
}


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_changed_codes_against_brute_force(pair):
    names = ["gelu", TANH, SIGMOID]
    outcome = compared("gelu", names[1:], all_codes(Format.parse(pair[0])), pair[1])
    input_format, output = outcome.points.input, outcome.output
    assert output == Spec("gelu", *pair).output
    unit, codes = mpmath.mpf(output.scale), {name: [] for name in names}
    for code in range(input_format.code_min, input_format.code_max + 1):
        with mpmath.workdps(40):
            values = forms(mpmath.mpf(input_format.scale) * (code - input_format.zero_point))
            for name in names:
                nearest = int(mpmath.nint(values[name] / unit)) + output.zero_point
                codes[name].append(min(max(nearest, output.code_min), output.code_max))
    assert list(outcome.changes) == [("gelu", TANH), ("gelu", SIGMOID), (TANH, SIGMOID)]
    for (one, other), change in outcome.changes.items():
        distance = [abs(a - b) for a, b in zip(codes[one], codes[other], strict=True)]
        assert change.codes == sum(each > 0 for each in distance)
        assert change.largest == max(distance)
    if PAIRS[pair]:
        first, second = outcome.changes["gelu", TANH], outcome.changes["gelu", SIGMOID]
        assert (first.codes, first.largest, second.codes, second.largest) == PAIRS[pair]


def test_changed_codes_at_16_bits_are_those_of_golden_codes():
    outcome = compared("gelu", [TANH], all_codes(Format.parse("q3.12")), "q3.12")
    one, other = (Spec(name, "q3.12", "q3.12").golden().codes for name in ("gelu", TANH))
    change = outcome.changes["gelu", TANH]
    assert (change.codes, change.largest) == (int(np.sum(one != other)), int(np.abs(one - other).max()))
    assert change.codes > 1000


def test_a_fitted_output_on_a_grid_just_holds_the_values():
    outcome = compared("tanh", ["softsign"], grid(-1, 2, 0.01), "uint8:scale=fit,zero_point=100")
    assert outcome.output == Format(8, False, max(np.tanh(1.99) / 155, np.tanh(1) / 100), 100)


# -- refits --------------------------------------------------------------------------------------------------

REFITS = {
    (TANH, "gelu", "mse"): 0.044523,
    (SIGMOID, "gelu", "mse"): 1.780076,
    (TANH, "normal_cdf", "mse"): 0.044846,
    (SIGMOID, "normal_cdf", "mse"): 1.700991,
    (TANH, "normal_cdf", "max"): 0.044715,
    (SIGMOID, "normal_cdf", "max"): 1.701745,
    (TANH, "gelu", "max"): 0.044383,
    (SIGMOID, "gelu", "max"): 1.772934,
}


@pytest.mark.parametrize("case", REFITS, ids="-".join)
def test_refits(case):
    form, target, criterion = case
    found = refit(form, target, criterion=criterion)
    assert found.coefficient == REFITS[case]
    assert found.points == PAPER.text
    ours = found.mse if criterion == "mse" else found.max_error
    usual = found.default_mse if criterion == "mse" else found.default_max_error
    assert ours <= usual


def test_refits_of_phi_are_the_known_ones():
    assert [f"{REFITS[form, 'normal_cdf', 'mse']:.5f}" for form in (TANH, SIGMOID)] == ["0.04485", "1.70099"]
    known = {name: [value for value, _ in CATALOGUE[name].parameters[0].known] for name in FORMS}
    assert "0.04485" in known[TANH]
    assert "1.70099" in known[SIGMOID]


def cost(form, target, criterion, x, coefficient):
    """What a refit makes least, from textbook formulas in floats; one column for each coefficient."""
    phi = np.array([(1 + math.erf(each / math.sqrt(2))) / 2 for each in x])[:, None]
    x, c = x[:, None], np.atleast_1d(coefficient)[None, :]
    share = {
        TANH: lambda: (1 + np.tanh(math.sqrt(2 / math.pi) * (x + c * x**3))) / 2,
        SIGMOID: lambda: 1 / (1 + np.exp(-c * x)),
    }[form]()
    error = np.abs((share - phi) * (x if target == "gelu" else 1))
    return (error**2).mean(0) if criterion == "mse" else error.max(0)


@pytest.mark.parametrize("ends", [(-4, 4), (-1, 3), (0, 2.5)], ids=str)
@pytest.mark.parametrize("case", REFITS, ids="-".join)
def test_a_refit_against_a_scan(case, ends):
    form, target, criterion = case
    found = refit(form, target, *ends, 0.05, criterion)
    x = np.arange(*ends, 0.05)
    wide = np.linspace(0.01, 0.2, 500) if form == TANH else np.linspace(1, 4, 500)
    rough = wide[cost(form, target, criterion, x, wide).argmin()]
    assert abs(rough - found.coefficient) <= wide[1] - wide[0]
    near = np.round(found.coefficient + np.arange(-2000, 2001) * 1e-6, 6)
    costs = cost(form, target, criterion, x, near)
    assert near[costs.argmin()] == found.coefficient
    assert getattr(found, "mse" if criterion == "mse" else "max_error") == pytest.approx(costs.min(), rel=1e-9)


def test_errors_of_a_refit_come_from_balls():
    from gelugen.compare.fitting import cost_of

    for (form, target, criterion), coefficient in REFITS.items():
        found = refit(form, target, -3, 3, 0.1, criterion)
        points = grid(-3, 3, 0.1)
        in_floats = cost_of(form, target, points.x, get_function(target).values(points.x), criterion)
        told = found.mse if criterion == "mse" else found.max_error
        assert in_floats(found.coefficient) == pytest.approx(told, rel=1e-11)
        assert refitted(form, coefficient).name in (form, f"{form}:coefficient={coefficient}")


def test_a_refit_without_scipy_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(GelugenError, match=r"a refit needs scipy: pip install 'gelugen\[fit\]'"):
        refit(TANH)


BAD_REFITS = {
    "no coefficient": (("swish",), "'swish' has no coefficient to refit: it must be gelu_tanh or gelu_sigmoid"),
    "target": ((TANH, "erf"), "target 'erf' of a refit is not known: it must be gelu or normal_cdf"),
    "criterion": ((TANH, "gelu", -1, 1, 0.1, "ulp"), "criterion 'ulp' is not known: it must be mse or max"),
    "far away": ((SIGMOID, "gelu", 50, 60), "no coefficient of gelu_sigmoid from 0.5 to 5.0 is best for gelu on x"),
}


@pytest.mark.parametrize("case", BAD_REFITS)
def test_bad_refits(case):
    arguments, message = BAD_REFITS[case]
    with pytest.raises(GelugenError, match=re.escape(message)):
        refit(*arguments)


# -- the command line ----------------------------------------------------------------------------------------


def test_names_of_a_list():
    text = "gelu_tanh:coefficient=0.04485, parametric_gelu:alpha=1,beta=1.7,swish,minmax_table:entries=9"
    assert split_names(text) == [
        "gelu_tanh:coefficient=0.04485",
        "parametric_gelu:alpha=1,beta=1.7",
        "swish",
        "minmax_table:entries=9",
    ]


def printed(capsys, *arguments):
    assert main(["compare", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("flags", [["--range", "-2,2"], ["--range=-2,2"], ["--range", " -2, 2"]], ids=str)
def test_a_range_may_be_negative(capsys, flags):
    text = printed(capsys, "--function", "gelu", "--with", "gelu_tanh", *flags, "--step", "0.5")
    assert "numpy.arange(-2, 2, 0.5), 8 points" in text


def test_the_table_of_the_issue(capsys):
    text = printed(capsys, "--function", "gelu", "--with", f"{TANH},{SIGMOID}", "--with", "three_segments")
    assert re.search(r"^ gelu_tanh +2\.4329e-08 +4\.7324e-04 +-2\.699 ", text, re.MULTILINE)
    assert re.search(r"^ gelu_sigmoid +5\.6479e-05 +2\.0335e-02 +-2\.27 ", text, re.MULTILINE)
    assert re.search(r"^ three_segments +2\.7653e-01 +1\.5000e\+00 +0 ", text, re.MULTILINE)
    assert "changed codes" not in text
    assert "ulp" not in text


def test_the_table_of_changed_codes(capsys):
    formats = ["--input", "int8:scale=0.05", "--output", "int8:scale=0.05"]
    text = printed(capsys, "--function", "gelu", "--with", f"{TANH},{SIGMOID}", *formats)
    assert "all 256 codes of int8, scale 0.05, zero point 0" in text
    assert re.search(r"max ulp +changed codes +by at most", text)
    assert re.search(r"^ gelu_sigmoid .* 0\.4\d+ +28 +1 $", text, re.MULTILINE)
    assert re.search(r"^ +1 +gelu_tanh +0 +$", text, re.MULTILINE)
    assert re.search(r"^ +2 +gelu_sigmoid +28 by 1 +\d+ by 1 $", text, re.MULTILINE)


def test_refits_join_the_table(capsys):
    flags = ["--function", "gelu", "--with", "minmax_table", "--range", "-4,4", "--step", "0.1"]
    text = printed(capsys, *flags, "--refit")
    names = re.findall(r"^ (\w+:coefficient=[\d.]+|minmax_table) ", text, re.MULTILINE)
    assert [name.partition(":")[0] for name in names] == [TANH, SIGMOID, "minmax_table"]
    assert "refit to gelu (GELU itself) by least squares, at numpy.arange(-4, 4, 0.1), 80 points" in text
    text = printed(capsys, *flags, "--refit", "normal_cdf", "--criterion", "max")
    assert "refit to normal_cdf (Phi, every form divided by x) by the least largest |error|" in text


def test_a_refit_at_input_codes(capsys):
    formats = ["--input", "int8:scale=0.05", "--output", "int8:scale=0.05"]
    found = json.loads(printed(capsys, "--function", "gelu", *formats, "--refit", "--json"))
    assert found["refits"][0]["points"].endswith("256 points")
    expected = refit(TANH, "gelu", *(Fraction(-128 * 0.05), Fraction(127 * 0.05) + Fraction(0.05) / 2, Fraction(0.05)))
    assert found["refits"][0] == expected.to_json()


def test_json(capsys):
    flags = ["--function", "gelu", "--with", "gelu_tanh", "--input", "q3.4", "--output", "q3.4", "--json"]
    found = json.loads(printed(capsys, *flags))
    (approximated,) = found.pop("approximations")
    assert found == {
        "function": "gelu",
        "points": "all 256 codes of q3.4 (int8, scale 2^-4)",
        "input": "q3.4",
        "output": "q3.4",
        "changed_codes": [{"between": ["gelu", "gelu_tanh"], "codes": 2, "largest": 1}],
        "refits": [],
    }
    outcome = compared("gelu", [TANH], all_codes(Format.parse("q3.4")), "q3.4")
    assert approximated == {
        "name": TANH,
        "formula": get_function(TANH).formula,
        **outcome.rows[0].metrics.to_json(),
    }


def test_a_users_own_function(capsys, tmp_path, monkeypatch):
    (tmp_path / "mine_compared.py").write_text(
        "from gelugen.functions import ball_function\n\n@ball_function\ndef sine(x):\n    return x.sin()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    text = printed(capsys, "--function", "mine_compared:sine", "--with", "tanh", "--range=-1,1", "--step", "0.1")
    assert re.search(r"^ tanh +\d\.\d+e-0\d ", text, re.MULTILINE)
    text = printed(capsys, "--function", "tanh", "--with", "mine_compared:sine,softsign", "--range=-1,1", "--step=0.1")
    assert re.search(r"^ mine_compared:sine +\d\.\d+e-0\d ", text, re.MULTILINE)


def test_a_users_own_float_function(capsys):
    flags = ["--function", "math:atan", "--with", "tanh", "--range=-1,1", "--step", "0.25"]
    text = printed(capsys, *flags, "--accuracy", "relative:4e-16", "--json")
    x = np.arange(-1, 1, 0.25)
    expected = float(np.abs(np.tanh(x) - np.arctan(x)).max())
    assert json.loads(text)["approximations"][0]["max_error"] == pytest.approx(expected, rel=1e-12)
    assert main(["compare", *flags]) == 2
    assert "state how accurate it is, as in --accuracy relative:4e-16" in capsys.readouterr().err


def test_help_waits_for_no_room():
    check = (
        "import sys, gelugen.cli\n"
        "try: gelugen.cli.main(['compare', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'argparse' in sys.modules and not {'numpy', 'flint', 'scipy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--criterion" in done.stdout


G = ["--function", "gelu"]
BAD = {
    "no function": ([], "--function is missing"),
    "function": (["--function", "gelo"], "function 'gelo' is not known: it must be one of gelu, "),
    "approximation": ([*G, "--with", "gelo"], "approximation 'gelo' is not known: it must be three_segments, "),
    "itself": ([*G, "--with", "gelu_tanh,gelu"], "approximation gelu is the function itself: leave it out"),
    "parameter": ([*G, "--with", "gelu_tanh:c=1"], "parameter 'c' of gelu_tanh is not known"),
    "accuracy": (
        [*G, "--accuracy", "relative:1e-16"],
        "--accuracy relative:1e-16 is given, and gelu is of the catalogue",
    ),
    "upside down": ([*G, "--range", "10,-10"], "range 10,-10 is empty: the lower end must come first"),
    "empty": ([*G, "--range", "1,1"], "range 1,1 is empty"),
    "one end": ([*G, "--range", "10"], "--range '10' must be two numbers by a comma"),
    "no number": ([*G, "--range", "a,1"], "the lower end of range is 'a': it must be a number"),
    "nan": ([*G, "--range", "0,nan"], "the upper end of range is 'nan': it must be a number"),
    "far": ([*G, "--range", "0,1e30"], "is too wide: its ends must lie between -2^64 and 2^64"),
    "farther": ([*G, "--range=-1e50,0"], "is too wide: its ends must lie between -2^64 and 2^64"),
    "no step": ([*G, "--step", "0"], "step 0 must be above 0"),
    "step back": ([*G, "--step", "-0.1"], "step -0.1 must be above 0"),
    "too many": ([*G, "--step", "1e-9"], "step 1e-9 gives more than 1,000,000 points on the range -10 to 10"),
    "far too many": ([*G, "--step", "1e-30"], "gives more than 1,000,000 points"),
    "one point": ([*G, "--step", "20"], "step 20 leaves 1 point of the range -10 to 10"),
    "domain": (
        ["--function", "exp"],
        "function exp is defined for x <= 0, and x goes from -10 to 9.999: take a --range",
    ),
    "codes outside": (["--function", "exp", "--input", "q3.4"], "x goes from -8 to 7.9375: take another input"),
    "other's domain": ([*G, "--with", "exp"], "function exp is defined for x <= 0"),
    "no line": (
        ["--function", "exp", "--range=-5,0", "--with", "three_segments"],
        "three_segments needs a line at both ends, and exp has none at the right",
    ),
    "knots": ([*G, "--with", "three_segments:low=3,high=3"], "low must be less than high"),
    "entries": (
        [*G, "--with", "minmax_table:entries=1"],
        "parameter entries of minmax_table is 1: it must be 2 or more",
    ),
    "half entries": ([*G, "--with", "minmax_table:entries=2.5"], "is 2.5: it must be a whole number"),
    "range and input": ([*G, "--input", "q3.4", "--range", "0,1"], "--range 0,1 and --input q3.4 exclude each other"),
    "step and input": ([*G, "--input", "q3.4", "--step", "1"], "--step 1 and --input q3.4 exclude each other"),
    "input": ([*G, "--input", "q33.4"], "format 'q33.4' has 38 bits"),
    "output": ([*G, "--output", "float"], "format 'float' is not known"),
    "target": ([*G, "--refit", "erf"], "argument --refit: invalid choice: 'erf' (choose from"),
    "criterion": ([*G, "--refit", "gelu", "--criterion", "ulp"], "argument --criterion: invalid choice: 'ulp'"),
    "no refit": ([*G, "--criterion", "max"], "--criterion max is given without --refit"),
    "nothing to refit": (["--function", "tanh", "--refit"], "--function tanh, which has no coefficient to refit"),
    "picture": ([*G, "--plot", "picture"], "the picture picture needs an ending such as .png"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(capsys, case):
    arguments, message = BAD[case]
    assert main(["compare", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("gelugen: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


# -- the picture ---------------------------------------------------------------------------------------------


def test_the_picture_shows_the_errors(monkeypatch):
    from gelugen.report import comparison

    kept = []
    monkeypatch.setattr(comparison, "save", lambda figure, path: kept.append(figure))  # noqa: ARG005
    points = grid(-4, 4, 0.01)
    outcome = compared(SIGMOID, ["parametric_gelu", TANH, "gelu", "three_segments"], points)
    comparison.plot_comparison(outcome, Path("x.png"))
    (figure,) = kept
    top, bottom = figure.axes
    assert [line.get_ydata().tolist() for line in top.lines] == [
        each.tolist() for each in (outcome.real, *(each.values for each in outcome.rows))
    ]
    for line, each in zip(bottom.lines, outcome.rows, strict=True):
        error = np.abs(each.values - outcome.real)
        np.testing.assert_array_equal(line.get_ydata(), np.where(error > 0, error, np.nan))
    assert bottom.get_yscale() == "log"
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told[0] == SIGMOID
    assert told[2] == f"gelu_tanh\n  MSE {outcome.rows[1].metrics.mse:.4e}"


@pytest.mark.parametrize(
    "flags", [G, ["--function", "gelu_sigmoid", "--with", "parametric_gelu"], [*G, "--input", "int4:scale=1"]], ids=str
)
def test_a_picture_is_written(tmp_path, capsys, flags):
    path = tmp_path / "picture.png"
    step = [] if "--input" in flags else ["--step", "0.5"]
    assert f"written: {path}" in printed(capsys, *flags, *step, "--plot", str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_without_matplotlib_is_one_sentence(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["compare", *G, "--plot", str(tmp_path / "x.png")]) == 2
    assert "--plot needs matplotlib" in capsys.readouterr().err


# -- the document --------------------------------------------------------------------------------------------

DOCUMENT = (TOP / "docs" / "compare.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```console\n\$ (gelugen compare.*?)```", DOCUMENT, re.DOTALL))
def test_the_document_shows_what_the_command_prints(block, capsys, tmp_path, monkeypatch):
    command, _, expected = block.partition("\n")
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)[1:]) == 0
    out = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [line for line in out if line] == [line for line in expected.splitlines() if line]


CHANGED = re.findall(r"^\| `(\S+)` \| `(\S+)` \| (\d.*?) \| (\d.*?) \| (\d.*?) \|$", DOCUMENT, re.MULTILINE)


def test_the_document_tells_changed_codes():
    assert len(CHANGED) >= 6


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            line, id="-".join(line[:2]), marks=pytest.mark.slow if "16" in line[0] or "q3.12" in line[0] else ()
        )
        for line in CHANGED
    ],
)
def test_the_document_counts_changed_codes(line):
    outcome = compared("gelu", [TANH, SIGMOID], all_codes(Format.parse(line[0])), line[1])
    changes = outcome.changes.values()
    assert [f"{each.codes} by {each.largest}" if each.codes else "0" for each in changes] == list(line[2:])


def test_the_document_tells_refits():
    row = r"^\| `--refit (\w+) --criterion (\w+)` \| ([\d.]+) \| ([\d.]+) \|$"
    assert {
        (form, target, criterion): float(value)
        for target, criterion, *values in re.findall(row, DOCUMENT, re.MULTILINE)
        for form, value in zip(FORMS, values, strict=True)
    } == REFITS
