"""Other words for a writable design's tables: what is written through its port, and what it then computes."""

from __future__ import annotations

import random
from dataclasses import replace

from gelugen.design import Coefficient, Design
from gelugen.emit.verilog import write_bits

_SEED = 20240


def second_image(design: Design) -> tuple[list[tuple[int, int]], Design]:
    """Words drawn at random, none of them the one that was there, for the same map, widths and shifts.

    Returns:
        Pairs of an address and a word, every word of every table once and in random order, and the design that has
        these words.
    """
    rng = random.Random(_SEED)  # noqa: S311 - a stimulus, not a secret
    terms = tuple(
        replace(
            term,
            coefficients=tuple(replace(column, values=_others(column, rng)) for column in term.coefficients),
        )
        for term in design.terms
    )
    address, _, chosen = write_bits(design)
    tables = [term.words() for term in terms if term.width]
    writes = [
        (table << address - chosen | number, word)
        for table, words in enumerate(tables)
        for number, word in enumerate(words)
    ]
    rng.shuffle(writes)
    return writes, replace(design, terms=terms)


def _others(column: Coefficient, rng: random.Random) -> tuple[int, ...]:
    """A value for every segment, of the same bits, but not the stored one."""
    low, high = column.stored
    if low == high:
        return column.values
    drawn = (rng.randint(low, high - 1) for _ in column.values)
    return tuple(new + (new >= old) for new, old in zip(drawn, column.values, strict=True))
