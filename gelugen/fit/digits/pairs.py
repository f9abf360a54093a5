"""Paired segments: the two of a pair share c_0, where they meet, and the digits of the bump, see ``gelugen.digits``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from gelugen.fit.bounds import Bounds
from gelugen.fit.digits.grid import Plan, Segment, Word
from gelugen.fit.digits.plans import Cover, Room, cost, plan_of
from gelugen.maps import Uniform

_MOST = 32
"""Segments: a lookup table of four inputs holds a bit of what pairs have."""
_LEAST = 8
_FEWEST_CODES = 6
"""log2 of the codes of a segment, at least."""
_MOST_BITS = 10
_SHIFTS = range(2, 5)


@dataclass(frozen=True)
class Pair:
    """What a pair may have.

    Attributes:
        low, high: c_0 without its dropped bits.
        digits: of the first and the second segment.
    """

    low: int
    high: int
    digits: tuple[tuple[int, ...], ...]


def paired(bounds: Bounds) -> Iterator[Cover]:
    """The first cover by paired segments that serves, of as many as a lookup table of five inputs tells apart."""
    end = Room(bounds, 2).end
    bits = max((end - 1).bit_length() - _MOST.bit_length() + 1, 0)
    count = -(-end >> bits)
    if bits < _FEWEST_CODES or count < _LEAST:
        return
    segments = [Segment(bounds, at << bits, 1 << bits, bits + 1, at & 1 == 1) for at in range(count)]
    order = list(range(0, count - 1, 2))
    for plan in _plans(segments, min(bits + 1, _MOST_BITS)):
        if not all(_serves(segments, order, plan)):  # where c_0 is free the phase is of no account
            continue
        for phase in range(1 << plan.shift):
            at = replace(plan, phase=phase + (bounds.idle << plan.shift))
            if count % 2 and not _pairs(segments[-1:], at):
                continue
            found = [_pairs(segments[first : first + 2], at) for first in range(0, count, 2)]
            if all(found):
                words = [[word] for some in found for word in _taken(some)]
                yield Cover(replace(plan, phase=phase), Uniform(bits), words)
                return


def _plans(segments: list[Segment], bits: int) -> list[Plan]:
    """Plans for these segments, the cheapest first."""
    found = []
    for shift, fine, bump in product(_SHIFTS, range(4, 14), range(3, 8)):
        if plan := plan_of(segments, bits, [fine, bump], shift, paired=True):
            found.append(plan)
            if len(plan.weights(2)) > 1:  # whose reach may do too: the best real bumps are not the only ones
                found.append(replace(plan, digits=replace(plan.digits, each=plan.digits.each[:-1])))
    return sorted(dict.fromkeys(found), key=cost)


def _serves(segments: list[Segment], order: list[int], plan: Plan) -> Iterator[bool]:
    """Whether each pair has words, in an order in which the last one without comes first."""
    for place, first in enumerate(order):
        if not _pairs(segments[first : first + 2], plan):
            order.insert(0, order.pop(place))
            yield False
            return
        yield True


def _pairs(segments: list[Segment], plan: Plan) -> list[Pair]:
    """All that a pair may have. The one that is left of a pair has c_0 = 0, as what is past the segments has."""
    one, *two = ([*each.words(plan)] for each in segments)
    if not two:
        return [Pair(0, 0, (word.digits,)) for word in one if word.low <= 0 <= word.high]
    bumps = len(plan.weights(1))
    both: dict[tuple[int, ...], list[Word]] = {}
    for word in two[0]:
        both.setdefault(word.digits[bumps:], []).append(word)
    found = []
    for word in one:
        for other in both.get(word.digits[bumps:], []):
            low, high = max(word.low, other.low), min(word.high, other.high)
            if low <= high:
                found.append(Pair(low, high, (word.digits, other.digits)))
    return found


def _taken(pairs: list[Pair]) -> list[Word]:
    """The words of the pair that has the fewest digits."""
    pair = max(pairs, key=lambda each: sum(digits.count(0) for digits in each.digits))
    return [Word(digits, pair.low, pair.high) for digits in pair.digits]
