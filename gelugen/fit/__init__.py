"""Golden codes and an architecture to a Design, in integers and without an error budget.

The guarantee gives every input code the output codes it allows. Taken through the fold these become bounds
on r, the value of the terms after the shift, for every u. For a segment, a shift s and an integer slope a,
the intercepts that keep every code inside are then exactly the integers of

    max(low_i * 2^s - a * dx_i)  ..  min((high_i + 1) * 2^s - 1 - a * dx_i),

so feasible widths are found and not estimated.
"""

from __future__ import annotations

from gelugen.architectures import Architecture
from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.fit.bounds import r_bounds, reach
from gelugen.fit.search import Fit, fit_segments
from gelugen.golden import Golden
from gelugen.spec import Spec

__all__ = ["fit"]


def fit(spec: Spec, golden: Golden, architecture: Architecture) -> Design:
    """The design of an architecture that keeps the spec's guarantee with the fewest ROM bits found.

    Tables are filled exactly. For uniform lines every segment length that could still win is tried, with the smallest
    feasible shift and a few above it, the narrowest slopes and two widths more, and every number of dropped low bits
    of the intercept with its phases; the constants of ``gelugen.fit.search`` and ``gelugen.fit.segments`` bound it.
    So a smaller line may exist: the search is a heuristic, whose designs keep their guarantee all the same.

    Raises:
        GelugenError: the fold does not fit the formats, or the guarantee cannot be kept; the message says how
            far the architecture gets.
    """
    bounds = r_bounds(spec, golden, architecture, spec.guarantee)
    if (bounds.low > bounds.high).any():
        raise GelugenError(
            f"architecture {architecture.name} cannot keep the guarantee {spec.guarantee} of {spec.function} from "
            f"{spec.input} to {spec.output}: at best it keeps ulp:{reach(spec, golden, architecture)}"
        )
    best: Fit | None = None
    if architecture.uniform:
        for dx_bits in reversed(range(1, (len(bounds.low) - 1).bit_length())):
            found = fit_segments(bounds, dx_bits, architecture.degree, best.bits if best else None)
            best = found or best
    else:
        best = fit_segments(bounds, 0, 0, None)
    if best is None:  # two codes a segment always fit a line, one code always a constant
        raise AssertionError(f"no {architecture.name} for {spec}")
    return Design(
        spec=spec,
        architecture=architecture.name,
        fold=architecture.fold,
        terms=best.terms,
        bias=best.bias,
        shift=best.shift,
        line_shift=bounds.line_shift,
        line_drop=bounds.line_drop,
        offset=bounds.offset,
    )
