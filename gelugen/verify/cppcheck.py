"""The C files through cppcheck, as a compiler of 16, 32 and 64 bits would take them. One finding is a failure."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from gelugen.tools import first_error, run, tool_version
from gelugen.verify.sweep import tables_of
from gelugen.verify.verdict import Verdict

PLATFORMS = ("avr8", "unix32", "unix64")
_SILENT = ("missingIncludeSystem", "unusedFunction", "unmatchedSuppression")
"""What a header includes is not looked at, and who calls its functions is not known."""


def check_cppcheck(folder: Path, name: str) -> Verdict:
    """All checks of cppcheck, inconclusive ones among them; a linter compares no code, so files are counted."""
    start, files = time.monotonic(), [folder / f"{name}.h", *tables_of(folder, name)]
    findings: dict[str, None] = {}
    for platform in PLATFORMS:
        words = ["cppcheck", "--quiet", "--std=c99", "--language=c", "--enable=all", "--inconclusive"]
        words += [f"--platform={platform}", "--template={file}:{line}: {message} [{id}]", "--error-exitcode=1"]
        words += [f"--suppress={each}" for each in _SILENT]
        done = run([*words, *(each.name for each in files)], folder)
        lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        if done.returncode and not lines:
            lines = [first_error(done.stdout) or f"cppcheck ended with {done.returncode}"]
        findings.update(dict.fromkeys(lines))
    return Verdict(
        tool_version("cppcheck"),
        "fail" if findings else "pass",
        len(files),
        len(files),
        len(findings),
        seconds=time.monotonic() - start,
        note=next(iter(findings), "")[:300],
        of="files",
    )


def missing_cppcheck() -> str:
    """Empty if cppcheck is there, else what to install."""
    return "" if shutil.which("cppcheck") else "cppcheck is missing: apt-get install cppcheck"
