"""The dialects against the runtimes themselves, on random scales and zero points.

Each runtime is asked through a model of one operator that is built here. As a script it prints a table:

    python tests/live_runtimes.py [--cases 200] [--seed 1] [--only litert]

It needs ``ai-edge-litert``, ``onnxruntime`` with ``onnx``, and ``torch``; what is missing is named and left out.
``--record FILE`` writes cases with the SHA-256 of the runtime's codes instead, one JSON object a line: where no runtime
is installed, the dialects are held against those.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gelugen.dialects import DIALECTS, codes
from gelugen.formats import Codes, Format

NEEDS = {"litert": ("ai_edge_litert", "flatbuffers"), "onnxruntime": ("onnxruntime", "onnx"), "torch": ("torch",)}
"""The modules that a live runtime needs; dialects without one (CMSIS-NN, ExecuTorch) are not here."""

Case = tuple[Format, Format, dict[str, Any]]


def missing(dialect: str) -> list[str]:
    """The modules of a runtime that are not installed."""
    return [module for module in NEEDS[dialect] if importlib.util.find_spec(module) is None]


def version(dialect: str) -> str:
    """The installed version, as the dialect writes it."""
    from importlib import metadata

    if dialect == "torch":
        import torch

        return f"torch {torch.__version__}"
    name = {"litert": "ai-edge-litert"}.get(dialect, dialect)
    return f"{name} {metadata.version(name)}"


# -- LiteRT ------------------------------------------------------------------------------------------------------------

_TFLITE = {  # operator: (builtin code, options type, options class or None)
    "gelu": ("GELU", "GeluOptions"),
    "gelu_tanh": ("GELU", "GeluOptions"),
    "logistic": ("LOGISTIC", None),
    "tanh": ("TANH", None),
    "hard_swish": ("HARD_SWISH", "HardSwishOptions"),
    "elu": ("ELU", None),
    "leaky_relu": ("LEAKY_RELU", "LeakyReluOptions"),
}


def tflite_model(operator: str, source: Format, target: Format, alpha: float | None) -> bytes:
    """A flatbuffer of one operator over all codes."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    def tensor(name: str, form: Format) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.buffer = name, [1 << form.bits], 0
        made.type = getattr(schema.TensorType, form.kind.upper())
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale, made.quantization.zeroPoint = [form.scale], [form.zero_point]
        return made

    code, options = _TFLITE[operator]
    kind = schema.OperatorCodeT()
    kind.builtinCode = getattr(schema.BuiltinOperator, code)
    kind.deprecatedBuiltinCode = min(kind.builtinCode, 127)
    kind.version = {"LEAKY_RELU": 2, "LOGISTIC": 3, "TANH": 3}.get(code, 2 if code == "GELU" else 1)
    node = schema.OperatorT()
    node.opcodeIndex, node.inputs, node.outputs = 0, [0], [1]
    if options:
        node.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        node.builtinOptions = getattr(schema, options + "T")()
        if code == "GELU":
            node.builtinOptions.approximate = operator == "gelu_tanh"
        if alpha is not None:
            node.builtinOptions.alpha = alpha
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs, graph.operators = (
        [tensor("x", source), tensor("y", target)],
        [0],
        [1],
        [node],
    )
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [kind], [graph], [schema.BufferT()]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def litert(operator: str, source: Format, target: Format, parameters: dict[str, Any]) -> Codes:
    """What LiteRT's interpreter gives, with the kernels that ``parameters["resolver"]`` names."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = {
        "builtin": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        "reference": OpResolverType.BUILTIN_REF,
        "xnnpack": OpResolverType.AUTO,
    }[parameters.get("resolver", "builtin")]
    model = tflite_model(operator, source, target, parameters.get("alpha"))
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()[0]
    interpreter.set_tensor(details["index"], source.codes().astype(details["dtype"]))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).astype(np.int64)


# -- ONNX Runtime ------------------------------------------------------------------------------------------------------

_ONNX = {  # operator: (node, attributes, its domain)
    "gelu": ("Gelu", {}, ""),
    "gelu_tanh": ("Gelu", {"approximate": "tanh"}, ""),
    "ms_gelu": ("Gelu", {}, "com.microsoft"),
    "fast_gelu": ("FastGelu", {}, "com.microsoft"),
    "quick_gelu": ("QuickGelu", {}, "com.microsoft"),
    "sigmoid": ("Sigmoid", {}, ""),
    "tanh": ("Tanh", {}, ""),
    "erf": ("Erf", {}, ""),
    "exp": ("Exp", {}, ""),
    "elu": ("Elu", {}, ""),
    "selu": ("Selu", {}, ""),
    "softplus": ("Softplus", {}, ""),
    "mish": ("Mish", {}, ""),
    "hard_sigmoid": ("HardSigmoid", {}, ""),
    "hard_swish": ("HardSwish", {}, ""),
    "leaky_relu": ("LeakyRelu", {}, ""),
    "qlinear_sigmoid": ("QLinearSigmoid", {}, "com.microsoft"),
    "qlinear_leaky_relu": ("QLinearLeakyRelu", {}, "com.microsoft"),
}
SAME = {"ms_gelu": "gelu", "fast_gelu": "gelu_tanh"}
"""Ways to write an operator in ONNX, and the dialect's name for what ONNX Runtime computes."""


def onnx_model(operator: str, source: Format, target: Format, parameters: dict[str, Any]) -> bytes:
    """DequantizeLinear, the operator, QuantizeLinear; or one QLinear node."""
    from onnx import TensorProto, helper

    element = getattr(TensorProto, source.kind.upper())
    floats = {"si": source.scale, "so": target.scale, "root": 2.0**0.5, "one": 1.0, "half": 0.5}
    constants = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in floats.items()]
    constants += [
        helper.make_tensor(name, element, [], [form.zero_point]) for name, form in (("zi", source), ("zo", target))
    ]
    node = helper.make_node
    if operator == "silu":
        body = [node("Sigmoid", ["x"], ["s"]), node("Mul", ["x", "s"], ["y"])]
    elif operator == "gelu_nodes":
        body = [
            node("Div", ["x", "root"], ["a"]),
            node("Erf", ["a"], ["b"]),
            node("Add", ["b", "one"], ["c"]),
            node("Mul", ["x", "c"], ["d"]),
            node("Mul", ["d", "half"], ["y"]),
        ]
    else:
        name, attributes, domain = _ONNX[operator]
        if name.startswith("QLinear"):
            body = [node(name, ["q", "si", "zi", "so", "zo"], ["p"], domain=domain, **parameters)]
        else:
            body = [node(name, ["x"], ["y"], domain=domain, **attributes, **parameters)]
    if not operator.startswith("qlinear"):
        body = [
            node("DequantizeLinear", ["q", "si", "zi"], ["x"]),
            *body,
            node("QuantizeLinear", ["y", "so", "zo"], ["p"]),
        ]
    used = {name for n in body for name in n.input}
    graph = helper.make_graph(
        body,
        "one",
        [helper.make_tensor_value_info("q", element, [1 << source.bits])],
        [helper.make_tensor_value_info("p", element, [1 << source.bits])],
        [constant for constant in constants if constant.name in used],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def onnxruntime(operator: str, source: Format, target: Format, parameters: dict[str, Any]) -> Codes:
    """What ONNX Runtime's CPU provider gives, with its default optimizations."""
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    model = onnx_model(operator, source, target, parameters)
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"q": source.codes().astype(source.kind)})[0].astype(np.int64)


# -- PyTorch -----------------------------------------------------------------------------------------------------------


def torch(operator: str, source: Format, target: Format, parameters: dict[str, Any]) -> Codes:  # noqa: ARG001
    """What PyTorch gives: gelu of a quantized tensor, or dequantize, gelu, quantize."""
    import torch as runtime

    kind = {"int8": runtime.qint8, "uint8": runtime.quint8}[source.kind]
    numbers = runtime.from_numpy(source.codes().astype(source.kind))
    approximate = "tanh" if operator == "gelu_tanh" else "none"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = runtime._make_per_tensor_quantized_tensor(numbers, source.scale, source.zero_point)
        if source == target:
            y = runtime.nn.functional.gelu(x, approximate=approximate)
        else:
            values = runtime.nn.functional.gelu(x.dequantize(), approximate=approximate)
            y = runtime.quantize_per_tensor(values, target.scale, target.zero_point, kind)
    return y.int_repr().numpy().astype(np.int64)


RUNTIMES: dict[str, Callable[[str, Format, Format, dict[str, Any]], Codes]] = {
    "litert": litert,
    "onnxruntime": onnxruntime,
    "torch": torch,
}


# -- random cases ------------------------------------------------------------------------------------------------------


def _form(rng: np.random.Generator, kind: str, reach: float, zero_point: int | None) -> Format:
    bits, signed = int(kind.lstrip("uint")), kind[0] == "i"
    probe = Format(bits, signed, 1.0)
    if zero_point is None:
        zero_point = int(rng.integers(probe.code_min, probe.code_max + 1))
        if rng.random() < 0.3:
            zero_point = 0 if signed else 1 << (bits - 1)
    scale = float(np.float32(reach / (1 << (bits - 1))))
    if rng.random() < 0.15:
        scale = 2.0 ** round(np.log2(scale))
    return Format(bits, signed, scale, zero_point)


def random_case(rng: np.random.Generator, dialect: str, operator: str, kind: str) -> Case:
    """Formats (ranges mostly from 0.3 to 30, some from 0.001 to 1000) and parameters of one case."""

    def reach() -> float:
        low, high = (0.3, 30) if rng.random() < 0.8 else (1e-3, 1e3)
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    symmetric = dialect == "litert" and kind == "int16" and operator in ("logistic", "tanh", "leaky_relu")
    point = 0 if symmetric else None
    source, target = _form(rng, kind, reach(), point), _form(rng, kind, reach(), point)
    parameters: dict[str, Any] = {}
    if dialect == "litert":
        resolvers = ["builtin", "xnnpack"] if operator == "elu" else ["builtin", "reference", "xnnpack"]
        parameters["resolver"] = str(rng.choice(resolvers))
        if operator in ("logistic", "tanh"):
            if kind == "int16":
                target = Format(16, True, 2.0**-15)
                if rng.random() < 0.5:
                    source = Format(16, True, 2.0 ** -int(rng.integers(10, 15)))
            elif operator == "logistic":
                target = Format(8, target.signed, 2.0**-8, target.zero_point)
        if operator == "hard_swish" and target.scale < source.scale / 100:
            target = Format(8, target.signed, source.scale, target.zero_point)
    if dialect == "torch":
        target = source  # what the quantized kernel keeps
    name = SAME.get(operator, operator)
    defaults = DIALECTS[dialect].operators[name].defaults
    least = -0.5 if "leaky" in name else 0.01
    for attribute, low, high in (("alpha", least, 2.0), ("beta", 0.2, 0.8), ("gamma", 0.8, 1.3)):
        if attribute in defaults and (defaults[attribute] is None or rng.random() < 0.6):
            parameters[attribute] = float(np.float32(rng.uniform(low, high)))
    return source, target, parameters


def classes(dialect: str) -> Iterator[tuple[str, str]]:
    """All (operator, type) that a live runtime has a kernel for."""
    operators = DIALECTS[dialect].operators
    for name, operator in operators.items():
        yield from ((name, kind) for kind in operator.kinds)
    if dialect == "onnxruntime":
        yield from ((name, kind) for name in SAME for kind in operators[SAME[name]].kinds)


def compare(dialect: str, operator: str, kind: str, cases: int, seed: int) -> tuple[int, int, int, list[str]]:
    """Cases run, cases with a mismatch, mismatched codes, and the first few of them in words."""
    rng = np.random.default_rng([seed, *f"{dialect} {operator} {kind}".encode()])
    run = wrong = total = 0
    shown: list[str] = []
    for _ in range(cases):
        source, target, parameters = random_case(rng, dialect, operator, kind)
        live = RUNTIMES[dialect](operator, source, target, parameters)
        ours = codes(dialect, SAME.get(operator, operator), source, target, **parameters)
        different = int((live != ours).sum())
        run, wrong, total = run + 1, wrong + bool(different), total + different
        if different and len(shown) < 3:
            at = int(np.argmax(live != ours))
            shown.append(
                f"{source} -> {target} {parameters}: {different} codes, first {source.code_min + at}: "
                f"runtime {live[at]}, dialect {ours[at]}"
            )
    return run, wrong, total, shown


def digest(found: Codes) -> str:
    """SHA-256 of codes, as little-endian int32."""
    return hashlib.sha256(found.astype("<i4").tobytes()).hexdigest()


def record(dialect: str, seed: int) -> Iterator[dict[str, Any]]:
    """Cases of every operator and type, with the digest of what the runtime gives."""
    for operator, kind in classes(dialect):
        rng = np.random.default_rng([seed, *f"{dialect} {operator} {kind}".encode()])
        for _ in range(8 if kind.endswith("8") else 4):
            source, target, parameters = random_case(rng, dialect, operator, kind)
            yield {
                "runtime": version(dialect),
                "dialect": dialect,
                "operator": SAME.get(operator, operator),
                "parameters": parameters,
                "input": source.to_json(),
                "output": target.to_json(),
                "sha256": digest(RUNTIMES[dialect](operator, source, target, parameters)),
            }


def main() -> int:
    """Print a table of mismatches, or record cases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--cases16", type=int, default=None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(RUNTIMES))
    parser.add_argument("--record", type=Path, metavar="FILE", help="append cases of the installed runtimes to FILE")
    options = parser.parse_args()
    if options.record:
        with options.record.open("a") as out:
            for dialect in RUNTIMES:
                for case in [] if missing(dialect) else record(dialect, options.seed):
                    out.write(json.dumps(case) + "\n")
        return 0
    failed = 0
    for dialect in [options.only] if options.only else RUNTIMES:
        if lacks := missing(dialect):
            print(f"{dialect}: left out, {', '.join(lacks)} not installed")  # noqa: T201
            continue
        print(f"{dialect}: {version(dialect)} (dialect of {DIALECTS[dialect].version})")  # noqa: T201
        for operator, kind in classes(dialect):
            cases = options.cases16 or options.cases if kind.endswith("16") else options.cases
            run, wrong, total, shown = compare(dialect, operator, kind, cases, options.seed)
            failed += wrong
            print(f"  {operator:20} {kind:7} {run} cases, {wrong} with a mismatch, {total} codes")  # noqa: T201
            for line in shown:
                print(f"    {line}")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
