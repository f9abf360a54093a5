"""Designs without a multiplier: sums of tables keep every bound, constants on segments are what brute force finds."""

from dataclasses import replace
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gelugen.architectures import Architecture
from gelugen.fit.bounds import FREE, Bounds, r_bounds
from gelugen.fit.constants.steps import fit_dyadic_steps, fit_steps
from gelugen.fit.parts import Fit
from gelugen.fit.sums.multipartite import Sum, Table, Target, width_of
from gelugen.fit.sums.search import fit_tables
from gelugen.fit.sums.splits import choices, means, widths
from gelugen.fit.verified import verified
from gelugen.golden import golden
from gelugen.maps import Breakpoints, Dyadic, Offset, Uniform
from gelugen.spec import Spec
from gelugen.terms import Coefficient, Term, constant_bits

NO_FIT = 10**9


@cache
def bounds_of(form, guarantee, fold="residual", function="gelu"):
    spec = Spec(function, form, form, guarantee)
    return r_bounds(spec, golden(spec), Architecture("", "", fold, "sum", 0), spec.guarantee)


def bounds_from(pairs):
    """Bounds from (low, high) pairs, None where nothing binds."""
    low = np.array([-FREE if low is None else low for low, _ in pairs])
    high = np.array([FREE if high is None else high for _, high in pairs])
    some = np.where(low > -FREE, low, np.where(high < FREE, high, 0))
    return Bounds(low, high, some.astype(np.float64))


def r_of(found, u):
    """What the datapath gives for one u, in plain integers, straight from the description of the maps."""
    v = found.bias
    for term in found.terms:
        (column,) = term.coefficients
        turned = False
        match term.map:
            case Uniform(dx_bits):
                index = u >> dx_bits
            case Offset(high, low, 1):
                index, turned = u >> high, not u >> low & 1
            case Breakpoints(points):
                index = next((i for i, (one, two) in enumerate(pairwise(points)) if one <= u < two), -1)
            case Dyadic(leaves):
                ends = np.cumsum([1 << leaf for leaf in leaves]).tolist()
                index = next((i for i, end in enumerate(ends) if u < end), -1)
        if 0 <= index < len(column.values):
            stored = column.values[index]
            v += (column.base + (-1 - stored if turned else stored)) * 2**column.drop
    return v // 2**found.shift


def assert_sound(found, bounds):
    values = [r_of(found, u) for u in range(len(bounds.low))]
    assert [u for u, r in enumerate(values) if not bounds.low[u] <= r <= bounds.high[u]] == []
    counted = 0
    for term in found.terms:
        (column,) = term.coefficients
        counted += len(column.values) * column.width + term.map.rom_bits + constant_bits(column.base)
    assert found.bits == counted


small_bounds = st.lists(
    st.tuples(st.integers(-2, 4), st.integers(0, 3), st.sampled_from("bbbbbblh")).map(
        lambda each: (None if each[2] == "l" else each[0], None if each[2] == "h" else each[0] + each[1])
    ),
    min_size=1,
    max_size=5,
).map(bounds_from)


# -- constants on segments, against brute force --------------------------------------------------------------


def cheapest_words(bounds, segments, outside):
    """The fewest bits of words and base for words on these segments, and the bias on the rest of u."""
    size = len(bounds.low)
    allowed = [bias for bias in range(-3, 9) if all(bounds.low[u] <= bias <= bounds.high[u] for u in outside)]
    needs = []
    for one, two in segments:
        inside = slice(one, min(two, size))
        needs.append((bounds.low[inside].max(initial=-FREE), bounds.high[inside].min(initial=FREE)))
    best = NO_FIT
    for width in range(5):
        for first in range(-10, 10):
            last = first + (1 << width) - 1
            if all(max(low, first) <= min(high, last) for low, high in needs):
                bases = [first - bias for bias in allowed]
                bases += [base + (1 << width - 1) for base in bases if width]
                best = min([best, *(len(segments) * width + constant_bits(base) for base in bases)])
    return best


def brute_force_steps(bounds):
    size = len(bounds.low)
    beyond = 1 << (size - 1).bit_length()
    best = NO_FIT
    for count in range(2, size + 2):
        for points in combinations(sorted({*range(size + 1), beyond}), count):
            cost = Breakpoints(points).rom_bits
            outside = [u for u in range(size) if not points[0] <= u < points[-1]]
            best = min(best, cost + cheapest_words(bounds, list(pairwise(points)), outside))
    return best


def splits(level):
    yield (level,)
    if level:
        for left in splits(level - 1):
            for right in splits(level - 1):
                yield (*left, *right)


def brute_force_dyadic(bounds):
    size = len(bounds.low)
    best = NO_FIT
    for level in range(max(size - 1, 1).bit_length() + 1):
        for leaves in splits(level):
            points = [0, *np.cumsum([1 << leaf for leaf in leaves]).tolist()]
            for depth in range(1, len(leaves) + 1):
                words = cheapest_words(bounds, list(pairwise(points[: depth + 1])), range(points[depth], size))
                best = min(best, Dyadic(leaves).rom_bits + words)
    return best


def constant_will_do(bounds):
    return bounds.low.max() <= bounds.high.min()


@settings(max_examples=40)
@given(small_bounds)
def test_steps_are_as_small_as_brute_force_finds(bounds):
    found = fit_steps(bounds)
    assert_sound(found, bounds)
    assert found.bits == (0 if constant_will_do(bounds) else brute_force_steps(bounds))


@settings(max_examples=40)
@given(small_bounds)
def test_dyadic_steps_are_as_small_as_brute_force_finds(bounds):
    found = fit_dyadic_steps(bounds)
    assert_sound(found, bounds)
    assert found.bits == (0 if constant_will_do(bounds) else brute_force_dyadic(bounds))


@pytest.mark.parametrize("form", ["q1.2", "q2.2", "q0.3"])
@pytest.mark.parametrize("guarantee", ["correct", "faithful"])
def test_constants_of_tiny_formats_are_as_small_as_brute_force_finds(form, guarantee):
    bounds = bounds_of(form, guarantee)
    bounds = replace(bounds, low=bounds.low[:9], high=bounds.high[:9], ideal=bounds.ideal[:9])
    if constant_will_do(bounds):
        assert fit_steps(bounds).bits == fit_dyadic_steps(bounds).bits == 0
    else:
        assert fit_steps(bounds).bits == brute_force_steps(bounds)
        assert fit_dyadic_steps(bounds).bits == brute_force_dyadic(bounds)


@given(small_bounds, st.sampled_from([fit_steps, fit_dyadic_steps]))
def test_a_limit_is_kept_and_the_smallest_is_found_just_below_it(bounds, fit):
    found = fit(bounds)
    assert fit(bounds, found.bits) is None
    assert fit(bounds, found.bits + 1).bits == found.bits


@pytest.mark.parametrize("fit", [fit_steps, fit_dyadic_steps, fit_tables])
def test_bounds_that_contradict_each_other_have_no_fit(fit):
    assert fit(bounds_from([(0, 1), (2, 1), (5, 5)])) is None


@pytest.mark.parametrize("fit", [fit_steps, fit_dyadic_steps, fit_tables])
def test_one_constant_needs_no_table(fit):
    found = fit(bounds_from([(-3, 2), (None, 7), (1, None)]))
    assert (found.bits, found.terms) == (0, ())
    assert 1 <= found.bias >> found.shift <= 2


@pytest.mark.parametrize(("form", "most"), [("q3.4", 34), ("q2.5", 76), ("q1.6", 189)])
def test_steps_of_8_bits_correct(form, most):
    """The goals are 72, 192 and 208; the search is exact, so these numbers only move with the cost."""
    bounds = bounds_of(form, "correct")
    found = fit_steps(bounds)
    assert_sound(found, bounds)
    assert found.bits == most


# -- sums of tables ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "most"), [("q3.4", 72), ("q2.5", 80), ("q1.6", 208)])
def test_sums_of_tables_of_8_bits_correct(form, most):
    bounds = bounds_of(form, "correct")
    found = fit_tables(bounds)
    assert_sound(found, bounds)
    assert found.bits <= most


def test_sum_of_tables_of_16_bits_faithful():
    """Heuristic: 1,810 when this was written; FloPoCo's multipartite table has 15,104, the goal is 4,400."""
    bounds = bounds_of("q3.12", "faithful")
    found = fit_tables(bounds)
    assert_sound(found, bounds)
    assert found.bits <= 2000
    assert all(isinstance(term.map, Offset | Uniform) and term.degree == 0 for term in found.terms)
    assert fit_tables(bounds, 300) is None


@pytest.mark.slow
def test_sum_of_tables_of_16_bits_correct():
    """Heuristic: 7,516 when this was written. The end just past 2^14 is one comparison."""
    bounds = bounds_of("q3.12", "correct")
    found = fit_tables(bounds)
    assert_sound(found, bounds)
    assert found.bits <= 9000
    assert found.terms[-1].map == Breakpoints((1 << 14, 16423))


@settings(max_examples=10)
@given(
    st.sampled_from(["q3.4", "q2.3", "q1.6", "q0.7", "q2.2", "q3.6"]),
    st.sampled_from(["correct", "faithful", "ulp:1.5"]),
    st.sampled_from(["gelu", "gelu_tanh", "gelu_sigmoid"]),
    st.sampled_from(["residual", "none"]),
)
def test_sums_of_tables_keep_the_bounds_and_repeat(form, guarantee, function, fold):
    bounds = bounds_of(form, guarantee, fold, function)
    found = fit_tables(bounds)
    assert_sound(found, bounds)
    assert found == fit_tables(bounds)
    needed = np.flatnonzero((bounds.low > bounds.idle) | (bounds.high < bounds.idle))
    if len(needed):
        one_word_a_code = (int(needed[-1]) + 1) * width_of(min(0, int(bounds.low.min())), int(bounds.low.max()))
        assert found.bits <= one_word_a_code + 1


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 6)), min_size=2, max_size=40), st.integers(0, 200))
def test_sums_of_tables_keep_rough_bounds_and_the_limit(pairs, limit):
    bounds = bounds_from([(low, low + room) for low, room in pairs])
    found = fit_tables(bounds)
    assert_sound(found, bounds)
    below = fit_tables(bounds, limit)
    if below is not None:
        assert_sound(below, bounds)
        assert below.bits < limit


@given(
    st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.lists(st.integers(-9, 9), min_size=1, max_size=4),
    st.booleans(),
)  # fmt: skip
def test_a_table_is_what_the_map_says(sign, more, drop, values, turned):
    high = sign + 1 + more
    table = Table(sign if turned else None, high, drop, np.array(values))
    u = np.arange(len(values) + 1 << high)
    segments = Offset(high, sign, 1) if turned else Uniform(high)
    column = Coefficient(tuple(values), max(table.width, 1), table.signed, drop)
    found = Fit(0, (Term(segments, (column,)),), 0, 0)
    assert table.term(u).tolist() == [r_of(found, each) for each in u.tolist()]
    assert table.bits == len(values) * column.width


@settings(max_examples=50)
@given(st.data())
def test_the_search_keeps_its_sum_and_boxes(data):
    """Whatever moves, v stays the sum of the tables, and words stay in their boxes."""
    pairs = data.draw(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 3)), min_size=16, max_size=16))
    target = Target.of(bounds_from([(low, low + room) for low, room in pairs]))
    tables = [
        Table(None, 2, 0, np.zeros(4, dtype=np.int64)),
        Table(0, 1, 1, np.zeros(5, dtype=np.int64), -2, 1),
        Table(1, 3, 0, np.zeros(2, dtype=np.int64)),
    ]
    tables = [replace(each, values=each.values[: len(target.low) >> each.high]) for each in tables]
    each = Sum(target, 2, 3, tables)
    kept = each.solve(40, 10)
    u = np.arange(len(target.low))
    assert each.v.tolist() == (3 + sum(table.term(u) for table in each.tables)).tolist()
    assert all(table.least <= value <= table.most for table in each.tables for value in table.values)
    r = each.v >> 2
    assert kept == bool(((target.low <= r) & (r <= target.high)).all()) == (each.violation() == 0)
    if kept:
        before = each.bits
        each.shrink(60)
        r = sum(table.term(u) for table in each.tables) + 3 >> 2
        assert ((target.low <= r) & (r <= target.high)).all()
        assert each.bits <= before


def test_means_are_the_least_squares_solution():
    random = np.random.default_rng(5)
    goal = random.normal(size=64)
    u = np.arange(64)
    for sign, high in [(None, 3), (0, 1), (0, 4), (2, 3), (2, 5)]:
        turn = np.where(u >> sign & 1, 1, -1) if sign is not None else np.ones(64)
        columns = np.stack([np.where(u >> high == segment, turn, 0) for segment in range(64 >> high)], axis=1)
        expected = np.linalg.lstsq(columns, goal, rcond=None)[0]
        assert means(goal, sign, high).tolist() == pytest.approx(expected.tolist(), abs=1e-12)


@given(st.lists(st.integers(-300, 300), min_size=1, max_size=9))
def test_widths_are_those_of_all_words_so_far(words):
    expected = [max(width_of(min(words[: i + 1]), max(words[: i + 1])), 1) for i in range(len(words))]
    assert widths(np.array(words)).tolist() == expected


def test_choices_say_what_they_miss():
    """The error of a choice, zone by zone, is what its tables leave of the words of the finest table."""
    u = np.arange(64)
    goal = 20 * np.sin(u / 17) + u / 9
    sign, active = 1, 60
    found = choices(goal, active, sign, 4)
    fine = means(goal, sign, 2)
    assert len({tuple(each) for each in found.levels}) == len(found.levels) > 50
    for errors, levels in zip(found.errors, found.levels, strict=True):
        words = np.zeros(16)
        for high, end in levels:
            at = np.arange(16) << 2
            words = np.where(at < end, means(goal, sign, high)[at >> high], words)
        missed = np.abs(fine - words).repeat(2)[: len(errors)]
        assert errors.tolist() == pytest.approx(missed.tolist(), abs=1e-12)


def test_a_tail_just_past_a_power_of_two_is_a_comparison():
    low = np.zeros(200, dtype=np.int64)
    low[:128] = np.arange(128)
    low[128:130] = 5
    target = Target.of(Bounds(low, low.copy(), low.astype(np.float64)))
    assert (target.active, target.idle, target.tail) == (128, 0, (128, 130, 5))
    assert target.bits == 7


def test_a_wrong_fit_is_not_handed_out():
    bounds = bounds_from([(0, 0), (1, 1), (2, 2), (3, 3)])
    right = Fit(8, (Term(Uniform(0), (Coefficient((0, 1, 2, 3), 2, False),)),), 0, 0)
    assert verified(bounds, right) is right
    with pytest.raises(AssertionError, match="violates a bound"):
        verified(bounds, replace(right, bias=1))
    with pytest.raises(AssertionError, match="miscounts"):
        verified(bounds, replace(right, bits=7))
