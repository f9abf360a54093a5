"""Multipliers and clocks, told from a design's shape: held to what is emitted, and to the values on the datapath."""

import re

import numpy as np
import pytest
from designs import designs
from hypothesis import given

from gelugen.design import Breakpoints, Coefficient, Design, Dyadic, Term, Uniform
from gelugen.emit import emit
from gelugen.pipeline import Range, is_plain, latency, multipliers, steps
from gelugen.search import build
from gelugen.spec import Spec, Target

Q = Spec("gelu", "q1.6", "q1.6", "ulp:60000")


def column(width, signed, depth, drop=0, base=0):
    return Coefficient((0,) * depth, width, signed, drop, base)


def design(*terms, fold="residual"):
    return Design(Q, "table", fold, terms)


# -- by hand ---------------------------------------------------------------------------------------------------


def test_an_unsigned_factor_has_its_sign_bit_and_dx_is_signed():
    assert multipliers(design(Term(Uniform(3), (column(5, False, 8), column(4, True, 8))))) == [(4, 3)]
    assert multipliers(design(Term(Uniform(3), (column(5, False, 8), column(4, False, 8))))) == [(5, 3)]


def test_dropped_zeros_of_the_factor_are_not_multiplied():
    dropped = design(Term(Uniform(3), (column(5, False, 8), column(4, True, 8, drop=7))))
    assert multipliers(dropped) == [(4, 3)]


def test_the_second_product_multiplies_the_shifted_first_one_plus_its_coefficient():
    # -8..7 times -4..3 is -28..32; + 0..31 is -28..63: 7 bits; shifted by two: -7..8 + 0..31: -7..39: 7 bits
    columns = column(9, False, 8), column(5, False, 8), column(4, True, 8)
    assert multipliers(design(Term(Uniform(3), columns))) == [(4, 3), (7, 3)]
    assert multipliers(design(Term(Uniform(3), columns, (2, 0)))) == [(4, 3), (7, 3)]
    # shifted by five: -1..1 + 0..31: -1..32
    assert multipliers(design(Term(Uniform(3), columns, (5, 0)))) == [(4, 3), (7, 3)]
    assert multipliers(design(Term(Uniform(3), (columns[0], column(2, True, 8), columns[2]), (5, 0)))) == [
        (4, 3),
        (3, 3),
    ]


def test_a_shared_factor_is_as_wide_as_its_value():
    assert multipliers(design(Term(Uniform(3), (column(5, False, 8), column(0, False, 8, base=-3))))) == [(3, 3)]


def test_no_term_of_degree_0_has_a_multiplier():
    tail = Term(Breakpoints((5, 9)), (column(0, False, 1, base=1),))
    assert multipliers(design(tail)) == []
    assert multipliers(design(tail, Term(Dyadic((3, 3)), (column(2, True, 2), column(2, True, 2))))) == [(2, 3)]


@pytest.mark.parametrize(
    ("fold", "degrees", "clocks"),
    [
        ("none", [0, 0], 2),
        ("none", [1], 3),
        ("none", [3, 1], 5),
        ("residual", [], 2),
        ("residual", [0], 3),
        ("even", [0], 3),
        ("even", [], 1),
        ("odd", [2], 5),
        ("complement", [], 2),
    ],
)
def test_latency_is_a_clock_for_fold_read_each_product_and_output(fold, degrees, clocks):
    terms = [Term(Uniform(3), (column(5, True, 4),) * (degree + 1)) for degree in degrees]
    assert latency(design(*terms, fold=fold)) == clocks


def test_a_plain_table_takes_one_clock_and_any_change_of_its_words_two():
    def table(low, high, **more):
        return design(Term(Uniform(6), (Coefficient((low, high), 9, True, **more),)), fold="none")

    plain = design(Term(Uniform(6), (Coefficient((-128, 127), 8, True),)), fold="none")
    assert is_plain(plain)
    assert latency(plain) == 1
    for other in (table(-129, 0), table(0, 128), table(0, 1, base=1), table(0, 1, drop=1)):
        assert (is_plain(other), latency(other)) == (False, 2)


def test_neither_asks_for_a_value_of_the_design(monkeypatch):
    made = build(Spec("gelu", "q3.4", "q3.4", architecture="residual-uniform-linear"))
    monkeypatch.setattr(Design, "trace", None)
    assert (len(multipliers(made)), latency(made)) == (1, 4)


# -- what is emitted -------------------------------------------------------------------------------------------


@given(designs())
def test_every_product_in_the_text_has_operands_of_the_stated_widths(made):
    text = emit(made, Target("m"))["m.v"]
    declared = {name: int(top) + 1 for top, name in re.findall(r"(?:reg|wire) signed \[(\d+):0\] (\w+)", text)}
    found = [(declared[one], declared[two]) for one, two in re.findall(r"= (\w+) \* (\w+);", text)]
    assert sorted(found) == sorted(multipliers(made))
    assert f"localparam LATENCY = {latency(made)};" in text


@given(designs())
def test_no_value_on_the_datapath_leaves_its_range(made):
    signals = made.trace(made.spec.input.codes())
    for number, term in enumerate(made.terms):
        for step in steps(term, made.u_bits):
            zeros = term.coefficients[-1].drop if step.power == term.degree - 1 else 0
            for name, held in (("p", step.product), ("h", step.h)):
                values = signals[f"{name}{number}_{step.power}"] >> (zeros if name == "p" else 0)
                assert held.low <= values.min(), name
                assert values.max() <= held.high, name


@pytest.mark.parametrize(
    ("low", "high", "width"),
    [
        (0, 0, 1),
        (-1, 0, 1),
        (-1, -1, 1),
        (-8, -8, 4),
        (-9, -8, 5),
        (5, 8, 5),
        (0, 1, 2),
        (-8, 7, 4),
        (-9, 0, 5),
        (0, 8, 5),
    ],
)
def test_signed_width_is_that_of_twos_complement(low, high, width):
    assert Range(low, high).signed_width == width


def test_ranges_of_products_are_those_of_all_pairs():
    for low, high in [(-3, 2), (1, 4), (-5, -2)]:
        pairs = np.outer(np.arange(low, high + 1), np.arange(-4, 4))
        assert Range(low, high) * Range(-4, 3) == Range(int(pairs.min()), int(pairs.max()))
