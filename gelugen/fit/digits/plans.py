"""Plans of digits in the order in which they are tried, and the segments that a plan has words for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, pairwise, product

import numpy as np

from gelugen.fit.bounds import Bounds
from gelugen.fit.digits.grid import Plan, Segment, Word, digits_of, reach
from gelugen.fit.digits.zones import zones
from gelugen.maps import Dyadic, Uniform

MOST_WORDS = {1: 64, 2: 80}
"""Words of a table, by degree: one lookup table a bit, or little more."""
_LENGTHS = 2
"""Lengths of equal segments that give a design."""
_MOST_BITS = 10
"""Bits of z_1, at most: the square takes 2^(bits - 2) words."""
_MOST_DIGITS = 9
_COVERS = 1
"""Binary splits that are compared: more find better ones, and take minutes."""
_BLOCK = 5
"""Lookup tables that a change of the leaves' length costs, about: the segment's number and dx come from other bits."""
_DEARER = 4
"""Bits of digits that plans for zones may have more than the first that serves."""
_ZONED = 9
"""Covers by zones that give a design."""
_MOST_KEPT = 40
"""Words kept for each segment, of those that serve."""


@dataclass(frozen=True)
class Cover:
    """A plan, its segments, and the words that serve each of them."""

    plan: Plan
    map: Uniform | Dyadic
    words: list[list[Word]]


class Room:
    """The codes that need a table, and their segments."""

    def __init__(self, bounds: Bounds, degree: int) -> None:
        self.bounds, self.degree = bounds, degree
        idle = (bounds.low <= bounds.idle) & (bounds.idle <= bounds.high)
        self.end = int(np.flatnonzero(~idle)[-1]) + 1
        self.u_bits = (len(bounds.low) - 1).bit_length()
        self.segment = cache(self._segment)

    def _segment(self, start: int, length: int, dx_bits: int) -> Segment:
        return Segment(self.bounds, start, length, dx_bits)


def covers(bounds: Bounds, degree: int, *, split: bool) -> Iterator[Cover]:
    """Covers of all codes that need a word, those that are about to take the fewest lookup tables first.

    Of a binary split they have few zones of equal segments, or where there are none as few leaves as can be; of equal
    segments they are the longest ones.
    """
    room = Room(bounds, degree)
    if split:
        yield from list(islice(_zoned(room), _ZONED)) or islice(_dyadic(room), 1)
        return
    yield from islice((each for bits in reversed(range(1, room.u_bits)) for each in _uniform(room, bits)), _LENGTHS)


# -- equal segments ----------------------------------------------------------------------------------------


def _uniform(room: Room, dx_bits: int) -> Iterator[Cover]:
    """The first cover of segments of 2^dx_bits codes, if there is one."""
    count = -(-room.end >> dx_bits)
    if not 1 < count <= MOST_WORDS[room.degree] or dx_bits < (3 if room.degree == 2 else 2):
        return
    segments = [room.segment(number << dx_bits, 1 << dx_bits, dx_bits) for number in range(count)]
    order = list(range(count))
    for plan in _plans(room, segments, min(dx_bits, _MOST_BITS)):
        if all(_serves(order, segments, replace(plan, phase=room.bounds.idle << plan.shift))):
            for finer in _dropped(plan):
                if finer.phase >> plan.shift:  # outside the segments it would give another r than the idle one
                    continue
                at = replace(finer, phase=finer.phase + (room.bounds.idle << plan.shift))
                if all(_serves(order, segments, at)):
                    words = [list(islice(each.words(at), _MOST_KEPT)) for each in segments]
                    yield Cover(finer, Uniform(dx_bits), words)
                    return


def _serves(order: list[int], segments: list[Segment], plan: Plan) -> Iterator[bool]:
    """Whether each segment has a word, in an order in which the last one without comes first."""
    for place, number in enumerate(order):
        if not any(True for _ in segments[number].words(plan)):
            order.insert(0, order.pop(place))
            yield False
            return
        yield True


def _dropped(plan: Plan) -> Iterator[Plan]:
    """The plan with dropped bits of c_0 and what stands in them, the most bits first."""
    for drop in reversed(range(3)):
        for phase in range(1 << drop):
            yield replace(plan, drop=drop, phase=phase)


def _plans(room: Room, segments: list[Segment], bits: int) -> list[Plan]:
    """Plans for these segments, the cheapest first."""
    found = []
    for fine, guard in product(range(14), range(1, 3)):
        for lower in product(range(-1, 2), repeat=room.degree):
            grids = [fine + bits - 2 - power + more for power, more in enumerate(lower)]
            if plan := plan_of(segments, bits, [max(each, 0) for each in grids], fine + guard):
                found.append(plan)
    return sorted(dict.fromkeys(found), key=cost)


def plan_of(segments: list[Segment], bits: int, grids: list[int], shift: int, paired: bool = False) -> Plan | None:
    """The plan of the fewest digits whose lowest ones weigh 2^-grid in r, by power; None if they are too many."""
    best = None
    for reverse, subtract in product((False, True), repeat=2):
        slopes = _slopes(tuple(segments), bits, len(grids) == 2, reverse, paired)
        powers = {}
        for power, grid in enumerate(grids, 1):
            steps = (-1 if subtract else 1) * slopes[:, power - 1] * 2.0**grid
            count = _count(float(steps.min()), float(steps.max()))
            powers[power] = (shift - grid, count)
        if any(not -16 <= low <= low + 2 * count <= 30 or count > _MOST_DIGITS for low, count in powers.values()):
            continue
        plan = Plan(digits_of(powers, bits, reverse, subtract, paired), shift)
        if best is None or len(plan.digits.each) < len(best.digits.each):
            best = plan
    return best


def _count(low: float, high: float) -> int:
    """The digits of numbers from low to high."""
    count = 1
    while reach(count)[0] > low or reach(count)[1] < high:
        count += 1
    return count


@cache
def _slopes(segments: tuple[Segment, ...], bits: int, squares: bool, reverse: bool, paired: bool) -> np.ndarray:
    """The best real slopes of all segments, by power."""
    digits = digits_of({1: (0, 1), **({2: (0, 1)} if squares else {})}, bits, reverse, False, paired)
    return np.array([each.slopes(digits) for each in segments])


def cost(plan: Plan) -> tuple[int, int]:
    """About the lookup tables of the partial products and of c_0; then finer grids for the same."""
    bits = sum(plan.digits.seen(each.power) + 1 + min(each.weight, 0) for each in plan.digits.each)
    return bits + plan.shift, plan.shift


# -- binary splits -----------------------------------------------------------------------------------------


def _zoned(room: Room) -> Iterator[Cover]:
    """Covers by zones of equal segments, those that are about to take the fewest lookup tables first."""
    top = max((room.end - 1).bit_length(), 1)
    found: list[tuple[int, Plan, Dyadic]] = []
    stuck: list[int] = []
    for plan in _line_plans(top):
        if found and cost(plan)[0] > cost(found[0][1])[0] + _DEARER:
            break
        if plan.digits.reverse:  # which serves what the other sign does, read from the other end
            continue
        at = replace(plan, phase=room.bounds.idle << plan.shift)
        bits = plan.digits.bits

        def serves(start: int, log: int, at: Plan = at, bits: int = bits) -> bool:
            return any(True for _ in room.segment(start, 1 << log, max(log, bits)).words(at))

        for more, leaves in zones(serves, room.end, top, MOST_WORDS[1] - 1, stuck):
            if max(leaves) >= bits:
                found.append((cost(plan)[0] + more, plan, Dyadic(tuple(leaves))))
    yield from _split(room, found)


def _line_plans(top: int) -> list[Plan]:
    """Plans of digits of power 1, the cheapest first."""
    plans = [
        Plan(digits_of({1: (shift - grid, count)}, bits, reverse, subtract), shift)
        for shift, bits, grid, count, (reverse, subtract) in product(
            range(6), range(max(top - 9, 2), 9), range(1, 10), range(1, 6), product((False, True), repeat=2)
        )
        if shift - grid >= -16 and bits < top
    ]
    return sorted(plans, key=cost)


def _dyadic(room: Room) -> Iterator[Cover]:
    """Covers by the leaves of a binary split, those of few digits first."""
    top = max((room.end - 1).bit_length(), 1)
    found: list[tuple[int, Plan, Dyadic]] = []
    for plan in _line_plans(top):
        if len(found) >= _COVERS or (found and cost(plan)[0] > min(found, key=lambda each: each[0])[0]):
            break
        leaves = _leaves(room, replace(plan, phase=room.bounds.idle << plan.shift), top)
        if leaves and max(leaves) >= plan.digits.bits:
            found.append((cost(plan)[0] + _BLOCK * _blocks(leaves), plan, Dyadic(tuple(leaves))))
    yield from _split(room, found)


def _split(room: Room, found: list[tuple[int, Plan, Dyadic]]) -> Iterator[Cover]:
    """The covers of binary splits, the cheapest first, with the words that serve each leaf."""
    for _, plan, map_ in sorted(found, key=lambda each: each[0]):
        at = replace(plan, phase=room.bounds.idle << plan.shift)
        stored = zip([start for start in map_.starts if start < room.end], map_.leaves, strict=False)
        segments = [room.segment(start, 1 << leaf, map_.dx_bits) for start, leaf in stored]
        words = [list(islice(each.words(at), _MOST_KEPT)) for each in segments]
        if all(words):
            yield Cover(plan, map_, words)


def _blocks(leaves: list[int]) -> int:
    """About the blocks of equal leaves: the changes of length."""
    return sum(one != two for one, two in pairwise(leaves))


def _leaves(room: Room, plan: Plan, top: int) -> list[int] | None:
    """The fewest leaves with a word each, from u = 0 up; None if they are too many."""
    leaves: list[int] = []
    nodes = [(0, top)]
    bits = plan.digits.bits
    while nodes:
        start, log = nodes.pop()
        free = start >= room.end
        long = log > top - 3 and not free
        if free or (not long and any(True for _ in room.segment(start, 1 << log, max(log, bits)).words(plan))):
            leaves.append(log)
        elif log <= 1 or len(leaves) + len(nodes) > MOST_WORDS[1]:
            return None
        else:
            nodes += [(start + (1 << log - 1), log - 1), (start, log - 1)]
        if len(leaves) > MOST_WORDS[1]:
            return None
    return leaves
