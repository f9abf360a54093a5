"""The Verilog-2001 module, its self-checking test bench, and the tables as ``.mem`` files."""

from __future__ import annotations

from dataclasses import dataclass

from bitstring import Bits

from gelugen.emit.datapath import Datapath
from gelugen.emit.product import Product
from gelugen.emit.rendering import Contract, render
from gelugen.formats import Format
from gelugen.gated import Gated
from gelugen.spec import Target
from gelugen.units import Unit, latency

_PER_LINE = 16


def files(unit: Unit, target: Target, contract: Contract) -> dict[str, str]:
    """The module, its test bench with the expected codes, and one .mem file a table.

    A gated unit has two modules: its activation is one of its own.
    """
    name, expected = target.name, f"{target.name}_expected.mem"
    design, inner = (unit.design, f"{name}_act") if isinstance(unit, Gated) else (unit, name)
    mems = [f"{inner}.mem"] if len(design.terms) == 1 else [f"{inner}_t{i}.mem" for i in range(len(design.terms))]
    path = Datapath.of(design, mems)
    part = contract.part_lines if isinstance(unit, Gated) else contract.lines
    texts = {
        f"{inner}.v": render(
            "verilog/module.v.j2",
            name=inner,
            contract=part(_clocks(design)),
            design=design,
            input=design.spec.input,
            output=design.spec.output,
            latency=latency(design),
            path=path,
        )
    }
    if isinstance(unit, Gated):
        texts[f"{name}.v"] = render(
            "verilog/gated.v.j2",
            name=name,
            contract=contract.lines(_clocks(unit)),
            unit=unit,
            latency=latency(unit),
            waits=latency(design),
            path=path,
            product=Product.of(unit),
        )
    drives = unit.sequence()
    texts[f"{name}_tb.v"] = render(
        "verilog/bench.v.j2",
        name=name,
        sources=list(texts),
        expected_file=expected,
        latency=latency(unit),
        codes=len(drives[0]),
        ports=[Port.of(port, form) for port, form in unit.ports.items()],
        unit=unit,
        out=Port.of("out_data", unit.output),
    )
    outputs = [int(code) & (1 << unit.output.bits) - 1 for code in unit.eval(*drives)]
    order = f"input codes from {design.spec.input.code_min} up"
    if isinstance(unit, Gated):
        order = "the pairs of input codes in the order of the test bench"
    return {
        **texts,
        expected: mem_text(f"expected output codes of {name}, for {order}", outputs, unit.output.bits),
        **{
            mem: mem_text(f"table of {inner}, word 0 first", term.words(), term.width)
            for mem, term in zip(mems, design.terms, strict=True)
            if term.width
        },
    }


@dataclass(frozen=True)
class Port:
    """A port of the module, as its test bench sees it."""

    name: str
    vector: str
    form: Format

    @classmethod
    def of(cls, name: str, form: Format) -> Port:
        """The port of a format's codes."""
        return cls(name, f"{'signed ' if form.signed else ''}[{form.bits - 1}:0]", form)


def _clocks(unit: Unit) -> tuple[str, str]:
    return "latency", f"{latency(unit)} clocks, one sample a clock"


def mem_text(title: str, words: list[int], width: int) -> str:
    """A file for $readmemh: unsigned words, the spare bits of the first digit zero."""
    digits = -(-width // 4) * 4
    texts = [Bits(uint=word, length=digits).hex for word in words]
    rows = [texts[start : start + _PER_LINE] for start in range(0, len(texts), _PER_LINE)]
    return f"// {title}\n" + "".join(" ".join(row) + "\n" for row in rows)
