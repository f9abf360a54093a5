"""The fewest ROM bits of polynomials on equal segments or on a binary split, over the grids of their coefficients.

A word has as many bits as the ranges of the coefficients divided by their steps need: a step twice as wide is one bit
less in every word, until it costs more segments than it saves. The search starts from steps that are a fraction of
the room that the bounds leave the leading coefficient, and goes on from the best steps found to those that differ
by one in one coefficient, or in two in opposite directions, as long as that may still win.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import permutations, product

import numpy as np

from gelugen.fit.parts import Fit
from gelugen.fit.polynomials.candidates import Grid
from gelugen.fit.polynomials.cover import Cover, Window, base_bits, width, windows_of
from gelugen.fit.polynomials.horner import LARGEST_SHIFT, settle
from gelugen.fit.polynomials.shapes import Shape
from gelugen.terms import Term

_MOST = {1: 65, 2: 15, 3: 5}
"""Integers of one coefficient that are tried for one choice of those above it, by degree."""
_REFINED, _REFINEMENT = 2, 2
"""So many of the best steps are tried again with so many times the integers, and columns narrowed in every order."""
_COVERS = {1: 16, 2: 4, 3: 1}
"""So many constants are then tried, by degree."""
_INTERCEPTS = (-1, 0, 1, 2, -2, -3)
"""log2 of the intercept's step, beside the smallest of the other steps."""
_FIRST_TRIES = 6
_PATIENCE, _PATIENT_BITS = 1.04, {1: 3, 2: 2, 3: 0}
"""Steps whose bits are within this factor of the best, or so many above it, are starting points for others."""
_MOST_TRIES, _SMALL = {1: 200, 2: 60, 3: 30}, 8
"""Steps that are tried at most, by degree; half of them where u has so few bits."""
_MOST_SPLIT = 4
"""A split into so many times the leaves that real coefficients need is given up."""
_FINEST, _COARSEST = -20, 16
"""log2 of the steps at the ends of the search, in units of r: past any design of 16 bits."""


@dataclass
class Found:
    """The best cover for some steps."""

    bits: float
    steps: tuple[int, ...]
    intercept: int = 0
    cover: Cover | None = None
    windows: list[Window] = field(default_factory=list)
    grid: Grid | None = None


def fit_polynomials(shape: Shape, limit: int | None = None) -> Fit | None:
    """The fewest bits found for one shape; None if not below ``limit``."""
    search = GridSearch(shape, np.inf if limit is None else limit)
    search.run()
    fits = [fit for found in search.ranked() if (fit := settled(shape, found)) is not None]
    best = min(fits, key=lambda fit: fit.bits, default=None)
    return best if best is not None and (limit is None or best.bits < limit) else None


class GridSearch:
    """The search of one shape over the steps of its coefficients.

    Attributes:
        shape, degree: what is fixed.
        seen: the best cover for each choice of steps that was tried.
        limit: bits from which on nothing is of use.
        fewest: the segments that real coefficients need.
        ranges: for each coefficient the fewest bits of width + step seen so far.
    """

    def __init__(self, shape: Shape, limit: float) -> None:
        self.shape, self.degree = shape, shape.nodes.degree
        self.seen: dict[tuple[int, ...], Found] = {}
        self.limit = limit
        nodes = shape.nodes
        self.fewest = shape.count if shape.equal is not None else int(nodes.fewest[nodes.span][0])
        self.ranges: list[float] = [np.inf] * (self.degree + 1)

    @property
    def best(self) -> float:
        """The bits to get below."""
        return min([self.limit, *(found.bits for found in self.seen.values())])

    def ranked(self) -> list[Found]:
        """The best covers below the limit."""
        found = sorted((each for each in self.seen.values() if each.bits < self.limit), key=lambda each: each.bits)
        return found[:_REFINED]

    def run(self) -> None:
        """From the first steps to the best ones, and again with more integers tried for those."""
        if self.shape.bits(self.fewest, self.shape.least_word) >= self.limit:
            return
        start = self.start()
        for finer in range(_FIRST_TRIES):  # the first steps must give a cover at all
            if self.attempt(tuple(each - finer for each in start)) < np.inf:
                break
        tries = _MOST_TRIES[self.degree] // (2 if self.shape.nodes.span <= _SMALL else 1)
        opened: set[tuple[int, ...]] = set()
        while near := [found for steps, found in self.seen.items() if steps not in opened and self._near(found)]:
            steps = min(near, key=lambda found: (found.bits, found.steps)).steps
            opened.add(steps)
            for neighbour in neighbours(steps):
                if self.promising(neighbour) and len(self.seen) < tries:
                    self.attempt(neighbour)
        for found in self.ranked():
            self.attempt(found.steps, more=_REFINEMENT)

    def _near(self, found: Found) -> bool:
        least = min(each.bits for each in self.seen.values())
        return found.bits < np.inf and found.bits <= max(_PATIENCE * least, least + _PATIENT_BITS[self.degree])

    def start(self) -> tuple[int, ...]:
        """The first steps: a fraction of the room that the bounds leave the leading coefficient."""
        nodes = self.shape.nodes
        rooms = []
        if self.shape.equal is not None:
            level = nodes.levels[self.shape.equal]
            rooms = (level.to - level.start)[: self.shape.count].tolist()
        else:
            for log, level in nodes.levels.items():
                parent = nodes.levels.get(log + 1)
                alone = level.exists if parent is None else level.exists & ~parent.exists.repeat(2)
                rooms += (level.to - level.start)[alone].tolist()
        room = float(np.median(rooms)) if self.shape.equal is None else float(np.min(rooms))
        return (int(np.floor(np.log2(max(room, 1e-6)))) - 2,) * self.degree

    def promising(self, steps: tuple[int, ...]) -> bool:
        """Whether some steps are new and may still win, after what other steps needed."""
        if steps in self.seen or max(steps) > _COARSEST or min(steps) < _FINEST:
            return False
        return self.shape.bits(self.fewest, int(self._word((max(steps), *steps)))) - self.fewest < self.best

    def attempt(self, steps: tuple[int, ...], more: int = 1) -> float:
        """The fewest bits for some steps of the upper coefficients, over the steps of the intercept."""
        grid = Grid(self.shape.nodes, (0, *steps), more * _MOST[self.degree])
        best = self.seen.get(steps, Found(np.inf, steps))
        orders = list(permutations(range(self.degree)) if more > 1 else [range(self.degree)])
        for intercept in [min(steps) + each for each in _INTERCEPTS]:
            step = 2.0**intercept
            target = min(self.best, best.bits) - self.shape.bits(0, 0)
            word = self._word((intercept, *steps)) + (2 if self.shape.equal is None else 0)
            most = min(target / word if word else np.inf, _MOST_SPLIT * self.fewest)
            covers = self.shape.covers(grid, step, most)
            for cover, order in product(covers[: _COVERS[self.degree] if more > 1 else 1], orders):
                found = windows_of(grid, cover, self.shape.rest, step, order)
                wide = [width(each) for each in found]
                self._learn([wide[-1] + intercept] + [w + s for w, s in zip(wide[-2::-1], steps, strict=True)])
                bits = self.shape.bits(len(cover.leaves), sum(wide)) + self._bases(found)
                if bits < best.bits:
                    best = Found(bits, steps, intercept, cover, found, grid)
        self.seen[steps] = best
        return best.bits

    def _bases(self, windows: list[Window]) -> int:
        """The bits of the bases; that of the intercepts costs nothing where the shared constant is free."""
        return sum(base_bits(each) for each in (windows if self.shape.rest is not None else windows[:-1]))

    def _word(self, steps: tuple[int, ...]) -> float:
        """The fewest bits that a word may have, after what other steps needed."""
        if not np.isfinite(self.ranges).all():
            return 0
        return sum(max(reach - step, 0) for reach, step in zip(self.ranges, steps, strict=True))

    def _learn(self, ranges: list[int]) -> None:
        """The fewest bits of width + step seen so far say how narrow a column of another step will be."""
        self.ranges = [min(pair) for pair in zip(self.ranges, ranges, strict=True)]


def neighbours(steps: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Steps that differ by one bit in one coefficient, or in two in opposite directions; wider ones first."""
    for one in range(len(steps)):
        yield tuple(step + (index == one) for index, step in enumerate(steps))
    for one in range(len(steps)):
        for two in range(len(steps)):
            if one != two:
                yield tuple(step + (index == one) - (index == two) for index, step in enumerate(steps))
    for one in range(len(steps)):
        yield tuple(step - (index == one) for index, step in enumerate(steps))


def settled(shape: Shape, found: Found) -> Fit | None:
    """The integers of a cover; None where its intercepts do not survive what the Horner scheme cuts off."""
    if found.cover is None or found.grid is None:
        return None
    nodes, leaves = shape.nodes, found.cover.leaves
    choices = [found.grid.of(log, [number])[0].within(found.windows[:-1]).k for log, number in leaves]
    steps = (found.intercept, *found.steps)
    settled = settle(nodes, shape.places(leaves), choices, shape.rest, steps, found.windows, found.cover.constant)
    if settled is None:
        return None
    columns, shifts = list(settled.columns), list(settled.horner.shifts)
    while len(columns) > 1 and columns[-1].width == 0 and columns[-1].base == 0:
        columns.pop()
        shifts.pop(0)
    bias, shift = settled.bias, settled.horner.shift
    if shifts and columns[0].drop + shifts[-1] <= LARGEST_SHIFT and shift + shifts[-1] <= LARGEST_SHIFT:
        # the last step's shift joins the sum's: the same bits, and one shift less
        last = shifts[-1]
        shifts[-1] = 0
        columns[0] = replace(columns[0], drop=columns[0].drop + last)
        bias, shift = bias << last, shift + last
    terms = [Term(shape.segments(leaves), tuple(columns), tuple(shifts) if any(shifts) else ())]
    if len(columns) == 1 and columns[0].width == 0 and (shape.rest is None or not columns[0].base):
        bias += columns[0].base << columns[0].drop  # a constant needs no term
        terms = []
    if shape.tail:
        terms.append(_shifted(shape.tail, shift))
    return Fit(sum(term.rom_bits for term in terms), tuple(terms), bias, shift)


def _shifted(tail: Term, shift: int) -> Term:
    """The tail on the grid of the sum."""
    (constant,) = tail.coefficients
    return Term(tail.map, (replace(constant, drop=shift),))
