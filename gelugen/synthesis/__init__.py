"""What only synthesis can tell: lookup tables, registers, block RAM and DSP of a family of FPGAs, netlists, Fmax.

``measure`` takes Verilog as texts, as ``emit`` gives them, so that a search can ask before anything is on disk.
"""

from gelugen.synthesis.families import FAMILIES, Family, Resources, get_family
from gelugen.synthesis.measuring import Synthesis, cells, measure, netlist, synthesize
from gelugen.synthesis.nextpnr import DEVICES, Fmax, find_nextpnr, fmax, nextpnr_version
from gelugen.synthesis.tasks import Measured, Task, run_tasks
from gelugen.synthesis.yosys import find, missing

__all__ = [
    "DEVICES",
    "FAMILIES",
    "Family",
    "Fmax",
    "Measured",
    "Resources",
    "Synthesis",
    "Task",
    "cells",
    "find",
    "find_nextpnr",
    "fmax",
    "get_family",
    "measure",
    "missing",
    "netlist",
    "nextpnr_version",
    "run_tasks",
    "synthesize",
]
