"""One segment: integer coefficients that keep every code inside the bounds, and every number inside its bits.

Which c_2 a real polynomial may have is known (``exchange.py``). For each integer c_2 among these what it adds is an
integer at every code, floors and all; so which c_1 is possible is a matter of lines between bounds, and which c_0 an
interval of integers. Of the choices tried the one of least square error is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gelugen.fit.codes.forms import HALF, Form
from gelugen.fit.polynomials.exchange import Reals, leading_range
from gelugen.formats import Codes

_TRIED = 17
"""Choices of c_2 that are tried at once, nearest to the middle of its range first."""
_MOST = 8
"""How often, before it is given up."""
_EXCHANGES = 16
_SLOPES = 1025
"""The most slopes of a line that are tried."""
_STRAIGHT = 8
"""A segment of fewer codes is not held to a straight line."""

Words = tuple[int, int, int]
"""c_2 (0 of a line), c_1 and c_0."""


@dataclass(frozen=True)
class Segment:
    """What a segment's polynomial must keep.

    Attributes:
        dx: int64, its codes.
        low, high: int64, of r at each.
        ideal: float64, of r at each.
        start, to: the range of the coefficient of dx^2 in r, of real polynomials.
    """

    dx: Codes
    low: Codes
    high: Codes
    ideal: Reals
    start: float = 0.0
    to: float = 0.0

    @property
    def straight(self) -> Segment | None:
        """The same segment, held to the correctly rounded r, where that is a straight line; else None."""
        nearest = np.rint(self.ideal).astype(np.int64)
        steps = np.diff(nearest)
        allowed = ((self.low <= nearest) & (nearest <= self.high)).all()
        if len(self.dx) < _STRAIGHT or steps.min() != steps.max() or not allowed:
            return None
        return Segment(self.dx, nearest, nearest, self.ideal)


def words(segment: Segment, form: Form, bias: int) -> Words | None:
    """The words that serve a segment; None if none are found.

    A straight line of correctly rounded values, as far out, is given as it is.
    """
    if not len(segment.dx):
        return 0, 0, 0
    search = _parabola if form.degree == 2 else _line
    straight = segment.straight
    found = search(straight, form, bias) if straight else None
    return found or search(segment, form, bias)


def _parabola(segment: Segment, form: Form, bias: int) -> Words | None:
    for c2 in _curves(segment, form):
        c1 = _slopes(segment, form, c2)
        added = form.curve(c2, segment.dx) + (c1 * form.unit)[:, None] * segment.dx
        if found := _best(segment, form, bias, c2, c1, added):
            return found
    return None


def _line(segment: Segment, form: Form, bias: int) -> Words | None:
    slopes = _room(segment.dx, segment.low[None], segment.high[None] + 1.0)
    start, to = (float(each[0]) * (1 << form.outer) for each in slopes)
    if not start <= to:
        return None
    start, to = max(np.floor(start) - 1, -HALF), min(np.ceil(to) + 1, HALF)
    c1 = np.unique(np.linspace(start, to, min(int(max(to - start, 0)) + 1, _SLOPES)).round().astype(np.int64))
    added = c1[:, None] * segment.dx >> form.outer
    return _best(segment, form, bias, np.zeros_like(c1), c1, added)


def _curves(segment: Segment, form: Form) -> list[Codes]:
    """Choices of c_2, some at a time, from the middle of the range out."""
    if segment.start == segment.to == 0:
        return [np.zeros(1, dtype=np.int64)]
    start = max(int(np.ceil(max(segment.start * form.curve_scale, -2.0 * HALF))) - 1, -HALF)
    to = min(int(np.floor(min(segment.to * form.curve_scale, 2.0 * HALF))) + 1, HALF)
    if start > to:
        return []
    every = max(-(-(to - start + 1) // (_MOST * _TRIED)), 1)
    middle = (start + to) // 2
    choices = np.arange(start + (middle - start) % every, to + 1, every, dtype=np.int64)
    choices = choices[np.argsort(np.abs(choices - middle), kind="stable")]
    return [choices[at : at + _TRIED] for at in range(0, len(choices), _TRIED)]


def _slopes(segment: Segment, form: Form, c2: Codes) -> Codes:
    """The c_1 in the middle of what each c_2 leaves."""
    curve, one = form.curve(c2, segment.dx), float(1 << form.shift)
    start, to = _room(segment.dx, segment.low - curve / one, segment.high + ((1 << form.shift) - 1 - curve) / one)
    known = np.isfinite(start) & np.isfinite(to)  # elsewhere there is no line
    middle = np.add(start, to, where=known, out=np.zeros(len(c2))) * one / (2 * form.unit)
    result: Codes = np.rint(middle).astype(np.int64)
    return result


def _room(dx: Codes, low: npt.NDArray[Any], high: npt.NDArray[Any]) -> tuple[Reals, Reals]:
    """The range of the slope of lines between bounds of shape (B, m) at the codes dx."""
    if len(dx) == 1:
        return np.zeros(len(low)), np.zeros(len(low))
    half = (dx[-1] - dx[0]) / 2
    x = np.broadcast_to((dx - dx[0]) / half - 1, low.shape)
    start, to = leading_range(x, np.full(len(low), len(dx)), low, high, 1, _EXCHANGES)
    return start / half, to / half


def _best(segment: Segment, form: Form, bias: int, c2: Codes, c1: Codes, added: Codes) -> Words | None:
    """The choice of least square error, each with its best intercept, among those that serve."""
    first = ((segment.low << form.shift) - added).max(axis=1)
    last = (((segment.high + 1) << form.shift) - 1 - added).min(axis=1)
    whole = 0.5 if form.shift else 0.0
    rest = (segment.ideal + whole) * (1 << form.shift) - added
    c0 = np.clip(np.rint(rest.mean(axis=1)).astype(np.int64), first, last)
    serves = (first <= last) & form.fits(c2, c1, c0 - bias, segment.dx, bias)
    if not serves.any():
        return None
    error = np.where(serves, ((rest - c0[:, None]) ** 2).mean(axis=1), np.inf)
    at = int(error.argmin())
    return int(c2[at]), int(c1[at]), int(c0[at]) - bias
