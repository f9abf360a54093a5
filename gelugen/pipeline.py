"""What hardware a design takes, told from its shape alone: multipliers and clocks.

Everything here depends on stored widths, drops, bases, shifts and maps, and on no code: it is cheap enough to rank
thousands of candidates, and the Verilog is written from it.

Pipeline: fold (one register, if there is a fold), table read (one, if there is a table), one for each Horner
product, and one at the output. A plain table needs no more than its read register.
"""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.design import Coefficient, Design, Offset, Term
from gelugen.maps import Breakpoints


@dataclass(frozen=True)
class Range:
    """The smallest and the largest value that a signal takes."""

    low: int
    high: int

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, other: Range) -> Range:
        corners = [one * two for one in (self.low, self.high) for two in (other.low, other.high)]
        return Range(min(corners), max(corners))

    def __lshift__(self, bits: int) -> Range:
        return Range(self.low << bits, self.high << bits)

    def __rshift__(self, bits: int) -> Range:
        return Range(self.low >> bits, self.high >> bits)

    def __or__(self, other: Range) -> Range:
        """The range of both together."""
        return Range(min(self.low, other.low), max(self.high, other.high))

    @property
    def largest(self) -> int:
        """The largest magnitude."""
        return max(-self.low, self.high)

    @property
    def signed_width(self) -> int:
        """The bits of two's complement that hold it."""
        return max(max(self.high, 0).bit_length(), max(-1 - self.low, 0).bit_length()) + 1

    @property
    def unsigned_width(self) -> int:
        """The bits of plain binary that hold it; it has no negative value."""
        return max(self.high.bit_length(), 1)


@dataclass(frozen=True)
class Step:
    """One Horner step: product = factor * dx, then h = (product >> shift << zeros) + c.

    The factor is the highest coefficient without its dropped zeros, or the h of the step before.

    Attributes:
        power: of the coefficient c that is added.
        shift, zeros: the step's shift once the factor's dropped zeros are counted: one of both is 0.
        product, shifted, h: ranges of the product, of what is left of it, and of h, whatever a table of these widths
            holds.
        factor_width, dx_width, product_width, h_width: bits in two's complement, as emitted.
    """

    power: int
    shift: int
    zeros: int
    product: Range
    shifted: Range
    h: Range
    factor_width: int
    dx_width: int
    product_width: int
    h_width: int


def coefficient_range(term: Term, column: Coefficient, covers: bool) -> Range:
    """What base + stored can be; 0 is among it unless the segments cover every u."""
    low, high = column.stored
    if isinstance(term.map, Offset):
        low, high = min(low, ~high), max(high, ~low)
    inside = Range(column.base + low, column.base + high)
    return inside if covers else inside | Range(0, 0)


def dx_range(term: Term) -> Range:
    """What dx can be."""
    half, longest = 1 << term.dx_bits >> 1, 1 << term.dx_bits
    if isinstance(term.map, Breakpoints):
        longest = max(two - one for one, two in zip(term.map.points, term.map.points[1:], strict=False))
    return Range(-half, longest - 1 - half)


def steps(term: Term, u_bits: int) -> list[Step]:
    """The Horner steps of a term, in their order."""
    covers = term.map.covers(term.depth, u_bits)
    *lower, highest = term.coefficients
    factor, dropped, dx = coefficient_range(term, highest, covers), highest.drop, dx_range(term)
    width, result = factor.signed_width, []
    for power in reversed(range(term.degree)):
        shift, zeros = max(term.shift(power) - dropped, 0), max(dropped - term.shift(power), 0)
        product = factor * dx
        shifted = product >> shift
        added = coefficient_range(term, lower[power], covers) << lower[power].drop
        h = (shifted << zeros) + added
        step = Step(
            power=power,
            shift=shift,
            zeros=zeros,
            product=product,
            shifted=shifted,
            h=h,
            factor_width=width,
            dx_width=dx.signed_width,
            product_width=max(product.signed_width, width, dx.signed_width, shift + 1),
            h_width=max((shifted << zeros).signed_width, added.signed_width, h.signed_width, zeros + 1),
        )
        result.append(step)
        factor, dropped, width = h, 0, step.h_width
    return result


def multipliers(design: Design) -> list[tuple[int, int]]:
    """The bits of both operands, in two's complement, of every multiplier: one for each Horner product."""
    return [(step.factor_width, step.dx_width) for term in design.terms for step in steps(term, design.u_bits)]


def is_plain(design: Design) -> bool:
    """Whether the table's words are the output codes, so that its read register is the output register."""
    if design.fold != "none" or design.bias or design.shift or len(design.terms) != 1:
        return False
    (term,) = design.terms
    column, output = term.coefficients[0], design.spec.output
    if term.degree or isinstance(term.map, Offset) or column.base or not 0 < column.width <= output.bits - column.drop:
        return False
    low, high = min(column.values) << column.drop, max(column.values) << column.drop
    return output.code_min <= low and high <= output.code_max


def has_fold(design: Design) -> bool:
    """Whether there is a stage that folds: not where the fold is all there is of an even function."""
    return design.fold == "residual" or design.turns or (design.fold != "none" and bool(design.terms))


def read_stage(design: Design) -> int:
    """The stage in which table words are valid."""
    return 2 if has_fold(design) else 1


def sum_stage(design: Design) -> int:
    """The stage in which all addends are valid."""
    return read_stage(design) + max((term.degree for term in design.terms), default=-1)


def latency(design: Design) -> int:
    """Clocks from ``in_valid`` to ``out_valid``."""
    return 1 if is_plain(design) else sum_stage(design) + 1
