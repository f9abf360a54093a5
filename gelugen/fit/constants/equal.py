"""The fewest bits of one table with a constant on every segment of one length: width, dropped low bits, phase."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gelugen.fit.bounds import FREE, Bounds
from gelugen.fit.parts import Fit
from gelugen.formats import Codes
from gelugen.maps import Uniform
from gelugen.terms import Coefficient, Term

_MOST_DROP = 10

_Kind = tuple[int, bool]
"""The width of a stored integer, and whether it is signed."""


def fit_constants(bounds: Bounds, dx_bits: int, limit: int | None = None) -> Fit | None:
    """The fewest ROM bits of one constant for every 2^dx_bits neighbours; None if not below ``limit``.

    Complete over: words of one width, plain binary or two's complement, as many dropped low bits as the widest interval
    of a word has (10 at most), any shared constant from the idle value up to where the dropped bits repeat, if codes
    past the table's end allow it. The same once more with the smallest value that is needed as the idle one.
    """
    found = _from(bounds, dx_bits, limit)
    least = int(bounds.high.min())
    if least == bounds.idle or not len(_needed(bounds)):
        return found
    return _from(replace(bounds, idle=least), dx_bits, found.bits if found else limit) or found


def _needed(bounds: Bounds) -> npt.NDArray[np.int64]:
    """The u that the idle value does not serve."""
    return np.flatnonzero((bounds.low > bounds.idle) | (bounds.high < bounds.idle))


def _from(bounds: Bounds, dx_bits: int, limit: int | None) -> Fit | None:
    """The same from one idle value."""
    needed = _needed(bounds)
    if not len(needed):
        return Fit(0, (), bounds.idle, 0) if limit is None or limit > 0 else None
    depth = (int(needed[-1]) >> dx_bits) + 1
    low = _segments(bounds.low, depth, dx_bits, -FREE).max(axis=1)
    high = _segments(bounds.high, depth, dx_bits, FREE).min(axis=1)
    if (low > high).any():
        return None
    widest = (high - low + 1)[(low > -FREE) & (high < FREE)].max(initial=1)
    past = slice(depth << dx_bits, None)
    (width, signed), drop, bias = min(
        (_kind(first, last), drop, bias)
        for drop in range(min(int(widest).bit_length(), _MOST_DROP) + 1)
        for bias in range(bounds.idle, bounds.idle + (1 << drop))
        if (bounds.low[past] <= bias).all() and (bounds.high[past] >= bias).all()
        for first, last in [(-((bias - low) >> drop), (high - bias) >> drop)]
        if (first <= last).all()
    )
    bits = depth * width
    if limit is not None and bits >= limit:
        return None
    smallest, largest = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    first, last = np.maximum(-((bias - low) >> drop), smallest), np.minimum((high - bias) >> drop, largest)
    goal = _mean(_segments(bounds.ideal, depth, dx_bits, np.nan))
    stored = np.clip(np.rint((goal - bias) / (1 << drop)).astype(np.int64), first, last)
    column = Coefficient(tuple(stored.tolist()), width, signed, drop)
    return Fit(bits, (Term(Uniform(dx_bits), (column,)),), bias, 0)


def _segments(values: npt.NDArray[Any], depth: int, dx_bits: int, fill: float) -> npt.NDArray[Any]:
    """The values of each segment in a row; what lies past the last u is filled."""
    padded = np.full(depth << dx_bits, fill, dtype=values.dtype)
    taken = values[: len(padded)]
    padded[: len(taken)] = taken
    return padded.reshape(depth, 1 << dx_bits)


def _mean(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    there = ~np.isnan(rows)
    means: npt.NDArray[np.float64] = np.where(there, rows, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return means


def _kind(first: Codes, last: Codes) -> _Kind:
    """The fewest bits, and whether signed, that hold one integer of each interval."""
    signed = max(int(first.max()), int(-1 - last.min()), 0).bit_length() + 1
    unsigned = max(int(first.max()).bit_length(), 1)
    return (unsigned, False) if (last >= 0).all() and unsigned <= signed else (signed, True)
