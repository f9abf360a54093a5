"""Segment maps: in which segment of a table a folded code u lies, and where in it.

| map | segment | dx |
|---|---|---|
| ``Uniform`` | u >> dx_bits | low dx_bits of u, minus half |
| ``Dyadic`` | the leaf of a binary split of 0 .. 2^n - 1 | (u - start) << (dx_bits - leaf), minus half |
| ``Breakpoints`` | i with points[i] <= u < points[i + 1] | u - points[i], minus half |
| ``Offset`` | some bits of u, the low ones inverted in one half | none: degree 0 only |

half is 2^dx_bits >> 1 for every map, so dx counts from the middle of the longest segment. Uniform segments and leaves
can have an ``about`` in its place: dx is then u - about on every segment, so that all polynomials have one argument,
and no position has to be cut out. A u outside all segments has segment -1. A table may have fewer words than its map
has segments: the term is zero in those left over.

``rom_bits`` is what the map itself costs: nothing where wires pick the bits, 2 * leaves - 1 for a binary split (its
tree, one bit a node), and for breakpoints the width of the largest one for each that needs a comparator of its own:
a power of two is seen from the top bits alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import accumulate, pairwise
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gelugen.errors import GelugenError, short
from gelugen.formats import Codes
from gelugen.strict import take, whole, wholes

MOST_BITS = 16
"""The most bits of u: no input format has more."""


@dataclass(frozen=True)
class Uniform:
    """Segments of equal length 2^dx_bits, from u = 0 up; as many as the table has words.

    Attributes:
        dx_bits: log2 of their length.
        about: the u where dx is 0 on every segment; None for the middle of each.
    """

    dx_bits: int
    about: int | None = None
    kind: ClassVar = "uniform"
    rom_bits: ClassVar = 0
    segments: ClassVar = None

    def __post_init__(self) -> None:
        _in_range("dx_bits", self.dx_bits, 0, MOST_BITS)

    def locate(self, u: Codes) -> tuple[Codes, Codes]:
        """Segment and dx of every u, int64 of the same shape."""
        if self.about is not None:
            return u >> self.dx_bits, u - self.about
        return u >> self.dx_bits, (u & (1 << self.dx_bits) - 1) - (1 << self.dx_bits >> 1)

    def end(self, depth: int) -> int:
        """The first u past ``depth`` segments."""
        return depth << self.dx_bits

    def covers(self, depth: int, u_bits: int) -> bool:
        """Whether every u of so many bits lies in one of ``depth`` segments."""
        return self.end(depth) == 1 << u_bits


@dataclass(frozen=True)
class Dyadic:
    """A binary split of 0 .. 2^n - 1: each leaf is as long as a power of two and starts at a multiple of it.

    Attributes:
        leaves: log2 of each leaf's length, from u = 0 up.
        about: the u where dx is 0 on every leaf; None for the middle of the longest one.
    """

    leaves: tuple[int, ...]
    about: int | None = None
    kind: ClassVar = "dyadic"

    def __post_init__(self) -> None:
        for leaf in self.leaves:
            _in_range("a leaf", leaf, 0, MOST_BITS)
        if not self.leaves or self.length & self.length - 1 or self.length > 1 << MOST_BITS:
            raise GelugenError(
                f"the leaves {short(self.leaves)} must add up to a power of two of at most 2^{MOST_BITS}"
            )
        if any(start & (1 << leaf) - 1 for start, leaf in zip(self.starts, self.leaves, strict=True)):
            raise GelugenError(f"each of the leaves {short(self.leaves)} must start at a multiple of its length")

    @property
    def dx_bits(self) -> int:
        """The bits of dx: those of the longest leaf."""
        return max(self.leaves)

    @property
    def rom_bits(self) -> int:
        """The bits of the tree, one a node."""
        return 2 * len(self.leaves) - 1

    @property
    def segments(self) -> int:
        """The number of leaves."""
        return len(self.leaves)

    @property
    def length(self) -> int:
        """2^n, the first u past the last leaf."""
        return sum(1 << leaf for leaf in self.leaves)

    @property
    def starts(self) -> tuple[int, ...]:
        """The first u of each leaf."""
        return tuple(accumulate((1 << leaf for leaf in self.leaves[:-1]), initial=0))

    def locate(self, u: Codes) -> tuple[Codes, Codes]:
        """Segment (-1 outside) and dx (0 outside) of every u, int64 of the same shape.

        dx is left-aligned: the position in the leaf, shifted up to the length of the longest one.
        """
        starts = np.array(self.starts, dtype=np.int64)
        up = self.dx_bits - np.array(self.leaves, dtype=np.int64)
        segment = np.searchsorted(starts, u, side="right") - 1
        inside = u < self.length
        if self.about is not None:
            return np.where(inside, segment, -1), np.where(inside, u - self.about, 0)
        dx = ((u - starts[segment]) << up[segment]) - (1 << self.dx_bits >> 1)
        return np.where(inside, segment, -1), np.where(inside, dx, 0)

    def end(self, depth: int) -> int:
        """The first u past ``depth`` segments."""
        return sum(1 << leaf for leaf in self.leaves[:depth])

    def covers(self, depth: int, u_bits: int) -> bool:
        """Whether every u of so many bits lies in one of ``depth`` segments."""
        return self.end(depth) == 1 << u_bits


@dataclass(frozen=True)
class Breakpoints:
    """Segments between free breakpoints.

    Attributes:
        points: n + 1 ascending numbers; segment i holds points[i] <= u < points[i + 1].
    """

    points: tuple[int, ...]
    kind: ClassVar = "breakpoints"

    def __post_init__(self) -> None:
        for point in self.points:
            _in_range("a breakpoint", point, 0, 1 << MOST_BITS)
        if len(self.points) < 2 or any(one >= two for one, two in pairwise(self.points)):
            raise GelugenError(f"the breakpoints {short(self.points)} must be two or more, each larger than the last")

    @property
    def dx_bits(self) -> int:
        """The bits of dx: those of the last place in the longest segment."""
        return (max(two - one for one, two in pairwise(self.points)) - 1).bit_length()

    @property
    def rom_bits(self) -> int:
        """The bits of all breakpoints that need a comparator: those that are neither 0 nor a power of two."""
        return sum(point & point - 1 != 0 for point in self.points if point) * self.points[-1].bit_length()

    @property
    def segments(self) -> int:
        """The number of segments."""
        return len(self.points) - 1

    @property
    def starts(self) -> tuple[int, ...]:
        """The first u of each segment."""
        return self.points[:-1]

    def locate(self, u: Codes) -> tuple[Codes, Codes]:
        """Segment (-1 outside) and dx (0 outside) of every u, int64 of the same shape."""
        points = np.array(self.points, dtype=np.int64)
        segment = np.searchsorted(points, u, side="right") - 1
        inside = (segment >= 0) & (u < self.points[-1])
        dx = u - points[segment] - (1 << self.dx_bits >> 1)
        return np.where(inside, segment, -1), np.where(inside, dx, 0)

    def end(self, depth: int) -> int:
        """The first u past ``depth`` segments."""
        return self.points[depth]

    def covers(self, depth: int, u_bits: int) -> bool:
        """Whether every u of so many bits lies in one of ``depth`` segments."""
        return not self.points[0] and self.end(depth) == 1 << u_bits


@dataclass(frozen=True)
class Offset:
    """A table of offsets, of the multipartite method, with the symmetry of its lines folded.

    a = u >> high, and field = bits of u from ``low`` up. The top bit of the field is the sign: where it is 0, the
    other bits of the field are inverted, and so is the stored value (one's complement, -1 - value).
    The segment is a << (bits - 1) | the other bits.

    After F. de Dinechin and A. Tisserand, "Multipartite table methods", IEEE Trans. Computers 54(3), 2005.

    Attributes:
        high: the lowest bit of u in a.
        low, bits: the field: ``bits`` bits of u from bit ``low`` up, all below ``high``.
    """

    high: int
    low: int
    bits: int
    kind: ClassVar = "offset"
    dx_bits: ClassVar = 0
    rom_bits: ClassVar = 0
    segments: ClassVar = None

    def __post_init__(self) -> None:
        _in_range("high", self.high, 1, MOST_BITS)
        _in_range("low", self.low, 0, MOST_BITS - 1)
        _in_range("bits", self.bits, 1, MOST_BITS)
        if self.low + self.bits > self.high:
            raise GelugenError(
                f"the field of an offset table ends at bit {self.low + self.bits} of u: low + bits must be at most "
                f"high, {self.high}"
            )

    def sign(self, u: Codes) -> npt.NDArray[np.bool_]:
        """Where the stored value is inverted, for every u."""
        top: npt.NDArray[np.bool_] = u >> self.low + self.bits - 1 & 1 == 0
        return top

    def locate(self, u: Codes) -> tuple[Codes, Codes]:
        """Segment and dx (always 0) of every u, int64 of the same shape."""
        ones = (1 << self.bits - 1) - 1
        rest = (u >> self.low & ones) ^ np.where(self.sign(u), ones, 0)
        return u >> self.high << self.bits - 1 | rest, np.zeros_like(u)

    def end(self, depth: int) -> int:
        """The first u past all that ``depth`` words serve."""
        return ((depth - 1 >> self.bits - 1) + 1) << self.high

    def covers(self, depth: int, u_bits: int) -> bool:
        """Whether every u of so many bits has one of ``depth`` words."""
        return depth == 1 << u_bits - self.high + self.bits - 1


def about(segment_map: Map) -> int | None:
    """The u where dx is 0 on every segment; None where dx counts from the middle of each."""
    return segment_map.about if isinstance(segment_map, Uniform | Dyadic) else None


Map = Uniform | Dyadic | Breakpoints | Offset
"""What the maps share: ``kind``, ``dx_bits``, ``rom_bits``, ``segments`` (None where the table's depth says it),
``locate(u)``, ``end(depth)`` and ``covers(depth, u_bits)``."""


def map_to_json(segment_map: Map) -> dict[str, Any]:
    """The kind and all fields, ready for the manifest."""
    values = {each.name: getattr(segment_map, each.name) for each in fields(segment_map)}
    plain = {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value is not None
    }
    return {"kind": segment_map.kind, **plain}


def map_from_json(data: Mapping[str, Any]) -> Map:
    """The map of a manifest.

    Raises:
        GelugenError: a field is out of range.
        KeyError, TypeError: a field is missing, unknown or of the wrong type.
    """
    about = ["about"] if "about" in data else []
    match data["kind"]:
        case "uniform":
            return Uniform(*map(whole, take(data, "kind", "dx_bits", *about)[1:]))
        case "dyadic":
            leaves, *rest = take(data, "kind", "leaves", *about)[1:]
            return Dyadic(wholes(leaves), *map(whole, rest))
        case "breakpoints":
            return Breakpoints(wholes(take(data, "kind", "points")[1]))
        case "offset":
            return Offset(*map(whole, take(data, "kind", "high", "low", "bits")[1:]))
        case kind:
            raise KeyError(kind)


def _in_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise GelugenError(f"{name} of a segment map must lie between {low} and {high}, and {short(value)} does not")
