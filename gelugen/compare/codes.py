"""How many codes differ between functions that are quantized alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gelugen.formats import Codes


@dataclass(frozen=True)
class Change:
    """How two lists of codes differ.

    Attributes:
        codes: the number of input codes whose output codes differ.
        largest: the largest distance between them, in codes.
    """

    codes: int
    largest: int

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)


def change(one: Codes, other: Codes) -> Change:
    """How two lists of codes differ."""
    distance = np.abs(one - other)
    return Change(int(np.count_nonzero(distance)), int(distance.max()))
