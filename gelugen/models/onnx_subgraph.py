"""Back from a quantized result to one quantized input: the expression that the nodes between them compute.

Elementwise nodes with scalar constants become steps. Identity, Dropout and a Cast to float32 pass values on. Reshape,
Transpose, Flatten, Squeeze and Unsqueeze move them without changing one, and are passed too; but where two paths meet,
both must have come through the same of them, or the value would depend on more than one code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gelugen.dialects.expressions import ATTRIBUTES, BINARY, MAX_STEPS, OPERATORS, Expression, Operand, Step
from gelugen.models.model import UnreadableError, printable
from gelugen.models.onnx_file import MICROSOFT, Graph, Node
from gelugen.models.onnx_quantization import DEQUANTIZE, FLOAT

LARGEST = 64
"""Nodes of a subgraph."""
PASSING = frozenset({"Identity", "Cast", "Dropout"})
MOVING = frozenset({"Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze"})
_MICROSOFT_OPS = {f"{MICROSOFT}.{op}": op for op in ("Gelu", "FastGelu", "QuickGelu")}
_VARIADIC = ("Max", "Min")
_DEFAULT_DOMAIN = frozenset({*OPERATORS} - {"FastGelu", "QuickGelu"}) | {"Clip", "PRelu"}


class NotOneInputError(Exception):
    """The nodes are no function of one quantized tensor; the message says why."""


@dataclass
class Found:
    """A subgraph.

    Attributes:
        source: the DequantizeLinear that it reads.
        nodes: all nodes of it, in the order of the file.
        computing: those that are no mere passing on.
        expression: what they compute; None if they only pass values on.
    """

    source: Node
    nodes: list[Node]
    computing: list[Node]
    expression: Expression | None


@dataclass(frozen=True)
class _Value:
    """What a tensor is: a step or constant, whether its type is float32, and the moves that it came through."""

    operand: Operand
    is_float: bool = True
    moves: tuple[int, ...] = ()


@dataclass
class _Walk:
    graph: Graph
    visited: list[Node] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    values: dict[str, _Value] = field(default_factory=dict)
    source: Node | None = None


def subgraph(graph: Graph, tensor: str, visited: list[Node]) -> Found:
    """The function that makes a tensor from one quantized input.

    Args:
        graph: the model's graph.
        tensor: what a QuantizeLinear reads.
        visited: filled with the nodes that were looked at, also where there is no such function.

    Raises:
        NotOneInputError: it is no function of one quantized input.
    """
    walk = _Walk(graph, visited)
    waiting, open_nodes = [tensor], set()
    while waiting:
        name = waiting[-1]
        if name in walk.values:
            waiting.pop()
            continue
        node = _leaf_or_node(walk, name)
        if node is None:
            waiting.pop()
            continue
        missing = [each for each in _data(node) if each not in walk.values]
        if node.index not in open_nodes:
            visited.append(node)
            if len(visited) > LARGEST:
                raise NotOneInputError(f"more than {LARGEST} nodes stand between it and a quantized input")
        if not missing:
            walk.values[name] = _value(walk, node)
            waiting.pop()
        elif node.index in open_nodes:
            raise NotOneInputError(f"the nodes around {node.shown} form a cycle")
        else:
            open_nodes.add(node.index)
            waiting += reversed(missing)
    if walk.source is None:
        raise NotOneInputError("it is computed from constants alone")
    nodes = sorted(visited, key=lambda node: node.index)
    computing = [node for node in nodes if node.op not in PASSING | MOVING]
    result = walk.values[tensor].operand
    if not isinstance(result, int):
        raise NotOneInputError("it is computed from constants alone")
    return Found(walk.source, nodes, computing, Expression(tuple(walk.steps)) if result else None)


def _data(node: Node) -> list[str]:
    """The tensors whose values a node computes with."""
    if node.op in PASSING or node.op in MOVING:
        return [node.input(0)]
    return [each for each in node.inputs if each]


def _leaf_or_node(walk: _Walk, name: str) -> Node | None:
    """None if the tensor is a leaf, which is noted; else the node that makes it."""
    graph = walk.graph
    if graph.is_constant(name):
        walk.values[name] = _constant(graph, name)
        return None
    node = graph.makers.get(name)
    if node is None:
        raise NotOneInputError(f"{printable(name)} is an input of the model that is not quantized")
    if node.op in DEQUANTIZE:
        if graph.is_constant(node.input(0)):
            walk.values[name] = _dequantized(graph, node)
            return None
        if walk.source is None:
            walk.source = node
        elif not _same(graph, walk.source, node):
            one, other = printable(walk.source.input(0)), printable(node.input(0))
            raise NotOneInputError(
                f"it reads two quantized tensors, {one} and {other}, and so is no function of one input"
            )
        walk.values[name] = _Value(0)
        return None
    if node.op not in PASSING | MOVING | _DEFAULT_DOMAIN and node.op not in _MICROSOFT_OPS:
        raise NotOneInputError(f"its input comes from {node.shown} ({printable(node.op)}) without being quantized")
    if len(node.inputs) > LARGEST:
        raise NotOneInputError(f"{node.shown} has {len(node.inputs)} inputs")
    if not _data(node) or not _data(node)[0] or name != node.outputs[0]:
        raise NotOneInputError(f"node {node.shown} lacks its input, or {printable(name)} is not its first result")
    return node


def _constant(graph: Graph, name: str) -> _Value:
    scalar = graph.scalar(name)
    if scalar is None:
        raise NotOneInputError(f"constant {printable(name)} is not one number")
    if math.isnan(scalar.value):
        raise NotOneInputError(f"constant {printable(name)} is not a number")
    try:
        return _Value(float(scalar.value), scalar.type == FLOAT)
    except OverflowError:
        raise NotOneInputError(f"constant {printable(name)} is too large") from None


def _dequantized(graph: Graph, node: Node) -> _Value:
    """A constant that is stored as a code: (q - zero_point) * scale in float32."""
    import numpy as np

    code, scale = graph.scalar(node.input(0)), graph.scalar(node.input(1))
    zero = graph.scalar(node.input(2)) if node.input(2) else None
    if code is None or scale is None or (node.input(2) and zero is None) or scale.type != FLOAT:
        raise NotOneInputError(f"{node.shown} makes a constant that is not one number")
    with np.errstate(all="ignore"):
        value = float(np.float32(float(code.value) - (float(zero.value) if zero else 0.0)) * np.float32(scale.value))
    if not math.isfinite(value):
        raise NotOneInputError(f"{node.shown} makes a constant that is not a number")
    return _Value(value)


def _same(graph: Graph, one: Node, other: Node) -> bool:
    """Whether two DequantizeLinear nodes give the same reals."""
    if one.index == other.index:
        return True
    if one.input(0) != other.input(0) or one.op != other.op or one.attributes != other.attributes:
        return False
    for place in (1, 2):
        mine, others = one.input(place), other.input(place)
        if mine != others and (not mine or not others or graph.scalar(mine) != graph.scalar(others)):
            return False
        if mine != others and graph.scalar(mine) is None:
            return False
    return True


def _value(walk: _Walk, node: Node) -> _Value:
    """What a node makes of the values it reads."""
    operands = [walk.values[each] for each in _data(node)]
    first = operands[0]
    if node.op in PASSING:
        if node.op == "Cast":
            if node.attributes.get("to") != FLOAT:
                raise NotOneInputError(f"{node.shown} casts to another type than float32")
            return _Value(_single(first.operand), True, first.moves)
        if node.op == "Dropout" and node.input(2):
            raise NotOneInputError(f"{node.shown} may be in training mode")
        return first
    if node.op in MOVING:
        return _Value(first.operand, first.is_float, (*first.moves, node.index))
    moves = {each.moves for each in operands if isinstance(each.operand, int)}
    if len(moves) > 1:
        raise NotOneInputError(f"{node.shown} combines the values of different places of its input")
    loose = operands[1:] if node.op == "Pow" else []
    if any(not each.is_float for each in operands if each not in loose):
        raise NotOneInputError(f"{node.shown} computes in another type than float32")
    result: Operand | None = None
    for op, taken, attributes in _operations(node, [_single(each.operand) for each in operands]):
        places = tuple(len(walk.steps) if each is None else each for each in taken)
        walk.steps.append(Step(op, places, attributes))
        if len(walk.steps) > MAX_STEPS:
            raise NotOneInputError(f"more than {MAX_STEPS} operations stand between it and a quantized input")
        result = len(walk.steps)
    if result is None:
        raise NotOneInputError(f"{node.shown} is malformed")
    return _Value(result, True, next(iter(moves), ()))


def _single(operand: Operand) -> Operand:
    import numpy as np

    if isinstance(operand, int):
        return operand
    with np.errstate(over="ignore"):
        return float(np.float32(operand))


_Operation = tuple[str, tuple[Operand | None, ...], tuple[tuple[str, float], ...]]
"""Operator, operands (None is the step before), attributes."""


def _operations(node: Node, operands: list[Operand]) -> list[_Operation]:
    """The steps of a node."""
    op = _MICROSOFT_OPS.get(node.op, node.op)
    if op == "Gelu" and node.op == op:
        form = node.attributes.get("approximate", "none")
        if form not in ("none", "tanh"):
            raise NotOneInputError(f"{node.shown} has approximate {printable(str(form))}: it must be none or tanh")
        op = "FastGelu" if form == "tanh" else op
    if op == "FastGelu" and len(operands) == 2 and operands[1] == 0.0 and isinstance(operands[1], float):
        operands = operands[:1]
    if op == "FastGelu" and len(operands) > 1:
        raise NotOneInputError(f"{node.shown} adds a bias before its GELU")
    if op == "Clip":
        return _clip(node, operands)
    if op == "PRelu" and len(operands) == 2 and isinstance(operands[1], float):
        return [("LeakyRelu", (operands[0],), (("alpha", operands[1]),))]
    if op in _VARIADIC and operands:
        chain: list[_Operation] = [(op, (operands[0], operands[-1]), ())] if len(operands) == 2 else []
        if len(operands) > 2:
            chain = [(op, (operands[0], operands[1]), ()), *((op, (None, each), ()) for each in operands[2:])]
        if chain:
            return chain
    if op not in OPERATORS or len(operands) != (2 if op in BINARY else 1):
        raise NotOneInputError(f"{node.shown} is malformed: {printable(node.op)} does not take {len(operands)} inputs")
    attributes = tuple((name, attribute(node, name, default)) for name, default in ATTRIBUTES.get(op, {}).items())
    return [(op, tuple(operands), attributes)]


def attribute(node: Node, name: str, default: float) -> float:
    """A number of a node, as float32.

    Raises:
        UnreadableError: it is no finite number.
    """
    import numpy as np

    value = node.attributes.get(name, default)
    if isinstance(value, str) or not math.isfinite(value):
        raise UnreadableError(f"its attribute {name} is {printable(str(value))}: it must be a finite number")
    return float(np.float32(value))


def _clip(node: Node, operands: list[Operand]) -> list[_Operation]:
    """Max and Min, from inputs, or before opset 11 from attributes."""
    places = [place for place, tensor in enumerate(node.inputs[1:3]) if tensor]
    given = dict(zip(places, operands[1:], strict=False))
    found: list[_Operation] = []
    for place, (op, name) in enumerate((("Max", "min"), ("Min", "max"))):
        bound = given.get(place, node.attributes.get(name))
        if isinstance(bound, float) and math.isnan(bound):
            raise NotOneInputError(f"{node.shown} clips to what is not a number")
        if bound is not None and not isinstance(bound, str):
            found.append((op, (None if found else operands[0], float(bound) if place not in given else bound), ()))
    if not found:
        raise NotOneInputError(f"{node.shown} clips to nothing")
    return found
