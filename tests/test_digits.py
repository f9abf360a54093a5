"""Terms of digits: what they mean, what the fit makes of them, and that C and Verilog say the same."""

import json
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import floor

import numpy as np
import pytest
from designs import designs, digit_terms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gelugen import Spec
from gelugen.accuracy import check
from gelugen.architectures import AUTO, DIGIT_SHAPES, get_architecture
from gelugen.design import Coefficient, Design, Dyadic, Term, Uniform
from gelugen.digits import Digit, Digits, bump, square
from gelugen.emit import emit
from gelugen.errors import GelugenError
from gelugen.fit import Unreachable
from gelugen.fit import digits as fit_digits
from gelugen.fit.bounds import r_bounds, rested
from gelugen.fit.parts import assembled
from gelugen.flow import generate
from gelugen.objectives import Objective
from gelugen.pipeline import multipliers, planned
from gelugen.schedule import deepest
from gelugen.search import architectures
from gelugen.spec import Target
from gelugen.store import write
from gelugen.synthesis.objective import task, work
from gelugen.verify import passed, verify

ONE = Digits((Digit(1, 0),), 3)


def column(values, width=2):
    return Coefficient(tuple(values), width, False)


def fitted(function, fmt, guarantee, architecture):
    spec = Spec(function, fmt, fmt, guarantee, architecture)
    return list(fit_digits.designs(spec, spec.golden(), get_architecture(architecture)))


# -- what they mean --------------------------------------------------------------------------------------------


def slow(term, u):
    """The value of a term at one u, by fractions and the head of the module."""
    if isinstance(term.map, Uniform):
        segment, start, leaf = u >> term.dx_bits, u >> term.dx_bits << term.dx_bits, term.dx_bits
    else:
        inside = [n for n, at in enumerate(term.map.starts) if at <= u < at + (1 << term.map.leaves[n])]
        segment = inside[0] if inside else term.depth
        start, leaf = (term.map.starts[segment], term.map.leaves[segment]) if inside else (0, 0)
    if segment >= term.depth:
        return 0
    dx = ((u - start) << term.dx_bits - leaf) - (1 << term.dx_bits - 1)
    made = term.digits
    if made.paired:
        meet = start + (0 if segment % 2 else 1 << term.dx_bits)
        z = floor(Fraction(u - meet, 2 << term.dx_bits) * 2**made.bits)
    else:
        z = floor(Fraction(dx, 1 << term.dx_bits - made.bits))
    z = -1 - z if made.reverse else z
    m = max(z, -1 - z)
    half = 1 << made.bits - 2 if made.bits > 1 else 1
    b, a = m % half, m // half
    z2 = floor(Fraction(b * (b + 1), 1 << made.bits - 1)) + a * (half // 2 + b)
    if made.paired and made.squares:
        z2 = slow_bump(z, made.bits)
    total = 0
    for digit, each in zip(made.each, term.coefficients[1:], strict=True):
        stored = each.values[segment]
        argument = {1: z, 2: z2}[digit.power]
        total += floor([0, argument, 2 * argument, -1 - argument][stored] * Fraction(2) ** digit.weight)
    lowest = term.coefficients[0]
    c = (lowest.base + lowest.values[segment]) * 2**lowest.drop
    return c - total if made.subtract else c + total


def slow_bump(z, bits):
    """The bump at z_1, by the distance to the nearer end of the segment."""
    length = 1 << bits - 1
    place = z % length
    near = Fraction(min(place, length - 1 - place), length)  # less than 1/2
    seen = min(bits - 2, 4)
    middle = (floor(near * 2 ** (seen + 1)) + Fraction(1, 2)) / 2 ** (seen + 1)
    return floor(80 * middle * (1 - middle))


@pytest.mark.parametrize("bits", range(5, 12))
def test_the_bump_is_a_parabola_over_each_segment(bits):
    z = np.arange(-(1 << bits - 1), 1 << bits - 1)
    assert bump(z, bits).tolist() == [slow_bump(int(each), bits) for each in z]
    assert bump(~z, bits).tolist() == bump(z, bits).tolist()


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_term_has_the_value_that_fractions_give_it(data):
    term = data.draw(digit_terms(5))
    u = np.arange(32)
    assert term.eval(u).tolist() == [slow(term, int(each)) for each in u]


@pytest.mark.parametrize("bits", range(3, 11))
def test_the_square_is_about_the_square(bits):
    z = np.arange(-(1 << bits - 1), 1 << bits - 1)
    found = square(z, bits)
    assert (found == square(~z, bits)).all()
    assert found.min() >= 0
    assert found.max() < 1 << bits - 1
    assert np.abs(found - z * (z + 1) / 2.0 ** (bits - 1)).max() < 1.5


def test_each_number_has_one_form_in_digits():
    values = [sum((0, 1, 2, -1)[d] * 4**n for n, d in enumerate(each)) for each in product(range(4), repeat=3)]
    assert sorted(values) == list(range(-21, 43))


@pytest.mark.parametrize(
    ("columns", "digits", "said"),
    [
        ((column([0]),), ONE, "one column for each of 1 digits"),
        ((column([0]), column([0], 3)), ONE, "a column of digits must have 2 bits"),
        ((column([0]), Coefficient((0,), 2, True)), ONE, "a column of digits must have 2 bits"),
        ((column([0]), column([0])), replace(ONE, bits=5), "a map of 5 bits"),
        ((column([1]), column([0], 0)), ONE, "must store a digit"),
    ],
)
def test_what_is_no_term_of_digits_is_refused(columns, digits, said):
    with pytest.raises(GelugenError, match=said):
        Term(Uniform(4), columns, (), digits)


@pytest.mark.parametrize(
    ("segment_map", "digits", "said"),
    [
        (Dyadic((3, 3)), Digits((Digit(1, 0),), 3, paired=True), "paired segments must be uniform"),
        (Uniform(0), Digits((Digit(1, 0),), 3, paired=True), "a map of 2 bits"),
        (Uniform(3), Digits((Digit(1, 0),), 5, paired=True), "a map of 4 bits"),
    ],
)
def test_what_cannot_be_paired_is_refused(segment_map, digits, said):
    with pytest.raises(GelugenError, match=said):
        Term(segment_map, (column([1, 2]), column([3, 0])), (), digits)


def test_a_bump_needs_five_bits():
    with pytest.raises(GelugenError, match="a bump needs 5 bits of dx, not 4"):
        Digits((Digit(2, 0),), 4, paired=True)


def test_json_keeps_what_is_paired():
    term = Term(Uniform(4), (column([1, 2]), column([3, 0])), (), Digits((Digit(2, -1),), 5, paired=True))
    assert Term.from_json(json.loads(json.dumps(term.to_json()))) == term
    data = term.to_json()
    data["digits"]["paired"] = 1
    with pytest.raises(TypeError):
        Term.from_json(data)


def test_json_keeps_every_field():
    each = (Digit(1, -3), Digit(2, 4))
    for reverse, subtract in product((False, True), repeat=2):
        term = Term(
            Dyadic((3, 3)), (column([1, 2]), column([3, 0]), column([0, 2])), (), Digits(each, 3, reverse, subtract)
        )
        assert Term.from_json(json.loads(json.dumps(term.to_json()))) == term
    data = term.to_json()
    data["digits"]["subtract"] = 1
    with pytest.raises(TypeError):
        Term.from_json(data)


# -- the fit ---------------------------------------------------------------------------------------------------

SMALL = [
    ("gelu", "q3.4", "faithful", "residual-uniform-digit-linear"),
    ("gelu", "q3.4", "correct", "residual-dyadic-digit-linear"),
    ("gelu", "q3.6", "correct", "residual-uniform-digit-quadratic"),
    ("gelu", "q3.4", "correct", "uniform-digit-quadratic"),
    ("tanh", "q2.5", "faithful", "odd-uniform-digit-linear"),
    ("sigmoid", "q3.5", "correct", "complement-uniform-digit-quadratic"),
    ("silu", "uint8:scale=0.05,zero_point=128", "faithful", "residual-dyadic-digit-linear"),
]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: "-".join(case[:1] + case[2:]))
def test_what_is_fitted_keeps_the_guarantee_without_a_multiplier(case):
    found = fitted(*case)
    assert found
    for design in found:
        check(design)
        (term,) = design.terms
        assert term.digits
        assert term.digits.squares == ("quadratic" in case[3])
        assert isinstance(term.map, Dyadic if "dyadic" in case[3] else Uniform)
        assert not multipliers(design)
        assert Design.from_json(json.loads(json.dumps(design.to_json()))) == design


@pytest.mark.slow
@pytest.mark.parametrize(
    ("guarantee", "architecture"),
    [("faithful", "residual-dyadic-digit-linear"), ("correct", "residual-uniform-digit-quadratic")],
)
def test_sixteen_bits_keep_the_guarantee(guarantee, architecture):
    found = fitted("gelu", "q3.12", guarantee, architecture)
    assert found
    for design in found:
        check(design)


def test_what_no_value_serves_is_refused():
    with pytest.raises(Unreachable, match="cannot keep the guarantee correct"):
        fitted("silu", "q3.4", "correct", "even-uniform-digit-linear")


def test_auto_takes_none():
    spec = Spec("gelu", "q3.4", "q3.4")
    assert spec.architecture == AUTO
    assert not any(each.digits for each in architectures(spec))
    assert {each.shape for shape in DIGIT_SHAPES for each in [get_architecture(f"odd-{shape}")]} == set(DIGIT_SHAPES)


def test_digits_are_no_multiplier():
    spec = Spec("gelu", "q3.4", "q3.4", exclude=["multiplier"])
    assert not spec.excludes(get_architecture("uniform-digit-quadratic"))
    assert spec.excludes(get_architecture("uniform-quadratic"))


# -- C and Verilog ---------------------------------------------------------------------------------------------


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("style", ["plain", "xc7", "ice40"])
@pytest.mark.parametrize("pipeline", [0, None, 5])
def test_c_and_verilog_are_bit_exact(tmp_path, style, pipeline):
    spec = Spec("gelu", "q3.6", "q3.6", "correct", "residual-uniform-digit-quadratic")
    made = generate(spec, tmp_path, target=Target("act", pipeline=pipeline, style=style))
    verdicts = verify(made.folder, ["cc", "icarus"])
    assert passed(verdicts), verdicts


@pytest.fixture(scope="module")
def paired():
    """A design of paired segments."""
    spec = Spec("gelu", "q3.9", "q3.9", "faithful", "residual-uniform-digit-quadratic")
    architecture = get_architecture(spec.architecture)
    bounds = rested(r_bounds(spec, spec.golden(), architecture, spec.guarantee))
    (found,) = fit_digits.fit_pairs(bounds)
    return assembled(spec, architecture, bounds, found)


def test_paired_segments_share_what_they_can(paired):
    check(paired)
    (term,) = paired.terms
    shared = [term.coefficients[0], *(term.coefficients[n] for n, d in enumerate(term.digits.each, 1) if d.power == 2)]
    for each in shared:
        assert each.values[0:-1:2] == each.values[1::2]


@pytest.mark.needs("cc", "icarus", "verilator")
@pytest.mark.parametrize(("style", "pipeline"), [("plain", 0), ("xc7", 6), ("ice40", 0), ("ice40", 6)])
def test_paired_segments_are_bit_exact_and_lint(tmp_path, paired, style, pipeline):
    files = emit(paired, Target("act", pipeline=pipeline, style=style))
    assert ("act_rom.v" in files) == (style == "ice40")
    write(tmp_path, "act", files)
    verdicts = verify(tmp_path / "act", ["cc", "icarus", "lint"])
    assert passed(verdicts), verdicts


@pytest.mark.needs("cc", "icarus", "verilator")
@given(st.data())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_drawn_is_bit_exact_and_lints(tmp_path_factory, data):
    base = data.draw(designs())
    term = data.draw(digit_terms(base.u_bits))
    design = replace(base, terms=(term,))
    style = data.draw(st.sampled_from(["plain", "xc7", "ice40"]))
    most = deepest(planned(design).levels)
    pipeline = data.draw(st.sampled_from([None, 0, most]) | st.integers(0, most))
    folder = tmp_path_factory.mktemp("drawn")
    write(folder, "act", emit(design, Target("act", pipeline=pipeline, style=style)))
    verdicts = verify(folder / "act", ["cc", "icarus", "lint"])
    assert passed(verdicts), verdicts


def test_the_usual_pipeline_has_one_register_behind_the_partial_products():
    (design, *_) = fitted("gelu", "q3.4", "faithful", "residual-uniform-digit-linear")
    assert planned(design).depth == 4


@pytest.mark.slow
@pytest.mark.needs("yosys")
def test_paired_segments_reach_the_goal_on_ice40():
    spec = Spec("gelu", "q3.12", "q3.12", "faithful", "residual-uniform-digit-quadratic")
    architecture = get_architecture(spec.architecture)
    bounds = rested(r_bounds(spec, spec.golden(), architecture, spec.guarantee))
    (found,) = fit_digits.fit_pairs(bounds)
    design = assembled(spec, architecture, bounds, found)
    luts = Objective.parse("luts:ice40").asked.luts
    assert work(task(design, luts, "ice40")).resources.luts <= 210
