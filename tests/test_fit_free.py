"""Polynomials between free breakpoints: guarantees, brute force, and the numbers of the benchmark."""

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gelugen.accuracy import check
from gelugen.architectures import get_architecture
from gelugen.design import Breakpoints, Design
from gelugen.fit.bounds import FREE, Bounds, r_bounds
from gelugen.fit.polynomials.exchange import leading_range
from gelugen.fit.polynomials.free import fit_free
from gelugen.fit.polynomials.horner import Place, settle
from gelugen.fit.polynomials.moves import Word, moved
from gelugen.fit.polynomials.reach import Reach, cheapest
from gelugen.golden import golden
from gelugen.spec import Spec

SHAPES = {1: "free-linear", 2: "free-quadratic", 3: "free-cubic"}


def bounds_of(function, form, guarantee, fold="residual-"):
    spec = Spec(function, form, form, guarantee)
    name = fold + SHAPES[1]
    return spec, r_bounds(spec, golden(spec), get_architecture(name), spec.guarantee)


def design_of(spec, bounds, found, degree, fold="residual-"):
    return Design(
        spec,
        fold + SHAPES[degree],
        get_architecture(fold + SHAPES[degree]).fold,
        found.terms,
        found.bias,
        found.shift,
        bounds.line_shift,
        bounds.line_drop,
        bounds.offset,
        bounds.one,
    )


@pytest.mark.parametrize(
    ("function", "form", "guarantee", "fold"),
    [
        ("gelu", "q3.4", "correct", "residual-"),
        ("gelu", "q2.3", "faithful", ""),
        ("gelu_tanh", "q2.5", "faithful", "residual-"),
        ("gelu_sigmoid", "q3.4", "faithful", ""),
    ],
)
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_the_design_keeps_the_guarantee_and_counts_its_bits(function, form, guarantee, fold, degree):
    spec, bounds = bounds_of(function, form, guarantee, fold)
    found = fit_free(bounds, degree)
    design = design_of(spec, bounds, found, degree, fold)
    check(design)
    assert design.rom_bits == found.bits
    assert any(isinstance(term.map, Breakpoints) for term in found.terms)


@pytest.mark.parametrize(
    ("form", "guarantee", "degree", "most"),
    [
        ("q3.4", "correct", 1, 28),
        ("q3.4", "correct", 2, 21),
        ("q3.4", "correct", 3, 16),
        ("q2.5", "correct", 2, 44),
        ("q1.6", "correct", 2, 81),
        ("q3.12", "faithful", 2, 352),
        ("q3.12", "correct", 3, 950),
    ],
)
def test_the_fewest_bits_known_are_found_again(form, guarantee, degree, most):
    spec, bounds = bounds_of("gelu", form, guarantee)
    found = fit_free(bounds, degree)
    check(design_of(spec, bounds, found, degree))
    assert found.bits <= most


def test_a_limit_is_kept_and_reached():
    _, bounds = bounds_of("gelu", "q3.4", "correct")
    best = fit_free(bounds, 2)
    assert fit_free(bounds, 2, best.bits) is None
    assert fit_free(bounds, 2, 3 * best.bits) == best
    assert fit_free(bounds_of("gelu", "q3.12", "correct")[1], 1, 300) is None


def test_no_term_is_made_where_the_idle_value_serves_all():
    bounds = Bounds(np.zeros(9, dtype=np.int64), np.ones(9, dtype=np.int64), np.zeros(9))
    assert fit_free(bounds, 1).terms == ()
    assert fit_free(bounds, 1, 0) is None


@st.composite
def rough_bounds(draw, size=24):
    """Bounds around a parabola, here and there wider, none at some codes, and the idle value at the end."""
    curve = [draw(st.integers(-4, 4)), draw(st.integers(-8, 8)) / 8, draw(st.integers(-8, 8)) / 64]
    u = np.arange(size)
    ideal = np.polyval(curve[::-1], u)
    below = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    above = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    low, high = np.floor(ideal).astype(np.int64) - below, np.floor(ideal).astype(np.int64) + above
    for free in draw(st.sets(st.integers(0, size - 1), max_size=3)):
        low[free], high[free] = -FREE, FREE
    last = draw(st.integers(size // 2, size))
    low[last:], high[last:] = np.minimum(low[last:], 0), np.maximum(high[last:], 0)
    return Bounds(low, high, ideal)


def values(found, u):
    """What r is by the definition of the datapath, in Python's integers."""
    result = []
    for each in u.tolist():
        total = found.bias
        for term in found.terms:
            for number, (start, end) in enumerate(pairwise(term.map.points)):
                if start <= each < end:
                    dx = each - start - (1 << term.map.dx_bits >> 1)
                    c = [(column.base + column.values[number]) << column.drop for column in term.coefficients]
                    h = c[-1]
                    for power in reversed(range(term.degree)):
                        h = (h * dx >> term.shift(power)) + c[power]
                    total += h
        result.append(total >> found.shift)
    return np.array(result)


@settings(max_examples=25)
@given(rough_bounds(), st.integers(1, 3))
def test_every_bound_is_kept(bounds, degree):
    found = fit_free(bounds, degree)
    if found is not None:
        r = values(found, np.arange(len(bounds.low)))
        assert ((bounds.low <= r) & (r <= bounds.high)).all()
        assert found.bits == sum(term.rom_bits for term in found.terms)
        assert found == fit_free(bounds, degree)


def line_exists(bounds, start, end):
    """Whether a line keeps low <= line < high + 1: every slope that two codes allow must allow all others."""
    codes = [(u, int(bounds.low[u]), int(bounds.high[u]) + 1) for u in range(start, end)]
    least = max((Fraction(two[1] - one[2], two[0] - one[0]) for one, two in combinations(codes, 2)), default=0)
    most = min((Fraction(two[2] - one[1], two[0] - one[0]) for one, two in combinations(codes, 2)), default=1)
    return least < most


@settings(max_examples=25)
@given(rough_bounds(16))
def test_the_furthest_end_is_that_of_brute_force(bounds):
    size = len(bounds.low)
    points = np.arange(size + 1)
    furthest = Reach(bounds, 1, size).furthest(points, np.zeros(1))[0]
    for start in range(size):
        expected = start
        while expected < size and line_exists(bounds, start, expected + 1):
            expected += 1
        assert furthest[start] == expected


@given(st.lists(st.integers(0, 9), min_size=10, max_size=10), st.integers(1, 10), st.integers(1, 9), st.integers(0, 6))
def test_the_cheapest_breakpoints_are_those_of_brute_force(reaches, longest, word, price):
    points = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 13])
    furthest = np.append(np.minimum(np.arange(10) + reaches, 10), 10)

    def cost(path):
        for one, two in pairwise(path):
            if two > furthest[one] or points[two] - points[one] > longest:
                return np.inf
        chosen = [int(points[each]) for each in path]
        return word * (len(path) - 1) + price * sum(each & each - 1 != 0 for each in chosen if each)

    best = min(cost((0, *some, 10)) for count in range(10) for some in combinations(range(1, 10), count))
    found = cheapest(points, furthest, longest, word, price)
    if found is None:
        assert best == np.inf
    else:
        assert cost(np.searchsorted(points, found).tolist()) == best


def plain(width, signed):
    return range(-(1 << width >> 1), (1 << width) - (1 << width >> 1)) if signed else range(1 << width)


def fewest_bits(bounds, widest=3, finest=3):
    """The fewest bits of lines with plain columns, without bases and dropped bits, over all breakpoints."""
    needed = np.flatnonzero((bounds.low > bounds.idle) | (bounds.high < bounds.idle))
    end = int(needed[-1]) + 1
    windows = sorted(((one, two) for one in range(widest + 1) for two in range(widest + 2)), key=lambda each: sum(each))
    best = 1 << 20
    for shift in range(finest):
        for count in range(3):
            for inner in combinations(range(1, end), count):
                for last in {end, 1 << (end - 1).bit_length()}:
                    segments = Breakpoints((0, *inner, last))
                    for one, two in windows:
                        bits = (count + 1) * (one + two) + segments.rom_bits
                        if bits < best and any(
                            serves(bounds, segments, shift, plain(one, a), plain(two, b))
                            for a in (False, True)
                            for b in (False, True)
                        ):
                            best = bits
    return best


def serves(bounds, segments, shift, slopes, intercepts):
    """Whether every segment has a line with these coefficients."""
    half = 1 << segments.dx_bits >> 1
    constant = bounds.idle << shift
    for start, end in pairwise(segments.points):
        stop = min(end, len(bounds.low))
        dx = np.arange(stop - start) - half
        slope = np.array(slopes)[:, None]
        first = ((bounds.low[start:stop] << shift) - constant - slope * dx).max(axis=1)
        last = (((bounds.high[start:stop] + 1) << shift) - 1 - constant - slope * dx).min(axis=1)
        if not (np.maximum(first, intercepts[0]) <= np.minimum(last, intercepts[-1])).any():
            return False
    return True


@pytest.mark.parametrize(("function", "form"), [("gelu", "q1.2"), ("gelu_sigmoid", "q1.2"), ("gelu", "q0.3")])
def test_four_bits_take_no_more_than_brute_force_finds(function, form):
    _, bounds = bounds_of(function, form, "correct")
    assert fit_free(bounds, 1).bits <= fewest_bits(bounds)


def test_a_moved_breakpoint_lets_a_word_lose_a_bit():
    u = np.arange(16)
    ideal = np.where(u < 9, 2.0 * u, 18 - 2.0 * (u - 9)) + 0.5
    low = np.floor(ideal).astype(np.int64)
    reach = Reach(Bounds(low, low, ideal), 1, 16)
    word = Word(4, (0, 4), ((-1, 1), (-64, 63)), 0.0)  # slopes -2, 0 and 2
    for start, right in ((11, (9, 10)), (7, (9, 10))):
        points = moved(reach, (0, start, 16), word, 1)
        assert points is not None
        assert word.serves(reach, np.array(points[:-1]), np.array(points[1:])).all()
        assert points[1] in right
    assert moved(reach, (0, 2, 16), word, 1) is None


@pytest.mark.parametrize(("form", "degree"), [("q2.5", 1), ("q1.6", 2)])
def test_the_words_of_a_fit_serve_its_own_segments(form, degree):
    _, bounds = bounds_of("gelu", form, "correct")
    found = fit_free(bounds, degree)
    term = found.terms[0]
    word = Word.of(found, term)
    points = np.array(term.map.points)
    assert word.serves(Reach(bounds, term.degree, int(points[-1])), points[:-1], points[1:]).all()


def test_settle_takes_segments_of_any_length():
    low = np.array([0, 1, 2, 3, 4, 9, 7, 5, 3])
    reach = Reach(Bounds(low, low, low + 0.5), 1, 9)

    class Limits:
        degree, low, high, ideal = 1, reach.lowest, reach.highest, reach.ideal

    places = [Place(0, 5), Place(5, 4)]
    settled = settle(Limits, places, [np.array([[1]]), np.array([[-2]])], None, (0, 2), [(-4, 3), (-16, 15)], 0.0)
    slopes, intercepts = settled.columns[1], settled.columns[0]
    for place, c1, c0 in zip(places, slopes.values, intercepts.values, strict=True):
        dx = np.arange(place.length) - 4
        product = ((slopes.base + c1) << slopes.drop) * dx >> settled.horner.shifts[0]
        r = product + ((intercepts.base + c0) << intercepts.drop) + settled.bias >> settled.horner.shift
        assert r.tolist() == low[place.start : place.start + place.length].tolist()


def test_the_margin_narrows_what_exists():
    x = np.array([[-1.0, 0.0, 1.0]])
    low, high = np.array([[0.0, 0.0, 0.0]]), np.array([[1.0, 1.0, 1.0]])
    least, most = leading_range(x, np.array([3]), low, high, 1, 8)
    assert (least[0], most[0]) == (-0.5, 0.5)
    reach = Reach(Bounds(np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64), np.zeros(3)), 1, 3)
    start, end = np.array([0]), np.array([3])
    assert reach.exists(start, end, 0.4).all()
    assert not reach.exists(start, end, 0.6).any()
