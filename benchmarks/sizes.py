"""ROM bits of erf-GELU by architecture, every design's guarantee checked over every code, beside other figures.

Run it with ``python benchmarks/sizes.py``.

ROM bits are depth times width of every stored word. The figures of others are quoted, not measured in this run:
FloPoCo's are of its table and piecewise polynomial generators on the same function and formats.
"""

from rich.console import Console
from rich.table import Table

from gelugen.accuracy import measure, shown
from gelugen.architectures import ARCHITECTURES
from gelugen.search import build
from gelugen.spec import Spec

CASES = {
    ("q3.4", "correct"): ("100 (auto)", "132, FloPoCo without a multiplier"),
    ("q3.12", "faithful"): ("2816 (uniform lines)", "6144, FloPoCo uniform lines, and not faithful"),
    ("q3.12", "correct"): ("-", "32414, CompressedLUT"),
}


def main() -> None:
    """Print the table."""
    table = Table("formats", "guarantee", "architecture", "ROM bits", "max ulp", "codes outside", "goal", "elsewhere")
    for (form, guarantee), (goal, elsewhere) in CASES.items():
        table.add_row(form, guarantee, "plain table", f"{(1 << sum_bits(form)) * sum_bits(form)}", "", "", "", "")
        designs = [build(Spec("gelu", form, form, guarantee, name)) for name in ARCHITECTURES]
        best = min(designs, key=lambda design: design.rom_bits)
        for design in designs:
            accuracy = measure(design)
            table.add_row(
                form,
                guarantee,
                design.architecture,
                f"{design.rom_bits}",
                shown(accuracy.max_ulp),
                f"{accuracy.outside}",
                goal if design is best else "",
                elsewhere if design is best else "",
            )
        table.add_section()
    Console(width=150).print(table)


def sum_bits(form: str) -> int:
    """The bits of a format in Q notation."""
    return Spec("gelu", form, form).input.bits


if __name__ == "__main__":
    main()
