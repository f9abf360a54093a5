"""Finished results, ranked by cost, with the Pareto fronts of size and error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gelugen.aims import OnCore
from gelugen.explore.grid import Case
from gelugen.explore.results import Found, Result, task_key
from gelugen.objectives import Figures, Objective

COLUMNS = (
    "function", "input", "output", "guarantee", "rank", "architecture", "segments", "rom_bits", "multipliers",
    "multiplier_bits", "luts", "inverters", "carry", "wide_muxes", "flip_flops", "block_rams", "dsps", "style",
    "instructions", "code_bytes", "table_bytes", "estimated", "counted_by", "cost",
    "max_ulp", "mean_ulp", "correctly_rounded", "latency", "pareto", "seconds",
)  # fmt: skip
"""The keys of ``Row.fields``, in their order."""


_ON_CORE = ("instructions", "code_bytes", "table_bytes")
_RESOURCES = ("luts", "inverters", "carry", "wide_muxes", "flip_flops", "block_rams", "dsps")


@dataclass(frozen=True)
class Row:
    """A design, in its place in the ranking of its case.

    Attributes:
        case: what was asked.
        rank: from 1, by cost; of equal cost the simpler architecture first.
        architecture: its name.
        found: its figures.
        cost: under the case's objective.
        size: the bits that the objective counts, ROM bits where it counts none; for an objective of lookup tables or
            of a core what was counted there, which is the cost.
        seconds: that its task took.
        pareto: whether no design for the same function and formats is at least as good in both size and max_ulp, and
            better in one; of equal ones the first.
    """

    case: Case
    rank: int
    architecture: str
    found: Found
    cost: float
    size: float
    seconds: float
    pareto: bool = False

    def fields(self) -> dict[str, Any]:
        """Everything, ready for JSON; the keys are ``COLUMNS``. What was not measured is None."""
        resources, figures = self.found.resources, self.found.figures
        return {
            **_asked(self.case),
            "rank": self.rank,
            "architecture": self.architecture,
            "segments": self.found.segments,
            "rom_bits": self.found.rom_bits,
            "multipliers": [list(pair) for pair in self.found.multipliers],
            "multiplier_bits": self.found.multiplier_bits,
            **{name: getattr(resources, name) if resources else None for name in _RESOURCES},
            "style": self.found.style or None,
            **{name: figures.counts.get(name) if figures else None for name in _ON_CORE},
            "estimated": figures.estimated if figures else None,
            "counted_by": figures.by if figures else None,
            "cost": self.cost,
            "max_ulp": self.found.max_ulp,
            "mean_ulp": self.found.mean_ulp,
            "correctly_rounded": self.found.correctly_rounded,
            "latency": self.found.latency,
            "pareto": self.pareto,
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Refused:
    """An architecture that has no design for a case.

    Attributes:
        case: what was asked.
        architecture: its name.
        reason: one sentence.
        reached: the least N, as text, for which it keeps ulp:N; empty if that is not known.
    """

    case: Case
    architecture: str
    reason: str
    reached: str

    def fields(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            **_asked(self.case),
            "architecture": self.architecture,
            "reason": self.reason,
            "reached": self.reached or None,
        }


@dataclass(frozen=True)
class Exploration:
    """All that came of the cases: ``rows`` by case and rank, ``refused`` by case, simplest architecture first."""

    cases: tuple[Case, ...]
    rows: tuple[Row, ...]
    refused: tuple[Refused, ...]


def ranked(cases: Sequence[Case], results: Mapping[str, Result]) -> Exploration:
    """The ranking of finished cases.

    Args:
        cases: what is asked.
        results: of every task of the cases, by its key.
    """
    rows: list[Row] = []
    refused: list[Refused] = []
    for each in cases:
        outcomes = [results[task_key(each.spec, name)] for name in each.architectures]
        rows += _ranking(each, outcomes)
        refused += [Refused(each, one.architecture, one.refusal, one.reached) for one in outcomes if not one.found]
    front = _front(rows)
    marked = [replace(row, pareto=number in front) for number, row in enumerate(rows)]
    return Exploration(tuple(cases), tuple(marked), tuple(refused))


def _ranking(each: Case, outcomes: Sequence[Result]) -> list[Row]:
    """The rows of outcomes that stand simplest architecture first, and among equal ones stay so."""
    objective = Objective.parse(each.spec.objective)
    rows = [
        Row(each, 0, outcome.architecture, found, *_price(objective, found), outcome.seconds)
        for outcome in outcomes
        for found in outcome.found
    ]
    free_rom = not objective.weights[0]

    def key(row: Row) -> tuple[float, float]:
        if row.found.resources:
            return row.cost, row.found.resources.inverters
        if row.found.figures and objective.asked.core:
            return row.cost, _on_core(objective.asked.core, row.found.figures)[1]
        return row.cost, row.found.rom_bits if free_rom else 0

    rows.sort(key=key)
    return [replace(row, rank=rank) for rank, row in enumerate(rows, 1)]


def _on_core(asked: OnCore, figures: Figures) -> tuple[float, float]:
    """The cost on a core, and what decides where that is equal."""
    counts = figures.counts
    cost, then = asked.cost(counts.get("instructions", 0), int(counts["code_bytes"]), int(counts["table_bytes"]))
    return float(cost), float(then)


def _price(objective: Objective, found: Found) -> tuple[float, float]:
    """What the objective says of a design, from its figures alone: its cost, and the size in it."""
    if objective.asked.luts and (got := found.resources):
        price = float(objective.asked.luts.cost(got.luts, got.dsps, got.block_rams))
        return price, price
    if objective.asked.core and found.figures:
        price = _on_core(objective.asked.core, found.figures)[0]
        return price, price
    rom, multiplier, clocks = objective.weights
    bits = rom * found.rom_bits + multiplier * found.multiplier_bits
    return bits + clocks * found.latency, bits if rom or multiplier else float(found.rom_bits)


def _front(rows: Sequence[Row]) -> set[int]:
    """The numbers of those on the Pareto fronts; one front for all guarantees of a function and its formats."""
    least: dict[tuple[str, ...], float] = {}
    front = set()
    for number in sorted(range(len(rows)), key=lambda number: (rows[number].size, rows[number].found.max_ulp)):
        panel = panel_of(rows[number].case)
        if rows[number].found.max_ulp < least.get(panel, float("inf")):
            least[panel] = rows[number].found.max_ulp
            front.add(number)
    return front


def panel_of(each: Case) -> tuple[str, str, str]:
    """What designs must share to be compared: function, input and output."""
    return each.spec.function, str(each.spec.input), str(each.spec.output)


def _asked(each: Case) -> dict[str, str]:
    function, input_format, output_format = panel_of(each)
    return {
        "function": function,
        "input": input_format,
        "output": output_format,
        "guarantee": str(each.spec.guarantee),
    }
