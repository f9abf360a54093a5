"""An ONNX file as a plain graph: nodes, who makes and who takes each tensor, and scalar constants. Needs ``onnx``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gelugen.errors import GelugenError
from gelugen.models.model import printable
from gelugen.models.onnx_constants import Scalar, constant_of, decode, place_of, text_of

LARGEST = 2**31
"""Bytes of a file: what a protocol buffer can hold."""
OLDEST_OPSET = 10
"""The first with QuantizeLinear."""
DEFAULT_DOMAINS = ("", "ai.onnx")
MICROSOFT = "com.microsoft"


@dataclass(frozen=True)
class Node:
    """A node of the graph.

    Attributes:
        index: its place in the file, from 0.
        op: the operator; with its domain before it (``com.microsoft.FastGelu``) where that is not the default one.
        name: the node's name; may be empty.
        inputs: tensor names; an absent optional one is empty.
        outputs: tensor names.
        attributes: numbers and texts; tensors, graphs and lists are not kept.
        bodies: operators inside the node's own graphs.
    """

    index: int
    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, float | int | str]
    bodies: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """The name, or the operator and its result if it has none."""
        return printable(self.name or f"{self.op} that makes {next(iter(self.outputs), 'nothing')}")

    @property
    def described(self) -> str:
        """The name and the operator, for people."""
        return f"{printable(self.name)} ({printable(self.op)})" if self.name else f"the {self.shown}"

    def input(self, place: int) -> str:
        """The tensor at a place; empty if there is none."""
        return self.inputs[place] if place < len(self.inputs) else ""


@dataclass
class Graph:
    """The main graph of a model.

    Attributes:
        nodes: in the order of the file.
        makers: the node that makes a tensor.
        takers: the nodes that take a tensor.
        types: element types of tensors, as far as the file states them.
        functions: operators inside each function of the model.
        opset: the version of the default domain.
    """

    nodes: list[Node]
    makers: dict[str, Node]
    takers: dict[str, list[Node]]
    types: dict[str, int]
    functions: dict[str, frozenset[str]]
    opset: int
    tensors: dict[str, Any] = field(repr=False)
    folder: Path = field(repr=False)

    def is_constant(self, tensor: str) -> bool:
        """Whether a tensor stands in the file."""
        return tensor in self.tensors

    def scalar(self, tensor: str) -> Scalar | None:
        """A constant of one element; None if it is something else.

        Raises:
            GelugenError: the constant is malformed, or outside the model's folder.
        """
        found = self.tensors.get(tensor)
        if found is None or isinstance(found, Scalar):
            return found
        return decode(found, tensor, self.folder)


def read_graph(path: Path, data: bytes) -> Graph:
    """The graph of an ONNX file.

    Raises:
        GelugenError: onnx is not installed; the file is no ONNX model, of an unsupported opset, or contradicts itself.
    """
    try:
        import onnx
    except ImportError:
        raise GelugenError(f"{path} needs the package onnx to be read: pip install 'gelugen[onnx]'") from None
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # whatever the parser of protocol buffers raises
        detail = printable(str(error).partition("\n")[0], type(error).__name__)
        raise GelugenError(f"{path} is no ONNX model: {detail}") from None
    opset = _opset(model)
    if opset is None:
        raise GelugenError(f"{path} is no ONNX model: it names no opset of the default domain")
    if not OLDEST_OPSET <= opset <= onnx.defs.onnx_opset_version():
        raise GelugenError(
            f"{path} is of opset {opset}: it must be {OLDEST_OPSET}, the first with QuantizeLinear, "
            f"to {onnx.defs.onnx_opset_version()}, the last that the installed onnx knows"
        )
    try:
        return _graph(model, opset, path.parent)
    except GelugenError as error:
        raise GelugenError(f"{path}: {error}") from None


def exists(op: str, opset: int) -> bool:
    """Whether an operator of the default domain is there in an opset."""
    import onnx

    return bool(onnx.defs.has(op, opset)) if "." not in op else True


def _opset(model: Any) -> int | None:
    versions = [each.version for each in model.opset_import if each.domain in DEFAULT_DOMAINS]
    return int(max(versions)) if versions else None


def _graph(model: Any, opset: int, folder: Path) -> Graph:
    graph = model.graph
    nodes = [_node(index, proto) for index, proto in enumerate(graph.node)]
    makers: dict[str, Node] = {}
    takers: dict[str, list[Node]] = {}
    for node in nodes:
        for tensor in filter(None, node.outputs):
            if tensor in makers:
                raise GelugenError(f"tensor {printable(tensor)} is made by two nodes: the file is malformed")
            makers[tensor] = node
        for tensor in dict.fromkeys(filter(None, node.inputs)):
            takers.setdefault(tensor, []).append(node)
    tensors: dict[str, Any] = {text_of(each.name): each for each in graph.initializer}
    types = {name: int(each.data_type) for name, each in tensors.items()}
    for each in (*graph.input, *graph.output, *graph.value_info):
        if each.type.HasField("tensor_type"):
            types.setdefault(text_of(each.name), int(each.type.tensor_type.elem_type))
    for proto, node in zip(graph.node, nodes, strict=True):
        if node.op == "Constant" and len(proto.output) == 1 and (value := constant_of(proto)) is not None:
            tensors[node.outputs[0]] = value
    if both := next((each.name for each in graph.initializer if each.name in makers), None):
        raise GelugenError(f"tensor {printable(both)} is both a constant and made by a node")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Scalar) and tensor.data_location == 1:  # EXTERNAL
            place_of(tensor, name, folder)
    functions = {
        f"{text_of(each.domain)}.{text_of(each.name)}": frozenset(_operators(node for node in each.node))
        for each in model.functions
    }
    return Graph(nodes, makers, takers, types, functions, opset, tensors, folder)


def _node(index: int, proto: Any) -> Node:
    attributes: dict[str, float | int | str] = {}
    bodies: list[Any] = []
    for each in proto.attribute:
        name = text_of(each.name)
        if each.type == 1:  # FLOAT
            attributes[name] = float(each.f)
        elif each.type == 2:  # INT
            attributes[name] = int(each.i)
        elif each.type == 3:  # STRING
            attributes[name] = each.s.decode(errors="replace")
        elif each.type == 5:  # GRAPH
            bodies.append(each.g)
        elif each.type == 10:  # GRAPHS
            bodies += each.graphs
    inside = frozenset(_operators(node for body in bodies for node in body.node)) if bodies else frozenset()
    inputs, outputs = tuple(map(text_of, proto.input)), tuple(map(text_of, proto.output))
    return Node(index, _operator(proto), text_of(proto.name), inputs, outputs, attributes, inside)


def _operator(proto: Any) -> str:
    domain, op = text_of(proto.domain), text_of(proto.op_type)
    return op if domain in DEFAULT_DOMAINS else f"{domain}.{op}"


def _operators(nodes: Iterable[Any]) -> Iterator[str]:
    """The operators of nodes and of all bodies inside them; a file's own nesting is limited by its parser."""
    waiting = list(nodes)
    while waiting:
        proto = waiting.pop()
        yield _operator(proto)
        for each in proto.attribute:
            waiting += each.g.node
            for body in each.graphs:
                waiting += body.node
