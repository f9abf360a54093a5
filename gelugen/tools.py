"""Command-line tools: run in a folder of their own with a time limit, their version, the line that says most."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

PATIENCE = 600.0
"""Seconds after which a tool that has not ended has failed, unless more are given."""


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder for builds that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gelugen-") as path:
        yield Path(path)


def run(
    words: Sequence[str | Path],
    where: Path,
    patience: float = PATIENCE,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a tool in a folder, its output kept.

    Args:
        words: the command.
        where: the working directory.
        patience: seconds; what has not ended by then is ended, with all that it has started, and has failed:
            exit code 124, and an error on stderr that says so.
        environment: variables to set beside those of this process.
    """
    command = [*map(str, words)]
    process = subprocess.Popen(
        command,
        cwd=where,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # a group of its own, so that what it starts ends with it
    )
    try:
        output, errors = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        _end(process)
        output, _ = process.communicate()
        message = f"error: no end after {patience:g} seconds".encode()
        return subprocess.CompletedProcess(command, 124, output, message)
    except BaseException:  # an interrupt reaches this process alone
        _end(process)
        process.wait()
        raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


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
