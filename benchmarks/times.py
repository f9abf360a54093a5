"""How long the commands take: medians of several runs of the whole process, beside the limits we set ourselves.

Run it with ``python benchmarks/times.py``.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from gelugen.flow import default_set, generate
from gelugen.verify.icarus import check_icarus

RUNS = 7


def process(*words: str) -> Callable[[], float]:
    """A timed run of the command line in a process of its own."""

    def run() -> float:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            subprocess.run([sys.executable, "-m", "gelugen", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            return time.perf_counter() - start

    return run


def icarus() -> float:
    """All 65,536 codes of the default int16 design through cocotb and Icarus, build included."""
    spec, target = next(pair for pair in default_set() if pair[0].input.bits == 16)
    with tempfile.TemporaryDirectory() as folder:
        made = generate(spec, Path(folder), target)
        verdict = check_icarus(made.folder, target.name, made.design)[0]
    if (verdict.status, verdict.checked) != ("pass", 65536):
        raise SystemExit(f"not a timing: {verdict}")
    return verdict.seconds


INT16 = ("generate", "--function", "gelu", "--input", "q3.12", "--output", "q3.12", "--guarantee", "faithful")
CASES: dict[str, tuple[Callable[[], float], str]] = {
    "gelugen --help": (process("--help"), "0.3"),
    "generate int16, uniform lines named": (process(*INT16, "--architecture", "residual-uniform-linear"), "1.5"),
    "generate int16, auto": (process(*INT16), "10"),
    "generate the default set": (process("generate"), "-"),
    "65,536 codes through cocotb and Icarus": (icarus, "5"),
}


def main() -> None:
    """Print the table."""
    table = Table("what", "runs", "median s", "min s", "max s", "limit s", box=MARKDOWN)
    for name, (run, limit) in CASES.items():
        run()  # warm the caches of the file system
        seconds = [run() for _ in range(RUNS)]
        row = (statistics.median(seconds), min(seconds), max(seconds))
        table.add_row(name, f"{RUNS}", *(f"{value:.2f}" for value in row), limit)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
