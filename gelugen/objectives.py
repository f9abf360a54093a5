"""What a design costs under an objective, told from the design alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gelugen.aims import Weights
from gelugen.design import Design
from gelugen.pipeline import latency, multipliers
from gelugen.strict import whole
from gelugen.target import Target


def multiplier_bits(design: Design) -> int:
    """The sum of a * b over every multiplier of a by b bits."""
    return sum(one * two for one, two in multipliers(design))


@dataclass(frozen=True)
class Objective:
    """An objective; calling it gives a design's cost."""

    asked: Weights

    @classmethod
    def parse(cls, text: str) -> Objective:
        """As ``Weights.parse``.

        Raises:
            GelugenError: the objective is not known.
        """
        return cls(Weights.parse(text))

    @property
    def name(self) -> str:
        """As the user writes it."""
        return self.asked.name

    @property
    def weights(self) -> tuple[float, float, float]:
        """What a ROM bit, a multiplier bit and a clock cost."""
        return self.asked.rom_bits, self.asked.multiplier_bits, self.asked.latency

    def __call__(self, design: Design) -> float:
        """The cost of a design."""
        rom, multiplier, clock = self.weights
        return rom * design.rom_bits + multiplier * multiplier_bits(design) + clock * latency(design)

    def rom_limit(self, cost: float) -> int | None:
        """The ROM bits above which no design costs as little as ``cost``; None where ROM bits cost nothing."""
        return math.floor(cost / self.asked.rom_bits) if self.asked.rom_bits else None


_FIGURES = ("objective", "on", "by", "measured", "candidates")
ESTIMATE = "an estimate from the design"
"""Who counted where no tool did."""


@dataclass(frozen=True)
class Figures:
    """What was counted of a design that was chosen by it.

    Attributes:
        objective: as the user wrote it.
        on: the family of FPGAs, or the core.
        counts: what the design takes there, by kind: ``luts``, ``dsps``, ``block_rams`` and others; or
            ``instructions`` for an element, and ``code_bytes`` and ``table_bytes``.
        by: the tools that counted, with their versions; or ``ESTIMATE``.
        measured, candidates: how many designs, and texts of one, were measured, of how many.
    """

    objective: str
    on: str
    counts: Mapping[str, int | float]
    by: str
    measured: int
    candidates: int

    @property
    def estimated(self) -> bool:
        """Whether no tool has counted."""
        return self.by == ESTIMATE

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for the manifest."""
        return {
            "objective": self.objective,
            "on": self.on,
            **self.counts,
            "by": self.by,
            "measured": self.measured,
            "candidates": self.candidates,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Figures:
        """What ``to_json`` has given.

        Raises:
            KeyError, TypeError: it is something else.
        """
        rest = dict(data)
        objective, on, by, measured, candidates = map(rest.pop, _FIGURES)
        counts = {name: count if type(count) is float else whole(count) for name, count in rest.items()}
        return cls(objective, on, counts, by, whole(measured), whole(candidates))

    def describe(self) -> str:
        """The figures in one line."""
        if "table_bytes" in self.counts:
            return f"{self.on_core()}, by {self.by}"
        kinds = (("luts", "LUT"), ("dsps", "DSP"), ("block_rams", "block RAM"))
        counts = [(self.counts.get(key, 0), name) for key, name in kinds]
        parts = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count or name == "LUT"]
        how = "with registers" if "+bram" in self.objective else "combinational"
        return f"{', '.join(parts)} of {self.on}, {how}, by {self.by}"

    def on_core(self) -> str:
        """What a design takes on a core, in words."""
        about = "about " if self.estimated else ""
        size = f"{self.counts['code_bytes']} bytes of code, {self.counts['table_bytes']} of tables"
        if "instructions" in self.counts:
            size = f"{self.counts['instructions']:g} instructions an element, {size}"
        return f"{about}{size} on {self.on}"

    def searched(self) -> str:
        """How far one may trust that nothing smaller exists."""
        if self.estimated:
            return f"heuristic: {self.candidates} candidates compared by {self.by}"
        if self.measured == self.candidates:
            return f"heuristic: all {self.candidates} candidates measured by {self.by}"
        return f"heuristic: the {self.measured} most promising of {self.candidates} candidates measured by {self.by}"


@dataclass(frozen=True)
class Chosen:
    """The design that an objective of counted figures takes, how it is written, and what it takes."""

    design: Design
    target: Target
    figures: Figures
