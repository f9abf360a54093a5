"""The architectures: named points of the one datapath, from which a fit makes designs.

A name is a fold and a shape, such as ``residual-dyadic-cubic``; without a fold it is the shape alone: ``table``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gelugen.errors import GelugenError, short
from gelugen.functions import Fold

AUTO = "auto"

Segments = Literal["codes", "uniform", "dyadic", "free", "sum"]
"""How u is cut: ``codes`` one code a segment, ``uniform`` equal power-of-two segments, ``dyadic`` a binary split,
``free`` breakpoints anywhere, ``sum`` the bit fields of a sum of tables."""

DEGREES = ("constant", "linear", "quadratic", "cubic")
"""What a polynomial of degree 0 to 3 is called."""


@dataclass(frozen=True)
class Architecture:
    """A point of the datapath: fold, segment map, degree.

    Attributes:
        name: what the user calls it.
        summary: one line for people.
        fold: what is taken away before the table and put back after it.
        segments: how u is cut into segments.
        degree: of the polynomial on a segment; a design of a degree above 0 multiplies, unless it has digits.
        digits: whether slopes are stored as digits, so that nothing is multiplied; it pays in lookup tables, not in
            ROM bits.
        codes: whether all polynomials have the code itself or |k| as their argument, in arithmetic of 16 and 32 bits;
            it pays in a processor's instructions, not in ROM bits.
    """

    name: str
    summary: str
    fold: Fold
    segments: Segments
    degree: int
    digits: bool = False
    codes: bool = False

    @property
    def multiplies(self) -> bool:
        """Whether a design has a multiplier."""
        return self.degree > 0 and not self.digits

    @property
    def search(self) -> str:
        """Whether the search of its designs is complete, and over what."""
        if self.codes:
            return (
                f"heuristic: words by exact intervals of intercepts, but upper coefficients searched in part; "
                f"a smaller {self.shape} may exist"
            )
        if self.digits:
            return (
                "heuristic: words by exact intervals of intercepts, but grids, digits and segments searched in part; "
                "a smaller design may exist"
            )
        if self.degree:
            return (
                f"heuristic: widths by exact intervals of intercepts, but grids, phases and segments searched in part; "
                f"a smaller {self.shape} may exist"
            )
        return {
            "codes": "complete over tables with a word for every code: one width, dropped low bits, a shared constant",
            "uniform": "complete over tables with a word for 2^n codes: one width, dropped low bits, a shared constant",
            "dyadic": "complete over binary splits with words of one width, a base and a shared constant",
            "free": "complete over breakpoints with words of one width, a base and a shared constant",
            "sum": "heuristic: tables, widths and words by local search; a smaller sum of tables may exist",
        }[self.segments]

    @property
    def shape(self) -> str:
        """The name without the fold."""
        return self.name.removeprefix(f"{self.fold}-")


_FOLDS: dict[Fold, str] = {
    "none": "{}",
    "residual": "relu(x) minus {}, of |x|",
    "even": "{}, of |x|",
    "odd": "{}, of |x|, with the sign of x",
    "complement": "{}, of |x|, and one minus it for negative x",
}
_CUTS: dict[Segments, str] = {
    "uniform": "equal segment",
    "dyadic": "leaf of a binary split",
    "free": "segment between free breakpoints",
}
SHAPES: dict[str, tuple[str, Segments, int]] = {
    "table": ("one stored value for every code", "codes", 0),
    "sum-of-tables": ("an initial value and offsets from several tables", "sum", 0),
    **{
        f"{cut}-{name}": (f"a {name}{' polynomial' if degree else ''} on each {text}", cut, degree)
        for degree, name in enumerate(DEGREES)
        for cut, text in _CUTS.items()
    },
}
"""From the simplest to the least simple: summary, segments and degree."""

DIGIT_SHAPES: dict[str, tuple[str, Segments, int]] = {
    "uniform-digit-linear": (f"a linear polynomial in digits on each {_CUTS['uniform']}", "uniform", 1),
    "dyadic-digit-linear": (f"a linear polynomial in digits on each {_CUTS['dyadic']}", "dyadic", 1),
    "uniform-digit-quadratic": (f"a quadratic polynomial in digits on each {_CUTS['uniform']}", "uniform", 2),
}
"""The shapes whose slopes are stored in digits; taken only where they are named, or where lookup tables count."""

_CODE_CUTS: tuple[tuple[Segments, int], ...] = (("uniform", 1), ("uniform", 2), ("dyadic", 2))
CODE_SHAPES: dict[str, tuple[str, Segments, int]] = {
    f"{cut}-code-{DEGREES[degree]}": (f"a {DEGREES[degree]} polynomial in the code on each {_CUTS[cut]}", cut, degree)
    for cut, degree in _CODE_CUTS
}
"""The shapes whose polynomials have the code itself as their argument, in words of 16 and 32 bits; taken only where
they are named, or where a processor's instructions or its flash count."""

ARCHITECTURES: dict[str, Architecture] = {
    entry.name: entry
    for shape, (summary, segments, degree) in {**SHAPES, **DIGIT_SHAPES, **CODE_SHAPES}.items()
    for fold, text in _FOLDS.items()
    for entry in [
        Architecture(
            shape if fold == "none" else f"{fold}-{shape}",
            text.format(summary),
            fold,
            segments,
            degree,
            shape in DIGIT_SHAPES,
            shape in CODE_SHAPES,
        )
    ]
}
"""From the simplest to the least simple: of two designs of equal cost the first one is taken."""


def get_architecture(name: str) -> Architecture:
    """The architecture of a name; underscores count as hyphens.

    Raises:
        GelugenError: there is none.
    """
    entry = ARCHITECTURES.get(name.replace("_", "-")) if isinstance(name, str) else None
    if entry is None:
        folds = ", ".join(f"{fold}-" for fold in _FOLDS if fold != "none")
        raise GelugenError(
            f"architecture {short(name)} is not known: it must be {AUTO} or one of "
            f"{', '.join((*SHAPES, *DIGIT_SHAPES, *CODE_SHAPES))}, "
            f"alone or after a fold ({folds})"
        )
    return entry
