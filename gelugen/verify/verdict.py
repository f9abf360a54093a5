"""A tool's verdict, and what every tool's check needs."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from gelugen.formats import Codes
from gelugen.units import Unit

_PATIENCE = 600


@dataclass(frozen=True)
class Verdict:
    """What one tool said.

    Attributes:
        tool: the tool, its version and how it was run.
        status: ``pass``, ``fail`` or ``skipped``.
        codes: how many input codes, or pairs of them, are to be checked.
        checked: how many of them were compared.
        mismatches: how many of them differ.
        first_mismatch: the first of them: input code (of a gated unit the pair), expected and actual output.
        seconds: how long it took.
        note: why it failed or was skipped, where the numbers do not say so.
    """

    tool: str
    status: Literal["pass", "fail", "skipped"]
    codes: int
    checked: int = 0
    mismatches: int = 0
    first_mismatch: tuple[int | tuple[int, ...], int | str, int | str] | None = None
    seconds: float = 0.0
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)


def code_count(unit: Unit) -> int:
    """How many input codes, or pairs of them, are to be checked: all, but for wide gated units."""
    return len(unit.stimulus()[0])


def sample(drives: Sequence[Codes], at: int) -> int | tuple[int, ...]:
    """The input code, or the codes, of a sample."""
    codes = tuple(int(each[at]) for each in drives)
    return codes[0] if len(codes) == 1 else codes


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder for builds that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gelugen-") as path:
        yield Path(path)


def run(words: Sequence[str | Path], where: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a tool in a folder, its output kept; one that does not end in ten minutes has failed."""
    try:
        return subprocess.run([*map(str, words)], cwd=where, capture_output=True, check=False, timeout=_PATIENCE)
    except subprocess.TimeoutExpired as late:
        message = f"error: no end after {_PATIENCE} seconds".encode()
        return subprocess.CompletedProcess(late.cmd, 124, late.stdout or b"", message)


@cache
def tool_version(tool: str, flag: str = "--version") -> str:
    """The tool's name and version, from the first line that it prints of itself."""
    line = run([tool, flag], Path()).stdout.decode(errors="replace").partition("\n")[0]
    number = re.search(r"\d+\.\d+(\.\d+)?", line)
    return f"{tool} {number[0]}" if number else tool


def first_error(text: bytes) -> str:
    """The line of a tool's output that says most."""
    lines = [line.strip() for line in text.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error", line, re.IGNORECASE)]
    return (telling or lines[-1:] or [""])[0][:300]
