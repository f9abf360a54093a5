"""Zones: the segments of a table as few runs of equal ones.

Where all segments of a run are equally long, wires and one selection a bit find a segment's number and dx, so a binary
split of few runs takes fewer lookup tables than one of the fewest leaves. Borders at multiples of large powers of two
are cheaper to tell. The zones of a plan are those of the least cost that have a word for every segment, by dynamic
programming from u = 0 up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

_ZONE = 6
"""Lookup tables that another zone takes, about, beside the comparison with its border."""
_EACH = 3
"""Zones that are given for each plan."""
_SHORTEST = 7
_SIZES = 4
"""Lengths of segments that are tried: 2^7 to 2^4 of them would fill the split."""

Serves = Callable[[int, int], bool]
"""Whether the segment that starts at u, of 2^log codes, has a word."""
_State = tuple[int, int]
"""The length of the last segment, and how many there are."""


def zones(serves: Serves, end: int, top: int, most: int, stuck: list[int]) -> list[tuple[int, list[int]]]:
    """The costs and the leaves of the cheapest zones of 0 .. 2^top - 1, by their number; none if they are too many.

    Args:
        serves: which segments may be taken.
        end: the first u that needs no segment.
        top: log2 of the length of the split.
        most: so many segments may be taken before ``end``.
        stuck: where other plans had no segment, which is tried first; this one's place is put in front.
    """
    shortest = max(top - _SHORTEST, 2)
    lengths = range(shortest, min(shortest + _SIZES, top))
    serves = cache(serves)
    if not lengths or not all(any(serves(at >> log << log, log) for log in lengths) for at in stuck):
        return []
    found: dict[int, dict[_State, tuple[int, tuple[int, ...]]]] = {0: {(-1, 0): (0, ())}}
    furthest = 0
    for start in range(0, end, 1 << shortest):
        states = found.pop(start, None)
        if not states:
            continue
        furthest = start
        for log in lengths:
            if start & (1 << log) - 1 or not serves(start, log):
                continue
            rest = max(-(-(end - start - (1 << log)) >> lengths[-1]), 0)
            after = found.setdefault(start + (1 << log), {})
            for (last, count), (cost, borders) in states.items():
                if count + 1 + rest > most:
                    continue
                now, marks = cost, borders
                if last != log:
                    now += _ZONE + (top - _trailing(start) if start else 0)
                    marks = (*borders, start, log)
                if now < after.get((log, count + 1), (now + 1, ()))[0]:
                    after[log, count + 1] = now, marks
    reached = {state: each for at, states in found.items() if at >= end for state, each in states.items()}
    if not reached:
        if not any(serves(furthest >> log << log, log) for log in lengths):
            stuck.insert(0, furthest)
        return []
    cheapest = sorted({(cost, borders) for cost, borders in reached.values()})[:_EACH]
    return [(cost, _leaves(borders, end, top)) for cost, borders in cheapest]


def _trailing(start: int) -> int:
    """The low zeros of a border, which a comparison with it does not see."""
    return (start & -start).bit_length() - 1


def _leaves(borders: tuple[int, ...], end: int, top: int) -> list[int]:
    """The leaves of zones, given as start and log2 of the segments' length, and the longest ones past them."""
    leaves: list[int] = []
    starts, logs = borders[::2], borders[1::2]
    at = 0
    for log, past in zip(logs, (*starts[1:], end), strict=True):
        while at < past:
            leaves.append(log)
            at += 1 << log
    while at < 1 << top:
        log = min(_trailing(at), logs[-1])
        leaves.append(log)
        at += 1 << log
    return leaves
