"""A target made concrete for one design: where its registers stand, and how its tables are written."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gelugen.design import Design, Uniform
from gelugen.emit.layout import Layout
from gelugen.errors import GelugenError
from gelugen.networks import Network
from gelugen.pipeline import planned
from gelugen.schedule import Schedule
from gelugen.target import NETWORK, Target

LARGEST_SOURCE = 4096
"""Words of a table that stand in the source; larger ones are read from the .mem file by $readmemh."""

_ROM = {
    "auto": "",
    "logic": '(* rom_block = "logic", rom_style = "distributed", romstyle = "logic", syn_romstyle = "logic" *)',
    "block": '(* rom_style = "block", syn_romstyle = "block_rom" *)',
}
"""Where a table goes, for Yosys, Vivado, Quartus and Synplify. Yosys takes the first that it knows: ``rom_block`` of
IEEE 1364.1, which only it reads, keeps it from ``distributed``, an error where a device has no such memory."""
_RAM = {
    "auto": "",
    "logic": '(* ram_block = "logic", ram_style = "distributed", ramstyle = "logic", syn_ramstyle = "registers" *)',
    "block": '(* ram_style = "block", syn_ramstyle = "block_ram" *)',
}
"""The same for a table that can be rewritten. Quartus is told no type of block, since each device has its own."""


@dataclass(frozen=True)
class Writing:
    """How a design's module is written.

    Attributes:
        schedule: where registers stand.
        lanes: samples a clock.
        enable: whether the pipeline moves only while ``en`` is high.
        writable: whether words can be rewritten.
        rom: ``auto``, ``logic`` or ``block``.
        style: ``plain``, a family for which sums and folds are written, see ``gelugen.emit.styling``, or a network, see
            ``gelugen.emit.wiring``.
    """

    schedule: Schedule
    lanes: int = 1
    enable: bool = False
    writable: bool = False
    rom: str = "auto"
    style: str = "plain"

    @classmethod
    def of(cls, design: Design, target: Target) -> Writing:
        """A target for one design.

        Raises:
            GelugenError: the design has no table where one is needed, or fewer steps than the pipeline.
        """
        if not any(term.width for term in design.terms):
            for asked, text in ((target.writable, "writable is"), (target.rom == "block", "rom block is")):
                if asked:
                    raise GelugenError(f"{text} asked for, and this design stores no word: leave it out")
        memory = target.writable or any(
            in_memory(layout, target.rom) for layout in Layout.all(design) if layout.term.width
        )
        schedule = planned(design, target.pipeline, memory, target.writable)
        return cls(
            schedule,
            target.lanes,
            target.stream and schedule.depth > 0,
            target.writable,
            target.rom,
            target.style,
        )

    @property
    def network(self) -> Network | None:
        """The network that the style names, if it names one."""
        return Network.parse(self.style.removeprefix(NETWORK)) if self.style.startswith(NETWORK) else None

    @property
    def staged(self) -> Writing:
        """How all but a network is written."""
        return replace(self, style="ice40") if self.network else self

    @property
    def attribute(self) -> str:
        """What tells tools where a table goes, before its declaration; nothing where they are free."""
        return (_RAM if self.writable else _ROM)[self.rom]

    @property
    def statement(self) -> str:
        """The same before a case."""
        return "(* logic_block *)" if self.rom == "logic" else ""

    def in_memory(self, layout: Layout) -> bool:
        """Whether a term's words are a memory, and no arms of a case."""
        return bool(layout.term.width) and (self.writable or in_memory(layout, self.rom))


def in_memory(layout: Layout, rom: str) -> bool:
    """Whether words are a memory: where block RAM is asked for, or where they come from a file."""
    return rom == "block" or from_file(layout)


def from_file(layout: Layout) -> bool:
    """Whether words come from a file: never those of a map that compares, whose arms stand here anyway."""
    return layout.depth + padding(layout) > LARGEST_SOURCE and not layout.starts


def padding(layout: Layout) -> int:
    """Zero words behind those of a memory, where with them every address has a word and no end has to be compared."""
    term = layout.term
    index = layout.u_bits - term.dx_bits
    if not isinstance(term.map, Uniform) or any(each.base for each in term.coefficients):
        return 0
    return (1 << index) - term.depth if term.depth > 1 << index >> 1 else 0
