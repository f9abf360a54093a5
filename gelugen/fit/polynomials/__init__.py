"""Polynomials of degree 1 to 3: on equal segments, on the leaves of a binary split, between free breakpoints."""

from gelugen.fit.polynomials.free import fit_free
from gelugen.fit.polynomials.search import fit_polynomials
from gelugen.fit.polynomials.shapes import shapes

__all__ = ["fit_free", "fit_polynomials", "shapes"]
