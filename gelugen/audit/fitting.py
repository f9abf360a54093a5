"""Shape first: for each function the zero of x and the scale of x that fit best, the output's by least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gelugen.audit.shapes import Candidate, Reals, Shape
from gelugen.audit.views import View

_POINTS, _FINE_POINTS = 64, 256
_SPANS = tuple(2.0 ** (k / 1.5) for k in range(-2, 18))
"""x from the first to the last entry: from half a unit to thousands."""


@dataclass(frozen=True)
class Fit:
    """A function laid through a view.

    Attributes:
        candidate: the function.
        view: what it is laid through.
        zero: the place of x = 0, counted from the first entry of rising x; any real.
        scale: x from one entry to the next.
        level: the output code of y = 0, any real.
        gain: output codes for a y of 1.
        error: mean of |difference| over the entries, each counted up to a few codes.
    """

    candidate: Candidate
    view: View
    zero: float
    scale: float
    level: float
    gain: float
    error: float


class Fitter:
    """Fits functions to one view."""

    def __init__(self, view: View, zero: float | None = None, scale: float | None = None) -> None:
        """Prepare the points to fit at.

        Args:
            view: the numbers.
            zero: the place of x = 0, if it is given.
            scale: that of x, if it is given.
        """
        self.view, self.zero, self.scale = view, zero, scale
        count = len(view)
        target = _despiked(view.target)
        near = np.unique(np.linspace(0, count - 1, min(count, _POINTS)).round().astype(np.int64))
        fine = np.unique(np.linspace(0, count - 1, min(count, _FINE_POINTS)).round().astype(np.int64))
        self.coarse_at, self.coarse = near.astype(np.float64), target[near].astype(np.float64)
        self.fine_at, self.fine = fine.astype(np.float64), view.target[fine].astype(np.float64)
        low, high = view.reading.ends
        # Codes at the ends may be saturated: there a function may go further.
        free = (target < high) | (np.count_nonzero(target >= high) < 3)
        free &= (target > low) | (np.count_nonzero(target <= low) < 3)
        if np.count_nonzero(free) < 8:
            free[:] = True
        self.masks = [free[near]] if free.all() else [free[near], np.ones(len(near), dtype=np.bool_)]
        self.fine_mask = free[fine]
        span = max(float(target.max() - target.min()), 1.0)
        self.cap = max(4.0, 0.05 * span)

    def zeros(self) -> Reals:
        """Places of x = 0 to start from."""
        if self.zero is not None:
            return np.array([self.zero])
        count = len(self.view)
        return np.unique(np.concatenate([np.linspace(0, count - 1, 21), [count / 2, (count - 1) / 2, 0.0]]))

    def starts(self, candidate: Candidate) -> list[Fit]:
        """The best points of a coarse grid: the best one, and the best one far from it."""
        count = len(self.view)
        zeros = np.array([count // 2 * 1.0]) if candidate.straight and self.zero is None else self.zeros()
        spans = (1.0 * count,) if candidate.scale_free else _SPANS
        scales = np.array([self.scale]) if self.scale else np.array(spans) / count
        zero, scale = (each.ravel() for each in np.meshgrid(zeros, scales, indexing="ij"))
        x = (self.coarse_at[None, :] - zero[:, None]) * scale[:, None]
        values = candidate.shape(x)
        level, gain, errors = np.zeros(len(zero)), np.zeros(len(zero)), np.full(len(zero), np.inf)
        for mask in self.masks:
            tried, by, _ = _line(values, self.coarse, mask.astype(np.float64))
            found = self._errors(values, self.coarse, tried, by)
            level, gain = np.where(found < errors, tried, level), np.where(found < errors, by, gain)
            errors = np.minimum(errors, found)
        best = int(errors.argmin())
        far = (np.abs(zero - zero[best]) > 0.04 * count) | (np.abs(np.log(scale / scale[best])) > 0.8)
        chosen = [best]
        if far.any():
            chosen.append(int(np.where(far, errors, np.inf).argmin()))
        return [
            Fit(candidate, self.view, *(float(each[at]) for each in (zero, scale, level, gain, errors)))
            for at in chosen
            if math.isfinite(errors[at])
        ]

    def _errors(self, values: Reals, target: Reals, level: Reals, gain: Reals) -> Reals:
        """Mean capped |difference|, with the output saturated."""
        low, high = self.view.reading.ends
        made = np.clip(level[:, None] + gain[:, None] * values, min(low, target.min()), max(high, target.max()))
        errors: Reals = np.minimum(np.abs(made - target), self.cap).mean(axis=1)
        return np.where(gain > 0, errors, np.inf)

    def refine(self, fit: Fit, rounds: int = 12) -> Fit:
        """The same, closer: a grid that shrinks around its best point, with weights that outliers lose."""
        if not math.isfinite(fit.error):
            return fit
        shape: Shape = fit.candidate.shape
        count = len(self.view)
        steps = np.arange(-3.0, 4.0)
        reach_zero = 0.0 if self.zero is not None or fit.candidate.straight else count / 20
        reach_scale = 0.0 if self.scale or fit.candidate.scale_free else 0.25
        best = fit
        weights = self._weights(best)
        for _ in range(rounds):
            zeros = best.zero + (steps * reach_zero / 3 if reach_zero else np.zeros(1))
            scales = best.scale * np.exp(steps * reach_scale / 3 if reach_scale else np.zeros(1))
            zero, scale = (each.ravel() for each in np.meshgrid(zeros, scales, indexing="ij"))
            values = shape((self.fine_at[None, :] - zero[:, None]) * scale[:, None])
            level, gain, squares = _line(values, self.fine, weights)
            squares = np.where(gain > 0, squares, np.inf)
            at = int(squares.argmin())
            if not math.isfinite(squares[at]):
                break
            error = self._errors(values[at : at + 1], self.fine, level[at : at + 1], gain[at : at + 1])[0]
            place, by, start, slope = (float(each[at]) for each in (zero, scale, level, gain))
            best = Fit(fit.candidate, self.view, place, by, start, slope, float(error))
            weights = self._weights(best)
            edge = max(abs(int(at // len(scales)) - 3), abs(at % len(scales) - 3)) == 3
            shrink = 0.9 if edge else 0.5
            reach_zero, reach_scale = reach_zero * shrink, reach_scale * shrink
        return best

    def _weights(self, fit: Fit) -> Reals:
        made = fit.level + fit.gain * fit.candidate.shape((self.fine_at - fit.zero) * fit.scale)
        low, high = self.view.reading.ends
        over = ((made > high) & (self.fine >= high)) | ((made < low) & (self.fine <= low))
        rest = np.abs(made - self.fine)
        usual = max(0.4, 1.5 * float(np.median(rest[~over])) if (~over).any() else 0.4)
        weights = 1 / (1 + (rest / (2 * usual)) ** 2) ** 2
        return np.where(over, 0.0, weights)


def _despiked(numbers: np.typing.NDArray[np.int64]) -> np.typing.NDArray[np.int64]:
    """A running median of five: single wrong entries vanish."""
    padded = np.pad(numbers, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5)
    found: np.typing.NDArray[np.int64] = np.median(windows, axis=1).astype(np.int64)
    return found


def _line(values: Reals, target: Reals, weights: Reals) -> tuple[Reals, Reals, Reals]:
    """For each row: the level and the gain of least squares, and the sum of squares left."""
    total = weights.sum() + 1e-30
    mean_v = values @ weights / total
    mean_t = float(target @ weights / total)
    away = target - mean_t
    spread = (values * values) @ weights - total * mean_v**2
    common = values @ (weights * away)
    scale = (values * values) @ weights + 1e-300
    gain = np.where(spread > 1e-9 * scale, common / np.maximum(spread, 1e-300), 0.0)
    squares = float(weights @ (away * away)) - gain * common
    return mean_t - gain * mean_v, gain, squares
