"""About how many instructions and bytes the array function of a design takes on a core, told from the design alone.

A kernel (``gelugen.emit.c.kernels``) takes what was counted of designs with it. Of others, the parts of the text are
counted, each at a cost of its own: those of least squares over 39 designs, GELU, tanh and sigmoid of 8 to 16 bits, as
gcc 12.2 -O2 compiles them. There the estimate is within a quarter of the count of instructions, the root of its mean
square 10 %; and of the bytes of code within a half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gelugen.design import Design
from gelugen.emit.c.function import function_of, scalar
from gelugen.emit.c.kernels import Bytes, Halves, Lines, Narrow, Wide
from gelugen.emit.c.recognition import all_arrays, kernel_of
from gelugen.emit.c.tables import Table, blocks, tables_of
from gelugen.emit.signals import saturates

_FAMILIES = {
    "cortex-m0plus": "ARMv6-M",
    "cortex-m3": "ARMv7-M",
    "cortex-m4": "DSP",
    "cortex-m7": "DSP",
    "cortex-m33": "DSP",
    "cortex-m55": "Helium",
    "rv32imac": "RV32",
    "avr": "AVR",
}
_KERNELS: dict[type, dict[str, tuple[float, int]]] = {
    Wide: {
        "ARMv6-M": (25, 92),
        "ARMv7-M": (17, 80),
        "DSP": (6.5, 560),
        "Helium": (6.5, 580),
        "RV32": (22, 88),
        "AVR": (0, 270),
    },
    Narrow: {
        "ARMv6-M": (15.5, 348),
        "ARMv7-M": (11.6, 436),
        "RV32": (15.4, 504),
        "AVR": (0, 1400),
    },
    Lines: {
        "ARMv6-M": (24, 108),
        "ARMv7-M": (20, 92),
        "DSP": (20, 92),
        "Helium": (1.5, 204),
        "RV32": (23, 96),
        "AVR": (0, 188),
    },
    Halves: {
        "ARMv6-M": (40, 152),
        "ARMv7-M": (31, 132),
        "DSP": (10, 892),
        "Helium": (10.6, 936),
        "RV32": (35, 140),
        "AVR": (0, 412),
    },
    Bytes: {
        "ARMv6-M": (3.25, 156),
        "ARMv7-M": (3.25, 260),
        "DSP": (3.25, 260),
        "Helium": (0.25, 104),
        "RV32": (4.2, 300),
        "AVR": (0, 366),
    },
}
"""Instructions for an element, and bytes of code. On AVR instructions are not counted. Without a path of their own, DSP
and Helium are as ARMv7-M."""


class _Parts(NamedTuple):
    """The parts of a function's text, or the cost of one of each."""

    loop: float
    fold: float
    guard: float
    comparison: float
    read: float
    field: float
    product: float
    shift: float
    clamp: float

    def cost(self, each: _Parts) -> float:
        return sum(count * cost for count, cost in zip(self, each, strict=True))


_INSTRUCTIONS = {
    "ARMv6-M": _Parts(4.5, 6.5, 0.5, 2.5, 3, 5, 5.5, 3.5, 6.5),
    "ARMv7-M": _Parts(5, 5.5, 0.5, 2, 2.5, 2, 2, 1, 4),
    "RV32": _Parts(9, 3.5, 0, 1.5, 2, 3, 1, 4.5, 0),
    "AVR": _Parts(0, 0, 0, 0, 0, 0, 0, 0, 0),
}
_CODE = {
    "ARMv6-M": _Parts(18, 0, 26, 9, 10, 13, 26, 9, 12),
    "ARMv7-M": _Parts(39, 0, 23, 8, 8, 8, 7, 7, 10),
    "RV32": _Parts(37, 0, 23, 9, 12, 11, 0, 12, 0),
    "AVR": _Parts(90, 53, 39, 15, 32, 46, 68, 0, 21),
}
_LONG = {"ARMv6-M": 4.3, "ARMv7-M": 1.5, "RV32": 1.9, "AVR": 1.7}
"""Numbers of 64 bits take so many times as many instructions."""
_LONG_CODE = 1.6
"""And about so many times as many bytes of code."""
_LOOK = 2
"""A look of a bisection is as so many comparisons."""
_OFFSET, _DIGIT = 1, 3
"""An inverted offset and a partial product are as so many fields."""


@dataclass(frozen=True)
class Estimate:
    """What an array function takes.

    Attributes:
        instructions: executed for an element, about; 0 where they are not counted.
        code: bytes, about.
        tables: bytes, exactly, but for what a linker fills up.
    """

    instructions: float
    code: int
    tables: int


def estimate(design: Design, core: str) -> Estimate:
    """What the array function of a design takes on a core.

    Raises:
        GelugenError: the design needs more than 63-bit arithmetic.
    """
    family = _FAMILIES[core]
    tables = tables_of(design, "a")
    kernel = kernel_of(design, "a")
    size = sum(array.bytes for array in all_arrays(kernel, tables))
    if family in ("DSP", "Helium") and not (kernel and kernel.feature):
        family = "ARMv7-M"
    if kernel:
        return Estimate(*_KERNELS[type(kernel)][family], size)
    parts = _parts(design, tables)
    function = scalar("a", [("x", design.spec.input)], design.output, "")
    instructions, code = parts.cost(_INSTRUCTIONS[family]), parts.cost(_CODE[family])
    if function_of(design, function, "a", tables)["int"] == "int64_t":
        instructions, code = _LONG[family] * instructions, _LONG_CODE * code
    return Estimate(instructions, round(code), size)


def _parts(design: Design, tables: list[Table]) -> _Parts:
    finders = [table.finder for table in tables if table.finder]
    held = [len(word.fields) for table in tables for word in table.words]
    digits = sum(len(table.digits.each) for table in tables if table.digits)
    return _Parts(
        loop=1,
        fold=design.fold != "none",
        guard=sum(block.guarded for block in blocks(tables)),
        comparison=sum(len(each.starts) + _LOOK * len(each.looks) for each in finders),
        read=len(held) + sum(bool(each.array) for each in finders) + sum(bool(table.own) for table in tables),
        field=sum(many - 1 for many in held) + _OFFSET * sum(bool(table.own) for table in tables) + _DIGIT * digits,
        product=sum(len(table.steps) for table in tables),
        shift=bool(design.shift) + sum(bool(step.shift) for table in tables for step in table.steps),
        clamp=sum(saturates(design)),
    )
