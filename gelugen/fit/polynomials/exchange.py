"""The range that bounds at points leave a polynomial's leading coefficient: small linear programs, many at once.

The largest leading coefficient of a polynomial between bounds at points is a linear program. Its dual is solved by
exchange: d + 1 active points whose bounds alternate give a polynomial and, whatever the points, a valid outer bound;
the most violated point enters, and the ratio test says which one leaves (Cheney and Goldstein, Newton's method for
convex programming and Tchebycheff approximation, 1959; Stiefel's exchange). All is in closed form: the dual weights
are those of the divided difference, and Lagrange's polynomials tell how the entering point depends on the active ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_TOLERANCE = 1e-6
_PIVOT = 1e-9


def leading_range(x: Reals, counts: Counts, low: Reals, high: Reals, degree: int, steps: int) -> tuple[Reals, Reals]:
    """Outer bounds of the leading coefficient of each of B polynomials.

    Args:
        x: shape (B, m), m ascending points each.
        counts: shape (B,), how many of the m points are distinct, at least degree + 1; the others repeat one of these.
        low: shape (B, m), the lower bounds at the points.
        high: shape (B, m), the upper ones.
        degree: of the polynomials.
        steps: exchanges at most; fewer leave a wider range, never one that is too narrow.

    Returns:
        The smallest and the largest leading coefficient; where no polynomial exists the first may be above the second.
    """
    size = len(x)
    both = _largest(
        np.concatenate([x, x]),
        np.concatenate([counts, counts]),
        np.concatenate([-high, low]),
        np.concatenate([-low, high]),
        degree,
        steps,
    )
    return -both[:size], both[size:]


def _largest(x: Reals, counts: Counts, low: Reals, high: Reals, degree: int, steps: int) -> Reals:
    size, last = len(x), np.arange(degree + 1)
    best = np.full(size, np.inf)
    spread = (1 - np.cos(np.pi * last / max(degree, 1))) / 2
    active = np.rint(spread * (counts[:, None] - 1)).astype(np.int64)
    upper = np.broadcast_to((degree - last) % 2 == 0, (size, degree + 1)).copy()
    rows = np.arange(size)
    open_, here, lowest, highest = rows, x, low, high
    for step in range(steps):
        if step and len(open_) < len(here):  # leave out what is settled
            here, lowest, highest = x[open_], low[open_], high[open_]
        at, side, rows = active[open_], upper[open_], rows[: len(open_)]
        points = here[rows[:, None], at]
        values = np.where(side, highest[rows[:, None], at], lowest[rows[:, None], at])
        weights = _difference_weights(points)
        with np.errstate(divide="ignore", invalid="ignore"):
            leading = (values * weights).sum(axis=1)
            curve = _interpolate(points, values, here)
            over, under = curve - highest, lowest - curve
            most_over, most_under = over.argmax(axis=1), under.argmax(axis=1)
            excess, shortage = over[rows, most_over], under[rows, most_under]
            above = excess >= shortage
            entering = np.where(above, most_over, most_under)
            violation = np.where(above, excess, shortage)
            move = _lagrange(points, weights, here[rows, entering])
            move = np.where(side == above[:, None], move, -move)
            ratio = np.where(move > _PIVOT, np.abs(weights) / move, np.inf)
        leaving = ratio.argmin(axis=1)
        best[open_] = np.minimum(best[open_], np.where(np.isfinite(leading), leading, np.inf))
        finished = ~(violation > _TOLERANCE)
        empty = ~finished & ~np.isfinite(ratio[rows, leaving])
        best[open_[empty]] = -np.inf
        go_on = ~(finished | empty)
        open_ = open_[go_on]
        if not len(open_):
            break
        active[open_, leaving[go_on]] = entering[go_on]
        upper[open_, leaving[go_on]] = above[go_on]
    return best


def _difference_weights(points: Reals) -> Reals:
    """The divided difference of values at points is the sum of values times these weights."""
    gaps = points[:, :, None] - points[:, None, :]
    gaps[:, np.arange(points.shape[1]), np.arange(points.shape[1])] = 1
    with np.errstate(divide="ignore"):
        weights: Reals = 1 / gaps.prod(axis=2)
    return weights


def _interpolate(points: Reals, values: Reals, x: Reals) -> Reals:
    """Newton's polynomial through (points, values), of shape (B, d + 1), at x of shape (B, m)."""
    differences = values.copy()
    count = points.shape[1]
    for order in range(1, count):
        rise = differences[:, order:] - differences[:, order - 1 : -1]
        differences[:, order:] = rise / (points[:, order:] - points[:, :-order])
    curve = np.broadcast_to(differences[:, -1:], x.shape)
    for order in range(count - 2, -1, -1):
        curve = curve * (x - points[:, order : order + 1]) + differences[:, order : order + 1]
    return curve


def _lagrange(points: Reals, weights: Reals, x: Reals) -> Reals:
    """The values at x, of shape (B,), of Lagrange's polynomials for the points."""
    gaps = np.broadcast_to((x[:, None] - points)[:, None, :], (len(x), points.shape[1], points.shape[1])).copy()
    gaps[:, np.arange(points.shape[1]), np.arange(points.shape[1])] = 1
    values: Reals = gaps.prod(axis=2) * weights
    return values
