"""What a user asks for: Spec, Guarantee and Target, as Python, TOML and a command line, and the names they get."""

import hashlib
import itertools
import math
import shlex
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gelugen.architectures import ARCHITECTURES
from gelugen.cli import _parser
from gelugen.cli.designs import _requests
from gelugen.density import Density
from gelugen.errors import GelugenError
from gelugen.formats import TIES, Format
from gelugen.functions import CATALOGUE, ball_function, float_function, load
from gelugen.identifiers import RESERVED, check_identifier
from gelugen.requests import from_toml, read_toml, to_toml
from gelugen.spec import Guarantee, Spec, Target, command, from_fields, spec_hash

# -- any request -----------------------------------------------------------------------------------------------


@st.composite
def formats(draw):
    bits, signed = draw(st.integers(4, 16)), draw(st.booleans())
    if draw(st.booleans()):
        return Format(bits, signed, 2.0 ** -draw(st.integers(0, bits - signed)))
    least = -(1 << bits - 1) if signed else 0
    scale = draw(st.floats(2.0**-126, 2.0**126))
    return Format(bits, signed, scale, draw(st.integers(least, least + (1 << bits) - 1)))


GUARANTEES = st.one_of(
    st.just("correct"),
    st.just("faithful"),
    st.integers(1, 65535).map(lambda n: f"ulp:{n}"),
    st.decimals("0.001", 65535, places=3).map(lambda n: f"ulp:{n}"),
)
FUNCTIONS = [
    *(name for name in CATALOGUE if name != "exp"),  # which is not defined for all codes of these formats
    *("gelu_tanh:coefficient=0.04485", "quick_gelu:coefficient=1.656577", "silu:beta=1/3", "leaky_relu:slope=-1e-5"),
    *("parametric_gelu:alpha=0.5,beta=2", "hard_sigmoid:offset=0.25", "swish:beta=0x1.999999999999ap-4"),
]
SPECS = st.builds(
    Spec,
    function=st.sampled_from(FUNCTIONS),
    input=formats(),
    output=formats(),
    guarantee=GUARANTEES,
    architecture=st.sampled_from(["auto", *ARCHITECTURES]),
    ties=st.sampled_from(TIES),
)
LEAST = st.builds(  # the least error of a given size, in place of a guarantee
    Spec,
    function=st.sampled_from(FUNCTIONS),
    input=st.sampled_from(["q3.4", "uq3.4", "q3.12", "int8:scale=0.05,zero_point=-3"]),
    output=formats(),
    architecture=st.sampled_from(["auto", *ARCHITECTURES]),
    ties=st.sampled_from(TIES),
    minimise=st.just("mse"),
    segments=st.integers(1, 64),
    density=st.sampled_from([None, "uniform", "gaussian:0,1", "gaussian:-0.25,1e-1"]),
    grid=st.none() | st.integers(-128, 128),
)
OUTSIDE = st.builds(  # where the function is not defined for every code, what it is there
    Spec,
    function=st.just("exp"),
    input=formats(),
    output=formats(),
    guarantee=GUARANTEES,
    outside=st.sampled_from(["clamp", "0", "1.50", "-0.5", "-1/3", "-1e-5", 0.25, 3]),
)
ANY = SPECS | LEAST | OUTSIDE
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,9}(_[a-z0-9]{1,9}){0,3}_lut", fullmatch=True)


@given(ANY)
def test_the_fields_of_a_spec_give_it_back(spec):
    fields = spec.fields()
    assert all(isinstance(value, str) for value in fields.values())
    assert Spec(**fields) == spec
    assert from_fields(fields) == spec
    assert Spec(**fields).fields() == fields


@given(st.dictionaries(NAMES, ANY, min_size=1, max_size=3))
def test_toml_gives_the_specs_and_their_names_back(requests):
    text = to_toml(requests)
    assert from_toml(text, "specs.toml") == [(spec, Target(name)) for name, spec in requests.items()]
    assert to_toml(dict(requests)) == text


@given(SPECS, NAMES)
def test_the_canonical_command_asks_for_the_same_again(spec, name):
    program, *arguments = shlex.split(command(spec, Target(name)))
    assert program == "gelugen"
    assert _requests(_parser().parse_args(arguments), {}) == [(spec, Target(name))]


@given(LEAST | OUTSIDE, NAMES)
def test_the_canonical_command_names_every_field_that_is_not_the_default(spec, name):
    _, _, *words = shlex.split(command(spec, Target(name)))
    flags = dict(zip(words[::2], words[1::2], strict=True))
    assert flags.pop("--name") == name
    assert from_fields({flag.removeprefix("--"): value for flag, value in flags.items()}) == spec


def test_the_canonical_command_leaves_out_what_is_the_default():
    spec = Spec("gelu", "q3.12", "q3.12", "faithful")
    plain = "gelugen generate --function gelu --input q3.12 --output q3.12 --guarantee faithful"
    assert command(spec, Target(spec.default_name())) == plain
    assert command(spec, Target("act")) == f"{plain} --name act"
    arguments = shlex.split(plain)[1:]
    assert _requests(_parser().parse_args(arguments), {}) == [(spec, Target("gelu_q3_12_faithful"))]


def test_the_canonical_command_of_a_float_function_states_its_accuracy():
    spec = Spec(float_function(math.tanh, relative="4e-16"), "q3.4", "q0.7")
    plain = "gelugen generate --function math:tanh --input q3.4 --output q0.7 --guarantee correct"
    assert command(spec, Target(spec.default_name())) == f"{plain} --accuracy relative:4e-16"
    assert command(spec, Target("act")) == f"{plain} --accuracy relative:4e-16 --name act"
    assert "accuracy" not in spec.fields()
    balls = Spec(ball_function(math.tanh), "q3.4", "q0.7")
    assert command(balls, Target(balls.default_name())) == plain
    flags = dict(zip(shlex.split(plain)[2::2], shlex.split(plain)[3::2], strict=True))
    load(flags["--function"], "relative:4e-16")
    assert from_fields({flag.removeprefix("--"): value for flag, value in flags.items()}) == spec


def test_the_canonical_command_names_parameters_and_what_is_outside():
    spec = Spec("silu:beta=3/2", "q3.4", "q3.4")
    assert command(spec, Target(spec.default_name())) == (
        "gelugen generate --function swish:beta=1.5 --input q3.4 --output q3.4 --guarantee correct"
    )
    spec = Spec("exp", "q3.4", "uq0.8", outside="2/4")
    assert command(spec, Target(spec.default_name())) == (
        "gelugen generate --function exp --input q3.4 --output uq0.8 --guarantee correct --outside 0.5"
    )


def test_the_canonical_command_says_what_is_not_the_default():
    spec = Spec("gelu_tanh", "q3.4", "int8:scale=0.05", "ulp:1.50", "residual_table", "away")
    assert command(spec, Target("act")) == (
        "gelugen generate --function gelu_tanh --input q3.4 --output int8:scale=0x1.999999999999ap-5,zero_point=0 "
        "--guarantee ulp:1.5 --architecture residual-table --ties away --name act"
    )


@given(ANY)
def test_equal_specs_have_equal_hashes(spec):
    again = Spec(**spec.fields())
    assert spec_hash(again.fields()) == spec_hash(spec.fields())
    assert spec_hash(dict(reversed(spec.fields().items()))) == spec_hash(spec.fields())
    other = Spec(**{**spec.fields(), "ties": TIES[TIES.index(spec.ties) - 1]})
    assert spec_hash(other.fields()) != spec_hash(spec.fields())


# -- Spec ------------------------------------------------------------------------------------------------------


def test_a_spec_by_example():
    spec = Spec(function="gelu", input="q3.12", output="int8:scale=0.05,zero_point=-3")
    assert spec.input == Format(16, True, 2.0**-12)
    assert spec.output == Format(8, True, 0.05, -3)
    assert spec.guarantee == Guarantee("correct")
    assert (spec.architecture, spec.ties) == ("auto", "even")
    assert spec.fields() == {
        "function": "gelu",
        "input": "q3.12",
        "output": "int8:scale=0x1.999999999999ap-5,zero_point=-3",
        "guarantee": "correct",
        "architecture": "auto",
        "ties": "even",
    }


def test_a_spec_takes_formats_mappings_and_guarantees_as_objects():
    text = Spec("gelu", "q3.4", "q3.4", "ulp:2.5", "residual-table")
    objects = Spec(
        "gelu",
        Format(8, True, 0.0625),
        {"bits": 8, "signed": True, "scale": 0.0625},
        Guarantee("ulp", Fraction(5, 2)),
        "residual_table",
    )
    assert objects == text
    assert hash(objects) == hash(text)


def test_scale_fit_becomes_a_scale_that_holds_the_function():
    spec = Spec("gelu", "q3.4", "int8:scale=fit,zero_point=-100")
    assert spec.output.zero_point == -100
    # the greatest value, 7.9375 less 1e-14, has the 227 codes above the zero point
    assert 7.9374999999 / 227 < spec.output.scale < 7.9375 / 227
    assert "fit" not in spec.fields()["output"]
    free = Spec("gelu", "q3.4", "int8:scale=fit")
    codes = free.golden().codes  # 5.3 of them are needed below zero, so 6 lie below the zero point
    assert (free.output.zero_point, int(codes.min()), int(codes.max())) == (-122, -127, 127)
    assert free.output.scale < spec.output.scale


def test_scale_fit_finds_the_power_of_two_that_holds_a_function_just_below_its_asymptote():
    # from 0 to 15.9375 = 255 / 16 less 1e-56
    assert Spec("gelu", "uq4.4", "uint8:scale=fit").output == Format(8, False, 2.0**-4)


def test_scale_fit_follows_a_tiny_input_scale():
    spec = Spec("gelu", "int8:scale=0x1p-90", "int8:scale=fit")
    # x / 2 and a trace above it for tiny x: 127 half steps in 127 codes take a hair more than half a step
    assert spec.output.scale == math.nextafter(2.0**-91, 1)


@pytest.mark.parametrize(
    ("notation", "function"),
    [
        ("silu", "swish"),
        ("gelu_tanh:coefficient=0.0448500", "gelu_tanh:coefficient=0.04485"),
        ("gelu_tanh:coefficient=0.044715", "gelu_tanh"),
        ({"name": "parametric_gelu", "beta": 2, "alpha": "1/2"}, "parametric_gelu:alpha=0.5,beta=2"),
    ],
    ids=str,
)
def test_a_spec_keeps_the_canonical_name_of_its_function(notation, function):
    assert Spec(notation, "q3.4", "q3.4").function == function
    assert Spec(notation, "q3.4", "q3.4") == Spec(function, "q3.4", "q3.4")


def test_a_function_as_a_table_in_toml():
    text = '[design.a]\nfunction = { name = "swish", beta = 1.5 }\ninput = "q3.4"\noutput = "q3.4"\n'
    assert from_toml(text, "specs.toml") == [(Spec("swish:beta=1.5", "q3.4", "q3.4"), Target("a"))]


@pytest.mark.parametrize(
    ("outside", "kept"), [("clamp", "clamp"), ("0", "0"), (0, "0"), (0.5, "0.5"), ("2/4", "0.5"), ("-1e-5", "-1e-05")]
)
def test_outside_is_kept_in_its_canonical_text_where_it_matters(outside, kept):
    assert Spec("exp", "q3.4", "q3.4", outside=outside).outside == kept
    assert Spec("exp", "q3.4", "q3.4", outside=outside).fields()["outside"] == kept
    assert Spec("gelu", "q3.4", "q3.4", outside=outside) == Spec("gelu", "q3.4", "q3.4")
    negative = "int8:scale=0.0625,zero_point=127"
    assert Spec("exp", negative, "q3.4", outside=outside) == Spec("exp", negative, "q3.4")


def test_scale_fit_takes_what_is_outside_into_account():
    spec = Spec("exp", "q3.4", "int8:scale=fit,zero_point=-128", outside="2")
    assert float(spec.output.scale) == pytest.approx(2 / 255, rel=1e-15)
    assert Spec("exp", "q3.4", "int8:scale=fit,zero_point=-128", outside="clamp").output.scale < spec.output.scale


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"function": "zelu"}, "'zelu'"),
        ({"function": "swish:beta=0"}, "parameter beta of swish is 0: it must be above 0"),
        ({"function": "swish:gamma=1"}, "parameter 'gamma' of swish is not known"),
        ({"function": {"name": "swish", "beta": "x"}}, "parameter beta of swish is 'x'"),
        ({"function": "exp"}, "function exp is defined for x <= 0, and x goes from -8 to 7.9375"),
        ({"function": "exp", "input": "uq0.8"}, "x goes from 0 to 0.996094: say what it is outside (--outside clamp"),
        ({"function": "exp", "outside": "zero"}, "outside of exp, unless it is clamp, is 'zero': it must be a number"),
        ({"function": "exp", "outside": math.nan}, "is nan: it must be a number"),
        ({"function": "exp", "outside": True}, "is True: it must be a number"),
        ({"outside": []}, "is []: it must be a number"),
        ({"function": None}, "None"),
        ({"input": "q3"}, "'q3'"),
        ({"input": "int8:scale=fit"}, "scale=fit"),
        ({"input": 8}, "8"),
        ({"output": "int99:scale=1"}, "99 bits"),
        ({"output": "int8:scale=fit,zero_point=127"}, "zero_point 127"),
        ({"guarantee": "perfect"}, "'perfect'"),
        ({"architecture": "spline"}, "'spline'"),
        ({"architecture": 3}, "3"),
        ({"architecture": None}, "None"),
        ({"ties": "odd"}, "'odd'"),
        ({"ties": None}, "None"),
        ({"ties": ["even"]}, "['even']"),
    ],
    ids=repr,
)
def test_what_no_spec_can_hold_is_refused_by_name(change, named):
    fields = {"function": "gelu", "input": "q3.4", "output": "q3.4"}
    with pytest.raises(GelugenError) as refusal:
        Spec(**{**fields, **change})
    assert named in str(refusal.value)


# -- Guarantee -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "ulp", "written"),
    [
        ("correct", "correct", 0, "correct"),
        ("faithful", "faithful", 0, "faithful"),
        ("ulp:1", "ulp", 1, "ulp:1"),
        ("ulp:1.0", "ulp", 1, "ulp:1"),
        ("ulp:2.5", "ulp", Fraction(5, 2), "ulp:2.5"),
        ("ulp:.5", "ulp", Fraction(1, 2), "ulp:0.5"),
        ("ulp:0.30", "ulp", Fraction(3, 10), "ulp:0.3"),
        ("ulp:65535", "ulp", 65535, "ulp:65535"),
    ],
)
def test_a_guarantee_reads_as(text, kind, ulp, written):
    guarantee = Guarantee.parse(text)
    assert guarantee == Guarantee(kind, Fraction(ulp))
    assert str(guarantee) == written
    assert Guarantee.parse(written) == guarantee


def test_a_guarantee_is_described_as_a_formula():
    assert Guarantee.parse("faithful").describe() == "faithful: |error| < 1 ulp at every code"
    assert Guarantee.parse("ulp:2.5").describe() == "ulp:2.5: |error| <= 2.5 ulp at every code"
    assert "correctly rounded" in Guarantee.parse("correct").describe()


@pytest.mark.parametrize(
    "text",
    [
        *("", "Correct", "exact", "ulp", "ulp:", "ulp:0", "ulp:0.0", "ulp:-1", "ulp:+1", "ulp:1e3", "ulp:nan"),
        *("ulp:inf", "ulp:1.", "ulp: 1", "ulp:65536", "ulp:1/2", "correct ", None, 1, 0.5, ["ulp:1"]),
    ],
    ids=repr,
)
def test_what_is_no_guarantee_is_refused_by_name(text):
    with pytest.raises(GelugenError) as refusal:
        Guarantee.parse(text)
    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize("text", ["ulp:0.00001", "ulp:0.333333333333333333333333", "ulp:1234.56789012345678901"])
def test_a_guarantee_with_many_digits_is_written_so_that_it_reads_back(text):
    guarantee = Guarantee.parse(text)
    assert Guarantee.parse(str(guarantee)) == guarantee


# -- the least error of a given size ---------------------------------------------------------------------------


def test_a_spec_may_ask_for_the_least_error_of_a_size():
    spec = Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=8)
    assert spec.guarantee is None
    assert (spec.minimise, spec.segments, spec.density, spec.grid) == ("mse", 8, Density(), 6)
    assert spec.fields() == {
        "function": "gelu",
        "input": "q3.4",
        "output": "q3.4",
        "minimise": "mse",
        "segments": "8",
        "density": "uniform",
        "grid": "6",
        "architecture": "auto",
        "ties": "even",
    }
    assert spec.aim == "least mse of at most 8 segments"
    assert command(spec, Target(spec.default_name())) == (
        "gelugen generate --function gelu --input q3.4 --output q3.4 --minimise mse --segments 8 --grid 6"
    )
    faithful = Spec("gelu", "q3.4", "q3.4", "faithful")
    assert (faithful.minimise, faithful.segments, faithful.density, faithful.grid) == (None, None, None, None)
    assert faithful.aim == "faithful"
    assert faithful.describe_aim() == faithful.guarantee.describe()


def test_toml_flags_and_python_write_a_size_alike():
    text = """
        [design.act]
        function = "gelu"
        input = "q3.12"
        output = "q3.12"
        minimise = "mse"
        segments = 16
        density = "gaussian:0,1"
        grid = 10
    """
    python = Spec("gelu", "q3.12", "q3.12", minimise="mse", segments=16, density=Density("gaussian", 0, 1), grid=10)
    flags = {"function": "gelu", "input": "q3.12", "output": "q3.12", "minimise": "mse", "segments": "16"}
    assert from_toml(text, "specs.toml") == [(python, Target("act"))]
    assert from_fields({**flags, "density": "gaussian:0,1", "grid": "10"}) == python
    assert python.describe_aim() == (
        "minimise mse: the least mean square error of the sum of terms with at most 16 segments, "
        "coefficients in multiples of 2^-10, density gaussian:0,1"
    )


@pytest.mark.parametrize(
    ("output", "grid"),
    [("q3.4", 6), ("q3.12", 14), ("uq0.8", 10), ("int8:scale=1.0", 2), ("int8:scale=0.05", 7), ("int8:scale=8", -1)],
)
def test_the_default_grid_is_two_bits_finer_than_the_output(output, grid):
    assert Spec("gelu", "q3.4", output, minimise="mse", segments=1).grid == grid


def test_a_histogram_is_carried_by_its_path_and_its_digest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("acts.csv").write_text("1\n" * 256)
    spec = Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=8, density="histogram:acts.csv")
    digest = hashlib.sha256(b"1\n" * 256).hexdigest()
    assert spec.fields()["density"] == f"histogram:acts.csv@sha256:{digest}"
    assert f"--density histogram:acts.csv@sha256:{digest}" in command(spec, Target("act"))
    Path("acts.csv").write_text("2\n" * 256)
    assert from_fields(spec.fields()) == spec  # a manifest reads back whatever has become of the file
    with pytest.raises(GelugenError, match="has changed"):
        spec.density.weights(spec.input)
    assert Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=8, density="histogram:acts.csv") != spec


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"minimise": "mse"}, "segments is missing: minimise = mse needs the most segments to take, 1 to 64"),
        ({"minimise": "mse", "segments": 0}, "segments 0 must be a whole number from 1 to 64"),
        ({"minimise": "mse", "segments": -1}, "segments -1 must be"),
        ({"minimise": "mse", "segments": 65}, "segments 65 must be a whole number from 1 to 64"),
        ({"minimise": "mse", "segments": 17, "input": "q1.2"}, "segments 17 must be a whole number from 1 to 16"),
        ({"minimise": "mse", "segments": 1.0}, "segments 1.0 must be"),
        ({"minimise": "mse", "segments": True}, "segments True must be"),
        ({"minimise": "mse", "segments": "8.0"}, "segments '8.0' must be a whole number"),
        ({"minimise": "mse", "segments": "eight"}, "segments 'eight' must be"),
        ({"minimise": "mse", "segments": []}, "segments [] must be"),
        ({"minimise": "max", "segments": 8}, "minimise 'max' is not known: it must be mse"),
        ({"minimise": 3, "segments": 8}, "minimise 3 is not known"),
        ({"minimise": ["mse"], "segments": 8}, "minimise ['mse'] is not known"),
        ({"minimise": "mse", "segments": 8, "guarantee": "correct"}, "'correct' and minimise 'mse' exclude each other"),
        ({"minimise": "mse", "segments": 8, "guarantee": "ulp:0"}, "exclude each other"),
        ({"segments": 8}, "segments 8 is given without minimise"),
        ({"density": "uniform"}, "density 'uniform' is given without minimise"),
        ({"grid": 6, "guarantee": "faithful"}, "grid 6 is given without minimise"),
        ({"minimise": "mse", "segments": 8, "grid": 0.5}, "grid 0.5 must be"),
        ({"minimise": "mse", "segments": 8, "grid": "2^-6"}, "grid '2^-6' must be"),
        ({"minimise": "mse", "segments": 8, "grid": 129}, "grid 129 must lie between -128 and 128"),
        ({"minimise": "mse", "segments": 8, "density": "normal"}, "density 'normal' is not known"),
        ({"minimise": "mse", "segments": 8, "density": "gaussian:0,0"}, "STD above 0"),
        ({"minimise": "mse", "segments": 8, "density": "gaussian:99,1"}, "gives no code of q3.4 a weight"),
        ({"minimise": "mse", "segments": 8, "density": "histogram:missing.csv"}, "missing.csv cannot be read"),
        ({"minimise": "mse", "segments": 8, "density": 3}, "density 3 is not known"),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_a_size_that_no_design_can_have_is_refused(fields, named):
    given_fields = {"function": "gelu", "input": "q3.4", "output": "q3.4", **fields}
    with pytest.raises(GelugenError) as refusal:
        from_fields(given_fields)
    assert named in str(refusal.value)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "gelu_q3_4_mse8"),
        ({"grid": 6}, "gelu_q3_4_mse8"),
        ({"grid": 4}, "gelu_q3_4_mse8_grid4"),
        ({"grid": -1}, "gelu_q3_4_mse8_gridm1"),
        ({"architecture": "residual-table", "ties": "up"}, "gelu_q3_4_mse8_residual_table_ties_up"),
    ],
)
def test_the_default_name_of_a_size_by_example(fields, expected):
    assert Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=8, **fields).default_name() == expected


def test_the_default_name_of_a_density_ends_in_digits_of_the_hash():
    spec = Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=8, density="gaussian:0,1")
    assert spec.default_name() == f"gelu_q3_4_mse8_gaussian_{spec_hash(spec.fields())[:8]}"


@given(st.lists(LEAST, unique=True, max_size=10))
def test_default_names_of_sizes_are_distinct_identifiers(specs):
    names = [spec.default_name() for spec in specs]
    assert len(set(names)) == len(specs)
    for name in names:
        check_identifier(name)


# -- names -----------------------------------------------------------------------------------------------------

GRID = [
    Spec(function, x, y, guarantee, architecture, ties)
    for function, x, y, guarantee, architecture, ties in itertools.product(
        ("gelu", "gelu_tanh", "gelu_tanh:coefficient=0.04485"),
        ("q3.4", "uq3.4", "q3.12", "int8:scale=0.05,zero_point=-3", "int8:scale=0.05"),
        ("q3.4", "uq0.8", "int8:scale=0.05,zero_point=-3", "uint8:scale=0.05,zero_point=3"),
        ("correct", "faithful", "ulp:1", "ulp:2.5", "ulp:25"),
        ("auto", *ARCHITECTURES),
        TIES,
    )
]


def test_default_names_of_a_grid_of_specs_are_distinct():
    names = [spec.default_name() for spec in GRID]
    assert len(set(names)) == len(GRID) >= 6000


@pytest.mark.parametrize("formats", [("q3.4", "q3.4"), ("q3.12", "int8:scale=0.05")], ids=str)
def test_default_names_tell_functions_and_parameters_apart(formats):
    functions = {
        *FUNCTIONS,
        *(f"swish:beta={beta}" for beta in ("1.3", "1/3", "13", "0.13", "1.5", "15", "1e5", "1e-5", "1e15", "1e-15")),
        *(f"leaky_relu:slope={slope}" for slope in ("-0.5", "0.5", "-1", "1", "-1/3", "1/3", "-1e-5")),
        *("parametric_gelu:alpha=2", "parametric_gelu:beta=2", "parametric_gelu:alpha=2,beta=2"),
    }
    specs = {Spec(function, *formats) for function in functions}
    specs |= {Spec("exp", *formats, outside=value) for value in ("clamp", "0", "1", "-1", "0.5", "1/3", "1.3", "-1/3")}
    names = [spec.default_name() for spec in specs]
    assert len(set(names)) == len(names)
    for name in names:
        check_identifier(name)


def test_default_names_with_the_default_architecture_are_identifiers():
    for spec in GRID:
        if spec.architecture == "auto":
            check_identifier(spec.default_name())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_default_name_is_an_identifier_however_long_the_spec(architecture):
    for spec in GRID:
        if spec.architecture == architecture:
            check_identifier(spec.default_name())


def test_the_default_name_of_an_ulp_below_a_ten_thousandth_is_an_identifier():
    check_identifier(Spec("gelu", "q3.4", "q3.4", "ulp:0.00001").default_name())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("gelu", "q3.12", "q3.12", "faithful"), "gelu_q3_12_faithful"),
        (("gelu_tanh", "q3.12", "uq0.8"), "gelu_tanh_q3_12_uq0_8_correct"),
        (("gelu", "q3.4", "q3.4", "ulp:2.5"), "gelu_q3_4_ulp2_5"),
        (("gelu", "q3.4", "q3.4", "ulp:25"), "gelu_q3_4_ulp25"),
        (("gelu_tanh:coefficient=0.04485", "q3.4", "q3.4"), "gelu_tanh_coefficient_0_04485_q3_4_correct"),
        (("quick_gelu", "q3.4", "q3.4"), "gelu_sigmoid_q3_4_correct"),
        (("leaky_relu:slope=-0.5", "q3.4", "q3.4"), "leaky_relu_slope_m0_5_q3_4_correct"),
        (("parametric_gelu:beta=2,alpha=3", "q3.4", "q3.4"), "parametric_gelu_alpha_3_beta_2_q3_4_correct"),
        (("gelu", "q3.4", "q3.4", "correct", "residual-table", "up"), "gelu_q3_4_correct_residual_table_ties_up"),
    ],
)
def test_a_default_name_by_example(fields, expected):
    assert Spec(*fields).default_name() == expected


@pytest.mark.parametrize(("outside", "part"), [("clamp", "clamp"), ("0", "0"), ("-0.5", "m0_5")])
def test_the_default_name_says_what_is_outside(outside, part):
    assert Spec("exp", "q3.4", "q3.4", outside=outside).default_name() == f"exp_q3_4_correct_outside_{part}"


def test_the_default_name_of_a_quotient_ends_in_digits_of_the_hash():
    spec = Spec("swish:beta=1/3", "q3.4", "q3.4")
    assert spec.default_name() == f"swish_beta_1_3_q3_4_correct_{spec_hash(spec.fields())[:8]}"


def test_the_default_name_of_a_users_function():
    assert Spec(ball_function(math.tanh), "q3.4", "q3.4").default_name() == "math_tanh_q3_4_correct"


def test_the_default_name_of_an_affine_format_ends_in_digits_of_the_hash():
    spec = Spec("gelu", "q3.4", "int8:scale=0.05,zero_point=-3")
    assert spec.default_name() == f"gelu_q3_4_int8_correct_{spec_hash(spec.fields())[:8]}"


@pytest.mark.parametrize(
    "name", ["a", "A9", "gelu_q3_12", "x_1_2_", "x" * 63, "Module", "gelu_lut", "mainly", "gelu_row", "simplify_n2"]
)
def test_a_good_name_is_taken(name):
    check_identifier(name)
    assert Target(name).name == name


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("", "''"),
        ("_gelu", "'_gelu'"),
        ("9gelu", "'9gelu'"),
        ("gelu__lut", "'gelu__lut'"),
        ("gelu-lut", "'gelu-lut'"),
        ("gelu lut", "'gelu lut'"),
        ("gelu.lut", "'gelu.lut'"),
        ("gelu/lut", "'gelu/lut'"),
        ("../gelu", "'../gelu'"),
        ("gelu\n", r"'gelu\n'"),
        ("gélu", "'gélu'"),
        ("gelu٣", "'gelu٣'"),
        ("gelu$", "'gelu$'"),
        (r"\gelu", r"'\\gelu'"),
        ("x" * 64, "64 characters"),
        (None, "None"),
        (3, "3"),
        (b"gelu", "b'gelu'"),
        ("int", "'int'"),  # C
        ("while", "'while'"),
        ("class", "'class'"),  # C++
        ("erf", "'erf'"),  # the C library
        ("main", "'main'"),
        ("module", "'module'"),  # Verilog
        ("logic", "'logic'"),  # SystemVerilog
        ("gelu_n", "ends in _n"),  # what other units' C may define
        ("gelu_impl", "the part impl"),
        ("gelu_impl_rows", "the part impl"),
        ("gelu_INPUT_SCALE", "a part in capitals"),
        ("gelu_SELECT_one", "a part in capitals"),
        ("GELUGEN_gelu_H", "begins with gelugen"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_bad_name_is_refused(name, named):
    for take in (check_identifier, Target):
        with pytest.raises(GelugenError) as refusal:
            take(name)
        assert named in str(refusal.value)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_taken_name_is_refused(name):
    with pytest.raises(GelugenError, match=f"'{name}'"):
        check_identifier(name)


# -- TOML ------------------------------------------------------------------------------------------------------


def test_a_toml_file_by_example():
    text = """
        [design.ffn_gelu]
        function = "gelu"
        input = "int8:scale=0.05,zero_point=-3"
        output = "uint8:scale=fit"

        [design.tiny]
        function = "gelu_tanh"
        input = { bits = 8, signed = true, scale = "0x1.8p-5" }
        output = { bits = 8, signed = false, scale = 0.05, zero_point = 9 }
        guarantee = "ulp:2.5"
        architecture = "uniform-linear"
        ties = "away"
    """
    first, second = from_toml(text, "specs.toml")
    assert first == (Spec("gelu", "int8:scale=0.05,zero_point=-3", "uint8:scale=fit"), Target("ffn_gelu"))
    tiny = Spec(
        "gelu_tanh",
        "int8:scale=0x1.8p-5",
        "uint8:scale=0.05,zero_point=9",
        "ulp:2.5",
        "uniform-linear",
        "away",
    )
    assert second == (tiny, Target("tiny"))


GOOD = '[design.a]\nfunction = "gelu"\ninput = "q3.4"\noutput = "q3.4"\n'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("design", "is not TOML"),
        ("[design", "is not TOML"),
        (GOOD + 'function = "gelu"', "is not TOML"),  # given twice
        ("", "holds no design"),
        ("design = 3", "holds no design"),
        ("design = []", "holds no design"),
        ("[design]", "holds no design"),
        ("[designs.a]", "'designs'"),
        (GOOD + "[target]", "'target'"),
        (GOOD + 'inptu = "q3.4"', "'inptu'"),
        ('[design.a]\nfunction = "gelu"\ninput = "q3.4"', "'output' is missing"),
        ('[design.a]\ninput = "q3.4"\noutput = "q3.4"', "'function' is missing"),
        ("[design.a]", "'function' is missing"),
        ("[design]\na = 3", "3 must be a table"),
        ("[design]\na = []", "[] must be a table"),
        (GOOD.replace("gelu", "zelu"), "[design.a]: function 'zelu'"),
        (GOOD.replace("gelu", "os:system"), "[design.a]: function 'os:system' is a user's own and not known here"),
        (GOOD.replace('"gelu"', '{ name = "gelu", beta = 1 }'), "[design.a]: parameter 'beta' of gelu is not known"),
        (GOOD.replace('"gelu"', "{ beta = 1 }"), "[design.a]: function {'beta': 1} lacks its name"),
        (GOOD.replace('"gelu"', '{ name = "swish", beta = inf }'), "[design.a]: parameter beta of swish is inf"),
        (GOOD.replace('"gelu"', '"exp"'), "[design.a]: function exp is defined for x <= 0"),
        (GOOD + "guarantee = 1", "guarantee 1"),
        (GOOD + "ties = 1", "ties 1"),
        (GOOD + "architecture = {}", "architecture {}"),
        (GOOD.replace("design.a", 'design."a b"'), "name 'a b'"),
        (GOOD.replace("design.a", "design.module"), "name 'module'"),
        (GOOD.replace('input = "q3.4"', "input = { bits = 8, scale = 1.0 }"), "'signed'"),
        (GOOD.replace('input = "q3.4"', "input = { bits = 8, signed = true, scale = nan }"), "scale nan"),
    ],
    ids=lambda text: repr(text)[-40:],
)
def test_bad_toml_is_refused_and_says_where(text, named):
    with pytest.raises(GelugenError) as refusal:
        from_toml(text, "specs.toml")
    assert str(refusal.value).startswith("specs.toml")
    assert named in str(refusal.value)


def test_a_file_of_toml_is_read(tmp_path):
    path = tmp_path / "specs.toml"
    path.write_text(GOOD)
    assert read_toml(path) == [(Spec("gelu", "q3.4", "q3.4"), Target("a"))]


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path):
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing.toml", tmp_path, binary):
        with pytest.raises(GelugenError) as refusal:
            read_toml(Path(path))
        assert str(path) in str(refusal.value)


@given(
    st.dictionaries(
        st.sampled_from([*Spec.__dataclass_fields__, "extra"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=5)
            | st.sampled_from(["q3.4", "mse", "8", "uniform"]),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["bits", "signed", "scale", "x"]), inner, max_size=3)
            ),
            max_leaves=4,
        ),
    )
)
def test_any_fields_are_a_spec_or_a_refusal(fields):
    try:
        spec = from_fields({"function": "gelu", "input": "q3.4", "output": "q3.4", **fields})
    except GelugenError:
        return
    assert Spec(**spec.fields()) == spec


def test_scale_fit_ends_where_the_function_is_a_relu_with_no_trace_of_a_tail():
    # gelu(-2^113) is a number with about 10^68 zeros behind the point: it must not be written out
    spec = Spec("gelu", f"int8:scale={2.0**106!r}", "uint8:scale=fit")
    assert spec.output.zero_point <= 1
    assert spec.output.scale >= 127 * 2.0**106 / 255
