"""A function and what stands in for it, measured at the same points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from gelugen.compare.approximations import Approximation
from gelugen.compare.codes import Change, change
from gelugen.compare.metrics import Metrics, Reals, measure
from gelugen.compare.points import Points
from gelugen.errors import GelugenError
from gelugen.formats import FittedFormat, Format
from gelugen.functions import Function
from gelugen.golden import golden_of


@dataclass(frozen=True, eq=False)
class Row:
    """One approximation.

    Attributes:
        approximation: what it is.
        values: float64, what it gives at the points.
        metrics: its errors.
    """

    approximation: Approximation
    values: Reals
    metrics: Metrics


@dataclass(frozen=True, eq=False)
class Comparison:
    """What ``compare`` has found.

    Attributes:
        function: what is approximated.
        points: where.
        real: float64, the function there.
        output: the output format in whose ulp errors are told, or None.
        rows: the approximations, as they were given.
        changes: for two formats, how the codes differ between each two names: the function's, then those of the rows in
            their order. Empty unless there are two formats.
    """

    function: Function
    points: Points
    real: Reals
    output: Format | None
    rows: tuple[Row, ...]
    changes: dict[tuple[str, str], Change]

    def to_json(self) -> dict[str, Any]:
        """Everything but the values."""
        return {
            "function": self.function.name,
            "points": self.points.text,
            "input": str(self.points.input) if self.points.input else None,
            "output": str(self.output) if self.output else None,
            "approximations": [
                {
                    "name": row.approximation.name,
                    "formula": row.approximation.function.formula,
                    **row.metrics.to_json(),
                }
                for row in self.rows
            ],
            "changed_codes": [{"between": list(pair), **found.to_json()} for pair, found in self.changes.items()],
        }


def compare(
    function: Function,
    points: Points,
    approximations: Sequence[Approximation],
    output: Format | FittedFormat | None = None,
    tell: Callable[[str], object] = lambda text: None,  # noqa: ARG005
) -> Comparison:
    """Measure approximations of a function; an approximation that comes twice is taken once.

    Args:
        function: what is approximated.
        points: where; if they are the codes of a format and there is an output format, codes are compared as well.
        approximations: what stands in for the function.
        output: the output format, the same for all. One that is still to be fitted just holds the function's range over
            the input codes, or over the points of a grid.
        tell: hears what is being done.

    Raises:
        GelugenError: the function is not defined at a point or among its own approximations, or an output format
            cannot be fitted.
    """
    points.check(function)
    tell(f"{function.name} at {points.text}")
    real = function.values(points.x)
    if isinstance(output, FittedFormat):
        ends = function.range(points.input) if points.input else (Fraction(real.min()), Fraction(real.max()))
        output = output.fit(*ends)
    if function.name in (each.name for each in approximations):
        raise GelugenError(f"approximation {function.name} is the function itself: leave it out")
    chosen = list({each.name: each for each in approximations}.values())
    rows = []
    for number, each in enumerate(chosen, 1):
        tell(f"{each.name} ({number} of {len(chosen)}) at {points.text}")
        values = each.function.values(points.x)
        rows.append(Row(each, values, measure(points.x, real, values, output)))
    changes = {}
    if points.input and output:
        codes = {}
        for each in (Approximation(function.name, function), *chosen):
            tell(f"{each.name}: output codes")
            codes[each.name] = golden_of(each.function, points.input, output).codes
        changes = {(one, other): change(codes[one], codes[other]) for one, other in combinations(codes, 2)}
    return Comparison(function, points, real, output, tuple(rows), changes)
