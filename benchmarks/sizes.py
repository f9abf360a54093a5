"""ROM bits of erf-GELU by architecture, beside our goals and the best figures that others publish.

Run it with ``python benchmarks/sizes.py``.

Each row is searched once, in this process, with the objective ``rom-bits``. Its guarantee is then checked over every
code. ROM bits count every stored word, each base once, and the segment maps, as ``Design.rom_bits`` does.

``fewest`` is a lower bound: no polynomials of this degree with real coefficients and exact products keep the guarantee
on fewer such segments, with one constant for all codes past them (or two, and a comparison, past a power of two).
``complete`` says that the search has tried its whole family (``search`` in the manifest says which family); all others
are heuristic, and a smaller design of the same architecture may exist.

The figures of others are quoted, not measured in this run: FloPoCo's are of its table and piecewise polynomial
generators on the same function and formats, CompressedLUT's is of its lossless compression of the table of all codes.
"""

import time

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from gelugen.accuracy import check, shown
from gelugen.architectures import AUTO, get_architecture
from gelugen.design import Design
from gelugen.fit.bounds import r_bounds
from gelugen.fit.polynomials.shapes import shapes
from gelugen.objectives import Objective
from gelugen.search import build
from gelugen.spec import Spec

UNIFORM_LINES = "6144, FloPoCo uniform lines, and not faithful"
PARABOLAS = "1792, FloPoCo ALPHA, degree 2"
CUBICS = "720, FloPoCo, the core of degree 3 alone"
TABLES = "15104, FloPoCo multipartite"
COMPRESSED = "32414, CompressedLUT"
BYTE = "132, FloPoCo without a multiplier"

ROWS: list[tuple[str, str, str, int | None, str]] = [
    # format in and out, guarantee, architecture ("no multiplier": auto without one), goal, elsewhere
    ("q3.12", "faithful", AUTO, 205, PARABOLAS),
    ("q3.12", "faithful", "residual-uniform-quadratic", 432, PARABOLAS),
    ("q3.12", "faithful", "residual-dyadic-quadratic", 320, PARABOLAS),
    ("q3.12", "faithful", "residual-free-quadratic", None, ""),
    ("q3.12", "faithful", "residual-uniform-cubic", 264, CUBICS),
    ("q3.12", "faithful", "residual-dyadic-cubic", 205, CUBICS),
    ("q3.12", "faithful", "residual-free-cubic", None, ""),
    ("q3.12", "faithful", "residual-uniform-linear", 2304, UNIFORM_LINES),
    ("q3.12", "faithful", "residual-dyadic-linear", 1040, UNIFORM_LINES),
    ("q3.12", "faithful", "residual-free-linear", None, ""),
    ("q3.12", "faithful", "residual-sum-of-tables", 4400, TABLES),
    ("q3.12", "correct", AUTO, 1060, COMPRESSED),
    ("q3.12", "correct", "residual-uniform-quadratic", 2575, ""),
    ("q3.12", "correct", "residual-dyadic-quadratic", 1905, ""),
    ("q3.12", "correct", "residual-free-quadratic", None, ""),
    ("q3.12", "correct", "residual-dyadic-cubic", 1060, ""),
    ("q3.12", "correct", "residual-free-cubic", None, ""),
    ("q3.12", "correct", "residual-dyadic-linear", 5980, ""),
    ("q3.12", "correct", "residual-sum-of-tables", None, ""),
    ("q3.4", "correct", "no multiplier", 72, BYTE),
    ("q2.5", "correct", "no multiplier", 192, ""),
    ("q1.6", "correct", "no multiplier", 208, ""),
    ("q3.4", "correct", "residual-free-linear", None, ""),
    ("q3.4", "correct", "residual-free-quadratic", None, ""),
    ("q3.4", "correct", AUTO, 40, ""),
    ("q2.5", "correct", AUTO, 60, ""),
    ("q1.6", "correct", AUTO, 110, ""),
]


def asked(form: str, guarantee: str, architecture: str) -> Spec:
    """The spec of a row."""
    if architecture == "no multiplier":
        return Spec("gelu", form, form, guarantee, objective="rom-bits", exclude=("multiplier",))
    return Spec("gelu", form, form, guarantee, architecture, objective="rom-bits")


def fewest(design: Design) -> int | None:
    """The fewest equal or dyadic segments on which real polynomials of the design's degree keep its guarantee."""
    entry, spec = get_architecture(design.architecture), design.spec
    if entry.segments not in ("uniform", "dyadic") or not entry.degree or spec.guarantee is None:
        return None
    bounds = r_bounds(spec, spec.golden(), entry, spec.guarantee)
    if entry.segments == "uniform":
        return min(shape.count for shape in shapes(bounds, entry.degree, split=False))
    return min(int(shape.nodes.fewest[shape.nodes.span][0]) for shape in shapes(bounds, entry.degree, split=True))


def segments(design: Design) -> str:
    """How many words the table has, or how many tables are added."""
    depths = [term.depth for term in design.terms if term.width or term.degree]
    if get_architecture(design.architecture).segments == "sum":
        return f"{len(depths)} tables"
    return " + ".join(map(str, depths))


def main() -> None:
    """Print the table."""
    columns = (
        "case", "asked", "found", "ROM bits", "goal", "segments", "fewest", "multiplier bits", "max ulp", "search",
        "seconds", "elsewhere, quoted",
    )  # fmt: skip
    table = Table(*columns, box=MARKDOWN, title="erf-GELU, the format in and out, one run each")
    for form, guarantee, architecture, goal, elsewhere in ROWS:
        spec = asked(form, guarantee, architecture)
        spec.golden()
        start = time.perf_counter()
        design = build(spec)
        seconds = time.perf_counter() - start
        bound = fewest(design)
        table.add_row(
            f"{form} {guarantee}",
            architecture,
            design.architecture,
            f"{design.rom_bits}",
            "-" if goal is None else f"{goal}",
            segments(design),
            "-" if bound is None else f"{bound}",
            f"{Objective.parse('multiplier-bits')(design):.0f}",
            shown(check(design).max_ulp),
            get_architecture(design.architecture).search.split(":")[0].split()[0],
            f"{seconds:.2f}",
            elsewhere or "-",
        )
    Console(width=300).print(table)


if __name__ == "__main__":
    main()
