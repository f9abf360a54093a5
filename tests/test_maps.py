"""Segment maps, held to what they say in words: a plain search over segments, one u at a time."""

import numpy as np
import pytest
from designs import breakpoints, dyadic, offset, uniform
from hypothesis import given
from hypothesis import strategies as st

from gelugen.design import Breakpoints, Dyadic, Offset, Uniform
from gelugen.errors import GelugenError
from gelugen.maps import map_from_json, map_to_json

U_BITS = 6
EVERY = np.arange(1 << U_BITS)


def located(segment_map, *codes):
    segment, dx = segment_map.locate(np.array(codes))
    return list(zip(segment.tolist(), dx.tolist(), strict=True))


# -- by hand ---------------------------------------------------------------------------------------------------


def test_uniform_segments_are_the_top_bits_and_dx_counts_from_the_middle():
    assert located(Uniform(2), 0, 3, 4, 6, 63) == [(0, -2), (0, 1), (1, -2), (1, 0), (15, 1)]
    assert located(Uniform(0), 0, 5) == [(0, 0), (5, 0)]


def test_the_leaves_of_a_binary_split_have_their_positions_aligned_to_the_longest_one():
    split = Dyadic((1, 0, 0, 2))  # 0-1, 2, 3, 4-7
    assert (split.dx_bits, split.segments, split.starts, split.length, split.rom_bits) == (2, 4, (0, 2, 3, 4), 8, 7)
    assert located(split, 0, 1, 2, 3) == [(0, -2), (0, 0), (1, -2), (2, -2)]
    assert located(split, 4, 5, 6, 7, 8, 63) == [(3, -2), (3, -1), (3, 0), (3, 1), (-1, 0), (-1, 0)]


def test_breakpoints_count_from_the_middle_of_the_longest_segment():
    points = Breakpoints((3, 5, 10, 11))  # of 2, 5 and 1 codes
    assert (points.dx_bits, points.segments, points.starts) == (3, 3, (3, 5, 10))
    assert located(points, 0, 2, 3, 4) == [(-1, 0), (-1, 0), (0, -4), (0, -3)]
    assert located(points, 5, 9, 10, 11) == [(1, -4), (1, 0), (2, -4), (-1, 0)]


@pytest.mark.parametrize(
    ("points", "bits"),
    [((0, 64), 0), ((0, 16, 32), 0), ((0, 3, 64), 7), ((3, 5), 6), ((16384, 16423), 15), ((0, 4, 5, 6, 8), 8)],
)
def test_only_breakpoints_that_need_a_comparator_cost_bits(points, bits):
    assert Breakpoints(points).rom_bits == bits


def test_an_offset_table_folds_the_low_bits_of_its_index_where_the_sign_is_set():
    at = Offset(high=4, low=1, bits=3)  # u = a a s r r x
    codes = np.array([0b00_0_00_0, 0b00_0_11_1, 0b00_1_00_0, 0b00_1_11_0, 0b10_0_01_0, 0b10_1_01_0])
    assert located(at, *codes) == [(0b00_11, 0), (0b00_00, 0), (0b00_00, 0), (0b00_11, 0), (0b10_10, 0), (0b10_01, 0)]
    assert at.sign(codes).tolist() == [True, True, False, False, True, False]


def test_an_offset_of_one_bit_is_its_sign_alone():
    assert located(Offset(2, 0, 1), 0, 1, 4, 5) == [(0, 0), (0, 0), (1, 0), (1, 0)]
    assert Offset(2, 0, 1).sign(np.array([0, 1, 2, 3])).tolist() == [True, False, True, False]


def test_only_a_binary_split_and_breakpoints_cost_bits():
    assert Uniform(3).rom_bits == Offset(4, 1, 3).rom_bits == 0
    assert Dyadic((4,)).rom_bits == 1


# -- against a plain search ------------------------------------------------------------------------------------


@given(dyadic(U_BITS))
def test_a_binary_split_is_what_a_walk_over_its_leaves_finds(drawn):
    split, depth = drawn
    expected, start, ends = [], 0, []
    for number, leaf in enumerate(split.leaves):
        assert start % (1 << leaf) == 0
        shifted = [place << split.dx_bits - leaf for place in range(1 << leaf)]
        expected += [(number, place - (1 << split.dx_bits) // 2) for place in shifted]
        start += 1 << leaf
        ends.append(start)
    expected += [(-1, 0)] * (len(EVERY) - start)
    assert located(split, *EVERY) == expected
    assert split.end(depth) == ends[depth - 1]
    assert split.covers(depth, U_BITS) == (ends[depth - 1] == 1 << U_BITS)


@given(breakpoints(U_BITS))
def test_breakpoints_are_what_a_walk_over_them_finds(drawn):
    points, depth = drawn
    longest = max(points.points[i + 1] - points.points[i] for i in range(points.segments))
    half = (1 << (longest - 1).bit_length()) // 2
    for u, (segment, dx) in enumerate(located(points, *EVERY)):
        inside = [i for i in range(points.segments) if points.points[i] <= u < points.points[i + 1]]
        assert inside == ([segment] if segment >= 0 else [])
        assert dx == (u - points.points[segment] - half if inside else 0)
        assert -half <= dx < max(half, 1)
    segments = points.locate(EVERY)[0]
    assert points.covers(depth, U_BITS) == ((segments >= 0) & (segments < depth)).all()


@given(st.one_of(uniform(U_BITS), dyadic(U_BITS), breakpoints(U_BITS), offset(U_BITS)))
def test_what_covers_every_u_has_no_u_outside_and_the_end_is_the_first_u_past_it(drawn):
    segment_map, depth = drawn
    segments = segment_map.locate(EVERY)[0]
    inside = (segments >= 0) & (segments < depth)
    assert segment_map.covers(depth, U_BITS) == inside.all()
    assert segment_map.end(depth) == np.flatnonzero(inside)[-1] + 1 or isinstance(segment_map, Offset)
    assert not inside[segment_map.end(depth) :].any()
    assert set(segments[inside].tolist()) == set(range(depth)), "every word serves some u"


@given(offset(U_BITS))
def test_mirrored_codes_of_an_offset_table_share_a_word_and_differ_in_sign(drawn):
    at, _ = drawn
    mirrored = EVERY ^ ((1 << at.bits) - 1 << at.low)
    assert (at.locate(EVERY)[0] == at.locate(mirrored)[0]).all()
    assert (at.sign(EVERY) != at.sign(mirrored)).all()


@given(st.one_of(uniform(U_BITS), dyadic(U_BITS), breakpoints(U_BITS), offset(U_BITS)))
def test_a_map_comes_back_from_json(drawn):
    segment_map, _ = drawn
    assert map_from_json(map_to_json(segment_map)) == segment_map


# -- what is no map --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Uniform(-1), "dx_bits of a segment map must lie between 0 and 16, and -1"),
        (lambda: Uniform(17), "and 17 does not"),
        (lambda: Dyadic(()), "must add up to a power of two"),
        (lambda: Dyadic((1, 1, 1)), "must add up to a power of two"),
        (lambda: Dyadic((0, 1, 0)), "must start at a multiple of its length"),
        (lambda: Dyadic((16, 16)), "at most 2^16"),
        (lambda: Dyadic((-1, -1)), "a leaf of a segment map"),
        (lambda: Dyadic((17,)), "a leaf of a segment map"),
        (lambda: Breakpoints((3,)), "must be two or more, each larger than the last"),
        (lambda: Breakpoints((3, 3)), "each larger than the last"),
        (lambda: Breakpoints((5, 3)), "each larger than the last"),
        (lambda: Breakpoints((-1, 3)), "a breakpoint of a segment map"),
        (lambda: Breakpoints((0, 65537)), "a breakpoint of a segment map"),
        (lambda: Offset(3, 1, 3), "low + bits must be at most high, 3"),
        (lambda: Offset(3, 0, 0), "bits of a segment map"),
        (lambda: Offset(3, -1, 1), "low of a segment map"),
        (lambda: Offset(17, 0, 1), "high of a segment map"),
    ],
)
def test_what_is_no_map_is_refused(make, named):
    with pytest.raises(GelugenError) as refusal:
        make()
    assert named in str(refusal.value)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "uniform"},
        {"kind": "cubic", "dx_bits": 1},
        {"kind": ["uniform"], "dx_bits": 1},
        {"kind": "uniform", "dx_bits": True},
        {"kind": "uniform", "dx_bits": 1, "leaves": []},
        {"kind": "dyadic", "leaves": [1, 1.0]},
        {"kind": "dyadic", "leaves": 3},
        {"kind": "breakpoints", "leaves": [1, 2]},
        {"kind": "offset", "high": 3, "low": 1},
        None,
        [],
    ],
    ids=repr,
)
def test_a_malformed_map_is_refused(data):
    with pytest.raises((KeyError, TypeError)):
        map_from_json(data)
