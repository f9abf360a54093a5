"""What an entry of the catalogue is, and the balls that entries share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from flint import arb, ctx, fmpq

from gelugen.functions.function import Domain, Fold, Function, Line, Parts
from gelugen.functions.parameters import Parameter, written

Values = dict[str, Fraction]
"""The parameters of a function by name."""

ZERO, HALF, ONE = fmpq(0), fmpq(1, 2), fmpq(1)
LEFT_ZERO, RIGHT_ZERO, IDENTITY = Line(ZERO, ZERO), Line(ZERO, ZERO), Line(ONE, ZERO)
NOTHING = Parts(ZERO)


@dataclass(frozen=True)
class Formula:
    """What an entry gives for some parameters.

    Attributes:
        text: the definition, with the parameters filled in.
        fold, parts, ends, domain: as in ``Function``.
    """

    text: str
    fold: Fold
    parts: Callable[[fmpq], Parts]
    ends: tuple[Line | None, Line | None]
    domain: Domain = (None, None)


@dataclass(frozen=True)
class Entry:
    """A catalogue entry.

    Attributes:
        name: what users write.
        group: under which heading it is listed.
        source: where the definition comes from.
        define: from the parameters to what the function is.
        checks: pairs (x, f(x)) for the default parameters, from mpmath at 30 digits, to 15 digits.
        parameters: in the order in which they are written.
        aliases: other names, each for some parameters.
    """

    name: str
    group: str
    source: str
    define: Callable[[Values], Formula]
    checks: tuple[tuple[float, float], ...]
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()

    def function(self, values: Values) -> Function:
        """The function for some parameters."""
        formula = self.define(values)
        default = all(values[each.name] == each.default for each in self.parameters)
        return Function(
            name=written(self.name, self.parameters, values),
            formula=formula.text,
            source=self.source,
            fold=formula.fold,
            parts=formula.parts,
            ends=formula.ends,
            domain=formula.domain,
            checks=self.checks if default else (),
        )

    @property
    def default(self) -> Function:
        """The function for the default parameters."""
        return self.function({each.name: each.default for each in self.parameters})


def by_name(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Entries under their names."""
    return {entry.name: entry for entry in entries}


# -- balls, for x >= 0 ---------------------------------------------------------------------------------------


def logistic_tail(x: arb) -> arb:
    """sigmoid(-x) for x >= 0, written so that a large x gives a small ball and never inf / inf."""
    e = (-x).exp()
    return e / (1 + e)


def normal_tail(x: arb) -> arb:
    """Phi(-x) for x >= 0, with its relative accuracy."""
    return (x * _root_half(ctx.prec)).erfc() / 2


def density(x: arb) -> arb:
    """The normal density phi(x)."""
    return (-(x * x) / 2).exp() * _phi_of_zero(ctx.prec)


def root_two_over_pi() -> arb:
    """sqrt(2 / pi)."""
    return _root_two_over_pi(ctx.prec)


# Constants, once for each working precision.


@lru_cache(maxsize=32)
def _root_half(precision: int) -> arb:  # noqa: ARG001
    return arb(HALF).sqrt()


@lru_cache(maxsize=32)
def _phi_of_zero(precision: int) -> arb:  # noqa: ARG001
    return 1 / (2 * arb.pi()).sqrt()


@lru_cache(maxsize=32)
def _root_two_over_pi(precision: int) -> arb:  # noqa: ARG001
    return (arb(2) / arb.pi()).sqrt()
