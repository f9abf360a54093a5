"""A small table as a network of functions of four inputs, each an expression.

It is how the styles ``network:...`` write the r of every code, where ``gelugen.emit.styling`` writes the borrows of
line - r out. How many lookup tables a synthesizer takes for which of the networks is only told by measuring, see
``gelugen.synthesis.objective``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gelugen.design import Design
from gelugen.emit.styling import Borrows
from gelugen.emit.writing import Writing
from gelugen.errors import GelugenError
from gelugen.networks import Network
from gelugen.target import Target


@dataclass(frozen=True)
class Wiring:
    """A network in Verilog.

    Attributes:
        wires: names and expressions, each after those that it reads.
        word: all output bits, as an expression.
    """

    wires: list[tuple[str, str]]
    word: str

    @classmethod
    def of(cls, design: Design, writing: Writing, port: str) -> Wiring | None:
        """The network for r that reads a port; None where the style names none, or there are registers.

        Raises:
            GelugenError: the design has no such r, or another one.
        """
        if writing.network is None:
            return None
        borrows = borrows_of(design)
        if borrows is None:
            raise GelugenError(
                "style network is not for this design: it is for a residual table of codes of at most 8 bits with the "
                "same input and output format"
            )
        if writing.network.bits != borrows.bits or tuple(writing.network.columns()) != columns(borrows):
            raise GelugenError("style network gives another table than this design's: leave the style out")
        return None if writing.schedule.depth else cls.made(writing.network, port, "r")

    @classmethod
    def made(cls, network: Network, port: str, word: str) -> Wiring:
        """A network that reads a port; its outputs are the bits of a word."""
        names = [f"{port}[{bit}]" for bit in range(network.bits)]
        shown = {signal: bit for bit, signal in reversed(list(enumerate(network.outputs)))}
        wires: list[tuple[str, str]] = []
        parts = 0
        for number, node in enumerate(network.nodes):
            signal = network.bits + number
            if signal in shown:
                name = f"{word}_{shown[signal]}"
            else:
                name = f"part_{parts}"
                parts += 1
            wires.append((name, expression(node.entries, tuple(names[each] for each in node.inputs))))
            names.append(name)
        return cls(wires, f"{{{', '.join(names[each] for each in reversed(network.outputs))}}}")


def borrows_of(design: Design) -> Borrows | None:
    """What the combinational module has in place of stages, if the styles of networks are for a design."""
    return Borrows.of(design, Writing.of(design, Target("candidate", pipeline=0, style="ice40")))


def columns(borrows: Borrows) -> tuple[int, ...]:
    """Every bit of r, the lowest first, for every code as an unsigned number, as bits of a number."""
    return tuple(sum((r >> bit & 1) << code for code, r in borrows.rows) for bit in range(borrows.width))


def expression(entries: int, names: tuple[str, ...]) -> str:
    """A function of some signals: ands, ors and exclusive ors of a signal and the rest as far as it goes, else choices.

    Args:
        entries: its value for every index, the first name being the lowest bit, as bits of a number.
        names: of the signals.
    """
    return _expressed(entries, names)[0]


@cache
def _expressed(entries: int, names: tuple[str, ...]) -> tuple[str, int, int]:
    """The text of fewest operators, how tightly the last one binds, and how many there are."""
    every = (1 << (1 << len(names))) - 1
    if entries in (0, every):
        return f"1'b{entries & 1}", _ATOM, 0
    if len(names) == 1:
        return (names[0], _ATOM, 0) if entries == 0b10 else (f"~{names[0]}", _ATOM, 1)
    return min((_by(entries, names, at) for at in range(len(names))), key=lambda found: found[2])


_CHOICE, _OR, _XOR, _AND, _ATOM = range(5)


def _by(entries: int, names: tuple[str, ...], at: int) -> tuple[str, int, int]:
    """The text that looks at one signal first."""
    rest, every = names[:at] + names[at + 1 :], (1 << (1 << len(names) - 1)) - 1
    low, high = 0, 0
    for index in range(1 << len(rest)):
        whole = index & (1 << at) - 1 | index >> at << at + 1
        low |= (entries >> whole & 1) << index
        high |= (entries >> (whole | 1 << at) & 1) << index
    name = names[at]
    if low == high:
        return _expressed(low, rest)
    if 0 in (low, high):
        return _joined(name if low == 0 else f"~{name}", "&", _AND, _expressed(high or low, rest))
    if every in (low, high):
        return _joined(
            name if high == every else f"~{name}", "|", _OR, _expressed(low if high == every else high, rest)
        )
    if low ^ high == every:
        return min(
            _joined(name, "^", _XOR, _expressed(low, rest)),
            _joined(f"~{name}", "^", _XOR, _expressed(high, rest)),
            key=lambda found: found[2],
        )
    one, zero = _expressed(high, rest), _expressed(low, rest)
    return f"{name} ? {_held(one, _OR)} : {_held(zero, _CHOICE)}", _CHOICE, one[2] + zero[2] + 2


def _joined(name: str, sign: str, binds: int, rest: tuple[str, int, int]) -> tuple[str, int, int]:
    if rest[1] == _ATOM and rest[0] in ("1'b0", "1'b1"):
        return name, _ATOM, int(name.startswith("~"))
    return f"{name} {sign} {_held(rest, binds)}", binds, rest[2] + 1 + name.startswith("~")


def _held(part: tuple[str, int, int], binds: int) -> str:
    """A part as an operand: in brackets where another operator binds, and where a reader might think that it does."""
    text, own, _ = part
    return text if own >= binds and (own in (_ATOM, binds) or binds <= _CHOICE) else f"({text})"
