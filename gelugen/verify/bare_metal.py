"""The C files on microcontroller cores, bare metal under QEMU."""

from __future__ import annotations

import time
from pathlib import Path

from gelugen.cores import build, core_of, run_image
from gelugen.tools import first_error, tool_version, workshop
from gelugen.units import Unit
from gelugen.verify.sweep import STRICT, Sweep, tables_of
from gelugen.verify.verdict import Verdict

LEVELS = ("-O2", "-Os")


def check_core(folder: Path, name: str, unit: Unit, core: str) -> list[Verdict]:
    """The C files on a core, at each level of optimization."""
    return [sweep_core(folder, name, unit, core, level) for level in LEVELS]


def sweep_core(folder: Path, name: str, unit: Unit, core: str, level: str = "-O2") -> Verdict:
    """Build an image with the harness, run it, compare scalar, array and in-place results."""
    start, chosen, sweep = time.monotonic(), core_of(core), Sweep.of(unit)
    tool = f"{chosen.title}, {tool_version(chosen.compiler)} {level}"
    with workshop() as work:
        sources = [sweep.write(work, name), *tables_of(folder, name)]
        built = build(chosen, work, sources, ["-std=c99", *STRICT, level, "-iquote", str(folder.resolve())])
        if built.returncode and b"will not fit in region" in built.stderr:
            note = f"the program and its tables do not fit the memory of {chosen.title}"
            return Verdict(tool, "skipped", len(unit.stimulus()[0]), note=note)
        if built.returncode:
            return sweep.verdict(tool, b"", start, first_error(built.stderr) or "the compiler failed")
        results, note = b"", ""
        for drives, size in sweep.runs(chosen.window):
            ran = run_image(chosen, work, drives, size)
            results, note = results + ran.results, ran.note
            if note:
                break
    return sweep.verdict(tool, results, start, note)
