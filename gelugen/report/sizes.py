"""A design beside the plain table and beside the candidates that lost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gelugen.accuracy import measure
from gelugen.architectures import ARCHITECTURES, AUTO
from gelugen.design import Design
from gelugen.dialects.choice import EXACT
from gelugen.errors import GelugenError
from gelugen.explore.results import Found, Result
from gelugen.fit import designs
from gelugen.golden import golden, symmetry
from gelugen.objectives import Objective
from gelugen.pipeline import latency, multipliers
from gelugen.search import of_degree
from gelugen.spec import Spec

_SMALL = 8
"""Input bits up to which every search of constants takes no time."""


@dataclass(frozen=True)
class Size:
    """A row: a design, and what it takes.

    Attributes:
        name: of its architecture, or ``plain table``.
        kind: ``plain``, ``chosen`` or ``lost``.
        rom_bits: as ``Design.rom_bits`` counts.
        multipliers: as in ``9x12 20x12``.
        max_ulp: the largest |error|; None of a plain table, which holds whatever codes one likes.
        correct: the share of correctly rounded codes; None of a plain table.
        latency: in clocks; None of a plain table.
        cost: under the objective, or None where only a tool can tell.
        bar: the length of its bar, in percent: logarithmic.
    """

    name: str
    kind: str
    rom_bits: int
    multipliers: str = ""
    max_ulp: float | None = None
    correct: float | None = None
    latency: int | None = None
    cost: float | None = None
    bar: float = 0.0


@dataclass(frozen=True)
class Sizes:
    """A table of sizes.

    Attributes:
        rows: the cheapest first.
        explored: how many architectures an exploration tried; if none, tables alone were made again here.
        failed: those of them that have no design.
        searched: whether the design itself was chosen among several architectures.
        promised: whether it keeps a guarantee, so that others can be compared with it.
        dialect: whether a code is right where it is that of a runtime.
    """

    rows: tuple[Size, ...]
    explored: int
    failed: tuple[str, ...]
    searched: bool
    promised: bool
    dialect: bool


def plain_bits(spec: Spec) -> int:
    """The ROM bits of a table with an output code for every input code."""
    return spec.output.bits << spec.input.bits


def sizes(design: Design, results: Sequence[Result]) -> Sizes:
    """A design among the results of an exploration; where there are none, among the tables that are found at once."""
    spec = design.spec
    price = Objective.parse(spec.objective) if spec.guarantee else None
    if price and price.asked.counted:
        price = None
    chosen = _row(design.architecture, "chosen", _figures(design), price)
    found = [(one.architecture, each) for one in results for each in one.found]
    if not results:
        found = [*_tables(spec)]
    lost = [_row(name, "lost", each, price) for name, each in found]
    lost = [each for each in lost if (each.name, each.rom_bits, each.multipliers) != _key(chosen)]
    bits = plain_bits(spec)
    plain = Size("plain table", "plain", bits, cost=price.weights[0] * bits if price else None)
    rows = sorted([chosen, *lost], key=lambda each: (each.rom_bits if each.cost is None else each.cost, each.kind))
    if not any(each.name == "table" and each.rom_bits >= plain.rom_bits for each in rows):
        rows.append(plain)
    longest = math.log2(1 + max(each.rom_bits for each in rows)) or 1.0
    bars = [replace(each, bar=100 * math.log2(1 + each.rom_bits) / longest) for each in rows]
    return Sizes(
        tuple(bars),
        len(results),
        tuple(one.architecture for one in results if not one.found),
        spec.architecture == AUTO,
        spec.guarantee is not None,
        spec.dialect != EXACT,
    )


def _tables(spec: Spec) -> Iterator[tuple[str, Found]]:
    """Designs of degree 0 that take no time to find."""
    if spec.guarantee is None:
        return
    truth, fold = golden(spec), symmetry(spec)
    cut = ("codes", "uniform") if spec.input.bits > _SMALL else ("codes", "uniform", "dyadic", "free")
    for each in ARCHITECTURES.values():
        if each.degree or each.digits or each.segments not in cut or each.fold not in {"none", fold}:
            continue
        try:
            for design in of_degree(each, designs(spec, truth, each, lambda _: None)):
                yield each.name, _figures(design)
        except GelugenError:  # this one cannot keep the guarantee
            continue


def _figures(design: Design) -> Found:
    accuracy = measure(design)
    return Found(
        max((term.depth for term in design.terms), default=0),
        design.rom_bits,
        tuple(multipliers(design)),
        latency(design),
        accuracy.max_ulp,
        accuracy.mean_ulp,
        accuracy.correctly_rounded,
    )


def _row(name: str, kind: str, found: Found, price: Objective | None) -> Size:
    cost = None
    if price:
        rom, multiplier, clock = price.weights
        cost = rom * found.rom_bits + multiplier * found.multiplier_bits + clock * found.latency
    return Size(
        name,
        kind,
        found.rom_bits,
        " ".join(f"{one}×{two}" for one, two in found.multipliers),
        found.max_ulp,
        found.correctly_rounded,
        found.latency,
        cost,
    )


def _key(row: Size) -> tuple[str, int, str]:
    return row.name, row.rom_bits, row.multipliers
