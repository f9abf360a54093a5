"""The architectures: named points of the one datapath, from which a fit makes designs."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.errors import GelugenError, short
from gelugen.functions import Fold

AUTO = "auto"


@dataclass(frozen=True)
class Architecture:
    """A point of the datapath: fold, segment map, degree.

    Attributes:
        name: what the user calls it.
        summary: one line for people.
        fold: what is taken away before the table and put back after it.
        uniform: segments of equal power-of-two length if true, one code a segment if not.
        degree: of the polynomial on a segment.
    """

    name: str
    summary: str
    fold: Fold
    uniform: bool
    degree: int


ARCHITECTURES: dict[str, Architecture] = {
    entry.name: entry
    for entry in (
        Architecture("table", "one stored output code for every input code", "none", False, 0),
        Architecture("residual-table", "relu(x) minus one stored residual for every |x|", "residual", False, 0),
        Architecture("uniform-linear", "a line on each of 2^n equal segments", "none", True, 1),
        Architecture(
            "residual-uniform-linear",
            "relu(x) minus a line on each equal segment of |x|",
            "residual",
            True,
            1,
        ),
    )
}
"""From the simplest to the least simple: of two designs of equal cost the first one is taken."""


def get_architecture(name: str) -> Architecture:
    """The architecture of a name; underscores count as hyphens.

    Raises:
        GelugenError: there is none.
    """
    entry = ARCHITECTURES.get(name.replace("_", "-")) if isinstance(name, str) else None
    if entry is None:
        raise GelugenError(f"architecture {short(name)} is not known: it must be {AUTO}, {', '.join(ARCHITECTURES)}")
    return entry
