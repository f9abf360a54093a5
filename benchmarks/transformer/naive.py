"""What is often put in place of GELU, as output codes over all input codes, with its ROM bits."""

import numpy as np
from scipy.special import erfc

from gelugen.formats import Codes, Format
from gelugen.functions import get_function
from gelugen.spec import Spec


def sigmoid_form(form: Format, output: Format) -> tuple[Codes, int]:
    """A plain table of x * sigmoid(1.702 x), correctly rounded."""
    return Spec("gelu_sigmoid", form, output).golden().codes, output.bits << form.bits


def uniform_chords(form: Format, output: Format, segments: int = 16) -> tuple[Codes, int]:
    """Chords of GELU on segments of equal width over the whole range; two words of the output's width a segment."""
    knots = np.linspace(form.code_min, form.code_max + 1, segments + 1)
    values = get_function("gelu").values((knots - form.zero_point) * form.scale)
    return output.quantize(np.interp(form.codes(), knots, values)), segments * 2 * output.bits


def clipped_chords(form: Format, output: Format, segments: int = 16, end: float = 4.0) -> tuple[Codes, int]:
    """The same on -end to end, and ReLU outside."""
    knots = np.linspace(-end, end, segments + 1)
    reals = form.dequantize(form.codes())
    chords = np.interp(reals, knots, get_function("gelu").values(knots))
    return output.quantize(np.where(abs(reals) < end, chords, np.maximum(reals, 0))), segments * 2 * output.bits


def litert_int16(form: Format, output: Format) -> tuple[Codes, int]:
    """LiteRT's int16 table: 513 knots, each shifted by half the error midway, and rounded lines between them.

    In float32, as ``LUTPopulateInt16`` and ``LUTLookup`` of TensorFlow Lite's kernels/internal/common.h have it.
    """
    single, half = np.float32, np.float32(0.5)
    low, high = (single(form.scale) * single(code - form.zero_point) for code in form.ends)
    low_out, high_out = (single(output.scale) * single(code - output.zero_point) for code in output.ends)
    step = (high - low) / single(512)
    inverse = single(65536) / (high_out - low_out)

    def rounded(values: np.ndarray) -> np.ndarray:
        return np.trunc(values + np.copysign(half, values))

    def values(x: np.ndarray) -> np.ndarray:
        return half * x * erfc(x * -np.sqrt(half))

    index = np.arange(513, dtype=single)
    knots = values(low + index * step)
    knots[512] = values(np.array([high]))[0]
    middle = rounded(values(low + index[:512] * step + step / single(2)) * inverse)
    sampled = rounded(knots * inverse)
    between = rounded((knots[1:] * inverse + sampled[:512]) / single(2))
    table = sampled.copy()
    table[:512] -= rounded((between - middle) / single(2))
    table = np.clip(table, -32768, 32767).astype(np.int64)
    codes = form.codes()
    segment = 256 + (codes >> 7)
    slope = table[segment + 1] - table[segment]
    return output.saturate(table[segment] + ((slope * (codes & 127) + 64) >> 7)), 513 * 16
