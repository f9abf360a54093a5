"""Small networks of functions of four inputs, found by a walk.

It starts from a Shannon expansion and goes by resubstitution (Mishchenko and Brayton, "Scalable logic synthesis using
a simple circuit structure", 2006): of a node taken at random, the care set is what an output would show; every set of
four other signals that tells its ones from its zeros there can stand for its inputs, and the set that leaves the fewest
nodes is taken, even where that is as many as before. One or two nodes that nothing reads yet may be among the signals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from random import Random

import numpy as np
import numpy.typing as npt

from gelugen.networks import INPUTS, Network, Node, inputs
from gelugen.synthesis.tidying import tidied

_DEPTH = 4
"""Levels of nodes: what is deeper, a synthesizer that looks at the delay first takes apart."""
_SEEN = 20
"""Signals at most among which the inputs of a node are looked for."""
_SLACK = 2
"""Nodes above the fewest so far that the walk may have."""
_NEAR = 24
"""Pairs of a one and a zero, those that the fewest signals tell apart, that all sets are sifted by."""
_SETS = 60
"""Sets that pass the sieve and are weighed."""
_TRIES = 40
"""Weighed sets that are checked in full."""
_BITS = 1 << np.arange(32, dtype=np.int64)


_USUAL: dict[int, tuple[Callable[..., int], ...]] = {
    2: (lambda a, b: a & b, lambda a, b: a ^ b),
    3: (
        lambda a, b, c: a & b & c,
        lambda a, b, c: a ^ b ^ c,
        lambda a, b, c: b if a else c,
        lambda a, b, c: a & (b | c),
        lambda a, b, c: (a & b) ^ c,
    ),
    4: (
        lambda a, b, c, d: a & b & c & d,
        lambda a, b, c, d: a ^ b ^ c ^ d,
        lambda a, b, c, d: (a & b) | (c & d),
        lambda a, b, c, d: (a & (b | c)) ^ d,
    ),
}
"""Functions that are often of use, by how many signals they read."""


@cache
def _usual(signals: int) -> tuple[int, ...]:
    """The entries of usual functions of so many signals, each of which may be inverted."""
    size = 1 << signals
    return tuple(
        sum(function(*((at ^ inverted) >> bit & 1 for bit in range(signals))) << at for at in range(size))
        for function in _USUAL.get(signals, ())
        for inverted in range(size)
    )


def start(bits: int, columns: Sequence[int], first: Sequence[int] = ()) -> Network:
    """A network to start from: Shannon's expansion, as far as nothing that is there already tells a function.

    Args:
        bits: of the index.
        columns: every output for every index, as bits of a number.
        first: functions that are expanded before the outputs, and that those may share parts with, likewise.
    """
    units, every = inputs(bits), (1 << (1 << bits)) - 1
    nodes: list[Node] = []
    seen = list(units)

    def add(node: Node) -> int:
        nodes.append(node)
        seen.append(node.value(seen, every))
        return len(seen) - 1

    def build(ones: int, zeros: int, free: tuple[int, ...]) -> int:
        told: tuple[int, ...] | None = free
        if len(free) > INPUTS:
            signals = [*range(bits), *range(max(bits, len(seen) + bits - _SEEN), len(seen))]
            told = _telling(bits, [seen[each] for each in signals], ones, zeros)
            told = told and tuple(signals[each] for each in told)
        if told is not None:
            return add(Node(told, _entries(told, seen, ones, every)))

        def weight(bit: int) -> int:
            """Codes next to each other that stay to be told apart."""
            rest = [each for each in free if each != bit]
            return sum((ones & _moved(zeros, units[each], each)).bit_count() for each in rest)

        bit = min(free, key=weight)
        rest = tuple(each for each in free if each != bit)
        low, high = (build(ones & half, zeros & half, rest) for half in (units[bit] ^ every, units[bit]))
        return add(Node((low, high, bit), 0b11001010))

    outputs = [build(each, each ^ every, tuple(range(bits))) for each in (*first, *columns)]
    return tidied(bits, nodes, outputs[len(first) :])


def _moved(value: int, unit: int, bit: int) -> int:
    """The indices that differ from some in one bit."""
    return (value & unit) >> (1 << bit) | (value & ~unit) << (1 << bit)


def _entries(signals: Sequence[int], seen: Sequence[int], ones: int, every: int) -> int:
    """The function of some signals that is 1 wherever it is for some of the indices, and else 0."""
    cells = [ones]
    for each in reversed(signals):
        value, other = seen[each], seen[each] ^ every
        cells = [part for cell in cells for part in (cell & other, cell & value)]
    # The last signal was split first, so it is the highest bit of the index.
    return sum(1 << index for index, cell in enumerate(cells) if cell)


def _tells(chosen: Sequence[int], values: Sequence[int], ones: int, zeros: int) -> bool:
    """Whether some signals tell all ones from all zeros."""
    cells = [(ones, zeros)]
    for each in chosen:
        value = values[each]
        cells = [
            (high, low)
            for one, zero in cells
            for high, low in ((one & value, zero & value), (one & ~value, zero & ~value))
            if high and low
        ]
        if not cells:
            return True
    return not cells


def _telling(bits: int, values: Sequence[int], ones: int, zeros: int) -> tuple[int, ...] | None:
    """Four signals or fewer that tell some indices from others, if there are any."""
    if not ones or not zeros:
        return ()
    for each in sieved(bits, values, ones, zeros)[:_TRIES]:
        chosen = _members(int(each))
        if _tells(chosen, values, ones, zeros):
            return _needed(chosen, values, ones, zeros)
    return None


def _needed(chosen: tuple[int, ...], values: Sequence[int], ones: int, zeros: int) -> tuple[int, ...]:
    """The same set without what it can do without."""
    at = 0
    while at < len(chosen):
        less = chosen[:at] + chosen[at + 1 :]
        if _tells(less, values, ones, zeros):
            chosen = less
        else:
            at += 1
    return chosen


@cache
def _members(chosen: int) -> tuple[int, ...]:
    return tuple(bit for bit in range(chosen.bit_length()) if chosen >> bit & 1)


@cache
def _fours(signals: int) -> npt.NDArray[np.int64]:
    """All sets of four of so many signals, as bits of a number."""
    sets = np.array(list(combinations(range(signals), min(INPUTS, signals))), dtype=np.int64)
    return np.asarray(_BITS[sets].sum(axis=1))


@cache
def _neighbours(bits: int) -> npt.NDArray[np.int64]:
    codes = np.arange(1 << bits)
    return np.array([codes ^ 1 << bit for bit in range(bits)])


def sieved(bits: int, values: Sequence[int], ones: int, zeros: int) -> npt.NDArray[np.int64]:
    """Sets of four signals that may tell some indices from others: they do for the closest pairs of neighbours."""
    codes = 1 << bits
    size = max(codes // 8, 1)
    data = b"".join([value.to_bytes(size, "little") for value in (*values, ones, zeros)])
    rows = np.unpackbits(np.frombuffer(data, dtype=np.uint8), bitorder="little").reshape(len(values) + 2, -1)[:, :codes]
    seen = (_BITS[: len(values)].astype(np.float64) @ rows[:-2]).astype(np.int64)
    near = _neighbours(bits)
    pairs = (rows[-2] & rows[-1][near]).astype(bool)
    apart = set((seen ^ seen[near])[pairs].tolist())
    kept = _fours(len(values))
    for each in sorted(apart, key=int.bit_count)[:_NEAR]:
        kept = kept[(kept & each) != 0]
    return kept


class Walk:
    """A walk over networks of the same outputs.

    Attributes:
        here: where it is.
        seen: its signals.
        least: the smallest networks so far, in the order in which they were found.
    """

    def __init__(self, first: Network, seed: int) -> None:
        """Begin at a network."""
        self.here, self.seen = first, first.signals()
        self.least: dict[Network, None] = {first: None}
        self.bits, self.depth, self.fewest = first.bits, first.depth(), len(first.nodes)
        self.every = (1 << (1 << first.bits)) - 1
        self.random = Random(seed)  # noqa: S311 - a walk, no secret

    def _pick(self, below: int) -> int:
        """A number below another."""
        return int(self.random.random() * below)

    def go(self, steps: int) -> Walk:
        """Do so many steps; the walk itself."""
        for _ in range(steps):
            self.step()
        return self

    def step(self) -> None:
        """Give a node, taken at random, other inputs."""
        changed = self._changed() if self.here.nodes else None
        if changed is None:
            return
        nodes = len(changed.nodes)
        if nodes > self.fewest + _SLACK or (nodes > len(self.here.nodes) and self._pick(3)):
            return
        if (depth := changed.depth()) > max(_DEPTH, self.depth):
            return
        self.here, self.seen, self.depth = changed, changed.signals(), depth
        if nodes < self.fewest:
            self.least, self.fewest = {}, nodes
        if nodes == self.fewest:
            self.least[changed] = None

    def _changed(self) -> Network | None:
        nodes, bits = list(self.here.nodes), self.bits
        chosen = self._pick(len(nodes))
        signal = bits + chosen
        seen = list(self.seen)
        care, after = self._care(seen, chosen)
        others = [each for each in range(len(seen)) if each not in after]
        spare = 1 + self._pick(2) if len(nodes) < self.fewest + _SLACK and self._pick(3) else 0
        for _ in range(spare):
            nodes.append(self._spare(others))
            seen.append(nodes[-1].value(seen, self.every))
        own = nodes[chosen].inputs
        rest = [each for each in others if each not in own]
        while len(rest) + len(own) + spare > _SEEN:
            rest[self._pick(len(rest))] = rest[-1]
            rest.pop()
        signals = [*own, *rest, *range(len(seen) - spare, len(seen))]
        ones, zeros = seen[signal] & care, ~seen[signal] & care
        fresh = spare if spare and self._pick(4) else 0
        told = self._inputs(nodes, signal, signals, [seen[each] for each in signals], ones, zeros, fresh)
        if told is None:
            return None
        entries = _entries(told, seen, ones, self.every)
        free = ~(entries | _entries(told, seen, zeros, self.every))
        nodes[chosen] = Node(told, entries | (free & self._pick(1 << (1 << len(told)))))
        return tidied(bits, nodes, self.here.outputs)

    def _spare(self, signals: list[int]) -> Node:
        """A function of two to four signals, taken at random; most often a usual one."""
        read = tuple(dict.fromkeys(signals[self._pick(len(signals))] for _ in range(2 + self._pick(3))))
        usual = _usual(len(read))
        if usual and self._pick(4):
            return Node(read, usual[self._pick(len(usual))])
        return Node(read, self._pick(1 << (1 << len(read))))

    def _care(self, seen: list[int], chosen: int) -> tuple[int, set[int]]:
        """The indices at which an output would show another value of a node, and what reads it, with itself."""
        other = list(seen)
        first = self.bits + chosen
        other[first] ^= self.every
        after = {first}
        for number, node in enumerate(self.here.nodes[chosen + 1 :], first + 1):
            if not after.isdisjoint(node.inputs):
                after.add(number)
                other[number] = node.value(other, self.every)
        care = 0
        for each in self.here.outputs:
            care |= seen[each] ^ other[each]
        return care, after

    def _inputs(
        self,
        nodes: list[Node],
        signal: int,
        signals: list[int],
        values: list[int],
        ones: int,
        zeros: int,
        fresh: int,
    ) -> tuple[int, ...] | None:
        """Signals that tell some indices from others and leave the fewest nodes; one of them is of the last few."""
        if not ones or not zeros:
            return ()
        sets = sieved(self.bits, values, ones, zeros)
        if fresh:
            sets = sets[sets >> len(signals) - fresh != 0]
        if not len(sets):
            return None
        if len(sets) > _SETS:
            sets = sets[[self._pick(len(sets)) for _ in range(_SETS)]]
        cones = self._cones(nodes, signal)
        kept = 0
        for each in self.here.outputs:
            kept |= cones[each]
        weighed = []
        for each in sets.tolist():
            needed = kept
            for member in (members := _members(each)):
                needed |= cones[signals[member]]
            if (size := needed.bit_count()) <= self.fewest + _SLACK:
                weighed.append((size, self.random.random(), members))
        for _, _, members in sorted(weighed)[:_TRIES]:
            if _tells(members, values, ones, zeros):
                return tuple(signals[each] for each in members)
        return None

    def _cones(self, nodes: list[Node], signal: int) -> list[int]:
        """The nodes that every signal needs, as bits of a number, when one of them needs none but itself."""
        result = [0] * self.bits
        for number, node in enumerate(nodes):
            own = 1 << number
            if self.bits + number != signal:
                for each in node.inputs:
                    own |= result[each]
            result.append(own)
        return result
