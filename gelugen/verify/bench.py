"""A module under the cocotb bench ``sim/sweep.py``, in whatever simulator."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gelugen.assets import folder as asset_folder
from gelugen.bank import Bank
from gelugen.bank_spec import SELECT
from gelugen.design import Design
from gelugen.emit import latency
from gelugen.formats import Codes
from gelugen.target import Target
from gelugen.tools import PATIENCE, first_error, run, workshop
from gelugen.units import Unit
from gelugen.verify.image import second_image
from gelugen.verify.verdict import Verdict, code_count, sample


@dataclass(frozen=True)
class Simulator:
    """A simulator that cocotb drives.

    Attributes:
        name: what cocotb calls it.
        build_args: for its compiler.
        plusargs: for the simulation.
        environment: variables that it needs.
    """

    name: str
    build_args: tuple[str, ...] = ()
    plusargs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


ICARUS = Simulator("icarus", ("-g2001",))


def sweep_cocotb(
    tool: str,
    folder: Path,
    name: str,
    unit: Unit,
    simulator: Simulator = ICARUS,
    target: Target | None = None,
    patience: float = PATIENCE,
) -> Verdict:
    """The module under ``sim/sweep.py``: all codes, gaps in valid, a reset midway. Of two images, the first verdict.

    Arguments as in ``sweep_images``.
    """
    return sweep_images(tool, folder, name, unit, simulator, target, patience)[0]


def sweep_images(
    tool: str,
    folder: Path,
    name: str,
    unit: Unit,
    simulator: Simulator = ICARUS,
    target: Target | None = None,
    patience: float = PATIENCE,
) -> list[Verdict]:
    """The module under ``sim/sweep.py``: one verdict, or if it is writable one more of words written into it.

    Args:
        tool: what the verdict calls the simulator.
        folder: where ``name.v`` and its tables are; of a gated unit, its activation as well.
        name: of the module.
        unit: what it must compute.
        simulator: what runs it.
        target: how it is written; None: as by default.
        patience: seconds after which a build and a simulation that have not ended have failed.
    """
    start = time.monotonic()
    with workshop() as work:
        lay_out(folder.resolve(), name, work)
        return sweep(f"{tool}, cocotb sweep", work, name, modules(work, name), unit, simulator, target, patience, start)


def sweep(
    tool: str,
    work: Path,
    top: str,
    sources: Sequence[str | Path],
    unit: Unit,
    simulator: Simulator,
    target: Target | None,
    patience: float,
    start: float,
) -> list[Verdict]:
    """The same of sources that are laid out in ``work`` already; ``start`` is when this was begun (monotonic)."""
    (work / "sweep.json").write_text(json.dumps(asked(unit, target)))
    log = simulate(simulator, work, top, sources, patience)
    if not (work / "result.json").is_file():
        note = first_error(log) or "the simulation ended without a result"
        return [Verdict(tool, "fail", code_count(unit), seconds=time.monotonic() - start, note=note)]
    result = json.loads((work / "result.json").read_text())
    verdicts = [judge(tool, unit, result, start)]
    if "second" in result:
        verdicts.append(judge(f"{tool}, words written", unit, result["second"], start))
    return verdicts


def judge(tool: str, unit: Unit, result: Mapping[str, Any], start: float) -> Verdict:
    """The verdict on a result of ``sim/sweep.py``."""
    total, notes = code_count(unit), []
    if result["unknown"]:
        notes.append(f"unknown bits (X or Z) at {result['unknown']} codes")
    if result["protocol"]:
        notes.append(f"handshake: {result['protocol'][0]}")
    if result["checked"] != total:
        notes.append(f"only {result['checked']} of {total} codes came out")
    first = result["first"]
    if first:
        first = (sample(unit.stimulus(), first[0]), *(as_code(bits, unit) for bits in first[1:]))
    return Verdict(
        tool,
        "fail" if notes or result["mismatches"] else "pass",
        total,
        result["checked"],
        result["mismatches"],
        first,
        time.monotonic() - start,
        "; ".join(notes),
    )


def asked(unit: Unit, target: Target | None = None) -> dict[str, Any]:
    """What ``sim/sweep.py`` drives and expects, as unsigned words."""
    drives, widths = unit.stimulus(), [form.bits for form in unit.ports.values()]
    clocks = latency(unit, target)
    more: dict[str, Any] = {}
    if target:
        more = {"lanes": target.lanes, "enable": target.stream and clocks > 0}
    if isinstance(unit, Bank):
        more["shared"] = [SELECT]
    if target and target.writable and isinstance(unit, Design):
        writes, other = second_image(unit)
        more |= {"writes": writes, "expected2": _words(other.eval(*drives), unit.output.bits)}
    return {
        "latency": clocks,
        "ports": dict(zip(unit.ports, widths, strict=True)),
        "samples": [_words(codes, bits) for codes, bits in zip(drives, widths, strict=True)],
        "expected": _words(unit.eval(*drives), unit.output.bits),
        "output": unit.output.bits,
        **more,
    }


def _words(codes: Codes, bits: int) -> list[int]:
    return [code & (1 << bits) - 1 for code in codes.tolist()]


def simulate(
    simulator: Simulator,
    work: Path,
    top: str,
    sources: Sequence[str | Path],
    patience: float = PATIENCE,
    bench: str = "sweep",
) -> bytes:
    """Build ``sources`` and run ``top`` under a bench of ``sim/``; gives what the tools printed.

    ``work`` holds the sources, the tables that they read and ``sweep.json``, and gets ``result.json`` if all goes well.
    """
    common = {"hdl_toplevel": top, "build_dir": str(work)}
    build = {"sources": [str(work / each) for each in sources], "build_args": simulator.build_args, "always": True}
    test = {
        "test_module": bench,
        "test_dir": str(work),
        "results_xml": str(work / "results.xml"),
        "plusargs": simulator.plusargs,
    }
    everything = {"simulator": simulator.name, "build": {**build, **common}, "test": {**test, **common}}
    (work / "simulation.json").write_text(json.dumps(everything))
    environment = {
        "COCOTB_LOG_LEVEL": "WARNING",
        "COCOTB_REWRITE_ASSERTION_FILES": "",  # nothing here needs pytest's assertions
        "GELUGEN_SWEEP": str(work / "sweep.json"),
        "GELUGEN_RESULT": str(work / "result.json"),
        **simulator.environment,
    }
    script = asset_folder("sim") / "simulate.py"
    done = run([sys.executable, script, work / "simulation.json"], work, patience, environment)
    return done.stderr + done.stdout


def lay_out(folder: Path, name: str, work: Path) -> None:
    """Copy sources and tables to where the simulation runs: $readmemh looks there, and no odd path matters."""
    for path in [*(folder / each for each in modules(folder, name)), *folder.glob(f"{name}*.mem")]:
        shutil.copy(path, work)
    if (folder / f"{name}_tb.v").is_file():
        shutil.copy(folder / f"{name}_tb.v", work)


def modules(folder: Path, name: str) -> list[str]:
    """The files of the module, of the activation in a gated unit, of the cores in a bank, and of their tables."""
    inner = re.compile(rf"{name}(_act|_m\d+)?(_rom){{0,2}}\.v")
    return sorted(each.name for each in folder.glob(f"{name}*.v") if inner.fullmatch(each.name))


def missing_cocotb() -> str:
    """Empty if cocotb is there, else what to install."""
    return "" if importlib.util.find_spec("cocotb_tools") else "cocotb is missing: pip install 'gelugen[rtl]'"


def as_code(bits: int | str, unit: Unit) -> int | str:
    """An output code from its bits; a word with an unknown bit stays as it is."""
    form = unit.output
    if isinstance(bits, str):
        if not set(bits) <= {"0", "1"}:
            return bits
        bits = int(bits, 2)
    return bits - (1 << form.bits) if form.signed and bits >> form.bits - 1 else bits
