"""A netlist as Yosys writes it to JSON: what reaches what without a register, and how many registers lie between."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Bit = int
"""A net of one bit. Constants are strings in the JSON, and are left out."""

_REGISTER = "$dff", "$dffe", "$sdff", "$sdffe", "$sdffce"
_STATE = "ff", "dlatch", "sr", "mem", "fsm"
"""What is in the type of every cell that keeps state."""
_READ = "$memrd", "$memrd_v2"
_NO_LOGIC = "$memwr", "$memwr_v2", "$meminit", "$meminit_v2", "$scopeinfo", "$print", "$check"
"""Cells that drive nothing."""


class RefusedError(Exception):
    """The netlist is not as it should be; the message says where."""


@dataclass(frozen=True)
class Driver:
    """What drives a bit.

    Attributes:
        kind: the type of the cell.
        inputs: bits that it is computed from: at once, or for a register at the clock, its reset among them.
        enable: of a register, the bit without which it keeps its value, whatever else; None if there is none.
        at: its place in the source, for messages.
    """

    kind: str
    inputs: tuple[Bit, ...]
    enable: Bit | None = None
    at: str = ""

    @property
    def is_register(self) -> bool:
        """Whether it keeps its value until a clock."""
        return self.kind in _REGISTER


class Netlist:
    """One module, flat.

    Attributes:
        ports: bits by the name of the port.
        inputs: names of the input ports.
        nets: bits by the name of the net.
    """

    def __init__(self, text: str, top: str) -> None:
        """Read what ``write_json`` gave.

        Raises:
            RefusedError: a cell is of a kind that cannot be judged.
        """
        module = json.loads(text)["modules"][top]
        self.ports: dict[str, list[Any]] = {name: each["bits"] for name, each in module["ports"].items()}
        self.inputs = {name for name, each in module["ports"].items() if each["direction"] != "output"}
        self.nets: dict[str, list[Any]] = {name: each["bits"] for name, each in module["netnames"].items()}
        self._drivers: dict[Bit, Driver] = {}
        for cell in module["cells"].values():
            self._drivers.update(_drivers(cell))
        self._outside = {bit: name for name in self.inputs for bit in _bits(self.ports[name])}

    def inputs_behind(self, port: str) -> set[str]:
        """The input ports that reach an output port without a register."""
        found, seen, todo = set(), set(), _bits(self.ports[port])
        while todo:
            bit = todo.pop()
            if bit in seen:
                continue
            seen.add(bit)
            if bit in self._outside:
                found.add(self._outside[bit])
            elif (driver := self._drivers.get(bit)) and not driver.is_register:
                todo += driver.inputs
        return found

    def registers_between(self, sources: Iterable[Any], sinks: Iterable[Any], enable: Bit) -> set[int]:
        """On how many registers the paths between bits lie, if every path ends at a source.

        Args:
            sources: where paths start.
            sinks: where they end.
            enable: what every register on them must have as its clock enable.

        Raises:
            RefusedError: a path comes from elsewhere or in a circle, two of them meet that lie on different numbers of
                registers, or a register does not wait for the enable.
        """
        depths: dict[Bit, int | None] = dict.fromkeys(_bits(sources), 0)
        result = set()
        for sink in _bits(sinks):
            self._measure(sink, depths, enable)
            if (depth := depths[sink]) is not None:
                result.add(depth)
        return result

    def _measure(self, sink: Bit, depths: dict[Bit, int | None], enable: Bit) -> None:
        """Fill in the depth of a bit and of all before it; that of a constant is None. Depth first, no recursion."""
        todo, open_ = [sink], set()
        while todo:
            bit = todo[-1]
            if bit in depths:
                todo.pop()
                continue
            driver = self._drivers.get(bit)
            if driver is None:
                raise RefusedError(
                    f"the input {self._outside[bit]}" if bit in self._outside else "a net without driver"
                )
            if driver.is_register and driver.enable != enable:
                raise RefusedError(f"a register that does not wait for the pipeline{driver.at}")
            unknown = [each for each in driver.inputs if each not in depths]
            if unknown:
                if bit in open_:
                    raise RefusedError(f"a path in a circle{driver.at}")
                open_.add(bit)
                todo += unknown
                continue
            known = {depth for each in driver.inputs if (depth := depths[each]) is not None}
            if len(known) > 1:
                raise RefusedError(f"samples of {len(known)} stages in one expression{driver.at}")
            depth = known.pop() if known else None
            depths[bit] = depth + 1 if depth is not None and driver.is_register else depth
            todo.pop()


def _bits(bits: Iterable[Any]) -> list[Bit]:
    return [bit for bit in bits if isinstance(bit, int)]


def _drivers(cell: Mapping[str, Any]) -> dict[Bit, Driver]:
    """What a cell drives, bit by bit for a register and for logic without carries."""
    kind, wires = cell["type"], cell["connections"]
    at = cell.get("attributes", {}).get("src", "")
    at = f" ({at.split('|')[-1]})" if at else ""
    if kind in _NO_LOGIC:
        return {}
    if kind in _REGISTER:
        enable = next(iter(_bits(wires.get("EN", []))), None)
        # The resets of $sdff and $sdffe come before the enable.
        holds = kind in ("$dffe", "$sdffce") and int(cell["parameters"]["EN_POLARITY"], 2) == 1
        return {
            q: Driver(kind, tuple(_bits([d, *wires.get("SRST", [])])), enable if holds else None, at)
            for d, q in zip(wires["D"], wires["Q"], strict=True)
            if isinstance(q, int)
        }
    if kind in _READ:
        if int(cell["parameters"]["CLK_ENABLE"], 2):
            raise RefusedError(f"a memory with a register of its own{at}")
        return dict.fromkeys(_bits(wires["DATA"]), Driver(kind, tuple(_bits(wires["ADDR"])), at=at))
    if any(each in kind for each in _STATE) or not kind.startswith("$"):
        raise RefusedError(f"a cell {kind}{at}")
    outputs = [name for name, direction in cell["port_directions"].items() if direction == "output"]
    if kind in ("$mux", "$pmux", "$and", "$or", "$xor", "$not") and _aligned(cell):
        return _bitwise(kind, wires, at)
    inputs = tuple(bit for name, bits in wires.items() if name not in outputs for bit in _bits(bits))
    return {bit: Driver(kind, inputs, at=at) for name in outputs for bit in _bits(wires[name])}


def _aligned(cell: Mapping[str, Any]) -> bool:
    """Whether bit i of the result depends on bit i of the operands alone, and on a select."""
    wires, width = cell["connections"], len(cell["connections"]["Y"])
    return all(len(wires[name]) % width == 0 for name in ("A", "B") if name in wires)


def _bitwise(kind: str, wires: Mapping[str, Any], at: str) -> dict[Bit, Driver]:
    width, common = len(wires["Y"]), _bits(wires.get("S", []))
    result = {}
    for number, bit in enumerate(wires["Y"]):
        if isinstance(bit, int):
            own = [*wires["A"][number::width], *wires.get("B", [])[number::width]]
            result[bit] = Driver(kind, (*_bits(own), *common), at=at)
    return result
