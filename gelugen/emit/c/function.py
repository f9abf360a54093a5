"""A design's function in C: the types and constants of its steps, and what its signature says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gelugen.design import Design
from gelugen.emit.c.sums import Sum
from gelugen.emit.c.tables import Table, blocks
from gelugen.emit.signals import ranges, saturates
from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.pipeline import Range


@dataclass(frozen=True)
class Parameter:
    """A parameter of a C function: its type, its name, and what it is, in words."""

    type: str
    name: str
    note: str

    @property
    def declared(self) -> str:
        """Type and name as C writes them."""
        return f"{self.type}{'' if self.type.endswith('*') else ' '}{self.name}"


@dataclass(frozen=True)
class Function:
    """A C function, with what its documentation says.

    Attributes:
        name, parameters, returns: its signature; ``returns`` is ``void`` where it fills an array.
        brief: what it does, a sentence.
        result: what it returns, in words.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: str
    brief: str
    result: str = ""

    @property
    def signature(self) -> str:
        """Its declaration but for linkage and semicolon."""
        return f"{self.returns} {self.name}({', '.join(each.declared for each in self.parameters)})"


def container(form: Format) -> str:
    """The C type that carries the codes of a format."""
    return f"{'' if form.signed else 'u'}int{8 if form.bits <= 8 else 16}_t"


def codes(form: Format) -> str:
    """The codes of a format, in words."""
    return f"{form.code_min} to {form.code_max}"


def scalar(name: str, ports: list[tuple[str, Format]], output: Format, brief: str) -> Function:
    """The function of one code an input; a single input is called x."""
    parameters = tuple(Parameter(container(form), name, f"a code, {codes(form)}") for name, form in ports)
    return Function(name, parameters, container(output), brief, f"the output code, {codes(output)}")


def array(name: str, inputs: list[tuple[str, Format]], output: Format, ahead: tuple[Parameter, ...] = ()) -> Function:
    """The function of n codes an input, with parameters ahead of those that all codes share."""
    parameters = tuple(Parameter(f"const {container(form)} *", port, "n codes") for port, form in inputs)
    same = [port for port, form in inputs if container(form) == container(output)]
    note = f"n output codes; it may be {' or '.join(same)}" if same else "n output codes"
    out = Parameter(f"{container(output)} *", "out", note)
    brief = f"The same for n codes{' of one select' if ahead else ''}: out[i] = {name}({_called(ahead, inputs)})."
    return Function(f"{name}_n", (*ahead, *parameters, out, Parameter("size_t", "n", "how many")), "void", brief)


def _called(ahead: tuple[Parameter, ...], inputs: list[tuple[str, Format]]) -> str:
    return ", ".join([*(each.name for each in ahead), *(f"{port}[i]" for port, _ in inputs)])


def function_of(design: Design, function: Function, own: str, tables: list[Table]) -> dict[str, Any]:
    """What the template needs for the function of a design.

    Args:
        design: the design.
        function: its signature.
        own: what the names begin with that are for its own use.
        tables: its tables.

    Raises:
        GelugenError: it needs more than 63-bit arithmetic.
    """
    spec, reach, total = design.spec, dict(ranges(design)), Sum.of(design)
    low, high = saturates(design)
    type_ = int_type([*(each.largest for each in reach.values()), *_partial(design, tables, total, reach)])
    floors = [
        total.negative and design.shift,
        total.drops,
        *(step.negative and step.shift for table in tables for step in table.steps),
        *(each.shift for table in tables if table.digits for each in table.digits.each),
        *(table.signed for table in tables),
    ]
    return {
        "function": function,
        "own": own,
        "tables": tables,
        "blocks": blocks(tables),
        "asks": any(table.asks for table in tables),
        "design": design,
        "total": total,
        "input": spec.input,
        "output": spec.output,
        "out_type": container(spec.output),
        "mask": (1 << spec.input.bits) - 1,
        "int": type_,
        "line_factor": 1 << design.line_shift,
        "negative": reach["k"].low < 0 if "k" in reach else False,
        "floors": any(floors),
        "clamp_low": low,
        "clamp_high": high,
    }


def _partial(design: Design, tables: list[Table], total: Sum, reach: dict[str, Range]) -> list[int]:
    """Bounds on the magnitude of what no signal of the design tells: constants, and sums on their way."""
    line = reach["line"].largest if design.fold == "residual" else 0
    sums = [abs(total.constant), total.reach.largest, line + abs(total.outside) + (total.reach.largest >> design.shift)]
    for number, table in enumerate(tables):
        sums.append(table.largest)
        for step in table.steps:
            power = table.parts.index(step.part)
            product = reach[f"p{number}_{power}"]
            sums.append((product >> step.shift).largest + step.part.reach.largest)
    if not total.alone:
        sums.append(abs(total.constant) + sum(reach[f"h{number}_0"].largest for number in range(len(tables))))
    return sums


def int_type(magnitudes: list[int]) -> str:
    """The type of every value in between: twice what is reached still fits.

    Raises:
        GelugenError: there is none.
    """
    largest = max(magnitudes)
    if largest < 1 << 30:
        return "int32_t"
    if largest < 1 << 62:
        return "int64_t"
    raise GelugenError(f"the datapath reaches {largest}: it must fit 63 bits")
