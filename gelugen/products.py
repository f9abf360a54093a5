"""How far a gated unit is from the mathematics: act(gate) * up in reals, clamped to the output's range."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from gelugen import accuracy
from gelugen.accuracy import Accuracy, shown
from gelugen.errors import GelugenError
from gelugen.formats import MAX_BITS, Codes, Format
from gelugen.gated import Gated
from gelugen.golden import FRACTION
from gelugen.requantize import interval
from gelugen.spec import Spec

_ONE = 1 << FRACTION


@dataclass(frozen=True)
class ProductAccuracy:
    """Errors against the real act(gate) * up, clamped to the output's range, in ulp of the output.

    Attributes:
        pairs: how many pairs of codes were measured.
        of: how many there are.
        max_ulp: the largest |error|.
        mean_ulp: the mean |error|.
        correctly_rounded: the share of pairs whose output is at most half an ulp away.
        worst_gate, worst_up: the first pair with the largest |error|.
        outside: the number of pairs whose rounding breaks the guarantee of requantization.
        first_outside: the first of them (gate, up, least output code allowed, output code), or None.
        scaled: whether multiplier and shift keep that guarantee for every product that can occur.
        activation: the errors of the activation alone, in ulp of the intermediate format.
    """

    pairs: int
    of: int
    max_ulp: float
    mean_ulp: float
    correctly_rounded: float
    worst_gate: int
    worst_up: int
    outside: int
    first_outside: tuple[int, ...] | None
    scaled: bool
    activation: Accuracy

    @property
    def keeps(self) -> bool:
        """Whether the guarantee of requantization is kept."""
        return self.scaled and not self.outside

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON gives them back."""
        data = asdict(self)
        return data | {"first_outside": list(self.first_outside) if self.first_outside else None}

    def describe(self) -> str:
        """One line for people."""
        over = f"all {self.pairs}" if self.pairs == self.of else f"{self.pairs} of {self.of}"
        return (
            f"at most {shown(self.max_ulp)} ulp (gate {self.worst_gate}, up {self.worst_up}), "
            f"mean {self.mean_ulp:.4f} ulp, over {over} pairs of codes"
        )


def measure(gated: Gated) -> ProductAccuracy:
    """Measure a gated unit over ``Gated.stimulus``."""
    spec = gated.spec
    gate, up = gated.stimulus()
    product = gated.product(gate, up)
    outputs = gated.requantize(product) - spec.output.zero_point
    error: Codes = np.rint(np.abs(errors(gated, gate, up)) * _ONE).astype(np.int64)  # whose sum knows no order
    least, most = _allowed(gated, product)
    wrong = np.flatnonzero((outputs < least) | (outputs > most))
    worst = int(error.argmax())
    first = None
    if len(wrong):
        at = int(wrong[0])
        codes = (each + spec.output.zero_point for each in (int(least[at]), int(outputs[at])))
        first = (int(gate[at]), int(up[at]), *codes)
    return ProductAccuracy(
        pairs=len(gate),
        of=1 << spec.input.bits + spec.up.bits,
        max_ulp=int(error[worst]) / _ONE,
        mean_ulp=int(error.sum()) / len(error) / _ONE,
        correctly_rounded=float(np.mean(error <= _ONE >> 1)),
        worst_gate=int(gate[worst]),
        worst_up=int(up[worst]),
        outside=len(wrong),
        first_outside=first,
        scaled=Fraction(gated.multiplier, 1 << gated.shift) in interval(spec.factor, gated.products, spec.requantize),
        activation=accuracy.measure(gated.design),
    )


def errors(gated: Gated, gate: Codes, up: Codes) -> npt.NDArray[np.float64]:
    """Signed errors in ulp of the output: code minus real value, for arrays of codes of one shape."""
    spec = gated.spec
    real = real_activation(spec.activation)[gate - spec.input.code_min] * (up - spec.up.zero_point)
    real *= spec.up.scale / spec.output.scale
    low, high = (code - spec.output.zero_point for code in (spec.output.code_min, spec.output.code_max))
    outputs = (gated.eval(gate, up) - spec.output.zero_point).astype(np.float64)
    return outputs - np.clip(real, low, high)


def check(gated: Gated) -> ProductAccuracy:
    """Measure a gated unit and insist on its guarantees.

    Raises:
        GelugenError: one is broken.
    """
    accuracy.check(gated.design)
    measured = measure(gated)
    if not measured.keeps:
        raise GelugenError(
            f"multiplier {gated.multiplier} and shift {gated.shift} break requantize {gated.spec.requantize} "
            f"at {measured.outside} pairs of codes"
        )
    return measured


def real_activation(spec: Spec) -> npt.NDArray[np.float64]:
    """The real values of an activation over its input codes, not clamped to its output format."""
    scale = spec.output.scale
    truth = spec.golden()
    while True:
        low, high = ((code - truth.output.zero_point) * _ONE for code in (truth.output.code_min, truth.output.code_max))
        if low < truth.scaled.min() and truth.scaled.max() < high:
            return truth.scaled / _ONE * truth.output.scale
        # It saturates, or just fits: take a wider format.
        truth = Spec(spec.function, spec.input, Format(MAX_BITS, True, scale), outside=spec.outside).golden()
        scale *= 4


def _allowed(gated: Gated, product: Codes) -> tuple[Codes, Codes]:
    """The least and the largest output, seen from its zero point, that keep the guarantee of requantization."""
    spec = gated.spec
    some, back = np.unique(product, return_inverse=True)
    n, d = spec.factor.numerator, spec.factor.denominator
    bounds = np.empty((2, len(some)), dtype=np.int64)
    low, high = (code - spec.output.zero_point for code in (spec.output.code_min, spec.output.code_max))
    reach = spec.requantize.ulp
    for at, p in enumerate(some.tolist()):
        if spec.requantize.kind == "correct":
            rounded = (2 * abs(p) * n + d) // (2 * d)
            bounds[:, at] = min(max(-rounded if p < 0 else rounded, low), high)
        else:
            real = min(max(p * spec.factor, Fraction(low)), Fraction(high))
            bounds[:, at] = -((reach - real) // 1), (real + reach) // 1
    back = back.reshape(product.shape)
    return bounds[0][back], bounds[1][back]
