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

from gelugen.design import Design, Dyadic, Term, Uniform
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
    """u = min(abs(x), top), i = u >> dx_bits, y = relu(x) - (c0[i] + (c1[i] * u >> 16)).

    Attributes:
        c0, c1: of each segment, 16 bits; those of the last one serve all u behind.
        dx_bits: log2 of a segment's length.
        top: the last u.
    """

    template: ClassVar = "c/kernels/lines.j2"
    feature: ClassVar[Feature | None] = HELIUM
    c0: Array
    c1: Array
    dx_bits: int
    top: int

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The tables that stand in the kernel's text."""
        return self.c0, self.c1

    @property
    def saturated(self) -> bool:
        """Whether ``top`` is the largest number of 16 bits, so that a magnitude of 16 bits is no larger."""
        return self.top == 0x7FFF


@dataclass(frozen=True)
class Halves:
    """y = relu(x) - ((c0 + (t * u >> 16)) >> shift), t = c2 * u + w, u = min(abs(x), top).

    Segments are half as long below u = low, a power of two: i = (u + min(u, low - 1)) >> dx_bits. That finds the segments
    behind it one u late, where the row before serves as well.

    Attributes:
        rows: w and c0 of each segment.
        dx_bits: log2 of the longer segments' length.
        low_bits: log2 of ``low``.
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
        """The last u of the shorter segments."""
        return (1 << self.low_bits) - 1

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
        """What the inner loop holds in registers: the bits of two rows' offsets, and those of the upper half."""
        offsets = (1 << (self.depth - 1).bit_length()) - 1 << ROW_BITS
        return {"mask": offsets * BOTH, "upper": 0xFFFF0000}

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


def kernel_of(design: Design, name: str) -> Kernel | None:
    """The kernel of a design, if it has one.

    Args:
        design: the design.
        name: of its function, with which the names of arrays start.
    """
    form = design.spec.input
    if len(design.terms) != 1 or any(saturates(design)):
        return None
    (term,) = design.terms
    if kernel := _bytes(design, term, name):
        return kernel
    if not form.signed or term.digits or not isinstance(term.map, Uniform | Dyadic):
        return None
    if design.fold == "none" and design.first == form.code_min:
        return _wide(design, term, name) or _narrow(design, term, name)
    bare = not (form.zero_point or design.offset or design.line_shift or design.line_drop)
    if design.fold == "residual" and bare and term.map.about == 0:
        return _lines(design, term, name) or _halves(design, term, name)
    return None


def _short(design: Design) -> bool:
    """Whether codes are 16 bits wide, in and out."""
    return container(design.spec.input) == container(design.output) == "int16_t"


def _columns(term: Term, depth: int, bias: int) -> list[Codes]:
    """The coefficients on so many segments, 0 past the table, with everything put back and the bias in c_0."""
    columns = [each.base + np.array(each.values, dtype=np.int64) << each.drop for each in term.coefficients]
    padded = [np.pad(each, (0, max(depth - len(each), 0))) for each in columns]
    return [padded[0] + bias, *padded[1:]]


def _fit(*values: Codes) -> bool:
    """Whether all of them are integers of 32 bits."""
    return all(-(1 << 31) <= each.min() and each.max() < 1 << 31 for each in values)


def _halfwords(*values: Codes) -> bool:
    """Whether all of them are integers of 16 bits."""
    return all(-(1 << 15) <= each.min() and each.max() < 1 << 15 for each in values)


def _low(word: Codes) -> Codes:
    """The low half of words, as signed numbers."""
    return ((word & 0xFFFF) ^ 0x8000) - 0x8000


def _rows(name: str, word: Codes, c0: Codes) -> Array:
    values = np.stack([word, c0], 1).ravel().tolist()
    return Array(f"{name}_rows", "int32_t", 4 * len(values), tuple(values))


def _wide(design: Design, term: Term, name: str) -> Wide | None:
    form, x, dx_bits = design.spec.input, design.spec.input.codes(), term.dx_bits
    if not _parabolas(term, form.bits) or term.leak != 1 or term.shifts != (0, 16):
        return None
    half = 1 << form.bits - dx_bits - 1
    c0, c1, c2 = _columns(term, 2 * half, design.bias)
    word, row = c1 + c2, (x >> dx_bits) + half
    t = _low(word)[row] * x + word[row]
    v = c0[row] + (t * x >> 16)
    if not (_short(design) and 1 <= design.shift <= 15 and dx_bits > ROW_BITS and _fit(word, c0, t, v)):
        return None
    if not _same(design, v >> design.shift):
        return None
    return Wide(_rows(name, np.roll(word, half), np.roll(c0, half)), (1 << form.bits) - 1, dx_bits, design.shift)


def _narrow(design: Design, term: Term, name: str) -> Narrow | None:
    form, x, dx_bits = design.spec.input, design.spec.input.codes(), term.dx_bits
    if not _parabolas(term, form.bits) or term.leak != -1 or term.shift(0) or not (term.shift(1) and design.shift):
        return None
    half, step = 1 << form.bits - dx_bits - 1, term.shift(1)
    c0, c1, c2 = _columns(term, 2 * half, design.bias)
    word, row = (c1 << step) - c2, (x >> dx_bits) + half
    full = word[row] - _low(word)[row] * x
    product = (full >> step) * x
    v = c0[row] + product
    if not (_fit(word, c0, full, product, v) and _same(design, v >> design.shift)):
        return None
    return Narrow(_rows(name, word, c0), dx_bits, step, design.shift)


def _parabolas(term: Term, bits: int) -> bool:
    return isinstance(term.map, Uniform) and term.map.about == 1 << bits - 1 and term.degree == 2


def _lines(design: Design, term: Term, name: str) -> Lines | None:
    if not isinstance(term.map, Uniform) or term.shifts != (16,) or term.leak or design.shift or not _short(design):
        return None
    x, behind = design.spec.input.codes(), term.map.end(term.depth) <= 0x7FFF
    c0, c1 = _columns(term, term.depth + behind, design.bias)
    if behind and not (term.coefficients[0].values[-1] or term.coefficients[1].values[-1]):
        c0, c1 = c0[:-1], c1[:-1]  # the last row serves what is behind
    top = min(term.map.end(len(c0)) - 1, 0x7FFF)
    u = np.minimum(np.abs(x), top)
    i = u >> term.dx_bits
    if not (_halfwords(c0, c1) and _same(design, np.maximum(x, 0) - (c0[i] + (u * c1[i] >> 16)))):
        return None
    arrays = [
        Array(f"{name}_{part}", "int16_t", 2 * len(c0), tuple(each.tolist())) for part, each in (("c0", c0), ("c1", c1))
    ]
    return Lines(arrays[0], arrays[1], term.dx_bits, top)


def _halves(design: Design, term: Term, name: str) -> Halves | None:
    if not isinstance(term.map, Dyadic) or term.degree != 2 or term.leak != 1 or term.shifts != (0, 16):
        return None
    dx_bits, leaves, bits = term.dx_bits, term.map.leaves, term.map.length.bit_length() - 1
    low = leaves.count(dx_bits - 1) << dx_bits - 1
    ordered = tuple(sorted(leaves)) == leaves and set(leaves) == {dx_bits - 1, dx_bits} and not low & low - 1
    if not (ordered and _short(design) and bits <= 15 and dx_bits > ROW_BITS and 1 <= design.shift <= 15):
        return None
    c0, c1, c2 = _columns(term, len(leaves), design.bias)
    word, x = c1 + c2, design.spec.input.codes()
    magnitude = np.minimum(np.abs(x), (1 << bits) - 1)
    for u in (magnitude, np.where(x == -0x8000, 0, magnitude)):  # -0x8000 is its own negative in 16 bits
        i = u + np.minimum(u, low - 1) >> dx_bits
        t = _low(word)[i] * u + word[i]
        v = c0[i] + (t * u >> 16)
        r = v >> design.shift
        if not (_fit(word, c0, t, v) and v.min() >= 0 and r.max() <= 0xFFFF):
            return None
        if not _same(design, np.maximum(x, 0) - r):
            return None
    return Halves(_rows(name, word, c0), dx_bits, low.bit_length() - 1, bits, design.shift)


def _bytes(design: Design, term: Term, name: str) -> Bytes | None:
    form, codes = design.spec.input, design.spec.input.codes()
    if form.bits != 8 or design.fold != "none" or design.output.bits > 8 or 2 * term.depth < len(codes):
        return None
    if not isinstance(term.map, Uniform) or term.dx_bits or term.degree:
        return None
    y = design.eval(codes)[np.argsort(codes & 0xFF)]
    return Bytes(Array(f"{name}_codes", container(design.output), len(y), tuple(y.tolist())))


def _same(design: Design, codes: Codes) -> bool:
    """Whether these are the output codes of all input codes in their order."""
    return bool((codes == design.eval(design.spec.input.codes())).all())


def all_arrays(kernel: Kernel | None, tables: list[Table]) -> Iterator[Array]:
    """The arrays that are emitted: a kernel's rows, or those of the usual text."""
    if kernel:
        yield from kernel.arrays
    else:
        yield from (array for table in tables for array in table.arrays)
