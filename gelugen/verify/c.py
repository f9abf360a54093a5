"""The C files, through the compilers of this machine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from gelugen.emit.rendering import render
from gelugen.tools import first_error, run, tool_version, workshop
from gelugen.units import Unit
from gelugen.verify.sweep import DRIVES, ENDINGS, RESULTS, STRICT, Sweep, tables_of
from gelugen.verify.verdict import Verdict

_PLUS = {"gcc": "g++", "clang": "clang++"}
_PLAIN = [
    *((f"-O{level}", "c99", (f"-O{level}",)) for level in "013s"),
    ("-O2 -funsigned-char", "c99", ("-O2", "-funsigned-char")),
    ("-O2, C11", "c11", ("-O2",)),
    ("-O2, C++11", "c++11", ("-O2",)),
]


def check_c(folder: Path, name: str, unit: Unit) -> list[Verdict]:
    """The C files under every compiler found: strict warnings as errors, then with the sanitizer."""
    verdicts = []
    for compiler in _compilers():
        version = tool_version(compiler)
        verdicts.append(sweep_c(f"{version}, -O2", compiler, ["-O2"], folder, name, unit))
        verdicts.append(sweep_c(f"{version}, UBSan", compiler, ["-O1", *_ubsan(compiler)], folder, name, unit))
    return verdicts


def check_compilers(folder: Path, name: str, unit: Unit) -> list[Verdict]:
    """What ``check_c`` leaves out: every level, plain char unsigned, C11, C++11, AddressSanitizer."""
    verdicts = []
    for compiler in _compilers():
        version = tool_version(compiler)
        for title, standard, flags in _PLAIN:
            if standard.startswith("c++") and not shutil.which(_PLUS[compiler]):
                note = f"{_PLUS[compiler]} is missing: apt-get install {_PLUS[compiler].replace('clang++', 'clang')}"
                verdicts.append(Verdict(f"{version}, {title}", "skipped", len(unit.stimulus()[0]), note=note))
            else:
                verdicts.append(sweep_c(f"{version}, {title}", compiler, flags, folder, name, unit, standard))
        if _has_asan(compiler):
            flags = ("-O1", "-fsanitize=address", *_ubsan(compiler))
            verdicts.append(sweep_c(f"{version}, ASan and UBSan", compiler, flags, folder, name, unit))
    return verdicts


def sweep_c(
    tool: str, compiler: str, flags: Sequence[str], folder: Path, name: str, unit: Unit, standard: str = "c99"
) -> Verdict:
    """Compile a harness around the header, sweep the codes, compare scalar, array and in-place results.

    Args:
        tool: what the verdict says of it.
        compiler: ``gcc`` or ``clang``; for C++ their companions are taken.
        flags: beside those for warnings, which are errors.
        folder: where the files are.
        name: of the unit.
        unit: what they should compute.
        standard: of C or C++.
    """
    start, sweep = time.monotonic(), Sweep.of(unit)
    command, language = (_PLUS[compiler], "c++") if standard.startswith("c++") else (compiler, "c")
    with workshop() as work:
        for file in ("board.h", "host.c"):
            (work / file).write_text(render(f"board/{file}.j2"))
        sources = [work / "host.c", sweep.write(work, name), *tables_of(folder, name)]
        words = [command, f"-std={standard}", *STRICT, *flags, "-iquote", str(folder.resolve()), "-iquote", "."]
        compiled = run([*words, "-x", language, *(each.resolve() for each in sources), "-o", "sweep"], work)
        if compiled.returncode:
            return sweep.verdict(tool, b"", start, first_error(compiled.stderr) or "the compiler failed")
        ((drives, _),) = sweep.runs()
        (work / DRIVES).write_bytes(drives)
        (work / RESULTS).write_bytes(b"")
        swept = run([work / "sweep"], work)
        results = (work / RESULTS).read_bytes()
    note = ""
    if swept.returncode:
        said = ENDINGS.get(swept.returncode) or f"the program ended with {swept.returncode}"
        note = f"{said}: {first_error(swept.stderr) or 'no message'}"
    return sweep.verdict(tool, results, start, note)


def _ubsan(compiler: str) -> tuple[str, ...]:
    trap = "-fsanitize-trap=undefined" if compiler == "clang" else "-fno-sanitize-recover=all"
    return "-fsanitize=undefined", trap


@cache
def _has_asan(compiler: str) -> bool:
    """Whether the compiler's AddressSanitizer comes with its library; clang's is a package of its own."""
    with workshop() as work:
        (work / "probe.c").write_text("int main(void) { return 0; }\n")
        return run([compiler, "-fsanitize=address", "probe.c", "-o", "probe"], work).returncode == 0


@cache
def _compilers() -> tuple[str, ...]:
    return tuple(each for each in ("gcc", "clang") if shutil.which(each))


def missing_compiler() -> str:
    """Empty if a compiler is there, else what to install."""
    return "" if _compilers() else "no C compiler is there: install gcc (Debian: apt-get install gcc libc6-dev)"
