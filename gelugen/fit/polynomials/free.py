"""Polynomials between free breakpoints: few segments, at breakpoints that cost few bits.

Heuristic. For each of the most promising lists of breakpoints the grids of the coefficients are searched as for equal
segments, in so many tries; then words lose bits where moved breakpoints allow it. What is returned keeps every bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gelugen.fit.bounds import Bounds
from gelugen.fit.parts import Fit
from gelugen.fit.polynomials.candidates import Candidates, Grid
from gelugen.fit.polynomials.cover import Cover, Leaf
from gelugen.fit.polynomials.exchange import Reals, leading_range
from gelugen.fit.polynomials.horner import Place
from gelugen.fit.polynomials.moves import Word, moved
from gelugen.fit.polynomials.nodes import Level, Nodes
from gelugen.fit.polynomials.plans import Plan, ranked
from gelugen.fit.polynomials.reach import Reach
from gelugen.fit.polynomials.search import Found, GridSearch, neighbours, settled
from gelugen.fit.polynomials.shapes import Shape
from gelugen.fit.verified import keeps
from gelugen.formats import Codes
from gelugen.maps import Breakpoints

_EXCHANGES = 16
_SEARCHED = {1: 5, 2: 6, 3: 4}
"""So many lists of breakpoints are searched, by degree; half as many where u has few codes."""
_TRIES = {1: 10, 2: 16, 3: 20}
"""So many grids are tried for each of them, by degree; half as many where u has few codes."""
_SMALL = 512
_HOPE = 0.8
"""No more than to this part do the bits fall below a guess, or when breakpoints are moved."""
_MOVED = {1: 1, 2: 3, 3: 2}
"""By degree, so many of the best are tried with moved breakpoints; one where u has few codes."""


class _Pieces(Nodes):
    """Segments between breakpoints in the place of nodes: level 0 holds them all.

    Position in them is x = dx / 2^(dx_bits - 1).
    """

    def __init__(self, reach: Reach, points: Codes, dx_bits: int) -> None:
        self.degree, self.bounds, self.ideal = reach.degree, reach.bounds, reach.ideal
        self.low, self.high = reach.lowest, reach.highest
        self.span = self.smallest = 0
        self.levels = {0: _Level(reach, points, dx_bits)}
        self.fewest: dict[int, Reals] = {}


class _Level(Level):
    def __init__(self, reach: Reach, points: Codes, dx_bits: int) -> None:
        self.log, self.degree, self.count = 0, reach.degree, len(points) - 1
        codes, self.counts = reach.points(points[:-1], points[1:], exact=True)
        self.low, self.high = reach.bounds_at(codes, points[1:])
        self.x = (codes - points[:-1, None]) / (1 << dx_bits >> 1) - 1
        self.start, self.to = leading_range(self.x, self.counts, self.low, self.high, self.degree, _EXCHANGES)
        self.exists = self.start <= self.to


@dataclass(frozen=True)
class _Breaks(Shape):
    """Segments between given breakpoints, searched as equal segments are.

    Attributes:
        points: the breakpoints.
    """

    points: tuple[int, ...] = ()

    def segments(self, leaves: tuple[Leaf, ...]) -> Breakpoints:  # type: ignore[override]
        """The map."""
        return Breakpoints(self.points[: len(leaves) + 1])

    def places(self, leaves: tuple[Leaf, ...]) -> list[Place]:
        """Where the segments lie."""
        return [Place(one, two - one) for one, two in pairwise(self.points[: len(leaves) + 1])]

    @property
    def least_word(self) -> int:
        """Nothing is known."""
        return 1

    def bits(self, segments: int, widths: int) -> int:
        """The ROM bits of so many segments, and those of all breakpoints."""
        return super().bits(segments, widths) + Breakpoints(self.points).rom_bits


def fit_free(bounds: Bounds, degree: int, limit: int | None = None) -> Fit | None:
    """The fewest bits found of polynomials of degree 1 to 3 between free breakpoints; None if not below ``limit``."""
    below = np.inf if limit is None else limit
    if ((bounds.low <= bounds.idle) & (bounds.idle <= bounds.high)).all():
        return Fit(0, (), bounds.idle, 0) if below > 0 else None
    less = 1 if len(bounds.low) > _SMALL else 2
    steps: tuple[int, ...] | None = None
    found: list[tuple[int, int, Plan, _Breaks, Fit]] = []
    plans = ranked(bounds, degree, below)
    for number, plan in enumerate(plans[: _SEARCHED[degree] // less]):
        if len(plan.points) > 2 and plan.guess * _HOPE >= below:
            continue
        if (shape := _shape(plan)) is not None:
            search = _Search(shape, steps, _TRIES[degree] // less)
            if (fit := search.fit()) is not None:
                found.append((fit.bits, number, plan, shape, fit))
                steps = search.ranked()[0].steps
    found.sort(key=lambda each: each[:2])
    fits = [fit for *_, fit in found]
    for bits, _, plan, shape, fit in found[: max(_MOVED[degree] // less, 1)]:
        if bits * _HOPE < below:
            fits.append(_moved(plan.reach, shape, fit))
    kept = [fit for fit in fits if fit.bits < below and keeps(bounds, fit)]
    return min(kept, key=lambda fit: fit.bits, default=None)


def _moved(reach: Reach, shape: _Breaks, fit: Fit) -> Fit:
    """The fit with as many bits taken from its words as moves of its breakpoints allow."""
    for stride in _strides(shape.points):
        failed: set[tuple[int, int]] = set()
        while (better := _narrower(reach, shape, fit, stride, failed)) is not None:
            shape, fit = better
    return fit


def _narrower(
    reach: Reach, shape: _Breaks, fit: Fit, stride: int, failed: set[tuple[int, int]]
) -> tuple[_Breaks, Fit] | None:
    """The first narrower word that some moved breakpoints serve; those that none do become ``failed``."""
    if not fit.terms or fit.terms[0].degree < reach.degree:
        return None
    for name, word in Word.of(fit, fit.terms[0]).narrower():
        if name in failed:
            continue
        points = moved(reach, shape.points, word, stride)
        if points is not None and Breakpoints(points).dx_bits == word.dx_bits:
            near = replace(shape, nodes=_Pieces(reach, np.array(points), word.dx_bits), points=points)
            found = _worded(reach, near, word)
            if found is not None and found.bits < fit.bits:
                return near, found
        failed.add(name)
    return None


def _worded(reach: Reach, shape: _Breaks, word: Word) -> Fit | None:
    """The fit of given words; None if they do not serve every segment."""
    points = np.array(shape.points)
    owner, choices = word.choices(reach, points[:-1], points[1:], exact=True)
    cut = np.searchsorted(owner, np.arange(shape.count + 1))
    if (cut[1:] == cut[:-1]).any():
        return None
    grid = Grid(shape.nodes, (0, *word.steps[1:]), 1)
    for number, (one, two) in enumerate(zip(cut[:-1].tolist(), cut[1:].tolist(), strict=True)):
        here = slice(one, two)
        grid.put(0, number, Candidates(choices.k[here], choices.start[here], choices.to[here]))
    cover = Cover(tuple((0, number) for number in range(shape.count)), word.constant / 2.0 ** word.steps[0])
    return settled(shape, Found(0, word.steps[1:], word.steps[0], cover, [*word.windows], grid))


def _strides(points: tuple[int, ...]) -> list[int]:
    """How far breakpoints are moved: at first a 32nd of a segment."""
    length = max(points[-1] // (32 * len(points)), 1)
    stride = 1 << length.bit_length() - 1
    return sorted({stride, max(stride // 4, 1)}, reverse=True)


def _shape(plan: Plan) -> _Breaks | None:
    """What is searched; None if no real polynomial exists on a segment after all."""
    segments = Breakpoints(plan.points)
    nodes = _Pieces(plan.reach, np.array(plan.points), segments.dx_bits)
    if not nodes.levels[0].exists.all():
        return None
    return _Breaks(nodes, plan.tail, plan.rest, equal=0, count=segments.segments, points=plan.points)


class _Search(GridSearch):
    """The search of the grids, with an end after so many of them."""

    def __init__(self, shape: _Breaks, steps: tuple[int, ...] | None, tries: int) -> None:
        """``steps``: where to begin, if something is known."""
        super().__init__(shape, np.inf)
        self.first, self.tries = steps or tuple(each + 2 for each in self.start()), tries

    def run(self) -> None:
        """From the first steps down to some that serve, and on in whatever direction is better, the last one first."""
        steps = self.first
        while (bits := self.attempt(steps)) == np.inf and len(self.seen) < self.tries:
            steps = tuple(each - 1 for each in steps)
        directions = list(neighbours((0,) * self.degree))
        better = True
        while better:
            better = False
            for index, direction in enumerate(directions):
                near = tuple(one + two for one, two in zip(steps, direction, strict=True))
                if len(self.seen) >= self.tries or not self.promising(near):
                    continue
                if (found := self.attempt(near)) < bits:
                    steps, bits, better = near, found, True
                    directions.insert(0, directions.pop(index))
                    break

    def fit(self) -> Fit | None:
        """The best of what was tried that survives as integers."""
        self.run()
        for found in self.ranked():
            if (fit := settled(self.shape, found)) is not None:
                return fit
        return None
