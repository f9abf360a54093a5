"""A dialect as a spec names it, and the operator that computes a catalogue function in it.

``onnxruntime``, or with options: ``litert:resolver=xnnpack``, ``onnxruntime:operator=gelu_nodes``. The operator follows
from the function unless it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from gelugen.dialects import DIALECTS, Dialect, codes
from gelugen.dialects.operators import TEXTS, Parameter
from gelugen.errors import GelugenError, short
from gelugen.formats import Codes, Format
from gelugen.functions import CATALOGUE
from gelugen.functions.parameters import settle, split

EXACT = "exact"
"""The mathematics, correctly rounded: no runtime's arithmetic."""

Values = Mapping[str, Fraction]
_Wanted = tuple[tuple[str, ...], Mapping[str, Parameter]]
"""Names that the operator may have, and its parameters."""


def _plain(*names: str) -> Callable[[Values], _Wanted]:
    return lambda _: (names, {})


def _renamed(name: str, **parameters: str) -> Callable[[Values], _Wanted]:
    """An operator whose parameters have other names."""
    return lambda values: ((name,), {theirs: float(values[ours]) for theirs, ours in parameters.items()})


def _swish(values: Values) -> _Wanted:
    if values["beta"] == 1:
        return ("silu",), {}
    return ("quick_gelu",), {"alpha": float(values["beta"])}


_OPERATORS: Mapping[str, Callable[[Values], _Wanted]] = {
    "gelu": _plain("gelu"),
    "gelu_tanh": _plain("gelu_tanh"),
    "gelu_sigmoid": _renamed("quick_gelu", alpha="coefficient"),
    "swish": _swish,
    "sigmoid": _plain("sigmoid", "logistic"),
    "tanh": _plain("tanh"),
    "erf": _plain("erf"),
    "exp": _plain("exp"),
    "elu": _renamed("elu", alpha="alpha"),
    "selu": _plain("selu"),
    "softplus": _plain("softplus"),
    "mish": _plain("mish"),
    "hard_swish": _plain("hard_swish"),
    "hard_sigmoid": _renamed("hard_sigmoid", alpha="slope", beta="offset"),
    "leaky_relu": _renamed("leaky_relu", alpha="slope"),
}
_FIXED = {"gelu_tanh": "coefficient", "softplus": "sharpness"}
"""Parameters that no runtime has: there only the default exists."""


@dataclass(frozen=True)
class Choice:
    """A dialect with its options.

    Attributes:
        dialect: the runtime.
        operator: its operator, where the function alone does not say which.
        options: words such as ``resolver``.
    """

    dialect: Dialect
    operator: str | None
    options: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Choice:
        """Read the notation of the module's head.

        Raises:
            GelugenError: the dialect, the operator or an option is not known.
        """
        if not isinstance(text, str):
            raise GelugenError(f"dialect {short(text)} must be text: {_names()}")
        name, colon, rest = text.strip().partition(":")
        if name not in DIALECTS:
            raise GelugenError(f"dialect {short(name)} is not known: it must be {_names()}")
        dialect, given = DIALECTS[name], {}
        for item in rest.split(",") if colon else ():
            key, _, value = (part.strip() for part in item.partition("="))
            known = sorted(dialect.operators) if key == "operator" else TEXTS.get(key, ())
            if not known:
                raise GelugenError(f"dialect {short(text)} has the unknown option {short(key)}: {_options()}")
            if value not in known or key in given:
                raise GelugenError(f"{key} {short(value)} of dialect {name} must be, once, one of {', '.join(known)}")
            given[key] = value
        operator = given.pop("operator", None)
        return cls(dialect, operator, tuple(sorted(given.items())))

    def __str__(self) -> str:
        operator = (("operator", self.operator),) if self.operator else ()
        options = ",".join(f"{key}={value}" for key, value in (*operator, *self.options))
        return f"{self.dialect.name}:{options}" if options else self.dialect.name

    def describe(self) -> str:
        """The dialect and the version that it was held against, for people."""
        return f"{self} ({self.dialect.version})"

    def codes(self, function: str, input_format: Format, output: Format) -> Codes:
        """The output codes of a catalogue function over all input codes, as the runtime computes them.

        Raises:
            GelugenError: the runtime does not compute that function, or not in these formats.
        """
        operator, parameters = self._operator(function)
        return codes(self.dialect.name, operator, input_format, output, **parameters, **dict(self.options))

    def computes(self, function: str) -> bool:
        """Whether the runtime has an operator for a catalogue function."""
        try:
            self._operator(function)
        except GelugenError:
            return False
        return True

    def _operator(self, function: str) -> tuple[str, dict[str, Parameter]]:
        name, given = split(function)
        has = ", ".join(sorted(each for each, make in _OPERATORS.items() if self._known(make)))
        if name not in _OPERATORS:
            raise GelugenError(f"function {function} is none that dialect {self.dialect.name} computes: it has {has}")
        values = settle(name, CATALOGUE[name].parameters, given)
        if (fixed := _FIXED.get(name)) and fixed in given:
            raise GelugenError(
                f"{fixed} of {function} is one that dialect {self.dialect.name} does not have: leave it out"
            )
        names, parameters = _OPERATORS[name](values)
        if self.operator:
            taken = self.dialect.operators[self.operator].defaults
            return self.operator, {key: value for key, value in parameters.items() if key in taken}
        for each in names:
            if each in self.dialect.operators:
                return each, self._taken(each, function, parameters)
        raise GelugenError(f"function {function} is none that dialect {self.dialect.name} computes: it has {has}")

    def _taken(self, operator: str, function: str, parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
        """The parameters that the operator takes; those that it lacks must have the value that it stands for."""
        defaults = self.dialect.operators[operator].defaults
        if wrong := [key for key, value in parameters.items() if key not in defaults and value != 1.0]:
            raise GelugenError(
                f"{wrong[0]} of {function} is one that {self.dialect.name}'s {operator} does not have: it is always 1"
            )
        return {key: value for key, value in parameters.items() if key in defaults}

    def _known(self, make: Callable[[Values], _Wanted]) -> bool:
        every = {each.name: each.default for entry in CATALOGUE.values() for each in entry.parameters}
        return any(name in self.dialect.operators for name in make(every)[0])


def _names() -> str:
    return f"{EXACT} or one of {', '.join(DIALECTS)}"


def _options() -> str:
    return f"the options are operator, {', '.join(TEXTS)}"
