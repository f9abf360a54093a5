"""All functions by name, and the way from a notation to a function."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gelugen.errors import GelugenError, short
from gelugen.functions import gelus, rectifiers, sigmoids
from gelugen.functions.entries import Entry, by_name
from gelugen.functions.function import Function
from gelugen.functions.parameters import settle, split, written
from gelugen.functions.user import is_known, is_reference, user_function

CATALOGUE: dict[str, Entry] = by_name([*gelus.ENTRIES, *sigmoids.ENTRIES, *rectifiers.ENTRIES])
ALIASES: dict[str, str] = {alias: entry.name for entry in CATALOGUE.values() for alias in entry.aliases}


def get_function(notation: str | Mapping[str, Any]) -> Function:
    """The function of a notation: ``gelu``, ``swish:beta=1.5``, a mapping, or the name of a user's own function.

    Raises:
        GelugenError: there is none, or a parameter is unknown or out of its domain.
    """
    if isinstance(notation, str) and is_reference(notation):
        prefix = notation.strip().partition(":")[0]
        if is_known(notation) or ALIASES.get(prefix, prefix) not in CATALOGUE:
            return user_function(notation)
    name, given = split(notation)
    entry = CATALOGUE.get(ALIASES.get(name, name))
    if entry is None:
        raise GelugenError(f"function {short(name)} is not known: it must be one of {', '.join(CATALOGUE)}")
    values = settle(name, entry.parameters, given)
    return _made(written(entry.name, entry.parameters, values), entry, tuple(values.items()))


@lru_cache(maxsize=256)
def _made(name: str, entry: Entry, values: tuple[tuple[str, Any], ...]) -> Function:  # noqa: ARG001
    """One object a function, however often it is asked for: golden codes are kept for it."""
    return entry.function(dict(values))
