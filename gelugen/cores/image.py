"""Bare-metal images: built with our own start-up and linker script, run under QEMU."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gelugen.cores.core import Core
from gelugen.emit.rendering import render
from gelugen.tools import first_error, run

FREESTANDING = ("-ffreestanding", "-fno-tree-loop-distribute-patterns", "-nostartfiles", "-nodefaultlibs")
"""No library but the compiler's own: so no loop may become a call of memset."""
DRIVES, RESULTS, IMAGE = "drives.bin", "results.bin", "image.elf"
PATIENCE = 60.0
FLASH_DRIVES = 0x4000
"""Where drives start in the flash of a machine without semihosting."""
ENDINGS = {1: "the drives ended early", 2: "it wrote beside its output", 3: "it met a fault"}
"""What the exit statuses of our programs mean."""
_POLL = 0.02
"""Seconds between two looks at what a core without an exit has sent."""


@dataclass(frozen=True)
class Ran:
    """What a program did.

    Attributes:
        results: the bytes that it wrote.
        note: empty if it ended well, else how it ended.
    """

    results: bytes
    note: str = ""


def build(
    core: Core, work: Path, sources: Sequence[Path], flags: Sequence[str], libraries: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Compile and link ``image.elf`` in a folder.

    Args:
        core: for which.
        work: the folder; the board's files are written beside.
        sources: the program, C files with a ``main``.
        flags: of the compiler, beside those that choose the core.
        libraries: beside the compiler's own.
    """
    boards = []
    for name in ("board.h", "core.h", *core.board):
        (work / name).write_text(render(f"board/{name}.j2", drives=FLASH_DRIVES))
        boards += [name] if name.endswith(".c") else []
    link: list[str] = []
    if core.memories:
        (work / "image.ld").write_text(render("board/image.ld.j2", entry=core.entry, **dict(core.memories)))
        link = ["-T", "image.ld"]
    words = [core.compiler, *core.flags, *flags, *FREESTANDING, "-iquote", "."]
    programs = [path.name if path.parent == work else path.resolve() for path in sources]
    return run([*words, *link, *boards, *programs, *libraries, "-lgcc", "-o", IMAGE], work)


def cannot_run(core: Core, work: Path) -> str:
    """Why QEMU would not run ``image.elf`` as the core does; empty if it would.

    QEMU 7.2 has an AVR loop for ever where an instruction skips a return or an indirect jump.
    """
    if core.memories:
        return ""
    listed = run([binary(core, "objdump"), "-d", IMAGE], work).stdout.decode(errors="replace")
    return "QEMU loops where a return is skipped, as the compiler has it here" if _SKIPPED.search(listed) else ""


_SKIPPED = re.compile(r"\t(?:sbr[sc]|sbi[sc]|cpse)\t[^\n]*\n[^\n]*\t(?:reti?|e?ijmp|e?icall)\b")


def run_image(core: Core, work: Path, drives: bytes, size: int, counted: bool = False) -> Ran:
    """Run ``image.elf`` of a folder.

    Args:
        core: on which.
        work: the folder.
        drives: what the program reads.
        size: how many bytes it will write.
        counted: whether the virtual time is that of the instructions, so that ``board_clock`` counts them.
    """
    (work / DRIVES).write_bytes(drives)
    (work / RESULTS).write_bytes(b"")
    words = [core.emulator, *core.machine, "-display", "none", "-monitor", "none"]
    if counted:
        words += ["-icount", f"shift={core.shift}"]
    if not core.memories:
        return _serial(words, work, size)
    done = run([*words, "-serial", "none", "-kernel", IMAGE], work, PATIENCE)
    results = (work / RESULTS).read_bytes()
    if done.returncode:
        return Ran(results, _ending(done.returncode, done.stderr))
    return Ran(results, "" if len(results) == size else f"it wrote {len(results)} of {size} bytes")


def _serial(words: list[str], work: Path, size: int) -> Ran:
    """A machine without semihosting, which never ends: its results come by the serial port, its exit status last."""
    loader = f"loader,file={DRIVES},addr={FLASH_DRIVES},force-raw=on"
    start, results = time.monotonic(), work / RESULTS
    with results.open("wb") as out:
        process = subprocess.Popen(
            [*words, "-serial", "stdio", "-bios", IMAGE, "-device", loader],
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    try:
        while process.poll() is None and results.stat().st_size <= size and time.monotonic() - start < PATIENCE:
            time.sleep(_POLL)
        ended = process.poll()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _, errors = process.communicate()
    found = results.read_bytes()
    if ended is not None:
        return Ran(found, f"{words[0]} ended with {ended}: {first_error(errors) or 'no message'}")
    if len(found) != size + 1:
        return Ran(found, f"it wrote {len(found)} of {size + 1} bytes in {PATIENCE:g} seconds")
    return Ran(found[:size], _ending(found[size], b"") if found[size] else "")


def _ending(status: int, errors: bytes) -> str:
    return ENDINGS.get(status) or f"the program ended with {status}: {first_error(errors) or 'no message'}"


def binary(core: Core, tool: str) -> str:
    """The name of a binary utility for a core, ``size`` or ``objdump``."""
    name = core.prefix + tool
    return name if shutil.which(name) else tool
