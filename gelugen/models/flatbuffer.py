"""FlatBuffers, read with every offset checked: tables, vectors and texts of a file that nobody vouches for.

The wire format (https://flatbuffers.dev/internals): a table begins with a signed offset back to its vtable; that lists,
for each field of the schema in order, where in the table its value is, or 0. Vectors and texts begin with their length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, overload

Number = Literal["<b", "<B", "<h", "<H", "<i", "<I", "<q", "<f"]


class MalformedError(Exception):
    """An offset or length leaves the file."""


@dataclass(frozen=True)
class Table:
    """A table at a place of the data.

    Attributes:
        data: the whole file.
        place: of the table in it.
    """

    data: bytes
    place: int

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The table that the file is about.

        Raises:
            MalformedError: there is none.
        """
        return cls(data, _unsigned(data, 0))

    def _field(self, number: int) -> int | None:
        """Where the value of a field of the schema stands; None if it is absent."""
        vtable = self.place - int(_at(self.data, self.place, "<i"))
        size = int(_at(self.data, vtable, "<H"))
        if 4 + 2 * number + 2 > size:
            return None
        offset = int(_at(self.data, vtable + 4 + 2 * number, "<H"))
        return self.place + offset if offset else None

    @overload
    def number(self, field: int, kind: Literal["<f"], default: float) -> float: ...
    @overload
    def number(self, field: int, kind: Number, default: int) -> int: ...
    def number(self, field: int, kind: Number, default: float) -> float:
        """A scalar field.

        Raises:
            MalformedError: it is outside the data.
        """
        place = self._field(field)
        value: float = default if place is None else _at(self.data, place, kind)
        return value

    def table(self, field: int) -> Table | None:
        """A table field, or the value of a union.

        Raises:
            MalformedError: it is outside the data.
        """
        place = self._target(field)
        return None if place is None else Table(self.data, place)

    def numbers(self, field: int, kind: Number) -> tuple[float, ...]:
        """A vector of scalars; empty if it is absent.

        Raises:
            MalformedError: it is outside the data.
        """
        start, length = self._vector(field, struct.calcsize(kind))
        return struct.unpack_from(f"<{length}{kind[1]}", self.data, start) if length else ()

    def length(self, field: int, size: int) -> int:
        """The number of elements of a vector whose elements have ``size`` bytes.

        Raises:
            MalformedError: it is outside the data.
        """
        return self._vector(field, size)[1]

    def tables(self, field: int) -> Iterator[Table]:
        """A vector of tables; nothing if it is absent.

        Raises:
            MalformedError: it is outside the data.
        """
        start, length = self._vector(field, 4)
        for place in range(start, start + 4 * length, 4):
            yield Table(self.data, place + _unsigned(self.data, place))

    def text(self, field: int) -> str:
        """The first 1,000 bytes of a text, with the replacement character for what is no UTF-8; empty if it is absent.

        Raises:
            MalformedError: it is outside the data.
        """
        start, length = self._vector(field, 1)
        return self.data[start : start + min(length, 1000)].decode(errors="replace")

    def _target(self, field: int) -> int | None:
        place = self._field(field)
        return None if place is None else place + _unsigned(self.data, place)

    def _vector(self, field: int, size: int) -> tuple[int, int]:
        """Where a vector's elements begin, and how many there are."""
        place = self._target(field)
        if place is None:
            return 0, 0
        length = _unsigned(self.data, place)
        if place + 4 + length * size > len(self.data):
            raise MalformedError
        return place + 4, length


def _at(data: bytes, place: int, kind: Number) -> Any:
    if place < 0 or place + struct.calcsize(kind) > len(data):
        raise MalformedError
    return struct.unpack_from(kind, data, place)[0]


def _unsigned(data: bytes, place: int) -> int:
    return int(_at(data, place, "<I"))
