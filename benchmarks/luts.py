"""The objective ``luts``: what ``gelugen generate --objective luts:FAMILY`` finds, beside goals and figures of others.

``python benchmarks/luts.py`` searches and measures every case in one run and prints the table; ``--most N`` measures
fewer candidates of each, ``--only TEXT`` takes the cases whose title holds a text. Cases, goals and quoted figures are
those of ``synthesis.py``.
"""

import argparse

from rich.box import MARKDOWN
from rich.table import Table
from synthesis import CASES, console

from gelugen.spec import Spec, Target
from gelugen.synthesis import find
from gelugen.synthesis.objective import MOST, least_luts

COLUMNS = (
    "case", "objective", "best elsewhere, quoted", "goal, at most", "LUTs", "CARRY", "MUX", "INV", "DSP", "design",
    "style", "measured", "candidates",
)  # fmt: skip


def main() -> None:
    """Print the table, a row as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=MOST, metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT")
    options = parser.parse_args()
    out = console()
    table = Table(*COLUMNS, box=MARKDOWN, title=f"erf-GELU, combinational, Yosys {find().version}")
    for case in CASES:
        for family, goal in case.goal.items():
            objective = f"luts:{family}{'+dsp' if case.dsps else ''}"
            title = f"{case.form} {case.guarantee}"
            if options.only not in f"{title} {objective}":
                continue
            spec = Spec("gelu", case.form, case.form, case.guarantee, objective=objective)
            with out.status(f"{title}, {objective}") as status:
                chosen = least_luts(spec, Target("dut"), note=status.update, most=options.most)
            got = chosen.figures.resources
            counts = [str(got[key]) for key in ("luts", "carry", "wide_muxes", "inverters", "dsps")]
            quoted = case.elsewhere.get(family, "-")
            told = (chosen.design.architecture, chosen.target.style)
            searched = (str(chosen.figures.measured), str(chosen.figures.candidates))
            table.add_row(title, objective, quoted, goal, *counts, *told, *searched)
    out.print(table)


if __name__ == "__main__":
    main()
