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


_FIGURES = ("objective", "family", "yosys", "measured", "candidates")


@dataclass(frozen=True)
class Figures:
    """What synthesis said of a design that was chosen by its lookup tables.

    Attributes:
        objective: as the user wrote it.
        family: of FPGAs.
        resources: what it takes, by kind: ``luts``, ``dsps``, ``block_rams`` and others.
        yosys: the version that counted.
        measured, candidates: how many designs and texts were measured, of how many.
    """

    objective: str
    family: str
    resources: Mapping[str, int]
    yosys: str
    measured: int
    candidates: int

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for the manifest."""
        return {
            "objective": self.objective,
            "family": self.family,
            **self.resources,
            "yosys": self.yosys,
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
        objective, family, yosys, measured, candidates = map(rest.pop, _FIGURES)
        counts = {name: whole(count) for name, count in rest.items()}
        return cls(objective, family, counts, yosys, whole(measured), whole(candidates))

    def describe(self) -> str:
        """The figures in one line."""
        kinds = (("luts", "LUT"), ("dsps", "DSP"), ("block_rams", "block RAM"))
        counts = [(self.resources.get(key, 0), name) for key, name in kinds]
        parts = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count or name == "LUT"]
        how = "with registers" if "+bram" in self.objective else "combinational"
        return f"{', '.join(parts)} of {self.family}, {how}, by Yosys {self.yosys}"

    def searched(self) -> str:
        """How far one may trust that nothing smaller exists."""
        if self.measured == self.candidates:
            return f"heuristic: all {self.candidates} candidates measured by Yosys {self.yosys}"
        return (
            f"heuristic: the {self.measured} most promising of {self.candidates} candidates measured by Yosys "
            f"{self.yosys}"
        )
