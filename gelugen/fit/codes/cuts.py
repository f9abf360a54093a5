"""How u is cut for polynomials in the code itself, and what that asks of r beyond its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gelugen.fit.bounds import Bounds
from gelugen.fit.codes.segment import Segment
from gelugen.fit.polynomials.exchange import leading_range
from gelugen.maps import Dyadic, Uniform

_EXCHANGES = 16
_WRAPPED = 1 << 15
"""The |k| of 16 bits that is no code: processors take the largest one, or 0, in its place."""


@dataclass(frozen=True)
class Cut:
    """A segment map, and which codes of u each segment must serve.

    Attributes:
        map: the segments.
        bounds: on r for every u.
        ends: for each segment the first code and the one after the last.
    """

    map: Uniform | Dyadic
    bounds: Bounds
    ends: tuple[tuple[int, int], ...]

    def segments(self, degree: int) -> list[Segment] | None:
        """What each segment must keep; None where one has no real polynomial of this degree at all."""
        bounds, about = self.bounds, self.map.about or 0
        parts = [
            Segment(
                np.arange(start, end) - about, bounds.low[start:end], bounds.high[start:end], bounds.ideal[start:end]
            )
            for start, end in self.ends
        ]
        long = [part for part in parts if len(part.dx) > degree]
        if not long:
            return parts
        counts = np.array([len(part.dx) for part in long])
        places = np.arange(counts.max())
        take = np.where(places < counts[:, None], places, 0)
        half = (counts[:, None] - 1) / 2
        low = np.stack([part.low[at] for part, at in zip(long, take, strict=True)]).astype(np.float64)
        high = np.stack([part.high[at] for part, at in zip(long, take, strict=True)]) + 1.0
        start, to = leading_range(take / half - 1, counts, low, high, degree, _EXCHANGES)
        if (start > to).any():
            return None
        least, most = (iter((each / half[:, 0] ** degree).tolist()) for each in (start, to))
        return [replace(part, start=next(least), to=next(most)) if len(part.dx) > degree else part for part in parts]


def busy(bounds: Bounds) -> int:
    """The first u from which on the idle value serves every code."""
    served = (bounds.low <= bounds.idle) & (bounds.idle <= bounds.high)
    return 0 if served.all() else len(served) - int(np.argmin(served[::-1]))


def uniform(bounds: Bounds, about: int, folded: bool, shortest: int) -> Iterator[Cut]:
    """Equal segments of 2^shortest codes at least, the longest first; of a folded u none behind the last busy one."""
    if folded and len(bounds.low) == _WRAPPED + 1:
        bounds = _saturated(bounds)
    end = busy(bounds) if folded else len(bounds.low)
    for dx_bits in reversed(range(shortest, (len(bounds.low) - 1).bit_length())):
        starts = range(0, end, 1 << dx_bits)
        ends = tuple((start, min(start + (1 << dx_bits), len(bounds.low))) for start in starts)
        yield Cut(Uniform(dx_bits, about), bounds, ends)


def _saturated(bounds: Bounds) -> Bounds:
    """Bounds of one value at the two largest |k| of 16 bits, if there is one: a processor takes one for the other."""
    low, high = int(bounds.low[-2:].max()), int(bounds.high[-2:].min())
    if low > high:
        return bounds
    value = min(max(bounds.idle, low), high)
    ends = np.full(2, value)
    return replace(bounds, low=np.concatenate([bounds.low[:-2], ends]), high=np.concatenate([bounds.high[:-2], ends]))


def two_widths(bounds: Bounds, about: int, shortest: int) -> Iterator[Cut]:
    """Leaves of two widths, the longest first: 2^shortest codes or more below a power of two, and twice as long above.

    A processor finds the leaf as u + min(u, 2^n - 1) >> w with u no larger than 2^(n + 1) - 1, and negates a code of
    16 bits at most. Where that and the leaves differ, r has one value, so that both give the same.
    """
    codes, end = len(bounds.low), busy(bounds)
    span = end.bit_length() if end < codes else (codes - 1).bit_length()
    half = 1 << span >> 1
    for log in reversed(range(shortest, span - 1)):
        leaves = (log,) * (half >> log) + (log + 1,) * (half >> log + 1)
        segment_map = Dyadic(leaves, about)
        ends = []
        for start, leaf in zip(segment_map.starts, leaves, strict=True):
            last = start + (1 << leaf)
            ends.append((min(start, codes), min(last + (half <= last < 1 << span), codes)))
        yield Cut(segment_map, _pinned(bounds, range(half, 1 << span, 2 << log), 1 << span), tuple(ends))


def _pinned(bounds: Bounds, shared: range, end: int) -> Bounds:
    """Bounds of one value at the codes that two leaves share, and at those that stand for codes past the end.

    No r is negative if it can be helped: two of them are then packed without a mask.
    """
    low, high = bounds.low.copy(), bounds.high.copy()
    if bounds.idle >= 0 and (high >= 0).all():
        low = np.maximum(low, 0)
    nearest = np.clip(np.rint(bounds.ideal).astype(np.int64), low, high)
    for u in shared[: len(range(shared.start, len(low), shared.step))]:
        low[u] = high[u] = nearest[u]
    for u in (0,) * (len(low) == _WRAPPED + 1) + (end - 1,) * (len(low) > end):
        if low[u] <= bounds.idle <= high[u]:
            low[u] = high[u] = bounds.idle
    return replace(bounds, low=low, high=high)
