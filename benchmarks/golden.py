"""How long the golden codes of every catalogue function take: all 65,536 of 16 bits, the limit being one second.

Run it with ``python benchmarks/golden.py``; ``--runs N`` sets how many runs a median is of, 3 if not given, and
``--parameters`` adds functions with other parameters.

Each run starts cold: nothing that an earlier one has found is kept. Start-up and imports are not counted.
"""

import argparse
import statistics
import time

from rich.box import MARKDOWN
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gelugen.functions import CATALOGUE
from gelugen.golden import golden_of
from gelugen.spec import Spec

LIMIT = 1.0
"""The limit that we set ourselves, in seconds."""
FORMATS = {
    "q3.12": ("q3.12", "q3.12"),
    "affine, zero point": ("int16:scale=0.0004,zero_point=11", "int16:scale=0.0003,zero_point=-30000"),
}
PARAMETERS = [
    *("gelu_tanh:coefficient=0.04485", "gelu_sigmoid:coefficient=1.70099", "parametric_gelu:alpha=0.5,beta=2.5"),
    *("swish:beta=1/3", "gelu_tanh_derivative:coefficient=0.04485", "noisy_relu:sigma=1/3", "softplus:sharpness=10"),
    *("elu:alpha=0.5", "smooth_relu:a=1/3", "smooth_abs:a=1/3", "leaky_relu:slope=1/3", "hard_sigmoid:slope=0.2"),
]


def seconds(spec: Spec) -> float:
    """One run."""
    golden_of.cache_clear()
    start = time.perf_counter()
    spec.golden()
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parameters", action="store_true")
    options = parser.parse_args()
    runs = max(options.runs, 1)
    functions = [*CATALOGUE, *(PARAMETERS if options.parameters else [])]
    table = Table("function", *(f"{name}, s" for name in FORMATS), box=MARKDOWN, title=f"medians of {runs} runs")
    worst = 0.0
    for function in track(functions, "golden codes", console=Console(stderr=True)):
        medians = []
        for formats in FORMATS.values():
            spec = Spec(function, *formats, outside="clamp")
            medians.append(statistics.median(seconds(spec) for _ in range(runs)))
        worst = max(worst, *medians)
        table.add_row(function, *(f"{median:.2f}" for median in medians))
    console = Console(width=120)
    console.print(table)
    console.print(f"the slowest takes {worst:.2f} s; the limit is {LIMIT:.0f} s")


if __name__ == "__main__":
    main()
