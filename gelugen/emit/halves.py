"""A sum in two stages: the low bits of both addends first, then the others with the carry.

The bit between is added in both stages. The first one keeps it, flipped; in the second one it stands for the carry
that came into it, since the carry out is the same: that of the addends' bits where they are equal, and else the
flipped bit. So the first stage is an adder like any other, and no carry has to leave its chain for a register, which
costs as much as ten bits of carry on iCE40.
"""

from __future__ import annotations

from dataclasses import dataclass

from gelugen.emit.digits import extended
from gelugen.emit.rendering import padded, udec, uhex
from gelugen.emit.signals import Constant, Signal, unsigned

Shifted = tuple[Signal, int]
"""A signal, and the zeros to put behind it."""


@dataclass(frozen=True)
class Halves:
    """Both halves of a sum.

    Attributes:
        low, lower: the bits up to the middle, the highest of them flipped, and what gives them.
        high, upper: the sum from the middle on, with a wrong lowest bit, and what gives it.
        whole: the sum, of both.
        middle: the bit that is added twice.
    """

    low: Signal
    lower: str
    high: Signal
    upper: str
    whole: str
    middle: int

    @classmethod
    def of(cls, total: Signal, middle: int, stage: int, addends: list[Shifted], tops: list[Shifted]) -> Halves:
        """The halves of a sum.

        Args:
            total: the sum, two bits wider than the middle at least.
            middle: the bit that is added twice.
            stage: of the registers between the halves.
            addends: both, before these registers.
            tops: the same from the middle on, behind them.
        """
        name = total.name.rpartition("_")[0]
        low, high = unsigned(f"{name}_low_{stage}", middle + 1), unsigned(f"{name}_high_{stage}", total.width - middle)
        flipped = f"{low.name}[{middle}]"
        parts = [f"{high.name}[{high.top}:1]", f"~{flipped}", *([f"{low.name}[{middle - 1}:0]"] if middle else [])]
        return cls(
            low,
            f"({' + '.join(_bits(*each, low.width) for each in addends)}) ^ {uhex(1 << middle, low.width)}",
            high,
            " + ".join([*(_bits(*each, high.width) for each in tops), padded(flipped, high.width)]),
            f"{{{', '.join(parts)}}}",
            middle,
        )


def top(addend: Shifted, middle: int) -> Shifted:
    """An addend from the middle on: a slice, the signal itself or a literal, and the zeros behind it."""
    signal, zeros = addend
    if isinstance(signal, Constant):
        return Constant.of(signal.value << zeros >> middle), 0
    start = max(middle - zeros, 0)
    if start > signal.top and not signal.signed:
        return Constant.of(0), 0
    start = min(start, signal.top)  # the sign at least
    if not start:
        return signal, max(zeros - middle, 0)
    name = f"{signal.name}[{signal.top}:{start}]"
    return Signal(name, signal.width - start, signal.signed, signal.range >> start), 0


def _bits(signal: Signal, zeros: int, count: int) -> str:
    """So many low bits of a signal with zeros behind it."""
    if isinstance(signal, Constant):
        return udec((signal.value << zeros) & (1 << count) - 1, count)
    if count <= zeros:
        return udec(0, count)
    text = extended(signal, count - zeros, 0)
    return f"{{{text.removeprefix('{').removesuffix('}')}, {udec(0, zeros)}}}" if zeros else text
