"""The objective ``luts``: what ``gelugen generate --objective luts:FAMILY`` finds, beside goals and figures of others.

``python benchmarks/luts.py`` searches and measures every case in one run, prints each row as soon as it is measured,
and the table at the end; ``--docs`` writes the table into ``docs/synthesis.md`` too. ``--most N`` measures fewer
candidates of each, ``--only TEXT`` takes the cases whose title holds a text. Cases, goals and quoted figures are
those of ``synthesis.py``.
"""

import argparse
from collections.abc import Iterator

from synthesis import CASES, Case, console, put

from gelugen.spec import Spec, Target
from gelugen.synthesis import find
from gelugen.synthesis.objective import MOST, least_luts

COLUMNS = (
    "case", "objective", "LUTs", "INV", "carry", "wide muxes", "DSP", "design", "style", "measured", "goal, at most",
    "best elsewhere, quoted",
)  # fmt: skip
BEGIN, END = "<!-- measured: python benchmarks/luts.py --docs -->", "<!-- end of the lookup tables -->"


def asked(only: str) -> Iterator[tuple[Case, str, str, str]]:
    """Case, title, family and objective of what is measured."""
    for case in CASES:
        for family in case.goal:
            title, objective = f"{case.form} {case.guarantee}", f"luts:{family}{'+dsp' if case.dsps else ''}"
            if only in f"{title} {objective}":
                yield case, title, family, objective


def main() -> None:
    """Measure, print, and write the document if that is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=MOST, metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--docs", action="store_true")
    options = parser.parse_args()
    out = console()
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for case, title, family, objective in asked(options.only):
        spec = Spec("gelu", case.form, case.form, case.guarantee, objective=objective)
        with out.status(f"{title}, {objective}") as status:
            chosen = least_luts(spec, Target("dut"), note=status.update, most=options.most)
        got, told = chosen.figures.counts, chosen.figures
        counts = [str(got[key]) for key in ("luts", "inverters", "carry", "wide_muxes", "dsps")]
        design = (
            chosen.design.architecture,
            chosen.target.style.partition(":")[0],
            f"{told.measured} of {told.candidates}",
        )
        cells = (title, objective, *counts, *design, case.goal[family], case.elsewhere.get(family, "-"))
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    table = "\n".join(["", f"erf-GELU, combinational, measured with Yosys {find().version}.", "", *lines, ""])
    print(table)
    if options.docs:
        put(table, BEGIN, END)


if __name__ == "__main__":
    main()
