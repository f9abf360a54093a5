"""How a design's logic is written for a family: what its fold leaves out, and which tables are stored negated.

Both say the same as the plain text, code for code; they only take fewer lookup tables:

* A table that ends at 2^n needs n bits of u. They are the folded low n bits of k, and whether u is past them is seen
  from the upper bits of k.
* y = line - r. A 7 series carry chain has a - b with any function of other bits for b, but not for a; so the sum is
  made as q = ~r, and y = q - ~line. On iCE40, where the last lookup table of a sum has an input to spare, it is made as
  q = -r, and y = negative ? q : k + q.
* Where codes have few bits, on iCE40 r is a table of all codes, and the borrows of line - r are written out: above
  the bits of r, y is one signal for all negative codes.
* Where a lookup table of the 7 series holds a bit of the whole table, abs(k) is taken in the plain form, and y too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gelugen.design import Coefficient, Design, Offset
from gelugen.emit.layout import Layout
from gelugen.emit.tables import few_zones
from gelugen.emit.writing import Writing
from gelugen.maps import about
from gelugen.pipeline import Range, has_fold

_FEW = 8
"""Bits of codes that a table of all of them is worth for."""
_ONE_TABLE = 6
"""Bits of u that a lookup table of the 7 series sees at once."""


@dataclass(frozen=True)
class Negated:
    """A design whose terms give v' = other - v.

    Attributes:
        design: the design of the negated words.
        outside: the word that stands for all u outside the segments.
        low: what stands in the dropped bits of c_0.
    """

    design: Design
    outside: int
    low: int


@dataclass(frozen=True)
class Style:
    """What a style makes of a design.

    Attributes:
        name: ``plain``, ``xc7``, ``small`` (xc7, and a lookup table sees all of u) or ``ice40``.
        u_bits: the bits of u that the tables see.
        rest: r where u is past them; None where the tables give it anyway.
        zero: whether the code whose low bits alone are zero must be told from 0.
        negated: the design with negated words, where there is one.
    """

    name: str
    u_bits: int
    rest: int | None = None
    zero: bool = False
    negated: Negated | None = None

    @classmethod
    def of(cls, design: Design, writing: Writing) -> Style:
        """The style of a writing, for one design."""
        plain = cls("plain", design.u_bits)
        if writing.style == "plain" or not has_fold(design) or not design.terms or writing.writable:
            return plain
        form = design.spec.input
        if form.code_min >= form.zero_point:
            return plain
        style = replace(plain, name=writing.style)
        bits = _needed(design)
        if bits < design.u_bits:
            rest = design.bias >> design.shift
            alike = design.trace(np.array([form.zero_point]))["r"][0] == rest
            low = form.code_min - form.zero_point
            twice = not design.first  # the low bits of -2^bits are those of 0, and only with two's complement its u
            past = max(-low, form.code_max - form.zero_point) > 1 << bits or not (twice and alike)
            style = replace(style, u_bits=bits, rest=rest if past else None, zero=past and twice and not alike)
        if style.name == "xc7" and style.u_bits <= _ONE_TABLE and not any(term.degree for term in design.terms):
            return replace(style, name="small")
        if design.fold == "residual" and not any(writing.in_memory(layout) for layout in Layout.all(design)):
            style = replace(style, negated=_negated(design, -1 if style.name == "xc7" else (1 << design.shift) - 1))
        return style


@dataclass(frozen=True)
class Borrows:
    """y = relu(code) - r for codes of few bits: r as a table of all codes, and the borrows written out.

    Attributes:
        rows: every code whose r is not 0, as an unsigned number, and its r.
        bits, width: of a code, and of r.
        low: the bits that r has, but the first.
        copied, changed: bits above r that are those of the code where it is not negative; and those that a borrow
            reaches, each with the bits of the code that must be 0 for it.
    """

    rows: list[tuple[int, int]]
    bits: int
    width: int
    low: list[int]
    copied: list[int]
    changed: list[tuple[int, list[int]]]

    @property
    def sign(self) -> int:
        """The number of a code's highest bit."""
        return self.bits - 1

    @property
    def vector(self) -> str:
        """The range of a signal as wide as r."""
        return f"[{self.width - 1}:0]"

    @property
    def slice(self) -> str:
        """The bits of a code that r has too."""
        return self.vector

    @classmethod
    def of(cls, design: Design, writing: Writing) -> Borrows | None:
        """The borrows of a design for iCE40, where they are what is written."""
        form, output = design.spec.input, design.spec.output
        if writing.style != "ice40" or design.fold != "residual" or writing.schedule.depth or not design.terms:
            return None
        plain = not (design.line_shift or design.line_drop or design.offset or form.zero_point)
        if not plain or not form.signed or form.bits > _FEW or output.bits != form.bits or not output.signed:
            return None
        if any(term.degree or term.digits for term in design.terms) or any(map(writing.in_memory, Layout.all(design))):
            return None
        codes = form.codes()
        trace = design.trace(codes)
        r, y = trace["r"], trace["y"]
        width = int(r.max()).bit_length()
        if r.min() < 0 or not 0 < width < form.bits - 1 or (trace["sum"] != y).any():
            return None
        positive = codes >= 0
        copied, changed = [], []
        for bit in range(width, form.bits):
            if ((y ^ codes)[positive] >> bit & 1).any():
                changed.append((bit, list(range(width, bit))))
            else:
                copied.append(bit)
        mask = (1 << form.bits) - 1
        rows = sorted((int(code) & mask, int(each)) for code, each in zip(codes, r, strict=True) if each)
        return cls(rows, form.bits, width, list(range(1, width)), copied, changed)


def _needed(design: Design) -> int:
    """The bits of u that tell the codes inside the segments apart."""
    bits = 1
    for term in design.terms:
        # What tells zones apart tells what is past them too; and what counts from the middle of u needs its top bit.
        if isinstance(term.map, Offset) or few_zones(term) or about(term.map):
            return design.u_bits
        bits = max(bits, term.dx_bits + 1, (term.map.end(term.depth) - 1).bit_length())
    return min(bits, design.u_bits)


def _negated(design: Design, other: int) -> Negated | None:
    """The design with v' = other - v, if negated words alone make it.

    With v = f(dx) + (c_0 << drop) + bias it is -f(dx) + (~c_0 << drop) + 2^drop - bias + other, so nothing may be
    shifted away inside f.
    """
    if len(design.terms) != 1:
        return None
    (term,) = design.terms
    if any(term.shifts) or any(each.base for each in term.coefficients) or isinstance(term.map, Offset):
        return None
    if term.digits:
        return None
    lowest, *upper = term.coefficients
    high, low = divmod(other - design.bias + (1 << lowest.drop), 1 << lowest.drop)
    outside = high - 1
    first = _column([outside - value for value in lowest.values], lowest.drop, outside)
    columns = (first, *(_column([-value for value in each.values], each.drop, 0) for each in upper))
    if any(each.width > 32 for each in columns):
        return None
    word = outside & (1 << first.width) - 1
    return Negated(replace(design, terms=(replace(term, coefficients=columns),), bias=0), word, low)


def _column(values: list[int], drop: int, also: int) -> Coefficient:
    """The narrowest column that holds some values, and one that is none of its own."""
    held = Range(min(*values, also), max(*values, also))
    if held.low >= 0:
        return Coefficient(tuple(values), held.high.bit_length(), False, drop)
    return Coefficient(tuple(values), held.signed_width, True, drop)
