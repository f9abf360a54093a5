"""The best lines on at most N segments, coefficients on a grid: the exact optimum of the weighted square error.

What is exact. Of all choices of at most N neighbouring segments between allowed breaks, and of slopes and intercepts on
the grid, the sum over the samples of weight * (y - a x - b)^2 is the least, to the rounding of doubles. Nothing is said
of what a later rounding of a x + b does.

How. Over the breaks runs the dynamic program of R. Bellman, "On the approximation of curves by line segments using
dynamic programming", Comm. ACM 4 (1961). A segment inside another one has no larger error, as it may take the other
one's line. So where there are many breaks they are first taken together in groups: the error between the last break of
one group and the first of a later one bounds that of every segment from the one to the other. Groups through which no
path can be as good as one already known are dropped, the others are split, down to single breaks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gelugen.fit.mse.lattice import Best, Grid, Moments, Reals, Samples, moments, nearest, settled
from gelugen.formats import Codes

_GROUPS = 256
_BATCH = 1 << 18
_SLACK, _ROUNDING = 1e-9, 1e-15
"""No path is dropped for a difference that rounding could have made: part of the error, and of the samples' squares."""


@dataclass(frozen=True)
class Lines:
    """Lines on neighbouring segments.

    Attributes:
        ends: indices of the allowed breaks, one more than there are segments: segment i holds the samples from
            break ``ends[i]`` to before break ``ends[i + 1]``.
        slopes, intercepts: of each segment, in steps of the grid; the intercept is the value at x = 0.
        error: the sum of weight * (y - line)^2 over all samples.
    """

    ends: tuple[int, ...]
    slopes: tuple[int, ...]
    intercepts: tuple[int, ...]
    error: float


def best_lines(samples: Samples, breaks: Codes, segments: int, grid: Grid, *, idle: bool) -> Lines:
    """The best lines; of equal errors some with the fewest segments.

    Args:
        samples: what is fitted.
        breaks: ascending; a segment may start or end before each of these samples. For no ``idle``, from 0 to the
            number of samples.
        segments: the largest number of segments.
        grid: the coefficients that a line may have.
        idle: whether samples outside all segments count as y = 0, at their cost. If not, the segments must hold every
            sample.
    """
    squares = samples.weight * samples.y**2
    if idle:
        head = np.concatenate([[0.0], np.cumsum(squares)])[breaks]
        tail = np.concatenate([np.cumsum(squares[::-1])[::-1], [0.0]])[breaks]
    else:
        head = np.where(breaks == 0, 0.0, np.inf)
        tail = np.where(breaks == len(samples.x), 0.0, np.inf)
    return _Search(samples, breaks, segments, grid, head, tail).run()


@dataclass(frozen=True)
class _Groups:
    """Groups of neighbouring breaks in which a segment may start or end, ascending.

    Attributes:
        first, last: the breaks of each group.
        near, far: the breaks between which a segment from the group may end.
        alive: [n, group], whether end n of the best segments may lie in the group; the first end has n = 0.
    """

    first: Codes
    last: Codes
    near: Codes
    far: Codes
    alive: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Pairs:
    """Segments from a source to a target, indices of groups: ascending, all of one source side by side.

    Attributes:
        source, target: a segment each.
        layers: for each n the slice of those that may start at end n of the best segments.
        best: their lines.
        unsettled: the indices of those whose line is not proven to be the best one.
        moments: of the unsettled ones.
    """

    source: Codes
    target: Codes
    layers: list[slice]
    best: Best
    unsettled: Codes
    moments: Moments


class _Search:
    def __init__(self, samples: Samples, breaks: Codes, segments: int, grid: Grid, head: Reals, tail: Reals) -> None:
        self.samples, self.breaks, self.segments, self.grid = samples, breaks, segments, grid
        self.head, self.tail = head, tail
        self.known = np.inf  # the error of lines that exist
        self.rounding = _ROUNDING * float(np.sum(samples.weight * samples.y**2))

    def run(self) -> Lines:
        """From groups of many breaks down to single ones."""
        most = len(self.breaks) - 1
        size = 1
        while most >= _GROUPS * size:
            size *= 2
        first = np.arange(0, most + 1, size)
        last, none = np.minimum(first + size - 1, most), np.zeros_like(first)
        alive = np.ones((self.segments + 1, len(first)), dtype=np.bool_)
        groups = _Groups(first, last, none, none + most, alive)
        while size > 1:
            size //= 2
            groups = self.split(groups, size)
        return self.exact(groups)

    def split(self, groups: _Groups, size: int) -> _Groups:
        """Drop the groups that no best path goes through, and split the others into groups of a size."""
        first, last = groups.first, groups.last
        one = np.where(last == len(self.breaks) - 1, last, first)  # a break of each group, for lines that exist
        pairs = self.pairs(groups, one, one, 1)
        self.know(self.forward(pairs, pairs.best.found, self.head[one]), self.tail[one])
        pairs = self.pairs(groups, last, first, 0)
        forward = self.forward(pairs, pairs.best.least, self.head[first])
        backward = self.backward(pairs, pairs.best.least, self.tail[last])
        alive = groups.alive & (forward + backward <= self.limit)
        good = np.flatnonzero(self.through(pairs, forward, backward) <= self.limit)
        near, far = np.full(len(first), len(self.breaks)), np.full(len(first), -1)
        np.minimum.at(near, pairs.source[good], first[pairs.target[good]])
        np.maximum.at(far, pairs.source[good], last[pairs.target[good]])
        kept = np.flatnonzero(alive.any(axis=0))
        parts = first[kept, None] + np.arange(0, 2 * size, size)
        inside = parts <= last[kept, None]
        parent = np.broadcast_to(kept[:, None], parts.shape)[inside]
        parts = parts[inside]
        ends = np.minimum(parts + size - 1, last[parent])
        return _Groups(parts, ends, near[parent], far[parent], alive[:, parent])

    def exact(self, groups: _Groups) -> Lines:
        """The dynamic program over single breaks. Lines that are not settled yet are, where they could matter."""
        breaks = groups.first
        pairs = self.pairs(groups, breaks, breaks, 1)
        head, tail = self.head[breaks], self.tail[breaks]
        while True:
            found = self.forward(pairs, pairs.best.found, head)
            self.know(found, tail)
            forward = self.forward(pairs, pairs.best.least, head)
            backward = self.backward(pairs, pairs.best.least, tail)
            matters = self.through(pairs, forward, backward)[pairs.unsettled] <= self.limit
            matters &= pairs.best.least[pairs.unsettled] < pairs.best.found[pairs.unsettled]
            if not matters.any():
                return self.path(pairs, found, tail, breaks)
            index = pairs.unsettled[matters]
            pairs.best.put(index, settled(pairs.moments.at(matters), self.grid, pairs.best.at(index)))

    def pairs(self, groups: _Groups, starts: Codes, ends: Codes, least: int) -> _Pairs:
        """The segments from each group's start to the ends of the groups at least ``least`` further on."""
        every = np.arange(len(starts))
        low = np.maximum(np.searchsorted(groups.last, groups.near), every + least)
        counts = np.maximum(np.searchsorted(groups.first, groups.far, side="right") - low, 0)
        rows = np.concatenate([[0], np.cumsum(counts)])
        source = np.repeat(every, counts)
        target = np.arange(len(source)) + np.repeat(low - rows[:-1], counts)
        batches: list[tuple[Best, Moments]] = []
        batch: list[Moments] = []
        for i in every.tolist():
            if counts[i]:
                to = self.breaks[ends[low[i] : low[i] + counts[i]]]
                batch.append(moments(self.samples, int(self.breaks[starts[i]]), to))
            if batch and (i == every[-1] or rows[i + 1] // _BATCH > rows[i] // _BATCH):
                joined = Moments.joined(batch)
                best = nearest(joined, self.grid)
                batches.append((best, joined.at(best.least < best.found)))
                batch = []
        best = Best.joined([each for each, _ in batches])
        unsettled = np.flatnonzero(best.least < best.found)
        layers = []
        for alive in groups.alive[:-1]:
            at = np.flatnonzero(alive)
            layers.append(slice(int(rows[at[0]]), int(rows[at[-1] + 1])) if len(at) else slice(0, 0))
        return _Pairs(source, target, layers, best, unsettled, Moments.joined([each for _, each in batches]))

    def forward(self, pairs: _Pairs, error: Reals, head: Reals) -> Reals:
        """[n, group]: the least error from the start to a group, with at most n segments."""
        result = np.tile(head, (self.segments + 1, 1))
        for n, part in enumerate(pairs.layers):
            result[n + 1] = result[n]
            np.minimum.at(result[n + 1], pairs.target[part], result[n][pairs.source[part]] + error[part])
        return result

    def backward(self, pairs: _Pairs, error: Reals, tail: Reals) -> Reals:
        """[n, group]: the least error from a group to the end, where end n lies in the group."""
        result = np.tile(tail, (self.segments + 1, 1))
        for n, part in reversed(list(enumerate(pairs.layers))):
            result[n] = result[n + 1]
            np.minimum.at(result[n], pairs.source[part], result[n + 1][pairs.target[part]] + error[part])
        return result

    def through(self, pairs: _Pairs, forward: Reals, backward: Reals) -> Reals:
        """A bound below the error of every path through each pair."""
        best = np.full(len(pairs.source), np.inf)
        for n, part in enumerate(pairs.layers):
            path = forward[n][pairs.source[part]] + backward[n + 1][pairs.target[part]]
            best[part] = np.minimum(best[part], path)
        return best + pairs.best.least

    def know(self, forward: Reals, tail: Reals) -> None:
        self.known = min(self.known, float((forward[-1] + tail).min()))

    @property
    def limit(self) -> float:
        """What the error of a path must not exceed to be of use."""
        return self.known * (1 + _SLACK) + self.rounding

    def path(self, pairs: _Pairs, forward: Reals, tail: Reals, breaks: Codes) -> Lines:
        at = int((forward[-1] + tail).argmin())
        error, ends, taken = float(forward[-1][at] + tail[at]), [int(breaks[at])], []
        for n in reversed(range(self.segments)):
            if forward[n][at] == forward[n + 1][at]:
                continue
            into = np.flatnonzero(pairs.target == at)
            taken.append(int(into[(forward[n][pairs.source[into]] + pairs.best.found[into]).argmin()]))
            at = int(pairs.source[taken[-1]])
            ends.append(int(breaks[at]))
        slopes, intercepts = pairs.best.slope[taken[::-1]], pairs.best.intercept[taken[::-1]]
        return Lines(tuple(ends[::-1]), tuple(slopes.tolist()), tuple(intercepts.tolist()), error)
