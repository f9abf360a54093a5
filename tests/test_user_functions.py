"""Functions of the user's own: on balls, on floats, by name; what they may not do; and that no file ever runs one."""

import functools
import itertools
import json
import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from flint import acb, arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gelugen.accuracy import check
from gelugen.emit.manifest import MANIFEST, digest
from gelugen.errors import GelugenError
from gelugen.explore.grid import from_toml as from_grid
from gelugen.flow import generate
from gelugen.functions import CATALOGUE, Function, ball_function, float_function, get_function, load
from gelugen.functions.user import Stated
from gelugen.golden import golden, symmetry
from gelugen.requests import from_toml
from gelugen.search import build
from gelugen.spec import Guarantee, Spec, Target, from_fields
from gelugen.store import load as load_folder


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    """Every test starts without functions that another one has given."""
    monkeypatch.setattr("gelugen.functions.user._known", {})


def balls_gelu(x):
    return x / 2 * (1 + (x / arb(2).sqrt()).erf())


def floats_gelu(x):
    return x / 2 * math.erfc(-x / math.sqrt(2))


def codes(function, *formats, **more):
    return Spec(function, *(formats or ("q3.4", "q3.4")), **more).golden().codes.tolist()


def refused(call):
    """The one sentence with which a call is refused."""
    with pytest.raises(GelugenError) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text
    return text


# -- on balls --------------------------------------------------------------------------------------------------

FORMATS = [("q3.4", "q3.4"), ("q3.12", "q3.12"), ("int8:scale=0.05,zero_point=-3", "int8:scale=fit")]


@pytest.mark.parametrize("formats", FORMATS, ids=str)
def test_gelu_on_balls_has_the_golden_codes_of_gelu(formats):
    mine, catalogue = Spec(ball_function(balls_gelu), *formats), Spec("gelu", *formats)
    assert mine.output == catalogue.output
    assert mine.golden().codes.tolist() == catalogue.golden().codes.tolist()
    assert mine.golden().scaled.tolist() == catalogue.golden().scaled.tolist()


def test_a_ball_function_is_known_by_its_module_and_name():
    function = ball_function(balls_gelu)
    assert isinstance(function, Function)
    assert function.name == f"{__name__}:balls_gelu"
    assert (function.own, function.fold, function.accuracy) == (True, "none", "")
    assert get_function(function.name) is function
    spec = Spec(function, "q3.4", "q3.4")
    assert spec.function == function.name
    assert Spec(**spec.fields()) == spec
    assert spec.definition is function


def test_a_decorator_with_and_without_arguments():
    @ball_function
    def plain(x):
        return x.sin()

    @ball_function(name="lib:cosine", formula="cos(x)")
    def named(x):
        return x.cos()

    assert plain.name == f"{__name__}:test_a_decorator_with_and_without_arguments.plain"
    assert plain.formula == "test_a_decorator_with_and_without_arguments.plain(x)"
    assert (named.name, named.formula) == ("lib:cosine", "cos(x)")
    for function, right in ((plain, math.sin), (named, math.cos)):
        expected = [round(right(k / 16) * 64) for k in range(-128, 128)]
        assert codes(function, "q3.4", "q1.6") == expected


@pytest.mark.parametrize(
    ("result", "value"),
    [(3, 3), (Fraction(1, 3), Fraction(1, 3)), (fmpq(-5, 7), Fraction(-5, 7)), (arb("0.125"), Fraction(1, 8))],
    ids=str,
)
def test_a_ball_function_may_give_an_exact_number(result, value):
    function = ball_function(lambda _: result, name="test:constant")
    exact, rest, sign = function.at(fmpq(1))
    assert (Fraction(int(exact.p), int(exact.q)), rest, sign) == (value, None, 0)
    spec = Spec(function, "q3.4", "q3.4")
    assert spec.golden().exact.all() == (value.denominator in (1, 8))
    assert set(spec.golden().codes.tolist()) == {round(value * 16)}


@pytest.mark.parametrize(("ties", "code"), [("even", 0), ("away", 1), ("up", 1), ("down", 0)])
def test_an_exact_result_on_a_tie_follows_the_tie_rule(ties, code):
    function = ball_function(lambda _: Fraction(1, 32), name="test:tie")
    assert set(codes(function, ties=ties)) == {code}


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (0.5, "gives 0.5 at x = -8: it must give an arb or an exact number; a function of floats needs its accuracy"),
        ("1", "gives '1' at x = -8"),
        (None, "gives None at x = -8"),
        (1j, "gives 1j at x = -8"),
        (True, "gives True at x = -8"),
        (acb(1, 2), "at x = -8: it must give an arb"),
        (arb("nan"), "has no finite value at x = -8"),
        (arb("inf"), "has no finite value at x = -8"),
        (arb(0, "inf"), "has no finite value at x = -8"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("output", ["q3.4", "int8:scale=fit"])
def test_what_a_ball_function_may_not_give(result, said, output):
    function = ball_function(lambda _: result, name="test:bad")
    text = refused(lambda: Spec(function, "q3.4", output).golden())
    assert text.startswith("function test:bad ")
    assert said in text


def test_a_ball_that_never_gets_narrow_is_refused_by_its_code():
    function = ball_function(lambda x: arb(0, "0.001") + x, name="test:wide")
    text = refused(lambda: Spec(function, "q3.4", "q3.12").golden())
    assert "input code -128 of test:wide cannot be rounded with 4096 bits" in text


def test_a_ball_that_only_touches_a_tie_is_not_taken_for_more():
    """1/32 is half a code: a ball from there up does not say whether the value is the half itself."""
    function = ball_function(lambda _: arb(fmpq(1, 32)) + arb(fmpq(1, 2**80), fmpq(1, 2**80)), name="test:touch")
    assert "cannot be rounded" in refused(lambda: Spec(function, "q3.4", "q3.4").golden())


# -- on floats -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formats", FORMATS, ids=str)
def test_gelu_on_floats_has_the_golden_codes_of_gelu(formats):
    function = float_function(floats_gelu, relative=2**-48)
    catalogue = Spec("gelu", *formats)
    mine, right = Spec(function, formats[0], catalogue.output).golden(), catalogue.golden()
    assert mine.codes.tolist() == right.codes.tolist()
    assert np.abs(mine.error(mine.codes) - right.error(right.codes)).max() < 1e-9
    for one, other in zip(mine.bounds(Guarantee("faithful")), right.bounds(Guarantee("faithful")), strict=True):
        near = mine.exact & ~right.exact  # doubles cannot tell gelu(x) from x there: one code is left of two
        assert (one == other)[~near].all()


def test_a_float_function_states_its_accuracy():
    @float_function(relative="2e-16", absolute=1e-300)
    def mine(x):
        return math.atan(x)

    assert mine.accuracy == "absolute:1e-300,relative:2e-16"
    assert float_function(math.atan).accuracy == "absolute:0"
    assert float_function(math.atan).name == "math:atan"
    assert codes(mine, "q3.4", "q1.6") == [round(math.atan(k / 16) * 64) for k in range(-128, 128)]


def test_without_an_error_a_float_function_is_what_it_gives():
    function = float_function(lambda x: x * 0.5, name="test:half")
    for ties in ("even", "away", "up", "down"):
        assert codes(function, ties=ties) == codes("leaky_relu:slope=1", "q3.4", "int9:scale=0.125", ties=ties)
    assert Spec(function, "q3.4", "q3.4").golden().exact.all()


def test_what_lies_within_the_error_of_a_code_is_that_code():
    """In doubles tanh(x) is soon 1 or the next below, whichever: rounding need not know, and bounds hold for both."""
    function = float_function(math.tanh, relative="4e-16")
    for formats in (("q5.4", "q1.6"), ("q5.4", "q0.7")):
        spec, right = Spec(function, *formats), Spec("tanh", *formats)
        assert spec.golden().codes.tolist() == right.golden().codes.tolist()
        mine, catalogue = (each.golden().bounds(Guarantee("faithful")) for each in (spec, right))
        assert (mine[0] >= catalogue[0]).all()
        assert (mine[1] <= catalogue[1]).all()


def test_what_saturates_need_not_be_known_well():
    function = float_function(math.exp, relative="1e-15", name="test:exp")
    x = [k / 16 for k in range(-512, 512)]  # up to 7e13, with thousands of codes inside of the error
    assert codes(function, "q5.4", "q1.6") == [min(127, round(math.exp(each) * 64)) for each in x]
    below = float_function(lambda x: -math.exp(x), relative="1e-15", name="test:below")
    assert codes(below, "q5.4", "q1.6") == [max(-128, round(-math.exp(each) * 64)) for each in x]


def test_a_tie_within_a_coarse_error_is_refused():
    function = float_function(lambda _: 1 / 32, absolute=0.0625, name="test:coarse")
    assert "cannot be rounded" in refused(lambda: Spec(function, "q3.4", "q3.4").golden())


def test_a_result_on_a_rounding_boundary_is_taken_as_exact():
    function = float_function(lambda x: x * 0.5, relative=2**-50, name="test:half")
    for ties in ("even", "away", "up", "down"):
        assert codes(function, ties=ties) == codes("leaky_relu:slope=1", "q3.4", "int9:scale=0.125", ties=ties)


def test_an_accuracy_that_cannot_tell_two_codes_apart_is_refused_by_the_code():
    function = float_function(math.tanh, absolute=0.01)
    text = refused(lambda: Spec(function, "q3.4", "q0.7").golden())
    assert "input code" in text
    assert "of math:tanh cannot be rounded: its value is known to absolute:0.01 only" in text
    assert "state a better accuracy, or give the function on balls" in text
    good = Spec(float_function(math.tanh, absolute=1e-6), "q3.4", "q0.7")
    assert good.golden().codes.tolist() == codes("tanh", "q3.4", "q0.7")


def test_a_stated_error_that_ends_on_a_boundary_is_refused():
    """From 1/32 up: the half itself is possible, and would be a tie."""
    function = float_function(lambda _: 1 / 32 + 2.0**-40, absolute=Fraction(1, 2**40), name="test:touch")
    assert "cannot be rounded" in refused(lambda: Spec(function, "q3.4", "q3.4").golden())


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (math.nan, "gives nan at x = -8: it must be finite there, or have a domain"),
        (math.inf, "gives inf at x = -8"),
        (-math.inf, "gives -inf at x = -8"),
        ("3", "gives '3' at x = -8: it must give a float"),
        (b"3", "gives b'3' at x = -8: it must give a float"),
        (None, "gives None at x = -8: it must give a float"),
        (1 + 2j, "gives (1+2j) at x = -8: it must give a float"),
        ([1.0], "gives [1.0] at x = -8: it must give a float"),
        (10**400, "at x = -8: it must give a float"),
    ],
    ids=lambda value: repr(value)[:30],
)
@pytest.mark.parametrize("output", ["q3.4", "int8:scale=fit"])
def test_what_a_float_function_may_not_give(result, said, output):
    function = float_function(lambda _: result, relative=2**-50, name="test:bad")
    text = refused(lambda: Spec(function, "q3.4", output).golden())
    assert text.startswith("function test:bad ")
    assert said in text


@pytest.mark.parametrize("result", [np.float64(0.25), np.float32(0.25), Fraction(1, 4), np.array(0.25)], ids=repr)
def test_what_is_like_a_float_is_one(result):
    assert set(codes(float_function(lambda _: result, name="test:good"))) == {4}


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"relative": -1e-9}, "accuracy relative:-1e-09 must not be negative"),
        ({"absolute": "-1"}, "accuracy absolute:-1 must not be negative"),
        ({"absolute": math.nan}, "accuracy absolute is nan: it must be a number"),
        ({"relative": "small"}, "accuracy relative is 'small': it must be a number"),
        ({"relative": None}, "accuracy relative is None: it must be a number"),
    ],
    ids=str,
)
def test_a_bad_accuracy_is_refused(bounds, said):
    assert said in refused(lambda: float_function(math.sin, **bounds))
    assert said in refused(lambda: float_function(**bounds))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("relative:2e-16", "relative:2e-16"),
        ("absolute:1e-12", "absolute:1e-12"),
        (" relative : 1/4 , absolute:0x1p-40 ", "absolute:0x1.0000000000000p-40,relative:0.25"),
        ("absolute:0", "absolute:0"),
        ("relative:10", "relative:10"),
    ],
)
def test_an_accuracy_has_one_canonical_form(text, canonical):
    assert str(Stated.parse(text)) == canonical
    assert Stated.parse(canonical) == Stated.parse(text)


@given(st.fractions(0, 1, max_denominator=10**12), st.fractions(0, 1, max_denominator=10**12))
def test_an_accuracy_reads_back(absolute, relative):
    stated = Stated.of(absolute, relative)
    assert Stated.parse(str(stated)) == stated


@pytest.mark.parametrize(
    "text", ["", "1e-12", "relative", "relative:", "rel:1", "relative:1,relative:2", "relative:1;absolute:2", "a:b:c"]
)
def test_a_malformed_accuracy_is_refused(text):
    said = refused(lambda: Stated.parse(text))
    assert said.startswith("accuracy ")
    assert "must be" in said


# -- what a function may not do --------------------------------------------------------------------------------

KINDS = {"balls": ball_function, "floats": float_function}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_function_that_counts_its_calls_is_not_pure(make):
    calls = itertools.count()
    function = make(lambda x: x * 0 + next(calls), name="test:counter")
    text = refused(lambda: Spec(function, "q3.4", "q15.0").golden())
    assert text == (
        "function test:counter is not pure: at x = 7.9375 it gives another value when called again: it must depend on "
        "x alone"
    )


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_function_that_throws_dice_is_not_pure(make):
    dice = np.random.default_rng(5)
    function = make(lambda x: x * 0 + dice.random() if make is float_function else arb(dice.random()), name="test:dice")
    assert "function test:dice is not pure" in refused(lambda: Spec(function, "q3.4", "q3.4").golden())


def test_a_function_that_remembers_its_last_x_is_not_pure():
    last = [0.0]

    def swap(x):
        before, last[0] = last[0], x
        return before

    assert "is not pure" in refused(lambda: Spec(float_function(swap), "q3.4", "q3.4").golden())


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    ("error", "told"),
    [(ValueError("no"), "ValueError: no"), (RuntimeError(), "RuntimeError"), (SystemExit(3), "SystemExit: 3")],
    ids=repr,
)
def test_a_function_that_raises_is_refused_by_its_x(make, error, told):
    def wrong(x):
        if x > 1:
            raise error
        return x

    function = make(wrong, name="test:raises")
    text = refused(lambda: Spec(function, "q3.4", "q3.4").golden())
    assert text == (
        f"function test:raises raises at x = 1.0625 ({told}): it must take one number and be defined on the whole "
        f"input range, or have a domain"
    )


def test_a_message_of_many_lines_becomes_one():
    def wrong(_):
        raise ValueError("first\nsecond\n" + "x" * 1000)

    text = refused(lambda: Spec(float_function(wrong), "q3.4", "q3.4").golden())
    assert "(ValueError: first second xxx" in text
    assert len(text) < 500


@pytest.mark.parametrize("wrong", [lambda: 1.0, lambda x, y: x + y], ids=["none", "two"])
def test_a_function_of_another_number_of_arguments_is_refused(wrong):
    text = refused(lambda: Spec(float_function(wrong, name="test:arity"), "q3.4", "q3.4").golden())
    assert "function test:arity raises at x = -8 (TypeError: " in text
    assert "it must take one number" in text


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("nameless", [lambda x: x, functools.partial(pow, 2)], ids=["lambda", "partial"])
def test_what_has_no_name_is_refused_unless_it_gets_one(make, nameless):
    """Two of them would be one and the same function to every spec."""
    assert "has no name of its own: give one, as in name='user:mine'" in refused(lambda: make(nameless))
    assert make(nameless, name="user:mine").name == "user:mine"


@pytest.mark.parametrize("name", ["", "gelu", "a:b:c", "a:", ":b", "a b:c", "1:x", "a:b-c", "ä:b"])
def test_a_malformed_name_is_refused(name):
    assert "must have the form module:function" in refused(lambda: ball_function(balls_gelu, name=name))


def test_a_function_without_a_domain_where_it_is_not_defined():
    assert "raises at x = -8 (ValueError: " in refused(lambda: Spec(float_function(math.sqrt), "q3.4", "q3.4").golden())
    logarithm = ball_function(lambda x: x.log(), name="test:log")
    assert "has no finite value at x = -8" in refused(lambda: Spec(logarithm, "q3.4", "q3.4").golden())


@pytest.mark.parametrize("outside", ["clamp", "0", "-1/3", 0.5])
def test_a_function_with_a_domain(outside):
    root = float_function(math.sqrt, relative=2**-50, domain=(0, None), name="test:root")
    text = refused(lambda: Spec(root, "q3.4", "q3.4"))
    assert "function test:root is defined for x >= 0, and x goes from -8 to 7.9375" in text
    beyond = {"clamp": 0.0, "0": 0.0, "-1/3": -1 / 3, 0.5: 0.5}[outside]
    expected = [round((math.sqrt(k / 16) if k >= 0 else beyond) * 16) for k in range(-128, 128)]
    assert codes(root, outside=outside) == expected
    assert Spec(root, "uq3.4", "q3.4").golden().codes.tolist() == expected[128:]


@pytest.mark.parametrize(
    ("domain", "text"),
    [((0, None), "x >= 0"), ((None, 0.5), "x <= 0.5"), (("-1/3", 2), "-1/3 <= x <= 2"), ((None, None), "")],
)
def test_a_domain_in_words(domain, text):
    assert ball_function(balls_gelu, name="test:d", domain=domain).domain_text == text


@pytest.mark.parametrize(
    ("domain", "said"),
    [((1, 0), "goes from 1 to 0: the first x must be less"), ((0, 0), "less"), ((None, "x"), "is 'x': it must be a")],
)
def test_a_bad_domain_is_refused(domain, said):
    assert said in refused(lambda: ball_function(balls_gelu, name="test:d", domain=domain))


# -- names -----------------------------------------------------------------------------------------------------


def test_golden_codes_follow_a_function_that_is_made_anew():
    def define(slope):
        return ball_function(lambda x: x * slope, name="test:again")

    spec = Spec(define(1), "q3.4", "q7.4")
    first = spec.golden().codes.tolist()
    assert first == list(range(-128, 128))
    define(2)
    assert spec.golden().codes.tolist() == [2 * code for code in first]
    assert spec == Spec("test:again", "q3.4", "q7.4")


def test_a_catalogue_function_as_an_object_is_the_catalogues():
    assert Spec(get_function("swish:beta=2"), "q3.4", "q3.4") == Spec("swish:beta=2", "q3.4", "q3.4")
    assert Spec(CATALOGUE["gelu"].default, "q3.4", "q3.4") == Spec("gelu", "q3.4", "q3.4")


def test_a_user_may_have_a_module_of_a_catalogues_name():
    function = ball_function(balls_gelu, name="gelu:mine")
    assert get_function("gelu:mine") is function
    assert "has the part 'other': write parameters" in refused(lambda: get_function("gelu:other"))


def test_what_nobody_has_given_is_not_known():
    text = refused(lambda: Spec("nobody:function", "q3.4", "q3.4"))
    assert text == (
        "function 'nobody:function' is a user's own and not known here: give it with --function nobody:function or "
        "from Python, since nothing that a file names is run"
    )


# -- load ------------------------------------------------------------------------------------------------------

MODULE = """
import math
import gelugen.functions as functions

class Inner:
    @staticmethod
    def twice(x):
        return 2 * x

@functions.ball_function
def sine(x):
    return x.sin()

@functions.float_function(relative=2**-50)
def cosine(x):
    return math.cos(x)

def plain(x):
    return math.tanh(x)

SWISH = functions.get_function("swish")
NUMBER = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of the user's, found by Python under a name of its own for each test."""
    name = f"mine_{abs(hash(tmp_path))}"
    tmp_path.joinpath(f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("path", "accuracy", "right", "stated"),
    [
        ("sine", None, math.sin, ""),
        ("cosine", None, math.cos, "relative:8.881784197001252e-16"),
        ("cosine", "relative:8.881784197001252e-16", math.cos, "relative:8.881784197001252e-16"),  # as commands say it
        ("plain", "relative:1e-15", math.tanh, "relative:1e-15"),
        ("Inner.twice", "absolute:0", lambda x: 2 * x, "absolute:0"),
        ("SWISH", None, lambda x: x / (1 + math.exp(-x)), ""),
    ],
)
def test_a_function_is_loaded_by_its_name(module, path, accuracy, right, stated):
    function = load(f" {module}:{path} ", accuracy)
    assert (function.name, function.own, function.accuracy) == (f"{module}:{path}", True, stated)
    assert get_function(f"{module}:{path}") is function
    assert codes(function, "q2.5", "q3.4") == [round(right(k / 32) * 16) for k in range(-128, 128)]


def test_a_function_of_the_standard_library_is_loaded():
    assert codes(load("math:tanh", "relative:4e-16"), "q3.4", "q0.7") == codes("tanh", "q3.4", "q0.7")


@pytest.mark.parametrize(
    ("reference", "accuracy", "said"),
    [
        ("{0}:plain", None, "{0}:plain is an ordinary one: state how accurate it is, as in --accuracy relative:4e-16"),
        ("{0}:missing", None, "module {0} has no missing: name one that it has"),
        ("{0}:Inner.missing", None, "module {0} has no Inner.missing"),
        ("{0}:NUMBER", "relative:1e-9", "{0}:NUMBER is 3, which cannot be called: name a function"),
        ("{0}:sine", "relative:1e-9", "accuracy relative:1e-9 is given, and {0}:sine needs none: leave it out"),
        ("{0}:cosine", "relative:1e-9", "and {0}:cosine states relative:8.881784197001252e-16: leave it out"),
        ("{0}:plain", "good", "accuracy 'good' must be absolute:1e-12, relative:2e-16, or both by a comma"),
        ("no_such_module:f", None, "module no_such_module cannot be imported (ModuleNotFoundError: "),
        ("a..b:f", None, "module a..b cannot be imported ("),
        ("{0}", None, "function '{0}' must have the form module:function"),
        ("", None, "function '' must have the form module:function"),
        ("{0}:", None, "must have the form module:function"),
        ("os;system:f", None, "must have the form module:function"),
    ],
    ids=str,
)
def test_what_cannot_be_loaded_is_refused(module, reference, accuracy, said):
    assert said.format(module) in refused(lambda: load(reference.format(module), accuracy))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise ValueError('a\\nb')", "(ValueError: a b)"),
        ("import sys; sys.exit(5)", "(SystemExit: 5)"),
        ("def f(:", "(SyntaxError: "),
    ],
)
def test_a_module_that_fails_on_import_is_refused(tmp_path, monkeypatch, text, told):
    tmp_path.joinpath("fails_on_import.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    said = refused(lambda: load("fails_on_import:f", "relative:1e-9"))
    assert f"module fails_on_import cannot be imported {told}" in said


# -- nothing in a file is run ----------------------------------------------------------------------------------


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A module that leaves a mark when it is imported."""
    mark = tmp_path / "it_ran"
    tmp_path.joinpath("gelugen_trap.py").write_text(
        f"import pathlib\npathlib.Path({str(mark)!r}).touch()\nfrom gelugen.functions import ball_function\n"
        "@ball_function\ndef f(x):\n    return x\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield mark
    sys.modules.pop("gelugen_trap", None)


FIELDS = {"function": "gelugen_trap:f", "input": "q3.4", "output": "q3.4"}
TABLE = 'function = "gelugen_trap:f"\ninput = "q3.4"\noutput = "q3.4"\n'


READERS = {
    "a spec": lambda: Spec(**FIELDS),
    "fields": lambda: from_fields(FIELDS),
    "a TOML": lambda: from_toml(f"[design.a]\n{TABLE}", "a.toml"),
    "a grid": lambda: from_grid('[grid]\nfunction = ["gelu", "gelugen_trap:f"]\nformats = ["q3.4"]\n', "grid.toml"),
    "a function": lambda: get_function("gelugen_trap:f"),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_reading_never_runs_what_is_named(trap, read):
    assert "function 'gelugen_trap:f' is a user's own and not known here" in refused(read)
    assert not trap.exists()
    assert "gelugen_trap" not in sys.modules


def test_only_load_imports_a_module(trap):
    load("gelugen_trap:f")
    assert trap.exists()


@pytest.fixture
def folder(tmp_path):
    """A generated folder whose manifest names the trap, with its digest set right."""
    made = generate(Spec("gelu", "q1.2", "q1.2"), tmp_path, Target("act"))
    manifest = made.folder / MANIFEST
    data = json.loads(manifest.read_text().replace('"gelu"', '"gelugen_trap:f"'))
    manifest.write_text(json.dumps({**data, "manifest_sha256": digest(data)}))
    return made.folder


def test_a_manifest_never_runs_what_it_names(trap, folder):
    assert "function 'gelugen_trap:f' is a user's own and not known here" in refused(lambda: load_folder(folder))
    assert not trap.exists()


# -- symmetry --------------------------------------------------------------------------------------------------

SHAPES = {
    "odd": lambda x: x.tanh() if isinstance(x, arb) else math.tanh(x),
    "even": lambda x: 1 / (1 + x * x),
    "complement": lambda x: 1 / (1 + ((-x).exp() if isinstance(x, arb) else math.exp(-x))),
    "residual": lambda x: x / (1 + ((-x).exp() if isinstance(x, arb) else math.exp(-x))),
    "none": lambda x: x.exp() / 4096 if isinstance(x, arb) else math.exp(x) / 4096,
}


@pytest.mark.parametrize("formats", [("q3.4", "q3.4"), ("q2.9", "q3.12"), ("q3.4", "q0.7")], ids=str)
@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("fold", SHAPES)
def test_symmetry_is_found(fold, make, formats):
    more = {"relative": 2**-48} if make is float_function else {}
    function = make(SHAPES[fold], name="test:shape", **more)
    assert function.fold == "none"
    assert symmetry(Spec(function, *formats)) == fold


@pytest.mark.parametrize(("slope", "fold"), [(0, "even"), (1, "odd"), (0.5, "odd")], ids=str)
def test_lines_have_a_symmetry_too(slope, fold):
    line = float_function(lambda x: x * slope, name="test:line")
    assert symmetry(Spec(line, "q3.4", "q3.4")) == fold


def test_one_pair_that_differs_is_enough():
    almost = ball_function(lambda x: x * x + (fmpq(1, 1000) if x == 2 else 0), name="test:almost")
    assert symmetry(Spec(almost, "q2.2", "q7.4")) == "none"


def test_what_saturates_says_nothing_and_few_codes_say_nothing():
    clipped = ball_function(lambda x: x * x * x if abs(x) < 2 else x * 100, name="test:clipped")
    assert symmetry(Spec(clipped, "q3.4", "q3.4")) == "odd"
    assert symmetry(Spec(ball_function(lambda x: x * 100, name="test:steep"), "q3.4", "q3.4")) == "none"
    assert symmetry(Spec(ball_function(lambda x: x, name="test:identity"), "uq4.4", "q3.4")) == "none"


@pytest.mark.parametrize("fold", ["odd", "even", "complement", "residual"])
def test_a_design_of_a_users_function_takes_its_fold(fold):
    spec = Spec(ball_function(SHAPES[fold], name="test:shape"), "q3.4", "q2.5", "faithful")
    design = build(spec)
    assert design.fold == fold
    assert check(design).outside == 0


def test_golden_of_a_spec_is_kept_while_its_function_is():
    function = ball_function(balls_gelu)
    assert golden(Spec(function, "q3.4", "q3.4")) is golden(Spec(function, "q3.4", "q3.4"))


@pytest.mark.parametrize("name", ["__main__:sine", "a_._b:_c_", "mine:f"])
def test_any_name_of_a_function_gives_a_name_to_its_design(name):
    function = ball_function(lambda x: x.sin(), name=name)
    Target(Spec(function, "q2.5", "q0.7").default_name())
