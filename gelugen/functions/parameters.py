"""The notation of a function: its name and its parameters, as in ``swish:beta=1.5``.

A number is a decimal one (taken exactly: 0.1 is one tenth), a hexadecimal double, or p/q.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gelugen.errors import GelugenError, short
from gelugen.functions.function import decimal

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[+-]?0x[0-9a-f]+(\.[0-9a-f]*)?(p[+-]?\d{1,4})?", re.ASCII | re.IGNORECASE)
_QUOTIENT = re.compile(r"([+-]?\d+)/(\d+)", re.ASCII)
_LONGEST_INPUT, _LONGEST = 100, 64
"""Characters of a number as it is given, and of its canonical text: what ``decimal`` writes can be read again."""
_LARGEST = Fraction(1 << 64)
_SMALLEST = 1 / _LARGEST


@dataclass(frozen=True)
class Parameter:
    """A parameter of a catalogue entry.

    Attributes:
        name: as users write it.
        default: what it is unless given.
        low, high: the ends of its domain, which belong to it unless ``above`` says that low does not.
        above: whether it must be more than low.
        known: other values that are in use, and whose they are.
    """

    name: str
    default: Fraction
    low: Fraction = Fraction(0)
    high: Fraction = _LARGEST
    above: bool = True
    known: tuple[tuple[str, str], ...] = ()

    @property
    def domain(self) -> str:
        """The domain in words."""
        least = f"above {decimal(self.low)}" if self.above else f"{decimal(self.low)} or more"
        return f"{least} and at most {'2^64' if self.high == _LARGEST else decimal(self.high)}"

    def check(self, value: Fraction, function: str) -> Fraction:
        """The value, if it is in the domain.

        Raises:
            GelugenError: it is not.
        """
        inside = self.low < value if self.above else self.low <= value
        if not (inside and value <= self.high):
            raise GelugenError(f"parameter {self.name} of {function} is {decimal(value)}: it must be {self.domain}")
        if 0 < abs(value) < _SMALLEST:
            least = "2^-64 or more" if self.above else "0, or 2^-64 or more in magnitude"
            raise GelugenError(f"parameter {self.name} of {function} is {decimal(value)}: it must be {least}")
        return value


def parse_number(value: object, what: str) -> Fraction:
    """An exact number from its text, or from a number; a float stands for its shortest decimal.

    Raises:
        GelugenError: it is no finite number, or its canonical text is too long.
    """
    number = _number(value)
    if number is None:
        raise GelugenError(f"{what} is {short(value)}: it must be a number such as 1.5, 0x1.8p0 or 3/2")
    if max(abs(number.numerator), number.denominator).bit_length() > 4000 or len(decimal(number)) > _LONGEST:
        raise GelugenError(f"{what} is {short(value)}: its digits must fit into {_LONGEST} characters")
    return number


def _number(value: object) -> Fraction | None:
    if isinstance(value, Fraction | int) and not isinstance(value, bool):
        return Fraction(value)
    text = repr(float(value)) if isinstance(value, float) else value
    if not isinstance(text, str) or len(text) > _LONGEST_INPUT:
        return None
    text = text.strip()
    if match := _QUOTIENT.fullmatch(text):
        return Fraction(int(match[1]), int(match[2])) if int(match[2]) else None
    if _DECIMAL.fullmatch(text):
        return Fraction(text)
    if _HEXADECIMAL.fullmatch(text):
        try:
            return Fraction(float.fromhex(text))
        except OverflowError:
            return None
    return None


def split(text: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A function's name and its parameters, as they stand, from ``name:key=value,...`` or a mapping with ``name``.

    Raises:
        GelugenError: it is neither, or a parameter is given twice.
    """
    if isinstance(text, Mapping):
        fields = dict(text)
        name = fields.pop("name", None)
        if not isinstance(name, str):
            raise GelugenError(f"function {short(dict(text))} lacks its name: write {{ name = 'swish', beta = 1.5 }}")
        return name, fields
    if not isinstance(text, str):
        raise GelugenError(f"function {short(text)} must be a name such as gelu, with parameters as in swish:beta=1.5")
    name, colon, rest = text.strip().partition(":")
    name = name.rstrip()
    given: dict[str, Any] = {}
    for item in rest.split(",") if colon else ():
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals or not key:
            raise GelugenError(
                f"function {short(text)} has the part {short(item)}: write parameters as in swish:beta=1.5"
            )
        if key in given:
            raise GelugenError(f"function {short(text)} gives {key} twice: give it once")
        given[key] = value
    return name, given


def settle(function: str, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Fraction]:
    """All parameters of a function, checked; those that are not given have their default.

    Raises:
        GelugenError: one is not known, no number, or outside its domain.
    """
    names = [each.name for each in parameters]
    if unknown := sorted(set(given) - set(names), key=str):
        has = f"its parameters are {', '.join(names)}" if names else "it has none"
        raise GelugenError(f"parameter {short(unknown[0])} of {function} is not known: {has}")
    return {
        each.name: each.check(parse_number(given[each.name], f"parameter {each.name} of {function}"), function)
        if each.name in given
        else each.default
        for each in parameters
    }


def written(name: str, parameters: Sequence[Parameter], values: Mapping[str, Fraction]) -> str:
    """The canonical notation: the parameters that are not the default, in their order."""
    texts = [f"{each.name}={decimal(values[each.name])}" for each in parameters if values[each.name] != each.default]
    return f"{name}:{','.join(texts)}" if texts else name
