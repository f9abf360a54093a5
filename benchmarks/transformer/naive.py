"""What is often put in place of GELU, as output codes over all input codes, with its ROM bits."""

import numpy as np

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
    """LiteRT's int16 table: 513 knots, each shifted by half the error midway, and rounded lines between them."""
    return Spec("gelu", form, output, dialect="litert").golden().codes, 513 * 16
