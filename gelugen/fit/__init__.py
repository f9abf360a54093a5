"""Golden codes and an architecture to Designs, in integers and without an error budget.

The guarantee gives every input code the output codes it allows. Taken through the fold these become bounds on r, the
value of the terms after the shift, for every u. For a segment and a choice of its upper coefficients, the intercepts
that keep every code inside are then exactly the integers of an interval, so feasible widths are found, not estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from gelugen.architectures import Architecture
from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.fit.bounds import Bounds, r_bounds, reach, rested
from gelugen.fit.codes import fit_codes
from gelugen.fit.constants import fit_constants, fit_dyadic_steps, fit_steps
from gelugen.fit.digits import fit_digits
from gelugen.fit.mse import fit_mse
from gelugen.fit.parts import Fit, Unreachable, assembled, constant
from gelugen.fit.polynomials import fit_free, fit_polynomials, shapes
from gelugen.fit.sums import fit_tables
from gelugen.fit.verified import verified
from gelugen.golden import Golden
from gelugen.spec import Spec

__all__ = ["Unreachable", "designs", "fit", "fit_mse"]

Limit = Callable[[int], int | None]
"""From the fewest multiplier bits that a search's designs have, the ROM bits that they must stay below to be of use;
None if any will do. It is asked anew before each search."""
Search = Callable[[int | None], Fit | None]
"""From that limit to a fit, if there is one below it."""


_WORTH = 1.25
"""Segments so many times as costly as others of the same architecture are not worth their narrower multipliers."""
_WORTH_A_LOOK = 8
"""Nor are those worth a row of a table that shows all."""
_SHORTER = 2
"""The longest free segment has so many bits less than u, at most."""


def fit(spec: Spec, golden: Golden, architecture: Architecture) -> Design:
    """The design of an architecture that keeps the spec's guarantee with the fewest ROM bits found.

    Raises:
        GelugenError: as ``designs``.
    """
    found: list[Design] = []
    for design in designs(spec, golden, architecture, lambda _: found[-1].rom_bits if found else None):
        found.append(design)
    if not found:
        raise GelugenError(
            f"architecture {architecture.name} has no design found for {spec.function} from {spec.input} to "
            f"{spec.output} at {spec.guarantee}: take auto, or another one"
        )
    return found[-1]


def designs(spec: Spec, golden: Golden, architecture: Architecture, limit: Limit) -> Iterator[Design]:
    """Designs of an architecture that keep the spec's guarantee with fewer ROM bits than ``limit`` then says.

    Equal segments give one design for each length of segment, other architectures one, or two where a constant may
    serve the last codes. Each has the fewest ROM bits found; how it was searched is said by ``Architecture.search``.

    Raises:
        GelugenError: the fold does not fit the formats, or no value of r keeps the guarantee at some code; the
            message says how far the architecture gets.
    """
    if spec.guarantee is None:
        raise GelugenError(f"minimise {spec.minimise} is asked for, and this fit needs a guarantee in its place")
    bounds = r_bounds(spec, golden, architecture, spec.guarantee)
    if (bounds.low > bounds.high).any():
        raise Unreachable(spec, architecture, reach(spec, golden, architecture))
    bounds = rested(bounds)
    for found in _fits(bounds, architecture, limit):
        yield assembled(spec, architecture, bounds, found)


def _fits(bounds: Bounds, architecture: Architecture, limit: Limit) -> Iterator[Fit]:
    """What the searches give. Without a limit, what takes more bits than the plain table is left out if it can be."""
    if flat := constant(bounds):
        yield flat
        return
    if architecture.digits:
        yield from fit_digits(bounds, architecture)
        return
    if architecture.codes:
        yield from fit_codes(bounds, architecture)
        return
    cap = None
    if limit(0) is None and architecture.segments != "codes" and (plain := fit_constants(bounds, 0)):
        cap = plain.bits + 1
    least: int | None = None
    while least is None:
        for floor, search in _searches(bounds, architecture):
            most = limit(floor)
            if least is not None:
                most = min(most, int(_WORTH * least) + 1) if most is not None else _WORTH_A_LOOK * least
            if most is not None and most <= 0:
                continue
            if found := search(cap if most is None else most):
                least = found.bits if least is None else min(least, found.bits)
                yield verified(bounds, found)
        if cap is None or limit(0) is not None:
            return
        cap = None


def _searches(bounds: Bounds, architecture: Architecture) -> Iterator[tuple[int, Search]]:
    """The searches of an architecture, each with the fewest multiplier bits of its designs."""
    segments, degree = architecture.segments, architecture.degree
    if segments == "codes":
        yield 0, partial(fit_constants, bounds, 0)
    elif segments == "sum":
        yield 0, partial(fit_tables, bounds)
    elif degree == 0 and segments == "free":
        yield 0, partial(fit_steps, bounds)
    elif degree == 0 and segments == "dyadic":
        yield 0, partial(fit_dyadic_steps, bounds)
    elif degree == 0:
        for dx_bits in reversed(range(1, max((len(bounds.low) - 1).bit_length(), 2))):
            yield 0, partial(fit_constants, bounds, dx_bits)
    elif segments == "free":
        yield (
            _multiplier_bits(degree, max(len(bounds.low).bit_length() - _SHORTER, 1)),
            partial(fit_free, bounds, degree),
        )
    else:
        for shape in shapes(bounds, degree, split=segments == "dyadic"):
            yield _multiplier_bits(degree, shape.dx_bits), partial(fit_polynomials, shape)


def _multiplier_bits(degree: int, dx_bits: int) -> int:
    """About the fewest multiplier bits of a polynomial: by experience each factor but the first is as wide as dx."""
    return dx_bits * (1 + (degree - 1) * dx_bits)
