"""Design.eval on tiny designs worked out by hand, the counting of ROM bits, and designs to JSON and back."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gelugen.architectures import ARCHITECTURES
from gelugen.design import Coefficient, Design, Term
from gelugen.errors import GelugenError
from gelugen.fit import fit
from gelugen.spec import Spec

Q = Spec("gelu", "q1.2", "q3.4")  # input codes -8..7, output codes -128..127
AFFINE = Spec("gelu", "int4:scale=0.25,zero_point=3", "int8:scale=0.25,zero_point=10")


def unsigned(*values, width=8, drop=0):
    return Coefficient(values, width, False, drop)


def signed(*values, width=8, drop=0):
    return Coefficient(values, width, True, drop)


def outputs(design):
    """All output codes, from the smallest input code up."""
    return design.eval(design.spec.input.codes()).tolist()


# -- fold none -------------------------------------------------------------------------------------------------


def test_a_table_is_read_by_the_codes_own_bits_and_is_zero_past_its_end():
    table = Term(0, (unsigned(10, 11, 12, 13, 14, 15, 16, 17, 18, 19),))
    design = Design(Q, "table", "none", (table,))
    # u of -8 is 8, of -7 is 9, of -6 is 10 and past the end
    assert outputs(design) == [18, 19, 0, 0, 0, 0, 0, 0, 10, 11, 12, 13, 14, 15, 16, 17]


def test_a_design_without_terms_gives_its_bias():
    assert outputs(Design(Q, "table", "none", (), bias=-7, shift=1)) == [-4] * 16  # floor(-7 / 2)


def test_a_constant_on_each_segment_of_four():
    table = Term(2, (signed(1, -2, 3),))
    assert outputs(Design(Q, "table", "none", (table,))) == [3] * 4 + [0] * 4 + [1] * 4 + [-2] * 4


def test_a_line_counts_from_the_middle_of_its_segment():
    line = Term(2, (unsigned(40, 60), signed(3, -5)))  # dx is -2, -1, 0, 1
    design = Design(Q, "uniform-linear", "none", (line,))
    assert outputs(design) == [0] * 8 + [34, 37, 40, 43] + [70, 65, 60, 55]


def test_the_shift_is_a_floor_for_negative_values_too():
    line = Term(2, (signed(-5, 5), signed(3, 3)))
    # -11 -8 -5 -2 and -1 2 5 8, with bias 1: -10 -7 -4 -1 and 0 3 6 9; floor of a quarter
    design = Design(Q, "uniform-linear", "none", (line,), bias=1, shift=2)
    # codes past the table's end: 1 >> 2 = 0
    assert outputs(design) == [0] * 8 + [-3, -2, -1, -1] + [0, 0, 1, 2]


def test_a_parabola_is_evaluated_by_horner():
    parabola = Term(2, (signed(5, -5), signed(-1, 2), signed(2, -3)))
    # 2 dx^2 - dx + 5 and -3 dx^2 + 2 dx - 5 at dx = -2, -1, 0, 1
    assert outputs(Design(Q, "x", "none", (parabola,)))[8:] == [15, 8, 5, 6, -21, -10, -5, -6]


def test_a_cubic_too():
    cubic = Term(2, (signed(1, 0), signed(0, 1), signed(0, 0), signed(1, -1)))
    # dx^3 + 1 and dx - dx^3
    assert outputs(Design(Q, "x", "none", (cubic,)))[8:] == [-7, 0, 1, 2, 6, 0, 0, 0]


def test_dropped_bits_come_back_as_zeros_in_every_coefficient():
    line = Term(2, (signed(3, -3, drop=2), signed(1, -1, drop=3)))
    # 12 + 8 dx and -12 - 8 dx
    assert outputs(Design(Q, "x", "none", (line,)))[8:] == [-4, 4, 12, 20, 4, -4, -12, -20]


def test_terms_are_summed_with_the_bias_before_the_shift():
    high, low = Term(2, (unsigned(8, 16, 24, 32),)), Term(1, (signed(-3, 3), unsigned(1, 2)))
    # segment of 4: 8 16 24 32; segment of 2 with dx = -1, 0: -3 - 1, -3, 3 - 2, 3, then 0
    design = Design(Q, "x", "none", (high, low), bias=3, shift=1)
    by_u = [(each + 3) >> 1 for each in (8 - 4, 8 - 3, 8 + 1, 8 + 3, 16, 16, 16, 16, 24, 24, 24, 24, 32, 32, 32, 32)]
    assert by_u == [3, 4, 6, 7, 9, 9, 9, 9, 13, 13, 13, 13, 17, 17, 17, 17]
    assert outputs(design) == by_u[8:] + by_u[:8]


def test_the_output_saturates_at_both_ends():
    table = Term(0, (signed(500, -500, 127, 128, -128, -129, width=10),))
    assert outputs(Design(Q, "table", "none", (table,)))[8:14] == [127, -128, 127, 127, -128, -128]
    to_unsigned = Spec("gelu", "q1.2", "uq0.4")
    assert outputs(Design(to_unsigned, "table", "none", (table,)))[8:14] == [15, 0, 15, 15, 0, 0]


def test_without_a_fold_the_zero_point_of_the_input_plays_no_part():
    table = Term(0, (unsigned(*range(16)),))
    assert outputs(Design(AFFINE, "table", "none", (table,))) == [*range(8, 16), *range(8)]


# -- fold residual ---------------------------------------------------------------------------------------------


def test_the_residual_is_taken_from_relu_for_both_signs():
    table = Term(0, (unsigned(0, 1, 2, 2, 1, width=2),))
    design = Design(Q, "residual-table", "residual", (table,), line_shift=2)
    assert outputs(design) == [0, 0, 0, 0, -1, -2, -2, -1, 0, 4 - 1, 8 - 2, 12 - 2, 16 - 1, 20, 24, 28]


def test_the_most_negative_code_has_an_entry_of_its_own():
    table = Term(0, (unsigned(0, 0, 0, 0, 0, 0, 0, 0, 5),))
    design = Design(Q, "residual-table", "residual", (table,))
    assert design.u_bits == 4  # |-8| needs four bits
    assert outputs(design) == [-5] + [0] * 7 + [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_residual_line_with_shift_line_drop_and_offset():
    # k = code - 3 lies in -11..4; u = |k| in 0..11: four bits
    line = Term(3, (unsigned(6, 3), signed(-1, 0)))  # 6 - dx for u < 8 with dx = u - 4; then 3
    design = Design(
        AFFINE,
        "residual-uniform-linear",
        "residual",
        (line,),
        bias=1,
        shift=1,
        line_shift=2,
        line_drop=1,
        offset=10,
    )
    assert design.u_bits == 4
    # r = (1 + 10 - u) >> 1 for u < 8, (1 + 3) >> 1 = 2 from 8 on
    r = [5, 5, 4, 4, 3, 3, 2, 2, 2, 2, 2, 2]
    # y = ((4 max(k, 0) - r) >> 1) + 10
    negative = [(-r[u] >> 1) + 10 for u in range(11, 0, -1)]
    assert negative == [9, 9, 9, 9, 9, 9, 8, 8, 8, 8, 7]
    assert outputs(design) == [*negative, 7, 9, 12, 14, 16]


def test_the_residual_saturates_after_the_offset():
    narrow = Spec("gelu", "q1.2", "int4:scale=0.25,zero_point=5")
    design = Design(narrow, "residual-table", "residual", (Term(0, (unsigned(0, 15, width=4),)),), offset=5)
    assert outputs(design) == [5] * 7 + [-8] + [5, 1 - 15 + 5 + 1, 7, 7, 7, 7, 7, 7]


def test_trace_names_every_value_on_the_way():
    line = Term(2, (unsigned(5, 6), signed(-1, 2)))
    design = Design(Q, "x", "residual", (line,), bias=2, shift=1, line_shift=1, line_drop=1)
    signals = {name: value.tolist() for name, value in design.trace(np.array([-5, 7])).items()}
    assert signals == {
        "k": [-5, 7],
        "u": [5, 7],
        "line": [0, 14],
        "dx0": [-1, 1],
        "p0_1": [0, 0],
        "h0_1": [2, 2],
        "p0_0": [-2, 2],
        "h0_0": [4, 8],
        "v": [6, 10],
        "r": [3, 5],
        "rest": [-3, 9],
        "sum": [-2, 4],
        "y": [-2, 4],
    }


# -- codes and reals -------------------------------------------------------------------------------------------

RAMP = Design(Q, "residual-table", "residual", (), line_shift=2)


def test_eval_takes_codes_of_any_shape():
    assert RAMP.eval(3).tolist() == 12
    assert RAMP.eval([[1, -1], [7, -8]]).tolist() == [[4, 0], [28, 0]]
    assert RAMP.eval(np.array([], dtype=np.int8)).tolist() == []
    assert RAMP.eval(np.array([7], dtype=np.uint8)).dtype == np.int64


@pytest.mark.parametrize(
    ("codes", "named"),
    [([0, 8], "code 8"), ([-9], "code -9"), ([0.5], "float64"), ([True], "bool"), (["1"], "<U1"), (None, "object")],
    ids=repr,
)
def test_eval_refuses_what_is_no_code(codes, named):
    with pytest.raises(GelugenError) as refusal:
        RAMP.eval(codes)
    assert named in str(refusal.value)


def test_a_design_called_with_reals_quantizes_and_dequantizes():
    # 0.3 is nearest to code 1 (0.25), 0.375 ties to code 2, 99 saturates at 7, -1 gives 0
    assert RAMP(np.array([0.3, 0.375, 99.0, -1.0])).tolist() == [0.25, 0.5, 1.75, 0.0]
    down = Design(Spec("gelu", "q1.2", "q3.4", ties="down"), "x", "residual", (), line_shift=2)
    assert down(np.array([0.3, 0.375])).tolist() == [0.25, 0.25]
    assert RAMP(-np.inf).tolist() == 0.0
    with pytest.raises(GelugenError, match="nan"):
        RAMP([0.0, np.nan])


# -- size ------------------------------------------------------------------------------------------------------


def test_rom_bits_are_depth_times_width_of_every_stored_word():
    one = Term(2, (unsigned(1, 2, 3, width=7), signed(1, 2, 3, width=4)))
    two = Term(0, (unsigned(*range(10), width=5, drop=3),))
    assert (one.depth, one.width, one.degree) == (3, 11, 1)
    assert (two.depth, two.width, two.degree) == (10, 5, 0)
    assert Design(Q, "x", "none", (one,)).rom_bits == 33
    assert Design(Q, "x", "none", (one, two)).rom_bits == 83
    assert Design(Q, "x", "none", ()).rom_bits == 0


def test_words_hold_all_coefficients_with_c_0_lowest():
    term = Term(2, (unsigned(5, 6, width=3), signed(-1, 3, width=4), signed(-2, 1, width=2)))
    assert term.words() == [0b10_1111_101, 0b01_0011_110]
    assert Term(0, (signed(-128, 127, -1),)).words() == [128, 127, 255]


# -- what no design can be -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: unsigned(256),
        lambda: unsigned(-1),
        lambda: signed(128),
        lambda: signed(-129),
        lambda: unsigned(0, width=33),
        lambda: unsigned(0, drop=33),
        lambda: unsigned(0, drop=-1),
        lambda: Term(0, ()),
        lambda: Term(0, (unsigned(1), unsigned(1, 2))),
        lambda: Term(0, (unsigned(1),) * 5),
        lambda: Term(-1, (unsigned(1),)),
        lambda: Term(17, (unsigned(1),)),
        lambda: Design(Q, "x", "even", ()),
        lambda: Design(Q, "x", "none", (), shift=-1),
        lambda: Design(Q, "x", "none", (), shift=33),
        lambda: Design(Q, "x", "residual", (), line_shift=33),
        lambda: Design(Q, "x", "residual", (), line_drop=-1),
        lambda: Design(Q, "x", "none", (), line_shift=1),
        lambda: Design(Q, "x", "none", (), line_drop=1),
        lambda: Design(Q, "x", "none", (), offset=1),
        lambda: Design(Q, "x", "none", (Term(4, (unsigned(1),)),)),
    ],
)
def test_what_the_datapath_cannot_hold_is_refused(make):
    with pytest.raises(GelugenError):
        make()


@pytest.mark.parametrize("width", [0, -3])
@pytest.mark.parametrize("is_signed", [True, False])
def test_a_width_below_one_is_refused_as_any_other_bad_width(width, is_signed):
    with pytest.raises(GelugenError):
        Coefficient((0,), width, is_signed)


def test_a_coefficient_that_does_not_fit_64_bits_is_refused_or_evaluated_exactly():
    try:
        design = Design(Q, "x", "none", (Term(0, (unsigned(*[2**32 - 1] * 16, width=32, drop=32),)),))
    except GelugenError:
        return
    assert outputs(design) == [127] * 16  # 2^64 - 2^32 saturates


# -- JSON ------------------------------------------------------------------------------------------------------


def through_json(design):
    return json.loads(json.dumps(design.to_json()))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("fields", [("gelu", "q3.4", "q2.5", "faithful"), ("gelu", "uq2.3", "uq2.3", "ulp:2.5")])
def test_a_fitted_design_comes_back_from_json(architecture, fields):
    spec = Spec(*fields)
    design = fit(spec, spec.golden(), ARCHITECTURES[architecture])
    again = Design.from_json(through_json(design))
    assert again == design
    assert outputs(again) == outputs(design)


@given(
    st.integers(0, 3),
    st.lists(
        st.tuples(st.lists(st.integers(-8, 7), min_size=2, max_size=2), st.integers(4, 8), st.integers(0, 4)),
        min_size=1,
        max_size=4,
    ),
    st.integers(-100, 100),
    st.lists(st.integers(0, 8), min_size=3, max_size=3),
    st.integers(-8, 7),
)
def test_any_design_comes_back_from_json(dx_bits, columns, bias, shifts, offset):
    term = Term(dx_bits, tuple(Coefficient(tuple(values), width, True, drop) for values, width, drop in columns))
    design = Design(AFFINE, "table", "residual", (term, term), bias, *shifts, offset)
    assert Design.from_json(through_json(design)) == design


SAMPLE = through_json(
    Design(
        AFFINE,
        "residual-uniform-linear",
        "residual",
        (Term(2, (unsigned(6, 3), signed(-1, 0))), Term(0, (unsigned(1, 2, 3),))),
        bias=1,
        shift=1,
        line_shift=2,
        line_drop=1,
        offset=10,
    )
)


def changed(path, change):
    """The sample with one field changed in place; `change` gets the field's container and key."""
    data = copy.deepcopy(SAMPLE)
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return data


def replaced(path, value):
    return changed(path, lambda holder, key: holder.__setitem__(key, value))


def dotted(path):
    return ".".join(map(str, path))


COLUMN = ("terms", 0, "coefficients", 1)
NUMBERS = [
    *[(name,) for name in ("bias", "shift", "line_shift", "line_drop", "offset")],
    ("terms", 0, "dx_bits"),
    *[(*COLUMN, name) for name in ("width", "drop")],
    (*COLUMN, "values", 1),
]
OBJECTS = [("spec",), ("terms",), ("terms", 0), ("terms", 1, "coefficients"), COLUMN, (*COLUMN, "values")]
FIELDS = [
    *[(name,) for name in SAMPLE],
    *[("spec", name) for name in ("function", "input", "output")],
    *[("terms", 0, name) for name in SAMPLE["terms"][0]],
    *[(*COLUMN, name) for name in SAMPLE["terms"][0]["coefficients"][0]],
]


def test_a_table_without_words_or_past_the_end_of_u_is_refused():
    with pytest.raises(GelugenError, match="must have a segment"):
        Term(0, (unsigned(),))
    with pytest.raises(GelugenError, match="must end where the 4 bits of u do"):
        Design(Spec("gelu", "q1.2", "q1.2"), "table", "none", (Term(0, (unsigned(*range(17)),)),))


def test_the_unchanged_sample_is_a_design():
    assert through_json(Design.from_json(SAMPLE)) == SAMPLE


@pytest.mark.parametrize("path", FIELDS, ids=dotted)
def test_a_missing_field_is_refused(path):
    with pytest.raises(GelugenError):
        Design.from_json(changed(path, lambda holder, key: holder.pop(key)))


@pytest.mark.parametrize("path", [("extra",), ("spec", "extra"), ("terms", 0, "extra"), (*COLUMN, "extra")], ids=dotted)
def test_an_unknown_field_is_refused(path):
    with pytest.raises(GelugenError):
        Design.from_json(replaced(path, 1))


@pytest.mark.parametrize("path", NUMBERS, ids=dotted)
@pytest.mark.parametrize("value", [None, "1", 1.0, True, [1], {}], ids=repr)
def test_what_is_no_integer_is_refused_where_one_is_needed(path, value):
    with pytest.raises(GelugenError):
        Design.from_json(replaced(path, value))


@pytest.mark.parametrize("path", [path for path in NUMBERS if path not in (("bias",), ("offset",))], ids=dotted)
@pytest.mark.parametrize("value", [-200, 200], ids=repr)
def test_an_integer_out_of_range_is_refused(path, value):
    with pytest.raises(GelugenError):
        Design.from_json(replaced(path, value))


@pytest.mark.parametrize("path", NUMBERS, ids=dotted)
@pytest.mark.parametrize("value", [-(10**30), 10**30], ids=["-10**30", "10**30"])
def test_an_integer_past_64_bits_is_refused(path, value):
    with pytest.raises(GelugenError):
        Design.from_json(replaced(path, value))


@pytest.mark.parametrize("path", OBJECTS, ids=dotted)
@pytest.mark.parametrize("value", [None, 1, "abc", [1], ["abc"], {"a": 1}, [[]], [{}]], ids=repr)
def test_what_has_the_wrong_structure_is_refused(path, value):
    if (path, value) == ((*COLUMN, "values"), [1]):
        value = [1, 1, 1]  # one value too many
    with pytest.raises(GelugenError):
        Design.from_json(replaced(path, value))


@pytest.mark.parametrize("value", ["even", "", None, 1, [], {}], ids=repr)
def test_an_unknown_fold_is_refused(value):
    with pytest.raises(GelugenError):
        Design.from_json(replaced(("fold",), value))


@pytest.mark.parametrize("value", ["true", 1, 0, None, [True]], ids=repr)
def test_a_sign_that_is_neither_true_nor_false_is_refused(value):
    with pytest.raises(GelugenError):
        Design.from_json(replaced(("terms", 0, "coefficients", 0, "signed"), value))


@pytest.mark.parametrize("value", [None, 1, ["table"], {}], ids=repr)
def test_an_architecture_that_is_no_text_is_refused(value):
    with pytest.raises(GelugenError):
        Design.from_json(replaced(("architecture",), value))


@pytest.mark.parametrize("data", [None, 1, "abc", [], [1], {}, {"spec": {}}], ids=repr)
def test_what_is_no_design_at_all_is_refused(data):
    with pytest.raises(GelugenError):
        Design.from_json(data)


def paths(data, before=()):
    """The way to every field of nested JSON."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*before, key)
        yield from paths(value, (*before, key))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["q3.4", "int8:scale=fit", "table", "none", "faithful"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["bits", "scale", "width", "values", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=400)
@given(st.sampled_from(list(paths(SAMPLE))), st.none() | st.tuples(JSON))
def test_a_damaged_design_is_refused_or_is_a_design(path, instead):
    """Nothing but a GelugenError, whatever one field is replaced by (or left out)."""
    data = replaced(path, *instead) if instead else changed(path, lambda holder, key: holder.pop(key))
    try:
        design = Design.from_json(data)
    except GelugenError:
        return
    codes = design.spec.input.codes()
    assert (
        (design.eval(codes) >= design.spec.output.code_min) & (design.eval(codes) <= design.spec.output.code_max)
    ).all()
    assert Design.from_json(through_json(design)) == design
