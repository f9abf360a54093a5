"""Sums of tables in integers: the tables, their least squares start, and the local search that fills them.

A table is read by the top bits of u (u >> high). With a ``sign`` bit, lower than those, its value turns round where
that bit of u is 0: stored, or -1 - stored. So it holds plus or minus (stored + 1/2), less 1/2. Such a table is
orthogonal to all tables with other sign bits, and the least squares solution is a mean over each segment.

A multipartite offset table with a field of several bits holds no more than one such table for each bit of the field:
the odd functions of two signs are their sums. Split up, each bit of u can have its own addresses, width and end.

After F. de Dinechin and A. Tisserand, "Multipartite table methods", IEEE Trans. Computers 54(3), 2005.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gelugen.fit.bounds import FREE, Bounds
from gelugen.formats import Codes

_CALM = 4
"""Every so many sweeps words also move where that costs nothing, to leave a local minimum."""
_RESTLESS = 0.3
_HUGE = 1 << 62
_NEAR = 6
"""So few violated codes are worth the whole patience."""
_TAIL = 6
"""A tail is at most this power of two shorter than what goes before."""
_CURABLE = 3
"""A change that violates the bounds by more than this sum of squares, in ulp, is not tried: repair hardly works."""


@dataclass(frozen=True)
class Target:
    """What a sum of tables must keep: bounds on v for u from 0 to 2^n - 1, and the constant that the tail allows.

    Attributes:
        low, high: int64, on r; -FREE and FREE where nothing binds.
        ideal: float64, the real r, without NaN.
        active: the first u from which a constant r will do.
        idle: that constant r.
        tail: where the active part ends just past a power of two, and one r will do from there on: start, end and
            that r, left to a comparison; else None.
    """

    low: Codes
    high: Codes
    ideal: npt.NDArray[np.float64]
    active: int
    idle: int
    tail: tuple[int, int, int] | None = None

    @classmethod
    def of(cls, bounds: Bounds) -> Target:
        """The bounds, padded to a power of two, with the constant that leaves the shortest active part."""
        size = len(bounds.low)
        active, idle = size, int(np.clip(bounds.idle, bounds.low[-1], bounds.high[-1]))
        near = range(-2, 3)
        for r in sorted({idle, *(bounds.idle + each for each in near)}, key=abs):
            bad = np.flatnonzero((bounds.low > r) | (bounds.high < r))
            first = int(bad[-1]) + 1 if len(bad) else 0
            if first < active:
                active, idle = first, r
        tail, half = None, 1 << max(active - 1, 1).bit_length() - 1
        if 0 < active - half <= half >> _TAIL:
            least, most = int(bounds.low[half:active].max()), int(bounds.high[half:active].min())
            if least <= most:
                tail, active = (half, active, max(least, min(idle, most))), half
        length = 1 << max(active - 1, 1).bit_length()
        low, high = np.full(length, -FREE), np.full(length, FREE)
        seen = min(size, length)
        low[:seen], high[:seen] = bounds.low[:seen], bounds.high[:seen]
        ideal = np.full(length, float(idle))
        ideal[:seen] = np.nan_to_num(np.where(np.isnan(bounds.ideal), bounds.idle, bounds.ideal))[:seen]
        ideal = np.clip(ideal, np.where(low > -FREE, low - 0.5, -np.inf), np.where(high < FREE, high + 0.5, np.inf))
        return cls(low, high, ideal, active, idle, tail)

    @property
    def bits(self) -> int:
        """The bits of the active u."""
        return len(self.low).bit_length() - 1


@dataclass
class Table:
    """One table of the sum, while it is filled.

    Attributes:
        sign: the bit of u that turns the value round, or None.
        high: u >> high is the address.
        drop: low bits of the value that are not stored.
        values: the stored integers.
        least, most: what may be stored.
    """

    sign: int | None
    high: int
    drop: int
    values: Codes
    least: int = -FREE
    most: int = FREE

    @property
    def depth(self) -> int:
        """The number of words."""
        return len(self.values)

    @property
    def signed(self) -> bool:
        """Whether a negative value is stored."""
        return bool((self.values < 0).any())

    @property
    def width(self) -> int:
        """The bits of a word; at least 1, as a constant that is not everywhere costs a word all the same."""
        if not self.depth:
            return 0
        return max(width_of(int(self.values.min()), int(self.values.max())), 1)

    @property
    def bits(self) -> int:
        """Depth times width."""
        return self.depth * self.width

    def turns(self, u: Codes) -> npt.NDArray[np.bool_]:
        """Where the stored value is inverted."""
        return (u >> self.sign & 1) == 0 if self.sign is not None else np.zeros(u.shape, dtype=np.bool_)

    def term(self, u: Codes) -> Codes:
        """What the table adds to the sum, for u from 0 on."""
        result = np.zeros(u.shape, dtype=np.int64)
        end = min(self.depth << self.high, len(u))
        stored = np.repeat(self.values, 1 << self.high)[:end]
        if self.sign is not None:
            stored = stored ^ (u[:end] >> self.sign & 1) - 1  # all ones where the sign bit is 0
        result[:end] = stored << self.drop
        return result

    def copy(self) -> Table:
        """One that shares nothing that changes."""
        return Table(self.sign, self.high, self.drop, self.values, self.least, self.most)


def width_of(low: int, high: int) -> int:
    """The fewest bits, unsigned or in two's complement, for integers from low to high."""
    return high.bit_length() if low >= 0 else max((~low).bit_length(), max(high, 0).bit_length()) + 1


class Sum:
    """A bias and tables on the grid of 2^-shift, and the search that moves their words into the bounds."""

    def __init__(self, target: Target, shift: int, bias: int, tables: Sequence[Table]) -> None:
        self.target, self.shift, self.bias = target, shift, bias
        self.tables = [each.copy() for each in tables]
        binding_low, binding_high = target.low > -FREE, target.high < FREE
        self.low = np.where(binding_low, target.low << shift, -FREE << 1)
        self.high = np.where(binding_high, ((target.high + 1) << shift) - 1, FREE << 1)
        self._u = np.arange(len(target.low), dtype=np.int64)
        self._steps = [self._step(each) for each in self.tables]
        self.v = self._value()

    @property
    def bits(self) -> int:
        """The ROM bits of all tables."""
        return sum(each.bits for each in self.tables)

    def _step(self, table: Table) -> Codes:
        return np.where(table.turns(self._u), -1, 1) << table.drop

    def _value(self) -> Codes:
        v = np.full(len(self._u), self.bias, dtype=np.int64)
        for each in self.tables:
            v += each.term(self._u)
        return v

    def replace(self, number: int, table: Table) -> None:
        """Put another table in a place."""
        v = self.v - self.tables[number].term(self._u)
        self.v = v + table.term(self._u)
        self.tables[number] = table
        self._steps[number] = self._step(table)

    def violation(self) -> int:
        """The sum of the squares of all violations, in units of the grid; 0 if all bounds are kept."""
        return int((np.maximum(np.maximum(self.low - self.v, self.v - self.high), 0) ** 2).sum())

    def solve(self, sweeps: int, patience: int, seed: int = 0) -> bool:
        """Cyclic local search: each word of a table moves by one where that lowers the squared violation most.

        Words of one table never share a code, so all of them move at once. Codes that stay violated gain weight, so
        that the search leaves local minima (the breakout method of P. Morris, AAAI 1993). It ends after ``sweeps``, or
        once ``patience`` of them in a row brought nothing (fewer, the more codes are violated). Deterministic for a
        seed; a heuristic: False does not prove that no filling exists.
        """
        random = np.random.default_rng(seed)
        weights = np.ones(len(self.v), dtype=np.int64)
        best, stale = self.violation(), 0
        violated = self.violated()
        for sweep in range(sweeps):
            restless = random if sweep % _CALM == _CALM - 1 else None
            for number in random.permutation(len(self.tables)):
                if not len(violated):
                    return True
                if self._move(int(number), violated, weights, restless):
                    violated = self.violated()
            now = self.violation()
            best, stale = (now, 0) if now < best else (best, stale + 1)
            if stale * max(len(violated), _NEAR) > patience * _NEAR:
                break
            weights[violated] += 1
        return not len(violated)

    def _move(self, number: int, violated: Codes, weights: Codes, restless: np.random.Generator | None) -> bool:
        """Move the words of one table that serve a violated code; whether any moved."""
        table = self.tables[number]
        at = violated >> table.high
        at = at[: np.searchsorted(at, table.depth)]
        if not len(at):
            return False
        at = at[np.concatenate([[True], at[1:] != at[:-1]])]
        shape = (-1, 1 << table.high)
        v, step, weight = (each.reshape(shape)[at] for each in (self.v, self._steps[number], weights))
        low, high = self.low.reshape(shape)[at] - v, v - self.high.reshape(shape)[at]
        here, more, less = (
            (np.square(np.maximum(np.maximum(low - each, high + each), 0)) * weight).sum(axis=1)
            for each in (0, step, -step)
        )
        values = table.values[at]
        up = np.where(values >= table.most, _HUGE, more - here)
        down = np.where(values <= table.least, _HUGE, less - here)
        under = (restless.random(len(at)) < _RESTLESS).astype(np.int64) if restless is not None else 0
        move = np.where((up < under) & (up <= down), 1, np.where(down < under, -1, 0))
        if not move.any():
            return False
        table.values = table.values.copy()
        table.values[at] += move
        self.v.reshape(shape)[at] = v + move[:, None] * step
        return True

    def violated(self) -> Codes:
        """The u, ascending, at which a bound is violated."""
        return np.flatnonzero((self.v < self.low) | (self.v > self.high))

    def shrink(self, effort: int, sweeps: int = 24, patience: int = 8) -> None:
        """Take bits away and repair, as long as it goes: drop a low bit of a table, narrow it, end it earlier.

        The change with the least violation for each bit that it saves is tried first; one that could not be repaired
        is tried again only once its table has changed. ``effort`` bounds the number of trials. Needs a sum that keeps
        its bounds, and leaves one.
        """
        for each in self.tables:
            _box(each)
        failed: set[tuple[int, str]] = set()
        trials = self._trials(failed)
        for seed in range(effort):
            if not trials:
                return
            _, number, name, changed = trials.pop(0)
            before, v, step = [each.copy() for each in self.tables], self.v.copy(), self._steps[number]
            self.replace(number, changed)
            if self.solve(sweeps, patience, seed):
                for each in self.tables:
                    _box(each)
                failed = {each for each in failed if each[0] != number}
                trials = self._trials(failed)
            else:
                failed.add((number, name))
                self.tables, self.v, self._steps[number] = before, v, step

    def _trials(self, failed: set[tuple[int, str]]) -> list[tuple[float, int, str, Table]]:
        """All changes that may be repaired, the most promising first."""
        trials = []
        for number, table in enumerate(self.tables):
            for name, changed in _smaller(table):
                if (number, name) not in failed and changed.bits < table.bits:
                    worse = self._violation_with(number, changed)
                    if worse <= _CURABLE << 2 * self.shift:
                        trials.append(((worse + 1) / (table.bits - changed.bits), number, name, changed))
        return sorted(trials, key=lambda trial: trial[:3])

    def _violation_with(self, number: int, changed: Table) -> int:
        """The violation that a change of one table would bring."""
        old = self.tables[number]
        end = old.depth << old.high
        u = self._u[:end]
        v = self.v[:end] - old.term(u) + changed.term(u)
        return int((np.maximum(np.maximum(self.low[:end] - v, v - self.high[:end]), 0) ** 2).sum())


def _box(table: Table) -> None:
    """Hold a table to its width."""
    if not table.depth:
        return
    width = table.width
    table.least, table.most = (-(1 << width - 1), (1 << width - 1) - 1) if table.signed else (0, (1 << width) - 1)


def _smaller(table: Table) -> list[tuple[str, Table]]:
    """A table with fewer bits in all ways there are: named changes."""
    changes: list[tuple[str, Table]] = []
    values, width = table.values, table.width
    if width > 1:
        for name, least, most in (
            ("signed", -(1 << width - 2), (1 << width - 2) - 1),
            ("unsigned", 0, (1 << width - 1) - 1),
        ):
            changes.append((name, Table(table.sign, table.high, table.drop, np.clip(values, least, most), least, most)))
        half = values >> 1 if table.sign is not None else values + 1 >> 1
        changes.append(("drop", Table(table.sign, table.high, table.drop + 1, half, table.least >> 1, table.most >> 1)))
    for count in (1, 2, 4, 8):
        if count <= table.depth:
            cut = Table(table.sign, table.high, table.drop, values[:-count], table.least, table.most)
            changes.append((f"end {count}", cut))
    return changes
