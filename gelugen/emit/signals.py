"""The range of every value on a design's datapath: widths follow from it and cannot overflow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from gelugen.design import Design


@dataclass(frozen=True)
class Range:
    """The smallest and the largest value that a signal takes."""

    low: int
    high: int

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, other: Range) -> Range:
        corners = [one * two for one in (self.low, self.high) for two in (other.low, other.high)]
        return Range(min(corners), max(corners))

    @property
    def signed_width(self) -> int:
        """The bits of two's complement that hold it."""
        return max(self.high.bit_length(), (-1 - self.low).bit_length() if self.low < 0 else 0) + 1

    @property
    def unsigned_width(self) -> int:
        """The bits of plain binary that hold it; it has no negative value."""
        return max(self.high.bit_length(), 1)


@lru_cache(maxsize=8)
def ranges(design: Design) -> dict[str, Range]:
    """The range of every signal of ``Design.trace``, over every input code."""
    trace = design.trace(design.spec.input.codes())
    return {name: Range(int(values.min()), int(values.max())) for name, values in trace.items()}


def saturates(design: Design) -> tuple[bool, bool]:
    """Whether some code needs the clamp to the smallest, and to the largest output code."""
    total, output = ranges(design)["sum"], design.spec.output
    return total.low < output.code_min, total.high > output.code_max
