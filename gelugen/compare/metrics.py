"""How far an approximation is from a function, over many points."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gelugen.formats import Format

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """Errors of an approximation.

    Attributes:
        mse: the mean of error^2.
        max_error: the largest |error|.
        max_error_at: the first x where it is.
        mean_error: the mean |error|.
        max_ulp: the largest |error| in ulp of an output format, with both values clamped to its range, since what lies
            outside saturates in both; None without a format.
    """

    mse: float
    max_error: float
    max_error_at: float
    mean_error: float
    max_ulp: float | None

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)


def measure(x: Reals, real: Reals, approximate: Reals, output: Format | None = None) -> Metrics:
    """The errors of an approximation.

    Args:
        x: the points.
        real: the function there.
        approximate: the approximation there.
        output: the format in whose ulp the largest error is also told.
    """
    error = np.abs(approximate - real)
    worst = int(error.argmax())
    ulp = None
    if output is not None:
        low, high = output.dequantize(output.ends).tolist()
        ulp = float(np.abs(approximate.clip(low, high) - real.clip(low, high)).max()) / output.scale
    return Metrics(
        mse=float(np.mean(error**2)),
        max_error=float(error[worst]),
        max_error_at=float(x[worst]),
        mean_error=float(error.mean()),
        max_ulp=ulp,
    )
