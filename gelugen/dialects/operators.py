"""What a dialect offers: operators, the integer types they take, and their parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gelugen.errors import GelugenError, short
from gelugen.formats import Codes, Format

Parameter = float | str
TEXTS: Mapping[str, tuple[str, ...]] = {"libm": ("fdlibm", "rounded"), "resolver": ("builtin", "reference", "xnnpack")}
"""The parameters that are words, and the words they may be."""


@dataclass(frozen=True)
class Call:
    """One call of an operator: formats and checked parameters."""

    operator: str
    input: Format
    output: Format
    parameters: Mapping[str, Parameter]

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        return float(self.parameters[name])

    def text(self, name: str) -> str:
        """A parameter that is a word."""
        return str(self.parameters[name])


@dataclass(frozen=True)
class Operator:
    """An operator of a runtime.

    Attributes:
        name: what ``codes`` is asked for.
        run: gives the output codes, in the order of the input codes.
        kinds: the integer types it takes, as in ``Format.kind``; input and output have the same one.
        defaults: its parameters; None is one without a default.
    """

    name: str
    run: Callable[[Call], Codes]
    kinds: tuple[str, ...]
    defaults: Mapping[str, Parameter | None]

    def __call__(self, dialect: str, source: Format, target: Format, parameters: Mapping[str, object]) -> Codes:
        """Check types and parameters, then run.

        Raises:
            GelugenError: the runtime has no such kernel, or a parameter is not known, is missing or out of its domain.
        """
        who = f"{dialect}'s {self.name}"
        for what, form in (("input", source), ("output", target)):
            if form.kind not in self.kinds:
                raise GelugenError(f"{what} type {form.kind} is not one that {who} takes: {', '.join(self.kinds)}")
        if source.kind != target.kind:
            raise GelugenError(
                f"output type {target.kind} must be the input's, {source.kind}: {who} takes no mixed types"
            )
        if unknown := sorted(set(parameters) - set(self.defaults)):
            known = ", ".join(self.defaults) or "none"
            raise GelugenError(f"parameter {short(unknown[0])} is not one of {who}: it has {known}")
        checked = {name: _check(name, parameters.get(name, default), who) for name, default in self.defaults.items()}
        return self.run(Call(self.name, source, target, checked))


def _check(name: str, value: object, who: str) -> Parameter:
    if value is None:
        raise GelugenError(f"parameter {name!r} is missing: {who} needs it")
    if name in TEXTS:
        if not isinstance(value, str) or value not in TEXTS[name]:
            raise GelugenError(f"{name} {short(value)} is not known: it must be one of {', '.join(TEXTS[name])}")
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise GelugenError(f"{name} {short(value)} must be a finite number")
    return float(value)
