"""Texts with a small network in place of a table: which designs have one, and which networks are worth a synthesis."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gelugen.design import Design
from gelugen.emit.wiring import borrows_of, columns
from gelugen.networks import MOST_BITS, Network
from gelugen.synthesis.resubstitution import Walk, start
from gelugen.target import NETWORK
from gelugen.workers import spread

MOST = 8
"""So many networks are given."""
_ROUNDS = ((12, 3000), (4, 9000))
"""So many walks go so many steps, for a table of ``MOST_BITS``; those that come to the fewest nodes go on."""

_LARGEST = 40
"""Nodes at the start above which nothing is looked for: it would take minutes, and a case does as well."""


def networked(
    designs: Iterable[Design], note: Callable[[str], object], most: int = MOST, jobs: int | None = None
) -> list[tuple[Design, str]]:
    """The first of some designs that can have a network for r, in as many styles; none where no design can.

    Args:
        designs: the most promising first.
        note: told of progress.
        most: styles at most.
        jobs: processes at a time; None for as many as there are cores.
    """
    for design in designs:
        if (borrows := borrows_of(design)) is not None and most:
            found = networks(borrows.bits, columns(borrows), note, most, jobs)
            return [(design, NETWORK + each.text()) for each in found]
    return []


def networks(
    bits: int, table: tuple[int, ...], note: Callable[[str], object], most: int, jobs: int | None
) -> list[Network]:
    """Different networks of the fewest nodes that some walks come to, none for a large table; the same every time.

    Args:
        bits: of the index.
        table: every output for every index, as bits of a number.
        note: told of progress.
        most: networks at most.
        jobs: processes at a time; None for as many as there are cores.
    """
    some = 0
    for each in table:
        some |= each
    # What tells whether any output is 1, and the highest output, are often parts of the others.
    first = start(bits, table[::-1], (some,))
    if len(first.nodes) > _LARGEST:
        return []
    walks = [Walk(first, seed) for seed in range(_ROUNDS[0][0])]
    for count, steps in _ROUNDS:
        walks = sorted(walks, key=lambda walk: walk.fewest)[:count]
        done = list(walks)
        for number, walk in spread(
            _gone, [(walk, (steps << bits) >> MOST_BITS) for walk in walks], jobs, "looked for networks"
        ):
            done[number] = walk
            fewest = min(each.fewest for each in done)
            note(f"looking for networks of functions of four inputs, {fewest} nodes so far at least")
        walks = done
    fewest = min(walk.fewest for walk in walks)
    alike = dict.fromkeys(each for walk in walks if walk.fewest == fewest for each in walk.least)
    least = [Network(bits, each.nodes, each.outputs[::-1]) for each in alike]
    return [least[at * len(least) // most] for at in range(most)] if len(least) > most else least


def _gone(task: tuple[Walk, int]) -> Walk:
    walk, steps = task
    return walk.go(steps)
