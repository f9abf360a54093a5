"""The Verilog-2001 module, its self-checking test bench, and the tables as ``.mem`` files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gelugen.bank_spec import SELECT
from gelugen.design import Design
from gelugen.emit.contract import Contract
from gelugen.emit.datapath import Datapath
from gelugen.emit.layout import Layout
from gelugen.emit.memory_files import FORMATS, mem_text
from gelugen.emit.product import Product, written
from gelugen.emit.rendering import render
from gelugen.emit.tables import address_bits, parameter
from gelugen.emit.writing import Writing, from_file, in_memory, padding
from gelugen.formats import Format
from gelugen.gated import Gated
from gelugen.spec import Target
from gelugen.units import Unit, latency

Lines = Callable[..., list[str]]
"""What gives the lines of a header."""


def files(unit: Design | Gated, target: Target, contract: Contract) -> dict[str, str]:
    """The module, its test bench with the expected codes, and one .mem file a table.

    A gated unit has two modules: its activation is one of its own.

    Raises:
        GelugenError: the unit cannot be written as the target says.
    """
    name = target.name
    design, inner = (unit.design, f"{name}_act") if isinstance(unit, Gated) else (unit, name)
    mems = memory_names(design, inner)
    texts = (
        gated_modules(unit, target, contract, mems)
        if isinstance(unit, Gated)
        else plain_module(unit, target, contract, mems)
    )
    order = f"input codes from {design.spec.input.code_min} up"
    if isinstance(unit, Gated):
        order = "the pairs of input codes in the order of the test bench"
    return {**texts, **bench(unit, target, list(texts), order), **memory_files(design, inner, target)}


def memory_files(design: Design, module: str, target: Target) -> dict[str, str]:
    """The files with the words of a module's tables, for each term that stores bits: .mem, and the target's formats."""
    texts = {}
    for name, layout in zip(memory_names(design, module), Layout.all(design), strict=True):
        memory = target.writable or in_memory(layout, target.rom)
        words = layout.term.words() + [0] * (padding(layout) if memory else 0)
        if layout.term.width:
            for form in ("mem", *target.memory):
                text = FORMATS[form].write(f"table of {module}, word 0 first", words, layout.term.width)
                texts[f"{Path(name).stem}.{form}"] = text
    return texts


def memory_names(design: Design, module: str) -> list[str]:
    """The names of these files."""
    several = len(design.terms) > 1
    return [f"{module}_t{number}.mem" if several else f"{module}.mem" for number in range(len(design.terms))]


def parameters(design: Design, module: str) -> list[tuple[str, str]]:
    """The parameters of a design's module with the files that they name: tables too large to stand in the source."""
    names = memory_names(design, module)
    return [
        (parameter(layout), name) for layout, name in zip(Layout.all(design), names, strict=True) if from_file(layout)
    ]


def bench(unit: Unit, target: Target, sources: list[str], order: str) -> dict[str, str]:
    """The test bench of a unit and the codes that it expects, in an order told in words."""
    name, expected = target.name, f"{target.name}_expected.mem"
    drives = unit.sequence()
    text = render(
        "verilog/bench.v.j2",
        name=name,
        sources=sources,
        expected_file=expected,
        latency=latency(unit, target),
        codes=len(drives[0]),
        ports=[Port.of(port, form) for port, form in unit.ports.items()],
        unit=unit,
        out=Port.of("out_data", unit.output),
        all_ports=[
            Port.of(f"all_{port}", form, 1 if port == SELECT else target.lanes) for port, form in unit.ports.items()
        ],
        shared=[SELECT],
        all_out=Port.of("out_data", unit.output, target.lanes),
        lanes=target.lanes,
        target=target,
        write_bits=write_bits(unit) if target.writable and isinstance(unit, Design) else (0, 0),
    )
    outputs = [int(code) & (1 << unit.output.bits) - 1 for code in unit.eval(*drives)]
    return {
        f"{name}_tb.v": text,
        expected: mem_text(f"expected output codes of {name}, for {order}", outputs, unit.output.bits),
    }


def plain_module(design: Design, target: Target, contract: Contract, mems: list[str]) -> dict[str, str]:
    """The module of a design."""
    return core(design, target.name, Writing.of(design, target), mems, contract.lines)


def core(design: Design, name: str, writing: Writing, mems: list[str], lines: Lines) -> dict[str, str]:
    """The module of a design, and that of its table where this stands apart.

    Args:
        design: the design.
        name: of the module.
        writing: how it is written.
        mems: the names of the files with the tables' words, one a term.
        lines: gives the header's lines, with further facts at the end.
    """
    path = Datapath.of(design, writing, mems)
    depth = writing.schedule.depth
    module = render(
        "verilog/module.v.j2",
        name=name,
        contract=lines(clocks(depth, writing.lanes)),
        design=design,
        input=design.spec.input,
        output=design.spec.output,
        latency=depth,
        path=path,
        ports=Ports.of(design.ports, design.output, writing, write_bits(design)),
    )
    roms = {
        f"{name}_rom.v": render("verilog/rom.v.j2", name=f"{name}_rom", contract=lines(), table=table)
        for table in path.tables
        if table.apart
    }
    return {f"{name}.v": module, **roms}


def write_bits(design: Design) -> tuple[int, int, int]:
    """Of the write port: the bits of an address, of a word, and how many of an address tell the table."""
    terms = [term for term in design.terms if term.width]
    if not terms:
        return 0, 0, 0
    chosen = (len(terms) - 1).bit_length()
    return chosen + max(address_bits(term) for term in terms), max(term.width for term in terms), chosen


def gated_modules(unit: Gated, target: Target, contract: Contract, mems: list[str]) -> dict[str, str]:
    """The modules of a gated unit: its activation, and its product."""
    name, design = target.name, unit.design
    writing, product = written(unit, target)
    path = Datapath.of(design, writing, mems)
    depth = product.last
    whole = replace(writing, schedule=product, enable=target.stream and depth > 0)
    return {
        **core(design, f"{name}_act", writing, mems, contract.part_lines),
        f"{name}.v": render(
            "verilog/gated.v.j2",
            name=name,
            contract=contract.lines(clocks(depth, writing.lanes)),
            unit=unit,
            latency=depth,
            path=path,
            waits=writing.schedule.depth,
            product=Product.of(unit, product),
            act_port=Port.of("out_data", unit.spec.intermediate, writing.lanes),
            ports=Ports.of(unit.ports, unit.output, whole, (0, 0, 0)),
        ),
    }


@dataclass(frozen=True)
class Ports:
    """The ports of a module.

    Attributes:
        clocked: whether there are registers.
        enable, writable, lanes: as in ``Writing``.
        inputs, output: the data ports, all lanes side by side.
        address, word, chosen: of the write port, see ``write_bits``.
    """

    clocked: bool
    enable: bool
    writable: bool
    lanes: int
    inputs: list[Port]
    output: Port
    address: int = 0
    word: int = 0
    chosen: int = 0

    @classmethod
    def of(cls, inputs: Mapping[str, Format], output: Format, writing: Writing, bits: tuple[int, int, int]) -> Ports:
        """The ports for inputs and an output of these formats, and a write port of so many bits."""
        return cls(
            writing.schedule.last > 0,
            writing.enable,
            writing.writable,
            writing.lanes,
            [Port.of(name, form, writing.lanes) for name, form in inputs.items()],
            Port.of("out_data", output, writing.lanes),
            *bits,
        )


@dataclass(frozen=True)
class Port:
    """A port of the module, and what its declaration and its test bench say of it.

    Attributes:
        name, vector: of the declaration.
        form: of the codes.
        note: a comment beside the declaration; empty for none.
    """

    name: str
    vector: str
    form: Format
    note: str = ""

    @property
    def declared(self) -> str:
        """Range and name of its declaration; a flag has no range."""
        return self.name if self.vector == "[0:0]" else f"{self.vector} {self.name}"

    @classmethod
    def of(cls, name: str, form: Format, lanes: int = 1) -> Port:
        """The port of a format's codes; several side by side have no sign."""
        vector = f"{'signed ' if form.signed and lanes == 1 else ''}[{lanes * form.bits - 1}:0]"
        return cls(name, vector, form, "lane 0 lowest" if lanes > 1 else "")


def clocks(depth: int, lanes: int) -> tuple[str, str]:
    """The latency, as a fact of a header."""
    rate = "one sample a clock" if lanes == 1 else f"{lanes} samples a clock"
    return "latency", f"{depth} clock{'' if depth == 1 else 's'}, {rate}" if depth else "none: combinational"
