"""What the fields of a spec mean together: which real function is asked for, and what goes with a runtime's dialect."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gelugen.dialects.choice import EXACT
from gelugen.dialects.expressions import Expression
from gelugen.dialects.nodes import SUBGRAPH, node_function
from gelugen.errors import GelugenError, short
from gelugen.functions import Function, get_function, parse_number
from gelugen.functions.function import decimal
from gelugen.functions.user import given


def named(function: str | Mapping[str, Any] | Function, expression: str | None) -> Function:
    """The function that a spec names; a user's own one, given as an object, is known from now on.

    Raises:
        GelugenError: there is none, a parameter is refused, or an expression is missing.
    """
    if function == SUBGRAPH:
        if expression is None:
            raise GelugenError(f"function {SUBGRAPH} needs an expression that says what it is")
        return node_function(expression)
    return given(function) if isinstance(function, Function) else get_function(function)


def check_expression(expression: str, dialect: str, function: object) -> str:
    """An expression in its canonical text.

    Raises:
        GelugenError: it is none, or the dialect is no runtime of ONNX.
    """
    if not isinstance(expression, str):
        raise GelugenError(f"expression {short(expression)} must be text such as Erf(x)")
    if dialect != "onnxruntime" and not (dialect == EXACT and function == SUBGRAPH):
        raise GelugenError(
            f"expression {short(expression)} is given with dialect {short(dialect)} and function {short(function)}: "
            f"take dialect onnxruntime, or function {SUBGRAPH}"
        )
    return str(Expression.parse(expression))


def check_dialect(fields: Mapping[str, Any]) -> None:
    """What goes with a runtime's arithmetic.

    Raises:
        GelugenError: a field that only the mathematics has.
    """
    dialect, guarantee = fields["dialect"], fields["guarantee"]
    if guarantee is not None and guarantee.kind == "faithful":
        raise GelugenError(
            f"guarantee faithful is given with dialect {dialect}, whose values are codes: take correct or ulp:N"
        )
    if fields["ties"] != "even":
        raise GelugenError(f"ties {fields['ties']} is given with dialect {dialect}, which has its own: leave it out")
    if fields["outside"] is not None:
        raise GelugenError(f"outside {fields['outside']} is given with dialect {dialect}: leave it out")


CLAMP = "clamp"
"""Outside its domain a function has its value at the nearest end."""


def check_outside(entry: Function, outside: str | float | None) -> str | None:
    """What a function is to be outside its domain, in its canonical text.

    Raises:
        GelugenError: it is neither ``clamp`` nor a number.
    """
    if outside is None or outside == CLAMP:
        return outside
    return decimal(parse_number(outside, f"outside of {entry.name}, unless it is {CLAMP},"))


@lru_cache(maxsize=64)
def extended(entry: Function, outside: str) -> Function:
    """The function on all reals; one object a function and a rule, since golden codes are kept for it."""
    return entry.extended(None if outside == CLAMP else parse_number(outside, "outside"))
