"""The fitter alone, on a published metric: mean square error of 8 and 16 lines, beside GQA-LUT.

Run it with ``python benchmarks/fitter.py``.

The metric: y = a x + b on segments of [-4, 4], x and y real and the output not rounded; the mean of the squared errors
over ``numpy.arange(-4, 4, 0.01)``; a and b multiples of 1/64, breakpoints multiples of 1/64. GQA-LUT's figures are
quoted, not measured in this run: P. Dong et al., "Genetic Quantization-Aware Approximation for Non-Linear Operations in
Transformers", DAC 2024, arXiv:2403.19591.

Ours are the optimum of the metric, by the same dynamic program and the same lattice search as ``minimise = "mse"``. So
the last column is a bound: no lines with such breakpoints and coefficients do better, whatever searches for them. The
column before it is the bound for real coefficients: what the grid costs is the difference.
"""

import math
import time

import numpy as np
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from gelugen.fit.mse.lattice import Grid, Samples
from gelugen.fit.mse.lines import Lines, best_lines

STEPS = 64
"""Coefficients and breakpoints are multiples of 1 / STEPS."""
X = np.arange(-4, 4, 0.01)
BREAKS = np.append(np.searchsorted(X, np.arange(-4 * STEPS, 4 * STEPS) / STEPS), len(X))
"""The first sample at or above each multiple of 1/64, and the end."""
STEEPEST = 4
"""Slopes from -4 to 4 are searched: both functions have slopes from -0.5 to 1.5."""

FUNCTIONS = {
    "erf-GELU": np.array([x / 2 * (1 + math.erf(x / math.sqrt(2))) for x in X.tolist()]),
    "hard-swish": X * np.clip(X + 3, 0, 6) / 6,
}
CASES = {
    # function, segments: goal, GQA-LUT
    ("erf-GELU", 8): (2.78e-5, 7.22e-5),
    ("erf-GELU", 16): (3.22e-6, 1.61e-5),
    ("hard-swish", 8): (1.11e-4, 3.33e-4),
    ("hard-swish", 16): (8.02e-6, 1.84e-5),
}


def fitted(function: str, segments: int, steps: int = STEPS) -> Lines:
    """The best lines of a function, coefficients in multiples of 1 / steps."""
    samples = Samples(X, FUNCTIONS[function], np.full(len(X), 1 / len(X)))
    grid = Grid(1 / steps, 1 / steps, -STEEPEST * steps, STEEPEST * steps)
    return best_lines(samples, BREAKS, segments, grid, idle=False)


def mean_square_error(function: str, lines: Lines, steps: int = STEPS) -> float:
    """The metric, computed from breakpoints and coefficients alone."""
    points = np.arange(-4 * STEPS, 4 * STEPS + 1)[list(lines.ends)] / STEPS
    at = np.searchsorted(points[1:-1], X, side="right")
    y = np.array(lines.slopes)[at] / steps * X + np.array(lines.intercepts)[at] / steps
    return float(np.mean((y - FUNCTIONS[function]) ** 2))


def main() -> None:
    """Print the table."""
    table = Table(
        "function",
        "segments",
        "goal",
        "GQA-LUT, quoted",
        "seconds",
        "ours, real a and b",
        "ours = the optimum",
        box=MARKDOWN,
    )
    for (function, segments), (goal, peer) in CASES.items():
        start = time.perf_counter()
        lines = fitted(function, segments)
        seconds = time.perf_counter() - start
        free = mean_square_error(function, fitted(function, segments, 1 << 40), 1 << 40)
        table.add_row(
            function,
            f"{segments}",
            f"{goal:.2e}",
            f"{peer:.2e}",
            f"{seconds:.2f}",
            f"{free:.3e}",
            f"{mean_square_error(function, lines):.3e}",
        )
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
