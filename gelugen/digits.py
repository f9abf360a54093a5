"""Slopes in signed digits of radix 4: a polynomial on a segment without a multiplier.

The polynomial of a term is c_0 plus partial products. Each is one of 0, z, 2z and ~z, as a stored digit of two bits
says, times a power of two that all segments share::

    z_1 = dx >> (dx_bits - bits)                 the top bits of dx; ~z_1 in its place where it is reversed
    z_2 = square(z_1)                            about z_1 * (z_1 + 1) / 2^(bits - 1)
    partial product = (0, z, 2z, ~z)[digit] << weight, or >> -weight (a floor) where weight is negative
    h = c_0 + the sum of all partial products           or minus it, where the term subtracts

~z is -1 - z, which in hardware is an inverter for each bit; the 1 that it lacks is in c_0. The square is that of the
magnitude m = z_1 ^ (sign of z_1), which has bits - 1 bits, of which b are all but the highest one, a:

    square = (b * (b + 1) >> (bits - 1)) + (a ? 2^(bits - 3) + b : 0)

Where segments are paired, z_1 is counted from where the two of a pair meet, so that both may have one c_0: a segment's
end and not its middle. Its z_2 is then a bump over each segment, 0 at both ends and the same for z_1 and ~z_1. Of the
bits of z_1 behind the first two, t is the first four, inverted where the second bit of z_1 is set::

    bump = 5 * (2t + 1) * (63 - 2t) >> 8                from 1 to 19; with fewer bits of z_1 the same of fewer bits

The digit set {-1, 0, 1, 2} in radix 4 has one form for each number that it reaches, and needs no multiple but 2z.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gelugen.errors import GelugenError
from gelugen.formats import Codes
from gelugen.strict import take, whole

DIGIT_BITS = 2
"""Bits of a stored digit."""
DIGITS = (0, 1, 2, -1)
"""What a stored digit stands for, by its number; -1 stands for ~z."""
BUMP = 5
"""Bits of a bump."""
SEEN = 4
"""Bits of z_1 that a bump sees, at most."""


@dataclass(frozen=True)
class Digit:
    """A digit that every segment has: of which power of z, and how much it weighs.

    Attributes:
        power: 1 or 2.
        weight: log2 of its factor; partial products are floored where it is negative.
    """

    power: int
    weight: int

    def __post_init__(self) -> None:
        if self.power not in (1, 2):
            raise GelugenError(f"a digit must be of power 1 or 2, not {self.power}")
        if not -16 <= self.weight <= 30:
            raise GelugenError(f"a digit's weight must lie between -16 and 30, not {self.weight}")


@dataclass(frozen=True)
class Digits:
    """The digits of a term; the coefficients behind c_0 are their columns, in the same order.

    Attributes:
        each: power and weight of every digit.
        bits: the bits of z_1, the top ones of dx.
        reverse: whether z_1 runs backwards.
        subtract: whether the sum of the partial products is taken off c_0: digits reach twice as far up as down.
        paired: whether z_1 is counted from where a pair of segments meets, and z_2 is a bump.
    """

    each: tuple[Digit, ...]
    bits: int
    reverse: bool = False
    subtract: bool = False
    paired: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.each) <= 32:
            raise GelugenError(f"a term must have 1 to 32 digits, not {len(self.each)}")
        if not 2 <= self.bits <= 16:
            raise GelugenError(f"digits must see 2 to 16 bits of dx, not {self.bits}")
        if self.squares and self.bits < (5 if self.paired else 3):
            named, least = ("bump", 5) if self.paired else ("square", 3)
            raise GelugenError(f"a {named} needs {least} bits of dx, not {self.bits}")

    @property
    def range(self) -> tuple[int, int]:
        """The smallest and the largest sum of the partial products, taken off or not."""
        ends = [
            (one, two) if not self.subtract else (-two, -one)
            for each in self.each
            for one, two in [_reach(each, self.seen(each.power))]
        ]
        return sum(one for one, _ in ends), sum(two for _, two in ends)

    @property
    def squares(self) -> bool:
        """Whether some digit is of power 2."""
        return any(digit.power == 2 for digit in self.each)

    def seen(self, power: int) -> int:
        """The bits of z of a power, as if it had a sign."""
        return BUMP + 1 if self.paired and power == 2 else self.bits

    def place(self, dx: Codes, dx_bits: int, segment: Codes) -> tuple[Codes, int]:
        """What z_1 is the top bits of, and how many bits it has: dx, or the place in a pair of segments."""
        if not self.paired:
            return dx, dx_bits
        half = 1 << dx_bits >> 1
        return dx + np.where(segment & 1, half, -half), dx_bits + 1

    def arguments(self, dx: Codes, dx_bits: int) -> dict[int, Codes]:
        """z_1, and z_2 where it is needed, by their powers, of a place that ``place`` gives."""
        z = dx >> dx_bits - self.bits
        if self.reverse:
            z = ~z
        if not self.squares:
            return {1: z}
        return {1: z, 2: bump(z, self.bits) if self.paired else square(z, self.bits)}


def square(z: Codes, bits: int) -> Codes:
    """About z * (z + 1) / 2^(bits - 1), for z of so many bits, see the head of the module."""
    magnitude = np.where(z < 0, ~z, z)
    low = magnitude & (1 << bits - 2) - 1
    top = magnitude >> bits - 2
    return (low * (low + 1) >> bits - 1) + top * ((1 << bits - 3) + low)


def bump(z: Codes, bits: int) -> Codes:
    """The bump over the half of z, for z of so many bits, see the head of the module."""
    low = bits - 2
    mirrored = np.where(z >> low & 1, ~z, z) & (1 << low) - 1
    found: Codes = np.array(bumps(bits), dtype=np.int64)[mirrored >> max(low - SEEN, 0)]
    return found


def bumps(bits: int) -> tuple[int, ...]:
    """The bump by the bits of z_1 that it sees."""
    seen = min(bits - 2, SEEN)
    end = (4 << seen) - 1
    return tuple(5 * (2 * t + 1) * (end - 2 * t) >> 2 * seen for t in range(1 << seen))


def partial_product(digits: Codes, z: Codes, weight: int) -> Codes:
    """The partial product of stored digits and z."""
    values = np.where(digits == 3, ~z, digits * z)
    return values << weight if weight >= 0 else values >> -weight


def _reach(digit: Digit, bits: int) -> tuple[int, int]:
    """The smallest and the largest partial product of a digit."""
    low, high = (-(1 << bits), (1 << bits) - 2) if digit.power == 1 else (-(1 << bits - 1), (1 << bits) - 2)
    up, down = max(digit.weight, 0), max(-digit.weight, 0)
    return low << up >> down, high << up >> down


def digits_to_json(digits: Digits | None) -> dict[str, Any] | None:
    """All fields, ready for the manifest."""
    if digits is None:
        return None
    each = [{"power": digit.power, "weight": digit.weight} for digit in digits.each]
    more = {"paired": True} if digits.paired else {}
    return {"each": each, "bits": digits.bits, "reverse": digits.reverse, "subtract": digits.subtract, **more}


def digits_from_json(data: Mapping[str, Any] | None) -> Digits | None:
    """The digits of a manifest.

    Raises:
        GelugenError: a field is out of range.
        KeyError, TypeError: a field is missing, unknown or of the wrong type.
    """
    if data is None:
        return None
    paired = ["paired"] if "paired" in data else []
    each, bits, *flags = take(data, "each", "bits", "reverse", "subtract", *paired)
    if any(type(flag) is not bool for flag in flags):
        raise TypeError(f"{flags} are neither true nor false")
    return Digits(tuple(Digit(*map(whole, take(digit, "power", "weight"))) for digit in each), whole(bits), *flags)
