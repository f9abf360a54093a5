"""Polynomials in the code itself, in the 16 and 32 bits of a microcontroller: few instructions and no clamp.

The segments are the fewest that serve, and the shifts as large as the bits allow. What the arithmetic is, and what must
fit, is said in ``forms.py``. The output is in its range at every code without saturation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gelugen.architectures import Architecture, get_architecture
from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.fit.bounds import Bounds, commensurate, r_bounds, rested
from gelugen.fit.codes.cuts import two_widths, uniform
from gelugen.fit.codes.search import Kind, fits
from gelugen.fit.parts import Fit, assembled, constant
from gelugen.fit.verified import verified
from gelugen.golden import Golden
from gelugen.maps import MOST_BITS
from gelugen.spec import Spec
from gelugen.terms import Term

__all__ = ["SHAPES", "designs", "fit_codes", "row_bytes", "table_bytes"]

Tell = Callable[[Architecture], object]

SHAPES = (
    "uniform-code-quadratic",
    "residual-uniform-code-linear",
    "residual-dyadic-code-quadratic",
)
"""Those that a processor has in few instructions."""


def designs(spec: Spec, golden: Golden, tell: Tell = lambda _: None) -> Iterator[Design]:
    """Designs that keep the spec's guarantee in few instructions: wide and narrow parabolas, lines, two widths.

    Args:
        spec: the request; the architecture that it names is not looked at.
        golden: its golden codes.
        tell: called with every architecture before it is searched.

    Raises:
        GelugenError: the spec has no guarantee.
    """
    if spec.guarantee is None:
        raise GelugenError(f"minimise {spec.minimise} is asked for, and this fit needs a guarantee in its place")
    for name in SHAPES:
        architecture = get_architecture(name)
        if not commensurate(spec, architecture.fold):
            continue
        bounds = r_bounds(spec, golden, architecture, spec.guarantee)
        if (bounds.low > bounds.high).any():
            continue
        tell(architecture)
        bounds = rested(bounds)
        for found in fit_codes(bounds, architecture):
            yield assembled(spec, architecture, bounds, found)


def fit_codes(bounds: Bounds, architecture: Architecture) -> Iterator[Fit]:
    """What the search gives: of parabolas on equal segments a wide and a narrow fit, of others one; or none."""
    if found := constant(bounds):
        yield found
        return
    folded, codes, shortest = architecture.fold != "none", len(bounds.low), architecture.degree + 1
    # dx is the code; one of 16 bits without a sign counts from the middle, to have 16 bits with a sign
    about = codes >> 1 if not folded and (bounds.first or codes == 1 << MOST_BITS) else 0
    if architecture.segments == "dyadic":
        kinds: list[Kind] = ["wide"]
        cuts = two_widths(bounds, about, shortest)
    else:
        kinds = ["lines"] if architecture.degree == 1 else ["wide", "narrow"]
        cuts = uniform(bounds, about, folded, shortest)
    for each in fits(cuts, kinds, bounds.idle if folded else 0):
        yield verified(bounds, each)


def row_bytes(term: Term) -> int:
    """The bytes of a row as a processor has it: a word and c_0 of 32 bits, or of a line two numbers of 16."""
    return 8 if term.degree == 2 else 4


def table_bytes(design: Design) -> int:
    """The bytes of a design's tables: those of lines have a power of two of rows, the last of them zero."""
    return sum(
        row_bytes(term) * (term.depth if term.degree == 2 or design.fold == "none" else 1 << term.depth.bit_length())
        for term in design.terms
    )
