"""LiteRT's 16-bit GELU: 513 knots on a uniform grid, and linear interpolation between them.

The grid: LiteRT steps by ``(input_max - input_min) / 512`` in float32, which is 65535/512 = 127.998 codes, so knot
``i`` stands up to one code before ``-32768 + 128 * i``. A knot is ``round(f(x) * inv)`` less half of what the chord
misses in the middle of its segment, both rounded half away from zero; ``inv = 65536 / (output_max - output_min)`` is
65536/65535 of ``1 / so``. The output zero point cancels out of ``inv`` and is added nowhere: LiteRT forgets it.

The lookup: ``t[i] + (((t[i + 1] - t[i]) * (q & 127) + 64) >> 7)`` with ``i = 256 + (q >> 7)``; the slope and the sum
wrap at 16 bits.

Source of the formulas: google-ai-edge/LiteRT, ``tflite/kernels/internal/common.h`` (``LUTPopulateInt16``,
``LUTLookup``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gelugen.dialects.fixed_point import wrap16
from gelugen.dialects.float32 import F32, f32, round_half_away
from gelugen.formats import Codes, Format

SEGMENTS = 512
SEGMENT_BITS = 7
"""One segment is 2**7 codes."""


def knots(function: Callable[[F32], F32], source: Format, target: Format) -> Codes:
    """The 513 words of the table, as int64 in the range of int16.

    Args:
        function: the activation, float32 to float32.
        source: int16, any scale and zero point.
        target: int16; its zero point has no effect beyond float32 rounding.
    """
    low, high = f32(-32768), f32(32767)
    input_min, input_max = (f32(source.scale) * f32(limit - f32(source.zero_point)) for limit in (low, high))
    output_min, output_max = (f32(target.scale) * f32(limit - f32(target.zero_point)) for limit in (low, high))
    step = (input_max - input_min) / f32(SEGMENTS)
    inverse = f32(65536) / (output_max - output_min)
    index = np.arange(SEGMENTS, dtype=f32)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        start = input_min + index * step
        at_start = function(start) * inverse
        at_middle = round_half_away(function(start + step / f32(2)) * inverse)
        at_end = function(input_min + (index + f32(1)) * step) * inverse
        sample = round_half_away(at_start)
        chord = round_half_away((at_end + sample) / f32(2))
        moved = sample - round_half_away((chord - at_middle) / f32(2))
        last = round_half_away(function(np.array([input_max], dtype=f32)) * inverse)
    words: Codes = np.clip(np.concatenate([moved, last]), low, high).astype(np.int64)
    return words


def lookup(words: Codes, codes: Codes) -> Codes:
    """The interpolated table at int16 codes."""
    index = (SEGMENTS >> 1) + (codes >> SEGMENT_BITS)
    base = words[index]
    slope = wrap16(words[index + 1] - base)
    half = 1 << (SEGMENT_BITS - 1)
    return wrap16(base + ((slope * (codes & ((1 << SEGMENT_BITS) - 1)) + half) >> SEGMENT_BITS))


def codes(function: Callable[[F32], F32], source: Format, target: Format) -> Codes:
    """The output codes of all 65,536 input codes."""
    return lookup(knots(function, source, target), source.codes())
