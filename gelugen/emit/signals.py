"""Signals of exact widths, and the range of every value on a design's datapath, from which widths follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from gelugen.design import Design
from gelugen.pipeline import Range, term_range


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


@dataclass(frozen=True)
class Values:
    """What a design's signals hold.

    Attributes:
        ranges: of every signal from the fold on, and of every one after the sum, by the names of ``Design.trace``.
        saturates: whether some code needs the clamp to the smallest, and to the largest output code.
    """

    ranges: Mapping[str, Range]
    saturates: tuple[bool, bool]


@lru_cache(maxsize=8)
def values(design: Design, writable: bool = False) -> Values:
    """The values over every input code; or, where the words can be rewritten, whatever any words give."""
    trace = design.trace(design.spec.input.codes())
    held = {name: Range(int(each.min()), int(each.max())) for name, each in trace.items()}
    if writable:
        held |= _whatever(design, held)
    output = design.spec.output
    return Values(MappingProxyType(held), (held["sum"].low < output.code_min, held["sum"].high > output.code_max))


def _whatever(design: Design, held: Mapping[str, Range]) -> dict[str, Range]:
    """The ranges of what follows the tables, by the widths of their words alone."""
    v = Range(design.bias, design.bias)
    for term in design.terms:
        v = v + term_range(term, design.u_bits)
    y = r = v >> design.shift
    after = {"v": v, "r": r}
    if design.fold == "residual":
        after["rest"] = held["line"] - r
        y = after["rest"] >> design.line_drop
    elif design.turns:
        after["turned"] = y = r | (Range(design.one, design.one) - r)
    return {**after, "sum": y + Range(design.offset, design.offset)}


def ranges(design: Design) -> Mapping[str, Range]:
    """The range of every signal of ``Design.trace``, over every input code."""
    return values(design).ranges


def saturates(design: Design) -> tuple[bool, bool]:
    """Whether some code needs the clamp to the smallest, and to the largest output code."""
    return values(design).saturates
