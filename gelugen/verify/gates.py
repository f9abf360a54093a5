"""The netlist after synthesis, in the cells of each FPGA family, through Icarus under the same cocotb bench."""

from __future__ import annotations

import re
import time
from pathlib import Path

from gelugen import synthesis
from gelugen.errors import GelugenError
from gelugen.target import Target
from gelugen.tools import workshop
from gelugen.units import Unit
from gelugen.verify.bench import Simulator, sweep
from gelugen.verify.icarus import icarus_version, missing_icarus
from gelugen.verify.verdict import Verdict, code_count

PATIENCE = 1800.0
"""Seconds for the synthesis, and as many for the simulation: a cell is an event a clock."""


BLOCK_RAM = frozenset({"ice40"})
"""Families whose block RAM can be simulated: Yosys has none of the ECP5, and that of the 7 series gives X.

No family has DSP blocks here: there is no model of the ECP5's; and of the 7 series, Yosys 0.23 moves an addition of
unsigned operands into the pre-adder of a DSP48E1 though its carry must not reach the multiplier. Nor are there lookup
tables that shift: Yosys before its issue 6058 was closed, in July 2026, leaves out their clock enable.
"""
_ATTRIBUTE = re.compile(r"\(\*(?!\)).*?\*\)")


def check_gates(folder: Path, name: str, unit: Unit, target: Target | None = None) -> list[Verdict]:
    """The netlist of every family, block RAM as its synthesis chooses if it is one of ``BLOCK_RAM``."""
    return [each for family in synthesis.FAMILIES for each in sweep_gates(folder, name, unit, family, target)]


def sweep_gates(
    folder: Path, name: str, unit: Unit, family: str, target: Target | None = None, patience: float = PATIENCE
) -> list[Verdict]:
    """The netlist of one family under ``sim/sweep.py``. A warning of Yosys is a failure.

    Args:
        folder: where the module, what is inside it and its tables are.
        name: of the module.
        unit: what it must compute.
        family: a name from ``gelugen.synthesis.FAMILIES``.
        target: how it is written; None: as by default.
        patience: seconds for the synthesis, and for the simulation.
    """
    start = time.monotonic()
    tool = f"{family} netlist of yosys {synthesis.find().version}, {icarus_version()}"
    sources = {path.name: path.read_text() for path in sorted([*folder.glob("*.v"), *folder.glob("*.mem")])}
    brams = family in BLOCK_RAM
    if not brams:  # nor must the source ask for it
        sources = {path: _ATTRIBUTE.sub("", text) for path, text in sources.items()}
    try:
        made = synthesis.synthesize(sources, name, family, brams=brams, dsps=False, shifters=False, patience=patience)
    except GelugenError as error:
        return [Verdict(tool, "fail", code_count(unit), seconds=time.monotonic() - start, note=str(error))]
    if made.warnings:
        note = f"Yosys warns: {made.warnings[0]}"[:300]
        return [Verdict(tool, "fail", code_count(unit), seconds=time.monotonic() - start, note=note)]
    with workshop() as work:
        (work / "netlist.v").write_text(made.netlist)
        library = synthesis.cells(family)
        defines = [f"-D{each}" for each in synthesis.get_family(family).defines]
        simulator = Simulator("icarus", (*defines, f"-I{library.parent}"))
        return sweep(tool, work, name, ["netlist.v", library], unit, simulator, target, patience, start)


def missing_gates() -> str:
    """Empty if Yosys, Icarus and cocotb are there, else what to install."""
    return synthesis.missing() or missing_icarus()
