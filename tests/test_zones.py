"""Zones: which segments they are, their numbers, and the leaves of their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gelugen.emit import zones as written
from gelugen.emit.leaves import Leaves
from gelugen.fit.digits.zones import zones

LEAVES = [(3,) * 6 + (4,) * 9 + (5,) * 2 + (4,), (2,) * 4 + (4,) * 3, (5,) * 3 + (4,) * 2]


def test_the_cheapest_zones_have_a_word_each():
    found = zones(lambda start, log: log <= (4 if start < 384 else 6), 1000, 10, 40, [])
    cost, leaves = found[0]
    assert cost == min(each for each, _ in found)
    assert sum(1 << leaf for leaf in leaves) == 1024
    assert leaves == sorted(leaves)
    assert leaves.count(4) == 32  # 512 is a cheaper border than 384


def test_where_nothing_serves_is_remembered():
    stuck = []
    assert zones(lambda start, log: start + (1 << log) <= 256, 1000, 10, 63, stuck) == []
    assert stuck == [256]


@pytest.mark.parametrize("leaves", LEAVES)
def test_every_segment_has_a_number_of_its_own_that_the_rows_give(leaves):
    starts = tuple(sum(1 << leaf for leaf in leaves[:at]) for at in range(len(leaves)))
    found = written.zones(starts, leaves)
    width = len(leaves).bit_length()
    blocks = written.numbered(found, width)
    numbers = written.order(found, blocks)
    assert sorted(numbers.values()) == list(range(len(leaves)))
    rows = written.rows(found, blocks, width)
    for number, segment in numbers.items():
        place = next(n for n, zone in enumerate(found) if zone.first <= segment < zone.first + zone.count)
        zone, low = found[place], starts[segment] >> leaves[segment]
        seen = format(low, "b").zfill(zone.spread)[-zone.spread :] if zone.spread else ""
        (row,) = (each for each in rows if each.zone == place and seen.startswith(each.pattern))
        bits = [low >> width - 1 - at & 1 if bit is None else bit for at, bit in enumerate(row.bits)]
        assert int("".join(map(str, bits)), 2) == number


@given(st.integers(5, 7).flatmap(lambda n: st.lists(st.integers(0, 7), min_size=1 << n, max_size=1 << n)))
def test_leaves_give_the_table_again(words):
    width = len(words).bit_length() - 1
    made = Leaves.of("", "at", width, words, 3)
    for index, word in enumerate(words):
        at = [index >> bit & 1 for bit in range(width)]
        leaf = []
        for each in made.each:
            bits = [at[int(part.split("[")[1].rstrip("]"))] for part in each.index.strip("{}").split(", ")]
            leaf.append(each.entries >> int("".join(map(str, bits)), 2) & 1)
        assert [value(text, at, leaf) for text in made.bits] == [word >> bit & 1 for bit in range(3)]


def value(text, at, leaf):
    """What an expression of the text is worth."""
    depth, mark = 0, None
    for place, each in enumerate(text):
        depth += (each == "(") - (each == ")")
        if each == "?" and not depth and mark is None:
            mark = place
        if each == ":" and not depth:
            test, yes, no = text[:mark], text[mark + 1 : place], text[place + 1 :]
            return value(yes.strip(), at, leaf) if value(test.strip(), at, leaf) else value(no.strip(), at, leaf)
    if text.startswith("(") and text.endswith(")"):
        return value(text[1:-1], at, leaf)
    if text.startswith("~"):
        return 1 - value(text[1:], at, leaf)
    if text.startswith("1'b"):
        return int(text[3:])
    name, number = text.rstrip("]").split("[")
    return {"at": at, "leaf": leaf}[name][int(number)]
