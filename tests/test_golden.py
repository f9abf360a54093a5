"""Golden codes, bounds and errors against mpmath, and the places where a careless rounding would slip."""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from mpmath.libmp import to_rational
from reference import exact, real

from gelugen.accuracy import measure, shown
from gelugen.cli import main
from gelugen.flow import generate
from gelugen.formats import TIES
from gelugen.functions import CATALOGUE
from gelugen.golden import FRACTION, _round, symmetry
from gelugen.spec import Guarantee, Spec

DIGITS = 120
HALF = Fraction(1, 2)


def entry_of(spec):
    """The entry's name and its parameters, without gelugen's parser."""
    name, _, rest = spec.function.partition(":")
    values = {each.name: each.default for each in CATALOGUE[name].parameters}
    return name, values | {key: Fraction(value) for key, value in (item.split("=") for item in rest.split(",") if item)}


def value(spec, code):
    """The real output in ulp from the zero point, clamped, as a fraction to reckon with; and whether it is exact."""
    name, parameters = entry_of(spec)
    x = (code - spec.input.zero_point) * Fraction(spec.input.scale)
    if name == "exp" and x > 0:
        y, known = Fraction(spec.outside) if spec.outside != "clamp" else Fraction(1), True
    else:
        y = exact(name, x, **parameters)
        known = y is not None
        y = y if known else Fraction(*to_rational(real(name, x, **parameters)._mpf_))
    y /= Fraction(spec.output.scale)
    low, high = spec.output.code_min - spec.output.zero_point, spec.output.code_max - spec.output.zero_point
    return min(max(y, Fraction(low)), Fraction(high)), known or not low <= y <= high


@lru_cache(maxsize=128)
def known_values(spec):
    """All of them, from the smallest input code up."""
    with mp.workdps(DIGITS):
        return [value(spec, code) for code in spec.input.codes().tolist()]


def values(spec):
    return [y for y, _ in known_values(spec)]


def tie(y, ties):
    """Where a half goes."""
    below = floor(y)
    return {"even": below + below % 2, "away": below + (y > 0), "up": below + 1, "down": below}[ties]


def rounded(spec, y, known):
    """The nearest output code. A value that is not known exactly must lie well away from a tie."""
    distance = abs(y - floor(y) - HALF)
    if known and not distance:
        return tie(y, spec.ties) + spec.output.zero_point
    assert known or distance > Fraction(1, 10 ** (DIGITS - 15))
    return floor(y + HALF) + spec.output.zero_point


@lru_cache(maxsize=32)
def truth(*fields):
    spec = Spec(*fields)
    return spec, spec.golden()


SMALL = [
    ("gelu", "q3.4", "q3.4"),
    ("gelu", "q2.5", "q1.6"),  # saturates above
    ("gelu", "q3.4", "uq2.6"),  # and below
    ("gelu", "uq3.5", "q3.4"),
    ("gelu", "q1.2", "q3.12"),
    ("gelu", "int8:scale=0.05,zero_point=-3", "int8:scale=0.03,zero_point=-122"),
    ("gelu_tanh", "q3.4", "q3.4"),
    ("gelu_tanh", "uint8:scale=0.1,zero_point=130", "uint8:scale=0.04,zero_point=9"),
    ("gelu_tanh", "int8:scale=0.07,zero_point=127", "int5:scale=0.01,zero_point=7"),
    ("gelu_sigmoid", "q3.4", "q2.1"),
    ("gelu_sigmoid", "int8:scale=0.11,zero_point=-128", "int8:scale=fit"),
    ("hard_swish", "q3.4", "q3.4"),
    ("leaky_relu:slope=0.5", "q3.4", "q3.3"),
    ("sigmoid", "q3.4", "uq0.8"),  # just short of saturating
    ("tanh", "q3.4", "q0.7"),
    ("erf", "q3.4", "q1.2"),
    ("selu", "int8:scale=0.05,zero_point=-3", "int8:scale=fit"),
    ("mish", "q3.4", "q3.4"),
    ("gelu_derivative", "q3.4", "q1.6"),
    ("smooth_abs", "q3.4", "uq3.5"),
    ("softsign", "q3.4", "q0.3"),
    ("exp", "int8:scale=0.0625,zero_point=127", "uq0.8"),
]

FORMATS = [
    ("q3.4", "q3.4"),
    ("q3.4", "q1.2"),
    ("uq3.3", "q2.5"),
    ("int8:scale=0.05,zero_point=-3", "uint8:scale=0.03,zero_point=50"),
    ("uint6:scale=0.25,zero_point=32", "int5:scale=0.5,zero_point=2"),
]
PARAMETERS = [
    *("gelu_tanh:coefficient=0.04485", "gelu_sigmoid:coefficient=1.70099", "parametric_gelu:alpha=0.5,beta=2.5"),
    *("swish:beta=1.5", "gelu_tanh_derivative:coefficient=0.04485", "hard_sigmoid:slope=0.2", "heaviside:at_zero=1"),
    *("hard_sigmoid:slope=0.25,offset=0.375", "leaky_relu:slope=0.5", "leaky_relu:slope=-0.25", "noisy_relu:sigma=0.5"),
    *("softplus:sharpness=4", "elu:alpha=0.5", "smooth_relu:a=0.25", "smooth_abs:a=2"),
]


def name(fields):
    return " ".join(fields)


@pytest.mark.parametrize("fields", SMALL, ids=name)
@pytest.mark.parametrize("ties", TIES)
def test_every_golden_code_is_mpmaths_under_every_tie_rule(fields, ties):
    spec = Spec(*fields, ties=ties)
    expected = [rounded(spec, y, known) for y, known in known_values(spec)]
    assert spec.golden().codes.tolist() == expected


@pytest.mark.parametrize("formats", FORMATS, ids=name)
@pytest.mark.parametrize("function", [*CATALOGUE, *PARAMETERS])
def test_every_function_has_its_golden_codes_under_every_tie_rule(function, formats):
    outside = "clamp" if function == "exp" else None
    expected = known_values(Spec(function, *formats, outside=outside))
    for ties in TIES:
        spec = Spec(function, *formats, ties=ties, outside=outside)
        assert spec.golden().codes.tolist() == [rounded(spec, y, known) for y, known in expected]


@pytest.mark.parametrize(
    "fields",
    [
        ("gelu", "q3.12", "q3.12"),
        ("gelu_tanh", "q3.12", "q0.15"),
        ("gelu", "q5.10", "int12:scale=0.01,zero_point=-2000"),
        ("gelu_sigmoid", "int16:scale=0.0004,zero_point=11", "int16:scale=0.0003,zero_point=-30000"),
        *((each, "q3.12", "int16:scale=0.0003,zero_point=-30000") for each in CATALOGUE if each != "exp"),
        ("exp", "int16:scale=0.0004,zero_point=32767", "uq0.16"),
    ],
    ids=name,
)
def test_golden_codes_of_16_bits_are_mpmaths(fields):
    spec, golden = truth(*fields)
    random = np.random.default_rng(20260)
    codes = [*random.integers(-32768, 32768, 290).tolist(), *range(-4, 5), -32768]
    assert len(codes) == 300
    with mp.workdps(DIGITS):
        expected = [rounded(spec, *value(spec, code)) for code in codes]
    assert golden.codes[np.array(codes) + 32768].tolist() == expected


@pytest.mark.parametrize("function", ["gelu", "gelu_tanh", "gelu_sigmoid"])
def test_no_value_of_q3_4_lies_near_a_tie(function):
    spec, golden = truth(function, "q3.4", "q3.4")
    assert all(abs(y - floor(y) - HALF) > Fraction(1, 10**6) for y in values(spec))
    assert golden.exact.nonzero()[0].tolist() == [128]  # f(0) = 0 alone is rational


@pytest.mark.parametrize("fields", SMALL, ids=name)
def test_scaled_values_are_floors_in_units_of_2_to_minus_32_ulp(fields):
    spec, golden = truth(*fields)
    found = zip(known_values(spec), golden.scaled.tolist(), golden.exact.tolist(), strict=True)
    for (real_value, known), scaled, proven in found:
        y = real_value * (1 << FRACTION)
        assert scaled == floor(y)
        assert proven == (known and floor(y) == y)


@pytest.mark.parametrize("fields", SMALL, ids=name)
@pytest.mark.parametrize("guarantee", ["correct", "faithful", "ulp:0.25", "ulp:0.5", "ulp:1", "ulp:2.5", "ulp:300"])
def test_bounds_are_the_output_codes_that_keep_the_guarantee(fields, guarantee):
    spec, golden = truth(*fields)
    low, high = golden.bounds(Guarantee.parse(guarantee))

    def kept(output, y, golden_code):
        if guarantee == "correct":
            return output == golden_code
        distance = abs(output - y)
        within = distance < 1 if guarantee == "faithful" else distance <= Fraction(guarantee[4:])
        return within and spec.output.code_min <= output <= spec.output.code_max

    found = zip(known_values(spec), low.tolist(), high.tolist(), strict=True)
    for (y, known), lowest, highest in found:
        nearest = rounded(spec, y, known)
        y += spec.output.zero_point
        if lowest > highest:  # nothing keeps it, so the nearest code does not
            assert not kept(nearest, y, nearest)
            continue
        # what is kept lies around the real value without gaps, so that its ends say it all
        assert [kept(each, y, nearest) for each in (lowest - 1, lowest, highest, highest + 1)] == [
            False,
            True,
            True,
            False,
        ]


def test_a_bound_in_ulp_is_taken_down_to_32_fraction_bits():
    _, golden = truth("gelu", "q3.4", "q3.4")
    for n in (Fraction(333, 1000), Fraction(3, 10), Fraction(1)):
        taken = Fraction(int(n * (1 << 32)), 1 << 32)
        for one, other in zip(golden.bounds(Guarantee("ulp", n)), golden.bounds(Guarantee("ulp", taken)), strict=True):
            assert one.tolist() == other.tolist()


@pytest.mark.parametrize("fields", SMALL, ids=name)
def test_errors_are_code_minus_real_value_to_2_to_minus_32(fields):
    spec, golden = truth(*fields)
    random = np.random.default_rng(3)
    outputs = random.integers(spec.output.code_min, spec.output.code_max + 1, len(golden.codes))
    errors = golden.error(outputs)
    for y, output, error in zip(values(spec), outputs.tolist(), errors.tolist(), strict=True):
        is_ = output - spec.output.zero_point - y
        assert abs(Fraction(error) - is_) < Fraction(1, 1 << FRACTION)
        assert floor(2 * abs(Fraction(error))) == floor(2 * abs(is_))  # on the side of every bound where it is


def test_an_error_below_one_is_shown_below_one(tmp_path, capsys):
    """The normal density far out is some 1e-50, and 1 is a faithful code for it."""
    made = generate(Spec("normal_pdf", "q4.3", "q0.7", "faithful", architecture="table"), tmp_path)
    assert 0.9999 < measure(made.design).max_ulp < 1
    assert main(["show", str(made.folder)]) == 0
    assert main(["report", str(made.folder), "-o", str(tmp_path / "page.html")]) == 0
    header = (made.folder / f"{made.folder.name}.h").read_text()
    for text in (capsys.readouterr().out, header, (tmp_path / "page.html").read_text()):
        assert "0.9999999999 ulp" in text
        assert "1.0000 ulp" not in text
    assert [shown(each) for each in (1.0, 0.5, 0.99996, 1 + 2**-33)] == ["1.0000", "0.5000", "0.99996", "1.0000000001"]


@pytest.mark.parametrize("fields", SMALL, ids=name)
def test_golden_codes_are_at_most_half_an_ulp_away(fields):
    _, golden = truth(*fields)
    assert float(np.abs(golden.error(golden.codes)).max()) <= 0.5


# -- far from the origin ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["gelu", "gelu_tanh", "gelu_sigmoid"])
@pytest.mark.parametrize("scale", ["1e9", "1e30", "0x1p126"])
def test_a_huge_scale_gives_relu(function, scale):
    spec = Spec(function, f"int8:scale={scale}", f"int8:scale={scale}")
    golden, codes = spec.golden(), spec.input.codes()
    relu = np.maximum(codes, 0)
    assert golden.codes.tolist() == relu.tolist()
    assert golden.exact.nonzero()[0].tolist() == [128]
    low, high = golden.bounds(Guarantee("faithful"))
    # just below k for k > 0, just below 0 for k < 0, and 0 itself
    assert low.tolist() == np.where(codes == 0, 0, relu - 1).tolist()
    assert high.tolist() == relu.tolist()


@pytest.mark.parametrize(("x_scale", "y_scale"), [("1e30", "1e9"), ("1e9", "1e-30"), ("0x1p126", "0x1p-126")])
def test_a_huge_scale_into_a_small_one_saturates(x_scale, y_scale):
    golden = Spec("gelu", f"int8:scale={x_scale}", f"int8:scale={y_scale}").golden()
    assert golden.codes.tolist() == [0] * 129 + [127] * 127
    low, high = golden.bounds(Guarantee("faithful"))
    assert low.tolist() == [-1] * 128 + [0] + [127] * 127
    assert high.tolist() == [0] * 129 + [127] * 127


def test_a_tiny_scale_into_a_huge_one_gives_zero():
    golden = Spec("gelu", "int8:scale=0x1p-126", "int8:scale=0x1p126").golden()
    assert golden.codes.tolist() == [0] * 256
    low, high = golden.bounds(Guarantee("faithful"))
    assert low.tolist() == [-1] * 128 + [0] * 128
    assert high.tolist() == [0] * 129 + [1] * 127


def test_a_value_beyond_the_range_by_less_than_2_to_minus_32_counts_as_clamped():
    spec = Spec("gelu", f"int8:scale={(1 + 2.0**-40).hex()}", "int8:scale=1")  # 127 * 2^-40 beyond
    golden = spec.golden()
    assert (int(golden.codes[-1]), bool(golden.exact[-1]), float(golden.error(golden.codes)[-1])) == (127, True, 0.0)
    for guarantee, lowest in (("faithful", 127), ("ulp:1", 126), ("ulp:2", 125)):
        low, high = golden.bounds(Guarantee.parse(guarantee))
        assert (int(low[-1]), int(high[-1])) == (lowest, 127)


@pytest.mark.parametrize("function", CATALOGUE)
@pytest.mark.parametrize("scale", ["1e9", "0x1p126"])
def test_a_huge_scale_gives_the_lines_at_the_ends(function, scale):
    """Whatever balls do far out. A line's intercept is nothing in these scales."""
    spec = Spec(function, f"int8:scale={scale}", f"int8:scale={scale}", outside="clamp")
    codes, x = spec.golden().codes, spec.input.codes()
    for line, side in zip(spec.definition.ends, (x < 0, x > 0), strict=True):
        slope = Fraction(int(line.slope.p), int(line.slope.q))
        for code, found in zip(x[side].tolist(), codes[side].tolist(), strict=True):
            assert abs(found - min(max(slope * code, -128), 127)) <= HALF


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        *((each, lambda k: (k + 1) // 2) for each in ("gelu", "gelu_tanh", "gelu_sigmoid", "swish")),  # above x / 2
        *((each, lambda k: k) for each in ("tanh", "softsign", "leaky_relu:slope=1", "elu")),
        ("sigmoid", lambda _: 127),
        ("gelu_second_derivative", lambda _: 127),
    ],
)
def test_a_tiny_scale_gives_the_tangent_at_zero(function, expected):
    spec = Spec(function, "int8:scale=0x1p-126", "int8:scale=0x1p-126")
    assert spec.golden().codes.tolist() == [expected(k) for k in spec.input.codes().tolist()]


@pytest.mark.parametrize("ties", TIES)
def test_a_positive_value_just_below_a_half_is_rounded_down_under_every_tie_rule(ties):
    """With scale 0.5 into scale 1 the asymptote of odd codes is a half, and GELU stays below it by next to nothing."""
    spec = Spec("gelu", "int16:scale=0.5", "int16:scale=1", ties=ties)
    golden, codes = spec.golden(), spec.input.codes()
    far = codes >= 40  # x >= 20: less than 1e-86 is missing
    assert golden.codes[far].tolist() == (codes[far] // 2).tolist()
    assert golden.codes[codes <= -40].tolist() == [0] * int((codes <= -40).sum())
    assert golden.exact.nonzero()[0].tolist() == [32768]


def test_bounds_next_to_a_half_and_next_to_a_whole_number():
    spec = Spec("gelu", "int16:scale=0.5", "int16:scale=1")
    golden, codes = spec.golden(), spec.input.codes()
    even, odd, negative = (codes >= 40) & (codes % 2 == 0), (codes >= 40) & (codes % 2 == 1), codes <= -40

    def bounds(guarantee):
        return golden.bounds(Guarantee.parse(guarantee))

    low, high = bounds("faithful")
    # n + 1/2 less a little: n and n + 1. n less a little: n - 1 and n. 0 less a little: -1 and 0.
    assert low[odd].tolist() == (codes[odd] // 2).tolist()
    assert high[odd].tolist() == (codes[odd] // 2 + 1).tolist()
    assert low[even].tolist() == (codes[even] // 2 - 1).tolist()
    assert high[even].tolist() == (codes[even] // 2).tolist()
    assert set(low[negative].tolist()) == {-1}
    assert set(high[negative].tolist()) == {0}

    low, high = bounds("ulp:0.5")
    assert low[odd].tolist() == high[odd].tolist() == (codes[odd] // 2).tolist()
    low, high = bounds("ulp:1")
    assert low[even].tolist() == (codes[even] // 2 - 1).tolist()
    assert high[even].tolist() == (codes[even] // 2).tolist()
    assert set(low[negative].tolist()) == {-1}
    assert set(high[negative].tolist()) == {0}


# -- true ties -------------------------------------------------------------------------------------------------

HALVES = {
    "hard_swish": ("hard_swish", "q3.4", "q3.1"),
    "relu": ("relu", "q3.4", "q3.3"),
    "leaky_relu": ("leaky_relu:slope=0.5", "q3.4", "q3.4"),
    "hard_sigmoid": ("hard_sigmoid:slope=0.25", "q3.4", "q1.5"),
    "heaviside": ("heaviside:at_zero=0.75", "q3.4", "q2.1"),
    "smooth_abs": ("smooth_abs", "q2.5", "q3.1"),
    "smooth_relu": ("smooth_relu", "q3.4", "q3.1"),
    "softsign": ("softsign", "q3.4", "int4:scale=0.5"),
    "sigmoid": ("sigmoid", "q3.4", "q7.0"),
    "gelu_derivative": ("gelu_derivative", "q3.4", "q7.0"),
    "exp": ("exp", "int8:scale=1,zero_point=127", "int8:scale=2"),
    "elu": ("elu", "q3.4", "q3.3"),
    "a zero point": ("relu", "int8:scale=0.5,zero_point=3", "int8:scale=1,zero_point=-3"),
}


@pytest.mark.parametrize("fields", HALVES.values(), ids=HALVES)
def test_a_true_tie_goes_where_ties_says(fields):
    goldens = {ties: Spec(*fields, ties=ties).golden() for ties in TIES}
    spec = Spec(*fields)
    met = 0
    for index, (y, known) in enumerate(known_values(spec)):
        found = {ties: int(each.codes[index]) - spec.output.zero_point for ties, each in goldens.items()}
        if not (known and y - floor(y) == HALF):
            assert len(set(found.values())) == 1
            continue
        met += 1
        down, up = floor(y), floor(y) + 1
        assert found["down"] == down
        assert found["up"] == up
        assert found["even"] == (down if down % 2 == 0 else up)
        assert found["away"] == (up if y > 0 else down)
        assert goldens["even"].exact[index]
        low, high = goldens["even"].bounds(Guarantee.parse("ulp:0.5"))
        assert (int(low[index]), int(high[index])) == (down + spec.output.zero_point, up + spec.output.zero_point)
    assert met


# -- domain ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outside", ["clamp", "0", "-0.5", "1/3"])
def test_exp_is_exp_up_to_zero_and_beyond_what_it_is_told_to_be(outside):
    spec = Spec("exp", "q3.4", "q1.6", outside=outside)
    codes = spec.golden().codes
    inside = Spec("exp", "int8:scale=0x1p-4,zero_point=127", "q1.6")  # the same x up to 0, and further down
    assert codes[:129].tolist() == inside.golden().codes[127:].tolist()
    assert set(codes[129:].tolist()) == {{"clamp": 64, "0": 0, "-0.5": -32, "1/3": 21}[outside]}
    assert codes.tolist() == [rounded(spec, y, known) for y, known in known_values(spec)]


def test_the_golden_of_a_clamped_function_is_exact_where_it_is_clamped():
    golden = Spec("exp", "q3.4", "q1.6", outside="clamp").golden()
    assert golden.exact.nonzero()[0].tolist() == list(range(128, 256))


# -- saturation ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [*SMALL, ("relu", "q7.0", "q3.4"), ("relu", "q4.5", "q3.4")], ids=name)
def test_beyond_are_the_values_more_than_half_an_ulp_outside(fields):
    spec, golden = truth(*fields)
    one = replace(spec.output, bits=16, signed=True)  # the same grid, and room
    wide = Spec(spec.function, spec.input, one).golden()
    low, high = (end - spec.output.zero_point for end in spec.output.ends)
    below = wide.scaled < (low << FRACTION) - (1 << FRACTION - 1)
    limit = (high << FRACTION) + (1 << FRACTION - 1)
    above = (wide.scaled > limit) | ((wide.scaled == limit) & ~wide.exact)
    assert golden.beyond.tolist() == (below | above).tolist()


def test_half_an_ulp_is_not_beyond():
    golden = Spec("relu", "q4.3", "int8:scale=0.25,zero_point=100").golden()  # up to code 127, x = 6.75
    assert golden.beyond.nonzero()[0].tolist() == [code + 128 for code in range(56, 128)]  # 6.875 is half a code more


# -- symmetry --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", CATALOGUE)
def test_the_symmetry_of_a_catalogue_function_is_its_fold(function):
    assert symmetry(Spec(function, "q3.4", "q3.4", outside="clamp")) == CATALOGUE[function].default.fold


# -- rounding --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        ("even", [-2, -2, 0, 0, 2, 2]),
        ("away", [-3, -2, -1, 1, 2, 3]),
        ("up", [-2, -1, 0, 1, 2, 3]),
        ("down", [-3, -2, -1, 0, 1, 2]),
    ],
)
def test_an_exact_half_follows_the_tie_rule_and_an_inexact_one_goes_up(ties, expected):
    halves = np.array([-5, -3, -1, 1, 3, 5], dtype=np.int64) << FRACTION - 1
    assert _round(halves, np.ones(6, dtype=np.bool_), ties).tolist() == expected
    # a floor at a half whose value is not exact lies above it; one unit less lies below it
    above, below = [-2, -1, 0, 1, 2, 3], [-3, -2, -1, 0, 1, 2]
    assert _round(halves, np.zeros(6, dtype=np.bool_), ties).tolist() == above
    assert _round(halves + 1, np.ones(6, dtype=np.bool_), ties).tolist() == above
    for proven in (np.zeros(6, dtype=np.bool_), np.ones(6, dtype=np.bool_)):
        assert _round(halves - 1, proven, ties).tolist() == below


@given(st.integers(-(1 << 50), 1 << 50))
def test_rounding_agrees_with_pythons_own_rounding_of_fractions(scaled):
    array = np.array([scaled], dtype=np.int64)
    assert _round(array, np.array([True]), "even").tolist() == [round(Fraction(scaled, 1 << FRACTION))]


def test_the_arrays_of_a_golden_cannot_be_written():
    _, golden = truth("gelu", "q3.4", "q3.4")
    for array in (golden.codes, golden.scaled, golden.exact, golden.beyond):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
