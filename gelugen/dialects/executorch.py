"""ExecuTorch's quantized GELU of 8 bits: a table filled in float64.

``x = (q - zi) * si``; ``out = clamp(round(f(x) / so + zo))``, halves away from zero after the zero point is added; f
is always the GELU by erf. The table is indexed by q + 128. By formula: no record and no live runtime was held against
it.
"""

from __future__ import annotations

import math

import numpy as np

from gelugen.dialects.operators import Call, Operator
from gelugen.formats import Codes

VERSION = "ExecuTorch (by formula, held against no runtime)"


def gelu(call: Call) -> Codes:
    """GELU by erf, int8."""
    source, target = call.input, call.output
    values = []
    for code in source.codes().tolist():
        x = (code - source.zero_point) * source.scale
        quotient = 0.5 * x * (1.0 + math.erf(x * math.sqrt(0.5))) / target.scale + target.zero_point
        whole = math.trunc(min(max(quotient, -1e6), 1e6))
        values.append(whole + (int(math.copysign(1, quotient)) if abs(quotient - whole) >= 0.5 else 0))
    return target.saturate(np.array(values))


OPERATORS = (Operator("gelu", gelu, ("int8",), {}),)
