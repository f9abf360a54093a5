"""Gated units: act(gate) * up in integers, as GEGLU, SwiGLU and ReGLU have it.

They are defined in Shazeer, GLU Variants Improve Transformer, arXiv:2002.05202.

    act  the code that the activation's design gives for the gate's code, in the intermediate format
    p  = (act - zero_point of intermediate) * (up - zero_point of up)
    r  = (|p| * multiplier + half) >> shift, with the sign of p;  half = 2^shift / 2        (``requantize.py``)
    y  = r + zero_point of output, saturated
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gelugen.design import Design
from gelugen.errors import GelugenError
from gelugen.formats import MAX_BITS, Codes, Format
from gelugen.gated_spec import GatedSpec
from gelugen.requantize import LARGEST_SHIFT, Products, fits
from gelugen.strict import take, whole

_STRIDE = 40503
"""2^16 divided by the golden ratio: odd, so that ``up`` takes every code, in steps that look random."""
_RANDOM_ROUNDS, _SEED = 2, 2002


@dataclass(frozen=True)
class Gated:
    """A gated unit in integers only. ``eval`` is what every emitted artifact must equal.

    Attributes:
        spec: what it was made for.
        design: the activation, from the gate's code to the intermediate code.
        multiplier, shift: the product of codes becomes one of the output as product * multiplier / 2^shift.
    """

    kind: ClassVar[str] = "gated"
    spec: GatedSpec
    design: Design
    multiplier: int
    shift: int

    def __post_init__(self) -> None:
        if self.design.spec != self.spec.activation:
            raise GelugenError("the design of a gated unit's activation must be that of its spec")
        if not (self.multiplier > 0 and 0 <= self.shift <= LARGEST_SHIFT):
            raise GelugenError(
                f"a gated unit's multiplier must lie above 0 and its shift between 0 and {LARGEST_SHIFT}"
            )
        if not fits(self.products.largest, self.multiplier, self.shift):
            raise GelugenError("a gated unit's products must fit 63 bits")

    @property
    def ports(self) -> dict[str, Format]:
        """The inputs by the names of their Verilog ports, in the order of ``eval``."""
        return {"in_gate": self.spec.input, "in_up": self.spec.up}

    @property
    def output(self) -> Format:
        """The output's format."""
        return self.spec.output

    @property
    def architecture(self) -> str:
        """The family in which the activation was fitted."""
        return self.design.architecture

    @property
    def rom_bits(self) -> int:
        """The activation's stored bits; the product stores none."""
        return self.design.rom_bits

    @property
    def products(self) -> Products:
        """Which products occur with the codes that the activation gives."""
        return possible_products(self.design, self.spec.up, self.spec.output)

    @property
    def multiplies(self) -> bool:
        """Whether the multiplier takes a multiplication: it is no power of two."""
        return self.multiplier & self.multiplier - 1 != 0

    def eval(self, gate: npt.ArrayLike, up: npt.ArrayLike) -> Codes:
        """The output codes of codes of the gate and of up, whose shapes are broadcast, as int64.

        Raises:
            GelugenError: a code is no integer or outside its format, or the shapes do not go together.
        """
        return self.requantize(self.product(gate, up))

    def product(self, gate: npt.ArrayLike, up: npt.ArrayLike) -> Codes:
        """The products p of the module's head; arguments and errors are those of ``eval``."""
        act = self.design.eval(gate) - self.spec.intermediate.zero_point
        other = self.spec.up.check_codes(up) - self.spec.up.zero_point
        try:
            return act * other
        except ValueError:
            raise GelugenError(
                f"codes of gate and up have the shapes {act.shape} and {other.shape}: they must go together"
            ) from None

    def requantize(self, product: Codes) -> Codes:
        """The output codes of products."""
        rounded = (np.abs(product) * self.multiplier + (1 << self.shift >> 1)) >> self.shift
        return self.output.saturate(np.where(product < 0, -rounded, rounded) + self.output.zero_point)

    def __call__(self, gate: npt.ArrayLike, up: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Reals in, reals out: quantize, eval, dequantize.

        Raises:
            GelugenError: a value is NaN, or the shapes do not go together.
        """
        ties = self.spec.activation.ties
        codes = self.eval(self.spec.input.quantize(gate, ties), self.spec.up.quantize(up, ties))
        return self.output.dequantize(codes)

    # -- what a check drives -------------------------------------------------------------------------------

    @property
    def exhaustive(self) -> bool:
        """Whether all pairs of codes are checked: both inputs have 16 bits together at most."""
        return self.spec.input.bits + self.spec.up.bits <= MAX_BITS

    def stimulus(self) -> tuple[Codes, Codes]:
        """The pairs that are checked: all of them, or every gate code with chosen and random codes of up.

        Chosen are the smallest, the largest, and one about the zero point.
        """
        if self.exhaustive:
            return self.sequence()
        gate, up = self.spec.input.codes(), self.spec.up
        rng = np.random.default_rng(_SEED)
        near = up.saturate(up.zero_point + np.arange(len(gate)) % 3 - 1)
        rounds = [np.full_like(gate, up.code_min), np.full_like(gate, up.code_max), near]
        rounds += [rng.integers(up.code_min, up.code_max, len(gate), endpoint=True) for _ in range(_RANDOM_ROUNDS)]
        return np.tile(gate, len(rounds)), np.concatenate(rounds)

    def sequence(self) -> tuple[Codes, Codes]:
        """The pairs of the emitted test bench: all of them, or every code of both in steps of one and of ``stride``."""
        gate, up = self.spec.input, self.spec.up
        if self.exhaustive:
            return np.repeat(gate.codes(), 1 << up.bits), np.tile(up.codes(), 1 << gate.bits)
        at = np.arange(1 << max(gate.bits, up.bits), dtype=np.int64)
        return (
            gate.code_min + (at & (1 << gate.bits) - 1),
            up.code_min + (at * self.stride & (1 << up.bits) - 1),
        )

    @property
    def stride(self) -> int:
        """By how much up grows from sample to sample of ``sequence``, where not all pairs are taken."""
        return _STRIDE & (1 << self.spec.up.bits) - 1

    # -- JSON ----------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for the manifest."""
        return {
            "spec": self.spec.fields(),
            "multiplier": self.multiplier,
            "shift": self.shift,
            "activation": self.design.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Gated:
        """The gated unit of a manifest.

        Raises:
            GelugenError: a field is missing, unknown, of the wrong type, or out of range.
        """
        try:
            spec, multiplier, shift, design = take(data, "spec", "multiplier", "shift", "activation")
            return cls(GatedSpec.from_fields(spec), Design.from_json(design), whole(multiplier), whole(shift))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GelugenError(f"the gated unit in the manifest is malformed: {error!r}") from None


@lru_cache(maxsize=8)
def possible_products(design: Design, up: Format, output: Format) -> Products:
    """Which products occur with the codes that an activation's design gives."""
    act = design.eval(design.spec.input.codes()) - design.spec.output.zero_point
    others = up.code_min - up.zero_point, up.code_max - up.zero_point
    corners = [one * two for one in (int(act.min()), int(act.max())) for two in others]
    return Products(
        low=min(corners),
        high=max(corners),
        below=output.zero_point - output.code_min,
        above=output.code_max - output.zero_point,
    )
