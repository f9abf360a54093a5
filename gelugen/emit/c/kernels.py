"""Designs whose functions a processor computes in fewer instructions than the usual text.

| kernel | design | what it is made for |
|---|---|---|
| ``Wide`` | parabolas over all codes, the first product kept whole | the DSP extension: 16 x 16 and 32 x 16 bits, and sum |
| ``Narrow`` | parabolas over all codes, every product in 32 bits | a processor with no more than 32 x 32 bits |
| ``Lines`` | relu less lines in the magnitude | Helium, eight codes at once |
| ``Halves`` | relu less parabolas of two widths in the magnitude | the DSP extension, few rows |
| ``Bytes`` | a table of at least half of all codes, bytes in and out | an unrolled loop, and Helium's gather |

``x`` is the input code itself: these designs have maps with an ``about``. Which kernel a design has is told by its
form. Each is computed here as its text does it, over every code: it is taken if it gives the codes of ``Design.eval``
and no sum or product on the way leaves 32 bits; else the design keeps the usual text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gelugen.design import Coefficient, Design, Dyadic, Term, Uniform
from gelugen.emit.c.function import container
from gelugen.emit.c.tables import Array, Table
from gelugen.emit.signals import saturates
from gelugen.formats import Codes

ROW_BITS = 3
"""log2 of a row's bytes: two words of 32 bits."""
BOTH = 0x10001
"""Times a number below 2^16: the number in both halves of a word."""


@dataclass(frozen=True)
class Feature:
    """What a compiler says of its processor.

    Attributes:
        condition: for ``#if``.
        header: of the intrinsics.
    """

    condition: str
    header: str


DSP = Feature("defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && !defined(__ARM_BIG_ENDIAN)", "arm_acle.h")
HELIUM = Feature("defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)", "arm_mve.h")


@dataclass(frozen=True)
class Wide:
    """t = c2 * x + w, y = (c0 + (t * x >> 16)) >> shift, where c2 is the low half of the word w.

    Attributes:
        rows: w and c0 of each segment, that of the code 0 first.
        mask, dx_bits: the row of a code is (x & mask) >> dx_bits.
        shift: of the sum.
    """

    template: ClassVar = "c/kernels/wide.j2"
    feature: ClassVar[Feature | None] = DSP
    rows: Array
    mask: int
    dx_bits: int
    shift: int

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The tables that stand in the kernel's text."""
        return (self.rows,)

    @property
    def depth(self) -> int:
        """The number of rows."""
        return len(self.rows.values) // 2

    @property
    def to_offset(self) -> int:
        """The shift from codes to the offsets of their rows."""
        return self.dx_bits - ROW_BITS

    @property
    def constants(self) -> dict[str, int]:
        """What the inner loop holds in registers: the bits of the offsets of two rows."""
        return {"mask": (self.depth - 1 << ROW_BITS) * BOTH}

    @property
    def up(self) -> int:
        """The shift that brings a code from the sum into the upper half of a word."""
        return 16 - self.shift


@dataclass(frozen=True)
class Narrow:
    """t = (w - n * x) >> step, y = (c0 + t * x) >> shift, where n is the low half of the word w.

    Attributes:
        rows: w and c0 of each segment, from the most negative codes up.
        dx_bits: log2 of a segment's codes.
        step: the shift of the slope t.
        shift: of the sum.
    """

    template: ClassVar = "c/kernels/narrow.j2"
    feature: ClassVar[Feature | None] = None
    rows: Array
    dx_bits: int
    step: int
    shift: int

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The tables that stand in the kernel's text."""
        return (self.rows,)

    @property
    def depth(self) -> int:
        """The number of rows."""
        return len(self.rows.values) // 2

    @property
    def half(self) -> int:
        """The number of the row of the code 0."""
        return self.depth // 2

    @property
    def middle(self) -> int:
        """The number of the word where that row begins."""
        return self.depth


@dataclass(frozen=True)
class Lines:
    """u = min(abs(x), top), y = relu(x) - c0[u >> dx_bits] - (u * c1[u >> dx_bits] >> 16).

    Attributes:
        c0, c1: names of the arrays, those of the usual text, of 16 bits.
        dx_bits: log2 of a segment's length.
        top: the last u of the table, whose last segment is 0; None if there is a segment for every u.
    """

    template: ClassVar = "c/kernels/lines.j2"
    feature: ClassVar[Feature | None] = HELIUM
    arrays: ClassVar[tuple[Array, ...]] = ()
    c0: str
    c1: str
    dx_bits: int
    top: int | None


@dataclass(frozen=True)
class Halves:
    """y = relu(x) - ((c0 + (t * u >> 16)) >> shift), t = c2 * u + w, u = min(abs(x), top).

    Segments are half as long below u = 2^low_bits; so i = (2 * u - max(u - 2^low_bits, 0)) >> dx_bits.

    Attributes:
        rows: w and c0 of each segment.
        dx_bits: log2 of the longer segments' length.
        low_bits: where they begin.
        bits: of u.
        shift: of the sum.
    """

    template: ClassVar = "c/kernels/halves.j2"
    feature: ClassVar[Feature | None] = DSP
    rows: Array
    dx_bits: int
    low_bits: int
    bits: int
    shift: int

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The tables that stand in the kernel's text."""
        return (self.rows,)

    @property
    def top(self) -> int:
        """The largest u."""
        return (1 << self.bits) - 1

    @property
    def low(self) -> int:
        """The u where longer segments begin."""
        return 1 << self.low_bits

    @property
    def depth(self) -> int:
        """The number of rows."""
        return len(self.rows.values) // 2

    @property
    def to_offset(self) -> int:
        """The shift from the number that counts segments to the offsets of their rows."""
        return self.dx_bits - ROW_BITS

    @property
    def constants(self) -> dict[str, int]:
        """What the inner loop holds in registers: the bits of two rows' offsets, and ``low`` twice."""
        offsets = (1 << (self.depth - 1).bit_length()) - 1 << ROW_BITS
        return {"mask": offsets * BOTH, "low": self.low * BOTH}

    @property
    def up(self) -> int:
        """The shift that brings a code from the sum into the upper half of a word."""
        return 16 - self.shift


@dataclass(frozen=True)
class Bytes:
    """y = table[x], bytes both.

    Attributes:
        table: the output codes, that of the code 0 first.
    """

    template: ClassVar = "c/kernels/bytes.j2"
    feature: ClassVar[Feature | None] = HELIUM
    table: Array

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The tables that stand in the kernel's text."""
        return (self.table,)


Kernel = Wide | Narrow | Lines | Halves | Bytes


def kernel_of(design: Design, name: str, tables: list[Table]) -> Kernel | None:
    """The kernel of a design, if it has one.

    Args:
        design: the design.
        name: of its function, with which the names of arrays start.
        tables: as the usual text has them.
    """
    if kernel := _bytes(design, name):
        return kernel
    form = design.spec.input
    if len(design.terms) != 1 or not form.signed or any(saturates(design)):
        return None
    (term,) = design.terms
    if design.fold == "none" and design.first == form.code_min and _parabolas(term, 1 << form.bits - 1):
        if term.map.covers(term.depth, form.bits):
            return _wide(design, term, name) or _narrow(design, term, name)
    elif design.fold == "residual" and not (form.zero_point or design.offset or design.bias):
        if not (design.line_shift or design.line_drop) and _short(design):
            return _lines(design, term, tables) or _halves(design, term, name)
    return None


def _short(design: Design) -> bool:
    """Whether codes are 16 bits wide, in and out."""
    return container(design.spec.input) == container(design.output) == "int16_t"


def _parabolas(term: Term, middle: int) -> bool:
    return isinstance(term.map, Uniform) and term.map.about == middle and term.degree == 2


def _full(column: Coefficient) -> Codes:
    """The coefficients of a column with everything put back."""
    return column.base + np.array(column.values, dtype=np.int64) << column.drop


def _fit(*values: Codes) -> bool:
    """Whether all of them are integers of 32 bits."""
    return all(-(1 << 31) <= each.min() and each.max() < 1 << 31 for each in values)


def _low(word: Codes) -> Codes:
    """The low half of words, as signed numbers."""
    return ((word & 0xFFFF) ^ 0x8000) - 0x8000


def _rows(name: str, word: Codes, c0: Codes) -> Array:
    values = np.stack([word, c0], 1).ravel().tolist()
    return Array(f"{name}_rows", "int32_t", 4 * len(values), tuple(values))


def _wide(design: Design, term: Term, name: str) -> Wide | None:
    c0, c1, c2 = map(_full, term.coefficients)
    x, dx_bits = design.spec.input.codes(), term.dx_bits
    if term.leak != 1 or term.shifts != (0, 16) or not 1 <= design.shift <= 15 or dx_bits <= ROW_BITS:
        return None
    word, c0, row = c1 + c2, c0 + design.bias, (x >> dx_bits) + term.depth // 2
    t = _low(word)[row] * x + word[row]
    v = c0[row] + (t * x >> 16)
    if not (_short(design) and _fit(word, c0, t, v) and _same(design, v >> design.shift)):
        return None
    half = term.depth // 2
    rows = _rows(name, np.roll(word, half), np.roll(c0, half))
    return Wide(rows, (1 << design.spec.input.bits) - 1, dx_bits, design.shift)


def _narrow(design: Design, term: Term, name: str) -> Narrow | None:
    c0, c1, c2 = map(_full, term.coefficients)
    x, dx_bits = design.spec.input.codes(), term.dx_bits
    if term.leak != -1 or term.shift(0) or not term.shift(1) or not design.shift:
        return None
    step = term.shift(1)
    word, c0, row = (c1 << step) - c2, c0 + design.bias, (x >> dx_bits) + term.depth // 2
    full = word[row] - _low(word)[row] * x
    product = (full >> step) * x
    v = c0[row] + product
    if not (_fit(word, c0, full, product, v) and _same(design, v >> design.shift)):
        return None
    return Narrow(_rows(name, word, c0), dx_bits, step, design.shift)


def _lines(design: Design, term: Term, tables: list[Table]) -> Lines | None:
    (table,) = tables
    arrays = [column.array for column in table.columns]
    if not isinstance(term.map, Uniform) or term.map.about != 0 or term.shifts != (16,) or design.shift:
        return None
    plain = all(column.factor == 1 and not column.base for column in table.columns)
    if not plain or any(each is None or each.type not in ("int16_t", "uint16_t") for each in arrays):
        return None
    c0, c1 = map(_full, term.coefficients)
    x, top = design.spec.input.codes(), term.map.end(term.depth) - 1
    u = np.minimum(np.minimum(np.abs(x), 0x7FFF), top)
    i = u >> term.dx_bits
    y = _low(np.maximum(x, 0) - _low(c0[i] + (u * _low(c1)[i] >> 16)))
    if not _same(design, y):
        return None
    names = [each.name for each in arrays if each]
    return Lines(names[0], names[1], term.dx_bits, top if top < 0x7FFF else None)


def _halves(design: Design, term: Term, name: str) -> Halves | None:
    if not isinstance(term.map, Dyadic) or term.map.about != 0 or term.degree != 2 or term.depth != term.map.segments:
        return None
    short = term.dx_bits - 1
    low = term.map.leaves.count(short) << short
    bits = term.map.length.bit_length() - 1
    leaves = (short,) * (low >> short) + (term.dx_bits,) * ((1 << bits) - low >> term.dx_bits)
    if term.map.leaves != leaves or low & low - 1 or not low or bits > 15 or term.dx_bits <= ROW_BITS:
        return None
    if term.leak != 1 or term.shifts != (0, 16) or not 1 <= design.shift <= 15:
        return None
    c0, c1, c2 = map(_full, term.coefficients)
    word, top = c1 + c2, (1 << bits) - 1
    x = design.spec.input.codes()
    for u in (np.minimum(np.abs(x), top), np.where(x == -0x8000, 0, np.minimum(np.abs(x), top))):
        i = 2 * u - np.maximum(u - low, 0) >> term.dx_bits
        t = _low(word)[i] * u + word[i]
        v = c0[i] + (t * u >> 16)
        r = v >> design.shift
        if not (_fit(word, c0, t, v) and v.min() >= 0 and r.max() <= 0xFFFF):
            return None
        if not _same(design, np.maximum(x, 0) - r):
            return None
    return Halves(_rows(name, word, c0), term.dx_bits, low.bit_length() - 1, bits, design.shift)


def _bytes(design: Design, name: str) -> Bytes | None:
    form, codes = design.spec.input, design.spec.input.codes()
    if form.bits != 8 or design.fold != "none" or len(design.terms) != 1 or design.output.bits > 8:
        return None
    (term,) = design.terms
    if not isinstance(term.map, Uniform) or term.dx_bits or term.degree or 2 * term.depth < len(codes):
        return None
    y = design.eval(codes)[np.argsort(codes & 0xFF)]
    return Bytes(Array(f"{name}_codes", container(design.output), len(y), tuple(y.tolist())))


def _same(design: Design, codes: Codes) -> bool:
    """Whether these are the output codes of all input codes in their order."""
    return bool((codes == design.eval(design.spec.input.codes())).all())


def all_arrays(kernel: Kernel | None, tables: list[Table]) -> Iterator[Array]:
    """The arrays that are emitted: a kernel's rows, or those of the usual text."""
    if kernel and kernel.arrays:
        yield from kernel.arrays
    else:
        yield from (array for table in tables for array in table.arrays)
