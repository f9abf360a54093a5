"""A user's own function, named ``module:function``.

From Python::

    @gelugen.ball_function                      # on balls of python-flint: any precision, proven
    def sine(x):
        return x.sin()

    @gelugen.float_function(relative=2**-50)    # on floats: |result - truth| <= relative * |result| + absolute
    def arctangent(x):
        return math.atan(x)

    gelugen.Spec(sine, "q3.4", "q0.7")

A function is known from then on by its name, to this process alone. Nothing that stands in a file is ever imported or
run: a design of a user's own function can be read back or verified only where that function was given by the user.
Its symmetry is looked for over the codes; nobody has to state it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import import_module
from typing import Any

from flint import arb, fmpq

from gelugen.errors import GelugenError, short
from gelugen.functions.function import (
    Domain,
    Function,
    Parts,
    decimal,
    exact_value,
    fraction,
    python_fraction,
    shown,
)
from gelugen.functions.parameters import parse_number

BallFunction = Callable[[arb], Any]
FloatFunction = Callable[[float], float]

_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", re.ASCII)
_known: dict[str, Function] = {}


def is_reference(text: str) -> bool:
    """Whether a text has the form ``module:function``."""
    return bool(_REFERENCE.fullmatch(text.strip()))


def is_known(name: str) -> bool:
    """Whether the user has given a function under a name."""
    return name.strip() in _known


def user_function(name: str) -> Function:
    """The function that the user has given under a name.

    Raises:
        GelugenError: there is none in this process.
    """
    found = _known.get(name.strip())
    if found is None:
        raise GelugenError(
            f"function {short(name)} is a user's own and not known here: give it with --function {name.strip()} or "
            f"from Python, since nothing that a file names is run"
        )
    return found


def given(function: Function) -> Function:
    """The same function; a user's own one is known from now on, in the place of another one of its name."""
    if function.own:
        _known[function.name] = function
    return function


# -- from callables ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stated:
    """What the author of a float function promises: |result - truth| <= absolute + relative * |result|."""

    absolute: Fraction
    relative: Fraction

    @classmethod
    def parse(cls, text: str) -> Stated:
        """``absolute:1e-12``, ``relative:2e-16``, or both by a comma.

        Raises:
            GelugenError: the text is malformed, or a number is negative.
        """
        given: dict[str, Fraction] = {}
        for item in text.split(","):
            key, colon, value = (part.strip() for part in item.partition(":"))
            if key not in ("absolute", "relative") or not colon or key in given:
                raise GelugenError(f"accuracy {short(text)} must be absolute:1e-12, relative:2e-16, or both by a comma")
            given[key] = parse_number(value, f"accuracy {key}")
        return cls.of(given.get("absolute", Fraction(0)), given.get("relative", Fraction(0)))

    @classmethod
    def of(cls, absolute: object, relative: object) -> Stated:
        """From numbers.

        Raises:
            GelugenError: one is negative or no number.
        """
        stated = cls(parse_number(absolute, "accuracy absolute"), parse_number(relative, "accuracy relative"))
        if stated.absolute < 0 or stated.relative < 0:
            raise GelugenError(f"accuracy {stated} must not be negative")
        return stated

    def __str__(self) -> str:
        parts = [
            f"{name}:{decimal(value)}" for name, value in (("absolute", self.absolute), ("relative", self.relative))
        ]
        return ",".join(part for part in parts if not part.endswith(":0")) or "absolute:0"


def ball_function(
    function: BallFunction | None = None,
    *,
    name: str | None = None,
    formula: str | None = None,
    domain: Domain = (None, None),
) -> Any:
    """A function on balls, made known; a decorator, or a call.

    Args:
        function: takes an ``arb`` around x and gives an ``arb`` that encloses f(x) and shrinks as ``ctx.prec`` grows,
            or an exact number (int, Fraction, fmpq).
        name: ``module:function``; that of the callable unless given. A lambda has none.
        formula: the definition in plain text, for headers.
        domain: first and last x, None where there is no end.

    Returns:
        The ``Function``.

    Raises:
        GelugenError: the name or the domain is malformed.
    """
    if function is None:
        return lambda given: ball_function(given, name=name, formula=formula, domain=domain)
    identity = _identity(function, name)

    def parts(x: fmpq) -> Parts:
        result = _call(identity, function, arb(x), x)
        if isinstance(result, arb):
            return Parts(exact_value(result)) if result.is_exact() and result.is_finite() else Parts(fmpq(0), result)
        if isinstance(result, int | Fraction) and not isinstance(result, bool):
            return Parts(fraction(Fraction(result)))
        if isinstance(result, fmpq):
            return Parts(result)
        raise GelugenError(
            f"function {identity} gives {short(result)} at x = {shown(x)}: it must give an arb or an exact number; "
            f"a function of floats needs its accuracy stated"
        )

    return given(_own(identity, formula, domain, parts))


def float_function(
    function: FloatFunction | None = None,
    *,
    absolute: object = 0,
    relative: object = 0,
    name: str | None = None,
    formula: str | None = None,
    domain: Domain = (None, None),
) -> Any:
    """A function on floats whose author states its accuracy, made known; a decorator, or a call.

    |result - f(x)| <= absolute + relative * |result| is taken on trust; x is rounded to the nearest double before, and
    the bound must cover that where the input's scale is no power of two. A result that lies exactly half-way between
    two output codes is taken as exact. With 0 and 0 the function is what it returns.

    Raises:
        GelugenError: a bound is negative or no number, or the name or the domain is malformed.
    """
    stated = Stated.of(absolute, relative)
    if function is None:
        return lambda given: float_function(
            given, absolute=absolute, relative=relative, name=name, formula=formula, domain=domain
        )
    identity = _identity(function, name)
    radius = fraction(stated.absolute), fraction(stated.relative)

    def parts(x: fmpq) -> Parts:
        result = _call(identity, function, float(python_fraction(x)), x)
        try:
            value = math.nan if isinstance(result, str | bytes) else float(result)
        except Exception:
            value = None
        if value is None or isinstance(result, str | bytes):
            raise GelugenError(f"function {identity} gives {short(result)} at x = {shown(x)}: it must give a float")
        if not math.isfinite(value):
            raise GelugenError(
                f"function {identity} gives {value} at x = {shown(x)}: it must be finite there, or have a domain"
            )
        exact = fraction(Fraction(value))
        width = radius[0] + radius[1] * abs(exact)
        return Parts(exact, arb(0, arb(width).upper())) if width else Parts(exact)

    made = _own(identity, formula, domain, parts)
    return given(replace(made, accuracy=str(stated)))


def load(reference: str, accuracy: str | None = None) -> Function:
    """Import ``module:function`` and make it known. Only for what the user has written on the command line.

    Args:
        reference: the module is looked for as Python does.
        accuracy: of an ordinary float function, as in ``relative:2e-16``; what is no float function needs none.

    Raises:
        GelugenError: there is no such module or function, its import fails, or it is neither made by ``ball_function``
            or ``float_function`` nor given an accuracy.
    """
    if not is_reference(reference):
        raise GelugenError(f"function {short(reference)} must have the form module:function")
    module, _, path = reference.strip().partition(":")
    try:
        found: Any = import_module(module)
    except (Exception, SystemExit) as error:
        raise GelugenError(
            f"function {reference}: module {module} cannot be imported ({_told(error)}): it must be a module that "
            f"Python finds from here"
        ) from None
    for part in path.split("."):
        if not hasattr(found, part):
            raise GelugenError(f"function {reference}: module {module} has no {path}: name one that it has")
        found = getattr(found, part)
    if isinstance(found, Function):
        if accuracy is not None and str(Stated.parse(accuracy)) != found.accuracy:
            own = f"states {found.accuracy}" if found.accuracy else "needs none"
            raise GelugenError(f"accuracy {accuracy} is given, and {reference.strip()} {own}: leave it out")
        return given(replace(found, name=reference.strip(), own=True))
    if not callable(found):
        raise GelugenError(f"function {reference} is {short(found)}, which cannot be called: name a function")
    if accuracy is None:
        raise GelugenError(
            f"function {reference} is an ordinary one: state how accurate it is, as in --accuracy relative:4e-16, or "
            f"make it with gelugen.ball_function"
        )
    stated = Stated.parse(accuracy)
    made: Function = float_function(found, absolute=stated.absolute, relative=stated.relative, name=reference.strip())
    return made


def check_pure(function: Function, points: list[fmpq], first: list[Parts]) -> None:
    """Call a user's function again, from the last x to the first, in the same working precision, and compare.

    Raises:
        GelugenError: it gives another value than before.
    """
    for x, before in zip(reversed(points), reversed(first), strict=True):
        again = function.at(x)
        if again.exact != before.exact or not _same(again.rest, before.rest):
            raise GelugenError(
                f"function {function.name} is not pure: at x = {shown(x)} it gives another value when called again: it "
                f"must depend on x alone"
            )


def _same(one: arb | None, other: arb | None) -> bool:
    if one is None or other is None:
        return one is other
    if not (one.is_finite() and other.is_finite()):
        return bool(one.is_finite() == other.is_finite())
    return bool(one.mid() == other.mid() and one.rad() == other.rad())


def _own(identity: str, formula: str | None, domain: Domain, parts: Callable[[fmpq], Parts]) -> Function:
    low, high = (None if end is None else parse_number(end, f"domain of {identity}") for end in domain)
    if low is not None and high is not None and low >= high:
        raise GelugenError(f"domain of {identity} goes from {low} to {high}: the first x must be less than the last")
    return Function(
        name=identity,
        formula=formula or f"{identity.partition(':')[2]}(x)",
        source="the user's own function",
        fold="none",
        parts=parts,
        domain=(low, high),
        own=True,
    )


def _identity(function: Callable[..., Any], name: str | None) -> str:
    if name is None:
        own = str(getattr(function, "__qualname__", "") or getattr(function, "__name__", ""))
        name = f"{getattr(function, '__module__', None) or 'user'}:{own.replace('<locals>.', '')}"
        if not own or "<lambda>" in own:
            raise GelugenError(f"function {short(function)} has no name of its own: give one, as in name='user:mine'")
    if not is_reference(name):
        raise GelugenError(f"name {short(name)} of a function must have the form module:function")
    return name.strip()


def _call(identity: str, function: Callable[..., Any], argument: object, x: fmpq) -> Any:
    try:
        return function(argument)
    except (Exception, SystemExit) as error:
        raise GelugenError(
            f"function {identity} raises at x = {shown(x)} ({_told(error)}): it must take one number and be defined on "
            f"the whole input range, or have a domain"
        ) from None


def _told(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".removesuffix(": ")
