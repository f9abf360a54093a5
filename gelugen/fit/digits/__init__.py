"""Polynomials without a multiplier: which slopes in digits and which intercepts keep the bounds, see ``digits.py``.

For a plan, which is what all segments share, the words of a segment that keep every code inside the bounds are found
exactly. Plans are tried by what they are about to cost in lookup tables, and the first that has a word for every
segment is taken.
"""

from __future__ import annotations

from collections.abc import Iterator

from gelugen.architectures import Architecture
from gelugen.design import Design
from gelugen.digits import DIGIT_BITS
from gelugen.errors import GelugenError
from gelugen.fit.bounds import Bounds, r_bounds, reach, rested
from gelugen.fit.digits.pairs import paired
from gelugen.fit.digits.plans import Cover, covers
from gelugen.fit.digits.words import chosen
from gelugen.fit.parts import Fit, Unreachable, assembled
from gelugen.fit.verified import verified
from gelugen.golden import Golden
from gelugen.spec import Spec
from gelugen.terms import Coefficient, Term


def designs(spec: Spec, truth: Golden, architecture: Architecture) -> Iterator[Design]:
    """Designs of an architecture of digits that keep the spec's guarantee, those of the longest segments first.

    Raises:
        Unreachable: no value of r keeps the guarantee at some code.
        GelugenError: the fold does not fit the formats.
    """
    if spec.guarantee is None:
        raise GelugenError(f"minimise {spec.minimise} is asked for, and this fit needs a guarantee in its place")
    bounds = r_bounds(spec, truth, architecture, spec.guarantee)
    if (bounds.low > bounds.high).any():
        raise Unreachable(spec, architecture, reach(spec, truth, architecture))
    folded = [bounds]
    if architecture.fold != "none" and spec.input.code_min < spec.input.zero_point:
        complement = r_bounds(spec, truth, architecture, spec.guarantee, -1)
        if (complement.low <= complement.high).all():
            folded.insert(0, complement)
    for each in map(rested, folded):
        for found in fit_digits(each, architecture):
            yield assembled(spec, architecture, each, found)


def fit_digits(bounds: Bounds, architecture: Architecture) -> Iterator[Fit]:
    """What the search gives, each with a word for every segment."""
    for cover in covers(bounds, architecture.degree, split=architecture.segments == "dyadic"):
        yield verified(bounds, _fit(bounds, cover))
    if architecture.degree == 2:
        yield from fit_pairs(bounds)


def fit_pairs(bounds: Bounds) -> Iterator[Fit]:
    """What the search for paired segments gives: one or none."""
    for cover in paired(bounds):
        yield verified(bounds, _fit(bounds, cover))


def _fit(bounds: Bounds, cover: Cover) -> Fit:
    """The term of a cover."""
    plan, words = cover.plan, chosen(cover)
    intercepts = [word[0] for word in words]
    low, high = min(intercepts), max(intercepts)
    signed = low < 0
    width = max(high.bit_length(), (-1 - low).bit_length() if signed else 0) + signed
    columns = [Coefficient(tuple(intercepts), width if any(intercepts) else 0, signed, plan.drop)]
    for number in range(len(plan.digits.each)):
        values = tuple(word[1][number] for word in words)
        columns.append(Coefficient(values, DIGIT_BITS if any(values) else 0, False))
    term = Term(cover.map, tuple(columns), (), plan.digits)
    return Fit(term.rom_bits, (term,), (bounds.idle << plan.shift) + plan.phase, plan.shift)
