"""``minimise = "mse"``: the best lines of at most N segments on the fold of a function, as a Design.

What is least, and exactly so, is

    sum over input codes of  density * (p(u) - real)^2,

where p(u) is the unrounded sum of terms of the code's u, and real is what the fold leaves of the real value. It is
least over all breakpoints on codes, over all slopes a and intercepts b (the value at u = 0) that are multiples of
2^-grid in real units, and over where the segments begin and end, since outside them the term is zero. Slopes are those
between the steepest fall and the steepest rise from one code to the next, rounded outwards to the grid.

Where the real value lies outside the output format, the output saturates: of two codes of one u the one inside counts
alone, with the density of itself. Where both are outside, real is the value next to zero that saturates both.

The design rounds p to the nearest output code; that rounding is no part of what is least. The stored c_0 is the value
at dx = 0, b + a * u there, and so has more low bits than b. Scales that are no power of two have no coefficients in
multiples of 2^-grid: the steps are then the largest ones below it that the datapath has.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from gelugen.architectures import Architecture
from gelugen.design import Breakpoints, Coefficient, Design, Term
from gelugen.errors import GelugenError
from gelugen.fit.bounds import Bounds, r_bounds
from gelugen.fit.mse.lattice import Grid, Samples
from gelugen.fit.mse.lines import Lines, best_lines
from gelugen.golden import FRACTION, Golden
from gelugen.spec import Guarantee, Spec

_MOST_DROP, _MOST_SHIFT, _MOST_WIDTH = 30, 31, 32
_ALIKE = 2.0**-10
"""Units of r by which the two signs of a code may differ: golden values are floors of 2^-32 ulp."""


@dataclass(frozen=True)
class _Steps:
    """The grid as the datapath has it, where one of v is 2^-shift of r: a step is 1 << drop of v.

    A slope is of v for a code of u.
    """

    shift: int
    slope_drop: int
    intercept_drop: int

    def real(self, drop: int) -> float:
        """A step in units of r."""
        return 2.0 ** (drop - self.shift)


def fit_mse(spec: Spec, golden: Golden, architecture: Architecture) -> Design:
    """The design of the least mean square error that the module's head describes.

    Raises:
        GelugenError: the spec asks for something else, the architecture is no constant or line between free
            breakpoints, the fold does not fit the function or the formats, the grid does not fit the formats, or the
            density's file cannot be taken.
    """
    if spec.minimise != "mse" or spec.segments is None or spec.density is None:
        raise GelugenError(f"guarantee {spec.guarantee} is asked for, and this fit needs minimise = mse in its place")
    if architecture.segments != "free" or architecture.degree not in (0, 1):
        raise GelugenError(
            f"architecture {architecture.name} does not minimise mse: take free-linear or free-constant, or one of "
            f"them on a fold, such as residual-free-linear"
        )
    bounds = r_bounds(spec, golden, architecture, Guarantee("correct"))
    steps = _steps(spec, bounds)
    samples = _samples(spec, golden, architecture, bounds, spec.density.weights(spec.input))
    slope = steps.real(steps.slope_drop)
    low, high = 0, 0
    if architecture.degree:
        rise = np.diff(samples.y)
        if architecture.fold == "none" and spec.input.signed and not bounds.first:
            rise = np.delete(rise, (1 << spec.input.bits - 1) - 1)  # from the largest code to the smallest
        low, high = int(np.floor(rise.min() / slope)), int(np.ceil(rise.max() / slope))
    grid = Grid(slope, steps.real(steps.intercept_drop), low, high)
    lines = best_lines(samples, np.arange(len(samples.x) + 1), spec.segments, grid, idle=True)
    return Design(
        spec=spec,
        architecture=architecture.name,
        fold=architecture.fold,
        terms=_terms(spec, lines, steps, architecture.degree),
        bias=(bounds.idle << steps.shift) + (1 << steps.shift >> 1),
        shift=steps.shift,
        line_shift=bounds.line_shift,
        line_drop=bounds.line_drop,
        offset=bounds.offset,
        one=bounds.one,
        first=bounds.first,
    )


def _samples(
    spec: Spec, golden: Golden, architecture: Architecture, bounds: Bounds, density: npt.NDArray[np.float64]
) -> Samples:
    """What p must be, in units of r, and how much that counts, for every u from 0."""
    real = golden.scaled / (1 << FRACTION)
    if architecture.fold == "none":
        order = np.argsort((spec.input.codes() - bounds.first) & ((1 << spec.input.bits) - 1))
        return Samples(np.arange(len(order), dtype=np.float64), real[order] + spec.output.zero_point, density[order])
    k = spec.input.codes() - spec.input.zero_point
    u = np.abs(k)
    lowest, highest = (code - spec.output.zero_point for code in (spec.output.code_min, spec.output.code_max))
    left, falling = real, np.zeros(len(k), dtype=np.bool_)  # falling: a larger p gives a smaller output
    if architecture.fold == "residual":
        left = (np.maximum(k, 0) << bounds.line_shift) - real * (1 << bounds.line_drop)
        falling = ~falling
    elif architecture.fold != "even":
        left, falling = np.where(k < 0, bounds.one - real, real), k < 0
    below, above = (real <= lowest, real >= highest)
    inside = ~below & ~above
    # Outside, every p from `left` up saturates, or every one from there down.
    up = np.where(falling, below, above)
    down = np.where(falling, above, below)
    size = int(u.max()) + 1
    least, most = np.full(size, -np.inf), np.full(size, np.inf)
    np.maximum.at(least, u[up], left[up])
    np.minimum.at(most, u[down], left[down])
    y, found = np.clip(0.0, least, np.maximum(least, most)), np.zeros(size, dtype=np.bool_)
    y[u[inside]], found[u[inside]] = left[inside], True
    if (np.abs(left - y[u])[inside] > _ALIKE).any():
        raise GelugenError(
            f"architecture {architecture.name} has the fold {architecture.fold}, which {spec.function} has not"
        )
    counts = inside | ~found[u]
    weight = np.zeros(size)
    np.add.at(weight, u[counts], density[counts])
    return Samples(np.arange(size, dtype=np.float64), y, weight)


def _steps(spec: Spec, bounds: Bounds) -> _Steps:
    """The largest steps of the datapath that are not above 2^-grid in real units, with the smallest shift.

    Raises:
        GelugenError: the datapath has none for these formats.
    """
    grid = spec.grid or 0
    unit = Fraction(spec.output.scale) / (1 << bounds.line_drop)  # of r
    finer = [_ceil_log2(each * Fraction(2) ** grid) for each in (unit / Fraction(spec.input.scale), unit)]
    shift = max(0, *finer)
    slope_drop, intercept_drop = (shift - each for each in finer)
    if shift > _MOST_SHIFT or max(slope_drop, intercept_drop) > _MOST_DROP:
        kind = "fine" if shift > _MOST_SHIFT else "coarse"
        raise GelugenError(f"grid {grid} is too {kind} for {spec.input} to {spec.output}: take one near the default")
    return _Steps(shift, slope_drop, intercept_drop)


def _ceil_log2(value: Fraction) -> int:
    """The smallest e with 2^e >= value, for a value above 0."""
    exponent = value.numerator.bit_length() - value.denominator.bit_length() - 1
    while Fraction(2) ** exponent < value:
        exponent += 1
    return exponent


def _terms(spec: Spec, lines: Lines, steps: _Steps, degree: int) -> tuple[Term, ...]:
    if not lines.slopes:
        return ()
    segments = Breakpoints(lines.ends)
    slopes = [each << steps.slope_drop for each in lines.slopes]
    half = 1 << segments.dx_bits >> 1
    values = [
        (intercept << steps.intercept_drop) + slope * (start + half)
        for start, slope, intercept in zip(lines.ends, slopes, lines.intercepts, strict=False)
    ]
    return (Term(segments, tuple(_column(spec, each) for each in [values, slopes][: degree + 1])),)


def _column(spec: Spec, values: list[int]) -> Coefficient:
    """The narrowest column of these coefficients; one value that all share costs nothing."""
    if len(set(values)) == 1:
        drop, base = 0, values[0]
        while abs(base) >> _MOST_WIDTH and base % 2 == 0 and drop < _MOST_DROP:
            drop, base = drop + 1, base >> 1
        width, signed, stored = 0, False, [0] * len(values)
        fits = not abs(base) >> _MOST_WIDTH
    else:
        drop, base = 0, 0
        while drop < _MOST_DROP and not any(each >> drop & 1 for each in values):
            drop += 1
        stored = [each >> drop for each in values]
        signed = min(stored) < 0
        width = max(max(each, ~each).bit_length() for each in stored) + signed
        fits = width <= _MOST_WIDTH
    if not fits:
        raise GelugenError(
            f"grid {spec.grid} needs coefficients of more than {_MOST_WIDTH} bits for {spec.input} to {spec.output}: "
            f"take a smaller one"
        )
    return Coefficient(tuple(stored), width, signed, drop, base)
