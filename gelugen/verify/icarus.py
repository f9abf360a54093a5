"""The Verilog files, through Icarus: under the cocotb bench, and under their own bench."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from gelugen.target import Target
from gelugen.tools import first_error, run, tool_version, workshop
from gelugen.units import Unit
from gelugen.verify.bench import as_code, lay_out, missing_cocotb, modules, sweep_images
from gelugen.verify.stream import check_stream
from gelugen.verify.verdict import Verdict, sample


def check_icarus(folder: Path, name: str, unit: Unit, target: Target | None = None) -> list[Verdict]:
    """The module under the cocotb bench, then under its own plain-Verilog bench, then its stream wrapper."""
    version = icarus_version()
    return [
        *sweep_images(version, folder, name, unit, target=target),
        run_own_bench(version, folder, name, unit),
        *check_stream(version, folder, name, unit, target),
    ]


def run_own_bench(version: str, folder: Path, name: str, unit: Unit) -> Verdict:
    """The module under the emitted test bench; its last line is the verdict."""
    start, drives = time.monotonic(), unit.sequence()
    total = len(drives[0])
    tool = f"{version}, own test bench"
    with workshop() as work:
        lay_out(folder, name, work)
        built = run(["iverilog", "-g2001", "-o", "bench.vvp", f"{name}_tb.v", *modules(folder, name)], work)
        ran = run(["vvp", "-n", "bench.vvp"], work) if not built.returncode else built
    text = ran.stdout.decode(errors="replace")
    said = re.search(r"^(PASS|FAIL): (\d+) of (\d+) codes checked, (\d+) mismatches", text, re.MULTILINE)
    seconds = time.monotonic() - start
    if not said:
        failed = re.search(r"^FAIL: .*", text, re.MULTILINE)
        note = failed[0] if failed else first_error(ran.stderr + ran.stdout) or "the bench gave no verdict"
        return Verdict(tool, "fail", total, seconds=seconds, note=note)
    checked, mismatches = int(said[2]), int(said[4])
    good = said[1] == "PASS" and checked == total and not mismatches
    first = None
    if at := re.search(r"^mismatch at sample (\d+): valid ., got (\w+), expected (\w+)", text, re.MULTILINE):
        number = min(int(at[1]), total - 1)
        first = (sample(drives, number), as_code(at[3], unit), as_code(at[2], unit))
    return Verdict(tool, "pass" if good else "fail", total, checked, mismatches, first, seconds)


def icarus_version() -> str:
    """Its name and version."""
    return tool_version("iverilog", "-V").replace(" version", "")


def missing_icarus_alone() -> str:
    """Empty if Icarus is there, else what to install."""
    if not (shutil.which("iverilog") and shutil.which("vvp")):
        return "Icarus Verilog is missing: apt-get install iverilog, or on macOS brew install icarus-verilog"
    return ""


def missing_icarus() -> str:
    """Empty if Icarus and cocotb are there, else what to install."""
    return missing_icarus_alone() or missing_cocotb()
