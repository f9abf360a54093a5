"""What every search of the fit gives, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.architectures import Architecture
from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.fit.bounds import Bounds
from gelugen.spec import Spec
from gelugen.terms import Term


class Unreachable(GelugenError):  # noqa: N818 -- it says what the matter is
    """An architecture cannot keep a guarantee.

    Attributes:
        architecture: its name.
        reached: the smallest N, as text, for which it keeps ulp:N.
    """

    def __init__(self, spec: Spec, architecture: Architecture, reached: str) -> None:
        super().__init__(
            f"architecture {architecture.name} cannot keep the guarantee {spec.guarantee} of {spec.function} from "
            f"{spec.input} to {spec.output}: at best it keeps ulp:{reached}"
        )
        self.architecture, self.reached = architecture.name, reached


@dataclass(frozen=True)
class Fit:
    """What a search has found: its ROM bits, and the parts of a design."""

    bits: int
    terms: tuple[Term, ...]
    bias: int
    shift: int


def constant(bounds: Bounds) -> Fit | None:
    """One value of r, if that serves every u: the idle one, or the nearest to it."""
    lowest, highest = int(bounds.low.max()), int(bounds.high.min())
    return Fit(0, (), max(lowest, min(bounds.idle, highest)), 0) if lowest <= highest else None


def assembled(spec: Spec, architecture: Architecture, bounds: Bounds, found: Fit) -> Design:
    """The design of a fit."""
    return Design(
        spec=spec,
        architecture=architecture.name,
        fold=architecture.fold,
        terms=found.terms,
        bias=found.bias,
        shift=found.shift,
        line_shift=bounds.line_shift,
        line_drop=bounds.line_drop,
        offset=bounds.offset,
        one=bounds.one,
        first=bounds.first,
    )
