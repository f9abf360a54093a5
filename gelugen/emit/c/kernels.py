"""Kernels: what a processor computes in fewer instructions than the usual text of a design.

| kernel | design | what for |
|---|---|---|
| ``Wide`` | parabolas over all codes, of a slope of 32 bits | the DSP extension: 16 x 16 and 32 x 16 bits, and sum |
| ``Narrow`` | parabolas over all codes, of a slope of 16 bits | processors with no more than 32 x 32 bits |
| ``Lines`` | relu less lines in the magnitude | Helium, eight codes at once |
| ``Halves`` | relu less parabolas of two widths in the magnitude | the DSP extension, few rows |
| ``Bytes`` | a table of bytes for at least half of all codes | every processor, unrolled; Helium's gather |

The templates stand in ``templates/c/kernels``. Each has a plain path; most have one more, for a ``Feature``. x is the
input code itself. ``recognition.py`` tells which design has which kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gelugen.emit.c.packing import Array

ROW_BITS = 3
"""log2 of a row's bytes: two words of 32 bits."""
BOTH = 0x10001
"""Times a number below 2^16: the number in both halves of a word."""


@dataclass(frozen=True)
class Feature:
    """What a compiler says of its processor.

    Attributes:
        title: in words.
        condition: for ``#if``.
        header: of the intrinsics.
    """

    title: str
    condition: str
    header: str


DSP = Feature(
    "the DSP extension", "defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && !defined(__ARM_BIG_ENDIAN)", "arm_acle.h"
)
HELIUM = Feature("Helium", "defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)", "arm_mve.h")


@dataclass(frozen=True)
class Parabolas:
    """What kernels of degree 2 share.

    Attributes:
        rows: two words for each segment: w, whose low half is a number of its own, and c0.
        dx_bits: log2 of a segment's length.
        shift: of the sum.
    """

    rows: Array
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
        """The shift from where segments are counted to the offsets of their rows."""
        return self.dx_bits - ROW_BITS

    @property
    def offsets(self) -> int:
        """The bits of the offsets of two rows, in both halves of a word."""
        return ((1 << (self.depth - 1).bit_length()) - 1 << ROW_BITS) * BOTH

    @property
    def up(self) -> int:
        """The shift that brings a code from the sum into the upper half of a word."""
        return 16 - self.shift


@dataclass(frozen=True)
class Wide(Parabolas):
    """t = c2 * x + w, y = (c0 + (t * x >> 16)) >> shift, where c2 is the low half of w. The row of the code 0 is first.

    Attributes:
        mask: the row of a code is (x & mask) >> dx_bits.
        paired: whether two codes fill a word, in and out.
    """

    template: ClassVar = "c/kernels/wide.j2"
    mask: int
    paired: bool

    @property
    def feature(self) -> Feature | None:
        """What the path beside the plain one asks for."""
        return DSP if self.paired else None

    @property
    def constants(self) -> dict[str, int]:
        """What the inner loop holds in registers."""
        return {"mask": self.offsets}


@dataclass(frozen=True)
class Narrow(Parabolas):
    """t = (w - n * x) >> step, y = (c0 + t * x) >> shift, where n is the low half of w. The most negative row is first.

    Attributes:
        step: the shift of the slope t.
    """

    template: ClassVar = "c/kernels/narrow.j2"
    feature: ClassVar[Feature | None] = None
    step: int

    @property
    def half(self) -> int:
        """The number of the row of the code 0."""
        return self.depth // 2

    @property
    def middle(self) -> int:
        """The number of the word where that row begins."""
        return self.depth


@dataclass(frozen=True)
class Halves(Parabolas):
    """u = min(abs(x), top), t = c2 * u + w, y = relu(x) - ((c0 + (t * u >> 16)) >> shift), c2 the low half of w.

    Segments have 2^dx_bits codes, and half as many up to u = low: i = (u + min(u, low)) >> dx_bits. This finds each of
    the longer ones one u late, where the row before must serve as well.

    Attributes:
        low_bits, bits: of ``low`` and of ``top``, which are all ones.
    """

    template: ClassVar = "c/kernels/halves.j2"
    feature: ClassVar[Feature | None] = DSP
    low_bits: int
    bits: int

    @property
    def low(self) -> int:
        """The last u of the shorter segments."""
        return (1 << self.low_bits) - 1

    @property
    def top(self) -> int:
        """The largest u."""
        return (1 << self.bits) - 1

    @property
    def constants(self) -> dict[str, int]:
        """What the inner loop holds in registers."""
        return {"mask": self.offsets, "upper": 0xFFFF0000}


@dataclass(frozen=True)
class Lines:
    """u = min(abs(x), top), i = u >> dx_bits, y = relu(x) - (c0[i] + (c1[i] * u >> 16)).

    Attributes:
        c0, c1: of each segment, 16 bits; the last one serves all behind.
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
        """Whether ``top`` is the largest number of 16 bits, so that no magnitude of 16 bits is larger."""
        return self.top == 0x7FFF


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


Kernel = Wide | Narrow | Halves | Lines | Bytes
