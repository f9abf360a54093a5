"""FPGA families: how Yosys synthesizes for each, and what its cells count as."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from gelugen.errors import GelugenError, short

LUTS, FLIP_FLOPS, CARRY, WIDE, RAMS, DSPS, INVERTERS = (
    "luts",
    "flip_flops",
    "carry",
    "wide_muxes",
    "block_rams",
    "dsps",
    "inverters",
)


@dataclass(frozen=True)
class Resources:
    """What a module takes of a family, in that family's own units.

    Attributes:
        luts: lookup tables. iCE40: SB_LUT4. ECP5: LUT4, and the two inside each CCU2C. 7 series: LUT1 to LUT6. Shift
            registers and small memories in lookup tables count with as many as they take.
        flip_flops: registers of one bit.
        carry: carry cells: SB_CARRY (one bit), CCU2C (two bits), CARRY4 (four bits).
        wide_muxes: multiplexers behind lookup tables: PFUMX and L6MUX21, MUXF7 and MUXF8; iCE40 has none.
        block_rams: iCE40: of 4 Kbit; ECP5: of 18 Kbit; 7 series: halves of 18 Kbit, so that a RAMB36E1 is two.
        dsps: DSP blocks: MULT18X18D, DSP48E1. The iCE40 LP and HX parts have none.
        inverters: 7 series: INV cells, which Yosys writes for a LUT1 that inverts. The vendor's tool moves most of
            them into the next cell; one that stays takes a lookup table. They are not among ``luts``, as in published
            sums of LUT1 to LUT6.
    """

    luts: int = 0
    flip_flops: int = 0
    carry: int = 0
    wide_muxes: int = 0
    block_rams: int = 0
    dsps: int = 0
    inverters: int = 0

    def to_json(self) -> dict[str, int]:
        """All fields."""
        return asdict(self)


@dataclass(frozen=True)
class Family:
    """A family of FPGAs.

    Attributes:
        name: as on the command line.
        title: as vendors call it.
        command: the synthesis command of Yosys; the flags that forbid something take the place of the braces.
        without_brams: flags that keep memories out of block RAM and out of memories made of lookup tables.
        without_dsps: flags that keep multipliers out of DSP blocks.
        without_shifters: flags that keep registers out of lookup tables that shift.
        library: the cells for simulation, below the folder of ``Yosys.cells``.
        defines: macros that a simulator has to set for them.
        kinds: what a cell counts as: field of ``Resources`` and how many, by a pattern of the cell's name.
        free: a pattern of the cells that are no part of a design's size.
    """

    name: str
    title: str
    command: str
    without_brams: str
    without_dsps: str
    without_shifters: str
    library: str
    defines: tuple[str, ...]
    kinds: Mapping[str, tuple[tuple[str, int], ...]]
    free: str

    def synthesis(self, top: str, *, brams: bool, dsps: bool, shifters: bool = True) -> str:
        """The command for a top module; the flags stand as in the published comparisons."""
        asked = ((brams, self.without_brams), (dsps, self.without_dsps), (shifters, self.without_shifters))
        flags = [flag for allowed, flag in asked if not allowed]
        return " ".join([*self.command.format(" ".join(flags)).split(), "-top", top])

    def count(self, cells: Mapping[str, int]) -> Resources:
        """The resources that so many cells of each name are.

        Raises:
            GelugenError: a cell is not known, so that a figure without it would be too good.
        """
        counts = {field.name: 0 for field in fields(Resources)}
        for name, number in cells.items():
            kind = next((kind for pattern, kind in self.kinds.items() if re.fullmatch(pattern, name)), None)
            if kind is None and not re.fullmatch(self.free, name):
                raise GelugenError(f"Yosys left {number} cells {name} for {self.name}, which gelugen does not count")
            for field, each in kind or ():
                counts[field] += each * number
        return Resources(**counts)


_ICE40 = Family(
    "ice40",
    "Lattice iCE40 LP and HX",
    "synth_ice40 {}",
    "-nobram",
    "",  # -dsp would ask for the blocks of the UltraPlus parts
    "",
    "ice40/cells_sim.v",
    ("NO_ICE40_DEFAULT_ASSIGNMENTS",),
    {
        r"SB_LUT4": ((LUTS, 1),),
        r"SB_DFF\w*": ((FLIP_FLOPS, 1),),
        r"SB_CARRY": ((CARRY, 1),),
        r"SB_RAM40_4K\w*": ((RAMS, 1),),
    },
    r"SB_GB|SB_IO|SB_GB_IO|VCC|GND|\$scopeinfo",
)
_ECP5 = Family(
    "ecp5",
    "Lattice ECP5",
    "synth_ecp5 {}",
    "-nobram -nolutram",
    "-nodsp",
    "",
    "ecp5/cells_sim.v",
    (),
    {
        r"LUT4": ((LUTS, 1),),
        r"CCU2C": ((CARRY, 1), (LUTS, 2)),
        r"PFUMX|L6MUX21": ((WIDE, 1),),
        r"TRELLIS_FF": ((FLIP_FLOPS, 1),),
        r"TRELLIS_DPR16X4": ((LUTS, 6),),  # four that store, two that the write port takes
        r"DP16KD|PDPW16KD": ((RAMS, 1),),
        r"MULT18X18D": ((DSPS, 1),),
    },
    r"DCCA|TRELLIS_IO|VHI|VLO|GSR|PUR|\$scopeinfo",
)
_XC7 = Family(
    "xc7",
    "AMD (Xilinx) 7 series",
    "synth_xilinx -family xc7 -flatten {} -noiopad",
    "-nobram -nolutram",
    "-nodsp",
    "-nosrl",
    "xilinx/cells_sim.v",
    (),
    {
        r"LUT[1-6]": ((LUTS, 1),),
        r"SRL16E|SRLC16E|SRLC32E|RAM(16|32|64)X1S\w*": ((LUTS, 1),),
        r"RAM(16|32|64)X1D\w*|RAM128X1S\w*": ((LUTS, 2),),
        r"RAM(32|64)M|RAM128X1D|RAM256X1S": ((LUTS, 4),),
        r"MUXF[78]": ((WIDE, 1),),
        r"CARRY4": ((CARRY, 1),),
        r"FD[RSCP]E(_1)?|LD[CP]E": ((FLIP_FLOPS, 1),),
        r"RAMB18E1": ((RAMS, 1),),
        r"RAMB36E1": ((RAMS, 2),),
        r"DSP48E1": ((DSPS, 1),),
        r"INV": ((INVERTERS, 1),),
    },
    r"BUFG|IBUF|OBUF|VCC|GND|\$scopeinfo",
)

FAMILIES: Mapping[str, Family] = {each.name: each for each in (_ICE40, _ECP5, _XC7)}


def get_family(name: str) -> Family:
    """The family of a name.

    Raises:
        GelugenError: there is none.
    """
    if name not in FAMILIES:
        raise GelugenError(f"family {short(name)} is not known: it must be one of {', '.join(FAMILIES)}")
    return FAMILIES[name]
