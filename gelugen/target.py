"""How a design is written down, apart from what it computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from gelugen.errors import GelugenError, short
from gelugen.identifiers import check_identifier
from gelugen.networks import Network

ROM_STYLES = ("auto", "logic", "block")
"""Where tables go in an FPGA: as the tool sees fit, in logic, in block RAM."""
STYLES = ("plain", "xc7", "ice40")
"""How sums, folds and saturation are written: plainly, or so that a family's synthesis takes fewer lookup tables."""
NETWORK = "network:"
"""Before a network's text (``gelugen.networks``): as ``ice40``, but where that writes a table of all codes, it is the
network of functions of four inputs."""
MEMORY_FILES = ("hex", "coe", "mif")
"""Formats of tables that can stand beside the ``.mem`` files."""
HEADERS = ("auto", "single", "split")
"""How the C is written: as one header, as a header and a source file, or by the size of the tables."""
MOST_LANES = 64
MOST_REGISTERS = 64


@dataclass(frozen=True)
class Target:
    """How a design is written down, apart from what it computes.

    Attributes:
        name: the identifier of the C function, of the Verilog module and of the folder.
        pipeline: registers from input to output of the Verilog module; 0 is combinational, None what is usual for
            the design.
        lanes: samples a clock.
        stream: whether there is an AXI4-Stream wrapper beside the module, which then has an enable.
        rom: ``auto``, ``logic`` or ``block``: where the tables go.
        writable: whether the tables' words can be rewritten at run time.
        style: ``plain``, ``xc7``, ``ice40``, or ``network:`` and a network: how the logic is written.
        memory: formats of the tables beside ``.mem``: ``hex``, ``coe``, ``mif``.
        header: ``auto``, ``single`` or ``split``: whether the C is one header, or a header and a source file.
    """

    name: str
    pipeline: int | None = None
    lanes: int = 1
    stream: bool = False
    rom: str = "auto"
    writable: bool = False
    memory: tuple[str, ...] = ()
    style: str = "plain"
    header: str = "auto"

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            GelugenError: a field is not known or out of range.
        """
        check_identifier(self.name)
        if self.pipeline is not None and not 0 <= self.pipeline <= MOST_REGISTERS:
            raise GelugenError(
                f"pipeline {self.pipeline} is out of range: it must be 0 (combinational) to {MOST_REGISTERS} registers"
            )
        if not 1 <= self.lanes <= MOST_LANES:
            raise GelugenError(f"lanes {self.lanes} is out of range: it must be 1 to {MOST_LANES} samples a clock")
        if self.rom not in ROM_STYLES:
            raise GelugenError(f"rom {short(self.rom)} is not known: it must be one of {', '.join(ROM_STYLES)}")
        if self.style.startswith(NETWORK):
            Network.parse(self.style.removeprefix(NETWORK))
        elif self.style not in STYLES:
            raise GelugenError(f"style {short(self.style)} is not known: it must be one of {', '.join(STYLES)}")
        if self.header not in HEADERS:
            raise GelugenError(f"header {short(self.header)} is not known: it must be one of {', '.join(HEADERS)}")
        if unknown := [each for each in self.memory if each not in MEMORY_FILES]:
            raise GelugenError(f"memory {short(unknown[0])} is not known: it must be of {', '.join(MEMORY_FILES)}")
        if self.pipeline == 0 and self.rom == "block":
            raise GelugenError("rom block is not possible with pipeline 0: a block RAM has a register, take 1 or more")
        if self.pipeline == 0 and self.writable:
            raise GelugenError("writable is not possible with pipeline 0: words are written by a clock, take 1 or more")

    @classmethod
    def parse(cls, name: str, given: Mapping[str, Any]) -> Target:
        """A target of a name and of what a TOML table, a manifest or the command line says.

        Numbers and flags may be texts; ``memory`` a list, or names by commas.

        Raises:
            GelugenError: a field is malformed, or as for the class.
        """
        known: dict[str, Any] = {}
        for key, value in given.items():
            if key in ("pipeline", "lanes"):
                known[key] = _number(key, value)
            elif key in ("stream", "writable"):
                known[key] = _flag(key, value)
            elif key == "memory":
                known[key] = tuple(value.split(",")) if isinstance(value, str) else tuple(map(str, value))
            else:
                known[key] = str(value)
        return cls(name, **known)

    def fields(self) -> dict[str, str]:
        """All but the name, where it is not the default, as text; ``Target.parse`` takes it."""
        data: dict[str, str] = {}
        for each in fields(self)[1:]:
            value = getattr(self, each.name)
            if value != each.default:
                text = ",".join(value) if isinstance(value, tuple) else str(value)
                data[each.name] = "true" if value is True else text
        return data


TARGET_KEYS = tuple(each.name for each in fields(Target))[1:]
"""The keys of a target, but for its name."""


def _number(key: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9:
        return int(value)
    raise GelugenError(f"{key} {short(str(value))} must be a whole number")


def _flag(key: str, value: object) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise GelugenError(f"{key} {short(str(value))} must be true or false")
