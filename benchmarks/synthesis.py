"""Lookup tables of erf-GELU by Yosys, beside our goals and the best figures that others publish.

``python benchmarks/synthesis.py`` prints the tables, ``--fmax`` the last one alone: the clock frequency of a pipelined
design beside that of a registered table of 256 bytes. ``--docs`` measures the designs of ``rtl_out/`` instead and
writes them into ``docs/synthesis.md``.

Every case is the whole function, in and out, without registers, and its guarantee is checked over every code. Of
the designs listed for a case the one with the fewest lookup tables is shown, for each family by itself. The commands
are those of the published figures: ``synth_ice40 -nobram``, where SB_LUT4 counts, and ``synth_xilinx -family xc7
-flatten -nobram -nolutram -nodsp -noiopad``, where LUT1 to LUT6 count and CARRY4, MUXF7 and MUXF8 stand beside; where
DSP is allowed, without ``-nodsp``. INV cells are LUT1s that invert, which no published sum counts; they stand beside.

The figures of others are quoted, not measured in this run: FloPoCo's table, multipartite and piecewise polynomial
generators on the same function and formats, and CompressedLUT's lossless compression of the table of all codes,
through the same Yosys 0.23.
"""

import argparse
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from gelugen.emit import emit
from gelugen.pipeline import levels
from gelugen.schedule import deepest
from gelugen.search import build
from gelugen.spec import Spec, Target
from gelugen.synthesis import DEVICES, FAMILIES, Measured, Resources, Task, find, fmax, nextpnr_version, run_tasks

TOP = Path(__file__).resolve().parents[1]
DOCUMENT, EXAMPLES = TOP / "docs" / "synthesis.md", TOP / "rtl_out"
BEGIN, END = "<!-- measured: python benchmarks/synthesis.py --docs -->", "<!-- end of what was measured -->"

SEEDS = 7
"""Placements of each module whose clock frequency is compared; the median counts."""

DSP = 100
"""What a DSP block counts as in lookup tables where the best design is chosen, so that none is spent on a few."""


@dataclass(frozen=True)
class Case:
    """A row of the comparison.

    Attributes:
        form: the format in and out.
        guarantee: of the spec.
        dsps: whether DSP blocks are allowed.
        designs: what of ours competes: fields of ``Spec`` beside function, formats and guarantee. The one with the
            fewest lookup tables counts. New designs are added here.
        elsewhere: the best published figure by family, quoted with its source.
        goal: what we set out for, by family.
    """

    form: str
    guarantee: str
    dsps: bool
    designs: tuple[Mapping[str, str], ...]
    elsewhere: Mapping[str, str]
    goal: Mapping[str, str]

    def sources(self, fields: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        """The name of a design and its texts, combinational."""
        spec = Spec("gelu", self.form, self.form, self.guarantee, **fields)
        unit = build(spec)
        return unit.architecture, emit(unit, combinational("dut"))


def combinational(name: str) -> Target:
    """A target without registers."""
    known = {field.name for field in fields(Target)}
    return Target(name, **({"pipeline": 0} if "pipeline" in known else {}))


def architectures(*names: str) -> tuple[Mapping[str, str], ...]:
    """Fields of specs that ask for these architectures."""
    return tuple({"architecture": name} for name in names)


CASES = (
    Case(
        "q3.4",
        "correct",
        False,
        architectures(
            "table", "residual-table", "residual-free-constant", "residual-dyadic-constant", "residual-sum-of-tables"
        ),
        {"ice40": "29, FloPoCo ALPHA", "xc7": "20, FloPoCo ALPHA"},
        {"ice40": "20", "xc7": "17"},
    ),
    Case(
        "q3.12",
        "faithful",
        False,
        architectures(
            "residual-uniform-linear",
            "residual-dyadic-linear",
            "residual-uniform-quadratic",
            "residual-dyadic-quadratic",
            "residual-sum-of-tables",
        ),
        {"ice40": "575, FloPoCo multipartite", "xc7": "350, FloPoCo multipartite"},
        {"ice40": "210", "xc7": "115"},
    ),
    Case(
        "q3.12",
        "correct",
        False,
        architectures("residual-uniform-quadratic", "residual-dyadic-quadratic", "residual-dyadic-cubic"),
        {
            "ice40": "1522, CompressedLUT; FloPoCo's core alone",
            "xc7": "974, CompressedLUT; FloPoCo's core alone",
        },
        {"ice40": "600", "xc7": "260"},
    ),
    Case(
        "q3.12",
        "faithful",
        True,
        architectures("residual-uniform-quadratic", "residual-dyadic-quadratic"),
        {"xc7": "118 and 4 DSP, FloPoCo, degree 2"},
        {"xc7": "40 and 2 DSP"},
    ),
    Case(
        "q3.12",
        "correct",
        True,
        architectures("residual-uniform-quadratic", "residual-dyadic-quadratic"),
        {},
        {"xc7": "140 and 2 DSP"},
    ),
)


def console() -> Console:
    """As wide as any table."""
    return Console(width=300)


def cost(resources: Resources) -> int:
    """What the best design of a case has the least of."""
    return resources.luts + DSP * resources.dsps


def compare() -> None:
    """Print the best of ours for every case and family, beside goals and figures of others."""
    told, tasks = [], []
    emitted: dict[tuple[str, str, str], tuple[str, Mapping[str, str]]] = {}
    for case in CASES:
        for asked in case.designs:
            key = (case.form, case.guarantee, repr(sorted(asked.items())))
            if key not in emitted:
                emitted[key] = case.sources(asked)
            name, sources = emitted[key]
            for family in case.goal:
                told.append((case, family, name))
                tasks.append(Task(sources, "dut", family, brams=False, dsps=case.dsps))
    best: dict[tuple[int, str], tuple[str, Resources]] = {}
    for number, found in run_tasks(tasks):
        case, family, name = told[number]
        at = CASES.index(case), family
        if at not in best or (cost(found.resources), name) < (cost(best[at][1]), best[at][0]):
            best[at] = name, found.resources
    columns = (
        "case", "DSP allowed", "family", "best of ours", "LUTs", "carry", "wide muxes", "INV", "DSP", "goal, at most",
        "best elsewhere, quoted",
    )  # fmt: skip
    table = Table(*columns, box=MARKDOWN, title=f"erf-GELU, combinational, Yosys {find().version}")
    places = [(number, family) for number, case in enumerate(CASES) for family in FAMILIES if family in case.goal]
    for number, family in places:
        case, (name, got) = CASES[number], best[number, family]
        counts = (got.luts, got.carry, got.wide_muxes, got.inverters, got.dsps)
        table.add_row(
            f"{case.form} {case.guarantee}",
            "yes" if case.dsps else "no",
            family,
            name,
            *map(str, counts),
            case.goal[family],
            case.elsewhere.get(family, "-"),
        )
    console().print(table)


# -- the clock -------------------------------------------------------------------------------------------------


def registered_table() -> str:
    """A table of 256 bytes with one register behind it: the correctly rounded codes of GELU in q3.4."""
    codes = Spec("gelu", "q3.4", "q3.4").golden().codes.tolist()
    rows = [f"            8'd{index % 256}: out_data <= 8'd{code % 256};" for index, code in enumerate(codes, -128)]
    return "\n".join(
        [
            "module dut (input wire clk, input wire [7:0] in_data, output reg [7:0] out_data);",
            "    always @(posedge clk)",
            "        case (in_data)",
            *rows,
            "        endcase",
            "endmodule",
            "",
        ]
    )


def clocks() -> None:
    """Print the clock frequency of the pipelined faithful design, beside that of a registered table of 256 bytes.

    Both have their words in block RAM and go through the same commands, seeds and registers around them. The design is
    the sum of tables without a fold, with a register wherever it takes one.
    """
    design = build(Spec("gelu", "q3.12", "q3.12", "faithful", "sum-of-tables"))
    depth = deepest(levels(design))
    modules = {
        "256x8 table, registered": {"dut.v": registered_table()},
        f"q3.12 faithful, {design.architecture}, {depth} clocks": emit(design, Target("dut", depth, rom="block")),
    }
    columns = ("module", "ice40 MHz, median", "of the table's", f"seeds 1 to {SEEDS}")
    title = f"Fmax, {DEVICES['ice40'].title}, Yosys {find().version}, {nextpnr_version('ice40')}; goal: at least 0.7"
    table, plain = Table(*columns, box=MARKDOWN, title=title), 0.0
    for name, sources in modules.items():
        found = fmax(sources, "dut", "ice40", brams=True, dsps=False, seeds=SEEDS)
        plain = plain or found.mhz
        table.add_row(
            name, f"{found.mhz:.1f}", f"{found.mhz / plain:.2f}", ", ".join(f"{each:.0f}" for each in found.seeds)
        )
    console().print(table)


# -- docs/synthesis.md -----------------------------------------------------------------------------------------


def rows(speed: bool = True) -> Iterator[tuple[str, str, bool, Measured]]:
    """Of every design of ``rtl_out/``: name, family, whether block RAM and DSP are allowed, and what was measured."""
    told, tasks = [], []
    for folder in sorted(EXAMPLES.iterdir()):
        sources = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
        for family in FAMILIES:
            for allowed in (False, True):
                told.append((folder.name, family, allowed))
                placed = speed and family in DEVICES
                tasks.append(Task(sources, folder.name, family, brams=allowed, dsps=allowed, fmax=placed))
    found = dict(run_tasks(tasks))
    for number, (name, family, allowed) in enumerate(told):
        yield name, family, allowed, found[number]


def document() -> str:
    """What ``docs/synthesis.md`` holds between its two marks."""
    tools = [f"Yosys {find().version}", *map(nextpnr_version, DEVICES)]
    lines = [
        f"Measured with {', '.join(tools)}.",
        "",
        "| design | family | block RAM, DSP | LUTs | INV | FF | carry | wide muxes | BRAM | DSP | Fmax, MHz |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, family, allowed, found in rows():
        got = found.resources
        counts = (
            got.luts, got.inverters, got.flip_flops, got.carry, got.wide_muxes, got.block_rams, got.dsps,
        )  # fmt: skip
        speed = f"{found.fmax.mhz:.0f}" if found.fmax else "-"
        cells = (name, family, "allowed" if allowed else "no", *map(str, counts), speed)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(["", *lines, ""])


def put(made: str, begin: str, end: str, document: Path = DOCUMENT) -> None:
    """Write what was measured between two marks of a document."""
    text = document.read_text(encoding="utf-8")
    pattern = f"{re.escape(begin)}.*{re.escape(end)}"
    text, count = re.subn(pattern, lambda _: f"{begin}\n{made}\n{end}", text, count=1, flags=re.DOTALL)
    if not count:
        raise SystemExit(f"{document} has no place between {begin} and {end}")
    document.write_text(text, encoding="utf-8")


def main() -> None:
    """Print the tables, or write the document."""
    parser = argparse.ArgumentParser(description="Lookup tables of erf-GELU by Yosys, beside figures of others.")
    parser.add_argument("--docs", action="store_true", help=f"write {DOCUMENT.relative_to(TOP)} instead")
    parser.add_argument("--fmax", action="store_true", help="print the clock frequencies alone")
    asked = parser.parse_args()
    if asked.docs:
        put(document(), BEGIN, END)
        return
    if not asked.fmax:
        compare()
    clocks()


if __name__ == "__main__":
    main()
