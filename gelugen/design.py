"""The design: integer tables and shifts on one datapath, and ``Design.eval``, the model of all that is emitted.

    fold  ->  sum of terms  ->  shift  ->  unfold, saturate

For an input code q, with k = q - zero_point:

    fold      none: u = (q - first) mod 2^bits        all others: u = k, and first - k where k is negative
    term      segment, dx = map(u); outside all segments the term is 0                      (``maps.py``)
              c_i = (base_i + stored_i[segment]) << drop_i; on an Offset map stored is inverted where its sign says so
              h = c_d;  for i = d-1 .. 0:  h = ((h * dx) >> shift_i) + c_i                  (``terms.py``)
    sum       v = bias + h of every term
    shift     r = v >> shift
    unfold    none:        y = r
              residual:    y = ((line - r) >> line_drop) + offset, line = max(k, 0) << line_shift
              even:        y = r + offset
              odd:         y = (k < 0 ? -r : r) + offset
              complement:  y = (k < 0 ? one - r : r) + offset       f(-x) = C - f(x), and ``one`` is C in ulp
    saturate  to the range of the output codes

Every >> is a floor, also for negative values. With a fold, first is 0, and u is |k|, which for the most negative code
needs all bits of an unsigned number of the same width, and has them; or first is -1, and u is k with all bits inverted
where it is negative: one's complement, in hardware an inverter a bit and no carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, get_args

import numpy as np
import numpy.typing as npt

from gelugen.architectures import get_architecture
from gelugen.errors import GelugenError
from gelugen.formats import Codes, Format
from gelugen.functions import Fold
from gelugen.maps import Breakpoints, Dyadic, Map, Offset, Uniform, about
from gelugen.spec import Spec, from_fields
from gelugen.strict import take, whole
from gelugen.terms import Coefficient, Term

__all__ = ["Breakpoints", "Coefficient", "Design", "Dyadic", "Map", "Offset", "Term", "Uniform"]

_NUMBERS = ("bias", "shift", "line_shift", "line_drop", "offset", "one", "first")


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
        line_shift: bits by which relu(k) is shifted up to the grid of the residual (fold residual only).
        line_drop: low bits dropped after the residual was taken away (fold residual only).
        offset: the output's zero point, where the fold adds it (every fold but none).
        one: what f(x) + f(-x) is, in ulp (fold complement only).
        first: without a fold the code whose u is 0: 0, so that u is the code's own bits, or the smallest code. With
            one what u and a negative k add up to: 0, or -1 for one's complement.
    """

    kind: ClassVar[str] = "design"
    spec: Spec
    architecture: str
    fold: Fold
    terms: tuple[Term, ...]
    bias: int = 0
    shift: int = 0
    line_shift: int = 0
    line_drop: int = 0
    offset: int = 0
    one: int = 0
    first: int = 0

    def __post_init__(self) -> None:
        if self.fold not in get_args(Fold):
            raise GelugenError(f"a design must have the fold {', '.join(get_args(Fold))}, not {self.fold!r}")
        if not all(0 <= each <= 31 for each in (self.shift, self.line_shift, self.line_drop)):
            raise GelugenError("a design's shifts must lie between 0 and 31")
        if not all(abs(each) < 1 << 48 for each in (self.bias, self.offset, self.one)):
            raise GelugenError("a design's bias, offset and one must have less than 48 bits")
        if self.fold == "none" and self.offset:
            raise GelugenError("a design without a fold has no offset")
        if self.fold != "residual" and (self.line_shift or self.line_drop):
            raise GelugenError(f"a design with the fold {self.fold} has no line_shift or line_drop")
        if self.fold != "complement" and self.one:
            raise GelugenError(f"a design with the fold {self.fold} has no one")
        if self.first not in (0, self.spec.input.code_min if self.fold == "none" else -1):
            raise GelugenError("a design's first must be 0, or without a fold the smallest code, or with one -1")
        u_bits = self.u_bits
        for term in self.terms:
            if isinstance(term.map, Uniform) and term.dx_bits >= u_bits:
                raise GelugenError(
                    f"dx_bits must be less than the {u_bits} bits of u, so that a segment is chosen by one"
                )
            if (middle := about(term.map)) not in (None, 0, 1 << u_bits - 1):
                raise GelugenError(f"a map's about must be 0 or half of the {u_bits} bits of u, not {middle}")
            if isinstance(term.map, Offset) and term.map.high == u_bits and term.map.bits == 1:
                raise GelugenError("a table of offsets must be indexed by one bit of u at least")
            if term.map.end(term.map.segments or term.depth) > 1 << u_bits:
                raise GelugenError(f"a table must end where the {u_bits} bits of u do")
            if term.is_constant(u_bits):
                raise GelugenError("a term must depend on u: one that does not is a bias")
        if sum(term.largest for term in self.terms) + abs(self.bias) >= 1 << 60:
            raise GelugenError("a design's sum must have less than 60 bits")

    @property
    def ports(self) -> dict[str, Format]:
        """The inputs by the names of their Verilog ports, in the order of ``eval``."""
        return {"in_data": self.spec.input}

    @property
    def output(self) -> Format:
        """The output's format."""
        return self.spec.output

    @property
    def u_bits(self) -> int:
        """The width of u."""
        if self.fold == "none":
            return self.spec.input.bits
        form = self.spec.input
        return max(form.code_max - form.zero_point, self.first - form.code_min + form.zero_point).bit_length()

    @property
    def turns(self) -> bool:
        """Whether codes below the zero point unfold in another way than those above: the fold is odd or complement."""
        return self.fold in ("odd", "complement") and self.spec.input.code_min < self.spec.input.zero_point

    @property
    def rom_bits(self) -> int:
        """Depth times width of every stored word, and the segment maps. This one counts, for every comparison."""
        return sum(term.rom_bits for term in self.terms)

    def eval(self, codes: npt.ArrayLike) -> Codes:
        """The output codes of input codes of any shape, as int64.

        Raises:
            GelugenError: a code is no integer or outside the input format.
        """
        return self.trace(self.spec.input.check_codes(codes))["y"]

    def stimulus(self) -> tuple[Codes]:
        """The input codes that are checked: all of them."""
        return (self.spec.input.codes(),)

    def sequence(self) -> tuple[Codes]:
        """The input codes of the emitted test bench, in its order."""
        return self.stimulus()

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
        ``p0_0`` is the product before its shift and before c_0 is added, ``rest`` is line - r, ``turned`` is r with
        the sign of k, ``sum`` the value before saturation.
        """
        signals: dict[str, Codes] = {}
        if self.fold == "none":
            signals["u"] = (codes - self.first) & ((1 << self.spec.input.bits) - 1)
        else:
            signals["k"] = k = codes - self.spec.input.zero_point
            signals["u"] = np.where(k < 0, self.first - k, k)
        v = np.full_like(codes, self.bias)
        for number, term in enumerate(self.terms):
            for power, dx, product, h in term.trace(signals["u"]):
                signals[f"dx{number}"] = dx
                signals[f"p{number}_{power}"], signals[f"h{number}_{power}"] = product, h
            v = v + h
        signals["v"] = v
        signals["r"] = y = v >> self.shift
        if self.fold == "residual":
            signals["line"] = np.maximum(k, 0) << self.line_shift
            signals["rest"] = signals["line"] - y
            y = signals["rest"] >> self.line_drop
        elif self.fold in ("odd", "complement"):
            signals["turned"] = y = np.where(k < 0, self.one - y, y)
        signals["sum"] = y + self.offset
        signals["y"] = self.spec.output.saturate(signals["sum"])
        return signals

    # -- JSON ----------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for the manifest."""
        data = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**data, "spec": self.spec.fields(), "terms": [term.to_json() for term in self.terms]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Design:
        """The design of a manifest.

        Raises:
            GelugenError: a field is missing, unknown, of the wrong type, or out of range.
        """
        try:
            spec, architecture, fold, terms, *rest = take(data, "spec", "architecture", "fold", "terms", *_NUMBERS)
            return cls(
                from_fields(spec),
                get_architecture(architecture).name,
                fold,
                tuple(Term.from_json(term) for term in terms),
                **{name: whole(value) for name, value in zip(_NUMBERS, rest, strict=True)},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GelugenError(f"the design in the manifest is malformed: {error!r}") from None
