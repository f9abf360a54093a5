"""Small networks of functions of four inputs: what lookup tables of four inputs take at least, as far as a search sees.

A network is a list of nodes, each a function of at most four inputs or other nodes. The search starts from the
Shannon expansion of every output and walks by resubstitution (Mishchenko and Brayton, "Scalable logic synthesis using
a simple circuit structure", 2006): of a node taken at random, the care set is what an output would show; every set of
four other signals that tells its ones from its zeros there can stand for its inputs, and the set that leaves the fewest
nodes is taken, even where that is as many as before. What nothing reads any more is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from random import Random

import numpy as np
import numpy.typing as npt

INPUTS = 4
"""Of a lookup table."""
MOST_BITS = 8
"""Of an index that a network is looked for."""
MOST = 8
"""So many networks are given."""
_DEPTH = 4
"""Levels of nodes: what is deeper, a synthesizer that looks at the delay first takes apart."""
_WALKS = 8
_MOVES = 1000
"""Walks, and steps of each."""
_GO_ON = 2
"""So many of the best walks do the steps again, and a network is taken every so many steps."""
_BETWEEN = 20
_SEEN = 26
"""Signals at most among which the inputs of a node are looked for."""
_PAIRS = 256
"""Pairs of a one and a zero that sets of signals are sifted by."""
_SLACK = 1
"""Nodes above the fewest so far that the walk may have."""
_TRIES = 40
"""Sets that pass the sieve and are checked in full."""
_SETS = 60
"""Sets that pass the sieve and are weighed."""
_WEIGHTS = np.left_shift(1, np.arange(INPUTS))
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@dataclass(frozen=True)
class Node:
    """A function of some signals.

    Attributes:
        inputs: signals, at most four: an input by its number, a node by the number of inputs and its own.
        entries: the function's value for every index, the first input being the lowest bit, as bits of a number.
    """

    inputs: tuple[int, ...]
    entries: int


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

    def columns(self) -> list[int]:
        """Every output for every index, as bits of a number."""
        seen = _simulated(self)
        return [seen[each] for each in self.outputs]


@lru_cache(maxsize=64)
def networks(bits: int, columns: tuple[int, ...]) -> tuple[Network, ...]:
    """Different small networks of some functions, the smallest first; the same every time.

    Args:
        bits: of the index, at most ``MOST_BITS``.
        columns: every output for every index, as bits of a number.

    Returns:
        At least one of them and at most ``MOST``.
    """
    start = _expanded(bits, columns)
    walks = [_Walk(start, Random(number)) for number in range(_WALKS)]
    for walk in walks:
        walk.go(_MOVES)
    walks.sort(key=lambda walk: len(walk.best.nodes))
    found: dict[Network, None] = {}
    for walk in walks[:_GO_ON]:
        for _ in range(_MOVES // _BETWEEN):
            walk.go(_BETWEEN)
            found[walk.best] = found[walk.here] = None
    return tuple(sorted(found, key=lambda network: len(network.nodes))[:MOST])


def _simulated(network: Network) -> list[int]:
    seen = _inputs(network.bits)
    every = (1 << (1 << network.bits)) - 1
    for node in network.nodes:
        seen.append(_value(node, seen, every))
    return seen


def _depth(network: Network) -> int:
    """The nodes on the longest way from an input to an output."""
    depths = [0] * network.bits
    for node in network.nodes:
        depths.append(1 + max((depths[each] for each in node.inputs), default=0))
    return max(depths[each] for each in network.outputs)


def _inputs(bits: int) -> list[int]:
    """Every input for every index."""
    return [sum(1 << at for at in range(1 << bits) if at >> bit & 1) for bit in range(bits)]


def _value(node: Node, seen: Sequence[int], every: int) -> int:
    parts = [every if node.entries >> at & 1 else 0 for at in range(1 << len(node.inputs))]
    for each in node.inputs:
        bit = seen[each]
        parts = [low ^ ((low ^ high) & bit) for low, high in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


# the start


def _expanded(bits: int, columns: Sequence[int]) -> Network:
    """A network to start from: Shannon's expansion, as far as nothing that is there already tells a function."""
    inputs, every = _inputs(bits), (1 << (1 << bits)) - 1
    nodes: list[Node] = []
    seen = list(inputs)

    def add(node: Node) -> int:
        nodes.append(node)
        seen.append(_value(node, seen, every))
        return len(seen) - 1

    def cofactors(value: int, bit: int) -> tuple[int, int]:
        low, high = value & ~inputs[bit], value & inputs[bit]
        return low | low << (1 << bit), high | high >> (1 << bit)

    def build(ones: int, zeros: int, free: tuple[int, ...]) -> int:
        if len(free) > INPUTS:
            told = _telling(bits, seen, ones, zeros)
        else:
            told = free
        if told is not None:
            return add(Node(told, _entries(told, seen, ones, every)))

        def weight(bit: int) -> int:
            """Codes next to each other that stay to be told apart."""
            rest = [each for each in free if each != bit]
            return sum((ones & _moved(zeros, inputs[each], each)).bit_count() for each in rest)

        bit = min(free, key=weight)
        rest = tuple(each for each in free if each != bit)
        halves = [(ones & half, zeros & half) for half in (~inputs[bit], inputs[bit])]
        low, high = (build(*half, rest) for half in halves)
        return add(Node((low, high, bit), 0b11001010))

    return _tidied(bits, nodes, [build(each, each ^ every, tuple(range(bits))) for each in columns])


def _moved(value: int, one: int, bit: int) -> int:
    """The indices that differ from some in one bit."""
    return (value & one) >> (1 << bit) | (value & ~one) << (1 << bit)


def _entries(inputs: Sequence[int], seen: Sequence[int], ones: int, every: int) -> int:
    """The function of some signals that is 1 for some indices, and else 0."""
    entries = 0
    for index in range(1 << len(inputs)):
        cell = ones
        for place, each in enumerate(inputs):
            cell &= seen[each] if index >> place & 1 else seen[each] ^ every
        entries |= bool(cell) << index
    return entries


def _telling(bits: int, seen: Sequence[int], ones: int, zeros: int) -> tuple[int, ...] | None:
    """Four signals that tell some indices from others, if there are any."""
    if not ones or not zeros:
        return ()
    first = max(0, len(seen) - (_SEEN - bits))
    signals = list(range(bits)) + list(range(max(bits, first), len(seen)))
    sieve = _Sieve(bits, _array(bits, [seen[each] for each in signals]), ones, zeros)
    for each in sieve.sets[:_TRIES]:
        if sieve.passes(each):
            return tuple(signals[place] for place in each)
    return None


def _array(bits: int, values: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Values for every index, one in a row."""
    size = max((1 << bits) // 8, 1)
    data = b"".join(value.to_bytes(size, "little") for value in values)
    found = np.unpackbits(np.frombuffer(data, dtype=np.uint8), bitorder="little")
    return found.reshape(len(values), -1)[:, : 1 << bits].astype(bool)


@cache
def _quadruples(signals: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """All pairs of signals, and of every four the numbers of its first and of its second pair."""
    pairs = np.array(list(combinations(range(signals), 2)), dtype=np.intp).reshape(-1, 2)
    number = np.zeros((signals, signals), dtype=np.intp)
    number[pairs[:, 0], pairs[:, 1]] = np.arange(len(pairs))
    fours = np.array(list(combinations(range(signals), INPUTS)), dtype=np.intp).reshape(-1, INPUTS)
    return pairs, number[fours[:, 0], fours[:, 1]], number[fours[:, 2], fours[:, 3]]


class _Sieve:
    """Sets of four signals that may tell some indices from others.

    Attributes:
        sets: those that tell many pairs of a one and a zero apart: the near ones, which differ in one bit of the index,
            and some others.
    """

    def __init__(self, bits: int, values: npt.NDArray[np.bool_], ones: int, zeros: int, start: int = 0) -> None:
        self.values = values
        self.ones, self.zeros = _array(bits, [ones, zeros])
        codes = np.arange(1 << bits)
        near = [codes[self.ones & self.zeros[codes ^ 1 << bit]] for bit in range(bits)]
        left = np.concatenate(near)
        right = np.concatenate([each ^ 1 << bit for bit, each in enumerate(near)])
        if len(left) > (most := _PAIRS * 3 // 4):
            kept = (np.arange(most) * len(left) + start % len(left)) // most % len(left)
            left, right = left[kept], right[kept]
        more = np.arange(_PAIRS - len(left)) + start
        left = np.concatenate((left, codes[self.ones][more * 7 % int(self.ones.sum())]))
        right = np.concatenate((right, codes[self.zeros][more * 11 % int(self.zeros.sum())]))
        told = np.ascontiguousarray(np.packbits(values[:, left] ^ values[:, right], axis=1)).view(np.uint64)
        pairs, first, second = _quadruples(len(values))
        both = told[pairs[:, 0]] | told[pairs[:, 1]]
        alive = np.arange(len(first))
        for word in range(both.shape[1]):
            column = both[:, word]
            alive = alive[(column[first[alive]] | column[second[alive]]) == _ALL]
        self.sets = np.concatenate((pairs[first[alive]], pairs[second[alive]]), axis=1)

    def passes(self, chosen: npt.NDArray[np.intp]) -> bool:
        """Whether a set tells all of them apart."""
        index = _WEIGHTS[: len(chosen)] @ self.values[chosen]
        ones, zeros = (np.bincount(index[each], minlength=1 << INPUTS) for each in (self.ones, self.zeros))
        return not (ones * zeros).any()

    def needed(self, chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """The same set without what it can do without."""
        at = 0
        while at < len(chosen):
            less = np.delete(chosen, at)
            if self.passes(less):
                chosen = less
            else:
                at += 1
        return chosen


def _tidied(bits: int, nodes: Sequence[Node], outputs: Iterable[int]) -> Network:
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


# the walk


class _Walk:
    """A walk over networks of the same outputs.

    Attributes:
        here: where it is.
        best: a smallest network so far.
    """

    def __init__(self, start: Network, random: Random) -> None:
        self.here = self.best = start
        self.bits, self.random, self.depth = start.bits, random, _depth(start)
        self.codes = 1 << start.bits
        self.every = (1 << self.codes) - 1

    def pick(self, below: int) -> int:
        """A number below another."""
        return int(self.random.random() * below)

    def go(self, steps: int) -> None:
        """Do so many steps."""
        for _ in range(steps):
            self.step()

    def step(self) -> None:
        """Give a node, taken at random, other inputs."""
        if not self.here.nodes:
            return
        found = self._changed()
        if found is None:
            return
        more = len(found.nodes) - len(self.here.nodes)
        if len(found.nodes) > len(self.best.nodes) + _SLACK or (more > 0 and self.pick(3)):
            return
        if (depth := _depth(found)) > max(_DEPTH, self.depth):
            return
        self.here, self.depth = found, depth
        if len(found.nodes) < len(self.best.nodes):
            self.best = found

    def _changed(self) -> Network | None:
        nodes, bits = list(self.here.nodes), self.bits
        chosen = self.pick(len(nodes))
        signal = bits + chosen
        seen = _simulated(self.here)
        after = {signal}
        for number in range(chosen + 1, len(nodes)):
            if after.intersection(nodes[number].inputs):
                after.add(bits + number)
        care = self._care(seen, signal, after)
        others = [each for each in range(len(seen)) if each not in after]
        spare = 1 + self.pick(2) if len(nodes) < len(self.best.nodes) + _SLACK and self.pick(3) else 0
        if len(others) < 2:
            return None
        for _ in range(spare):
            inputs = tuple(sorted({others[self.pick(len(others))] for _ in range(2 + self.pick(2))}))
            nodes.append(Node(inputs, self.pick(1 << (1 << len(inputs)))))
            seen.append(_value(nodes[-1], seen, self.every))
        spares = list(range(len(seen) - spare, len(seen)))
        own = list(self.here.nodes[chosen].inputs)
        rest = [each for each in others if each not in own]
        while len(rest) + len(own) + spare > _SEEN:
            rest[self.pick(len(rest))] = rest[-1]
            rest.pop()
        signals = sorted(own + rest) + spares
        ones, zeros = seen[signal] & care, ~seen[signal] & care
        inputs_found = self._inputs(nodes, signal, signals, seen, (ones, zeros), bool(spare) and self.pick(4) > 0)
        if inputs_found is None:
            return None
        entries = _entries(inputs_found, seen, ones, self.every)
        free = ~(entries | _entries(inputs_found, seen, zeros, self.every))
        nodes[chosen] = Node(inputs_found, entries | (free & self.pick(1 << (1 << len(inputs_found)))))
        return _tidied(bits, nodes, self.here.outputs)

    def _care(self, seen: list[int], signal: int, after: set[int]) -> int:
        """The indices at which an output would show another value of a signal."""
        other = list(seen)
        other[signal] ^= self.every
        for number in range(signal - self.bits + 1, len(self.here.nodes)):
            if self.bits + number in after:
                other[self.bits + number] = _value(self.here.nodes[number], other, self.every)
        care = 0
        for each in self.here.outputs:
            care |= seen[each] ^ other[each]
        return care

    def _inputs(
        self,
        nodes: list[Node],
        signal: int,
        signals: list[int],
        seen: list[int],
        told: tuple[int, int],
        fresh: bool,
    ) -> tuple[int, ...] | None:
        """Signals that tell some indices from others, those that leave the fewest nodes."""
        if not all(told):
            return ()
        if len(signals) < INPUTS:
            return None
        values = _array(self.bits, [seen[each] for each in signals])
        sieve = _Sieve(self.bits, values, *told, self.pick(self.codes))
        sets = sieve.sets
        if fresh:
            sets = sets[sets[:, -1] >= len(signals) - (len(nodes) - len(self.here.nodes))]
        if not len(sets):
            return None
        if len(sets) > _SETS:
            sets = sets[[self.pick(len(sets)) for _ in range(_SETS)]]
        cones = self._cones(nodes, signal)
        own = np.array([cones[each] for each in signals])
        kept = np.zeros(len(nodes), dtype=bool)
        for each in self.here.outputs:
            kept |= cones[each]
        sizes = (own[sets].any(axis=1) | kept).sum(axis=1)
        for _ in range(_TRIES):
            least = np.flatnonzero(sizes == sizes.min())
            at = int(least[self.pick(len(least))])
            if sizes[at] > len(nodes):
                return None
            if sieve.passes(sets[at]):
                return tuple(signals[each] for each in sieve.needed(sets[at]))
            sizes[at] = len(nodes) + 1
        return None

    def _cones(self, nodes: list[Node], signal: int) -> list[npt.NDArray[np.bool_]]:
        """The nodes that every signal needs, when one of them needs none."""
        result = [np.zeros(len(nodes), dtype=bool) for _ in range(self.bits + len(nodes))]
        for number, node in enumerate(nodes):
            own = result[self.bits + number]
            own[number] = True
            if self.bits + number != signal:
                for each in node.inputs:
                    own |= result[each]
        return result

