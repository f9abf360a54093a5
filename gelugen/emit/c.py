"""The C99 header: a scalar and an array function, integers only."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.design import Coefficient, Design
from gelugen.emit.rendering import Contract, render
from gelugen.emit.signals import Range, ranges, saturates
from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.spec import Target

LARGEST_HEADER_TABLE = 4096
"""Bytes of tables that stand in the header; larger ones get a .c file, so that they exist once."""


@dataclass(frozen=True)
class Column:
    """One coefficient table in C."""

    name: str
    type: str
    bytes: int
    values: tuple[int, ...]
    factor: int

    @classmethod
    def of(cls, coefficient: Coefficient, name: str) -> Column:
        """The smallest C type that holds the stored values."""
        bits = next(size for size in (8, 16, 32) if coefficient.width <= size)
        kind = f"{'' if coefficient.signed else 'u'}int{bits}_t"
        return cls(name, kind, bits // 8 * len(coefficient.values), coefficient.values, 1 << coefficient.drop)


@dataclass(frozen=True)
class Table:
    """A term in C: its columns, c_0 first, and the names and constants of its lines.

    Attributes:
        columns: the coefficient tables.
        depth: entries of each.
        dx_bits, mask, half: how u splits into the index and dx.
        guarded: whether an index past the end exists.
        index, dx, value: names of local variables.
    """

    columns: list[Column]
    depth: int
    dx_bits: int
    mask: int
    half: int
    guarded: bool
    index: str
    dx: str
    value: str

    @property
    def horner(self) -> list[Column]:
        """The columns that Horner adds after a product, highest power first."""
        return self.columns[-2::-1]


def _table(design: Design, target: Target, number: int) -> Table:
    term, several = design.terms[number], len(design.terms) > 1
    prefix, suffix = (f"{target.name}_t{number}", f"{number}") if several else (target.name, "")
    return Table(
        columns=[Column.of(each, f"{prefix}_c{power}") for power, each in enumerate(term.coefficients)],
        depth=term.depth,
        dx_bits=term.dx_bits,
        mask=(1 << term.dx_bits) - 1,
        half=1 << term.dx_bits >> 1,
        guarded=design.fold != "none" or term.depth << term.dx_bits < 1 << design.spec.input.bits,
        index=f"i{suffix}",
        dx=f"dx{suffix}",
        value=f"h{suffix}",
    )


def container(form: Format) -> str:
    """The C type that carries the codes of a format."""
    return f"{'' if form.signed else 'u'}int{8 if form.bits <= 8 else 16}_t"


def files(design: Design, target: Target, contract: Contract) -> dict[str, str]:
    """The header, and a source file where the tables are large."""
    spec = design.spec
    terms = [_table(design, target, number) for number in range(len(design.terms))]
    size = sum(column.bytes for term in terms for column in term.columns)
    split = size > LARGEST_HEADER_TABLE
    low, high = saturates(design)
    reach = ranges(design)
    context = {
        "name": target.name,
        "contract": contract.lines(("flash", f"{size} bytes of tables")),
        "design": design,
        "input": spec.input,
        "output": spec.output,
        "in_type": container(spec.input),
        "out_type": container(spec.output),
        "mask": (1 << spec.input.bits) - 1,
        "int": _int_type(reach),
        "unsigned": "u" + _int_type(reach),
        "terms": terms,
        "split": split,
        "line_factor": 1 << design.line_shift,
        "floor": _Floor.of(design.shift, reach["v"]),
        "drop": _Floor.of(design.line_drop, reach["rest"]) if design.line_drop else None,
        "clamp_low": low,
        "clamp_high": high,
    }
    texts = {f"{target.name}.h": render("c/header.h.j2", **context)}
    if split:
        texts[f"{target.name}.c"] = render("c/tables.c.j2", **context)
    return texts


@dataclass(frozen=True)
class _Floor:
    """A floor shift in C, where a right shift of a negative value is the compiler's choice.

    A multiple of 2^shift is added before, so that nothing is negative, and taken off after.
    """

    shift: int
    add: int
    take: int

    @classmethod
    def of(cls, shift: int, reach: Range) -> _Floor:
        take = max(0, -(reach.low >> shift))
        return cls(shift, take << shift, take)


def _int_type(reach: dict[str, Range]) -> str:
    """The type of every value in between: twice what is reached still fits."""
    largest = max(max(-each.low, each.high) for each in reach.values())
    if largest < 1 << 30:
        return "int32_t"
    if largest < 1 << 62:
        return "int64_t"
    raise GelugenError(f"the datapath reaches {largest}: it must fit 63 bits")
