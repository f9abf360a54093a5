"""Where the registers of a pipeline stand: held to all choices, one by one."""

from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gelugen.errors import GelugenError
from gelugen.schedule import Level, deepest, halves, places, schedule

DELAYS = st.lists(st.sampled_from([0.0, 0.1, 0.7, 1.0, 1.0, 2.5, 4.0, 6.25]), min_size=1, max_size=9)


def named(delays: list[float]) -> tuple[Level, ...]:
    return tuple(Level(f"level {number}", delay) for number, delay in enumerate(delays))


def stages(levels: Sequence[Level], cuts: frozenset[int]) -> list[float]:
    """The delay of each stage between two rows of registers, or an end."""
    ends = [0, *(cut + 1 for cut in sorted(cuts)), len(levels)]
    delays = [sum(level.delay for level in levels[start:end]) for start, end in pairwise(ends)]
    more = [levels[start].more if start < end else 0 for start, end in pairwise(ends)]
    return [delay + extra for delay, extra in zip(delays, more, strict=True)]


SUMS = st.lists(st.tuples(st.sampled_from([0.0, 0.7, 2.0, 3.0]), st.booleans()), min_size=1, max_size=5)


def with_sums(drawn: list[tuple[float, bool]]) -> tuple[Level, ...]:
    return tuple(Level(f"level {number}", delay, sum=adds) for number, (delay, adds) in enumerate(drawn))


@given(DELAYS)
def test_a_register_is_of_use_before_what_takes_time_and_at_the_end(delays: list[float]) -> None:
    found = places(named(delays))
    for number in range(len(delays)):
        last = number == len(delays) - 1
        assert (number in found) == (last or delays[number + 1] > 0)


@given(DELAYS, st.data())
def test_the_slowest_stage_is_the_fastest_of_all_choices(delays: list[float], data: st.DataObject) -> None:
    levels = named(delays)
    where = places(levels)
    depth = data.draw(st.integers(0, len(where)))
    urgent = data.draw(st.lists(st.sampled_from(range(len(delays))), unique=True, max_size=3))
    found = schedule(levels, depth, [levels[number].name for number in urgent])
    assert found.levels == levels
    assert found.depth == len(found.cuts) == depth
    assert found.cuts <= set(where)
    forced = {number for number in urgent if number in where}
    if depth >= len(forced):
        assert forced <= found.cuts
    else:  # the most urgent ones
        assert found.cuts == set([number for number in urgent if number in where][:depth])
    kept = forced & found.cuts
    hold_to_all(levels, found.cuts, [frozenset(each) for each in combinations(where, depth) if kept <= set(each)])


def hold_to_all(levels: Sequence[Level], cuts: frozenset[int], choices: list[frozenset[int]]) -> None:
    """Cuts are the best of all choices."""
    assert max(stages(levels, cuts)) == pytest.approx(min(max(stages(levels, each)) for each in choices))
    # Of all that are as fast, one whose stages are most even.
    squares = [
        sum(stage * stage for stage in stages(levels, each))
        for each in choices
        if max(stages(levels, each)) <= max(stages(levels, cuts)) + 1e-9
    ]
    assert sum(stage * stage for stage in stages(levels, cuts)) == pytest.approx(min(squares))


@given(SUMS, st.data())
def test_sums_are_cut_where_there_are_more_registers_than_whole_levels_take(
    drawn: list[tuple[float, bool]], data: st.DataObject
) -> None:
    levels = with_sums([(max(delay, 1.0), adds) for delay, adds in drawn])
    depth = data.draw(st.integers(0, deepest(levels)))
    found = schedule(levels, depth)
    if depth <= len(places(levels)):
        assert found.levels == levels
        assert not any(found.halved(level.name) for level in levels)
        return
    assert found.levels == tuple(halves(levels))
    assert any(found.halved(level.name) for level in levels)
    choices = [frozenset(each) for each in combinations(places(found.levels), depth)]
    hold_to_all(found.levels, found.cuts, choices)
    for level in levels:
        assert level.sum or not found.halved(level.name)
        if found.halved(level.name):
            assert found.after(f"low {level.name}") == found.before(level.name)


@given(SUMS)
def test_both_halves_of_a_sum_take_as_long_as_it_and_longer_with_registers_between(
    drawn: list[tuple[float, bool]],
) -> None:
    levels = with_sums(drawn)
    for level in levels:
        parts = halves([level])
        assert sum(each.delay for each in parts) == pytest.approx(level.delay)
        assert len(parts) == 1 + (level.sum and level.delay > 0)
        if len(parts) == 2 and level.delay >= 1:
            assert stages(parts, frozenset([0])) == pytest.approx([1 + (level.delay - 1) / 2] * 2)
    most = deepest(levels)
    assert schedule(levels, most).cuts == set(places(halves(levels)))
    with pytest.raises(GelugenError, match=rf"to {most} registers$"):
        schedule(levels, most + 1)


@given(DELAYS, st.data())
def test_stages_count_the_registers_before_and_behind_a_level(delays: list[float], data: st.DataObject) -> None:
    levels = named(delays)
    found = schedule(levels, data.draw(st.integers(0, len(places(levels)))))
    for number, level in enumerate(levels):
        assert found.before(level.name) == sum(cut < number for cut in found.cuts)
        assert found.after(level.name) == sum(cut <= number for cut in found.cuts)
        assert found.cut(level.name) == (number in found.cuts)
    assert found.last == found.after(levels[-1].name) == found.depth


@given(DELAYS, st.data())
def test_two_parts_are_the_whole(delays: list[float], data: st.DataObject) -> None:
    assume(len(delays) > 1)
    levels = named(delays)
    whole = schedule(levels, data.draw(st.integers(0, len(places(levels)))))
    count = data.draw(st.integers(1, len(delays) - 1))
    one, two = whole.split(count)
    assert (*one.levels, *two.levels) == levels
    assert len(one.levels) == count
    assert one.depth + two.depth == whole.depth
    assert (one.start, one.last, two.last) == (0, two.start, whole.last)
    for part in (one, two):
        for level in part.levels:
            for ask in ("before", "after", "cut"):
                assert getattr(part, ask)(level.name) == getattr(whole, ask)(level.name)


@given(DELAYS)
def test_a_depth_without_places_is_refused_with_what_is_possible(delays: list[float]) -> None:
    levels = named(delays)
    most = len(places(levels))
    assert schedule(levels, most).cuts == set(places(levels))
    assert schedule(levels, 0).cuts == set()
    for depth in (-1, most + 1):
        with pytest.raises(GelugenError, match=rf"pipeline {depth} is not possible: .* to {most} registers$"):
            schedule(levels, depth)
