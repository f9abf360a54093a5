"""The Verilog-2001 module, its self-checking test bench, and the tables as ``.mem`` files."""

from __future__ import annotations

from bitstring import Bits

from gelugen.design import Design
from gelugen.emit.datapath import Datapath
from gelugen.emit.rendering import Contract, render
from gelugen.pipeline import latency
from gelugen.spec import Target

_PER_LINE = 16


def files(design: Design, target: Target, contract: Contract) -> dict[str, str]:
    """The module, its test bench with the expected codes, and one .mem file a table."""
    spec, name = design.spec, target.name
    mems = [f"{name}.mem"] if len(design.terms) == 1 else [f"{name}_t{i}.mem" for i in range(len(design.terms))]
    expected = f"{name}_expected.mem"
    context = {
        "name": name,
        "contract": contract.lines(("latency", f"{latency(design)} clocks, one sample a clock")),
        "design": design,
        "input": spec.input,
        "output": spec.output,
        "latency": latency(design),
        "codes": 1 << spec.input.bits,
        "path": Datapath.of(design, mems),
    }
    outputs = [int(code) & (1 << spec.output.bits) - 1 for code in design.eval(spec.input.codes())]
    return {
        f"{name}.v": render("verilog/module.v.j2", **context),
        f"{name}_tb.v": render("verilog/bench.v.j2", expected_file=expected, **context),
        expected: mem_text(
            f"expected output codes of {name}, for input codes from {spec.input.code_min} up",
            outputs,
            spec.output.bits,
        ),
        **{
            mem: mem_text(f"table of {name}, word 0 first", term.words(), term.width)
            for mem, term in zip(mems, design.terms, strict=True)
            if term.width
        },
    }


def mem_text(title: str, words: list[int], width: int) -> str:
    """A file for $readmemh: unsigned words, the spare bits of the first digit zero."""
    digits = -(-width // 4) * 4
    texts = [Bits(uint=word, length=digits).hex for word in words]
    rows = [texts[start : start + _PER_LINE] for start in range(0, len(texts), _PER_LINE)]
    return f"// {title}\n" + "".join(" ".join(row) + "\n" for row in rows)
