"""What a design costs under an objective, told from the design alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gelugen.aims import Weights
from gelugen.design import Design
from gelugen.pipeline import latency, multipliers


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
