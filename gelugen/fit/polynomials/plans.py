"""Lists of breakpoints that are worth a search: the cheapest ones at several margins and longest segments.

For each margin that a real polynomial leaves inside the bounds, and for each longest segment, dynamic programming finds
the breakpoints with the fewest bits, at a guess of what a word costs. Where u has many codes, breakpoints are multiples
of a power of two, or powers of two themselves, which cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gelugen.fit.bounds import Bounds
from gelugen.fit.polynomials.cover import Rest
from gelugen.fit.polynomials.exchange import Reals
from gelugen.fit.polynomials.reach import Reach, cheapest
from gelugen.fit.polynomials.shapes import least_width, rest_of, tail_of
from gelugen.formats import Codes
from gelugen.maps import Breakpoints
from gelugen.terms import Term

_STARTS = {1: 1024, 2: 256, 3: 256}
"""Breakpoints that are looked at, by degree."""
_LARGEST_MARGIN, _SMALLEST = 0.4, 40
_MARGINS, _SMALL = 10, 512
"""Margins that are tried, each smaller by the square root of two; every second one where u has so few codes."""
_LONGEST = 3
"""So many powers of two are tried as the longest segment."""
_STEPS = 8
"""Steps are about so many times the margin."""


@dataclass(frozen=True)
class Plan:
    """Breakpoints, and about how many bits they will need.

    Attributes:
        guess: the bits.
        points: the breakpoints.
        reach: the bounds.
        tail: the term that serves what lies past the segments, if one is needed.
        rest: what r may be where the shared constant stands alone.
    """

    guess: float
    points: tuple[int, ...]
    reach: Reach
    tail: Term | None
    rest: Rest


def ranked(bounds: Bounds, degree: int, limit: float) -> list[Plan]:
    """The plans by their guess, one for each number of segments and longest segment.

    None if not even real polynomials stay below ``limit``, with words as narrow as they are nowhere.
    """
    best: dict[tuple[int, int], Plan] = {}
    for plan in sorted(_plans(bounds, degree, limit), key=lambda each: (each.guess, each.points)):
        segments = Breakpoints(plan.points)
        best.setdefault((segments.segments, segments.dx_bits), plan)
    return list(best.values())


def _ends(bounds: Bounds) -> Iterator[tuple[int, Term | None]]:
    """Where the segments may end, and the tail that then serves the rest; the largest end first."""
    needed = np.flatnonzero((bounds.idle < bounds.low) | (bounds.idle > bounds.high))
    if not len(needed):
        return
    end = int(needed[-1]) + 1
    past = 1 << (end - 1).bit_length()
    yield past, None
    if past > end:
        yield end, None
    if past > 2 and (tail := tail_of(bounds, past // 2, end)) is not None:
        yield past // 2, tail


def _plans(bounds: Bounds, degree: int, limit: float) -> Iterator[Plan]:
    ends = list(_ends(bounds))
    if not ends:
        return
    size = ends[0][0]
    reach = Reach(bounds, degree, size)
    stride = 1 << max((size - 1) // _STARTS[degree], 0).bit_length()
    points = np.unique([*range(0, size, stride), *(1 << np.arange(size.bit_length())), *(end for end, _ in ends)])
    real = reach.furthest(points, np.zeros(1))[0]
    if _fewest(reach, ends, points, real) >= limit:
        return
    margins = _margins(reach, points[points <= ends[-1][0]])
    seen: set[tuple[int, ...]] = set()
    for margin, furthest in zip(margins, reach.furthest(points, margins), strict=True):
        for end, tail in ends:
            extra, rest = tail.rom_bits if tail else 0, rest_of(bounds, tail, end)
            some = points[points <= end]
            far = np.minimum(furthest[: len(some)], len(some) - 1)
            most = int((some[far] - some).max() - 1).bit_length()
            for dx_bits in range(most, max(most - _LONGEST, 0), -1):
                word = _word(reach, margin, some, far, dx_bits)
                path = cheapest(some, far, 1 << dx_bits, word, end.bit_length())
                if path is None or path in seen:
                    continue
                seen.add(path)
                segments = Breakpoints(path)
                if segments.dx_bits:
                    yield Plan(segments.segments * word + segments.rom_bits + extra, path, reach, tail, rest)


def _fewest(reach: Reach, ends: list[tuple[int, Term | None]], points: Codes, furthest: Codes) -> float:
    """About the fewest bits that real polynomials need, with words as narrow as they are nowhere."""
    # the intercepts need not come near the ends of r's range: one bit less
    word, fewest = reach.degree + max(least_width(reach.lowest, reach.highest) - 1, 0), np.inf
    for end, tail in ends:
        some = points[points <= end]
        far = np.minimum(furthest[: len(some)], len(some) - 1)
        path = cheapest(some, far, end, word, end.bit_length())
        if path is not None:
            bits = word * (len(path) - 2) + Breakpoints(path).rom_bits  # a single segment needs no word
            fewest = min(fewest, bits + (tail.rom_bits if tail else 0))
    return fewest


def _margins(reach: Reach, points: Codes) -> Reals:
    """The largest margin at which a polynomial exists between all neighbouring points, and smaller ones."""
    margins = _LARGEST_MARGIN / 2 ** (np.arange(_SMALLEST) / 2)
    while len(margins) and not reach.exists(points[:-1], points[1:], float(margins[0])).all():
        margins = margins[1:]
    return margins[:_MARGINS:2] if len(reach.ideal) <= _SMALL else margins[:_MARGINS]


def _word(reach: Reach, margin: float, points: Codes, furthest: Codes, dx_bits: int) -> float:
    """About the bits of a word: what real coefficients need at steps of some times the margin.

    The coefficients are those of Newton's polynomial through the real values at degree + 1 points.
    """
    half = 1 << dx_bits >> 1
    ends = np.minimum(points[furthest], points + 2 * half)
    some = np.flatnonzero(ends - points > reach.degree)
    if not len(some):
        return float(reach.degree + 1)
    start, length = points[some], (ends - points)[some]
    at = (length[:, None] - 1) * np.arange(reach.degree + 1) // reach.degree
    powers = (at / half - 1)[:, :, None] ** np.arange(reach.degree + 1)
    coefficients = np.linalg.solve(powers, reach.ideal[start[:, None] + at][:, :, None])[:, :, 0]
    ranges = coefficients.max(axis=0) - coefficients.min(axis=0)
    return float(np.log2(np.maximum(ranges / (_STEPS * margin), 2)).sum())
