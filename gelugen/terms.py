"""A term of the datapath: a table of words, and a polynomial in dx on each of its segments.

Stored values are what a table holds; a coefficient is (base + stored) << drop. A column in which all stored values
are zero has width 0: ``base``, which counts once, is then a coefficient that all segments share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gelugen.digits import DIGIT_BITS, Digits, digits_from_json, digits_to_json, partial_product
from gelugen.errors import GelugenError
from gelugen.formats import Codes
from gelugen.maps import MOST_BITS, Dyadic, Map, Offset, Uniform, about, map_from_json, map_to_json
from gelugen.strict import take, whole, wholes


def constant_bits(value: int) -> int:
    """The bits of a constant: none for 0, two's complement for a negative one."""
    return value.bit_length() if value >= 0 else (-1 - value).bit_length() + 1


@dataclass(frozen=True)
class Coefficient:
    """One column of a table: the coefficient of a power of dx, a value for each segment.

    Attributes:
        values: the stored integers, one a segment.
        width: bits of a stored value; 0 if all are 0.
        signed: two's complement if true.
        drop: low bits that are zero in every coefficient and so not stored.
        base: what all segments share: the coefficient is (base + value) << drop.
    """

    values: tuple[int, ...]
    width: int
    signed: bool
    drop: int = 0
    base: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.width <= 32 and 0 <= self.drop <= 30):
            raise GelugenError(
                f"a coefficient of width {self.width} and drop {self.drop} must have 0 to 32 and 0 to 30"
            )
        if abs(self.base) >= 1 << 32:
            raise GelugenError("a coefficient's base must have at most 32 bits")
        low, high = self.stored
        if any(not low <= value <= high for value in self.values):
            raise GelugenError(f"a stored value is outside {low} to {high}: it does not fit {self.width} bits")

    @property
    def stored(self) -> tuple[int, int]:
        """The smallest and the largest value of these bits."""
        if not self.width:
            return 0, 0
        return (-(1 << self.width - 1), (1 << self.width - 1) - 1) if self.signed else (0, (1 << self.width) - 1)

    @property
    def largest(self) -> int:
        """A bound on the magnitude of the coefficient, inverted or not, whatever is stored."""
        return abs(self.base) + (1 << self.width) << self.drop


@dataclass(frozen=True)
class Term:
    """A table of segments with a polynomial in dx on each.

        h = c_d;  for i = d-1 .. 0:  h = ((h * dx) >> shift of that step) + c_i

    In the first step dx + leak takes the place of dx.

    Attributes:
        map: the segments.
        coefficients: c_0 first; all columns have one value a segment. Outside the segments all are zero.
        shifts: the floor shift of each Horner step, first of the one that adds c_(d-1); () where all are 0.
        digits: where the polynomial is a sum of partial products: what the columns behind c_0 are; the degree is 0.
        leak: -1, 0 or 1, of a map with an ``about``: a processor that has c_d in the low half of a word and c_(d-1) in
            the upper one, and adds the word as it is, adds c_d once more (or, where it subtracts, once less).
    """

    map: Map
    coefficients: tuple[Coefficient, ...]
    shifts: tuple[int, ...] = ()
    digits: Digits | None = None
    leak: int = 0

    def __post_init__(self) -> None:
        most = 4 if self.digits is None else 1 + len(self.digits.each)
        if not 1 <= len(self.coefficients) <= most or len({len(c.values) for c in self.coefficients}) != 1:
            raise GelugenError("a term must have 1 to 4 coefficients with one value each for every segment")
        if not self.depth:
            raise GelugenError("a term must have a segment: a design without a table has no term")
        if self.map.segments is not None and self.depth > self.map.segments:
            raise GelugenError(
                f"a term's table must have one word for each segment at most: {self.map.segments}, not {self.depth}"
            )
        lowest = self.coefficients[0]
        if isinstance(self.map, Offset) and (self.degree or lowest.base or not lowest.width):
            raise GelugenError("a table of offsets must have one coefficient, with stored bits and base 0")
        if self.digits:
            self._check_digits(self.digits)
        if self.shifts and len(self.shifts) != self.degree:
            raise GelugenError(f"a term of degree {self.degree} must have {self.degree} shifts, not {len(self.shifts)}")
        if self.leak not in (-1, 0, 1) or (self.leak and (not self.degree or about(self.map) is None)):
            raise GelugenError("a term's leak must be -1, 0 or 1, and 0 unless a polynomial's map has an about")
        if not all(0 <= shift <= 31 for shift in self.shifts):
            raise GelugenError("the shifts of a term's steps must lie between 0 and 31")

    def _check_digits(self, digits: Digits) -> None:
        columns = self.coefficients[1:]
        plain = isinstance(self.map, Uniform | Dyadic) and self.map.about is None
        if len(columns) != len(digits.each) or digits.bits > self.dx_bits + digits.paired or not plain:
            raise GelugenError(
                f"a term must have one column for each of {len(digits.each)} digits, on a map of "
                f"{digits.bits - digits.paired} bits at least, uniform or dyadic"
            )
        if digits.paired and not (isinstance(self.map, Uniform) and self.dx_bits):
            raise GelugenError("paired segments must be uniform ones, of two codes at least")
        if any(each.signed or each.drop or each.base or each.width not in (0, DIGIT_BITS) for each in columns):
            raise GelugenError(f"a column of digits must have {DIGIT_BITS} bits without sign, drop or base")
        if not any(each.width for each in columns):
            raise GelugenError("a term of digits must store a digit")

    @property
    def degree(self) -> int:
        """The degree of the polynomial by Horner's rule; 0 for one of digits."""
        return 0 if self.digits else len(self.coefficients) - 1

    @property
    def depth(self) -> int:
        """The number of words, one a segment."""
        return len(self.coefficients[0].values)

    @property
    def width(self) -> int:
        """Bits of a stored word: all coefficients side by side, c_0 lowest. 0 if there is nothing to store."""
        return sum(each.width for each in self.coefficients)

    @property
    def dx_bits(self) -> int:
        """The bits of dx."""
        return self.map.dx_bits

    @property
    def place_bits(self) -> int:
        """The bits of u that a polynomial sees: those of dx, and of paired segments which of the two it is."""
        return self.dx_bits + (self.digits is not None and self.digits.paired)

    @property
    def rom_bits(self) -> int:
        """Bits of the stored words, of each base once, and of the segment map."""
        bases = sum(constant_bits(each.base) for each in self.coefficients)
        return self.depth * self.width + bases + self.map.rom_bits

    @property
    def largest(self) -> int:
        """A bound on the magnitude of the term and of every product in it, whatever a table of these widths holds."""
        if self.digits:
            products = sum(1 << self.digits.bits + 1 + max(each.weight, 0) for each in self.digits.each)
            return self.coefficients[0].largest + products
        *lower, highest = self.coefficients
        bound = largest = highest.largest
        bits = self.dx_bits if about(self.map) is None else MOST_BITS + 1
        for power in reversed(range(self.degree)):
            product = bound << bits
            bound = (product >> self.shift(power)) + 1 + lower[power].largest
            largest = max(largest, product, bound)
        return largest

    def trace(self, u: Codes) -> Iterator[tuple[int, Codes, Codes, Codes]]:
        """The Horner steps at every u, from the highest power down: power, dx, product before its shift, and h.

        Of a term of digits there is one step, and the product is the sum of the partial products, with its sign.
        """
        segment, dx = self.map.locate(u)
        inside = (segment >= 0) & (segment < self.depth)
        at = np.where(inside, segment, 0)
        if self.digits:
            lowest, *columns = self.coefficients
            arguments = self.digits.arguments(*self.digits.place(dx, self.dx_bits, segment))
            product = np.zeros_like(u)
            for digit, column in zip(self.digits.each, columns, strict=True):
                stored = np.array(column.values, dtype=np.int64)[at]
                product = product + partial_product(stored, arguments[digit.power], digit.weight)
            if self.digits.subtract:
                product = -product
            c = lowest.base + np.array(lowest.values, dtype=np.int64)[at] << lowest.drop
            yield 0, dx, product, np.where(inside, c + product, 0)
            return
        h = np.zeros_like(u)
        for power in reversed(range(self.degree + 1)):
            column = self.coefficients[power]
            stored = np.array(column.values, dtype=np.int64)[at]
            if isinstance(self.map, Offset):
                stored = np.where(self.map.sign(u), ~stored, stored)
            c = np.where(inside, (column.base + stored) << column.drop, 0)
            argument = dx + self.leak if power == self.degree - 1 else dx
            product = h * argument
            h = c if power == self.degree else (product >> self.shift(power)) + c
            yield power, argument, product, h

    def eval(self, u: Codes) -> Codes:
        """The value of the term at every u."""
        *_, (_, _, _, h) = self.trace(u)
        return h

    def shift(self, power: int) -> int:
        """The shift of the step that adds c_power."""
        return self.shifts[self.degree - 1 - power] if self.shifts else 0

    def is_constant(self, u_bits: int) -> bool:
        """Whether its shape alone gives one value for every u of so many bits."""
        varies = self.degree and (self.dx_bits or about(self.map) is not None)
        if varies or (self.digits and self.width > self.coefficients[0].width):
            return False
        if self.map.covers(self.depth, u_bits):
            return self.depth == 1 or not self.width
        return not self.width and not any(each.base for each in self.coefficients)

    def words(self) -> list[int]:
        """The stored words as unsigned integers."""
        words = [0] * self.depth
        low = 0
        for each in self.coefficients:
            mask = (1 << each.width) - 1
            words = [word | (value & mask) << low for word, value in zip(words, each.values, strict=True)]
            low += each.width
        return words

    # -- JSON ----------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for the manifest."""
        return {
            "map": map_to_json(self.map),
            "coefficients": [
                {"width": c.width, "signed": c.signed, "drop": c.drop, "base": c.base, "values": list(c.values)}
                for c in self.coefficients
            ],
            "shifts": list(self.shifts),
            "digits": digits_to_json(self.digits),
            **({"leak": self.leak} if self.leak else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Term:
        """The term of a manifest.

        Raises:
            GelugenError: a field is out of range.
            KeyError, TypeError: a field is missing, unknown or of the wrong type.
        """
        leak = ["leak"] if "leak" in data else []
        segment_map, coefficients, shifts, digits, *rest = take(data, "map", "coefficients", "shifts", "digits", *leak)
        return cls(
            map_from_json(segment_map),
            tuple(_coefficient_from_json(each) for each in coefficients),
            wholes(shifts),
            digits_from_json(digits),
            *map(whole, rest),
        )


def _coefficient_from_json(data: Mapping[str, Any]) -> Coefficient:
    width, signed, drop, base, values = take(data, "width", "signed", "drop", "base", "values")
    if type(signed) is not bool:
        raise TypeError(f"{signed!r} is neither true nor false")
    return Coefficient(wholes(values), whole(width), signed, whole(drop), whole(base))
