"""How the search for a design grows with the formats: ``auto`` from 8 to 16 bits, every search in a fresh process.

Run it with ``python benchmarks/growth.py``; ``--runs N`` sets how many runs a median is of, 3 if not given.

Cold: a process starts, imports gelugen, makes the golden codes in ball arithmetic, searches all architectures and
checks the winner over every code. Nothing is stored from one run to the next, and nothing is hinted. The seconds are
those of the whole process, start-up included. The second table holds functions and formats that no goal was set for.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from itertools import product

from rich.box import MARKDOWN
from rich.console import Console
from rich.progress import track
from rich.table import Table

ONE = """
import json, sys
from gelugen.accuracy import check
from gelugen.search import build
from gelugen.spec import Spec
function, form, to, guarantee, objective = sys.argv[1:]
design = build(Spec(function, form, to, guarantee, objective=objective))
check(design)
print(json.dumps([design.architecture, design.rom_bits]))
"""
"""What each process runs."""

LIMITS = {("q3.4", "faithful"): 1, ("q3.4", "correct"): 1, ("q3.12", "faithful"): 10, ("q3.12", "correct"): 60}
"""The limits that we set ourselves, in seconds of two cores."""
GROWTH = list(product(("q3.4", "q3.6", "q3.8", "q3.10", "q3.12"), ("faithful", "correct"), ("balanced", "rom-bits")))
UINT8 = "uint8:scale=0.05,zero_point=100"
OTHERS = [
    ("gelu_tanh", "q3.12", "q3.12", "faithful"),
    ("gelu_sigmoid", "q3.12", "q3.12", "faithful"),
    ("gelu", "q4.11", "q4.11", "faithful"),
    ("gelu", "q4.11", "q4.11", "correct"),
    ("gelu_tanh", "q2.9", "q2.9", "faithful"),
    ("gelu_sigmoid", "q2.9", "q2.9", "correct"),
    ("gelu", UINT8, "uint8:scale=fit", "correct"),
    ("gelu_tanh", UINT8, "uint8:scale=fit", "faithful"),
]


def run(*words: str) -> tuple[float, str, int]:
    """Seconds of a process, the architecture that it found and its ROM bits."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", ONE, *words], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    architecture, bits = json.loads(done.stdout)
    return seconds, architecture, bits


def row(runs: int, *words: str) -> list[str]:
    """The cells of so many runs."""
    done = [run(*words) for _ in range(runs)]
    seconds = [each[0] for each in done]
    if len({each[1:] for each in done}) > 1:
        raise SystemExit(f"{words}: not the same design in every run")
    return [done[0][1], f"{done[0][2]}", *(f"{each:.2f}" for each in (statistics.median(seconds), min(seconds)))]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=3)
    runs = max(parser.parse_args().runs, 1)
    console, status = Console(width=150), Console(stderr=True)
    cells = ("architecture found", "ROM bits", "median s", "min s")
    table = Table(
        "formats", "guarantee", "objective", *cells, "limit s", box=MARKDOWN, title=f"erf-GELU, {runs} runs each"
    )
    for form, guarantee, objective in track(GROWTH, "growth", console=status):
        limit = LIMITS.get((form, guarantee))
        found = row(runs, "gelu", form, form, guarantee, objective)
        table.add_row(form, guarantee, objective, *found, "-" if limit is None else f"{limit}")
    console.print(table)
    table = Table(
        "function",
        "input",
        "output",
        "guarantee",
        *cells,
        box=MARKDOWN,
        title=f"other cases, balanced, {runs} runs each",
    )
    for words in track(OTHERS, "others", console=status):
        table.add_row(*words, *row(runs, *words, "balanced"))
    console.print(table)


if __name__ == "__main__":
    main()
