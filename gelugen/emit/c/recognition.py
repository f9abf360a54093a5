"""Which kernel a design has.

Its form tells: map, shifts and leak. Then the codes are computed as the kernel's text does it, for every input: the
kernel is taken if they are those of ``Design.eval`` and nothing on the way leaves its 16 or 32 bits; else the design
keeps the usual text.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gelugen.design import Design, Dyadic, Term, Uniform
from gelugen.emit.c.function import container
from gelugen.emit.c.kernels import ROW_BITS, Bytes, Halves, Kernel, Lines, Narrow, Wide
from gelugen.emit.c.packing import Array
from gelugen.emit.c.tables import Table
from gelugen.emit.signals import saturates
from gelugen.formats import Codes


def kernel_of(design: Design, name: str) -> Kernel | None:
    """The kernel of a design, if it has one.

    Args:
        design: the design.
        name: of its function, with which the names of arrays start.
    """
    form = design.spec.input
    if len(design.terms) != 1:
        return None
    (term,) = design.terms
    if kernel := _bytes(design, term, name):
        return kernel
    if any(saturates(design)) or not form.signed or term.digits or not isinstance(term.map, Uniform | Dyadic):
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


def _fit(bits: int, *values: Codes) -> bool:
    """Whether all of them are integers of so many bits, with their sign."""
    return all((each >> bits - 1 == each >> 63).all() for each in values)


def _low(word: Codes) -> Codes:
    """The low half of words, as signed numbers."""
    return ((word & 0xFFFF) ^ 0x8000) - 0x8000


def _rows(name: str, word: Codes, c0: Codes) -> Array:
    values = np.stack([word, c0], 1).ravel().tolist()
    return Array(f"{name}_rows", "int32_t", 4 * len(values), tuple(values))


def _wide(design: Design, term: Term, name: str) -> Wide | None:
    form, x, dx_bits = design.spec.input, design.spec.input.codes(), term.dx_bits
    if not _parabolas(term, form.bits) or term.leak != 1 or term.shifts != (0, 16) or not design.shift:
        return None
    half = 1 << form.bits - dx_bits - 1
    c0, c1, c2 = _columns(term, 2 * half, design.bias)
    word, row = c1 + c2, (x >> dx_bits) + half
    t = _low(word)[row] * x + word[row]
    v = c0[row] + (t * x >> 16)
    if not (_fit(32, word, c0, t, v) and _same(design, v >> design.shift)):
        return None
    rows = _rows(name, np.roll(word, half), np.roll(c0, half))
    paired = _short(design) and design.shift <= 15 and dx_bits > ROW_BITS
    return Wide(rows, dx_bits, design.shift, (1 << form.bits) - 1, paired)


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
    if not (_fit(32, word, c0, full, product, v) and _same(design, v >> design.shift)):
        return None
    return Narrow(_rows(name, word, c0), dx_bits, design.shift, step)


def _parabolas(term: Term, bits: int) -> bool:
    return isinstance(term.map, Uniform) and term.map.about == 1 << bits - 1 and term.degree == 2


def _lines(design: Design, term: Term, name: str) -> Lines | None:
    if not isinstance(term.map, Uniform) or term.shifts != (16,) or term.leak or design.shift or not _short(design):
        return None
    x = design.spec.input.codes()
    c0, c1 = _columns(term, term.depth, design.bias)
    if term.map.end(term.depth) <= min(np.abs(x).max(), 0x7FFF) and (c0[-1], c1[-1]) != (design.bias, 0):
        c0, c1 = _columns(term, term.depth + 1, design.bias)  # one more, for all behind
    top = min(term.map.end(len(c0)) - 1, 0x7FFF)
    u = np.minimum(np.abs(x), top)
    i = u >> term.dx_bits
    if not (_fit(16, c0, c1) and _same(design, np.maximum(x, 0) - (c0[i] + (u * c1[i] >> 16)))):
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
        if not (_fit(32, word, c0, t, v) and v.min() >= 0 and r.max() <= 0xFFFF):
            return None
        if not _same(design, np.maximum(x, 0) - r):
            return None
    return Halves(_rows(name, word, c0), dx_bits, design.shift, low.bit_length() - 1, bits)


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
