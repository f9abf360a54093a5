"""Sums of tables without a multiplier: which tables, how wide, and their words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from gelugen.design import Breakpoints, Coefficient, Offset, Term, Uniform
from gelugen.fit.bounds import Bounds
from gelugen.fit.parts import Fit
from gelugen.fit.sums.multipartite import Sum, Table, Target
from gelugen.fit.sums.splits import Chooser, Level, Reals, choices, means, zone_bits

_FIRST_BUDGET, _SECOND_BUDGET = 0.9, 0.6
"""What the real tables may miss at first, in ulp, before they are rounded and mended; and in the second start."""
_SMALL = 8
"""Up to so many bits of u one start is enough."""
_STALE = 5
"""So many cuts in a row may bring nothing."""
_FEW, _CUT_LITTLE, _CUT = 3, 0.8, 0.6
"""Up to so many violated codes in a zone its budget is cut a little."""
_FIRST_SHIFT, _LAST_SHIFT = 3, 9
_HEADS = 4
"""log2 of the words of the table of initial values."""
_ROUNDS, _SWEEPS = 12, 60
_WORTH, _HOPE = 1.1, 1.4
"""A sum is not worth filling if it is so much larger than the smallest one yet, or than the limit."""
_SHRUNK, _EFFORT = 2, 400
"""So many of the cheapest sums are shrunk, with so many trials each."""


def fit_tables(bounds: Bounds, limit: int | None = None) -> Fit | None:
    """A sum of tables of degree 0 with few ROM bits; None if what was found is not below ``limit``.

    One table of initial values by the top bits of u, and for each lower bit of u none, one or two tables of offsets
    by top bits of u, whose sign that bit gives. Tables, ends, guard bits, widths and dropped low bits are searched.
    A heuristic from end to end, and deterministic: a smaller sum may exist. What is returned keeps every bound.
    """
    if (bounds.low > bounds.high).any():
        return None
    target = Target.of(bounds)
    if not target.active:
        return Fit(0, (), target.idle, 0) if limit is None or limit > 0 else None
    found = sorted(_filled(target, limit), key=lambda each: each.bits)[:_SHRUNK]
    if not found:
        return None
    for each in found:
        each.shrink(_EFFORT)
    best = _fit(min(found, key=lambda each: each.bits))
    return best if limit is None or best.bits < limit else None


def _filled(target: Target, limit: int | None) -> Iterator[Sum]:
    """Sums that keep the bounds: for each number of guard bits that could be best, from a likely one up and down."""
    ceiling = math.inf if limit is None else limit * _HOPE
    plain = _plain(target)
    if plain.bits <= ceiling:
        yield plain
    least, best = math.inf, _FIRST_SHIFT
    first = _FIRST_SHIFT if (target.low < target.high).mean() > 0.5 else max(_FIRST_SHIFT, target.bits // 2 - 1)
    for shifts in (range(first, _LAST_SHIFT + 1), range(first - 1, -1, -1)):
        for shift in shifts:
            found = _smallest(target, shift, _FIRST_BUDGET, min(ceiling, least * _WORTH))
            if found is not None:
                yield found
                if found.bits < least:
                    least, best = found.bits, shift
                    continue
            if least < math.inf:
                break
    if target.bits > _SMALL and least < math.inf:
        second = _smallest(target, best, _SECOND_BUDGET, min(ceiling, least * _WORTH))
        if second is not None:
            yield second


def _plain(target: Target) -> Sum:
    """One table with a word for every u."""
    low, high = target.low[: target.active], target.high[: target.active]
    words = np.clip(np.rint(target.ideal[: target.active]), low, high).astype(np.int64) - target.idle
    return Sum(target, 0, target.idle, [Table(None, 0, 0, words)])


def _smallest(target: Target, shift: int, first_budget: float, ceiling: float) -> Sum | None:
    """A sum for one number of guard bits; None if none was found up to a ceiling of ROM bits.

    The budget of error is large at first, and is cut in the zones where the tables could not be filled.
    """
    head = max(target.bits - _HEADS, 0)
    goal = target.ideal - target.idle
    if not head:
        return None
    every = [choices(goal, target.active, sign, 1 << shift) for sign in range(head)]
    chooser = Chooser(every)
    budget = np.full(every[0].errors.shape[1], first_budget)
    zone = zone_bits(target.bits)
    fewest, stale = len(target.low), 0
    while stale <= _STALE:
        found = _start(target, shift, head, chooser.choose(budget, _ROUNDS))
        if found.bits > ceiling:
            return None
        if found.solve(_SWEEPS, max(2 * target.bits - 8, 6)):
            return found
        violated = len(found.violated())
        fewest, stale = min(fewest, violated), 0 if violated < fewest else stale + 1
        count = np.bincount(found.violated() >> zone, minlength=len(budget))[: len(budget)]
        few = count <= _FEW
        budget = budget * np.where(count == 0, 1.0, np.where(few, _CUT_LITTLE, _CUT))
    return None


def _start(target: Target, shift: int, head: int, levels: Sequence[tuple[Level, ...]]) -> Sum:
    """The least squares solution, rounded: tables of offsets to half units, initial values to what is then left."""
    bias = (2 * target.idle + 1 << shift) >> 1
    u = np.arange(len(target.low), dtype=np.int64)
    goal = np.where(u < target.active, (target.ideal + 0.5) * (1 << shift) - 0.5 - bias, 0.0)
    tables = []
    for sign, chain in enumerate(levels):
        sofar: Reals = np.zeros(1)
        for high, end in chain:
            depth = (end - 1 >> high) + 1
            words = means(goal, sign, high)
            sofar = np.repeat(sofar, len(words) // len(sofar))
            stored = np.floor(words - sofar)[:depth].astype(np.int64)
            sofar[:depth] += stored + 0.5
            tables.append(Table(sign, high, 0, stored))
    rest: Reals = goal.copy()
    for each in tables:
        rest -= each.term(u)
    initial = np.rint(means(rest, None, head)[: (target.active - 1 >> head) + 1]).astype(np.int64)
    return Sum(target, shift, bias, [*tables, Table(None, head, 0, initial)])


def _fit(found: Sum) -> Fit:
    """The parts of a design."""
    terms = []
    for table in found.tables:
        if table.bits:
            column = Coefficient(tuple(table.values.tolist()), table.width, table.signed, table.drop)
            terms.append(
                Term(Uniform(table.high) if table.sign is None else Offset(table.high, table.sign, 1), (column,))
            )
    if found.target.tail is not None:
        start, end, r = found.target.tail
        column = Coefficient((0,), 0, False, found.shift, r - found.target.idle)
        terms.append(Term(Breakpoints((start, end)), (column,)))
    return Fit(sum(term.rom_bits for term in terms), tuple(terms), found.bias, found.shift)
