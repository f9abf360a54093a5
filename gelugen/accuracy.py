"""How far a design is from the mathematics, over every code. Nothing here is about artifacts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gelugen.design import Design
from gelugen.errors import GelugenError


@dataclass(frozen=True)
class Accuracy:
    """Errors against the real function clamped to the output range, in ulp of the output format.

    Attributes:
        max_ulp: the largest |error|, known to 2^-32 ulp; never a bound, such as 1, that it does not reach.
        mean_ulp: the mean |error|.
        correctly_rounded: the share of input codes whose output is the golden code.
        worst_code: the first input code with the largest |error|.
        outside: the number of input codes whose output breaks the guarantee.
        first_outside: the first of them, or None.
    """

    max_ulp: float
    mean_ulp: float
    correctly_rounded: float
    worst_code: int
    outside: int
    first_outside: int | None

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)

    def describe(self) -> str:
        """One line for people."""
        return (
            f"at most {shown(self.max_ulp)} ulp (code {self.worst_code}), mean {self.mean_ulp:.4f} ulp, "
            f"{self.correctly_rounded:.2%} of codes correctly rounded"
        )


def shown(ulp: float) -> str:
    """An error to four decimals, or to as many as keep it apart from a bound that it does not reach."""
    digits = next((digits for digits in range(4, 10) if ulp * 2 % 1 == 0 or float(f"{ulp:.{digits}f}") * 2 % 1), 10)
    return f"{ulp:.{digits}f}"


def measure(design: Design) -> Accuracy:
    """Measure a design over every input code, against golden codes made from its spec."""
    spec = design.spec
    truth = spec.golden()
    codes = spec.input.codes()
    outputs = design.eval(codes)
    error = np.abs(truth.error(outputs))
    low, high = truth.bounds(spec.guarantee)
    outside = np.flatnonzero((outputs < low) | (outputs > high))
    return Accuracy(
        max_ulp=float(error.max()),
        mean_ulp=float(error.mean()),
        correctly_rounded=float(np.mean(outputs == truth.codes)),
        worst_code=int(codes[int(error.argmax())]),
        outside=len(outside),
        first_outside=int(codes[outside[0]]) if len(outside) else None,
    )


def check(design: Design) -> Accuracy:
    """Measure a design and insist on its guarantee.

    Raises:
        GelugenError: a code breaks it.
    """
    accuracy = measure(design)
    if accuracy.outside:
        raise GelugenError(
            f"the design breaks its guarantee {design.spec.guarantee} at {accuracy.outside} codes, "
            f"first at {accuracy.first_outside}"
        )
    return accuracy
