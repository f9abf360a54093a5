"""What a plan of digits can give on a segment, and which words of it keep the bounds there: exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from gelugen.digits import DIGITS, Digit, Digits, partial_product
from gelugen.fit.bounds import FREE, Bounds
from gelugen.formats import Codes

_WINDOW = {1: 14, 2: 40}
"""Slopes that are tried on either side of the best real one, in units of the lowest digit, by their power."""
_FEW = 64
"""Places of a segment that are looked at first."""


@dataclass(frozen=True)
class Plan:
    """Digits and grids that all segments of a term share.

    Attributes:
        digits: of both powers, power 1 first, the lowest weight of each power first.
        shift: the bits of the sum below those of r.
        drop: the low bits of c_0 that are not stored.
        phase: what stands in them: the bias.
    """

    digits: Digits
    shift: int
    drop: int = 0
    phase: int = 0

    @cached_property
    def sign(self) -> int:
        """-1 where the partial products are taken off."""
        return -1 if self.digits.subtract else 1

    def weights(self, power: int) -> list[int]:
        """The weights of a power's digits."""
        return [each.weight for each in self.digits.each if each.power == power]


@dataclass(frozen=True)
class Word:
    """A word of a segment: the stored digits, and the c_0 that keep the bounds: low to high, without dropped bits."""

    digits: tuple[int, ...]
    low: int
    high: int


def numbers(weights: list[int], centre: float, window: int) -> list[tuple[int, ...]]:
    """The stored digits of all slopes near a real one, in units of 2^weights[0]; the nearest first."""
    middle, found = round(centre), []
    for value in sorted(range(middle - window, middle + window + 1), key=lambda each: abs(each - centre)):
        stored, rest = [], value
        for _ in weights:
            digit = rest & 3
            stored.append(digit)
            rest = (rest - DIGITS[digit]) >> 2
        if not rest:
            found.append(tuple(stored))
    return found


def reach(count: int) -> tuple[int, int]:
    """The smallest and the largest number of so many digits."""
    ones = ((1 << 2 * count) - 1) // 3
    return -ones, 2 * ones


class Segment:
    """A segment: the bounds on r in it, and the places where they bind.

    Attributes:
        low, high: int64, the bounds that bind; one-sided ones are far off.
        dx: where they do.
        ideal: float64, what r is there, within the bounds.
    """

    def __init__(self, bounds: Bounds, start: int, length: int, dx_bits: int, second: bool | None = None) -> None:
        """Of paired segments dx is the place in the pair, whose first or second one this is."""
        end = min(start + length, len(bounds.low))
        low, high = bounds.low[start:end], bounds.high[start:end]
        up = dx_bits - (length.bit_length() - 1)
        dx = (np.arange(end - start, dtype=np.int64) << up) - (1 << dx_bits >> 1)
        if second is not None:
            dx = np.arange(end - start, dtype=np.int64) - (0 if second else length)
        some = (low > -FREE) | (high < FREE)
        self.low, self.high, self.dx = low[some], high[some], dx[some]
        self.ideal = np.clip(bounds.ideal[start:end][some], self.low, self.high + 1.0)
        self.dx_bits = dx_bits

    def slopes(self, digits: Digits) -> tuple[float, ...]:
        """The slopes of r in z_1 and z_2 of least squares."""
        if len(self.dx) < 2:
            return (0.0, 0.0)
        arguments = digits.arguments(self.dx, self.dx_bits)
        columns = np.stack([np.ones(len(self.dx)), *arguments.values()], axis=1)
        found = np.linalg.lstsq(columns, self.ideal, rcond=None)[0]
        return tuple(float(each) for each in found[1:])

    def words(self, plan: Plan) -> Iterator[Word]:
        """All words near the best real slopes that keep the bounds; the nearest first."""
        digits = plan.digits
        if not len(self.dx):
            yield Word((0,) * len(digits.each), 0, 0)
            return
        arguments = digits.arguments(self.dx, self.dx_bits)
        slopes = self.slopes(digits)
        sums, stored = [], []
        for power, z in arguments.items():
            weights = plan.weights(power)
            centre = plan.sign * slopes[power - 1] * 2.0 ** (plan.shift - weights[0])
            some = numbers(weights, centre, _WINDOW[power])
            if not some:
                return
            parts = [[partial_product(np.full_like(z, digit), z, weight) for digit in range(4)] for weight in weights]
            sums.append(np.stack([sum(part[d] for part, d in zip(parts, each, strict=True)) for each in some]))
            stored.append(some)
        every = np.array(list(product(*(range(len(each)) for each in stored))))
        every = every[np.argsort(every.sum(axis=1), kind="stable")]
        few = slice(None, None, max(len(self.dx) // _FEW, 1))
        for places in (few, slice(None)):  # what a few places refuse need not be tried at all
            total = np.sum([each[:, places][every[:, n]] for n, each in enumerate(sums)], axis=0)
            low, high = intercepts(plan, self.low[places], self.high[places], total)
            every, low, high = every[low <= high], low[low <= high], high[low <= high]
            if not len(every):
                return
        for at, least, most in zip(every, low, high, strict=True):
            chosen = [stored[n][place] for n, place in enumerate(at)]
            yield Word(tuple(each for power in chosen for each in power), int(least), int(most))


def intercepts(plan: Plan, low: Codes, high: Codes, total: Codes) -> tuple[Codes, Codes]:
    """The c_0, without their dropped bits, that keep the bounds for each row of sums of partial products."""
    least = (low << plan.shift) - plan.phase
    most = (high + 1 << plan.shift) - 1 - plan.phase
    most = np.where(high >= FREE, FREE << plan.shift, most)
    lowest = (least - plan.sign * total).max(axis=-1)
    highest = (most - plan.sign * total).min(axis=-1)
    return -(-lowest >> plan.drop), highest >> plan.drop


def digits_of(
    powers: dict[int, tuple[int, int]], bits: int, reverse: bool, subtract: bool, paired: bool = False
) -> Digits:
    """Digits of some powers, each by its lowest weight and its count."""
    each = [Digit(power, low + 2 * n) for power, (low, count) in powers.items() for n in range(count)]
    return Digits(tuple(each), bits, reverse, subtract, paired)
