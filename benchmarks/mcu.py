"""Instructions an element and bytes on microcontroller cores: our activations beside what others do.

``python benchmarks/mcu.py`` prints the tables; ``--docs`` writes them into ``docs/mcu.md`` too; ``--core NAME`` takes
one core, more with more of them. It needs the cross compilers and QEMU (``make setup-all``).

Every figure is measured in this run: executed instructions by QEMU, ``gelugen.cores.counting``, in an array function
compiled with -O2. The peers in ``benchmarks/mcu/`` are written from their published description, by us: what their
makers compile may take a few instructions more or fewer. Those of integers are first compared with gelugen's NumPy
models of the same runtimes, bit for bit.
"""

import argparse
import ctypes
import math
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table
from synthesis import put

from gelugen.accuracy import shown
from gelugen.cores import CORES, Kernel, array_function, count, missing, sizes
from gelugen.cores.counting import BLOCK, LEVEL, NEAR
from gelugen.cores.objective import least_on_core
from gelugen.dialects import sigmoid_table
from gelugen.dialects.litert_gelu16 import knots, lookup
from gelugen.emit import emit
from gelugen.formats import Codes, parse_format
from gelugen.spec import Spec, Target
from gelugen.tools import tool_version, workshop

HERE = Path(__file__).resolve().parent / "mcu"
DOCUMENT = HERE.parents[1] / "docs" / "mcu.md"
BEGIN, END = "<!-- measured: python benchmarks/mcu.py --docs -->", "<!-- end of the measurements -->"
COUNTED = [name for name in CORES if CORES[name].tick is not None]

Q3_12, INT8 = "q3.12", "int8:scale=0.05,zero_point=-3"
OURS = {
    "gelugen, q3.12 faithful, tables of 512 bytes at most": (Spec("gelu", Q3_12, Q3_12, "faithful"), 512),
    "gelugen, q3.12 faithful, tables of 96 bytes at most": (Spec("gelu", Q3_12, Q3_12, "faithful"), 96),
    "gelugen, int8 correct": (Spec("gelu", INT8, "int8:scale=fit", "correct"), 256),
}
"""What is asked for, and the most bytes of tables; each core has the design of its own objective ``instructions``."""

NEWLIB = ("-lm", "-lc")
LIBRARIES = {"rv32imac": ("--specs=picolibc.specs", "-lm", "-lc")}
"""Where erff and tanhf come from: newlib, as Debian has it for Arm, and picolibc."""
FPU = {
    "cortex-m4": ("-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    "cortex-m7": ("-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
    "cortex-m33": ("-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
}
"""What lets the compiler use the floating-point unit of a core that has one; Cortex-M55 always does."""
STEPS = "Executed instructions for an element: mean over |x| < 4 / worst code"
WEIGHTS = "Bytes: code + tables"
EVERY_16TH, FEW = 16, 64
"""The worst code of a float kernel is looked for among so many fewer, and so many are counted at once: a code may take
thousands of instructions."""


@dataclass(frozen=True)
class Peer:
    """A kernel of others.

    Attributes:
        title: what it is.
        file: its header in ``benchmarks/mcu/``, without ``.h``; its function is called so too, with ``_n``.
        spec: the function and formats that it is compared with.
        table: its constants, if it has some, with their C type.
        model: what gelugen's NumPy model of it gives for all codes; None for float.
        flags: of the compiler, beside -O2.
    """

    title: str
    file: str
    spec: Spec
    table: Callable[[], tuple[str, Codes]] | None = None
    model: Callable[[], Codes] | None = None
    flags: tuple[str, ...] = ()

    def kernel(self, core: str) -> Kernel:
        """Its files."""
        names = [self.file] if self.table else [self.file, "float_gelu"]
        files = {f"{name}.h": (HERE / f"{name}.h").read_text(encoding="utf-8") for name in names}
        if self.table:
            type_, values = self.table()
            files["table.h"] = f"static const {type_} TABLE[{len(values)}] = {{{', '.join(map(str, values))}}};\n"
        kind = f"int{self.spec.input.bits}_t"
        libraries = () if self.table else LIBRARIES.get(core, NEWLIB)
        return Kernel(f"{self.file}_n", files, f"{self.file}.h", (kind,), kind, libraries)

    def flags_on(self, core: str) -> tuple[str, ...]:
        """The compiler's flags."""
        return (*LEVEL, *self.flags, *(() if self.table else FPU.get(core, ())))


def gelu32(x: np.ndarray) -> np.ndarray:
    """GELU from float32 to float32: the function of which LiteRT's table has knots."""
    return np.array([0.5 * each * math.erfc(-each / math.sqrt(2)) for each in x.tolist()], dtype=np.float32)


@cache
def litert_knots() -> Codes:
    """LiteRT's table of GELU for q3.12."""
    form = parse_format(Q3_12)
    return knots(gelu32, form, form)


GELU16 = Spec("gelu", Q3_12, Q3_12)
GELU8 = Spec("gelu", INT8, "int8:scale=fit", "correct", "table")
SIGMOID = Spec("sigmoid", Q3_12, "q0.15")


def bytes_256() -> Codes:
    """GELU's codes, from that of input code 0 up, as an unsigned byte counts."""
    return np.roll(GELU8.golden().codes, 128)


PEERS = (
    Peer(
        "LiteRT's 513 knots, q3.12",
        "litert_513",
        GELU16,
        lambda: ("int16_t", litert_knots()),
        lambda: lookup(litert_knots(), GELU16.input.codes()),
    ),
    Peer(
        "CMSIS-NN's s16 sigmoid, q3.12 to q0.15",
        "cmsis_nn_sigmoid",
        SIGMOID,
        lambda: ("uint16_t", sigmoid_table.table()),
        lambda: sigmoid_table.logistic(3 * SIGMOID.input.codes()),
    ),
    Peer("float, erff, q3.12", "float_erf", GELU16),
    Peer("float, tanhf, q3.12", "float_tanh", GELU16),
    Peer(
        "256 bytes, a plain loop, int8",
        "table_256",
        GELU8,
        lambda: ("int8_t", bytes_256()),
        lambda: GELU8.golden().codes,
    ),
    Peer(
        "256 bytes, unrolled by the compiler, int8",
        "table_256",
        GELU8,
        lambda: ("int8_t", bytes_256()),
        lambda: GELU8.golden().codes,
        ("-funroll-loops",),
    ),
)


def on_this_machine(peer: Peer) -> Codes:
    """What a peer gives for all codes, compiled for this machine: erff and tanhf are those of its C library."""
    kernel = peer.kernel("")
    with workshop() as work:
        for name, text in kernel.files.items():
            (work / name).write_text(text, encoding="utf-8")
        kind = kernel.types[0]
        call = f"void run(const {kind} *in, {kind} *out, size_t n) {{ {kernel.name}(in, out, n); }}\n"
        (work / "run.c").write_text(f'#include "{kernel.header}"\n{call}', encoding="utf-8")
        words = ["gcc", "-std=c99", "-O2", "-shared", "-fPIC", "run.c", "-o", "run.so", "-lm"]
        subprocess.run(words, cwd=work, check=True)
        codes = peer.spec.input.codes().astype(kind.removesuffix("_t"))
        out = np.empty_like(codes)
        pointers = [each.ctypes.data_as(ctypes.c_void_p) for each in (codes, out)]
        ctypes.CDLL(str(work / "run.so")).run(*pointers, ctypes.c_size_t(len(codes)))
    return out.astype(np.int64)


def error(spec: Spec, codes: Codes) -> float:
    """The largest error in units of the last place, against the real function within the output's range."""
    golden = spec.golden()
    exact = golden.scaled / 2**32 + spec.output.zero_point
    return float(np.abs(codes - exact).max())


def mean_codes(spec: Spec) -> Codes:
    """The codes that the mean is over."""
    codes = spec.input.codes()
    return codes[np.abs((codes - spec.input.zero_point) * float(spec.input.scale)) < NEAR]


@dataclass(frozen=True)
class Cell:
    """What is measured of a kernel on a core."""

    mean: float
    worst: float
    code: int
    tables: int


def measure(kernel: Kernel, spec: Spec, core: str, flags: tuple[str, ...] = LEVEL) -> Cell:
    """Count and weigh a kernel."""
    every = spec.input.codes()[:: EVERY_16TH if kernel.libraries else 1]
    counts = count(kernel, core, [mean_codes(spec)], [every], flags, FEW if kernel.libraries else BLOCK)
    weight = sizes(kernel, core, flags)
    return Cell(float(counts.mean), float(counts.worst), weight.code, weight.tables)


def rows(cores: list[str]) -> Iterator[tuple[str, float, dict[str, Cell]]]:
    """Title, error and cells of every kernel, ours last."""
    for peer in PEERS:
        codes = on_this_machine(peer)
        if peer.model and (codes != peer.model()).any():
            raise SystemExit(f"{peer.title}: not what gelugen's model of it gives")
        cells = {core: measure(peer.kernel(core), peer.spec, core, peer.flags_on(core)) for core in cores}
        yield peer.title, error(peer.spec, codes), cells
    for title, (spec, flash) in OURS.items():
        cells, worst = {}, 0.0
        for core in cores:
            asked = replace(spec, objective=f"instructions:{core}", flash=flash)
            found = least_on_core(asked, Target("gelu"))
            kernel = array_function(found.design, "gelu", emit(found.design, found.target))
            cells[core] = measure(kernel, spec, core)
            worst = max(worst, error(spec, found.design.eval(spec.input.codes())))
        yield title, worst, cells


def number(value: float) -> str:
    """To two places, without zeros behind."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def main() -> None:
    """Measure, print, and write the document if that is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core", action="append", choices=COUNTED, metavar="NAME")
    parser.add_argument("--docs", action="store_true", help="write docs/mcu.md too")
    options = parser.parse_args()
    out = Console(width=300)
    cores: list[str] = options.core or COUNTED
    for sentence in filter(None, map(missing, cores)):
        out.print(f"left out: {sentence}")
    cores = [core for core in cores if not missing(core)]
    if not cores:
        raise SystemExit(1)

    steps, weights = [], []
    with out.status("building the designs") as status:
        for title, worst, cells in rows(cores):
            status.update(f"after {title}")
            head = [title, shown(worst)]
            steps.append(head + [f"{number(each.mean)} / {number(each.worst)}" for each in cells.values()])
            weights.append(head + [f"{each.code} + {each.tables}" for each in cells.values()])
    columns = ["kernel", "error, LSB", *(CORES[core].title for core in cores)]
    text = ""
    for title, lines in ((STEPS, steps), (WEIGHTS, weights)):
        table = Table(*columns, box=MARKDOWN, title=title, title_justify="left")
        text += f"\n{title}:\n\n"
        for line in (columns, ["---"] * len(columns), *lines):
            text += f"| {' | '.join(line)} |\n"
        for line in lines:
            table.add_row(*line)
        out.print(table)
    if options.docs:
        compilers = dict.fromkeys(tool_version(CORES[core].compiler) for core in cores)
        put(f"\nCompiled with -O2 by {' and '.join(compilers)}.\n{text}", BEGIN, END, DOCUMENT)


if __name__ == "__main__":
    main()
