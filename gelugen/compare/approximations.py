"""What a function is compared with: other functions, a line of three segments, a table of 8-bit values.

The last two are what is often written by hand. Both are rational, so that their codes are exact as well:

``three_segments``
    The function's left asymptote up to the knot ``low``, its right asymptote from the knot ``high`` on, and the chord
    between these two ends in the middle. Knots are -3 and 3 unless given. For GELU: 0, (x + 3) / 2, x.
``minmax_table``
    ``entries`` equidistant knots, the first and the last at the ends of the range (256 unless given). The values there
    are quantized to 8 bits: round(255 * (value - min) / (max - min)), ties to even, min and max over the knots. Between
    knots it is linear, outside it is constant, as in ``numpy.interp``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq

from gelugen.compare.points import Points
from gelugen.errors import GelugenError, short
from gelugen.functions import ALIASES, CATALOGUE, Function, Parameter, Parts, get_function
from gelugen.functions.function import fraction
from gelugen.functions.parameters import settle, split, written
from gelugen.functions.user import is_reference

THREE_SEGMENTS, MINMAX_TABLE = "three_segments", "minmax_table"

_FAMILIES: dict[str, tuple[str, ...]] = {
    "gelu": ("gelu_tanh", "gelu_sigmoid"),
    "gelu_tanh": ("gelu", "gelu_sigmoid"),
    "gelu_sigmoid": ("gelu", "gelu_tanh"),
    "swish": ("hard_swish",),
    "hard_swish": ("swish",),
    "mish": ("swish",),
    "sigmoid": ("hard_sigmoid",),
    "hard_sigmoid": ("sigmoid",),
    "tanh": ("softsign", "erf"),
    "erf": ("tanh",),
    "softsign": ("tanh",),
    "relu": ("softplus", "smooth_relu"),
    "softplus": ("relu", "smooth_relu"),
    "smooth_relu": ("relu", "softplus"),
    "noisy_relu": ("relu", "softplus"),
    "leaky_relu": ("relu",),
    "elu": ("relu", "leaky_relu"),
}
"""By the name of an entry, the entries that stand in for it; each with its default and its known parameters."""

_LARGEST = Fraction(1 << 64)
_KNOTS = (
    Parameter("low", Fraction(-3), low=-_LARGEST, above=False),
    Parameter("high", Fraction(3), low=-_LARGEST, above=False),
)
_ENTRIES = (Parameter("entries", Fraction(256), low=Fraction(2), high=Fraction(65536), above=False),)


@dataclass(frozen=True, eq=False)
class Approximation:
    """What stands in for a function.

    Attributes:
        name: the notation, with the parameters that are not the default.
        function: what it computes.
        by_hand: whether it is none of the catalogue's functions, but what is often written by hand.
    """

    name: str
    function: Function
    by_hand: bool = False


def defaults(function: Function, points: Points) -> list[Approximation]:
    """What a function is compared with unless the user says: its family, three segments, and the table."""
    entry = function.name.partition(":")[0] if not function.own else ""
    found = [
        approximation(notation, function, points) for name in _FAMILIES.get(entry, ()) for notation in _known(name)
    ]
    if None not in function.ends:
        found.append(approximation(THREE_SEGMENTS, function, points))
    return [*found, approximation(MINMAX_TABLE, function, points)]


def approximation(notation: str, function: Function, points: Points) -> Approximation:
    """The approximation of a notation, such as ``gelu_tanh:coefficient=0.04485`` or ``minmax_table:entries=64``.

    Args:
        notation: a function, ``three_segments`` or ``minmax_table``, with parameters.
        function: what it stands in for.
        points: where; a table's knots lie in their range.

    Raises:
        GelugenError: there is none, a parameter is out of its domain, or it is not defined on all points.
    """
    if is_reference(notation):
        return _of_function(get_function(notation), points)
    name, given = split(notation)
    if name == THREE_SEGMENTS:
        return _three_segments(function, settle(name, _KNOTS, given))
    if name == MINMAX_TABLE:
        points.check(function)
        return _minmax_table(function, points, settle(name, _ENTRIES, given))
    if ALIASES.get(name, name) not in CATALOGUE:
        raise GelugenError(
            f"approximation {short(name)} is not known: it must be {THREE_SEGMENTS}, {MINMAX_TABLE} or one of "
            f"{', '.join(CATALOGUE)}"
        )
    return _of_function(get_function(notation), points)


def refitted(form: str, coefficient: float) -> Approximation:
    """A form of GELU with a coefficient of its own."""
    made = get_function({"name": form, "coefficient": coefficient})
    return Approximation(made.name, made)


def split_names(text: str) -> list[str]:
    """The notations of a list by commas: ``key=value`` after a comma is one more parameter of the name before it."""
    names: list[str] = []
    for part in text.split(","):
        if names and "=" in part and ":" not in part:
            names[-1] += f",{part.strip()}"
        else:
            names.append(part.strip())
    return names


def _of_function(function: Function, points: Points) -> Approximation:
    points.check(function)
    return Approximation(function.name, function)


def _known(name: str) -> Sequence[str]:
    """An entry's notations: with its default, and with each known value of its parameters."""
    entry = CATALOGUE[name]
    return [name, *(f"{name}:{each.name}={value}" for each in entry.parameters for value, _ in each.known)]


# -- the two by hand -----------------------------------------------------------------------------------------


def _by_hand(name: str, formula: str, value: Callable[[fmpq], fmpq]) -> Approximation:
    function = Function(
        name=name, formula=formula, source="often written by hand", fold="none", parts=lambda x: Parts(value(x))
    )
    return Approximation(name, function, by_hand=True)


def _three_segments(function: Function, values: dict[str, Fraction]) -> Approximation:
    left, right = function.ends
    if left is None or right is None:
        raise GelugenError(
            f"{THREE_SEGMENTS} needs a line at both ends, and {function.name} has none at "
            f"{'the left' if left is None else 'the right'}: leave it out of --with"
        )
    low, high = fraction(values["low"]), fraction(values["high"])
    if low >= high:
        raise GelugenError(f"{THREE_SEGMENTS} has low {low} and high {high}: low must be less than high")
    start, end = left.slope * low + left.intercept, right.slope * high + right.intercept
    slope = (end - start) / (high - low)

    def value(x: fmpq) -> fmpq:
        if x < low:
            return left.slope * x + left.intercept
        if x > high:
            return right.slope * x + right.intercept
        return start + slope * (x - low)

    formula = f"{left} for x < {low}, {right} for x > {high}, a line between"
    return _by_hand(written(THREE_SEGMENTS, _KNOTS, values), formula, value)


def _minmax_table(function: Function, points: Points, values: dict[str, Fraction]) -> Approximation:
    if values["entries"].denominator != 1:
        raise GelugenError(
            f"parameter entries of {MINMAX_TABLE} is {float(values['entries'])}: it must be a whole number"
        )
    last = int(values["entries"]) - 1
    low, pitch = fraction(points.low), fraction((points.high - points.low) / last)
    # A range may end past the domain where none of its points does.
    knots = [min(float(points.low + (points.high - points.low) * i / last), _end(function)) for i in range(last + 1)]
    exact = [Fraction(each) for each in function.values(np.array(knots)).tolist()]
    least, greatest = min(exact), max(exact)
    span = greatest - least
    words = [round(255 * (each - least) / span) if span else 0 for each in exact]
    base, step = fraction(least), fraction(span / 255)

    def value(x: fmpq) -> fmpq:
        place = min(max((x - low) / pitch, fmpq(0)), fmpq(last))
        i = min(int(place.floor()), last - 1)
        return base + step * (words[i] + (place - i) * (words[i + 1] - words[i]))

    formula = f"{last + 1} values of 8 bits between min and max, linear between knots"
    return _by_hand(written(MINMAX_TABLE, _ENTRIES, values), formula, value)


def _end(function: Function) -> float:
    return float("inf") if function.domain[1] is None else float(function.domain[1])
