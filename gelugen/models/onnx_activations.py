"""The activations of an ONNX model: what stands between DequantizeLinear and QuantizeLinear, and QLinear operators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gelugen.dialects.expressions import ATTRIBUTES, Expression, Step
from gelugen.errors import GelugenError
from gelugen.models.model import SUBGRAPH, Activation, LeftOut, Model, UnreadableError, identifiers, printable
from gelugen.models.onnx_file import MICROSOFT, Graph, Node, exists, read_graph
from gelugen.models.onnx_quantization import DEQUANTIZE, DYNAMIC, QUANTIZE, format_of, quantization
from gelugen.models.onnx_subgraph import MOVING, PASSING, Found, NotOneInputError, attribute, subgraph
from gelugen.models.recognise import is_affine, operator_function, recognise

ACTIVATIONS = frozenset(
    {"Celu", "Elu", "Erf", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "PRelu", "Selu", "Sigmoid"}
    | {"Softplus", "Softsign", "Swish", "Tanh", "ThresholdedRelu"}
    | {f"{MICROSOFT}.{op}" for op in ("BiasGelu", "FastGelu", "Gelu", "QuickGelu")}
)
"""Operators that are named as left out where no activation holds them."""
QLINEAR = {f"{MICROSOFT}.QLinearSigmoid": "Sigmoid", f"{MICROSOFT}.QLinearLeakyRelu": "LeakyRelu"}
"""Operators with quantized input and output, and what they compute."""
_FAR = 8
_LONGEST_SEARCH = 100
"""Nodes in a row, and tensors in all, that are looked at to say what stands around an activation."""


@dataclass
class _Reading:
    path: Path
    graph: Graph
    keep_going: bool
    found: list[tuple[int, str, Activation]] = field(default_factory=list)
    left_out: list[tuple[int, LeftOut]] = field(default_factory=list)
    covered: set[int] = field(default_factory=set)
    blame: dict[int, str] = field(default_factory=dict)
    subgraphs: dict[str, Found] = field(default_factory=dict)
    known: set[tuple[object, ...]] = field(default_factory=set)

    def leave_out(self, node: Node, reason: str) -> None:
        """Note a node that gives no design."""
        self.left_out.append((node.index, LeftOut(node.shown, printable(node.op), reason)))
        self.covered.add(node.index)

    def refuse(self, node: Node, reason: str) -> None:
        """An activation that cannot be read: an error, or left out if the user asked to go on."""
        if not self.keep_going:
            raise GelugenError(f"{self.path}, node {node.shown}: {reason}")
        self.leave_out(node, reason)


def read_onnx(path: Path, data: bytes, keep_going: bool) -> Model:
    """The activations of an ONNX model.

    Raises:
        GelugenError: the file is malformed; or an activation cannot be read and ``keep_going`` is false.
    """
    reading = _Reading(path, read_graph(path, data), keep_going)
    for node in reading.graph.nodes:
        if node.op in QUANTIZE:
            _before(reading, node)
        elif node.op in QLINEAR:
            _qlinear(reading, node)
    for node in reading.graph.nodes:
        if node.index not in reading.covered:
            _leftover(reading, node)
    for name, operators in reading.graph.functions.items():
        if inside := sorted(operators & ACTIVATIONS):
            reason = "it is a function of the model, and those are not looked into: inline it (onnx.inliner)"
            reading.left_out.append((len(reading.graph.nodes), LeftOut(printable(name), inside[0], reason)))
    reading.found.sort(key=lambda each: each[0])
    reading.left_out.sort(key=lambda each: each[0])
    names = identifiers(raw for _, raw, _ in reading.found)
    activations = tuple(
        Activation(**{**vars(activation), "name": name})
        for name, (_, _, activation) in zip(names, reading.found, strict=True)
    )
    return Model(printable(path.name), "onnxruntime", activations, tuple(each for _, each in reading.left_out))


# -- one activation ------------------------------------------------------------------------------------------------


def _before(reading: _Reading, quantize: Node) -> None:
    """The activation that a QuantizeLinear ends, if there is one."""
    graph, visited = reading.graph, list[Node]()
    if not quantize.input(0) or graph.is_constant(quantize.input(0)) or not quantize.outputs:
        return
    try:
        found = reading.subgraphs.get(quantize.input(0)) or subgraph(graph, quantize.input(0), visited)
    except NotOneInputError as reason:
        reading.blame.update({node.index: str(reason) for node in visited})
        return
    except (UnreadableError, GelugenError) as error:
        reading.refuse(next((each for each in visited if each.op in ACTIVATIONS), quantize), str(error))
        reading.covered.update(each.index for each in visited)
        return
    reading.subgraphs[quantize.input(0)] = found
    function = _single_function(found)
    if found.expression is None or (function is None and is_affine(found.expression)):
        return
    main = found.computing[-1]
    try:
        for node in found.computing:
            if not exists(node.op, graph.opset):
                raise UnreadableError(f"{node.op} is no operator of opset {graph.opset}, which the model states")
        source, target = format_of(graph, found.source, "input"), format_of(graph, quantize, "output")
    except (UnreadableError, GelugenError) as error:
        reading.refuse(main, str(error))
        reading.covered.update(each.index for each in found.nodes)
        return
    reading.covered.update(each.index for each in found.nodes)
    if function is None:
        function = recognise(found.expression, source) or SUBGRAPH
    single = len(found.computing) == 1
    activation = Activation(
        name="",
        function=function,
        input=source,
        output=target,
        dialect="onnxruntime",
        operator=main.op if single else SUBGRAPH,
        node=main.shown,
        where=_where(graph, found.computing, found.source.input(0), quantize.outputs[0]),
        attributes=found.expression.steps[-1].attributes if single and len(found.expression.steps) == 1 else (),
        expression=found.expression,
    )
    _note(reading, main.index, _raw_name(found, quantize), activation)


def _qlinear(reading: _Reading, node: Node) -> None:
    """A com.microsoft QLinearSigmoid or QLinearLeakyRelu: X, its scale and zero point, those of Y."""
    graph, op = reading.graph, QLINEAR[node.op]
    try:
        if not node.input(0) or not node.outputs or not node.outputs[0]:
            raise UnreadableError("it lacks its input or its result")
        stated = graph.types.get(node.input(0))
        source = quantization(graph, node.input(1), node.input(2), stated, stated, "input")
        made = {(8, False): 2, (8, True): 3}.get((source.bits, source.signed))
        if made is None:
            raise UnreadableError(f"its input is {source.kind}: {node.op} takes int8 and uint8")
        target = quantization(graph, node.input(3), node.input(4), made, made, "output")
        attributes = tuple((name, attribute(node, name, value)) for name, value in ATTRIBUTES.get(op, {}).items())
    except (UnreadableError, GelugenError) as error:
        reading.refuse(node, str(error))
        return
    reading.covered.add(node.index)
    activation = Activation(
        name="",
        function=operator_function(op, dict(attributes)) or SUBGRAPH,
        input=source,
        output=target,
        dialect="onnxruntime",
        operator=node.op.removeprefix(f"{MICROSOFT}."),
        node=node.shown,
        where=_where(graph, [node], node.input(0), node.outputs[0]),
        attributes=attributes,
        expression=Expression((Step(op, (0,), attributes),)),
    )
    _note(reading, node.index, node.name or node.outputs[0], activation)


def _note(reading: _Reading, index: int, raw: str, activation: Activation) -> None:
    """Keep an activation, unless another QuantizeLinear of the same format gave it already."""
    key: tuple[object, ...] = (index, activation.where, activation.input, activation.output, activation.expression)
    if key[:1] + key[2:] not in reading.known:
        reading.known.add(key[:1] + key[2:])
        reading.found.append((index, raw, activation))


def _single_function(found: Found) -> str | None:
    if found.expression is None or len(found.expression.steps) != 1:
        return None
    step = found.expression.steps[0]
    return operator_function(step.op, dict(step.attributes)) if step.operands == (0,) else None


# -- names and places ----------------------------------------------------------------------------------------------


def _raw_name(found: Found, quantize: Node) -> str:
    """The node's name; of several nodes the folder that all their names are in, as in ``/encoder/0/act``."""
    names = [node.name for node in found.computing]
    if len(names) > 1 and all(names):
        paths = [name.split("/")[:-1] for name in names]
        shared = []
        for parts in zip(*paths, strict=False):
            if len(set(parts)) > 1:
                break
            shared.append(parts[0])
        if any(shared):
            return "/".join(shared)
    return names[-1] or quantize.input(0)


def _where(graph: Graph, nodes: list[Node], source: str, result: str) -> str:
    """The place of an activation, in words."""
    numbers = f"number {nodes[0].index}" if len(nodes) == 1 else f"numbers {nodes[0].index} to {nodes[-1].index}"
    what = (
        f"node {nodes[0].described}"
        if len(nodes) == 1
        else f"{len(nodes)} nodes ({', '.join(printable(each.op) for each in nodes)}) up to {nodes[-1].described}"
    )
    return f"{what}, {numbers} of the graph; before it {_maker(graph, source)}, after it {_takers(graph, result)}"


def _maker(graph: Graph, tensor: str) -> str:
    """What made the values of a tensor of codes: the node before QuantizeLinear, or an input of the model."""
    for _ in range(_FAR):
        node = graph.makers.get(tensor)
        if node is None:
            return f"the input {printable(tensor)}"
        if node.op not in QUANTIZE | DEQUANTIZE | PASSING | MOVING or not node.input(0):
            return node.described
        tensor = node.input(0)
    return printable(tensor)


def _takers(graph: Graph, tensor: str) -> str:
    """What takes the values of a tensor of codes: the nodes behind DequantizeLinear, or an output of the model."""
    found = []
    for node, _ in _forward(graph, tensor):
        if node.op not in QUANTIZE | DEQUANTIZE | PASSING | MOVING:
            found.append(node.described)
    shown = list(dict.fromkeys(found))
    if not shown:
        return "an output of the model"
    return " and ".join(shown[:2]) + (f" and {len(shown) - 2} more" if len(shown) > 2 else "")


def _forward(graph: Graph, tensor: str) -> Iterator[tuple[Node, int]]:
    """The nodes that a tensor's values reach, through those that only pass them on, with the distance."""
    waiting, seen = [(tensor, 0)], {tensor}
    while waiting:
        name, distance = waiting.pop(0)
        for node in graph.takers.get(name, ()):
            yield node, distance
            if distance < _FAR and node.op in QUANTIZE | DEQUANTIZE | PASSING | MOVING and node.input(0) == name:
                fresh = [each for each in node.outputs[:1] if each and each not in seen]
                seen.update(fresh)
                waiting += [(each, distance + 1) for each in fresh]
        if len(seen) > _LONGEST_SEARCH:
            return


# -- what is left out ----------------------------------------------------------------------------------------------


def _leftover(reading: _Reading, node: Node) -> None:
    """Say why a node that is an activation gives no design."""
    if inside := sorted(node.bodies & ACTIVATIONS):
        reading.leave_out(node, f"its body holds {printable(inside[0])}, and bodies are not looked into")
        return
    if node.op not in ACTIVATIONS:
        return
    if any(taker.op in DYNAMIC for output in node.outputs for taker, _ in _forward(reading.graph, output)):
        reading.refuse(node, "its output is quantized dynamically: scale and zero point must be constants")
        return
    reading.leave_out(node, reading.blame.get(node.index, "its result is not quantized: no QuantizeLinear reads it"))
