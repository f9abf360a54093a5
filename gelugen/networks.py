"""Networks of functions of at most four inputs, and the text that a target's style names one by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from string import ascii_letters

from gelugen.errors import GelugenError, short

INPUTS = 4
"""Of a node: those of a lookup table of most families."""
MOST_BITS = 8
"""Inputs of a network."""
MOST_SIGNALS = len(ascii_letters)
"""Inputs and nodes, each of which has a letter in the text."""
_NODE = re.compile(r"([a-zA-Z]{0,4})-([0-9a-f]{1,4})")


@dataclass(frozen=True)
class Node:
    """A function of some signals.

    Attributes:
        inputs: signals, at most four: an input by its number, a node by the number of inputs and its own.
        entries: the function's value for every index, the first input being the lowest bit, as bits of a number.
    """

    inputs: tuple[int, ...]
    entries: int

    def value(self, seen: Sequence[int], every: int) -> int:
        """The function for every index of the network, from the signals for every index; ``every`` is all ones."""
        if not self.inputs:
            return every if self.entries else 0
        first = seen[self.inputs[0]]
        of_one = (0, first ^ every, first, every)
        parts = [of_one[self.entries >> at & 3] for at in range(0, 1 << len(self.inputs), 2)]
        for each in self.inputs[1:]:
            bit = seen[each]
            parts = [low ^ ((low ^ high) & bit) for low, high in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]


@dataclass(frozen=True)
class Network:
    """Nodes, each after those that it reads.

    Attributes:
        bits: the inputs.
        nodes: all nodes.
        outputs: the signal of every output.
    """

    bits: int
    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]

    def signals(self) -> list[int]:
        """Every input and every node for every index, as bits of a number."""
        seen = list(inputs(self.bits))
        for node in self.nodes:
            seen.append(node.value(seen, (1 << (1 << self.bits)) - 1))
        return seen

    def columns(self) -> list[int]:
        """Every output for every index, as bits of a number."""
        seen = self.signals()
        return [seen[each] for each in self.outputs]

    def depth(self) -> int:
        """The nodes on the longest way from an input to an output."""
        depths = [0] * self.bits
        for node in self.nodes:
            depths.append(1 + max((depths[each] for each in node.inputs), default=0))
        return max(depths[each] for each in self.outputs)

    def text(self) -> str:
        """The network as ``Network.parse`` takes it.

        It is like ``3.abc-17.cd-6.ed``: the number of inputs; every node by the letters of its signals, the inputs
        having the first letters and the nodes the next ones, and its entries in hexadecimal digits; the letters of the
        outputs.
        """
        nodes = [f"{_letters(node.inputs)}-{node.entries:x}" for node in self.nodes]
        return ".".join([str(self.bits), *nodes, _letters(self.outputs)])

    @classmethod
    def parse(cls, text: str) -> Network:
        """The network of a text.

        Raises:
            GelugenError: the text is not one that ``text`` writes.
        """
        first, *parts, last = text.split(".") if "." in text else ("", "")
        bits = int(first) if re.fullmatch(f"[1-{MOST_BITS}]", first) else 0
        nodes: list[Node] = []
        for part in parts:
            known = bits + len(nodes)
            found = _NODE.fullmatch(part)
            entries = int(found[2], 16) if found else 0
            if not found or entries >> (1 << len(found[1])) or known >= MOST_SIGNALS:
                raise _malformed(text)
            nodes.append(Node(_signals(found[1], known, text), entries))
        network = cls(bits, tuple(nodes), _signals(last, bits + len(nodes), text))
        if not bits or not network.outputs or network.text() != text:
            raise _malformed(text)
        return network


def _letters(signals: Sequence[int]) -> str:
    return "".join(ascii_letters[each] for each in signals)


def _signals(letters: str, known: int, text: str) -> tuple[int, ...]:
    """The signals of some letters, the first so many of which are known."""
    if any(letter not in ascii_letters[:known] for letter in letters):
        raise _malformed(text)
    return tuple(map(ascii_letters.index, letters))


def _malformed(text: str) -> GelugenError:
    return GelugenError(
        f"network {short(text)} is malformed: it must be like 3.abc-17.cd-6.ed, 1 to {MOST_BITS} inputs, nodes of at "
        f"most {INPUTS} signals in front of them, and outputs"
    )


@cache
def inputs(bits: int) -> tuple[int, ...]:
    """Every input for every index, as bits of a number."""
    return tuple(sum(1 << at for at in range(1 << bits) if at >> bit & 1) for bit in range(bits))
