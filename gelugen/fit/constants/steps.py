"""Constants on free or dyadic segments, without a multiplier: the fewest ROM bits, found exactly.

Complete over: one table of degree 0 with such a map, no shift, no dropped bits, one width, one base, one bias. Outside
the map's segments, and for a dyadic map past the table's end, r is the bias; inside it is one of 2^width neighbouring
integers.

For a given bias and a given window of these integers the best segments are a shortest path over the breakpoints, or a
dynamic program over the tree of dyadic leaves. Every bias that some u outside would take, every width and every window
that could differ is tried.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from gelugen.design import Breakpoints, Coefficient, Dyadic, Term
from gelugen.fit.bounds import FREE, Bounds
from gelugen.fit.parts import Fit
from gelugen.formats import Codes
from gelugen.terms import constant_bits

_NEVER = 1 << 40


@dataclass(frozen=True)
class _Case:
    """A bias, where it is allowed, a window of r of neighbouring integers, and the cheapest base that gives it."""

    bias: int
    idle: npt.NDArray[np.bool_]
    low: int
    high: int
    width: int
    signed: bool
    base: int

    @property
    def base_bits(self) -> int:
        """What the base costs."""
        return constant_bits(self.base)

    def cut(self, bounds: Bounds) -> tuple[Codes, Codes]:
        """The bounds inside the window."""
        return np.maximum(bounds.low, self.low), np.minimum(bounds.high, self.high)


def fit_steps(bounds: Bounds, limit: int | None = None) -> Fit | None:
    """The fewest ROM bits of constants between free breakpoints; None if not below ``limit``.

    A breakpoint that is neither 0 nor a power of two costs the bits of the largest one.
    """
    if (bounds.low > bounds.high).any():
        return None
    if bounds.low.max() <= bounds.high.min():
        return _constant(bounds, limit)
    size, fewest = len(bounds.low), _fewest(bounds)
    target = _NEVER if limit is None else limit
    best: tuple[_Case, list[int]] | None = None
    for case in _cases(bounds):
        if (fewest - 2) * case.width + case.base_bits >= target:
            continue
        longest = _longest(*case.cut(bounds))
        idle = case.idle.tolist()
        for point_bits in range(1, _beyond(size).bit_length() + 1):
            found = _path(case.width, idle, longest, point_bits, target - case.base_bits)
            if found is not None:
                target, best = found[0] + case.base_bits, (case, found[1])
    if best is None:
        return None
    case, points = best
    return Fit(target, (_term(bounds, case, Breakpoints(tuple(points)), points),), case.bias, 0)


def fit_dyadic_steps(bounds: Bounds, limit: int | None = None) -> Fit | None:
    """The fewest ROM bits of constants on the leaves of a binary split; None if not below ``limit``.

    The split costs 2 * leaves - 1; leaves past the table's end have no word, and r there is the bias.
    """
    if (bounds.low > bounds.high).any():
        return None
    if bounds.low.max() <= bounds.high.min():
        return _constant(bounds, limit)
    fewest = _fewest(bounds)
    target = _NEVER if limit is None else limit
    best: tuple[_Case, int] | None = None
    for case in _cases(bounds):
        if (fewest - 2) * (case.width + 2) + case.base_bits > target:
            continue
        for size in range(max(len(bounds.low) - 1, 1).bit_length() + 1):
            if case.idle[1 << size :].all():
                bits = int(_levels(bounds, case, size)[-1].min()) - 1 + case.base_bits
                if bits < target:
                    target, best = bits, (case, size)
    if best is None:
        return None
    case, size = best
    leaves, words = _leaves(_levels(bounds, case, size), case.width)
    points = [0, *accumulate(1 << leaf for leaf in leaves)]
    term = _term(bounds, case, Dyadic(tuple(leaves)), points[: words + 1])
    return Fit(target, (term,), case.bias, 0)


def _constant(bounds: Bounds, limit: int | None) -> Fit | None:
    """No table at all, where one constant will do."""
    if limit is not None and limit <= 0:
        return None
    return Fit(0, (), max(int(bounds.low.max()), min(bounds.idle, int(bounds.high.min()))), 0)


def _cases(bounds: Bounds) -> Iterator[_Case]:
    """Every bias, width and window that could make a difference, each with the base that costs least.

    No r outside some_low .. some_high is ever needed: inside them every code has an allowed r, and so has every set
    of codes that has one at all. So windows that differ only outside, and a bias there, are left out. Codes that share
    an r share one in the window if no upper bound of theirs lies below it and no lower bound above: so of windows with
    the same upper bounds below and the same lower bounds above one is enough.
    """
    low, high = bounds.low, bounds.high
    some_low, some_high = int(high.min()), int(low.max())  # some_low < some_high, as no constant will do
    widest = (some_high - some_low).bit_length()
    lows, highs = np.unique(low).tolist(), np.unique(high).tolist()
    # Words for all u: the bias may then be the smallest r.
    yield _Case(some_low, np.zeros(len(low), dtype=np.bool_), some_low, some_high, widest, False, 0)
    biases = {r for at in (0, -1) for r in range(max(int(low[at]), some_low), min(int(high[at]), some_high) + 1)}
    for bias in sorted(biases, key=lambda r: (abs(r - bounds.idle), r)):
        idle = (low <= bias) & (bias <= high)
        core_low, core_high = int(high[~idle].min()), int(low[~idle].max())
        for width in range(max(core_high - core_low, 0).bit_length(), widest + 2):
            reach = (1 << width) - 1
            cheapest: dict[tuple[int, int], _Case] = {}  # by the numbers of bounds below and above the window
            for bottom in range(max(core_high, some_low) - reach, min(core_low, some_high) + 1):
                window = max(bottom, some_low), min(bottom + reach, some_high)
                kind = bisect_left(highs, window[0]), bisect_right(lows, window[1])
                for signed in (False, True) if width else (False,):
                    base = bottom - bias + (1 << width >> 1 if signed else 0)
                    case = _Case(bias, idle, *window, width, signed, base)
                    if kind not in cheapest or case.base_bits < cheapest[kind].base_bits:
                        cheapest[kind] = case
            yield from cheapest.values()


def _fewest(bounds: Bounds) -> int:
    """The fewest constants that will do from the first u to the last, whatever they are."""
    count, least, most = 1, -FREE, FREE
    for low, high in zip(bounds.low.tolist(), bounds.high.tolist(), strict=True):
        least, most = max(least, low), min(most, high)
        if least > most:
            count, least, most = count + 1, low, high
    return count


def _longest(lows: Codes, highs: Codes) -> list[int]:
    """For every end p the smallest q for which one constant will do for all u of q .. p - 1."""
    low, high = lows.tolist(), highs.tolist()
    most: deque[int] = deque()
    least: deque[int] = deque()
    longest, q = [0], 0
    for u in range(len(low)):
        while most and low[most[-1]] <= low[u]:
            most.pop()
        while least and high[least[-1]] >= high[u]:
            least.pop()
        most.append(u)
        least.append(u)
        while most and least and low[most[0]] > high[least[0]]:
            q += 1
            if most[0] < q:
                most.popleft()
            if least[0] < q:
                least.popleft()
        longest.append(q)
    return longest


def _path(
    width: int, idle: list[bool], longest: list[int], point_bits: int, limit: int
) -> tuple[int, list[int]] | None:
    """The cheapest breakpoints whose largest one has so many bits: the cost and the points; None if not below limit."""
    size = len(longest) - 1
    tail = size  # from here on the bias will do
    while tail and idle[tail - 1]:
        tail -= 1
    ends = range(max(tail, 1 << point_bits - 1), min(size, (1 << point_bits) - 1) + 1)
    last = ends[-1] if ends else size
    beyond = _beyond(size)
    past = beyond > size and beyond.bit_length() == point_bits
    if not ends and not past:
        return None
    cost, origin = [_NEVER] * (last + 1), [-1] * (last + 1)
    head = True
    window: deque[int] = deque()
    best, best_end = limit, -1
    for p in range(last + 1):
        if p:
            head = head and idle[p - 1]
            while window and window[0] < longest[p]:
                window.popleft()
        if p == size and past and window and cost[window[0]] + width < best:
            return cost[window[0]] + width, [*_walk(origin, window[0]), beyond]
        price = point_bits if p & p - 1 else 0
        if window:
            cost[p], origin[p] = cost[window[0]] + width + price, window[0]
        if p in ends and cost[p] < best:
            best, best_end = cost[p], p
        if head and price < cost[p]:
            cost[p], origin[p] = price, -1
        while window and cost[window[-1]] >= cost[p]:
            window.pop()
        if cost[p] < _NEVER:
            window.append(p)
    return (best, _walk(origin, best_end)) if best_end >= 0 else None


def _beyond(size: int) -> int:
    """The power of two that ends all u: as a last point it costs nothing itself, but its bits count."""
    return 1 << (size - 1).bit_length()


def _walk(origin: list[int], end: int) -> list[int]:
    points = [end]
    while origin[points[-1]] >= 0:
        points.append(origin[points[-1]])
    return points[::-1]


def _levels(bounds: Bounds, case: _Case, size: int) -> list[npt.NDArray[np.int64]]:
    """For every node of the tree, from the codes up to the root, three costs.

    All of it words; all of it the bias, by one leaf without a word; words first and then the bias.
    """
    length = 1 << size
    low, high, idle = np.full(length, -FREE), np.full(length, FREE), np.ones(length, dtype=np.bool_)
    seen = min(length, len(bounds.low))
    low[:seen], high[:seen] = (each[:seen] for each in case.cut(bounds))
    idle[:seen] = case.idle[:seen]
    leaf = case.width + 2
    words = np.where(low <= high, leaf, _NEVER)
    bias = np.where(idle, 2, _NEVER)
    both = np.full(length, _NEVER)
    levels = [np.stack([words, bias, both])]
    for _ in range(size):
        low, high = np.maximum(low[::2], low[1::2]), np.minimum(high[::2], high[1::2])
        words = np.where(low <= high, leaf, words[::2] + words[1::2])
        both = np.minimum(np.minimum(both[::2], words_left := levels[-1][0][::2]) + bias[1::2], words_left + both[1::2])
        bias = np.where((bias[::2] == 2) & (bias[1::2] == 2), 2, _NEVER)
        levels.append(np.minimum(np.stack([words, bias, both]), _NEVER))
        words, bias, both = levels[-1]
    return levels


def _leaves(levels: list[npt.NDArray[np.int64]], width: int) -> tuple[list[int], int]:
    """The leaves of the cheapest split, and how many of them have a word."""
    leaves: list[int] = []
    words = 0

    def split(level: int, node: int, state: int) -> None:
        nonlocal words
        cost = levels[level][state, node]
        if state == 1 or (state == 0 and cost == width + 2):
            leaves.append(level)
            words += state == 0
            return
        left, right = levels[level - 1][:, 2 * node], levels[level - 1][:, 2 * node + 1]
        for one, two in ((0, 0),) if state == 0 else ((2, 1), (0, 1), (0, 2)):
            if left[one] + right[two] == cost:
                split(level - 1, 2 * node, one)
                split(level - 1, 2 * node + 1, two)
                return

    split(len(levels) - 1, 0, int(np.argmin(levels[-1][:, 0])))
    return leaves, words


def _term(bounds: Bounds, case: _Case, segments: Breakpoints | Dyadic, points: list[int]) -> Term:
    """The words: of all that are allowed on a segment the one nearest to the mean of the real values."""
    values = []
    lows, highs = case.cut(bounds)
    for one, two in pairwise(points):
        low = int(lows[one:two].max(initial=case.low))
        high = int(highs[one:two].min(initial=case.high))
        ideal = bounds.ideal[one:two]
        known = ideal[np.isfinite(ideal)]
        middle = int(np.rint(known.mean())) if len(known) else low
        values.append(max(low, min(middle, high)) - case.bias - case.base)
    return Term(segments, (Coefficient(tuple(values), case.width, case.signed, 0, case.base),))
