"""The C files, through real compilers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from gelugen.design import Design
from gelugen.emit.c import container
from gelugen.emit.rendering import render
from gelugen.formats import Codes
from gelugen.verify.verdict import Verdict, code_count, first_error, run, tool_version, workshop

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-pedantic", "-Werror"]


def check_c(folder: Path, name: str, design: Design) -> list[Verdict]:
    """The C files under every compiler found: strict warnings as errors, then with the sanitizer."""
    verdicts = []
    for compiler in _compilers():
        version = tool_version(compiler)
        verdicts.append(sweep_c(f"{version}, -O2", compiler, ["-O2"], folder, name, design))
        trap = ["-fsanitize-trap=undefined"] if compiler == "clang" else ["-fno-sanitize-recover=all"]
        flags = ["-O1", "-fsanitize=undefined", *trap]
        verdicts.append(sweep_c(f"{version}, UBSan", compiler, flags, folder, name, design))
    return verdicts


def sweep_c(tool: str, compiler: str, flags: Sequence[str], folder: Path, name: str, design: Design) -> Verdict:
    """Compile a harness around the header, sweep every code, compare scalar, array and in-place results."""
    start, total = time.monotonic(), code_count(design)
    codes = design.spec.input.codes()
    types = container(design.spec.input), container(design.spec.output)
    with workshop() as work:
        harness = render(
            "c/harness.c.j2",
            name=name,
            codes=total,
            code_min=design.spec.input.code_min,
            in_type=types[0],
            out_type=types[1],
        )
        (work / "harness.c").write_text(harness)
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
    rounds = 3 if types[0] == types[1] else 2
    if swept.returncode or len(sweeps) != rounds * total:
        note = f"the program ended with {swept.returncode}: {first_error(swept.stderr) or 'no message'}"
        return Verdict(tool, "fail", total, seconds=time.monotonic() - start, note=note)
    return _compare(tool, codes, design.eval(codes), sweeps.reshape(rounds, total), start)


def _compare(tool: str, codes: Codes, expected: Codes, sweeps: Codes, start: float) -> Verdict:
    wrong = (sweeps != expected).any(axis=0)
    first = None
    if wrong.any():
        at = int(wrong.argmax())
        got = next(int(sweep[at]) for sweep in sweeps if sweep[at] != expected[at])
        first = (int(codes[at]), int(expected[at]), got)
    return Verdict(
        tool,
        "fail" if wrong.any() else "pass",
        len(codes),
        len(codes),
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
