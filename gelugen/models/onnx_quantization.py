"""QuantizeLinear and DequantizeLinear: is it per tensor, of which type, with which scale and zero point.

Both stand in the default domain, and for 16 bits before opset 21 in ``com.microsoft``.
"""

from __future__ import annotations

import math

from gelugen.formats import Format
from gelugen.models.model import UnreadableError, make_format, printable
from gelugen.models.onnx_file import MICROSOFT, Graph, Node

QUANTIZE = frozenset({"QuantizeLinear", f"{MICROSOFT}.QuantizeLinear"})
DEQUANTIZE = frozenset({"DequantizeLinear", f"{MICROSOFT}.DequantizeLinear"})
DYNAMIC = frozenset({"DynamicQuantizeLinear", f"{MICROSOFT}.DynamicQuantizeMatMul", f"{MICROSOFT}.DynamicQuantizeLSTM"})
FLOAT = 1
TYPES = {2: (8, False), 3: (8, True), 4: (16, False), 5: (16, True)}
"""Bits and sign of the element types UINT8, INT8, UINT16 and INT16."""


def format_of(graph: Graph, node: Node, what: str) -> Format:
    """The format of a QuantizeLinear's result or of a DequantizeLinear's input.

    Args:
        graph: the model's graph.
        node: the node.
        what: ``input`` or ``output`` of the activation, for messages.

    Raises:
        UnreadableError: it is not per tensor, not constant, or of another type.
    """
    if node.attributes.get("block_size", 0):
        raise UnreadableError(f"its {what} is quantized in blocks by {node.shown}: it must be per tensor")
    data = node.outputs[0] if node.op in QUANTIZE else node.input(0)
    if node.op in QUANTIZE:
        stated = node.attributes.get("output_dtype", 0) or None
    else:
        stated = _made_type(graph, data)
        if node.attributes.get("output_dtype", FLOAT) not in (0, FLOAT):
            raise UnreadableError(f"its {what} is dequantized by {node.shown} to another type than float32")
    default = 2 if node.op in QUANTIZE and stated is None else stated
    return quantization(graph, node.input(1), node.input(2), default, stated, what)


def quantization(graph: Graph, scale: str, zero_point: str, default: object, stated: object, what: str) -> Format:
    """A format from the tensors of its scale and zero point.

    Args:
        graph: the model's graph.
        scale: the tensor's name.
        zero_point: the tensor's name; empty if it is absent.
        default: the element type if there is no zero point.
        stated: the element type that the zero point must have, if something states it.
        what: ``input`` or ``output`` of the activation, for messages.

    Raises:
        UnreadableError: not per tensor, not constant, or of another type.
    """
    step = _constant(graph, scale, "scale", what)
    if step[1] != FLOAT:
        raise UnreadableError(f"the scale of its {what} is no float32")
    zero, kind = (0.0, default) if not zero_point else _constant(graph, zero_point, "zero point", what)
    if zero_point and stated is not None and stated != kind:
        raise UnreadableError(f"the zero point of its {what} has another type than the codes")
    if kind not in TYPES:
        raise UnreadableError(f"its {what} must have a type that the model states: int8, uint8, int16 or uint16")
    bits, signed = TYPES[kind]
    if not math.isfinite(step[0]):
        raise UnreadableError(f"the scale of its {what} is {step[0]}: it must be a finite number above zero")
    return make_format(bits, signed, step[0], int(zero), what)


def _constant(graph: Graph, tensor: str, name: str, what: str) -> tuple[float, int]:
    if not tensor:
        raise UnreadableError(f"its {what} has no {name}")
    if not graph.is_constant(tensor):
        maker = graph.makers.get(tensor)
        how = f"made by {maker.shown}" if maker else "an input of the model"
        raise UnreadableError(f"its {what} is quantized dynamically: the {name} is {how}, and must be a constant")
    scalar = graph.scalar(tensor)
    if scalar is None:
        raise UnreadableError(
            f"its {what} is quantized per channel or in blocks: {name} {printable(tensor)} must be one number"
        )
    return scalar.value, scalar.type


def _made_type(graph: Graph, tensor: str) -> int | None:
    """The element type of a tensor as its maker or the file states it, looking through what keeps the type."""
    for _ in range(8):
        maker = graph.makers.get(tensor)
        if maker is not None and maker.op in QUANTIZE:
            scalar = graph.scalar(maker.input(2)) if maker.input(2) else None
            stated = maker.attributes.get("output_dtype", 0) or 2
            return scalar.type if scalar is not None else int(stated) if not maker.input(2) else None
        if tensor in graph.types or maker is None or maker.op not in ("Identity", "Reshape", "Transpose", "Flatten"):
            break
        tensor = maker.input(0)
    return graph.types.get(tensor)
