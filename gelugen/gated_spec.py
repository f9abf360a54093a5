"""What is asked of a gated unit: its activation, the formats of up and of the product, and how that is rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gelugen.aims import DEFAULT_OBJECTIVE, Guarantee
from gelugen.architectures import AUTO
from gelugen.errors import GelugenError, short
from gelugen.formats import FittedFormat, Format, Ties, parse_format
from gelugen.functions import Function
from gelugen.identifiers import LONGEST
from gelugen.requantize import HALF
from gelugen.spec import Spec, checked_fields, spec_hash

SYNONYMS = {"geglu": "gelu", "swiglu": "swish", "reglu": "relu", "glu": "sigmoid"}
"""Names of gated units, and the function of their gate."""
_UNITS = {function: name for name, function in SYNONYMS.items()}

GATED_KEYS = ("intermediate", "up", "requantize")
"""The keys that only the request for a gated unit has."""
_NEEDED = ("function", "input", "intermediate", "up", "output")
UNIT_KEYS = (*_NEEDED, "guarantee", "requantize", "architecture", "ties", "objective", "exclude", "outside")
"""All its keys."""


@dataclass(frozen=True, init=False)
class GatedSpec:
    """A gate's activation, the format of what it is multiplied by, and the format of the product.

    Attributes:
        activation: function, gate's format, intermediate format (its output), guarantee and so on.
        up: the format of the second factor.
        output: the format of the product.
        requantize: the guarantee of the product's rounding: ``correct`` or ``ulp:N`` with N above 1/2.
    """

    activation: Spec
    up: Format
    output: Format
    requantize: Guarantee

    def __init__(
        self,
        function: str | Mapping[str, Any] | Function,
        input: str | Mapping[str, Any] | Format,
        intermediate: str | Mapping[str, Any] | Format,
        up: str | Mapping[str, Any] | Format,
        output: str | Mapping[str, Any] | Format,
        guarantee: str | Guarantee | None = None,
        requantize: str | Guarantee = "correct",
        architecture: str = AUTO,
        ties: Ties = "even",
        objective: str = DEFAULT_OBJECTIVE,
        exclude: str | Sequence[str] = (),
        outside: str | float | None = None,
    ) -> None:
        """Check and normalise. ``geglu``, ``swiglu``, ``reglu`` and ``glu`` stand for the function of their gate.

        Raises:
            GelugenError: a field is unknown, malformed or contradictory.
        """
        if isinstance(function, str):
            name, *parameters = function.split(":", 1)
            function = ":".join([SYNONYMS.get(name, name), *parameters])
        for name, form in (("up", up), ("output", output)):
            if isinstance(parse_format(form), FittedFormat):
                raise GelugenError(
                    f"{name} {short(form)} asks for scale=fit, which only intermediate can: give a scale"
                )
        requantize = requantize if isinstance(requantize, Guarantee) else _rounding(requantize)
        if requantize.kind == "faithful" or (requantize.kind == "ulp" and requantize.ulp <= HALF):
            raise GelugenError(f"requantize {requantize} is not known: it must be correct or ulp:N with N above 0.5")
        activation = Spec(
            function,
            input,
            intermediate,
            guarantee,
            architecture=architecture,
            ties=ties,
            objective=objective,
            exclude=exclude,
            outside=outside,
        )
        fields = {
            "activation": activation,
            "up": Format.parse(up),
            "output": Format.parse(output),
            "requantize": requantize,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_fields(cls, fields: object) -> GatedSpec:
        """The spec of a mapping of its fields.

        Raises:
            GelugenError: an unknown key, a missing one, or a value that is refused.
        """
        return cls(**checked_fields(fields, UNIT_KEYS, _NEEDED, "a gated unit"))

    @property
    def function(self) -> str:
        """The function of the gate."""
        return self.activation.function

    @property
    def definition(self) -> Function:
        """The same as a real function; raises as ``Spec.definition``."""
        return self.activation.definition

    @property
    def input(self) -> Format:
        """The format of the gate."""
        return self.activation.input

    @property
    def intermediate(self) -> Format:
        """The format to which act(gate) is rounded."""
        return self.activation.output

    @property
    def formats(self) -> dict[str, Format]:
        """All formats by their keys."""
        return {"input": self.input, "intermediate": self.intermediate, "up": self.up, "output": self.output}

    @property
    def factor(self) -> Fraction:
        """The real value of one product of codes, in ulp of the output."""
        scale = Fraction(self.intermediate.scale) * Fraction(self.up.scale)
        return scale / Fraction(self.output.scale)

    @property
    def aim(self) -> str:
        """What is asked, in few words."""
        rounding = "" if self.requantize.kind == "correct" else f", requantize {self.requantize}"
        return f"{self.activation.aim}{rounding}"

    def describe_requantize(self) -> str:
        """The guarantee of the product's rounding as a formula, for people."""
        if self.requantize.kind == "correct":
            return "correct: every product of codes, rounded half away from zero as with the real factor"
        return f"{self.requantize}: at most {float(self.requantize.ulp):.6g} ulp from the product of the codes"

    def fields(self) -> dict[str, str]:
        """The spec as text, ready for TOML or JSON; ``GatedSpec(**fields)`` gives it back."""
        act = self.activation.fields()
        data = {key: act.pop(key) for key in ("function", "input")}
        data |= {"intermediate": act.pop("output"), "up": str(self.up), "output": str(self.output)}
        data["guarantee"] = act.pop("guarantee")
        if self.requantize.kind != "correct":
            data["requantize"] = str(self.requantize)
        return data | act

    def default_name(self) -> str:
        """An identifier made from the spec, such as ``geglu_q3_4_correct`` or ``gated_tanh_q3_4_correct``."""
        act = self.activation.default_name().removesuffix(f"_{spec_hash(self.activation.fields())[:8]}")
        function = self.function.partition(":")[0]
        parts = [_UNITS[function] + act.removeprefix(function) if function in _UNITS else f"gated_{act}"]
        if not self.input == self.intermediate == self.up == self.output:
            for word, form in (("up", self.up), ("out", self.output)):
                shown = str(form).replace(".", "_") if form.fraction_bits is not None else form.kind
                parts.append(f"{word}_{shown}")
        if self.requantize.kind != "correct":
            parts.append(f"requantize_{str(self.requantize).replace('.', '_').replace(':', '')}")
        if any(each.fraction_bits is None for each in self.formats.values()):
            parts.append(spec_hash(self.fields())[:8])
        name = "_".join(parts)
        return name if len(name) <= LONGEST else f"{name[: LONGEST - 9].rstrip('_')}_{spec_hash(self.fields())[:8]}"


def _rounding(text: str) -> Guarantee:
    try:
        return Guarantee.parse(text)
    except GelugenError:
        raise GelugenError(
            f"requantize {short(text)} is not known: it must be correct or ulp:N with N above 0.5"
        ) from None
