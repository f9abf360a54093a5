"""Which tables a sum of tables is split into: for each bit of u the addresses and ends of the tables that it turns.

What a bit adds to a function, plus or minus t(u >> high), changes the slower the lower the bit is. So low bits need
few addresses, and fine addresses pay only where the function is bent. For one bit the choice is a coarse table up to
one end, and perhaps a finer one, which corrects it, up to a nearer end. Each choice has a cost in ROM bits and leaves
an error in each zone of u; the errors of all bits add up. Choices for a budget of error are found by multipliers: a
price on the error of each zone, raised where the budget is overdrawn (Everett's method), so they are good, not proven.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Level = tuple[int, int]
"""A table: u >> high is its address, and it ends at this u (or at the end of the segment that holds it)."""

_ZONES, _ENDS = 5, 4
"""log2 of the number of zones, and of possible ends of tables."""
_FIRST_PRICE, _GROWTH, _OVERDRAWN = 100.0, 0.5, 1e6
"""ROM bits for one ulp of error in a zone: at first; how fast they change; and for what is above the budget."""
_MENDED = 2
"""In so many last rounds choices are mended bit by bit."""
_COARSER = 3
"""A finer table has at most so many address bits more."""


@dataclass(frozen=True)
class Choices:
    """What the tables of one bit may be: costs (choice), errors (choice, zone) and the tables of each."""

    costs: Reals
    errors: Reals
    levels: Sequence[tuple[Level, ...]]


def zone_bits(bits: int) -> int:
    """Log2 of the length of a zone, where u has so many bits."""
    return bits - min(_ZONES, bits)


def means(goal: Reals, sign: int | None, high: int) -> Reals:
    """The least squares words of a table: for each segment the mean of the goal, with the bit's sign."""
    if sign is None:
        result: Reals = goal.reshape(-1, 1 << high).mean(axis=1)
        return result
    halves = goal.reshape(-1, 1 << high - sign - 1, 2, 1 << sign).mean(axis=(1, 3))
    turned: Reals = (halves[:, 1] - halves[:, 0]) / 2
    return turned


def widths(words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The bits of a word if the table ended after it: unsigned, or two's complement if one is negative."""
    low, high = np.minimum.accumulate(words), np.maximum.accumulate(words)
    bits = np.frexp(np.maximum(high, 0).astype(np.float64))[1]
    negative = np.maximum(bits, np.frexp(np.maximum(~low, 0).astype(np.float64))[1]) + 1
    result: npt.NDArray[np.int64] = np.maximum(np.where(low < 0, negative, bits), 1).astype(np.int64)
    return result


def choices(goal: Reals, active: int, sign: int, scale: int) -> Choices:
    """All choices for one bit of u; ``goal`` is real, and a word holds it times ``scale``, rounded down."""
    bits = len(goal).bit_length() - 1
    zones = bits - zone_bits(bits)
    step = 1 << bits - min(_ENDS, bits)
    ends = np.array([*range(step, active, step), active])
    kept = np.arange(1 << zones) < -(-ends[:, None] >> bits - zones)  # (end, zone): the zone lies before the end
    fine = means(goal, sign, sign + 1)
    words = {high: means(goal, sign, high) for high in range(sign + 1, bits)}
    none = _zoned(np.abs(fine), zones)
    error = {
        high: _zoned(np.abs(fine - np.repeat(word, len(fine) // len(word))), zones) for high, word in words.items()
    }
    costs, errors = [np.zeros(1)], [none[None, :]]
    levels: list[tuple[Level, ...]] = [()]
    for high, word in words.items():
        depth = (ends - 1 >> high) + 1
        cost = depth * widths(np.floor(word * scale).astype(np.int64))[depth - 1]
        coarse = np.where(kept, error[high], none)
        costs.append(cost)
        errors.append(coarse)
        levels += [((high, int(end)),) for end in ends]
        for finer in range(max(sign + 1, high - _COARSER), high):
            rest = np.floor((words[finer] - np.repeat(word, 1 << high - finer)) * scale).astype(np.int64)
            near = np.flatnonzero((ends & (1 << finer) - 1 == 0) & (ends < active))
            if not len(near):
                continue
            more = (ends[near] >> finer) * widths(rest)[(ends[near] >> finer) - 1]
            first, second = np.nonzero(ends[:, None] > ends[near])
            costs.append(cost[first] + more[second])
            errors.append(np.where(kept[near][second], error[finer], coarse[first]))
            levels += [
                ((high, one), (finer, two))
                for one, two in zip(ends[first].tolist(), ends[near][second].tolist(), strict=True)
            ]
    seen = -(-active >> bits - zones)  # what lies past the active part does not count
    return Choices(np.concatenate(costs).astype(np.float64), np.concatenate(errors)[:, :seen], levels)


def _zoned(errors: Reals, zones: int) -> Reals:
    """The largest error of each zone."""
    if len(errors) < 1 << zones:
        return np.repeat(errors, (1 << zones) // len(errors))
    result: Reals = errors.reshape(1 << zones, -1).max(axis=1)
    return result


class Chooser:
    """Chooses for all bits together, for one budget after another; a similar one before it helps."""

    def __init__(self, every: Sequence[Choices]) -> None:
        self.every = every
        self._price = np.full(every[0].errors.shape[1] if every else 0, _FIRST_PRICE)

    def choose(self, budget: Reals, rounds: int) -> list[tuple[Level, ...]]:
        """The cheapest choice found whose errors add up to no more than the budget (zone), or nearly so."""
        best: tuple[float, list[int]] = math.inf, []
        for number in range(rounds):
            picks = [int(np.argmin(each.costs + each.errors @ self._price)) for each in self.every]
            total = self._total(picks)
            if number >= rounds - _MENDED:
                mended = self._mend(picks, total, budget)
                over = np.maximum(self._total(mended) - budget, 0).sum()
                cost = sum(float(each.costs[pick]) for each, pick in zip(self.every, mended, strict=True))
                best = min(best, (cost + _OVERDRAWN * float(over), mended))
            growth = _GROWTH * (1 - number / rounds)
            change = np.clip(total / budget - 1, -1, 1) * growth
            self._price = np.clip(self._price * np.exp(change), 1e-2, 1e7)
        return [each.levels[pick] for each, pick in zip(self.every, best[1], strict=True)]

    def _total(self, picks: Sequence[int]) -> Reals:
        total = np.zeros(len(self._price))
        for each, pick in zip(self.every, picks, strict=True):
            total += each.errors[pick]
        return total

    def _mend(self, picks: list[int], total: Reals, budget: Reals) -> list[int]:
        """Choose again bit by bit, with what the others leave of the budget."""
        picks = list(picks)
        for price in (self._price, 0 * self._price):
            for number in reversed(range(len(picks))):
                each = self.every[number]
                rest = total - each.errors[picks[number]]
                over = np.maximum(each.errors + (rest - budget), 0).sum(axis=1)
                picks[number] = int(np.argmin(each.costs + each.errors @ price + _OVERDRAWN * over))
                total = rest + each.errors[picks[number]]
        return picks
