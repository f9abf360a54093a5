"""Equal segments with lines or quadratics whose Horner steps drop nothing: one shift at the end.

    h = c_2 * dx + (c_1 << d_1);   v = h * dx + (c_0 << d_0);   r = v >> shift

Each product and its sum fit one DSP block, which gives all bits of v anyway. The grids of the coefficients are made
coarser one after the other for as long as every segment has coefficients on them; for given grids nothing is estimated,
see ``segment.py``. Heuristic: the order in which grids are tried, and the choice among coefficients that serve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gelugen.architectures import Architecture
from gelugen.design import Coefficient, Design, Term, Uniform
from gelugen.fit.bounds import FREE, Bounds, r_bounds, rested
from gelugen.fit.parts import Fit, assembled
from gelugen.fit.untruncated.segment import Choice, Grids, Segment
from gelugen.fit.verified import verified
from gelugen.golden import Golden
from gelugen.pipeline import Range
from gelugen.spec import Spec

_EXTRA = 8
"""Bits by which the first grids are finer than what moves v by an ulp."""
_LENGTHS = 2
"""Lengths of segments that are worth a design: the longest feasible one, and the next."""
_DEEPEST = 128
_FAR, _LONGEST = 1 << 24, 13
"""Bounds that do not bind, and the bits of dx of the longest segments: v then stays below 2^60."""


def untruncated(spec: Spec, golden: Golden, architecture: Architecture) -> Iterator[Design]:
    """Designs of equal segments for DSP blocks, those of the fewest segments first.

    Args:
        spec: with a guarantee.
        golden: its truth.
        architecture: of lines or quadratics on uniform segments.

    Raises:
        GelugenError: the fold does not fit the formats.
    """
    if spec.guarantee is None or architecture.segments != "uniform" or architecture.degree not in (1, 2):
        raise ValueError(f"{architecture.name} is no architecture of lines or quadratics that keeps a guarantee")
    bounds = r_bounds(spec, golden, architecture, spec.guarantee)
    if (bounds.low > bounds.high).any():
        return
    bounds, found = rested(bounds), 0
    u_bits = (len(bounds.low) - 1).bit_length()
    for dx_bits in reversed(range(2, u_bits)):
        fit = fit_uniform(bounds, dx_bits, architecture.degree)
        if fit is None:
            continue
        yield assembled(spec, architecture, bounds, fit)
        found += 1
        if found == _LENGTHS:
            return


def fit_uniform(bounds: Bounds, dx_bits: int, degree: int) -> Fit | None:
    """Segments of 2^dx_bits codes, if they keep the bounds: on the coarsest grids found."""
    segments = _segments(bounds, dx_bits, degree)
    if not 0 < len(segments) <= _DEEPEST:
        return None
    now = Grids(
        (2 * dx_bits - 2 if degree == 2 else dx_bits - 1) + _EXTRA,
        dx_bits - 1 if degree == 2 else 0,
        2 * dx_bits - 2 if degree == 2 else dx_bits - 1,
    )
    if not _served(segments, now):
        return None
    for step in (Grids(-1, 0, 0), Grids(0, 0, 1), Grids(0, 1, 0), Grids(-1, -1, -1), Grids(0, 0, 1), Grids(0, 1, 0)):
        while (coarser := Grids(now.shift + step.shift, now.first + step.first, now.zeroth + step.zeroth)) and (
            min(coarser.shift, coarser.first, coarser.zeroth) >= 0 and _served(segments, coarser)
        ):
            now = coarser
    return verified(bounds, _fit(bounds, dx_bits, degree, now, [each.best(now) for each in segments]))


def _segments(bounds: Bounds, dx_bits: int, degree: int) -> list[Segment]:
    """Those up to the last one that needs another value than the idle one."""
    finite = np.concatenate([bounds.low[bounds.low > -FREE], bounds.high[bounds.high < FREE]])
    if not len(finite) or int(np.abs(finite).max()) >= _FAR or dx_bits > _LONGEST:
        return []
    needed = np.flatnonzero((bounds.low > bounds.idle) | (bounds.high < bounds.idle))
    if not len(needed):
        return []
    result = []
    for number in range((int(needed[-1]) >> dx_bits) + 1):
        part = slice(number << dx_bits, (number + 1) << dx_bits)
        low, high = np.maximum(bounds.low[part], -_FAR), np.minimum(bounds.high[part], _FAR)
        ideal = bounds.ideal[part]
        t = np.arange(len(low)) - (1 << dx_bits >> 1)
        bound = (low > -_FAR) | (high < _FAR)
        result.append(
            Segment(low[bound] - bounds.idle, high[bound] - bounds.idle, ideal[bound] - bounds.idle, t[bound], degree)
        )
    return result


def _served(segments: list[Segment], grids: Grids) -> bool:
    """Whether every segment has a choice; those that failed most often are asked first."""
    return all(each.serves(grids) for each in sorted(segments, key=lambda each: -each.failed))


def _fit(bounds: Bounds, dx_bits: int, degree: int, grids: Grids, chosen: list[Choice]) -> Fit:
    columns = [_column(_roundest(chosen), grids.zeroth), _column([each.c1 for each in chosen], grids.first)]
    if degree == 2:
        columns.append(_column([each.c2 for each in chosen], 0))
    term = Term(Uniform(dx_bits), tuple(columns), (0,) * degree)
    return Fit(term.rom_bits, (term,), bounds.idle << grids.shift, grids.shift)


def _roundest(chosen: list[Choice]) -> list[int]:
    """Of every interval the number with the most zeros at its end."""
    result = []
    for each in chosen:
        zeros = max(zeros for zeros in range(41) if -(-each.low >> zeros) << zeros <= each.high)
        result.append(-(-each.low >> zeros) << zeros)
    return result


def _column(values: list[int], drop: int) -> Coefficient:
    """The narrowest column that holds some values."""
    held = Range(min(values), max(values))
    width, signed = (held.signed_width, True) if held.low < 0 else (held.high.bit_length(), False)
    return replace(Coefficient((), 0, False, drop), values=tuple(values), width=width, signed=signed)
