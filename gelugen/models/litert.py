"""The activations of a LiteRT (TensorFlow Lite) model, through its FlatBuffers schema.

Field numbers and enumerations are those of ``tensorflow/compiler/mlir/lite/schema/schema.fbs``, version 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.models.flatbuffer import MalformedError, Table
from gelugen.models.model import (
    Activation,
    LeftOut,
    Model,
    UnreadableError,
    identifiers,
    make_format,
    printable,
)
from gelugen.models.recognise import operator_function

IDENTIFIER = b"TFL3"
VERSION = 3
OPERATORS = {14: "LOGISTIC", 28: "TANH", 98: "LEAKY_RELU", 111: "ELU", 117: "HARD_SWISH", 150: "GELU"}
OTHERS = {
    0: "ADD",
    3: "CONV_2D",
    4: "DEPTHWISE_CONV_2D",
    6: "DEQUANTIZE",
    9: "FULLY_CONNECTED",
    18: "MUL",
    22: "RESHAPE",
    25: "SOFTMAX",
    32: "CUSTOM",
    39: "TRANSPOSE",
    40: "MEAN",
    41: "SUB",
    114: "QUANTIZE",
    126: "BATCH_MATMUL",
}
"""Names of operators that often stand around an activation."""
TYPES = {3: (8, False), 7: (16, True), 9: (8, True)}
"""Bits and sign of the tensor types UINT8, INT16 and INT8."""
FLOAT32 = 0
_LEAKY_RELU_OPTIONS, _GELU_OPTIONS = 75, 116


@dataclass(frozen=True)
class _Operator:
    index: int
    code: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    table: Table


@dataclass
class _Subgraph:
    name: str
    tensors: list[Table]
    operators: list[_Operator]
    makers: dict[int, _Operator] = field(default_factory=dict)
    takers: dict[int, list[_Operator]] = field(default_factory=dict)

    def tensor_name(self, index: int) -> str:
        """The name of a tensor; empty where there is none."""
        return self.tensors[index].text(3) if 0 <= index < len(self.tensors) else ""


def read_litert(path: Path, data: bytes, keep_going: bool) -> Model:
    """The activations of a LiteRT model.

    Raises:
        GelugenError: the file is malformed; or an activation cannot be read and ``keep_going`` is false.
    """
    if data[4:8] != IDENTIFIER:
        raise GelugenError(f"{path} is no LiteRT model: it lacks the file identifier {IDENTIFIER.decode()}")
    found: list[tuple[str, Activation]] = []
    left_out: list[LeftOut] = []
    try:
        root = Table.root(data)
        if (version := root.number(0, "<I", 0)) != VERSION:
            raise GelugenError(f"{path} is of schema version {version}: it must be {VERSION}")
        codes = [max(each.number(0, "<b", 0), each.number(3, "<i", 0)) for each in root.tables(1)]
        budget = _Budget(4 * len(data))
        for number, table in enumerate(root.tables(2)):
            graph = _subgraph(table, codes, number, budget)
            for operator in graph.operators:
                if operator.code not in OPERATORS:
                    continue
                node = printable(next(map(graph.tensor_name, operator.outputs), ""))
                name = OPERATORS[operator.code]
                try:
                    activation = _activation(graph, operator, name, node)
                except _NotQuantizedError as reason:
                    left_out.append(LeftOut(node, name, str(reason)))
                except UnreadableError as reason:
                    if not keep_going:
                        raise GelugenError(f"{path}, node {node}: {reason}") from None
                    left_out.append(LeftOut(node, name, str(reason)))
                else:
                    found.append((next(map(graph.tensor_name, operator.outputs), ""), activation))
    except MalformedError:
        raise GelugenError(f"{path} is no LiteRT model: an offset or a length leaves the file") from None
    names = identifiers(name for name, _ in found)
    activations = tuple(
        Activation(**{**vars(activation), "name": name}) for name, (_, activation) in zip(names, found, strict=True)
    )
    return Model(printable(path.name), "litert", activations, tuple(left_out))


@dataclass
class _Budget:
    """Bytes of vectors that may still be read: they may be shared, so that a small file could hold endless work."""

    bytes: int

    def spend(self, amount: int) -> None:
        """Take some of it.

        Raises:
            MalformedError: there is not so much left.
        """
        self.bytes -= amount
        if self.bytes < 0:
            raise MalformedError


class _NotQuantizedError(Exception):
    """A float activation: no error, but no design either."""


def _subgraph(table: Table, codes: list[int], number: int, budget: _Budget) -> _Subgraph:
    budget.spend(4 + 4 * table.length(0, 4) + 4 * table.length(3, 4))
    operators = []
    for index, each in enumerate(table.tables(3)):
        budget.spend(4 * each.length(1, 4) + 4 * each.length(2, 4))
        opcode = each.number(0, "<I", 0)
        if opcode >= len(codes):
            raise MalformedError
        inputs, outputs = (tuple(map(int, each.numbers(field, "<i"))) for field in (1, 2))
        operators.append(_Operator(index, codes[opcode], inputs, outputs, each))
    graph = _Subgraph(table.text(4) or f"subgraph {number}", list(table.tables(0)), operators)
    for operator in operators:
        for tensor in operator.outputs:
            graph.makers[tensor] = operator
        for tensor in operator.inputs:
            graph.takers.setdefault(tensor, []).append(operator)
    return graph


def _activation(graph: _Subgraph, operator: _Operator, name: str, node: str) -> Activation:
    if len(operator.inputs) != 1 or len(operator.outputs) != 1:
        raise UnreadableError(f"{name} must have one input and one output")
    source = _format(graph, operator.inputs[0], "input")
    target = _format(graph, operator.outputs[0], "output")
    if source.kind != target.kind:
        raise UnreadableError(f"its input is {source.kind} and its output {target.kind}: they must have one type")
    function, attributes = _function(operator, name)
    return Activation(
        name="",
        function=function,
        input=source,
        output=target,
        dialect="litert",
        operator=name,
        node=node,
        where=_where(graph, operator, name, node),
        attributes=tuple(attributes.items()),
    )


def _function(operator: _Operator, name: str) -> tuple[str, Mapping[str, float]]:
    options_type = operator.table.number(3, "<B", 0)
    options = operator.table.table(4)
    if name == "GELU":
        if options is not None and options_type != _GELU_OPTIONS:
            raise UnreadableError("its options are not those of GELU")
        approximate = options is not None and bool(options.number(0, "<B", 0))
        return ("gelu_tanh" if approximate else "gelu"), {}
    if name == "LEAKY_RELU":
        if options is None or options_type != _LEAKY_RELU_OPTIONS:
            raise UnreadableError("it has no options, which hold its alpha")
        alpha = options.number(0, "<f", 0.0)
        if not math.isfinite(alpha):
            raise UnreadableError(f"its alpha is {alpha}: it must be a finite number")
        function = operator_function("LeakyRelu", {"alpha": alpha})
        if function is None:
            raise UnreadableError(f"its alpha is {alpha}: it must be at least -1 and at most 1")
        return function, {"alpha": alpha}
    return {"LOGISTIC": "sigmoid", "TANH": "tanh", "ELU": "elu", "HARD_SWISH": "hard_swish"}[name], {}


def _format(graph: _Subgraph, index: int, what: str) -> Format:
    if not 0 <= index < len(graph.tensors):
        raise UnreadableError(f"its {what} is tensor {index}, which the model does not have")
    tensor = graph.tensors[index]
    kind = tensor.number(1, "<b", 0)
    if kind == FLOAT32:
        raise _NotQuantizedError(f"its {what} is not quantized: it is float32")
    if kind not in TYPES:
        raise UnreadableError(f"its {what} has the tensor type {kind}: it must be int8, uint8 or int16")
    quantization = tensor.table(4)
    scales = quantization.length(2, 4) if quantization is not None else 0
    if quantization is None or not scales:
        raise UnreadableError(f"its {what} has no scale")
    if quantization.number(4, "<B", 0):
        raise UnreadableError(f"its {what} has a quantization of its own kind: it must have a scale and a zero point")
    points = quantization.length(3, 8)
    if scales > 1 or points > 1:
        raise UnreadableError(
            f"its {what} is quantized per channel ({max(scales, points)} scales): it must be per tensor"
        )
    scale = quantization.numbers(2, "<f")[0]
    zero_point = int(next(iter(quantization.numbers(3, "<q")), 0))
    if not math.isfinite(scale):
        raise UnreadableError(f"the scale of its {what} is {scale}: it must be a finite number above zero")
    return make_format(*TYPES[kind], scale, zero_point, what)


def _where(graph: _Subgraph, operator: _Operator, name: str, node: str) -> str:
    def shown(other: _Operator) -> str:
        made = printable(next(map(graph.tensor_name, other.outputs), ""))
        return f"{made} ({OPERATORS.get(other.code) or OTHERS.get(other.code) or f'operator {other.code}'})"

    maker = graph.makers.get(operator.inputs[0])
    before = shown(maker) if maker else f"the input {printable(graph.tensor_name(operator.inputs[0]))}"
    takers = graph.takers.get(operator.outputs[0], [])
    after = " and ".join(shown(each) for each in takers[:2]) or "an output of the model"
    more = f" and {len(takers) - 2} more" if len(takers) > 2 else ""
    place = f"number {operator.index} of the graph {printable(graph.name)}"
    return f"node {node} ({name}), {place}; before it {before}, after it {after}{more}"
