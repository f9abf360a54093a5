"""The AXI4-Stream wrapper around a unit's module: ``NAME_axis.v``.

Ports as in Arm's AMBA AXI-Stream Protocol Specification (IHI 0051): ``aclk``, ``aresetn`` (active low, sampled at the
rising edge), ``s_axis_*`` in and ``m_axis_*`` out, each of ``tdata``, ``tvalid``, ``tready``, ``tlast`` and ``tuser``.

Every code stands in whole bytes of ``tdata``: a lane is the unit's inputs in their order, each padded, the first one
lowest; and lane after lane, lane 0 lowest. ``Bus`` is that layout.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gelugen.bank import Bank
from gelugen.bank_spec import SELECT
from gelugen.emit.contract import Contract
from gelugen.emit.rendering import render
from gelugen.formats import Codes, Format
from gelugen.spec import Target
from gelugen.units import Unit


@dataclass(frozen=True)
class Field:
    """A code within ``tdata``.

    Attributes:
        port: the port of the unit's module that it belongs to.
        form: its format.
        lane: its number among the samples of a transfer.
        low: its lowest bit in ``tdata``.
    """

    port: str
    form: Format
    lane: int
    low: int

    @property
    def top(self) -> int:
        """Its highest bit in ``tdata``."""
        return self.low + self.form.bits - 1

    @property
    def end(self) -> int:
        """The first bit past its last byte."""
        return self.low + padded(self.form)

    @property
    def pad(self) -> int:
        """Bits between its highest one and the next byte."""
        return self.end - 1 - self.top


@dataclass(frozen=True)
class Bus:
    """The layout of a ``tdata``: its fields from bit 0 up."""

    fields: tuple[Field, ...]

    @classmethod
    def of(cls, ports: Mapping[str, Format], lanes: int, shared: Collection[str] = ()) -> Bus:
        """The layout for ports, by their names, and a number of lanes; ``shared`` ports stand once, below all lanes."""
        fields, low = [], 0
        once = [port for port in ports if port in shared]
        of_lanes = [(lane, port) for lane in range(lanes) for port in ports if port not in shared]
        for lane, port in [*((0, port) for port in once), *of_lanes]:
            fields.append(Field(port, ports[port], lane, low))
            low += padded(ports[port])
        return cls(tuple(fields))

    @property
    def width(self) -> int:
        """Bits of ``tdata``."""
        return self.fields[-1].end

    @property
    def top(self) -> int:
        """The highest bit of ``tdata``."""
        return self.width - 1

    @property
    def ports(self) -> list[str]:
        """The names of the ports, the lowest first."""
        return list(dict.fromkeys(field.port for field in self.fields))

    @property
    def ignored(self) -> int:
        """A word whose set bits are those that belong to no code."""
        return sum(((1 << field.pad) - 1) << field.top + 1 for field in self.fields)

    @property
    def by_port(self) -> tuple[Field, ...]:
        """The fields port by port, each from lane 0 up: the order in which the module's ports take them."""
        return tuple(sorted(self.fields, key=lambda field: (self.ports.index(field.port), field.lane)))

    @property
    def lanes(self) -> int:
        """Samples of a transfer."""
        return self.fields[-1].lane + 1

    def words(self, codes: Mapping[str, Codes]) -> list[int]:
        """Codes by port, in each as many as fill whole transfers, as unsigned words of ``tdata``.

        Above a code's bits stand copies of its sign, or zeros if its format is unsigned. On a port that all lanes share
        the codes of lane 0 count.
        """
        words = [0] * (len(next(iter(codes.values()))) // self.lanes)
        for field in self.fields:
            mask = (1 << padded(field.form)) - 1
            for number, code in enumerate(codes[field.port][field.lane :: self.lanes].tolist()):
                words[number] |= (code & mask) << field.low
        return words


def padded(form: Format) -> int:
    """The bits of a code in whole bytes."""
    return -(-form.bits // 8) * 8


def buses(unit: Unit, lanes: int) -> tuple[Bus, Bus]:
    """The layouts of ``s_axis_tdata`` and of ``m_axis_tdata``."""
    shared = {SELECT} if isinstance(unit, Bank) else set()
    return Bus.of(unit.ports, lanes, shared), Bus.of({"out_data": unit.output}, lanes)


@dataclass(frozen=True)
class Slice:
    """A vector: of a port of the core, the bits that it takes of what a transfer carries."""

    name: str
    bits: int
    low: int

    @property
    def top(self) -> int:
        """Its highest bit."""
        return self.low + self.bits - 1


def files(
    unit: Unit,
    target: Target,
    contract: Contract,
    latency: int,
    memories: Sequence[tuple[str, str]] = (),
    write: tuple[int, int] | None = None,
) -> dict[str, str]:
    """``NAME_axis.v``.

    Args:
        unit: what the module computes.
        target: its name and lanes.
        contract: for the header.
        latency: registers from the input to the output of the unit's module, which moves while its input ``en`` is
            high; 0 for one that is combinational, and has neither ``clk`` nor ``rst`` nor ``en``.
        memories: the parameters of the unit's module and the file that each of them names, if it reads any.
        write: bits of the address and of the word of a module whose tables can be rewritten.
    """
    lanes = target.lanes
    source, sink = buses(unit, lanes)
    slices, low = [], 0
    for port in source.ports:
        bits = sum(field.form.bits for field in source.fields if field.port == port)
        slices.append(Slice(port, bits, low))
        low += bits
    spare = [field for field in reversed(source.fields) if field.pad]
    above = "copies of its sign" if unit.output.signed else "zeros"
    facts = (
        ("latency", f"{latency + 1} clocks from an accepted transfer to its result, one transfer a clock"),
        ("s_axis", f"tdata: {_describe(source)}" + ("; the bits above a code are ignored" if spare else "")),
        ("m_axis", f"tdata: {_describe(sink)}" + (f"; above a code stand {above}" if sink.ignored else "")),
    )
    name = target.name
    text = render(
        "verilog/axis.v.j2",
        name=name,
        contract=contract.lines(*facts),
        latency=latency + 1,
        depth=latency,
        memories=memories,
        write=write and (Slice("wr_addr", write[0], 0), Slice("wr_data", write[1], 0)),
        source=source,
        sink=sink,
        carried=low,
        slices=slices,
        arriving=[_part("s_axis_tdata", field.top, field.low, source.width) for field in reversed(source.by_port)],
        ignored=_joined([f"s_axis_tdata[{_range(field.end - 1, field.top + 1)}]" for field in spare]),
        padding=Slice("unused_padding", sum(field.pad for field in spare), 0) if spare else None,
        result=Slice("result", unit.output.bits * lanes, 0),
        leaving=_leaving(unit.output, lanes),
    )
    return {f"{name}_axis.v": text}


def _describe(bus: Bus) -> str:
    """The layout in words."""
    parts = []
    for field in bus.fields:
        what = field.port.removeprefix("in_").removeprefix("out_")
        what = "the code" if what == "data" else what
        lane = f" of lane {field.lane}" if sum(field.port == each.port for each in bus.fields) > 1 else ""
        parts.append(f"{what}{lane} in bits {field.top} to {field.low}")
    return ", ".join(parts)


def _range(top: int, low: int) -> str:
    return str(low) if top == low else f"{top}:{low}"


def _part(name: str, top: int, low: int, width: int) -> str:
    """Some bits of a vector; its name alone where they are all."""
    return name if (top, low) == (width - 1, 0) else f"{name}[{_range(top, low)}]"


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"


def _leaving(form: Format, lanes: int) -> list[str]:
    """The result of each lane in whole bytes, the last lane first."""
    pad, lines = padded(form) - form.bits, []
    for lane in reversed(range(lanes)):
        low, top = lane * form.bits, (lane + 1) * form.bits - 1
        parts = [_part("result", top, low, form.bits * lanes)]
        if pad:
            sign = f"result[{top}]"
            copies = sign if pad == 1 else f"{{{pad}{{{sign}}}}}"
            parts.insert(0, copies if form.signed else f"{pad}'d0")
        lines.append(", ".join(parts) if lanes > 1 else _joined(parts))
    return lines
