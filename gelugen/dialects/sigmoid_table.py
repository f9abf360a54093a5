"""The 256-entry table of the sigmoid that LiteRT's 16-bit kernels and CMSIS-NN share, and its interpolation.

Entry ``i`` stands for sigmoid(i / 24) on [0, 10.7) in 16 fraction bits, moved by half of the chord's error in the
middle of its segment; the last entry is full scale. Both functions take a value ``v`` of 1/12288 each:

    sigmoid(v / 12288) = 0.5 + (sigmoid(|v| / 12288) - 0.5) * sign(v),   tanh(x) = 2 * sigmoid(2 * x) - 1

Source: TensorFlow Lite, ``kernels/internal/reference/integer_ops/logistic.h`` and ``tanh.h``; CMSIS-NN,
``arm_nn_activation_s16.c``.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

import numpy as np

from gelugen.formats import Codes


@cache
def table() -> Codes:
    """The 256 entries, by formula."""
    digits = Context(prec=40)

    def sigmoid(steps: Decimal) -> Decimal:
        return digits.divide(Decimal(1 << 16), 1 + digits.exp(-steps / 24))

    entries = []
    for i in map(Decimal, range(255)):
        chord = (sigmoid(i) + sigmoid(i + 1)) / 2
        moved = sigmoid(i) + (sigmoid(i + Decimal("0.5")) - chord) / 2
        entries.append(int(moved.to_integral_value(ROUND_HALF_UP)))
    return np.array([*entries, 0xFFFF], dtype=np.int64)


def _interpolate(magnitude: Codes, shift: int, limit: int) -> Codes:
    """``table`` at ``magnitude / 2**shift`` in 16 + shift fraction bits; ``limit`` from the last segment on."""
    index = np.minimum(magnitude >> shift, 254)
    low, high = table()[index], table()[index + 1]
    inside = (low << shift) + (magnitude & ((1 << shift) - 1)) * (high - low)
    return np.where(magnitude >> shift >= 255, limit, inside)


def logistic(v: Codes) -> Codes:
    """Sigmoid of ``v / 12288`` in 15 fraction bits, int16."""
    value = _interpolate(np.abs(v), 9, 0x7FFF << 10)
    return np.where(v >= 0, value + (1 << 9), (1 << 25) - value + (1 << 9) - 1) >> 10


def tanh(v: Codes) -> Codes:
    """Tanh of ``v / 12288`` in 15 fraction bits, int16."""
    value = _interpolate(np.abs(v), 8, 0xFFFF << 8)
    return np.where(v >= 0, value - (1 << 23) + (1 << 7), -value + (1 << 23) + (1 << 7) - 1) >> 8
