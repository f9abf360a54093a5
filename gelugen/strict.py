"""JSON read strictly: exactly the expected fields, and integers that are integers.

Errors are Python's own (KeyError, TypeError); who reads a whole document turns them into one GelugenError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def take(data: Mapping[str, Any], *names: str) -> list[Any]:
    """The values of exactly these keys, in this order.

    Raises:
        KeyError: a key is missing or unknown.
        TypeError: the data is no mapping.
    """
    if set(data) != set(names):
        raise KeyError(*sorted(set(data) ^ set(names), key=str))
    return [data[name] for name in names]


def whole(value: object) -> int:
    """An integer, which a bool or a float is not.

    Raises:
        TypeError: it is none.
    """
    if type(value) is not int:
        raise TypeError(f"{value!r} is no integer")
    return value


def wholes(values: Iterable[object]) -> tuple[int, ...]:
    """Integers.

    Raises:
        TypeError: one of them is none, or there is nothing to go through.
    """
    return tuple(whole(value) for value in values)
