"""What every search of the fit gives."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.terms import Term


@dataclass(frozen=True)
class Fit:
    """What a search has found: its ROM bits, and the parts of a design."""

    bits: int
    terms: tuple[Term, ...]
    bias: int
    shift: int
