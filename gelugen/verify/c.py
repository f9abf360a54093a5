"""The C files, through real compilers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from gelugen.bank import Bank
from gelugen.emit.c import container
from gelugen.emit.rendering import render
from gelugen.formats import Codes
from gelugen.tools import first_error, run, tool_version, workshop
from gelugen.units import Unit
from gelugen.verify.verdict import Verdict, sample

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-pedantic", "-Werror"]


def check_c(folder: Path, name: str, unit: Unit) -> list[Verdict]:
    """The C files under every compiler found: strict warnings as errors, then with the sanitizer."""
    verdicts = []
    for compiler in _compilers():
        version = tool_version(compiler)
        verdicts.append(sweep_c(f"{version}, -O2", compiler, ["-O2"], folder, name, unit))
        trap = ["-fsanitize-trap=undefined"] if compiler == "clang" else ["-fno-sanitize-recover=all"]
        flags = ["-O1", "-fsanitize=undefined", *trap]
        verdicts.append(sweep_c(f"{version}, UBSan", compiler, flags, folder, name, unit))
    return verdicts


def sweep_c(tool: str, compiler: str, flags: Sequence[str], folder: Path, name: str, unit: Unit) -> Verdict:
    """Compile a harness around the header, sweep the codes, compare scalar, array and in-place results."""
    start, drives = time.monotonic(), unit.stimulus()
    total = len(drives[0])
    types = [container(form) for form in unit.ports.values()]
    result = container(unit.output)
    in_place = [number for number, type_ in enumerate(types) if type_ == result]
    run_length = 0
    if isinstance(unit, Bank):  # whose array function takes one select for all its codes
        in_place, run_length = [number for number in in_place if number], 1 << unit.input.bits
    with workshop() as work:
        asked = {"codes": total, "types": types, "result": result, "in_place": in_place, "run": run_length}
        harness = render("c/harness.c.j2", name=name, **asked)
        (work / "harness.c").write_text(harness)
        (work / "codes.bin").write_bytes(np.stack(drives).astype(np.int32).tobytes())
        sources = [work / "harness.c", *folder.glob(f"{name}.c")]
        build = [
            compiler,
            *STRICT,
            *flags,
            "-iquote",
            str(folder.resolve()),
            *[str(each.resolve()) for each in sources],
            "-o",
            "sweep",
        ]
        compiled = run(build, work)
        if compiled.returncode:
            return Verdict(tool, "fail", total, seconds=time.monotonic() - start, note=first_error(compiled.stderr))
        swept = run([work / "sweep"], work)
    sweeps = np.frombuffer(swept.stdout, dtype=np.int32).astype(np.int64)
    rounds = 2 + len(in_place)
    if swept.returncode or len(sweeps) != rounds * total:
        note = f"the program ended with {swept.returncode}: {first_error(swept.stderr) or 'no message'}"
        return Verdict(tool, "fail", total, seconds=time.monotonic() - start, note=note)
    return _compare(tool, drives, unit.eval(*drives), sweeps.reshape(rounds, total), start)


def _compare(tool: str, drives: Sequence[Codes], expected: Codes, sweeps: Codes, start: float) -> Verdict:
    wrong = (sweeps != expected).any(axis=0)
    first = None
    if wrong.any():
        at = int(wrong.argmax())
        got = next(int(sweep[at]) for sweep in sweeps if sweep[at] != expected[at])
        first = (sample(drives, at), int(expected[at]), got)
    return Verdict(
        tool,
        "fail" if wrong.any() else "pass",
        len(expected),
        len(expected),
        int(wrong.sum()),
        first,
        time.monotonic() - start,
    )


@cache
def _compilers() -> tuple[str, ...]:
    return tuple(each for each in ("gcc", "clang") if shutil.which(each))


def missing_compiler() -> str:
    """Empty if a compiler is there, else what to install."""
    return "" if _compilers() else "no C compiler is there: install gcc (Debian: apt-get install gcc libc6-dev)"
