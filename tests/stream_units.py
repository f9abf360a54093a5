"""Units with a wrapper around a module by hand: any function of codes as one table, behind as many registers as wanted.

So the wrapper is tested apart from how gelugen writes the module within.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from gelugen.emit import stream
from gelugen.emit.contract import Contract
from gelugen.gated_spec import GatedSpec
from gelugen.spec import Spec, Target
from gelugen.units import build

NAME = "dut"


@cache
def unit(what):
    """A small unit: its outputs narrower than a byte, wider than one, or exactly one; signed and not; two inputs."""
    if what == "gated":
        return build(GatedSpec("gelu", "q1.2", up="uq3.2", intermediate="q1.4", output="q2.7", architecture="table"))
    formats = {"byte": ("q3.4", "q3.4"), "narrow": ("uq2.4", "uq1.4"), "wide": ("q2.3", "q3.8")}[what]
    return build(Spec("gelu", *formats, architecture="table"))


@dataclass(frozen=True)
class Case:
    """A unit, and how its module is written."""

    what: str
    depth: int
    lanes: int = 1

    @property
    def unit(self):
        return unit(self.what)

    @property
    def latency(self):
        return self.depth + 1

    def __str__(self):
        return f"{self.what}-{self.depth}-{self.lanes}"

    def write(self, folder: Path, edit=None, core_edit=None) -> Path:
        """Write module and wrapper, each perhaps with one text replaced."""
        (folder / f"{NAME}.v").write_text(changed(self.core(), core_edit))
        (folder / f"{NAME}_axis.v").write_text(changed(self.wrapper(), edit))
        return folder

    def wrapper(self) -> str:
        target = Target(NAME, lanes=self.lanes)
        return stream.files(self.unit, target, Contract.of(self.unit, target), self.depth)[f"{NAME}_axis.v"]

    def core(self) -> str:
        """The module: the function, then registers."""
        unit, lanes, depth = self.unit, self.lanes, self.depth
        ports = {port: form.bits for port, form in unit.ports.items()}
        bits, out = sum(ports.values()), unit.output.bits
        clocked = "input wire clk, input wire rst, input wire en,\n    " if depth else ""
        inputs = "".join(f"input wire [{width * lanes - 1}:0] {port}, " for port, width in ports.items())
        calls = []
        for lane in reversed(range(lanes)):
            parts = [f"{port}[{(lane + 1) * width - 1}:{lane * width}]" for port, width in reversed(ports.items())]
            calls.append(f"f({{{', '.join(parts)}}})")
        lines = [
            "`default_nettype none",
            f"module {NAME} (",
            f"    {clocked}input wire in_valid, {inputs}",
            f"    output wire out_valid, output wire [{out * lanes - 1}:0] out_data);",
            f"    function [{out - 1}:0] f(input [{bits - 1}:0] code);",
            "        case (code)",
            *[f"            {bits}'d{index}: f = {out}'d{word};" for index, word in enumerate(self._table(bits))],
            "        endcase",
            "    endfunction",
            f"    wire [{out * lanes - 1}:0] now = {{{', '.join(calls)}}};",
        ]
        for stage in range(depth):
            before = ("in_valid", "now") if not stage else (f"valid[{stage - 1}]", f"data_{stage - 1}")
            lines += [
                f"    reg [{out * lanes - 1}:0] data_{stage};",
                "    always @(posedge clk)",
                "        if (en)",
                f"            data_{stage} <= {before[1]};",
            ]
        if depth:
            chain = "in_valid" if depth == 1 else f"{{valid[{depth - 2}:0], in_valid}}"
            lines += [
                f"    reg [{depth - 1}:0] valid;",
                "    always @(posedge clk)",
                "        if (rst)",
                f"            valid <= {depth}'d0;",
                "        else if (en)",
                f"            valid <= {chain};",
            ]
        valid, data = (f"valid[{depth - 1}]", f"data_{depth - 1}") if depth else ("in_valid", "now")
        lines += [
            f"    assign out_valid = {valid};",
            f"    assign out_data = {data};",
            "endmodule",
            "`default_nettype wire",
        ]
        return "\n".join(lines) + "\n"

    def _table(self, bits: int) -> list[int]:
        """The output for every word of inputs, the first port lowest."""
        words, codes, low = np.arange(1 << bits), [], 0
        for form in self.unit.ports.values():
            raw = words >> low & (1 << form.bits) - 1
            codes.append(raw - (raw >> form.bits - 1 << form.bits) if form.signed else raw)
            low += form.bits
        return [int(code) & (1 << self.unit.output.bits) - 1 for code in self.unit.eval(*codes)]


def changed(text: str, edit) -> str:
    """A text with one place replaced."""
    if edit is None:
        return text
    old, new = edit
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)
