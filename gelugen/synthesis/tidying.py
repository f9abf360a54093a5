"""Networks without what is of no use in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import combinations

from gelugen.networks import Network, Node


def tidied(bits: int, nodes: Sequence[Node], outputs: Iterable[int]) -> Network:
    """The network without what nothing reads, buffers and inverters within, and inputs that do not matter."""
    outputs = list(outputs)
    slim: dict[int, Node] = {}
    number: dict[int, int] = {}
    result: list[Node] = []

    def go(signal: int, *, shown: bool) -> None:
        if signal < bits or signal in number:
            return
        if signal not in slim:
            slim[signal] = node = _slim(nodes[signal - bits])
            for each in node.inputs:
                go(each, shown=False)
            for each in node.inputs:  # through what is one signal or none
                if each in slim and len(slim[each].inputs) < 2:
                    node = _slim(_through(node, each, slim[each]))
            slim[signal] = node
        node = slim[signal]
        if len(node.inputs) < 2 and not shown:
            return
        if shown and len(node.inputs) == 1 and node.entries == 0b10:
            return
        number[signal] = bits + len(result)
        result.append(Node(tuple(number.get(each, each) for each in node.inputs), node.entries))

    def final(signal: int) -> int:
        while signal >= bits and signal not in number:
            (signal,) = slim[signal].inputs
        return number.get(signal, signal)

    for each in outputs:
        go(each, shown=True)
    return Network(bits, tuple(result), tuple(map(final, outputs)))


@lru_cache(maxsize=4096)
def _slim(node: Node) -> Node:
    """A node without the inputs that do not matter."""
    at = 0
    while at < len(node.inputs):
        low, high = _halves(node.entries, len(node.inputs), at)
        if low != high:
            at += 1
        else:
            node = Node(node.inputs[:at] + node.inputs[at + 1 :], low)
    return node


@cache
def _halves(entries: int, width: int, bit: int) -> tuple[int, int]:
    """The entries where a bit of the index is 0, and where it is 1."""
    halves = [0, 0]
    places = [0, 0]
    for at in range(1 << width):
        which = at >> bit & 1
        halves[which] |= (entries >> at & 1) << places[which]
        places[which] += 1
    return halves[0], halves[1]


def _through(node: Node, signal: int, simple: Node) -> Node:
    """A node that reads what a node of one input or none reads."""
    if signal not in node.inputs:
        return node
    at = node.inputs.index(signal)
    if not simple.inputs:
        half = _halves(node.entries, len(node.inputs), at)[simple.entries]
        return Node(node.inputs[:at] + node.inputs[at + 1 :], half)
    entries = node.entries
    if simple.entries == 0b01:
        entries = sum((entries >> (index ^ 1 << at) & 1) << index for index in range(1 << len(node.inputs)))
    inputs = list(node.inputs)
    inputs[at] = simple.inputs[0]
    return _merged(Node(tuple(inputs), entries))


def _merged(node: Node) -> Node:
    """A node that reads every signal once."""
    for first, second in combinations(range(len(node.inputs)), 2):
        if node.inputs[first] == node.inputs[second]:
            width = len(node.inputs) - 1
            entries = 0
            for index in range(1 << width):
                low = index & (1 << second) - 1
                whole = low | (index >> first & 1) << second | (index ^ low) << 1
                entries |= (node.entries >> whole & 1) << index
            return _merged(Node(node.inputs[:second] + node.inputs[second + 1 :], entries))
    return node
