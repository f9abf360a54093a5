"""What only a microcontroller core can tell of C texts: what they compute there, and in how many instructions.

Programs are built bare metal, with a start-up of our own (``templates/board``), and run under QEMU.
"""

from __future__ import annotations

from gelugen.cores.core import CORES, Core, core_of, missing, missing_compiler
from gelugen.cores.counting import Counts, Kernel, Sizes, array_function, count, near, sizes
from gelugen.cores.image import Ran, build, run_image

__all__ = [
    "CORES",
    "Core",
    "Counts",
    "Kernel",
    "Ran",
    "Sizes",
    "array_function",
    "build",
    "core_of",
    "count",
    "missing",
    "missing_compiler",
    "near",
    "run_image",
    "sizes",
]
