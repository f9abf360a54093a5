"""Which cut of u and which shifts serve every segment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from gelugen.fit.bounds import Bounds
from gelugen.fit.codes.cuts import Cut
from gelugen.fit.codes.forms import HALF, WORD, Form
from gelugen.fit.codes.segment import Segment, Words, words
from gelugen.fit.parts import Fit
from gelugen.terms import Coefficient, Term

_SHIFTS = 8
"""How many shifts of the sum are tried, from the largest that may fit down."""
_INNER = 4
"""The same of the shift between the products."""

_ROWS = 1024
"""The most rows of a table: 8 KB."""

Kind = Literal["wide", "narrow", "lines"]
"""The kinds of arithmetic, see ``forms.py``."""


def _forms(kind: Kind, bounds: Bounds, segments: Sequence[Segment]) -> Iterator[Form]:
    """The forms of a kind, those of the largest shifts that may fit first."""
    if kind == "lines":
        yield from (Form.lines(outer) for outer in range(16, 16 - _SHIFTS, -1))
        return
    largest, curve_bits = _largest_shift(bounds), _curve_bits(segments)
    if kind == "wide":
        most = min(largest, 15, curve_bits - 16)
        yield from (Form.wide(shift) for shift in range(most, max(most - _SHIFTS, -1), -1))
        return
    for shift in range(largest, max(largest - _SHIFTS, -1), -1):
        most = min(16, curve_bits - shift)
        yield from (Form.narrow(shift, a) for a in range(most, max(most - _INNER, 0), -1))


def fits(cuts: Iterable[Cut], kinds: Sequence[Kind], idle: int) -> Iterator[Fit]:
    """For each kind of arithmetic the first cut whose every segment has words, with the largest shifts, if any.

    Args:
        cuts: from the fewest segments to the most.
        kinds: all of one degree.
        idle: r behind the last segment.
    """
    degree, missing = 1 if "lines" in kinds else 2, list(kinds)
    for cut in cuts:
        if len(cut.ends) > _ROWS:
            return
        if (segments := cut.segments(degree)) is None:
            continue
        for kind in tuple(missing):
            if found := _served(cut, segments, _forms(kind, cut.bounds, segments), idle):
                missing.remove(kind)
                yield found
        if not missing:
            return


def _served(cut: Cut, segments: Sequence[Segment], forms: Iterable[Form], idle: int) -> Fit | None:
    """The fit by the first form for which every segment has words."""
    order = list(range(len(segments)))
    for form in forms:
        bias = idle << form.shift
        found: dict[int, Words] = {}
        for number in order:
            one = words(segments[number], form, bias)
            if one is None:  # the one that fails is the first to be asked again
                order.remove(number)
                order.insert(0, number)
                break
            found[number] = one
        if len(found) == len(segments):
            term = _term(cut, form, [found[number] for number in range(len(segments))])
            return Fit(term.rom_bits, (term,), bias, form.shift)
    return None


def _term(cut: Cut, form: Form, rows: Sequence[Words]) -> Term:
    c2, c1, c0 = (tuple(column) for column in zip(*rows, strict=True))
    columns = [_column(c0), _column(c1, form.drop), _column(c2)]
    return Term(cut.map, tuple(columns[: form.degree + 1]), form.shifts, leak=form.leak)


def _column(values: tuple[int, ...], drop: int = 0) -> Coefficient:
    """The values in the fewest bits."""
    low, high = min(values), max(values)
    width = max(high.bit_length(), (-1 - low).bit_length() if low < 0 else 0) + (low < 0)
    return Coefficient(values, width, low < 0, drop)


def _largest_shift(bounds: Bounds) -> int:
    """The largest shift for which every r has 32 bits before it."""
    largest = max(int(-bounds.low.min()), int(bounds.high.max()) + 1, 1)
    return (WORD // largest).bit_length() - 1


def _curve_bits(segments: Sequence[Segment]) -> int:
    """The largest n for which the coefficients of dx^2 that are needed, times 2^n, have 16 bits."""
    needed = max(max(each.start, -each.to, 0.0) for each in segments)
    return min(math.floor(math.log2(HALF / needed)), 62) if needed > 0 else 62
