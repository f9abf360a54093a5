"""Every module through three linters: Icarus, Verilator, Yosys. One warning is a failure.

A linter compares no code: its verdict counts files and warnings.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from gelugen import synthesis
from gelugen.errors import GelugenError
from gelugen.synthesis.yosys import run_script
from gelugen.tools import run, workshop
from gelugen.verify import verilator
from gelugen.verify.icarus import icarus_version, missing_icarus_alone
from gelugen.verify.verdict import Verdict

LATCHES = "t:$dlatch t:$adlatch t:$dlatchsr t:$sr"


def check_lint(folder: Path) -> list[Verdict]:
    """Every module of the folder, its test bench apart, through every linter; one that is missing is skipped."""
    return [lint(folder, *each) for each in LINTERS]


def lint(
    folder: Path, tool: str, missing: Callable[[], str], warns: Callable[[Path, list[str]], tuple[str, list[str]]]
) -> Verdict:
    """One linter on every module of a folder.

    Args:
        folder: where the ``.v`` files are, one module each, and the tables that they read.
        tool: its name.
        missing: empty if it is there, else what to install.
        warns: gives its version, and its warnings about some modules in a folder.
    """
    start, names = time.monotonic(), modules_of(folder)
    if sentence := missing():
        return Verdict(f"{tool}, lint", "skipped", len(names), note=sentence, of="files")
    with workshop() as work:
        for path in [*(folder / f"{each}.v" for each in names), *folder.glob("*.mem")]:
            shutil.copy(path, work)
        version, warnings = warns(work, names)
    return Verdict(
        f"{version}, lint",
        "fail" if warnings or not names else "pass",
        len(names),
        len(names),
        len(warnings),
        seconds=time.monotonic() - start,
        note=warnings[0][:300] if warnings else "" if names else "there is no module",
        of="files",
    )


def modules_of(folder: Path) -> list[str]:
    """The names of the modules: all ``.v`` files that are no test bench of another."""
    names = sorted(path.stem for path in folder.glob("*.v"))
    return [name for name in names if not (name.endswith("_tb") and name.removesuffix("_tb") in names)]


def _icarus(work: Path, names: list[str]) -> tuple[str, list[str]]:
    warnings = []
    for name in names:
        done = run(
            ["iverilog", "-g2001", "-Wall", "-y", ".", "-s", name, "-o", os.devnull, f"{name}.v"], work
        )  # -y finds the modules inside
        warnings += _lines((done.stderr + done.stdout).decode(errors="replace"), done.returncode)
    return icarus_version(), warnings


def _verilator(work: Path, names: list[str]) -> tuple[str, list[str]]:
    found, warnings = verilator.find(), []
    if isinstance(found, str):
        raise LookupError(found)
    for name in names:
        words = [found.binary, "--lint-only", "-Wall", "--quiet", "-y", ".", "--top-module", name, f"{name}.v"]
        done = run(words, work, environment=found.environment)
        said = (done.stderr + done.stdout).decode(errors="replace")
        warnings += [line for line in _lines(said, done.returncode) if line.startswith("%")]
    return found.title, warnings


def _yosys(work: Path, names: list[str]) -> tuple[str, list[str]]:
    warnings: list[str] = []
    for name in names:
        try:
            ran = run_script(
                [
                    *(f"read_verilog {each}.v" for each in names),
                    f"hierarchy -check -top {name}",
                    "proc",
                    "check -assert",
                    f"select -assert-none {LATCHES}",
                ],
                work,
            )
            warnings += ran.warnings
        except GelugenError as error:
            warnings.append(str(error))
    return f"yosys {synthesis.find().version}", warnings


def _lines(said: str, code: int) -> list[str]:
    """What a linter said, a warning a line; one that failed without a word is told of as well."""
    lines = [line.strip() for line in said.splitlines() if re.search(r"\w", line)]
    return lines or ([f"%Error: exit code {code}"] if code else [])


LINTERS = [
    ("iverilog", missing_icarus_alone, _icarus),
    ("verilator", verilator.missing_linter, _verilator),
    ("yosys", synthesis.missing, _yosys),
]


def missing_linters() -> str:
    """Empty if all linters are there, else what to install."""
    return next(filter(None, (missing() for _, missing, _ in LINTERS)), "")
