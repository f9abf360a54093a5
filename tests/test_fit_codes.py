"""Polynomials in the code itself: guarantees, 16 and 32 bits, no clamp, and the arithmetic that processors have."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gelugen.accuracy import check
from gelugen.architectures import get_architecture
from gelugen.design import Design
from gelugen.emit import c
from gelugen.emit.contract import Contract
from gelugen.errors import GelugenError
from gelugen.fit import codes, fit
from gelugen.fit.bounds import r_bounds, rested
from gelugen.fit.codes.forms import Form
from gelugen.search import architectures, build
from gelugen.spec import Spec, Target
from gelugen.verify.c import sweep_c

Q = ("q3.12", "q3.12", "faithful")
NAMES = ["uniform-code-quadratic"] * 2 + ["residual-uniform-code-linear", "residual-dyadic-code-quadratic"]
HALF, WORD = 1 << 15, 1 << 31


def every(spec):
    return list(codes.designs(spec, spec.golden()))


@pytest.fixture(scope="module")
def fitted():
    return every(Spec("gelu", *Q))


def column(term, power):
    return np.array(term.coefficients[power].values)


def int32(numbers):
    """The same numbers, once it is sure that they are some of 32 bits."""
    assert numbers.min() >= -WORD
    assert numbers.max() < WORD
    return numbers


def assert_small(design):
    """The guarantee without a clamp, and every number on the way in its 16 or 32 bits."""
    check(design)
    form = design.output
    trace = design.trace(design.spec.input.codes())
    assert form.code_min <= trace["sum"].min()
    assert trace["sum"].max() <= form.code_max
    assert len(design.terms) < 2
    for term in design.terms:
        c0, c1 = column(term, 0), column(term, 1)
        assert np.abs(c1).max() < HALF
        if term.degree == 1:
            assert np.abs(c0 + design.bias).max() < HALF
            continue
        c2 = column(term, 2)
        assert np.abs(c2).max() < HALF
        packed = (c1 << 16) + term.leak * c2
        assert (term.coefficients[1].drop, term.shifts) in [(16, (0, 16)), (16 - term.shifts[0], (term.shifts[0], 0))]
        t_whole = trace["p0_1"] + (column(term, 1) << 16)[term.map.locate(trace["u"])[0] % term.depth]
        product = trace["p0_0"] >> term.shifts[1]
        inside = term.map.locate(trace["u"])[0] < term.depth
        for numbers in (packed, c0, c0 + design.bias, t_whole[inside], product, trace["v"]):
            int32(numbers)


# -- guarantees --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guarantee", ["faithful", "correct", "ulp:1.5"])
@pytest.mark.parametrize(
    ("function", "formats"),
    [
        ("gelu", ("q3.4", "q3.4")),
        ("gelu", ("q3.6", "q3.6")),
        ("swish", ("q3.6", "q3.8")),
        ("tanh", ("q3.6", "q0.7")),
        ("sigmoid", ("int8:scale=0.05,zero_point=-3", "uint8:scale=fit")),
        ("mish", ("uint9:scale=0.03,zero_point=300", "int10:scale=fit,zero_point=-200")),
        ("gelu", ("uq3.6", "uq3.6")),
    ],
    ids=str,
)
def test_every_design_is_small_and_keeps_its_guarantee(function, formats, guarantee):
    spec = Spec(function, *formats, guarantee)
    found = every(spec)
    assert {each.architecture for each in found} <= set(NAMES)
    if function == "gelu" and guarantee != "correct":
        assert [each.architecture for each in found] == NAMES
    for design in found:
        assert_small(design)


@settings(max_examples=20)
@given(st.data())
def test_designs_of_random_specs_are_small_and_keep_their_guarantees(data):
    scales = st.sampled_from([0.03, 0.0625, 0.07, 0.125])
    texts = []
    for signed in (data.draw(st.booleans(), "signed in"), data.draw(st.booleans(), "signed out")):
        bits = data.draw(st.integers(4, 8), "bits")
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        zero = data.draw(st.integers(low, high), "zero point")
        texts.append(f"{'int' if signed else 'uint'}{bits}:scale={data.draw(scales, 'scale')},zero_point={zero}")
    function = data.draw(st.sampled_from(["gelu", "swish", "tanh", "sigmoid", "relu", "softplus"]), "function")
    spec = Spec(function, *texts, data.draw(st.sampled_from(["faithful", "correct", "ulp:1", "ulp:2.5"]), "guarantee"))
    for design in every(spec):
        assert_small(design)
        assert Design.from_json(design.to_json()) == design


@settings(max_examples=15)
@given(
    st.sampled_from(["even-", "odd-", "complement-", "residual-", ""]),
    st.sampled_from(["uniform-code-linear", "uniform-code-quadratic", "dyadic-code-quadratic"]),
    st.sampled_from(["gelu", "tanh", "sigmoid", "normal_pdf"]),
    st.sampled_from(["q3.4", "q2.6"]),
)
def test_every_fold_keeps_the_guarantee_or_refuses(fold, shape, function, form):
    spec = Spec(function, form, form, "faithful", fold + shape)
    bounds = r_bounds(spec, spec.golden(), get_architecture(spec.architecture), spec.guarantee)
    if (bounds.low > bounds.high).any():
        with pytest.raises(GelugenError, match=f"{fold + shape} cannot keep"):
            build(spec)
    else:
        assert_small(build(spec))


def test_saturation_is_not_relied_on():
    """The output is cut off at 2, at steps of four codes: no parabola bends there, and a clamp is not to be had."""
    spec = Spec("gelu", "q3.6", "q1.8", "faithful", "uniform-code-quadratic")
    assert every(spec) == []
    with pytest.raises(GelugenError, match="uniform-code-quadratic has no design that keeps"):
        build(spec)


def test_an_intercept_of_seventeen_bits_is_refused():
    with pytest.raises(GelugenError, match="has no design that keeps"):
        build(Spec("sigmoid", "q2.9", "uq0.16", "faithful", "complement-uniform-code-linear"))
    assert_small(build(Spec("sigmoid", "q2.9", "uq0.16", "faithful", "complement-uniform-code-quadratic")))


@pytest.mark.parametrize("form", ["int10:scale=0.018", "q3.6"])
def test_steep_lines_have_slopes_of_sixteen_bits(form):
    assert_small(build(Spec("normal_pdf", form, "uq0.7", "faithful", "even-uniform-code-linear")))


@pytest.mark.parametrize(
    ("form", "words", "bias"),
    [
        (Form.lines(16), (0, HALF, 0), 0),
        (Form.lines(16), (0, 1 - HALF, HALF), 0),
        (Form.lines(16), (0, 0, HALF - 2), 2),
        (Form.wide(3), (HALF, 0, 0), 0),
        (Form.wide(3), (-300, HALF, 0), 0),  # t has 32 bits, c_1 has not 16
        (Form.wide(3), (20000, HALF - 1, 0), 0),  # t has not 32 bits
        (Form.wide(3), (0, 20000, WORD - 2**21), 0),  # the sum
        (Form.wide(3), (0, 0, WORD), -1),  # c_0
        (Form.wide(3), (0, -200, WORD - 2), 2),  # c_0 as it is packed
        (Form.narrow(3, 12), (HALF, 0, 0), 0),
        (Form.narrow(3, 12), (2000, HALF - 1, 0), 0),  # W - n * dx
        (Form.narrow(3, 0), (0, 200, -WORD // 2), 0),  # t * dx
        (Form.narrow(3, 12), (0, 0, WORD), 0),
    ],
    ids=str,
)
def test_numbers_of_more_bits_are_refused(form, words, bias):
    dx = np.array([100, 200])
    assert not form.fits(*(np.array([each]) for each in words), dx, bias)[0]
    smaller = [np.array([each // 4]) for each in words]
    assert form.fits(*smaller, dx, bias)[0]


def test_two_widths_have_no_negative_r_where_none_is_needed():
    for guarantee in ("faithful", "ulp:1.5"):
        design = build(Spec("gelu", "q3.8", "q3.8", guarantee, "residual-dyadic-code-quadratic"))
        assert design.trace(design.spec.input.codes())["r"].min() == 0


def test_a_fold_that_the_formats_do_not_allow_is_left_out():
    spec = Spec("gelu", "int8:scale=0.05", "int8:scale=0.03", "ulp:2")
    assert {each.architecture for each in every(spec)} == {"uniform-code-quadratic"}


def test_relu_needs_no_table():
    *parabolas, lines, two_widths = every(Spec("relu", "q3.6", "q3.6"))
    assert lines.terms == two_widths.terms == ()
    assert [each.terms[0].depth for each in parabolas] == [2, 2]
    assert [codes.table_bytes(each) for each in (*parabolas, lines)] == [16, 16, 0]


def test_without_a_guarantee_the_fit_refuses():
    spec = Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=4)
    with pytest.raises(GelugenError, match="needs a guarantee"):
        every(spec)


def test_auto_leaves_them_to_who_names_them():
    assert not any(each.codes for each in architectures(Spec("gelu", "q3.4", "q3.4")))
    named = Spec("gelu", "q3.6", "q3.6", "faithful", "uniform-code-quadratic")
    assert build(named).architecture == "uniform-code-quadratic"
    assert fit(named, named.golden(), get_architecture("uniform-code-quadratic")).terms[0].leak


# -- the argument --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "shown"),
    [("int8:scale=0.05,zero_point=7", lambda q: q), ("uint8:scale=0.05,zero_point=130", lambda q: q)],
    ids=["signed", "unsigned"],
)
def test_dx_is_the_code(form, shown):
    design = every(Spec("gelu", form, "int8:scale=fit", "faithful"))[0]
    inputs = design.spec.input.codes()
    dx = design.trace(inputs)["dx0"]
    assert (dx == shown(inputs)).all()


@pytest.mark.slow
def test_dx_of_sixteen_bits_without_a_sign_has_sixteen_bits():
    design = every(Spec("gelu", "uint16:scale=0.0002,zero_point=32768", "q3.12", "faithful"))[0]
    dx = design.trace(design.spec.input.codes())["dx0"]
    assert (dx.min(), dx.max()) == (-32768, 32767)
    assert_small(design)


def test_dx_of_a_fold_is_the_magnitude():
    for design in every(Spec("gelu", "q3.6", "q3.6", "faithful"))[2:]:
        trace = design.trace(design.spec.input.codes())
        inside = trace["u"] < design.terms[0].map.end(design.terms[0].depth)
        assert (trace["dx0"] == trace["u"])[inside].all()


# -- sizes, and that nothing longer serves ---------------------------------------------------------------------


def test_sixteen_bits_take_half_a_kilobyte_and_two_widths_ninety_six_bytes(fitted):
    assert [each.architecture for each in fitted] == NAMES
    assert [each.terms[0].depth for each in fitted if each.terms[0].degree == 2] == [64, 64, 12]
    assert [codes.table_bytes(each) for each in fitted] == [512, 512, 512, 96]
    assert [codes.row_bytes(each.terms[0]) for each in fitted] == [8, 8, 4, 8]
    assert fitted[2].terms[0].map.dx_bits == 7
    for design in fitted:
        assert_small(design)


def test_no_longer_lines_would_serve():
    """Against brute force: every slope of 16 bits, every shift that is tried, on segments twice as long."""
    spec = Spec("gelu", "q3.6", "q3.6", "faithful")
    architecture = get_architecture("residual-uniform-code-linear")
    bounds = rested(r_bounds(spec, spec.golden(), architecture, spec.guarantee))
    design = next(each for each in every(spec) if each.architecture == architecture.name)
    longer = 2 << design.terms[0].map.dx_bits
    slopes = np.arange(1 - HALF, HALF)[:, None]

    def served(start, outer):
        u = np.arange(start, min(start + longer, len(bounds.low)))
        added = slopes * u >> outer
        return ((bounds.low[u] - added).max(axis=1) <= (bounds.high[u] - added).min(axis=1)).any()

    starts = range(0, len(bounds.low), longer)
    assert not any(all(served(start, outer) for start in starts) for outer in range(16, 8, -1))


def test_far_out_the_output_is_relu_itself(fitted):
    for design in fitted:
        inputs = design.spec.input.codes()
        far = np.abs(inputs) > 4.25 * 4096
        assert (design.eval(inputs) == np.maximum(inputs, 0))[far].all()
    for design in fitted[:2]:
        assert not column(design.terms[0], 2)[[*range(15), *range(50, 64)]].any()  # straight lines


# -- what processors compute, step by step ---------------------------------------------------------------------


def rows(design):
    """The word of a row, in whose halves c_1 and c_2 or -c_2 are packed, and c_0."""
    (term,) = design.terms
    word = int32((column(term, 1) << 16) + term.leak * column(term, 2))
    return word, int32(column(term, 0) + design.bias)


def low_half(word):
    return ((word & 0xFFFF) ^ HALF) - HALF


def parabola(design, row, dx):
    word, c0 = rows(design)
    if design.terms[0].leak > 0:  # SMLABB, SMLAWB
        t = int32(int32(low_half(word)[row] * dx) + word[row])
        return int32(c0[row] + (t * dx >> 16)) >> design.shift
    t = int32(word[row] - int32(low_half(word)[row] * dx)) >> design.terms[0].shifts[0]
    return int32(c0[row] + int32(t * dx)) >> design.shift


@pytest.mark.parametrize("number", [0, 1], ids=["wide", "narrow"])
def test_the_kernel_of_parabolas_is_the_design(fitted, number):
    design = fitted[number]
    x = design.spec.input.codes()
    assert (parabola(design, (x >> 10) + 32, x) == design.eval(x)).all()


def lines(design, count):
    """VQABS, VMIN, VSHR, gathers, VMULH: |-32768| is 32767, and the last of a power of two of rows is constant."""
    x = design.spec.input.codes()
    (term,) = design.terms
    assert term.shifts == (16,)
    assert term.depth < count
    c0, c1 = (np.concatenate([column(term, each), np.zeros(count - term.depth, dtype=int)]) for each in (0, 1))
    u = np.minimum(np.abs(x), 32767)
    row = np.minimum(u, (count << term.dx_bits) - 1) >> term.dx_bits
    return np.maximum(x, 0) - (design.bias + c0[row] + (u * c1[row] >> 16))


def test_the_kernel_of_lines_is_the_design(fitted):
    assert not fitted[2].bias  # the last row is zero
    assert (lines(fitted[2], 128) == fitted[2].eval(fitted[2].spec.input.codes())).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "count"), [("q3.12", 256), ("int16:scale=0.00000762939453125", 64)], ids=["flat", "steep"]
)
def test_the_kernel_of_lines_is_the_design_where_the_residual_does_not_vanish(form, count):
    design = build(Spec("swish", form, form, "faithful", "residual-uniform-code-linear"))
    assert design.bias
    assert (lines(design, count) == design.eval(design.spec.input.codes())).all()


def test_the_kernel_of_two_widths_is_the_design(fitted):
    """USAT16 gives no more than 14 and 13 bits of |x|, which wraps or not; no r is negative, so that two are packed."""
    design = fitted[3]
    x = design.spec.input.codes()
    for last in (0, 32767):  # of -32768, by SSUB16 and by QSUB16
        u = np.minimum(np.where(x == -32768, last, np.abs(x)), 16383)
        row = u + np.minimum(u, 8191) >> 11
        r = parabola(design, row, u)
        assert r.min() >= 0
        assert (np.maximum(x, 0) - r == design.eval(x)).all()
    differs = design.terms[0].map.locate(u)[0] != row
    assert sorted(set(u[differs].tolist())) == [8192, 10240, 12288, 14336]  # so the pins have something to do


def test_leaves_of_two_widths_are_two_octaves(fitted):
    leaves = fitted[3].terms[0].map.leaves
    assert [one for one, two in pairwise(leaves) if one != two] == [10]
    assert leaves == (10,) * 8 + (11,) * 4


@pytest.mark.needs("cc")
def test_the_plain_c_is_the_design(tmp_path):
    for number, design in enumerate(every(Spec("gelu", "q3.6", "q3.6", "faithful"))):
        target = Target(f"act{number}")
        for file, text in c.files(design, target, Contract.of(design, target)).items():
            (tmp_path / file).write_text(text)
        verdict = sweep_c(
            "gcc", "gcc", ["-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all"], tmp_path, target.name, design
        )
        assert (verdict.status, verdict.checked) == ("pass", 1024), verdict
