"""What hardware a design takes, told from its shape alone: multipliers and clocks.

Everything here depends on stored widths, drops, bases, shifts and maps, and on no code: it is cheap enough to rank
thousands of candidates, and the Verilog is written from it.

Usual pipeline: a register each for the fold, if there is one, for the table read, if there is a table, for each Horner
product, for the partial products of digits, and for the output. A plain table needs no more than its read register.
Any other depth can be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.design import Coefficient, Design, Offset, Term
from gelugen.digits import Digit
from gelugen.maps import Breakpoints, Dyadic, about
from gelugen.schedule import Level, Schedule, adder, lookup, product, schedule


@dataclass(frozen=True)
class Range:
    """The smallest and the largest value that a signal takes."""

    low: int
    high: int

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Range) -> Range:
        return Range(self.low - other.high, self.high - other.low)

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


def dx_range(term: Term, u_bits: int) -> Range:
    """What dx can be."""
    if (middle := about(term.map)) is not None:
        return Range(-middle, (1 << u_bits) - 1 - middle)
    half, longest = 1 << term.dx_bits >> 1, 1 << term.dx_bits
    if isinstance(term.map, Breakpoints):
        longest = max(two - one for one, two in zip(term.map.points, term.map.points[1:], strict=False))
    return Range(-half, longest - 1 - half)


def steps(term: Term, u_bits: int) -> list[Step]:
    """The Horner steps of a term, in their order."""
    covers = term.map.covers(term.depth, u_bits)
    *lower, highest = term.coefficients
    factor, dropped, dx = coefficient_range(term, highest, covers), highest.drop, dx_range(term, u_bits)
    width, result = factor.signed_width, []
    for power in reversed(range(term.degree)):
        shift, zeros = max(term.shift(power) - dropped, 0), max(dropped - term.shift(power), 0)
        argument = dx + Range(term.leak, term.leak) if power == term.degree - 1 else dx
        product = factor * argument
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
            dx_width=argument.signed_width,
            product_width=max(product.signed_width, width, argument.signed_width, shift + 1),
            h_width=max((shifted << zeros).signed_width, added.signed_width, h.signed_width, zeros + 1),
        )
        result.append(step)
        factor, dropped, width = h, 0, step.h_width
    return result


def term_range(term: Term, u_bits: int) -> Range:
    """What a term can be, whatever its table holds."""
    if term.degree:
        return steps(term, u_bits)[-1].h
    column = term.coefficients[0]
    held = coefficient_range(term, column, term.map.covers(term.depth, u_bits)) << column.drop
    return held + Range(*term.digits.range) | Range(0, 0) if term.digits else held


def chain(term: Term) -> tuple[tuple[int, Digit], ...]:
    """The digits that are stored, with the numbers of their columns, in the order in which they are added.

    The lowest weight comes first, and of equal ones the shorter partial product.
    """
    made = term.digits
    if made is None:
        return ()
    stored = [(number, each) for number, each in enumerate(made.each, 1) if term.coefficients[number].width]
    return tuple(sorted(stored, key=lambda each: (max(each[1].weight, 0), each[1].weight + made.seen(each[1].power))))


def multipliers(design: Design) -> list[tuple[int, int]]:
    """The bits of both operands, in two's complement, of every multiplier: one for each Horner product."""
    return [(step.factor_width, step.dx_width) for term in design.terms for step in steps(term, design.u_bits)]


def is_plain(design: Design, writable: bool = False) -> bool:
    """Whether the table's words are the output codes; where they can be rewritten, whatever they are."""
    if design.fold != "none" or design.bias or design.shift or len(design.terms) != 1:
        return False
    (term,) = design.terms
    column, output = term.coefficients[0], design.spec.output
    made = term.degree or term.digits or isinstance(term.map, Offset) or column.base
    if made or not 0 < column.width <= output.bits - column.drop:
        return False
    least, most = column.stored if writable else (min(column.values), max(column.values))
    return output.code_min <= least << column.drop and most << column.drop <= output.code_max


def has_fold(design: Design) -> bool:
    """Whether there is a stage that folds: not where the fold is all there is of an even function."""
    return design.fold == "residual" or design.turns or (design.fold != "none" and bool(design.terms))


def addends(design: Design) -> int:
    """What the sum adds: its terms, and the bias."""
    return len(design.terms) + (design.bias != 0)


def tree_levels(addends: int) -> int:
    """The levels of a tree of adders that leaves two addends at most."""
    levels = 0
    while addends > 2:
        addends, levels = -(-addends // 2), levels + 1
    return levels


def levels(design: Design, writable: bool = False) -> tuple[Level, ...]:
    """The steps of the datapath in their order, see ``gelugen.schedule``.

    Fold, table read, for each Horner step a product and a sum, for digits the square and a sum each, the tree that
    adds the terms, the sum with its bias, unfold, and output.
    """
    u_bits, output = design.u_bits, design.spec.output
    found = [Level("fold", adder(u_bits))] if has_fold(design) else []
    if design.terms:
        found.append(Level("read", max(_read_delay(term, u_bits) for term in design.terms)))
    if is_plain(design, writable):
        return (*found, Level("output", 0.1))
    if any(isinstance(term.map, Offset) for term in design.terms):  # words are inverted behind the read
        found.append(Level("words", 0.7))
    horner = [steps(term, u_bits) for term in design.terms]
    for number in range(max((len(each) for each in horner), default=0)):
        now = [each[number] for each in horner if len(each) > number]
        found.append(Level(f"multiply {number + 1}", max(product(each.factor_width, each.dx_width) for each in now)))
        found.append(Level(f"add {number + 1}", max(adder(each.h_width) for each in now)))
    width = output.bits + design.shift
    chains = [chain(term) for term in design.terms]
    if any(term.digits and term.digits.squares for term in design.terms):
        most = max(term.digits.bits for term in design.terms if term.digits)
        found.append(Level("square", lookup(most - 2) + adder(most)))
    longest = max(map(len, chains), default=0)
    found += [Level(f"digit {number + 1}", adder(width)) for number in range(longest)]
    found += [Level(f"tree {number + 1}", adder(width), sum=True) for number in range(tree_levels(addends(design)))]
    summed = len(design.terms) > 1 or (design.terms and design.bias)
    found.append(Level("sum", adder(width) if summed else 0.0, sum=True))
    unfolds = design.fold == "residual" or design.turns
    found.append(Level("unfold", adder(output.bits) if unfolds else 0.0))
    found.append(Level("output", adder(output.bits) if design.offset else 0.7))
    return tuple(found)


def _read_delay(term: Term, u_bits: int) -> float:
    if isinstance(term.map, Breakpoints):
        return adder(u_bits) + lookup(term.depth.bit_length() + 2)
    if isinstance(term.map, Offset):
        return 0.5 + lookup(u_bits - term.map.high + term.map.bits - 1)
    return lookup(u_bits - (min(term.map.leaves) if isinstance(term.map, Dyadic) else term.map.dx_bits))


def _rows(term: Term) -> int:
    """The registers between a term's table and the sum."""
    return 1 if term.digits else term.degree


def latency(design: Design, writable: bool = False) -> int:
    """The usual depth of the pipeline, in clocks from ``in_valid`` to ``out_valid``."""
    if is_plain(design, writable):
        return 1
    return has_fold(design) + bool(design.terms) + max((_rows(term) for term in design.terms), default=0) + 1


def planned(design: Design, depth: int | None = None, memory: bool = False, writable: bool = False) -> Schedule:
    """Where the registers of a design stand.

    Args:
        design: the design.
        depth: how many there are from input to output; None for the usual ones, see ``latency``.
        memory: whether a table is read from a memory, which has a register behind it.
        writable: whether its words can be rewritten.

    Raises:
        GelugenError: the design has fewer steps.
    """
    plain = is_plain(design, writable)
    first = (["read"] if design.terms and (memory or plain) else []) + ["output"]
    depth = latency(design, writable) if depth is None else depth
    return schedule(levels(design, writable), depth, first)
