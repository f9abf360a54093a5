"""Signals of exact widths, and the range of every value on a design's datapath, from which widths follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from gelugen.design import Design
from gelugen.pipeline import Range


@dataclass(frozen=True)
class Signal:
    """A Verilog vector.

    Attributes:
        name, width, signed: of its declaration.
        range: what it can hold.
    """

    name: str
    width: int
    signed: bool
    range: Range

    @property
    def top(self) -> int:
        """The number of the highest bit."""
        return self.width - 1

    @property
    def vector(self) -> str:
        """The type and range of its declaration."""
        return f"{'signed ' if self.signed else ''}[{self.top}:0]"

    @property
    def declared(self) -> str:
        """Range and name of its declaration; a flag has no range."""
        return self.name if self.width == 1 and not self.signed else f"{self.vector} {self.name}"

    def at(self, stage: int) -> Signal:
        """The same value, registered up to another stage."""
        return replace(self, name=f"{self.name.rsplit('_', 1)[0]}_{stage}")


@dataclass(frozen=True)
class Constant(Signal):
    """A value that every segment shares: no register holds it, and its name is a literal."""

    @classmethod
    def of(cls, value: int) -> Constant:
        """The literal of as few bits as the value takes."""
        width = Range(value, value).signed_width
        return cls(f"{'-' if value < 0 else ''}{width}'sd{abs(value)}", width, True, Range(value, value))

    @property
    def value(self) -> int:
        """The value."""
        return self.range.low

    def at(self, stage: int) -> Signal:
        """Itself, in every stage."""
        del stage
        return self


def signed(name: str, held: Range, *also: Range) -> Signal:
    """A signed signal that holds a range, and is wide enough for others, which enter its expression."""
    return Signal(name, max(each.signed_width for each in (held, *also)), True, held)


def unsigned(name: str, width: int) -> Signal:
    """An unsigned signal of a width."""
    return Signal(name, width, False, Range(0, (1 << width) - 1))


@lru_cache(maxsize=8)
def ranges(design: Design) -> Mapping[str, Range]:
    """The range of every signal of ``Design.trace``, over every input code."""
    trace = design.trace(design.spec.input.codes())
    return MappingProxyType({name: Range(int(values.min()), int(values.max())) for name, values in trace.items()})


def saturates(design: Design) -> tuple[bool, bool]:
    """Whether some code needs the clamp to the smallest, and to the largest output code."""
    total, output = ranges(design)["sum"], design.spec.output
    return total.low < output.code_min, total.high > output.code_max
