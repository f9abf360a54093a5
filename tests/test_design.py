"""Design.eval on tiny designs worked out by hand, the counting of ROM bits, and designs to JSON and back."""

import copy
import json

import numpy as np
import pytest
from designs import designs
from hypothesis import given, settings
from hypothesis import strategies as st

from gelugen.architectures import ARCHITECTURES
from gelugen.design import Breakpoints, Coefficient, Design, Dyadic, Offset, Term, Uniform
from gelugen.errors import GelugenError
from gelugen.fit import fit
from gelugen.spec import Spec

Q = Spec("gelu", "q1.2", "q3.4")  # input codes -8..7, output codes -128..127
AFFINE = Spec("gelu", "int4:scale=0.25,zero_point=3", "int8:scale=0.25,zero_point=10")


def unsigned(*values, width=8, drop=0, base=0):
    return Coefficient(values, width, False, drop, base)


def signed(*values, width=8, drop=0, base=0):
    return Coefficient(values, width, True, drop, base)


def shared(base, depth=1, drop=0):
    return Coefficient((0,) * depth, 0, False, drop, base)


def outputs(design):
    """All output codes, from the smallest input code up."""
    return design.eval(design.spec.input.codes()).tolist()


# -- fold none -------------------------------------------------------------------------------------------------


def test_a_table_is_read_by_the_codes_own_bits_and_is_zero_past_its_end():
    table = Term(Uniform(0), (unsigned(10, 11, 12, 13, 14, 15, 16, 17, 18, 19),))
    design = Design(Q, "table", "none", (table,))
    # u of -8 is 8, of -7 is 9, of -6 is 10 and past the end
    assert outputs(design) == [18, 19, 0, 0, 0, 0, 0, 0, 10, 11, 12, 13, 14, 15, 16, 17]


def test_a_design_without_terms_gives_its_bias():
    assert outputs(Design(Q, "table", "none", (), bias=-7, shift=1)) == [-4] * 16  # floor(-7 / 2)


def test_a_constant_on_each_segment_of_four():
    table = Term(Uniform(2), (signed(1, -2, 3),))
    assert outputs(Design(Q, "table", "none", (table,))) == [3] * 4 + [0] * 4 + [1] * 4 + [-2] * 4


def test_a_line_counts_from_the_middle_of_its_segment():
    line = Term(Uniform(2), (unsigned(40, 60), signed(3, -5)))  # dx is -2, -1, 0, 1
    design = Design(Q, "uniform-linear", "none", (line,))
    assert outputs(design) == [0] * 8 + [34, 37, 40, 43] + [70, 65, 60, 55]


def test_the_shift_is_a_floor_for_negative_values_too():
    line = Term(Uniform(2), (signed(-5, 5), signed(3, 3)))
    # -11 -8 -5 -2 and -1 2 5 8, with bias 1: -10 -7 -4 -1 and 0 3 6 9; floor of a quarter
    design = Design(Q, "uniform-linear", "none", (line,), bias=1, shift=2)
    # codes past the table's end: 1 >> 2 = 0
    assert outputs(design) == [0] * 8 + [-3, -2, -1, -1] + [0, 0, 1, 2]


def test_a_parabola_is_evaluated_by_horner():
    parabola = Term(Uniform(2), (signed(5, -5), signed(-1, 2), signed(2, -3)))
    # 2 dx^2 - dx + 5 and -3 dx^2 + 2 dx - 5 at dx = -2, -1, 0, 1
    assert outputs(Design(Q, "x", "none", (parabola,)))[8:] == [15, 8, 5, 6, -21, -10, -5, -6]


def test_a_cubic_too():
    cubic = Term(Uniform(2), (signed(1, 0), signed(0, 1), signed(0, 0), signed(1, -1)))
    # dx^3 + 1 and dx - dx^3
    assert outputs(Design(Q, "x", "none", (cubic,)))[8:] == [-7, 0, 1, 2, 6, 0, 0, 0]


def test_dropped_bits_come_back_as_zeros_in_every_coefficient():
    line = Term(Uniform(2), (signed(3, -3, drop=2), signed(1, -1, drop=3)))
    # 12 + 8 dx and -12 - 8 dx
    assert outputs(Design(Q, "x", "none", (line,)))[8:] == [-4, 4, 12, 20, 4, -4, -12, -20]


def test_terms_are_summed_with_the_bias_before_the_shift():
    high, low = Term(Uniform(2), (unsigned(8, 16, 24, 32),)), Term(Uniform(1), (signed(-3, 3), unsigned(1, 2)))
    # segment of 4: 8 16 24 32; segment of 2 with dx = -1, 0: -3 - 1, -3, 3 - 2, 3, then 0
    design = Design(Q, "x", "none", (high, low), bias=3, shift=1)
    by_u = [(each + 3) >> 1 for each in (8 - 4, 8 - 3, 8 + 1, 8 + 3, 16, 16, 16, 16, 24, 24, 24, 24, 32, 32, 32, 32)]
    assert by_u == [3, 4, 6, 7, 9, 9, 9, 9, 13, 13, 13, 13, 17, 17, 17, 17]
    assert outputs(design) == by_u[8:] + by_u[:8]


def test_the_output_saturates_at_both_ends():
    table = Term(Uniform(0), (signed(500, -500, 127, 128, -128, -129, width=10),))
    assert outputs(Design(Q, "table", "none", (table,)))[8:14] == [127, -128, 127, 127, -128, -128]
    to_unsigned = Spec("gelu", "q1.2", "uq0.4")
    assert outputs(Design(to_unsigned, "table", "none", (table,)))[8:14] == [15, 0, 15, 15, 0, 0]


def test_without_a_fold_the_zero_point_of_the_input_plays_no_part():
    table = Term(Uniform(0), (unsigned(*range(16)),))
    assert outputs(Design(AFFINE, "table", "none", (table,))) == [*range(8, 16), *range(8)]


# -- fold residual ---------------------------------------------------------------------------------------------


def test_the_residual_is_taken_from_relu_for_both_signs():
    table = Term(Uniform(0), (unsigned(0, 1, 2, 2, 1, width=2),))
    design = Design(Q, "residual-table", "residual", (table,), line_shift=2)
    assert outputs(design) == [0, 0, 0, 0, -1, -2, -2, -1, 0, 4 - 1, 8 - 2, 12 - 2, 16 - 1, 20, 24, 28]


def test_the_most_negative_code_has_an_entry_of_its_own():
    table = Term(Uniform(0), (unsigned(0, 0, 0, 0, 0, 0, 0, 0, 5),))
    design = Design(Q, "residual-table", "residual", (table,))
    assert design.u_bits == 4  # |-8| needs four bits
    assert outputs(design) == [-5] + [0] * 7 + [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_residual_line_with_shift_line_drop_and_offset():
    # k = code - 3 lies in -11..4; u = |k| in 0..11: four bits
    line = Term(Uniform(3), (unsigned(6, 3), signed(-1, 0)))  # 6 - dx for u < 8 with dx = u - 4; then 3
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
    design = Design(narrow, "residual-table", "residual", (Term(Uniform(0), (unsigned(0, 15, width=4),)),), offset=5)
    assert outputs(design) == [5] * 7 + [-8] + [5, 1 - 15 + 5 + 1, 7, 7, 7, 7, 7, 7]


def test_trace_names_every_value_on_the_way():
    line = Term(Uniform(2), (unsigned(5, 6), signed(-1, 2)))
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


# -- maps, shifts, bases ---------------------------------------------------------------------------------------


def test_a_binary_split_gives_each_leaf_its_word_and_aligns_dx_to_the_longest_one():
    # leaves 0-3, 4-5, 6, 7; dx is -2 -1 0 1, -2 0, -2, -2
    line = Term(Dyadic((2, 1, 0, 0)), (signed(10, 20, 30, 40), signed(1, -1, 5, 0)))
    assert outputs(Design(Q, "x", "none", (line,)))[8:] == [8, 9, 10, 11, 22, 20, 20, 40]
    assert outputs(Design(Q, "x", "none", (line,)))[:8] == [0] * 8


def test_leaves_past_the_last_word_are_zero():
    table = Term(Dyadic((2, 1, 0, 0)), (signed(10, 20),))
    assert outputs(Design(Q, "x", "none", (table,)))[8:] == [10] * 4 + [20] * 2 + [0] * 2


def test_breakpoints_give_zero_before_the_first_and_from_the_last_one():
    # 1-3 and 4-7, dx counts from 2: -2 -1 0 and -2 -1 0 1
    line = Term(Breakpoints((1, 4, 8)), (signed(10, 20), signed(1, -3)))
    assert outputs(Design(Q, "x", "none", (line,)))[8:] == [0, 8, 9, 10, 26, 23, 20, 17]
    assert outputs(Design(Q, "x", "none", (line,), bias=1))[:9] == [1] * 9


def test_a_segment_of_degree_0_is_a_constant_on_an_interval():
    tail = Term(Breakpoints((3, 6)), (shared(7),))
    assert outputs(Design(Q, "x", "none", (tail,)))[8:] == [0, 0, 0, 7, 7, 7, 0, 0]


def test_offsets_are_inverted_in_the_lower_half_of_their_field():
    # u = a a s r: words by (a, r or its complement), inverted where s is 0
    offsets = Term(Offset(2, 0, 2), (unsigned(3, 5, 7, 9),))
    assert outputs(Design(Q, "x", "none", (offsets,)))[8:] == [~5, ~3, 3, 5, ~9, ~7, 7, 9]
    assert outputs(Design(Q, "x", "none", (offsets,)))[:8] == [0] * 8, "past the end 0, not ~0"


def test_dropped_bits_of_an_offset_are_zeros_after_it_was_inverted():
    offsets = Term(Offset(3, 1, 1), (signed(3, -2, drop=2),))
    assert outputs(Design(Q, "x", "none", (offsets,)))[8:] == [~3 * 4] * 2 + [12] * 2 + [~3 * 4] * 2 + [12] * 2


def test_a_base_is_added_before_the_dropped_bits_and_inside_the_segments_only():
    table = Term(Uniform(2), (unsigned(0, 3, drop=2, base=-5),))
    assert outputs(Design(Q, "x", "none", (table,))) == [0] * 8 + [-20] * 4 + [-8] * 4


def test_a_shared_slope_stores_one_constant():
    line = Term(Uniform(2), (unsigned(10, 20), shared(-3, 2)))
    assert outputs(Design(Q, "x", "none", (line,)))[8:] == [16, 13, 10, 7, 26, 23, 20, 17]
    assert line.rom_bits == 16 + 3  # -3 in two's complement


def test_each_horner_step_has_its_own_floor_shift_highest_power_first():
    parabola = Term(Uniform(2), (signed(5, -5), signed(-1, 2), signed(2, -3)), (1, 2))
    # (2 dx >> 1) - 1 at -2 -1 0 1: -3 -2 -1 0; times dx: 6 2 0 0; >> 2: 1 0 0 0; + 5
    # (-3 dx >> 1) + 2: 5 3 2 0; times dx: -10 -3 0 0; >> 2: -3 -1 0 0; - 5
    assert outputs(Design(Q, "x", "none", (parabola,)))[8:] == [6, 5, 5, 5, -8, -6, -5, -5]


def test_trace_shows_a_product_before_its_shift():
    line = Term(Uniform(2), (unsigned(5), signed(-3)), (1,))
    signals = Design(Q, "x", "none", (line,)).trace(np.array([1, 3]))
    assert (signals["p0_0"].tolist(), signals["h0_0"].tolist()) == ([3, -3], [6, 3])


# -- folds even, odd, complement -------------------------------------------------------------------------------

TABLE = Term(Uniform(0), (unsigned(0, 1, 2, 4, 8, 16, 32, 64, 100),))


def test_the_even_fold_gives_both_signs_one_value():
    assert outputs(Design(Q, "x", "even", (TABLE,), offset=1)) == [
        101,
        65,
        33,
        17,
        9,
        5,
        3,
        2,
        1,
        2,
        3,
        5,
        9,
        17,
        33,
        65,
    ]


def test_the_odd_fold_negates_below_the_zero_point_alone():
    up = [0, 1, 2, 4, 8, 16, 32, 64]
    assert outputs(Design(Q, "x", "odd", (TABLE,))) == [-100, *(-y for y in up[:0:-1]), *up]
    shifted = Design(Q, "x", "odd", (TABLE,), bias=1, shift=1, offset=3)
    assert outputs(shifted)[5:11] == [3 - 2, 3 - 1, 3 - 1, 3, 3 + 1, 3 + 1]
    affine = outputs(Design(AFFINE, "x", "odd", (Term(Uniform(0), (unsigned(*range(12)),)),), offset=10))
    assert affine == [k + 10 for k in range(-11, 5)]


def test_the_complement_counts_down_from_one_below_the_zero_point():
    up = [0, 1, 2, 4, 8, 16, 32, 64]
    design = Design(Q, "x", "complement", (TABLE,), one=100, offset=-1)
    assert outputs(design) == [-1, *(99 - y for y in up[:0:-1]), *(y - 1 for y in up)]


def test_the_most_negative_code_of_every_fold_has_an_entry_of_its_own():
    for fold, y in (("even", 5), ("odd", -5), ("complement", 2)):
        table = Term(Uniform(0), (unsigned(0, 0, 0, 0, 0, 0, 0, 0, 5),))
        design = Design(Q, "x", fold, (table,), one=7 if fold == "complement" else 0)
        assert (design.u_bits, outputs(design)[0]) == (4, y)


def test_a_fold_without_codes_below_the_zero_point_does_not_turn():
    up = Spec("gelu", "uq2.2", "q3.4")
    assert not Design(up, "x", "odd", ()).turns
    assert Design(Q, "x", "odd", ()).turns
    assert not Design(Q, "x", "even", ()).turns


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
    one = Term(Uniform(2), (unsigned(1, 2, 3, width=7), signed(1, 2, 3, width=4)))
    two = Term(Uniform(0), (unsigned(*range(10), width=5, drop=3),))
    assert (one.depth, one.width, one.degree) == (3, 11, 1)
    assert (two.depth, two.width, two.degree) == (10, 5, 0)
    assert Design(Q, "x", "none", (one,)).rom_bits == 33
    assert Design(Q, "x", "none", (one, two)).rom_bits == 83
    assert Design(Q, "x", "none", ()).rom_bits == 0


def test_rom_bits_count_segment_maps_and_each_base_once():
    split = Term(Dyadic((2, 1, 1)), (unsigned(1, 2, 3, width=7), shared(4, 3)))
    assert (split.rom_bits, split.width) == (3 * 7 + 3 + 5, 7)
    tail = Term(Breakpoints((4, 7)), (shared(1),))
    assert (tail.rom_bits, tail.width, tail.words()) == (3 + 1, 0, [0])
    assert Design(Q, "x", "none", (split, tail)).rom_bits == 33
    for base, bits in ((0, 0), (1, 1), (5, 3), (8, 4), (-1, 1), (-4, 3), (-5, 4)):
        assert Term(Uniform(2), (unsigned(1, 2, 3, width=2, base=base),)).rom_bits == 3 * 2 + bits


def test_words_hold_all_coefficients_with_c_0_lowest():
    term = Term(Uniform(2), (unsigned(5, 6, width=3), signed(-1, 3, width=4), signed(-2, 1, width=2)))
    assert term.words() == [0b10_1111_101, 0b01_0011_110]
    assert Term(Uniform(0), (signed(-128, 127, -1),)).words() == [128, 127, 255]


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
        lambda: Term(Uniform(0), ()),
        lambda: Term(Uniform(0), (unsigned(1), unsigned(1, 2))),
        lambda: Term(Uniform(0), (unsigned(1),) * 5),
        lambda: Term(Uniform(-1), (unsigned(1),)),
        lambda: Term(Uniform(17), (unsigned(1),)),
        lambda: Design(Q, "x", "twisted", ()),
        lambda: Design(Q, "x", "none", (), shift=-1),
        lambda: Design(Q, "x", "none", (), shift=33),
        lambda: Design(Q, "x", "residual", (), line_shift=33),
        lambda: Design(Q, "x", "residual", (), line_drop=-1),
        lambda: Design(Q, "x", "none", (), line_shift=1),
        lambda: Design(Q, "x", "none", (), line_drop=1),
        lambda: Design(Q, "x", "none", (), offset=1),
        lambda: Design(Q, "x", "none", (Term(Uniform(4), (unsigned(1),)),)),
        lambda: unsigned(1, width=0),
        lambda: signed(-1, width=0),
        lambda: unsigned(0, base=1 << 32),
        lambda: Term(Dyadic((1, 1)), (unsigned(1, 2, 3),)),
        lambda: Term(Breakpoints((1, 2, 3)), (unsigned(1, 2, 3),)),
        lambda: Term(Offset(2, 0, 1), (unsigned(1, 2), unsigned(1, 2))),
        lambda: Term(Offset(2, 0, 1), (unsigned(1, 2, base=1),)),
        lambda: Term(Offset(2, 0, 1), (shared(0, 2),)),
        lambda: Term(Uniform(1), (unsigned(1), unsigned(1)), (1, 1)),
        lambda: Term(Uniform(1), (unsigned(1),), (0,)),
        lambda: Term(Uniform(1), (unsigned(1), unsigned(1)), (-1,)),
        lambda: Term(Uniform(1), (unsigned(1), unsigned(1)), (32,)),
        lambda: Design(Q, "x", "none", (Term(Dyadic((4, 4)), (unsigned(1),)),)),
        lambda: Design(Q, "x", "none", (Term(Breakpoints((1, 17)), (unsigned(1),)),)),
        lambda: Design(Q, "x", "none", (Term(Offset(4, 0, 1), (unsigned(1),)),)),
        lambda: Design(Q, "x", "none", (Term(Offset(5, 0, 3), (unsigned(1),)),)),
        lambda: Design(Q, "x", "none", (Term(Offset(3, 0, 2), (unsigned(1, 2, 3, 4, 5),)),)),
        lambda: Design(Q, "x", "none", (Term(Uniform(1), (shared(3, 8),)),)),
        lambda: Design(Q, "x", "none", (Term(Uniform(1), (shared(0, 3),)),)),
        lambda: Design(Q, "x", "none", (Term(Dyadic((4,)), (unsigned(1),)),)),
        lambda: Design(Q, "x", "none", (), one=1),
        lambda: Design(Q, "x", "odd", (), one=1),
        lambda: Design(Q, "x", "odd", (), line_shift=1),
        lambda: Design(Q, "x", "even", (), line_drop=1),
        lambda: Design(Q, "x", "complement", (), one=1 << 48),
    ],
)
def test_what_the_datapath_cannot_hold_is_refused(make):
    with pytest.raises(GelugenError):
        make()


@pytest.mark.parametrize("width", [-1, -3])
@pytest.mark.parametrize("is_signed", [True, False])
def test_a_width_below_zero_is_refused_as_any_other_bad_width(width, is_signed):
    with pytest.raises(GelugenError):
        Coefficient((0,), width, is_signed)


def test_a_coefficient_that_does_not_fit_64_bits_is_refused_or_evaluated_exactly():
    try:
        design = Design(Q, "x", "none", (Term(Uniform(0), (unsigned(*[2**32 - 1] * 16, width=32, drop=32),)),))
    except GelugenError:
        return
    assert outputs(design) == [127] * 16  # 2^64 - 2^32 saturates


# -- JSON ------------------------------------------------------------------------------------------------------


def through_json(design):
    return json.loads(json.dumps(design.to_json()))


FITTED = ("table", "residual-table", "uniform-linear", "residual-uniform-linear", "residual-dyadic-cubic")


@pytest.mark.parametrize("architecture", [name for name in FITTED if name in ARCHITECTURES])
@pytest.mark.parametrize("fields", [("gelu", "q3.4", "q2.5", "faithful"), ("gelu", "uq2.3", "uq2.3", "ulp:2.5")])
def test_a_fitted_design_comes_back_from_json(architecture, fields):
    spec = Spec(*fields)
    design = fit(spec, spec.golden(), ARCHITECTURES[architecture])
    again = Design.from_json(through_json(design))
    assert again == design
    assert outputs(again) == outputs(design)


@given(designs())
def test_any_design_comes_back_from_json(design):
    assert Design.from_json(through_json(design)) == design


SAMPLE = through_json(
    Design(
        AFFINE,
        "residual-uniform-linear",
        "residual",
        (Term(Uniform(2), (unsigned(6, 3), signed(-1, 0)), (1,)), Term(Uniform(0), (unsigned(1, 2, 3),))),
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
    *[(name,) for name in ("bias", "shift", "line_shift", "line_drop", "offset", "one")],
    ("terms", 0, "map", "dx_bits"),
    ("terms", 0, "shifts", 0),
    *[(*COLUMN, name) for name in ("width", "drop", "base")],
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
        Term(Uniform(0), (unsigned(),))
    with pytest.raises(GelugenError, match="must end where the 4 bits of u do"):
        Design(Spec("gelu", "q1.2", "q1.2"), "table", "none", (Term(Uniform(0), (unsigned(*range(17)),)),))


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


@pytest.mark.parametrize(
    "path", [path for path in NUMBERS if path not in (("bias",), ("offset",), (*COLUMN, "base"))], ids=dotted
)
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


@pytest.mark.parametrize("value", ["odd ", "", None, 1, [], {}], ids=repr)
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
