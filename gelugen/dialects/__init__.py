"""The runtimes' own arithmetic: for an activation and two formats, the codes that a runtime gives, bit for bit.

A dialect names the version that it was held against. Its formulas are exact wherever the runtime's are (integer
kernels, float32 with stated rounding); where a runtime calls the C library, ``gelugen.dialects.elementary`` says which.

Scales are those of the runtime: float32. A ``Format`` whose scale is no float32 is refused, for the runtime could not
hold it; ExecuTorch's are float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gelugen.dialects import cmsis_nn, executorch, litert, onnxruntime, torch
from gelugen.dialects.operators import Operator
from gelugen.errors import GelugenError, short
from gelugen.formats import Codes, Format

TableOrder = Literal["low_byte", "offset", "none"]
"""How a runtime's own table of 8 bits is indexed: by the code's low byte, ``(uint8_t)q``; by ``q - code_min``; or there
is none."""


@dataclass(frozen=True)
class Dialect:
    """A runtime's arithmetic.

    Attributes:
        name: as in a spec.
        version: what it was held against.
        table_order: the order of the runtime's own tables of 8 bits.
        scales: the type that the runtime keeps scales in.
        operators: what it computes, by name.
    """

    name: str
    version: str
    table_order: TableOrder
    scales: Literal["float32", "float64"]
    operators: Mapping[str, Operator]


def _dialect(
    name: str,
    version: str,
    order: TableOrder,
    operators: tuple[Operator, ...],
    scales: Literal["float32", "float64"] = "float32",
) -> Dialect:
    return Dialect(name, version, order, scales, {operator.name: operator for operator in operators})


DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        _dialect("litert", litert.VERSION, "low_byte", litert.OPERATORS),
        _dialect("cmsis-nn", cmsis_nn.VERSION, "none", cmsis_nn.OPERATORS),
        _dialect("onnxruntime", onnxruntime.VERSION, "low_byte", onnxruntime.OPERATORS),
        _dialect("executorch", executorch.VERSION, "offset", executorch.OPERATORS, "float64"),
        _dialect("torch", torch.VERSION, "none", torch.OPERATORS),
    )
}


def codes(dialect: str, operator: str, input: Format, output: Format, **parameters: float | str) -> Codes:
    """The output codes of a runtime's activation over all input codes.

    Args:
        dialect: a name of ``DIALECTS``.
        operator: a name of the dialect's ``operators``.
        input: the input's format.
        output: the output's format.
        parameters: the operator's attributes (``alpha``, ``beta``, ``gamma``), ``resolver`` ("builtin", "reference",
            "xnnpack") and ``libm`` ("fdlibm", "rounded") where it has them.

    Returns:
        int64, one code for each input code: index = code - ``input.code_min``.

    Raises:
        GelugenError: the dialect, the operator or a parameter is not known, or the runtime has no kernel for the
            formats.
    """
    if not isinstance(dialect, str) or dialect not in DIALECTS:
        raise GelugenError(f"dialect {short(dialect)} is not known: it must be one of {', '.join(DIALECTS)}")
    chosen = DIALECTS[dialect]
    if not isinstance(operator, str) or operator not in chosen.operators:
        raise GelugenError(
            f"operator {short(operator)} is not one of {dialect}: it has {', '.join(sorted(chosen.operators))}"
        )
    if chosen.scales == "float32":
        for what, form in (("input", input), ("output", output)):
            if float(np.float32(form.scale)) != form.scale:
                raise GelugenError(
                    f"{what} scale {form.scale!r} is no float32, which {dialect} keeps scales in: "
                    f"the nearest is {float(np.float32(form.scale)).hex()}"
                )
    return chosen.operators[operator](dialect, input, output, parameters)
