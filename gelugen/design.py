"""The design: integer tables and shifts on one datapath, and ``Design.eval``, the model of all that is emitted.

    fold  ->  sum of terms  ->  shift  ->  unfold, saturate

For an input code q, with k = q - zero_point:

    fold      none:      u = q mod 2^bits, the code's own bits      residual:  u = |k|, line = max(k, 0) << line_shift
    term      word = table[u >> dx_bits] (past the table's end: 0), dx = low dx_bits of u minus 2^(dx_bits - 1),
              h = c_d;  h = h * dx + c_(i) for i = d-1 .. 0         (Horner; each c_i is a stored value << drop)
    sum       v = bias + h of every term
    shift     r = v >> shift                                        (floor, also for negative values)
    unfold    none:      y = r                                      residual:  y = ((line - r) >> line_drop) + offset
    saturate  to the range of the output codes

|k| of the most negative code needs all bits of an unsigned number of the same width, and has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from gelugen.architectures import get_architecture
from gelugen.errors import GelugenError
from gelugen.formats import Codes
from gelugen.functions import Fold
from gelugen.spec import Spec, from_fields


@dataclass(frozen=True)
class Coefficient:
    """One column of a table: the coefficient of a power of dx, a value for each segment.

    Attributes:
        values: the stored integers, one a segment.
        width: bits of a stored value.
        signed: two's complement if true.
        drop: low bits that are zero in every value and so not stored: the coefficient is value << drop.
    """

    values: tuple[int, ...]
    width: int
    signed: bool
    drop: int = 0

    def __post_init__(self) -> None:
        if not (1 <= self.width <= 32 and 0 <= self.drop <= 30):
            raise GelugenError(
                f"a coefficient of width {self.width} and drop {self.drop} must have 1 to 32 and 0 to 30"
            )
        low, high = (-(1 << self.width - 1), (1 << self.width - 1) - 1) if self.signed else (0, (1 << self.width) - 1)
        if any(not low <= value <= high for value in self.values):
            raise GelugenError(f"a stored value is outside {low} to {high}: it does not fit {self.width} bits")


@dataclass(frozen=True)
class Term:
    """A table of segments of 2^dx_bits values of u, with a polynomial in dx on each.

    Attributes:
        dx_bits: the low bits of u that are the position in the segment.
        coefficients: c_0 first; all columns have one value a segment. Past the last one all are zero.
    """

    dx_bits: int
    coefficients: tuple[Coefficient, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.coefficients) <= 4 or len({len(c.values) for c in self.coefficients}) != 1:
            raise GelugenError("a term must have 1 to 4 coefficients with one value each for every segment")
        if not self.depth:
            raise GelugenError("a term must have a segment: a design without a table has no term")
        if not 0 <= self.dx_bits <= 16:
            raise GelugenError(f"dx_bits {self.dx_bits} must lie between 0 and 16")

    @property
    def degree(self) -> int:
        """The degree of the polynomial."""
        return len(self.coefficients) - 1

    @property
    def depth(self) -> int:
        """The number of stored words."""
        return len(self.coefficients[0].values)

    @property
    def width(self) -> int:
        """Bits of a stored word: all coefficients side by side, c_0 lowest."""
        return sum(each.width for each in self.coefficients)

    @property
    def largest(self) -> int:
        """A bound on the magnitude of the term, whatever a table of these widths holds."""
        bound = 0
        for each in reversed(self.coefficients):
            bound = (bound << self.dx_bits) + (1 << each.width + each.drop)
        return bound

    def words(self) -> list[int]:
        """The stored words as unsigned integers."""
        words = [0] * self.depth
        low = 0
        for each in self.coefficients:
            mask = (1 << each.width) - 1
            words = [word | (value & mask) << low for word, value in zip(words, each.values, strict=True)]
            low += each.width
        return words


@dataclass(frozen=True)
class Design:
    """A point of the datapath, in integers only. ``eval`` is what every emitted artifact must equal.

    Attributes:
        spec: what the design was made for; its formats are the design's formats.
        architecture: the name of the family it was fitted in.
        fold: what is taken away before the terms and put back after them.
        terms: the tables whose values are summed; none where the fold alone gives every code.
        bias: a constant in the sum.
        shift: low bits dropped from the sum.
        line_shift: bits by which relu(k) is shifted up to the grid of the residual.
        line_drop: low bits dropped after the residual was taken away.
        offset: the output's zero point, where the fold adds it.
    """

    spec: Spec
    architecture: str
    fold: Fold
    terms: tuple[Term, ...]
    bias: int = 0
    shift: int = 0
    line_shift: int = 0
    line_drop: int = 0
    offset: int = 0

    def __post_init__(self) -> None:
        if self.fold not in ("none", "residual"):
            raise GelugenError(f"a design must have the fold none or residual, not {self.fold!r}")
        if not all(0 <= each <= 31 for each in (self.shift, self.line_shift, self.line_drop)):
            raise GelugenError("a design's shifts must lie between 0 and 31")
        if not all(abs(each) < 1 << 48 for each in (self.bias, self.offset)):
            raise GelugenError("a design's bias and offset must have less than 48 bits")
        if self.fold == "none" and (self.line_shift or self.line_drop or self.offset):
            raise GelugenError("a design without a fold has no line_shift, line_drop or offset")
        u_bits = self.u_bits
        if any(term.dx_bits >= u_bits for term in self.terms):
            raise GelugenError(f"dx_bits must be less than the {u_bits} bits of u, so that a segment is chosen by one")
        if any(term.depth << term.dx_bits > 1 << u_bits for term in self.terms):
            raise GelugenError(f"a table must end where the {u_bits} bits of u do")
        if sum(term.largest for term in self.terms) + abs(self.bias) >= 1 << 60:
            raise GelugenError("a design's sum must have less than 60 bits")

    @property
    def u_bits(self) -> int:
        """The width of u."""
        if self.fold == "none":
            return self.spec.input.bits
        form = self.spec.input
        return max(form.code_max - form.zero_point, form.zero_point - form.code_min).bit_length()

    @property
    def rom_bits(self) -> int:
        """Depth times width of every stored word. This one property counts, for every comparison."""
        return sum(term.depth * term.width for term in self.terms)

    def eval(self, codes: npt.ArrayLike) -> Codes:
        """The output codes of input codes of any shape, as int64.

        Raises:
            GelugenError: a code is no integer or outside the input format.
        """
        return self.trace(self.spec.input.check_codes(codes))["y"]

    def __call__(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Reals in, reals out: quantize, eval, dequantize.

        Raises:
            GelugenError: a value is NaN.
        """
        codes = self.spec.input.quantize(values, self.spec.ties)
        return self.spec.output.dequantize(self.eval(codes))

    def trace(self, codes: Codes) -> dict[str, Codes]:
        """Every value on the datapath for the given input codes, under the names of the module's head.

        Those of term i carry its number: ``dx0``, and ``h0_1``, ``h0_0`` after the Horner steps of power 1 and 0;
        ``p0_0`` is the product before c_0 is added, ``rest`` is line - r, ``sum`` the value before saturation.
        """
        signals: dict[str, Codes] = {}
        if self.fold == "residual":
            k = codes - self.spec.input.zero_point
            signals["k"], signals["u"] = k, np.abs(k)
            signals["line"] = np.maximum(k, 0) << self.line_shift
        else:
            signals["u"] = codes & ((1 << self.spec.input.bits) - 1)
        v = np.full_like(codes, self.bias)
        for number, term in enumerate(self.terms):
            v = v + self._term(signals, number, term)
        signals["v"] = v
        signals["r"] = r = v >> self.shift
        y = r
        if self.fold == "residual":
            signals["rest"] = signals["line"] - r
            y = (signals["rest"] >> self.line_drop) + self.offset
        signals["sum"] = y
        signals["y"] = self.spec.output.saturate(y)
        return signals

    @staticmethod
    def _term(signals: dict[str, Codes], number: int, term: Term) -> Codes:
        u = signals["u"]
        segment = u >> term.dx_bits
        inside = segment < term.depth
        at = np.where(inside, segment, 0)
        dx = (u & ((1 << term.dx_bits) - 1)) - (1 << term.dx_bits >> 1)
        signals[f"dx{number}"] = dx
        h = np.zeros_like(u)
        for power in reversed(range(term.degree + 1)):
            column = term.coefficients[power]
            stored = np.array(column.values or (0,), dtype=np.int64)
            c = np.where(inside, stored[at], 0) << column.drop
            product = h * dx
            h = product + c
            signals[f"p{number}_{power}"], signals[f"h{number}_{power}"] = product, h
        return h

    # -- JSON ----------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for the manifest."""
        data = {each.name: getattr(self, each.name) for each in fields(self)}
        data["spec"] = self.spec.fields()
        data["terms"] = [
            {
                "dx_bits": term.dx_bits,
                "coefficients": [
                    {"width": c.width, "signed": c.signed, "drop": c.drop, "values": list(c.values)}
                    for c in term.coefficients
                ],
            }
            for term in self.terms
        ]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Design:
        """The design of a manifest.

        Raises:
            GelugenError: a field is missing, unknown, of the wrong type, or out of range.
        """
        numbers = ("bias", "shift", "line_shift", "line_drop", "offset")
        try:
            spec, architecture, fold, terms, *rest = _take(data, "spec", "architecture", "fold", "terms", *numbers)
            return cls(
                from_fields(spec),
                get_architecture(architecture).name,
                fold,
                tuple(_term_from_json(term) for term in terms),
                **{name: _whole(value) for name, value in zip(numbers, rest, strict=True)},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GelugenError(f"the design in the manifest is malformed: {error!r}") from None


def _term_from_json(data: Mapping[str, Any]) -> Term:
    dx_bits, coefficients = _take(data, "dx_bits", "coefficients")
    return Term(_whole(dx_bits), tuple(_coefficient_from_json(each) for each in coefficients))


def _coefficient_from_json(data: Mapping[str, Any]) -> Coefficient:
    width, signed, drop, values = _take(data, "width", "signed", "drop", "values")
    if type(signed) is not bool:
        raise TypeError(f"{signed!r} is neither true nor false")
    return Coefficient(tuple(_whole(value) for value in values), _whole(width), signed, _whole(drop))


def _take(data: Mapping[str, Any], *names: str) -> list[Any]:
    """The values of exactly these keys."""
    if set(data) != set(names):
        raise KeyError(*sorted(set(data) ^ set(names), key=str))
    return [data[name] for name in names]


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no integer")
    return value
