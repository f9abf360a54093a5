"""The C files on microcontroller cores, bare metal under QEMU."""

from __future__ import annotations

import time
from pathlib import Path

from gelugen.cores import build, cannot_run, core_of, run_image
from gelugen.tools import first_error, tool_version, workshop
from gelugen.units import Unit
from gelugen.verify.sweep import STRICT, Sweep, tables_of
from gelugen.verify.verdict import Verdict

LEVELS = ("-O2", "-Os")


def check_core(folder: Path, name: str, unit: Unit, core: str) -> list[Verdict]:
    """The C files on a core, at each level of optimization."""
    return [sweep_core(folder, name, unit, core, level) for level in LEVELS]


def sweep_core(folder: Path, name: str, unit: Unit, core: str, level: str = "-O2") -> Verdict:
    """Build an image with the harness, run it, compare scalar, array and in-place results.

    Where the image is too large for the machine, or its emulator would not run it as the core does, the verdict is that
    it compiles: it counts files.
    """
    start, chosen, sweep = time.monotonic(), core_of(core), Sweep.of(unit)
    tool = f"{chosen.title}, {tool_version(chosen.compiler)} {level}"
    with workshop() as work:
        sources = [sweep.write(work, name), *tables_of(folder, name)]
        built = build(chosen, work, sources, ["-std=c99", *STRICT, level, "-iquote", str(folder.resolve())])
        if built.returncode and not any(each in built.stderr for each in _TOO_LARGE):
            return sweep.verdict(tool, b"", start, first_error(built.stderr) or "the compiler failed")
        large = f"program and tables do not fit the memory of {chosen.title}" if built.returncode else ""
        if why := large or cannot_run(chosen, work):
            note, seconds = f"not run: {why}", time.monotonic() - start
            return Verdict(tool, "pass", len(sources), len(sources), seconds=seconds, note=note, of="files")
        results, note = b"", ""
        for drives, size in sweep.runs(chosen.window):
            ran = run_image(chosen, work, drives, size)
            results, note = results + ran.results, ran.note
            if note:
                break
    return sweep.verdict(tool, results, start, note)


_TOO_LARGE = (b"will not fit in region", b"is not within region", b"overflowed by")
"""What linkers say then."""
