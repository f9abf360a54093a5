"""The description of the emitted Verilog for FuseSoC, in its format CAPI2.

Rules: FuseSoC's documentation, "CAPI2 reference". Memory files have the type ``user`` and are copied to the folder
where the tools run, as ``$readmemh`` looks for them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gelugen.emit.rendering import render
from gelugen.errors import GelugenError, short

VENDOR = "gelugen:activation"
_DATA = (".mem", ".hex", ".coe", ".mif")
_BENCH = "_tb"


@dataclass(frozen=True)
class CoreFile:
    """A file of a core: its name beside the ``.core`` file, whether it is data, whether it is included by others."""

    name: str
    data: bool = False
    included: bool = False

    @property
    def kind(self) -> str:
        """FuseSoC's type of the file."""
        return "user" if self.data else "verilogSource-2001"


@dataclass(frozen=True)
class CoreBench:
    """A test bench: its target and file set in the core, its top module, its files."""

    target: str
    fileset: str
    top: str
    files: tuple[CoreFile, ...]


def core_text(name: str, files: Sequence[str], top: str | None = None, description: str = "") -> str:
    """A core ``gelugen:activation:NAME:0`` of emitted files; other files than Verilog and memories are left out.

    Its targets are ``sim`` (Icarus Verilog under the bench of the top module) and ``sim_X`` for every other bench
    ``X_tb.v``, ``lint`` (Verilator), and ``synth`` (Yosys for iCE40).

    Args:
        name: the design's.
        files: names of files that stand beside the core, in the order in which tools read them. ``X_tb.v`` is a test
            bench, and ``X_expected.mem`` holds its expected codes.
        top: the top module, without a value the design's name.
        description: one line.

    Raises:
        GelugenError: no file holds the top module, or a file is not in the folder of the core.
    """
    top = top or name
    for file in files:
        if PurePosixPath(file).name != file:
            raise GelugenError(f"file {short(file)} of core {name}: it must stand in the folder of the core")
    sources = [file for file in files if file.endswith((".v", ".vh"))]
    if f"{top}.v" not in sources:
        raise GelugenError(f"core {name} has no file {top}.v for its top module: it has {', '.join(sources) or 'none'}")
    data = [file for file in files if file.endswith(_DATA)]
    stems = [file.removesuffix(f"{_BENCH}.v") for file in sources if file.endswith(f"{_BENCH}.v")]
    expected = {stem: [file for file in data if file == f"{stem}_expected.mem"] for stem in stems}
    benches = [
        CoreBench(
            "sim" if stem == top else f"sim_{stem}",
            "tb" if stem == top else f"tb_{stem}",
            f"{stem}{_BENCH}",
            (CoreFile(f"{stem}{_BENCH}.v"), *(CoreFile(file, data=True) for file in expected[stem])),
        )
        for stem in sorted(stems, key=lambda stem: stem != top)
    ]
    taken = {file.name for bench in benches for file in bench.files}
    rtl = [
        CoreFile(file, data=file in data, included=file.endswith(".vh"))
        for file in [*sources, *data]
        if file not in taken
    ]
    return render(
        "fusesoc/core.j2",
        core=f"{VENDOR}:{name}:0",
        description=" ".join(description.split()) or f"activation function {name}",
        top=top,
        rtl=sorted(rtl, key=lambda file: not file.included),
        benches=benches,
    )
