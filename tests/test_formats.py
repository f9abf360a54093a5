"""Formats: the notation, codes to reals and back, rounding, saturation, and fitting a scale to a range."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gelugen.errors import GelugenError
from gelugen.formats import TIES, FittedFormat, Format, parse_format, tie_step


@st.composite
def formats(draw, widest=16):
    """Any format of 4 to `widest` bits."""
    bits, signed = draw(st.integers(4, widest)), draw(st.booleans())
    scale = draw(st.one_of(st.integers(-126, 126).map(lambda e: 2.0**e), st.floats(2.0**-126, 2.0**126)))
    low = -(1 << bits - 1) if signed else 0
    return Format(bits, signed, scale, draw(st.integers(low, low + (1 << bits) - 1)))


# -- the notation by example -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "bits", "signed", "scale", "zero_point"),
    [
        ("q3.4", 8, True, 2.0**-4, 0),  # the sign bit is not counted: 1 + 3 + 4 = 8
        ("q3.12", 16, True, 2.0**-12, 0),
        ("q0.7", 8, True, 2.0**-7, 0),
        ("q15.0", 16, True, 1.0, 0),
        ("q1.2", 4, True, 0.25, 0),
        ("uq0.8", 8, False, 2.0**-8, 0),
        ("uq8.0", 8, False, 1.0, 0),
        ("uq4.12", 16, False, 2.0**-12, 0),
        (" q3.4\n", 8, True, 2.0**-4, 0),
        ("int8:scale=0.05,zero_point=-3", 8, True, 0.05, -3),
        ("int8:zero_point=-3,scale=0.05", 8, True, 0.05, -3),
        ("int8: scale = 0.05 , zero_point = -3", 8, True, 0.05, -3),
        ("int8:scale=0x1.999999999999ap-5,zero_point=-3", 8, True, 0.05, -3),
        ("uint8:scale=0X1P-4,zero_point=255", 8, False, 0.0625, 255),
        ("int16:scale=1e-3", 16, True, 0.001, 0),
        ("int12:scale=3", 12, True, 3.0, 0),
        ("uint4:scale=0.5,zero_point=15", 4, False, 0.5, 15),
    ],
)
def test_the_notation_reads_as(text, bits, signed, scale, zero_point):
    assert Format.parse(text) == Format(bits, signed, scale, zero_point)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"bits": 8, "signed": True, "scale": "0x1.8p-5"}, Format(8, True, 0.046875)),
        ({"bits": 8, "signed": False, "scale": 0.05, "zero_point": 9}, Format(8, False, 0.05, 9)),
        ({"bits": 12, "signed": True, "scale": 2}, Format(12, True, 2.0)),
        ({"bits": 8, "signed": True, "scale": "0.05"}, Format(8, True, 0.05)),
    ],
)
def test_a_mapping_reads_as(fields, expected):
    assert Format.parse(fields) == expected


def test_a_format_reads_as_itself():
    form = Format(8, True, 0.05, -3)
    assert Format.parse(form) is form


@pytest.mark.parametrize(
    ("form", "text", "people"),
    [
        (Format(8, True, 2.0**-4), "q3.4", "q3.4 (int8, scale 2^-4)"),
        (Format(16, False, 2.0**-16), "uq0.16", "uq0.16 (uint16, scale 2^-16)"),
        (Format(8, True, 2.0**-7), "q0.7", "q0.7 (int8, scale 2^-7)"),
        (Format(8, True, 1.0), "q7.0", "q7.0 (int8, scale 2^-0)"),
        # no place for the point in Q notation: it would stand outside the word
        (
            Format(8, True, 2.0**-8),
            "int8:scale=0x1.0000000000000p-8,zero_point=0",
            "int8, scale 0.00390625, zero point 0",
        ),
        (Format(8, True, 2.0), "int8:scale=0x1.0000000000000p+1,zero_point=0", "int8, scale 2.0, zero point 0"),
        # a zero point has no place in Q notation either
        (Format(8, True, 0.5, 1), "int8:scale=0x1.0000000000000p-1,zero_point=1", "int8, scale 0.5, zero point 1"),
        (
            Format(8, False, 0.05, 3),
            "uint8:scale=0x1.999999999999ap-5,zero_point=3",
            "uint8, scale 0.05, zero point 3",
        ),
    ],
)
def test_a_format_writes_its_canonical_text(form, text, people):
    assert str(form) == text
    assert form.describe() == people
    assert Format.parse(text) == form


def test_json_holds_the_scale_as_a_hexadecimal_float():
    assert Format.parse("uint8:scale=0.05,zero_point=3").to_json() == {
        "bits": 8,
        "signed": False,
        "scale": "0x1.999999999999ap-5",
        "zero_point": 3,
    }


@given(formats())
def test_text_and_json_give_the_format_back(form):
    assert Format.parse(str(form)) == form
    assert Format.parse(form.to_json()) == form


@pytest.mark.parametrize(
    ("form", "exponent", "fraction_bits"),
    [
        (Format(8, True, 2.0**-4), -4, 4),
        (Format(8, True, 2.0**-4, 1), -4, None),
        (Format(8, True, 1.0), 0, 0),
        (Format(8, True, 2.0), 1, None),
        (Format(8, True, 2.0**-8), -8, None),
        (Format(8, False, 2.0**-8), -8, 8),
        (Format(8, True, 0.75), None, None),
    ],
)
def test_exponent_and_fraction_bits_exist_only_for_powers_of_two(form, exponent, fraction_bits):
    assert form.exponent == exponent
    assert form.fraction_bits == fraction_bits


# -- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "''"),
        ("q", "'q'"),
        ("q3", "'q3'"),
        ("q3.", "'q3.'"),
        ("q.4", "'q.4'"),
        ("q-3.4", "'q-3.4'"),
        ("Q3.4", "'Q3.4'"),
        ("uuq3.4", "'uuq3.4'"),
        ("q3.4 q3.4", "'q3.4 q3.4'"),
        ("q3.4:scale=1", "'q3.4:scale=1'"),
        ("float16", "'float16'"),
        ("int:scale=1", "'int:scale=1'"),
        ("int8 scale=1", "'int8 scale=1'"),
        ("q1.1", "3 bits"),
        ("q2.0", "3 bits"),
        ("q8.8", "17 bits"),
        ("uq0.3", "3 bits"),
        ("uq9.8", "17 bits"),
        ("int3:scale=1", "'int3:scale=1' has 3 bits"),
        ("int17:scale=1", "17 bits"),
        ("uint0:scale=1", "0 bits"),
        ("int8", "'int8' lacks its scale"),
        ("int8:", "'int8:' lacks its scale"),
        ("int8:zero_point=3", "'int8:zero_point=3' lacks its scale"),
        ("int8:scale", "'scale'"),
        ("int8:scale=", "'scale='"),
        ("int8:scale=1,zp=3", "'zp=3'"),
        ("int8:scale=1,bits=8", "'bits=8'"),
        ("int8:scale=1,scale=2", "scale twice"),
        ("int8:scale=1,scale=1", "scale twice"),
        ("int8:scale=1,zero_point=1,zero_point=2", "zero_point twice"),
        ("int8:scale=0", "scale 0.0"),
        ("int8:scale=-0.0", "scale -0.0"),
        ("int8:scale=-0.5", "scale -0.5"),
        ("int8:scale=nan", "scale nan"),
        ("int8:scale=inf", "scale inf"),
        ("int8:scale=1e999", "scale inf"),
        ("int8:scale=1e-999", "scale 0.0"),
        ("int8:scale=0x1p9999", "'0x1p9999'"),
        ("int8:scale=half", "'half'"),
        ("int8:scale=0xzz", "'0xzz'"),
        ("int8:scale=1/20", "'1/20'"),
        ("int8:scale=0x1p-127", repr(2.0**-127)),
        ("int8:scale=0x1p127", repr(2.0**127)),
        ("int8:scale=1,zero_point=128", "zero_point 128"),
        ("int8:scale=1,zero_point=-129", "zero_point -129"),
        ("uint8:scale=1,zero_point=-1", "zero_point -1"),
        ("uint8:scale=1,zero_point=256", "zero_point 256"),
        ("int8:scale=1,zero_point=1.5", "'1.5'"),
        ("int8:scale=1,zero_point=x", "'x'"),
        ("int8:scale=fit,zero_point=128", "zero_point 128"),
        ("int8:scale=fit", "scale=fit"),  # only an output can be fitted
        (None, "None"),
        (8, "8"),
        (3.4, "3.4"),
        (["q3.4"], "['q3.4']"),
        ({}, "'bits'"),
        ({"bits": 8, "scale": 1.0}, "'signed'"),
        ({"bits": 8, "signed": True}, "'scale'"),
        ({"bits": 8, "signed": True, "scale": 1.0, "zp": 1}, "'zp'"),
        ({"bits": "8", "signed": True, "scale": 1.0}, "'8'"),
        ({"bits": True, "signed": True, "scale": 1.0}, "True"),
        ({"bits": 8.0, "signed": True, "scale": 1.0}, "8.0"),
        ({"bits": 8, "signed": 1, "scale": 1.0}, "signed 1"),
        ({"bits": 8, "signed": True, "scale": True}, "scale True"),
        ({"bits": 8, "signed": True, "scale": None}, "scale None"),
        ({"bits": 8, "signed": True, "scale": [1.0]}, "scale [1.0]"),
        ({"bits": 8, "signed": True, "scale": "one"}, "'one'"),
        ({"bits": 8, "signed": True, "scale": 10**400}, "scale 1000"),
        ({"bits": 8, "signed": True, "scale": math.nan}, "scale nan"),
        ({"bits": 8, "signed": True, "scale": 1.0, "zero_point": 0.0}, "zero_point 0.0"),
        ({"bits": 8, "signed": True, "scale": 1.0, "zero_point": 128}, "zero_point 128"),
        ({"bits": 3, "signed": True, "scale": 1.0}, "3 bits"),
        ({"bits": 17, "signed": True, "scale": 1.0}, "17 bits"),
        ({"bits": -8, "signed": True, "scale": 1.0}, "-8 bits"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_is_no_format_is_refused_by_name(text, named):
    with pytest.raises(GelugenError) as refusal:
        Format.parse(text)
    assert named in str(refusal.value)


@pytest.mark.parametrize("text", ["q" + "9" * 5000 + ".4", "int" + "9" * 5000 + ":scale=1"], ids=["fixed", "affine"])
def test_an_absurdly_long_width_is_refused_like_any_other(text):
    with pytest.raises(GelugenError):
        Format.parse(text)


def test_a_mapping_whose_unknown_keys_are_of_several_types_is_refused():
    with pytest.raises(GelugenError):
        Format.parse({1: 2, "size": 3})


@given(st.text(max_size=20) | st.from_regex(r"u?(q\d{1,2}\.\d{1,2}|int\d{1,2}(:scale=.{0,8})?)", fullmatch=True))
def test_any_text_is_a_format_or_a_refusal(text):
    try:
        form = parse_format(text)
    except GelugenError:
        return
    assert isinstance(form, Format | FittedFormat)


# -- codes -----------------------------------------------------------------------------------------------------

SMALL = [
    Format(bits, signed, 2.0**-fraction)
    for bits in range(4, 9)
    for signed in (True, False)
    for fraction in range(bits + 1 - signed)
] + [
    Format(bits, signed, scale, zero_point - (1 << bits - 1) * signed)
    for bits in (4, 5, 8)
    for signed in (True, False)
    for scale in (0.05, 1 / 3, 2.0**-126, 2.0**126, math.nextafter(2.0, 3), 1e30)
    for zero_point in (0, 1, 7, (1 << bits) - 1)
]


@pytest.mark.parametrize("form", SMALL, ids=str)
def test_every_code_survives_the_way_to_its_real_and_back(form):
    codes = form.codes()
    assert len(codes) == 1 << form.bits
    assert (codes[0], codes[-1]) == (form.code_min, form.code_max)
    reals = form.dequantize(codes)
    assert reals.tolist() == [float((code - form.zero_point) * Fraction(form.scale)) for code in codes.tolist()]
    for ties in TIES:
        assert form.quantize(reals, ties).tolist() == codes.tolist()


def nearest(value, form, ties):
    """The nearest code by its definition: compare with every code, exactly."""
    real = Fraction(value)
    distances = [abs((code - form.zero_point) * Fraction(form.scale) - real) for code in form.codes().tolist()]
    best = min(distances)
    found = [int(code) for code, distance in zip(form.codes(), distances, strict=True) if distance == best]
    if len(found) == 1:
        return found[0]
    low, high = found
    offset = low - form.zero_point  # ties are seen from the zero point
    return {"even": low if offset % 2 == 0 else high, "away": high if offset >= 0 else low, "up": high, "down": low}[
        ties
    ]


@given(formats(widest=7), st.data(), st.sampled_from(TIES))
def test_quantize_gives_the_nearest_code(form, data, ties):
    span = float(1 << form.bits) * form.scale
    halves = st.integers(-(1 << form.bits + 1), 1 << form.bits + 1).map(lambda twice: twice * form.scale / 2)
    beside = st.tuples(halves, st.sampled_from([-math.inf, math.inf])).map(lambda pair: math.nextafter(*pair))
    value = data.draw(st.one_of(st.floats(-span, span), halves, beside, st.floats(allow_nan=False, width=32)))
    assume(math.isfinite(value))
    assert form.quantize([value], ties).tolist() == [nearest(value, form, ties)]


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        ("even", [-2, -2, 0, 0, 2, 2]),
        ("away", [-3, -2, -1, 1, 2, 3]),
        ("up", [-2, -1, 0, 1, 2, 3]),
        ("down", [-3, -2, -1, 0, 1, 2]),
    ],
)
@pytest.mark.parametrize("zero_point", [0, 5, -6])
@pytest.mark.parametrize("scale", [1.0, 2.0**-9, 0.75, 2.0**100])
def test_exact_halves_go_where_the_tie_rule_says(ties, expected, zero_point, scale):
    halves = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]) * scale
    form = Format(8, True, scale, zero_point)
    assert (form.quantize(halves, ties) - zero_point).tolist() == expected
    above, below = np.nextafter(halves, np.inf), np.nextafter(halves, -np.inf)
    assert (form.quantize(above, ties) - zero_point).tolist() == [-2, -1, 0, 1, 2, 3]
    assert (form.quantize(below, ties) - zero_point).tolist() == [-3, -2, -1, 0, 1, 2]


def test_a_single_number_half_way_between_two_codes_is_quantized_like_an_array():
    form = Format.parse("q3.4")
    assert form.quantize(1.5 / 16) == 2
    assert form.quantize(1.5 / 16, "down") == 1


@pytest.mark.parametrize("floor", [-2, -1, 0, 1])
def test_tie_step_says_whether_a_half_goes_up(floor):
    assert tie_step(floor, "even") == floor % 2
    assert tie_step(floor, "away") == (floor >= 0)
    assert tie_step(floor, "up") == 1
    assert tie_step(floor, "down") == 0


def test_quantize_divides_exactly_where_a_rounded_quotient_would_tie():
    form = Format(16, True, 0.1)
    value = 1234.5 * 0.1  # in doubles the quotient is 1234.5, in truth it is not
    assert value / 0.1 == 1234.5
    exact = Fraction(value) / Fraction(0.1)
    assert exact != Fraction(2469, 2)
    expected = 1235 if exact > Fraction(2469, 2) else 1234
    assert [form.quantize([value], ties).tolist() for ties in TIES] == [[expected]] * 4


@given(formats(), st.floats(allow_nan=False))
def test_quantize_stays_inside_and_saturates_what_lies_outside(form, value):
    code = int(form.quantize(value))
    assert form.code_min <= code <= form.code_max
    real = Fraction(value) if math.isfinite(value) else None
    if value == math.inf or (real is not None and real > (form.code_max - form.zero_point) * Fraction(form.scale)):
        assert code == form.code_max
    if value == -math.inf or (real is not None and real < (form.code_min - form.zero_point) * Fraction(form.scale)):
        assert code == form.code_min


@given(formats())
def test_infinities_saturate(form):
    assert form.quantize([-math.inf, math.inf]).tolist() == [form.code_min, form.code_max]


@given(formats(), st.lists(st.floats(), min_size=1, max_size=5))
def test_nan_is_refused(form, values):
    with pytest.raises(GelugenError, match="nan"):
        form.quantize([*values, math.nan])


@given(formats(), st.lists(st.integers(-(1 << 62), 1 << 62), max_size=8))
def test_saturate_clamps_integers(form, values):
    expected = [min(max(value, form.code_min), form.code_max) for value in values]
    assert form.saturate(np.array(values, dtype=np.int64)).tolist() == expected


def test_shapes_are_kept():
    form = Format.parse("q3.4")
    assert form.quantize(0.25).shape == ()
    assert form.quantize([]).shape == (0,)
    assert form.quantize([[0.0, 1.0, -1.0]]).tolist() == [[0, 16, -16]]
    assert form.dequantize([[0, 16, -16]]).tolist() == [[0.0, 1.0, -1.0]]


@pytest.mark.parametrize(
    ("codes", "named"),
    [
        ([0, 128], "code 128"),
        ([-129], "code -129"),
        (1 << 40, "code 1099511627776"),
        ([0.0], "float64"),
        (True, "bool"),
    ],
    ids=repr,
)
def test_what_is_no_code_is_refused_by_name(codes, named):
    form = Format.parse("q3.4")
    for take in (form.check_codes, form.dequantize):
        with pytest.raises(GelugenError) as refusal:
            take(codes)
        assert named in str(refusal.value)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint64])
def test_codes_of_any_integer_type_become_int64(kind):
    codes = Format.parse("q3.4").check_codes(np.array([0, 5, 127], dtype=kind))
    assert codes.dtype == np.int64
    assert codes.tolist() == [0, 5, 127]


# -- fitting a scale -------------------------------------------------------------------------------------------


def holds(form_bits, signed, zero_point, scale, low, high):
    """Whether an affine format holds [low, high] without saturation, in exact fractions."""
    least = -(1 << form_bits - 1) if signed else 0
    greatest = least + (1 << form_bits) - 1
    return (least - zero_point) * Fraction(scale) <= low and high <= (greatest - zero_point) * Fraction(scale)


ENDS = st.one_of(st.just(Fraction(0)), st.fractions(-1000, 1000, max_denominator=10**6), st.fractions(-1, 1))


@given(st.integers(4, 8), st.booleans(), ENDS, ENDS)
def test_a_fitted_scale_is_the_smallest_that_any_zero_point_allows(bits, signed, one, other):
    low, high = sorted((one, other))
    assume(high - low > Fraction(1, 10**6) and not (low == high == 0))
    form = FittedFormat(bits, signed, None).fit(low, high)
    low, high = min(low, Fraction(0)), max(high, Fraction(0))  # zero always has a code
    assert (form.bits, form.signed) == (bits, signed)
    assert holds(bits, signed, form.zero_point, form.scale, low, high)
    smaller = math.nextafter(form.scale, 0)
    for zero_point in form.codes().tolist():
        assert not holds(bits, signed, zero_point, smaller, low, high)
        if abs(zero_point) < abs(form.zero_point):
            assert not holds(bits, signed, zero_point, form.scale, low, high)


@given(st.integers(4, 16), st.booleans(), ENDS, ENDS, st.data())
def test_a_fitted_scale_with_a_given_zero_point_is_the_smallest(bits, signed, one, other, data):
    least = -(1 << bits - 1) if signed else 0
    zero_point = data.draw(st.integers(least + 1, least + (1 << bits) - 2))
    low, high = sorted((one, other))
    assume(high - low > Fraction(1, 10**6))
    form = FittedFormat(bits, signed, zero_point).fit(low, high)
    low, high = min(low, Fraction(0)), max(high, Fraction(0))
    assert form.zero_point == zero_point
    assert holds(bits, signed, zero_point, form.scale, low, high)
    assert not holds(bits, signed, zero_point, math.nextafter(form.scale, 0), low, high)


def test_a_fitted_format_by_example():
    assert FittedFormat(8, False, None).fit(Fraction(0), Fraction(255, 2)) == Format(8, False, 0.5, 0)
    assert FittedFormat(8, True, None).fit(Fraction(0), Fraction(255, 2)) == Format(8, True, 0.5, -128)
    assert FittedFormat(8, True, 0).fit(Fraction(-1), Fraction(127, 2)) == Format(8, True, 0.5, 0)
    assert FittedFormat(4, True, None).fit(Fraction(-15), Fraction(0)) == Format(4, True, 1.0, 7)
    assert FittedFormat(4, False, None).fit(Fraction(3), Fraction(15)) == Format(4, False, 1.0, 0)


@pytest.mark.parametrize(
    ("signed", "zero_point", "low", "high"),
    [(True, 127, 0, 1), (True, -128, -1, 1), (False, 0, -1, 1), (False, 255, -1, 1)],
)
def test_a_zero_point_that_leaves_no_code_is_refused(signed, zero_point, low, high):
    with pytest.raises(GelugenError, match=f"zero_point {zero_point}"):
        FittedFormat(8, signed, zero_point).fit(Fraction(low), Fraction(high))


def test_scale_fit_is_read_as_a_format_to_be_fitted():
    assert parse_format("int8:scale=fit") == FittedFormat(8, True, None)
    assert parse_format("uint12:scale=fit,zero_point=7") == FittedFormat(12, False, 7)
    assert parse_format("int8:scale=fit,zero_point=0") == FittedFormat(8, True, 0)
