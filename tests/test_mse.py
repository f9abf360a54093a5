"""``minimise = "mse"``: the lines are the optimum, on the published metric, on tiny formats and on 16 bits."""

import importlib.util
import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gelugen.architectures import DEGREES, get_architecture
from gelugen.design import Coefficient
from gelugen.errors import GelugenError
from gelugen.fit.mse import lattice
from gelugen.fit.mse import lines as lines_module
from gelugen.fit.mse import search as mse
from gelugen.fit.mse.lattice import Grid, Samples, moments, nearest, settled
from gelugen.fit.mse.lines import best_lines
from gelugen.fit.mse.search import fit_mse
from gelugen.functions import ball_function
from gelugen.golden import golden
from gelugen.spec import Spec


def fitted(spec, fold="residual", degree=1):
    name = ("" if fold == "none" else f"{fold}-") + f"free-{DEGREES[degree]}"
    return fit_mse(spec, golden(spec), get_architecture(name))


# -- the published metric --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitter():
    path = Path(__file__).parent.parent / "benchmarks" / "fitter.py"
    module_spec = importlib.util.spec_from_file_location("fitter", path)
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("function", "segments", "goal", "gqa_lut"),
    [
        ("erf-GELU", 8, 2.78e-5, 7.22e-5),
        ("erf-GELU", 16, 3.22e-6, 1.61e-5),
        ("hard-swish", 8, 1.11e-4, 3.33e-4),
        ("hard-swish", 16, 8.02e-6, 1.84e-5),
    ],
)
def test_the_published_metric_reaches_its_goal_to_the_digits_that_are_given(fitter, function, segments, goal, gqa_lut):
    assert fitter.CASES[function, segments] == (goal, gqa_lut)
    lines = fitter.fitted(function, segments)
    error = fitter.mean_square_error(function, lines)
    assert float(f"{error:.2e}") <= goal < gqa_lut
    assert error == pytest.approx(lines.error, rel=1e-9)
    assert len(lines.slopes) == segments
    assert (lines.ends[0], lines.ends[-1]) == (0, 8 * 64)


def test_the_benchmark_measures_what_numpy_does_on_lines_known_by_heart(fitter):
    relu = fitter.Lines((0, 256, 512), (0, 64), (0, 0), 0.0)
    expected = np.mean((np.maximum(fitter.X, 0) - fitter.FUNCTIONS["hard-swish"]) ** 2)
    assert fitter.mean_square_error("hard-swish", relu) == pytest.approx(expected, rel=1e-12)


# -- the best lines of samples ---------------------------------------------------------------------------------


def error_of(samples, grid, breaks, ends, slopes, intercepts):
    """The weighted square error of lines, and of 0 outside of them."""
    value = np.zeros(len(samples.x))
    for start, stop, slope, intercept in zip(ends, ends[1:], slopes, intercepts, strict=False):
        part = slice(breaks[start], breaks[stop])
        value[part] = slope * grid.slope * samples.x[part] + intercept * grid.intercept
    return float(np.sum(samples.weight * (samples.y - value) ** 2))


def brute_force(samples, grid, breaks, segments, idle):
    """The least error: every choice of ends, every slope of the range, every intercept that could be of use."""
    y = np.abs(samples.y).max() + max(abs(grid.low), abs(grid.high)) * grid.slope * np.abs(samples.x).max()
    most = int(np.ceil(y / grid.intercept)) + 1
    slopes, intercepts = np.arange(grid.low, grid.high + 1), np.arange(-most, most + 1)

    def cost(start, stop):
        part = slice(breaks[start], breaks[stop])
        value = slopes[:, None, None] * grid.slope * samples.x[part] + (intercepts * grid.intercept)[:, None]
        return float((samples.weight[part] * (samples.y[part] - value) ** 2).sum(axis=2).min())

    costs = {pair: cost(*pair) for pair in itertools.combinations(range(len(breaks)), 2)}
    best = float(np.sum(samples.weight * samples.y**2)) if idle else np.inf
    for count in range(1, segments + 1):
        for ends in itertools.combinations(range(len(breaks)), count + 1):
            if not idle and (ends[0], ends[-1]) != (0, len(breaks) - 1):
                continue
            squares = samples.weight * samples.y**2
            outside = squares[: breaks[ends[0]]].sum() + squares[breaks[ends[-1]] :].sum()
            best = min(best, float(outside) + sum(costs[pair] for pair in itertools.pairwise(ends)))
    return best


@st.composite
def problems(draw, most=7):
    count = draw(st.integers(2, most))
    x = np.cumsum(draw(st.lists(st.sampled_from([0.25, 1.0, 2.0]), min_size=count, max_size=count)))
    x += draw(st.sampled_from([-3.0, 0.0, 100.0]))
    y = np.array(draw(st.lists(st.integers(-24, 24), min_size=count, max_size=count))) / 8
    weight = np.array(draw(st.lists(st.sampled_from([0.0, 0.1, 1.0, 3.0]), min_size=count, max_size=count)))
    low = draw(st.integers(-6, 2))
    grid = Grid(
        draw(st.sampled_from([0.25, 1.0])), draw(st.sampled_from([0.5, 1.0])), low, low + draw(st.integers(0, 8))
    )
    return Samples(x, y, weight), grid


@settings(max_examples=60)
@given(problems(6), st.integers(1, 3), st.booleans())
def test_lines_are_as_good_as_brute_force_finds_them(problem, segments, idle):
    samples, grid = problem
    breaks = np.arange(len(samples.x) + 1)
    lines = best_lines(samples, breaks, segments, grid, idle=idle)
    assert len(lines.slopes) == len(lines.intercepts) == max(len(lines.ends) - 1, 0) <= segments
    assert all(grid.low <= slope <= grid.high for slope in lines.slopes)
    said = error_of(samples, grid, breaks, lines.ends, lines.slopes, lines.intercepts)
    assert lines.error == pytest.approx(said, abs=1e-9)
    assert said == pytest.approx(brute_force(samples, grid, breaks, segments, idle), abs=1e-9)


def test_lines_keep_to_the_breaks_that_are_allowed():
    x = np.arange(8.0)
    samples = Samples(x, np.where(x < 3, 0.0, 5.0), np.ones(8))
    grid = Grid(0.25, 1.0, -8, 8)
    free = best_lines(samples, np.arange(9), 2, grid, idle=False)
    assert (free.ends, free.slopes, free.intercepts, free.error) == ((0, 3, 8), (0, 0), (0, 5), 0.0)
    held = best_lines(samples, np.array([0, 2, 4, 8]), 2, grid, idle=False)
    assert held.ends in ((0, 1, 3), (0, 2, 3))
    assert held.error > 1


def test_samples_that_zero_fits_need_no_segment():
    samples = Samples(np.arange(5.0), np.zeros(5), np.ones(5))
    assert best_lines(samples, np.arange(6), 3, Grid(1.0, 1.0, -1, 1), idle=True).slopes == ()
    alone = best_lines(samples, np.arange(6), 3, Grid(1.0, 1.0, -1, 1), idle=False)
    assert (alone.ends, alone.slopes, alone.intercepts) == ((0, 5), (0,), (0,))


@given(problems(12), st.integers(1, 4), st.booleans())
def test_one_more_segment_is_never_worse(problem, segments, idle):
    samples, grid = problem
    breaks = np.arange(len(samples.x) + 1)
    fewer = best_lines(samples, breaks, segments, grid, idle=idle)
    more = best_lines(samples, breaks, segments + 1, grid, idle=idle)
    assert more.error <= fewer.error + 1e-12


@given(problems(12), st.data())
def test_no_choice_of_lines_is_better(problem, data):
    samples, grid = problem
    breaks = np.arange(len(samples.x) + 1)
    ends = sorted(data.draw(st.sets(st.sampled_from(breaks.tolist()), min_size=2, max_size=5)))
    count = len(ends) - 1
    slopes = data.draw(st.lists(st.integers(grid.low, grid.high), min_size=count, max_size=count))
    intercepts = data.draw(st.lists(st.integers(-20, 20), min_size=count, max_size=count))
    best = best_lines(samples, breaks, count, grid, idle=True)
    assert best.error <= error_of(samples, grid, breaks, ends, slopes, intercepts) + 1e-9


@settings(max_examples=30)
@given(problems(40), st.integers(1, 6), st.booleans())
def test_groups_of_breaks_and_slopes_left_open_change_nothing(problem, segments, idle):
    samples, grid = problem
    breaks = np.arange(len(samples.x) + 1)
    plain = best_lines(samples, breaks, segments, grid, idle=idle)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_GROUPS", 3)
        patch.setattr(lines_module, "_BATCH", 5)
        patch.setattr(lattice, "_TRIES", 1)
        patch.setattr(lattice, "_CHUNK", 3)
        grouped = best_lines(samples, breaks, segments, grid, idle=idle)
    assert grouped.error == pytest.approx(plain.error, abs=1e-9)
    said = error_of(samples, grid, breaks, grouped.ends, grouped.slopes, grouped.intercepts)
    assert said == pytest.approx(grouped.error, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_lines_that_lose_nothing_are_found_among_many_breaks(seed):
    rng = np.random.default_rng(seed)
    x, grid = np.arange(2000.0), Grid(1 / 64, 1 / 8, -64, 64)
    ends = np.concatenate([[0], np.sort(rng.choice(np.arange(1, 2000), 4, replace=False)), [2000]])
    y = np.concatenate(
        [rng.integers(-64, 64) / 64 * x[a:b] + rng.integers(-99, 99) / 8 for a, b in itertools.pairwise(ends)]
    )
    samples, breaks = Samples(x, y, rng.random(2000) / 3), np.arange(2001)
    lines = best_lines(samples, breaks, 5, grid, idle=False)
    assert error_of(samples, grid, breaks, lines.ends, lines.slopes, lines.intercepts) == 0
    assert len(lines.slopes) == 5


@given(problems())
def test_a_bound_of_a_line_is_a_bound_and_settling_proves_the_line(problem):
    samples, grid = problem
    ends = np.arange(1, len(samples.x) + 1)
    each = moments(samples, 0, ends)
    proven = settled(each, grid, nearest(each, grid))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lattice, "_TRIES", 1)
        early = nearest(each, grid)
        late = settled(each, grid, early)
    assert (early.least <= proven.found + 1e-12).all()
    assert (early.found >= proven.found - 1e-12).all()
    assert late.found == pytest.approx(proven.found, abs=1e-12)
    assert (late.least == late.found).all()


# -- designs ---------------------------------------------------------------------------------------------------


def terms_of(design):
    """p(u) - real in ulp at every input code, from the design's own signals and the golden values."""
    spec = design.spec
    codes = spec.input.codes()
    signals = design.trace(codes)
    idle = design.bias - (1 << design.shift >> 1)
    p = (signals["v"] - design.bias) / 2**design.shift
    real = golden(spec).scaled / 2**32
    if design.fold == "none":
        return p - (real + spec.output.zero_point)
    assert idle == -((1 << design.line_drop >> 1) << design.shift)
    return (signals["line"] - p) / 2**design.line_drop - real


def mean_square(design):
    return float(np.sum(design.spec.density.weights(design.spec.input) * terms_of(design) ** 2))


def test_a_design_by_example():
    spec = Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=4)
    design = fitted(spec)
    (term,) = design.terms
    assert (term.map.kind, term.degree, term.depth, design.shift) == ("breakpoints", 1, 4, 6)
    error = golden(spec).error(design.eval(spec.input.codes()))
    assert np.abs(error).max() < 1
    assert np.mean(error**2) < 0.04  # 0.033 is what rounding to the output costs alone


@pytest.mark.parametrize("fold", ["none", "residual"])
@pytest.mark.parametrize("degree", [0, 1])
@pytest.mark.parametrize("density", ["uniform", "gaussian:-0.5,0.75"])
@pytest.mark.parametrize("formats", [("q1.2", "q1.2"), ("q1.2", "q2.3"), ("q1.3", "q2.1"), ("uq2.2", "uq2.3")], ids=str)
def test_a_design_is_the_optimum_that_brute_force_finds(formats, fold, degree, density):
    spec = Spec("gelu", *formats, minimise="mse", segments=2, density=density, grid=2)
    design = fitted(spec, fold, degree)
    real, weight = residual(spec, fold)
    unit = spec.output.scale / 2**design.line_drop  # of real, in units of y
    x = np.arange(len(real)) * spec.input.scale
    samples = Samples(x, real * unit, weight)
    rise = np.diff(samples.y) / spec.input.scale * 4
    if fold == "none" and spec.input.signed:
        rise = np.delete(rise, len(rise) // 2)
    low, high = (int(np.floor(rise.min())), int(np.ceil(rise.max()))) if degree else (0, 0)
    least = brute_force(samples, Grid(0.25, 0.25, low, high), np.arange(len(x) + 1), 2, idle=True)
    assert mean_square(design) * spec.output.scale**2 == pytest.approx(least, abs=1e-9)


def residual(spec, fold):
    """What the terms must give in units of r, and its weight, for every u; nothing saturates in these formats."""
    real, weight = golden(spec).scaled / 2**32, spec.density.weights(spec.input)
    codes = spec.input.codes()
    if fold == "none":
        order = np.argsort(codes % (1 << spec.input.bits))
        return real[order], weight[order]
    power = int(np.log2(spec.input.scale / spec.output.scale))
    left = np.maximum(codes, 0) * 2.0 ** max(power, 0) - real * 2.0 ** max(-power, 0)
    u = np.abs(codes)
    joined = np.zeros(u.max() + 1)
    joined[u] = left
    return joined, np.bincount(u, weight)


@pytest.mark.parametrize("grid", [3, 6, 9])
@pytest.mark.parametrize("fold", ["none", "residual"])
def test_slopes_and_intercepts_are_on_the_stated_grid(fold, grid):
    spec = Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=6, grid=grid)
    design = fitted(spec, fold)
    (term,) = design.terms
    half = 1 << term.dx_bits >> 1
    c0, c1 = ([(c.base + value) << c.drop for value in c.values] for c in term.coefficients)
    for start, value, slope in zip(term.map.starts, c0, c1, strict=True):
        intercept = (value - slope * (start + half)) / 2**design.shift  # in ulp, at u = 0
        assert slope / 2**design.shift * 2**grid % 1 == 0
        assert intercept * spec.output.scale * 2**grid % 1 == 0


def test_a_histogram_moves_the_segments_to_where_the_codes_are(tmp_path):
    path = tmp_path / "acts.csv"
    path.write_text("".join(f"{code},{int(-24 <= code < 0)}\n" for code in range(-128, 128)))
    asked = {"minimise": "mse", "segments": 2}
    there = fitted(Spec("gelu", "q3.4", "q3.4", density=f"histogram:{path}", **asked))
    anywhere = fitted(Spec("gelu", "q3.4", "q3.4", **asked))
    assert there.terms[0].map.points[-1] <= 25  # the last code that occurs is |-24|
    used = slice(128 - 24, 128)
    assert np.sum(terms_of(there)[used] ** 2) < np.sum(terms_of(anywhere)[used] ** 2)


@pytest.mark.parametrize("formats", [("q3.4", "q1.6"), ("q3.4", "uq1.7"), ("q3.4", "uq3.5")], ids=str)
@pytest.mark.parametrize("fold", ["none", "residual"])
def test_a_design_saturates_where_the_function_leaves_the_output(formats, fold):
    spec = Spec("gelu", *formats, minimise="mse", segments=16, grid=10)
    outputs = fitted(spec, fold).eval(spec.input.codes())
    real = golden(spec).scaled / 2**32
    low, high = spec.output.code_min, spec.output.code_max
    assert ((real >= high) == (outputs == high))[real >= high].all()
    assert np.abs(outputs - golden(spec).codes).max() <= 2
    assert (np.abs(outputs[real <= low] - low) <= 1).all()


@pytest.mark.parametrize(
    ("fold", "function", "output"),
    [
        ("odd", "tanh", "q0.7"),
        ("even", ball_function(lambda x: (-x * x / 2).exp(), name="test:bell"), "uq0.8"),
        ("complement", "sigmoid", "int8:scale=0x1p-8,zero_point=-128"),
    ],
    ids=["odd", "even", "complement"],
)
def test_every_fold_has_its_lines(fold, function, output):
    spec = Spec(function, "q3.4", output, minimise="mse", segments=10, grid=12)
    design = fitted(spec, fold)
    error = golden(spec).error(design.eval(spec.input.codes()))
    assert np.abs(error).max() < 1
    assert np.mean(error**2) < 1 / 12 + 0.03  # what rounding to the output costs, and a little
    assert (design.terms[0].depth, design.one) == (10, 256 if fold == "complement" else 0)


def test_a_code_that_saturates_does_not_count_where_its_partner_does_not(tmp_path):
    # from code 33 on gelu(x) is above q1.6: |x| from there on is fitted for the negative codes alone
    designs = []
    for weight in (0, 50):
        path = tmp_path / f"{weight}.txt"
        path.write_text("".join(f"{code} {weight if code >= 33 else 1}\n" for code in range(-128, 128)))
        spec = Spec("gelu", "q3.4", "q1.6", minimise="mse", segments=6, density=f"histogram:{path}")
        designs.append(fitted(spec))
    assert designs[0].terms == designs[1].terms


@pytest.mark.parametrize(
    "function", ["tanh", ball_function(lambda x: -x.tanh(), name="test:minus_tanh")], ids=["tanh", "minus tanh"]
)
def test_where_both_codes_of_a_pair_saturate_the_terms_reach_past_the_output(function):
    spec = Spec(function, "q3.4", "int8:scale=0x1p-8", minimise="mse", segments=12)
    truth = golden(spec)
    outputs = fitted(spec, "odd").eval(spec.input.codes())
    outside = np.abs(spec.input.codes()) >= 9  # tanh(9 / 16) is 0.51
    assert (outputs[outside] == truth.codes[outside]).all()


def test_an_output_zero_point_is_kept_without_a_fold():
    spec = Spec("gelu", "q3.4", "int8:scale=0.0625,zero_point=-20", minimise="mse", segments=12)
    error = golden(spec).error(fitted(spec, "none").eval(spec.input.codes()))
    assert np.abs(error).max() < 1


@pytest.mark.parametrize("fold", ["none", "residual"])
def test_slopes_are_searched_from_the_steepest_fall_to_the_steepest_rise(fold, monkeypatch):
    grids = []
    monkeypatch.setattr(
        mse, "best_lines", lambda *given, **named: grids.append(given[3]) or best_lines(*given, **named)
    )
    fitted(Spec("gelu", "q2.5", "q2.5", minimise="mse", segments=8, grid=10), fold)
    x = np.arange(-128, 128) / 32 if fold == "none" else np.arange(129) / 32
    gelu = np.array([each / 2 * (1 + math.erf(each / math.sqrt(2))) for each in x])
    slopes = np.diff(gelu if fold == "none" else x - gelu) * 32 * 2**10
    assert grids == [Grid(2**-10, 2**-5, math.floor(slopes.min()), math.ceil(slopes.max()))]


def test_nothing_is_stored_for_codes_that_saturate_by_themselves():
    # below zero gelu saturates at 0, from code 33 on at the top: relu alone is right from there on
    design = fitted(Spec("gelu", "q3.4", "uq1.7", minimise="mse", segments=8))
    assert design.terms[0].map.points[-1] <= 33


@pytest.mark.parametrize("fold", ["none", "residual"])
@pytest.mark.parametrize("degree", [0, 1])
@pytest.mark.parametrize("grid", [4, 7])
def test_columns_are_as_narrow_as_their_values(grid, degree, fold):
    spec = Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=5, grid=grid)
    for column in fitted(spec, fold, degree).terms[0].coefficients:
        assert any(value & 1 for value in column.values)
        for signed in (False, True):
            with pytest.raises(GelugenError):
                Coefficient(column.values, column.width - 1, signed, column.drop)


def test_odd_scales_get_the_steps_that_the_datapath_has():
    spec = Spec("gelu", "int8:scale=0.05,zero_point=-3", "int8:scale=0.05,zero_point=-120", minimise="mse", segments=8)
    design = fitted(spec)
    assert spec.grid == 7
    assert design.shift == 7  # a slope of 2^-7
    error = golden(spec).error(design.eval(spec.input.codes()))
    assert np.abs(error).max() < 1


def test_sixteen_bits_are_exact_too():
    spec = Spec("gelu", "q3.12", "q3.12", minimise="mse", segments=8)
    design = fitted(spec)
    found = mean_square(design)
    # Every other choice of one breakpoint, with the lines that are best then, is no better.
    points = np.array(design.terms[0].map.points)
    real, weight = residual(spec, "residual")
    samples = Samples(np.arange(len(real), dtype=float), real, weight)
    grid = Grid(2.0**-14, 2.0**-2, -(1 << 15), 1 << 15)
    for index, step in itertools.product(range(len(points)), (-9, -1, 1, 9)):
        moved = points.copy()
        moved[index] += step
        squares = weight * real**2
        error = squares[: moved[0]].sum() + squares[moved[-1] :].sum()
        for start, stop in itertools.pairwise(moved.tolist()):
            each = moments(samples, start, np.array([stop]))
            error += settled(each, grid, nearest(each, grid)).found[0]
        assert error >= found * (1 - 1e-9)


# -- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "fold", "degree", "named"),
    [
        (("correct",), "residual", 1, "guarantee correct is asked for"),
        ((), "residual", 2, "residual-free-quadratic does not minimise mse"),
        ((), "odd", 1, "architecture odd-free-linear has the fold odd, which gelu has not"),
    ],
)
def test_what_this_fit_cannot_do_is_refused(spec, fold, degree, named):
    asked = {} if spec else {"minimise": "mse", "segments": 4}
    with pytest.raises(GelugenError, match=re.escape(named)):
        fitted(Spec("gelu", "q3.4", "q3.4", *spec, **asked), fold, degree)


@pytest.mark.parametrize(
    ("grid", "named"),
    [(40, "grid 40 is too fine"), (-40, "grid -40 is too coarse"), (30, "grid 30 needs coefficients of more than 32")],
)
def test_a_grid_that_the_datapath_lacks_is_refused(grid, named):
    with pytest.raises(GelugenError, match=re.escape(named)):
        fitted(Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=4, grid=grid))


@pytest.mark.parametrize("name", ["residual-uniform-linear", "table"])
def test_segments_that_are_not_free_are_refused(name):
    spec = Spec("gelu", "q3.4", "q3.4", minimise="mse", segments=4)
    with pytest.raises(GelugenError, match=f"architecture {name} does not minimise mse: take free-linear"):
        fit_mse(spec, golden(spec), get_architecture(name))


def test_a_fold_that_the_formats_do_not_have_is_refused():
    with pytest.raises(GelugenError, match="power of two"):
        fitted(Spec("gelu", "q3.4", "int8:scale=0.03", minimise="mse", segments=4))
