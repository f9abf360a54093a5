"""Polynomials without truncation between Horner's steps, as DSP blocks compute them."""

from gelugen.fit.untruncated.search import untruncated

__all__ = ["untruncated"]
