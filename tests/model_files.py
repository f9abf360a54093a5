"""Models built for tests: ONNX by onnx.helper, LiteRT by the FlatBuffers builder."""

from __future__ import annotations

import flatbuffers
import numpy as np
from onnx import TensorProto, helper, numpy_helper

INT8 = np.int8(-3), np.int8(5)
SCALES = np.float32(0.05), np.float32(0.025)


def constant(name, value):
    """A tensor from a NumPy number or array."""
    return numpy_helper.from_array(np.asarray(value), name)


def onnx_model(nodes, tensors=(), opset=20, outputs=("yq",), functions=(), types=None, inputs=("xq",)):
    """A model of ready nodes; every constant is a pair of name and value."""
    types = types or {}
    graph = helper.make_graph(
        list(nodes),
        "main",
        [helper.make_tensor_value_info(each, types.get(each, TensorProto.INT8), ["n"]) for each in inputs],
        [helper.make_tensor_value_info(each, types.get(each, TensorProto.INT8), ["n"]) for each in outputs],
        [each if isinstance(each, TensorProto) else constant(*each) for each in tensors],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=10)


def quantization(scales=SCALES, zeros=INT8):
    """The constants of one DequantizeLinear and one QuantizeLinear: si, zi, so, zo."""
    return [("si", scales[0]), ("zi", zeros[0]), ("so", scales[1]), ("zo", zeros[1])]


def between(nodes, tensors=(), *, opset=20, scales=SCALES, zeros=INT8, domain=""):
    """Nodes from x to y between DequantizeLinear and QuantizeLinear."""
    dtype = {"int8": 3, "uint8": 2, "int16": 5, "uint16": 4, "int32": 6}.get(np.asarray(zeros[0]).dtype.name, 3)
    kind = {"xq": dtype, "yq": dtype}
    whole = [
        helper.make_node("DequantizeLinear", ["xq", "si", "zi"], ["x"], name="dq", domain=domain),
        *nodes,
        helper.make_node("QuantizeLinear", ["y", "so", "zo"], ["yq"], name="q", domain=domain),
    ]
    return onnx_model(whole, [*quantization(scales, zeros), *tensors], opset, types=kind)


def written(*lines, prefix="", **constants):
    """Nodes from lines such as ``y = Mul(x, half)``; numbers among the arguments become float32 constants.

    A prefix stands before every result and every constant.
    """
    results = {line.split("=")[0].strip() for line in lines}
    nodes, tensors = [], [(name, np.asarray(value)) for name, value in constants.items()]
    for line in lines:
        result, call = (part.strip() for part in line.split("=", 1))
        op, arguments = call.rstrip(")").split("(")
        names = []
        for each in (part.strip() for part in arguments.split(",")):
            if each and (each[0].isdigit() or each[0] == "-"):
                tensors.append((f"{prefix}c{len(tensors)}", np.float32(each)))
                each = tensors[-1][0]
            names.append(f"{prefix}{each}" if each in results else each)
        nodes.append(helper.make_node(op, names, [f"{prefix}{result}"], name=f"/{prefix}act/{op}_{len(nodes)}"))
    return nodes, tensors


def litert_model(
    code=150,
    kind=9,
    *,
    scales=((0.05,), (0.025,)),
    points=((-3,), (5,)),
    kinds=None,
    options=None,
    version=3,
    names=("x", "y"),
    operators=1,
    details=0,
    shared=0,
    old=False,
):
    """A LiteRT model of operators that all read tensor 0 and make tensor 1.

    Args:
        code: of the builtin operator.
        kind: of both tensors, unless ``kinds`` is given.
        scales: of both tensors; None for no quantization at all.
        points: zero points of both tensors.
        kinds: the types of the two tensors.
        options: the union's type, and the scalar of its first field: None, ("bool", value) or ("float", value).
        version: of the schema.
        names: of the tensors.
        operators: how many.
        details: the type of quantization details.
        old: whether the operator's code stands only where it did before codes above 127.
        shared: if above 0, all operators are one table, whose inputs are so many.
    """
    b = flatbuffers.Builder(0)

    def vector(values, prepend, size):
        b.StartVector(size, len(values), size)
        for value in reversed(values):
            prepend(value)
        return b.EndVector()

    def table(*fields):
        b.StartObject(max(number for number, _, _ in fields) + 1)
        for number, put, value in fields:
            if value is not None:
                put(number, value)
        return b.EndObject()

    def offset(number, value):
        b.PrependUOffsetTRelativeSlot(number, value, 0)

    def scalar(prepend):
        def put(number, value):
            prepend(value)
            b.Slot(number)

        return put

    int8, uint8, int32, uint32 = (
        scalar(each) for each in (b.PrependInt8, b.PrependUint8, b.PrependInt32, b.PrependUint32)
    )
    tensors = []
    for place, name in enumerate(names):
        text = b.CreateString(name)
        quantization = None
        if scales is not None:
            step = vector(scales[place], b.PrependFloat32, 4)
            zero = vector(points[place], b.PrependInt64, 8)
            quantization = table((2, offset, step), (3, offset, zero), (4, uint8, details or None))
        tensors.append(table((1, int8, (kinds or (kind, kind))[place]), (3, offset, text), (4, offset, quantization)))
    made = []
    for _ in range(1 if shared else operators):
        inputs, outputs = vector([0] * (shared or 1), b.PrependInt32, 4), vector([1], b.PrependInt32, 4)
        union, union_type = None, None
        if options is not None:
            union_type, value = options
            put = scalar({"bool": b.PrependBool, "float": b.PrependFloat32}[value[0]])
            union = table((0, put, value[1]))
        made.append(table((1, offset, inputs), (2, offset, outputs), (3, uint8, union_type), (4, offset, union)))
    all_tensors = vector(tensors, b.PrependUOffsetTRelative, 4)
    all_operators = vector(made * (operators if shared else 1), b.PrependUOffsetTRelative, 4)
    name = b.CreateString("main")
    graph = table((0, offset, all_tensors), (3, offset, all_operators), (4, offset, name))
    opcode = table((0, int8, min(code, 127)), (3, int32, None if old else code))
    codes = vector([opcode], b.PrependUOffsetTRelative, 4)
    graphs = vector([graph], b.PrependUOffsetTRelative, 4)
    root = table((0, uint32, version), (1, offset, codes), (2, offset, graphs))
    b.Finish(root, b"TFL3")
    return bytes(b.Output())
