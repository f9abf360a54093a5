"""Quantized models to activations: what is found, what it is called, what is left out, and what is refused.

tests/data/models holds models that real runtimes were recorded on: four networks, each with the codes captured before
and after its activations (``*_activations.npz``), and one model an operator; cases.json says what each of these was
recorded as.
"""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_files import between, constant, litert_model, onnx_model, quantization, written
from onnx import TensorProto, helper

from gelugen.errors import GelugenError
from gelugen.formats import Format
from gelugen.functions import get_function
from gelugen.identifiers import check_identifier
from gelugen.models import Expression, designs, read_model, to_layers, to_requests

MODELS = Path(__file__).parent / "data" / "models"
CASES = json.loads((MODELS / "cases.json").read_text())
NETWORKS = ("ffn_litert_wi8_ai8.tflite", "ffn_qdq_s16.onnx", "ffn_qdq_s8.onnx", "torch_ffn_opset20_prep_qdq.onnx")


def save(folder, model, name="model"):
    """A built model as a file."""
    path = folder / (f"{name}.tflite" if isinstance(model, bytes) else f"{name}.onnx")
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return path


def only(folder, model, **options):
    """The one activation of a model that leaves nothing out."""
    found = read_model(save(folder, model), **options)
    assert found.left_out == ()
    (activation,) = found.activations
    return activation


def refusal(path, **options):
    with pytest.raises(GelugenError) as caught:
        read_model(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


# -- the models of the golden records ------------------------------------------------------------------------------


@pytest.mark.parametrize("file", NETWORKS)
def test_a_networks_activations_are_those_captured_in_it(file):
    model = read_model(MODELS / file)
    with np.load(MODELS / f"{Path(file).stem}_activations.npz") as arrays:
        captured = {key.removesuffix("__q"): arrays[key].tolist() for key in arrays.files if key.endswith("__q")}
        kinds = {key: arrays[f"{key}__in"].dtype.name for key in captured}
    # The leading digit gets a word, the name of a C function a suffix; sigmoids of gated layers were not captured.
    own = {"0_act_Gelu": "layer_0_act_Gelu", "1_act_Gelu": "layer_1_act_Gelu", "out": "out_act"}
    found = {each.name: each for each in model.activations}
    assert set(found) - {own.get(key, key) for key in captured} <= {"l3_sig", "layer_2_act_Sigmoid"}
    for key, facts in captured.items():
        each = found[own.get(key, key)]
        assert [each.input.scale, each.input.zero_point, each.output.scale, each.output.zero_point] == facts
        assert each.input.kind == each.output.kind == kinds[key]
    assert model.left_out == ()


@pytest.mark.parametrize(
    ("file", "functions"),
    [
        (NETWORKS[0], ["gelu", "gelu_tanh", "sigmoid", "gelu", "tanh"]),
        (NETWORKS[1], ["gelu", "gelu_tanh", "sigmoid", "gelu"]),
        (NETWORKS[2], ["gelu", "gelu_tanh", "sigmoid", "gelu"]),
        (NETWORKS[3], ["gelu", "gelu_tanh", "sigmoid"]),
    ],
)
def test_a_networks_functions_in_order(file, functions):
    model = read_model(MODELS / file)
    assert [each.function for each in model.activations] == functions
    assert {each.dialect for each in model.activations} == {model.dialect}
    assert model.dialect == ("litert" if file.endswith("tflite") else "onnxruntime")


def test_where_an_activation_stands_names_its_neighbours():
    first = read_model(MODELS / "ffn_qdq_s8.onnx").activations[0]
    assert first.where == (
        "node l1_gelu (Gelu), number 23 of the graph; before it l1_fc1 (Gemm), after it l1_fc2 (Gemm)"
    )
    third = read_model(MODELS / "ffn_litert_wi8_ai8.tflite").activations[2]
    assert third.where == (
        "node l3_sig (LOGISTIC), number 9 of the graph main; before it l3_gate (FULLY_CONNECTED), "
        "after it l3_silu (MUL)"
    )


FUNCTIONS = {
    "gelu_erf_decomp": "gelu",
    "hard_swish": "hard_swish",
    "leaky_relu": "leaky_relu:slope=0.1",
    "logistic": "sigmoid",
    "ms_quickgelu": "gelu_sigmoid",
    "qlinear_leakyrelu": "leaky_relu:slope=0.1",
    "qlinear_sigmoid": "sigmoid",
    "silu": "swish",
}


@pytest.mark.parametrize("file", sorted(CASES))
def test_a_recorded_operator_is_read_as_it_was_recorded(file):
    case = CASES[file]
    model = read_model(MODELS / file)
    (each,) = model.activations
    assert model.left_out == ()
    function = case["function"]
    if function in ("gelu", "gelu_tanh"):
        expected = {"none": "gelu", "tanh": "gelu_tanh"}[case["approximate"]]
    else:
        expected = FUNCTIONS.get(function, function)
    assert get_function(each.function).name == get_function(expected).name
    for form, side in ((each.input, "in"), (each.output, "out")):
        facts = (case[f"{side}_dtype"], float.fromhex(case[f"{side}_scale_hex"]), case[f"{side}_zero_point"])
        assert (form.kind, form.scale, form.zero_point) == facts


# -- ONNX: single operators ----------------------------------------------------------------------------------------

MICROSOFT = "com.microsoft"
OPERATORS = [
    ("Gelu", {}, "gelu"),
    ("Gelu", {"approximate": "tanh"}, "gelu_tanh"),
    ("com.microsoft.Gelu", {}, "gelu"),
    ("com.microsoft.FastGelu", {}, "gelu_tanh"),
    ("com.microsoft.QuickGelu", {}, "gelu_sigmoid"),
    ("com.microsoft.QuickGelu", {"alpha": 1.0}, "swish"),
    ("com.microsoft.QuickGelu", {"alpha": 1.3}, "gelu_sigmoid:coefficient=1.3"),
    ("Sigmoid", {}, "sigmoid"),
    ("Tanh", {}, "tanh"),
    ("Elu", {}, "elu"),
    ("Elu", {"alpha": 0.7}, "elu:alpha=0.7"),
    ("Selu", {}, "selu"),
    ("Softplus", {}, "softplus"),
    ("Softsign", {}, "softsign"),
    ("Mish", {}, "mish"),
    ("HardSwish", {}, "hard_swish"),
    ("HardSigmoid", {}, "hard_sigmoid:slope=0.2"),
    ("HardSigmoid", {"alpha": 1 / 6}, "hard_sigmoid"),
    ("HardSigmoid", {"alpha": 0.2, "beta": 0.4}, "hard_sigmoid:slope=0.2,offset=0.4"),
    ("LeakyRelu", {}, "leaky_relu"),
    ("LeakyRelu", {"alpha": 0.3}, "leaky_relu:slope=0.3"),
    ("Relu", {}, "relu"),
    ("Erf", {}, "erf"),
]


@pytest.mark.parametrize(("op", "attributes", "function"), OPERATORS)
def test_an_operator_between_dequantize_and_quantize(op, attributes, function, tmp_path):
    domain, _, name = op.rpartition(".")
    node = helper.make_node(name, ["x"], ["y"], name="/block.0/act", domain=domain, **attributes)
    each = only(tmp_path, between([node], opset=22))
    assert (each.function, each.operator, each.name) == (function, op, "block_0_act")
    assert each.input == Format(8, True, float(np.float32(0.05)), -3)
    assert each.output == Format(8, True, float(np.float32(0.025)), 5)
    assert get_function(each.function).name == each.function
    given_attributes = {key: float(np.float32(value)) for key, value in attributes.items() if key != "approximate"}
    assert given_attributes.items() <= dict(each.attributes).items()


@pytest.mark.parametrize("zeros", [(np.int8(-128), np.int8(127)), (np.uint8(0), np.uint8(255))], ids=["int8", "uint8"])
@pytest.mark.parametrize(
    ("op", "attributes", "function"),
    [("QLinearSigmoid", {}, "sigmoid"), ("QLinearLeakyRelu", {"alpha": 0.25}, "leaky_relu:slope=0.25")],
)
def test_qlinear_operators(op, attributes, function, zeros, tmp_path):
    node = helper.make_node(op, ["xq", "si", "zi", "so", "zo"], ["yq"], name="a", domain=MICROSOFT, **attributes)
    kind = 3 if zeros[0].dtype == np.int8 else 2
    each = only(tmp_path, onnx_model([node], quantization(zeros=zeros), types={"xq": kind, "yq": kind}))
    assert (each.function, each.operator) == (function, op)
    assert (each.input.kind, each.input.zero_point, each.output.zero_point) == (zeros[0].dtype.name, *map(int, zeros))


@pytest.mark.parametrize("domain", ["", MICROSOFT])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
def test_the_zero_point_decides_the_type(dtype, domain, tmp_path):
    node = helper.make_node("Sigmoid", ["x"], ["y"], name="s")
    each = only(tmp_path, between([node], zeros=(dtype(7), dtype(9)), opset=21, domain=domain))
    assert (each.input.kind, each.output.kind) == (np.dtype(dtype).name,) * 2
    assert (each.input.zero_point, each.output.zero_point) == (7, 9)


def test_without_zero_points_the_result_is_uint8_and_the_input_what_the_model_states(tmp_path):
    nodes = [
        helper.make_node("DequantizeLinear", ["xq", "si"], ["x"]),
        helper.make_node("Tanh", ["x"], ["y"]),
        helper.make_node("QuantizeLinear", ["y", "so"], ["yq"]),
    ]
    each = only(tmp_path, onnx_model(nodes, quantization()[::2], types={"xq": TensorProto.INT8, "yq": 2}))
    assert (each.input.kind, each.output.kind, each.input.zero_point, each.output.zero_point) == ("int8", "uint8", 0, 0)
    nodes[2].attribute.append(helper.make_attribute("output_dtype", TensorProto.INT16))
    assert only(tmp_path, onnx_model(nodes, quantization()[::2], opset=21)).output.kind == "int16"


# -- ONNX: subgraphs -----------------------------------------------------------------------------------------------

SUBGRAPHS = {
    "gelu, as torch writes it": (
        ["a = Div(x, 1.4142135381698608)", "e = Erf(a)", "p = Add(e, 1)", "m = Mul(x, p)", "y = Mul(m, 0.5)"],
        "gelu",
    ),
    "gelu, half first": (
        ["h = Mul(0.5, x)", "a = Mul(x, 0.70710678)", "e = Erf(a)", "p = Add(1, e)", "y = Mul(h, p)"],
        "gelu",
    ),
    "gelu with a square root": (
        ["r = Sqrt(2)", "a = Div(x, r)", "e = Erf(a)", "p = Add(e, 1)", "h = Mul(p, 0.5)", "y = Mul(x, h)"],
        "gelu",
    ),
    "gelu from erf of -x": (
        ["n = Neg(x)", "a = Div(n, 1.41421354)", "e = Erf(a)", "p = Sub(1, e)", "h = Div(p, 2)", "y = Mul(h, x)"],
        "gelu",
    ),
    "gelu_tanh, with Pow": (
        [
            "c = Pow(x, 3)",
            "k = Mul(c, 0.044715)",
            "s = Add(x, k)",
            "u = Mul(s, 0.7978845834732056)",
            "t = Tanh(u)",
            "p = Add(t, 1)",
            "m = Mul(x, p)",
            "y = Mul(m, 0.5)",
        ],
        "gelu_tanh",
    ),
    "gelu_tanh, multiplied out": (
        [
            "q = Mul(x, x)",
            "k = Mul(q, 0.035677408136)",
            "s = Add(k, 0.7978845608)",
            "u = Mul(x, s)",
            "t = Tanh(u)",
            "p = Add(1, t)",
            "h = Mul(0.5, x)",
            "y = Mul(h, p)",
        ],
        "gelu_tanh",
    ),
    "gelu_tanh, another coefficient": (
        [
            "q = Mul(x, x)",
            "c = Mul(q, x)",
            "k = Mul(0.0454, c)",
            "s = Add(x, k)",
            "u = Mul(0.79788456, s)",
            "t = Tanh(u)",
            "p = Add(1, t)",
            "h = Mul(0.5, x)",
            "y = Mul(h, p)",
        ],
        "gelu_tanh:coefficient=0.0454",
    ),
    "silu": (["s = Sigmoid(x)", "y = Mul(s, x)"], "swish"),
    "quick gelu": (["a = Mul(x, 1.702)", "s = Sigmoid(a)", "y = Mul(x, s)"], "gelu_sigmoid"),
    "swish with beta": (["a = Mul(1.25, x)", "s = Sigmoid(a)", "y = Mul(x, s)"], "swish:beta=1.25"),
    "silu by division": (["n = Neg(x)", "e = Exp(n)", "d = Add(e, 1)", "y = Div(x, d)"], "swish"),
    "sigmoid by exp": (["n = Neg(x)", "e = Exp(n)", "d = Add(e, 1)", "y = Reciprocal(d)"], "sigmoid"),
    "sigmoid by tanh": (["a = Mul(x, 0.5)", "t = Tanh(a)", "h = Mul(t, 0.5)", "y = Add(h, 0.5)"], "sigmoid"),
    "mish": (["s = Softplus(x)", "t = Tanh(s)", "y = Mul(x, t)"], "mish"),
    "softplus": (["e = Exp(x)", "p = Add(e, 1)", "y = Log(p)"], "softplus"),
    "hard_swish": (["a = Add(x, 3)", "b = Clip(a, 0, 6)", "c = Mul(x, b)", "y = Div(c, 6)"], "hard_swish"),
    "hard_sigmoid": (
        ["a = Mul(x, 0.25)", "b = Add(a, 0.5)", "c = Max(b, 0)", "y = Min(c, 1)"],
        "hard_sigmoid:slope=0.25",
    ),
    "leaky_relu": (["a = Mul(x, 0.125)", "y = Max(x, a)"], "leaky_relu:slope=0.125"),
    "prelu": (["y = PRelu(x, 0.125)"], "leaky_relu:slope=0.125"),
    "softsign": (["a = Abs(x)", "b = Add(a, 1)", "y = Div(x, b)"], "softsign"),
    "relu": (["y = Max(x, 0)"], "relu"),
    "abs": (["y = Abs(x)"], "leaky_relu:slope=-1"),
    "half a silu": (["s = Sigmoid(x)", "m = Mul(s, x)", "y = Mul(m, 0.5)"], "parametric_gelu:alpha=0.5,beta=1"),
}
UNKNOWN = {
    "a product of tanh": ["t = Tanh(x)", "y = Mul(t, t)"],
    "gelu with too short a constant": [
        "a = Div(x, 1.4142)",
        "e = Erf(a)",
        "p = Add(e, 1)",
        "m = Mul(x, p)",
        "y = Mul(m, 0.5)",
    ],
    "a shifted sigmoid": ["a = Add(x, 0.1)", "y = Sigmoid(a)"],
    "relu6": ["y = Clip(x, 0, 6)"],
    "an elu below its domain": ["s = Elu(x)", "n = Neg(s)", "y = Mul(n, x)"],
}


@pytest.mark.parametrize("what", SUBGRAPHS)
def test_a_subgraph_is_recognised_by_its_values(what, tmp_path):
    lines, function = SUBGRAPHS[what]
    nodes, tensors = written(*lines)
    each = only(tmp_path, between(nodes, tensors))
    assert get_function(each.function).name == get_function(function).name
    assert each.operator == ("subgraph" if len(lines) > 1 else nodes[0].op_type)
    assert Expression.parse(str(each.expression)) == each.expression
    assert each.name == ("act" if len(lines) > 1 else f"act_{nodes[0].op_type}_0")


@pytest.mark.parametrize("what", UNKNOWN)
def test_a_subgraph_that_is_no_known_function_is_kept_as_it_stands(what, tmp_path):
    each = only(tmp_path, between(*written(*UNKNOWN[what])))
    assert each.function == "subgraph"
    assert f'expression = "{each.expression}"' in to_requests(read_model(tmp_path / "model.onnx"))


@pytest.mark.parametrize("what", [*SUBGRAPHS, *UNKNOWN])
def test_an_expression_computes_what_the_onnx_reference_does(what, tmp_path):
    from onnx.reference import ReferenceEvaluator

    nodes, tensors = written(*(UNKNOWN[what] if what in UNKNOWN else SUBGRAPHS[what][0]))
    each = only(tmp_path, between(nodes, tensors))
    whole = onnx_model(nodes, tensors, inputs=("x",), outputs=("y",), types={"x": 1, "y": 1})
    x = np.linspace(-6.4, 6.2, 253, dtype=np.float32)
    (reference,) = ReferenceEvaluator(whole).run(None, {"x": x})
    values = each.expression.evaluate(x)
    assert values.dtype == np.float32
    assert np.abs(values - reference).max() <= 2e-6
    finer = each.expression.evaluate(x.astype(np.float64))
    assert finer.dtype == np.float64
    assert np.abs(finer - reference).max() <= 4e-6


def test_an_expression_takes_a_runtimes_own_operators(tmp_path):
    each = only(tmp_path, between(*written("s = Sigmoid(x)", "y = Mul(s, x)")))
    twos = each.expression.evaluate(np.float32([1, 3]), {"Sigmoid": lambda x: np.full_like(x, 2)})
    assert twos.tolist() == [2, 6]


@pytest.mark.parametrize(
    "text", ["", "Mul(x)", "Nothing(x)", "Mul(x, %1)", "Elu(x)", "Mul(x, y)", "Mul(x, 1", "Erf(0x1p+9999)"]
)
def test_a_text_that_is_no_expression_is_refused(text):
    with pytest.raises(GelugenError):
        Expression.parse(text)


def test_a_duplicated_dequantize_and_a_quantized_constant_are_one_input(tmp_path):
    nodes, tensors = written("s = Sigmoid(x)", "h = Mul(s, half)", "y = Mul(h, x2)")
    nodes = [
        helper.make_node("DequantizeLinear", ["xq", "si", "zi2"], ["x2"]),
        helper.make_node("DequantizeLinear", ["hq", "sh", "zi"], ["half"]),
        *nodes,
    ]
    tensors = [("zi2", np.int8(-3)), ("hq", np.int8(97)), ("sh", np.float32(0.005)), *tensors]
    assert only(tmp_path, between(nodes, tensors)).function == "parametric_gelu:alpha=0.5,beta=1"


def test_nodes_that_only_move_values_are_passed(tmp_path):
    nodes, tensors = written(
        "i = Identity(x)", "r = Reshape(i, shape)", "s = Sigmoid(r)", "m = Mul(s, r)", "y = Transpose(m)",
        shape=np.int64([4, -1]),
    )  # fmt: skip
    assert only(tmp_path, between(nodes, tensors)).function == "swish"


def test_values_of_different_places_are_no_function_of_one_code(tmp_path):
    nodes, tensors = written("s = Sigmoid(x)", "t = Transpose(s)", "y = Mul(t, x)")
    model = read_model(save(tmp_path, between(nodes, tensors)))
    assert model.activations == ()
    assert "different places" in model.left_out[0].reason


def test_a_name_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(between([gelu()]).SerializeToString().replace(b"the_gelu", b"the_\xff\xfe\xff\xff"))
    assert "not UTF-8" in refusal(path)


def test_clip_takes_its_bounds_from_attributes_or_inputs(tmp_path):
    clip = helper.make_node("Clip", ["x"], ["y"], min=-1.5, max=2.0)
    above = helper.make_node("Clip", ["x", "", "two"], ["y"])
    for node, opset, low in ((clip, 10, -1.5), (above, 13, -5.0)):
        each = only(tmp_path, between([node], [("two", np.float32(2))], opset=opset))
        assert each.expression.evaluate(np.float32([-5, 0.5, 7])).tolist() == [low, 0.5, 2]


def test_a_straight_line_is_no_activation(tmp_path):
    nodes, tensors = written("a = Mul(x, 0.125)", "y = Sub(a, 3)")
    model = read_model(save(tmp_path, between(nodes, tensors)))
    assert (model.activations, model.left_out) == ((), ())


# -- ONNX: left out, refused ---------------------------------------------------------------------------------------


def gelu(**attributes):
    return helper.make_node("Gelu", ["x"], ["y"], name="the_gelu", **attributes)


BAD = {
    "per channel": (between([gelu()], scales=(np.float32([1, 2]), np.float32(1))), "per channel"),
    "no number": (between([gelu()], scales=(np.float32("nan"), np.float32(1))), "scale of its input is nan"),
    "zero": (between([gelu()], scales=(np.float32(1), np.float32(0))), "of its output, scale 0.0"),
    "negative": (between([gelu()], scales=(np.float32(1), np.float32(-2))), "of its output, scale -2.0"),
    "infinite": (between([gelu()], scales=(np.float32("inf"), np.float32(1))), "scale of its input is inf"),
    "float16": (between([gelu()], scales=(np.float16(1), np.float16(1))), "no float32"),
    "int32": (between([gelu()], zeros=(np.int32(1), np.int8(1))), "int8, uint8, int16 or uint16"),
    "other opset": (between([gelu()], opset=19), "no operator of opset 19"),
    "an odd form": (between([gelu(approximate="cubic")]), None),
}


@pytest.mark.parametrize("what", [each for each in BAD if BAD[each][1]])
def test_an_activation_that_cannot_be_read_is_refused_by_name_or_left_out(what, tmp_path):
    model, reason = BAD[what]
    path = save(tmp_path, model)
    text = refusal(path)
    assert text.startswith(f"{path}, node the_gelu: ")
    assert reason in text
    (left,) = read_model(path, keep_going=True).left_out
    assert (left.node, left.operator) == ("the_gelu", "Gelu")
    assert reason in left.reason


def test_keep_going_still_reads_the_others(tmp_path):
    model = between([gelu(), helper.make_node("Tanh", ["x"], ["t"], name="the_tanh")], [("bad", np.float32([1, 2]))])
    model.graph.node.append(helper.make_node("QuantizeLinear", ["t", "bad", "zo"], ["tq"]))
    path = save(tmp_path, model)
    assert "node the_tanh" in refusal(path)
    found = read_model(path, keep_going=True)
    assert [each.name for each in found.activations] == ["the_gelu"]
    assert [each.node for each in found.left_out] == ["the_tanh"]


def test_dynamic_quantization_is_refused(tmp_path):
    nodes = [
        helper.make_node("DequantizeLinear", ["xq", "si", "zi"], ["x"]),
        gelu(),
        helper.make_node("DynamicQuantizeLinear", ["y"], ["yq", "ys", "yz"]),
    ]
    assert "node the_gelu: its output is quantized dynamically" in refusal(
        save(tmp_path, onnx_model(nodes, quantization()))
    )
    nodes[2] = helper.make_node("QuantizeLinear", ["y", "runtime", "zo"], ["yq"])
    path = save(tmp_path, onnx_model(nodes, quantization(), inputs=("xq", "runtime"), types={"runtime": 1}))
    assert "dynamically: the scale is an input of the model" in refusal(path)


def test_blocks_and_other_types_are_refused(tmp_path):
    model = between([gelu()], opset=21)
    model.graph.node[0].attribute.append(helper.make_attribute("block_size", 16))
    assert "in blocks" in refusal(save(tmp_path, model))
    model = between([gelu()], opset=21)
    model.graph.node[2].attribute.append(helper.make_attribute("output_dtype", TensorProto.INT16))
    assert "another type than the codes" in refusal(save(tmp_path, model))
    model = between([gelu()], opset=21)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    assert "another type than the codes" in refusal(save(tmp_path, model))


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([gelu(approximate="cubic")], "none or tanh"),
        ([helper.make_node("FastGelu", ["x", "b"], ["y"], name="g", domain=MICROSOFT)], "adds a bias"),
        (written("a = Add(x, v)", "y = Tanh(a)")[0], "not one number"),
        (written("a = Add(x, d)", "y = Tanh(a)")[0], "another type than float32"),
        (written("a = Add(x, u)", "y = Tanh(a)")[0], "is not a number"),
        (written("a = MatMul(x, x)", "y = Tanh(a)")[0], "/act/MatMul_0 (MatMul)"),
        (written("a = Mul(x, other)", "y = Tanh(a)")[0], "an input of the model"),
        ([helper.make_node("Cast", ["x"], ["a"], to=10), *written("y = Tanh(a)")[0]], "casts"),
        (written("a = Add(x, y)", "y = Tanh(a)")[0], "cycle"),
    ],
)  # fmt: skip
def test_what_is_no_function_of_one_quantized_input_is_left_out(nodes, reason, tmp_path):
    constants = {"b": np.float32([0.5]), "v": np.float32([1, 2]), "d": np.float64(1), "u": np.float32("nan")}
    model = between(nodes, constants.items())
    found = read_model(save(tmp_path, model))
    assert found.activations == ()
    assert reason in found.left_out[0].reason


def test_a_bias_of_zero_is_none(tmp_path):
    node = helper.make_node("FastGelu", ["x", "b"], ["y"], domain=MICROSOFT)
    assert only(tmp_path, between([node], [("b", np.float32([0]))])).function == "gelu_tanh"


def test_float_activations_bodies_and_functions_are_left_out(tmp_path):
    body = helper.make_graph(
        [helper.make_node("Tanh", ["x"], ["o"])], "b", [], [helper.make_tensor_value_info("o", 1, [])]
    )
    function = helper.make_function(
        "own", "Act", ["a"], ["b"], [helper.make_node("Gelu", ["a"], ["b"])], [helper.make_opsetid("", 20)]
    )
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["f"], name="float"),
        helper.make_node("If", ["c"], ["i"], name="branch", then_branch=body, else_branch=body),
        helper.make_node("Act", ["x"], ["g"], domain="own"),
        gelu(),
    ]
    model = between(nodes, [("c", np.bool_(True))])
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("own", 1))
    found = read_model(save(tmp_path, model))
    assert [each.name for each in found.activations] == ["the_gelu"]
    assert [each.node for each in found.left_out] == ["float", "branch", "own.Act"]


def test_a_product_of_two_quantized_tensors_is_no_activation(tmp_path):
    model = between([*written("s = Sigmoid(x)", "y = Mul(s, z)")[0]])
    model.graph.node.insert(0, helper.make_node("DequantizeLinear", ["zq", "so", "zo"], ["z"]))
    model.graph.input.append(helper.make_tensor_value_info("zq", TensorProto.INT8, ["n"]))
    (left,) = read_model(save(tmp_path, model)).left_out
    assert left.node == "/act/Sigmoid_0"
    assert "two quantized tensors, xq and zq" in left.reason


def external(location, **facts):
    tensor = TensorProto(name="si", data_type=1, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **facts}.items():
        tensor.external_data.add(key=key, value=str(value))
    model = between([gelu()])
    del model.graph.initializer[0]
    model.graph.initializer.append(tensor)
    return model


@pytest.mark.parametrize(
    "location", ["../scale.bin", "/etc/passwd", "a/../../b", "C:\\x", "..\\x", "", "link/x", "\\\\host\\x"]
)
def test_external_data_outside_the_folder_is_refused(location, tmp_path):
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (tmp_path / "scale.bin").write_bytes(np.float32(0.5).tobytes())
    (tmp_path / "x").write_bytes(np.float32(0.5).tobytes())
    path = save(folder, external(location))
    assert "must be a file inside the model's folder" in refusal(path)
    assert "must be a file inside the model's folder" in refusal(path, keep_going=True)


def test_external_data_inside_the_folder_is_read_a_few_bytes_at_a_time(tmp_path):
    (tmp_path / "scale.bin").write_bytes(bytes(4) + np.float32(0.5).tobytes())
    assert only(tmp_path, external("scale.bin", offset=4, length=4)).input.scale == 0.5
    assert "malformed" in refusal(save(tmp_path, external("scale.bin", offset=4, length=1 << 60)))
    assert "malformed" in refusal(save(tmp_path, external("scale.bin", offset=6)))
    assert "no size" in refusal(save(tmp_path, external("scale.bin", offset=-1)))
    assert "cannot be read" in refusal(save(tmp_path, external("nothing.bin")))


def test_files_that_are_no_models(tmp_path):
    assert "must end in .onnx or .tflite" in refusal(tmp_path / "model.pt")
    assert "cannot be read" in refusal(tmp_path / "nothing.onnx")
    (tmp_path / "folder.onnx").mkdir()
    assert "it is no file" in refusal(tmp_path / "folder.onnx")
    for name in ("a.onnx", "a.tflite"):
        (tmp_path / name).write_bytes(b"")
        assert "is no" in refusal(tmp_path / name)
    assert "of opset 9" in refusal(save(tmp_path, between([gelu()], opset=9)))
    assert "of opset 999" in refusal(save(tmp_path, between([gelu()], opset=999)))
    model = between([gelu()])
    model.graph.node.append(model.graph.node[1])
    assert "made by two nodes" in refusal(save(tmp_path, model))


# -- LiteRT --------------------------------------------------------------------------------------------------------

LITERT = [
    (150, None, "GELU", "gelu"),
    (150, (116, ("bool", False)), "GELU", "gelu"),
    (150, (116, ("bool", True)), "GELU", "gelu_tanh"),
    (14, None, "LOGISTIC", "sigmoid"),
    (28, None, "TANH", "tanh"),
    (117, None, "HARD_SWISH", "hard_swish"),
    (111, None, "ELU", "elu"),
    (98, (75, ("float", 0.3)), "LEAKY_RELU", "leaky_relu:slope=0.3"),
]


@pytest.mark.parametrize(("kind", "name"), [(9, "int8"), (3, "uint8"), (7, "int16")])
@pytest.mark.parametrize(("code", "options", "operator", "function"), LITERT)
def test_a_litert_operator(code, options, operator, function, kind, name, tmp_path):
    each = only(tmp_path, litert_model(code, kind, options=options, points=((3,), (5,))))
    assert (each.function, each.operator, each.name, each.dialect) == (function, operator, "y", "litert")
    assert (each.input.kind, each.input.scale, each.input.zero_point) == (name, float(np.float32(0.05)), 3)
    assert (each.output.kind, each.output.scale, each.output.zero_point) == (name, float(np.float32(0.025)), 5)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"scales": ((0.1, 0.2), (0.1,))}, "per channel"),
        ({"points": ((1, 2), (0,))}, "per channel"),
        ({"scales": None}, "its input has no scale"),
        ({"scales": ((0.1,), ())}, "its output has no scale"),
        ({"scales": ((float("nan"),), (0.1,))}, "scale of its input is nan"),
        ({"scales": ((0.1,), (0.0,))}, "of its output, scale 0.0"),
        ({"scales": ((-0.1,), (0.1,))}, "of its input, scale -0.1"),
        ({"points": ((0,), (200,))}, "zero_point 200"),
        ({"kinds": (9, 3), "points": ((0,), (0,))}, "they must have one type"),
        ({"kind": 2}, "tensor type 2"),
        ({"details": 1}, "of its own kind"),
        ({"code": 98}, "holds? its alpha"),
        ({"code": 98, "options": (75, ("float", 7.0))}, "alpha is 7.0"),
    ],
)  # fmt: skip
def test_a_litert_activation_that_cannot_be_read(options, reason, tmp_path):
    path = save(tmp_path, litert_model(**options))
    with pytest.raises(GelugenError, match=f"node y: .*{reason.replace('holds? its', 'hold its')}"):
        read_model(path)
    found = read_model(path, keep_going=True)
    assert (found.activations, [each.node for each in found.left_out]) == ((), ["y"])


def test_an_old_litert_file_has_its_codes_elsewhere(tmp_path):
    assert only(tmp_path, litert_model(14, old=True)).operator == "LOGISTIC"


def test_a_float_litert_activation_is_left_out(tmp_path):
    found = read_model(save(tmp_path, litert_model(kind=0, scales=None)))
    assert [each.reason for each in found.left_out] == ["its input is not quantized: it is float32"]
    assert "schema version 2" in refusal(save(tmp_path, litert_model(version=2)))


# -- names and requests --------------------------------------------------------------------------------------------


def test_names_are_valid_and_unique_whatever_the_nodes_are_called(tmp_path):
    names = [
        "tanh",
        "Tanh",
        "a/b",
        "a.b",
        "0",
        "",
        "é",
        "always",
        "x" * 200,
        "x" * 201,
        "a\nb",
        "size_t",
        "-1.5",
        "A/b",
    ]
    nodes = []
    for place, name in enumerate(names):
        nodes.append(helper.make_node("Tanh", ["x"], [f"t{place}"], name=name))
        nodes.append(helper.make_node("QuantizeLinear", [f"t{place}", "so", "zo"], [f"q{place}"]))
    path = save(tmp_path, between([gelu(), *nodes]))
    model = read_model(path)
    found = [each.name for each in model.activations]
    assert len(found) == len({each.casefold() for each in found}) == len(names) + 1
    for name in found:
        check_identifier(name)
    assert found[1:5] == ["tanh_act", "Tanh", "a_b", "a_b_2"]
    data = tomllib.loads(to_requests(model))  # no name breaks out of its comment
    assert list(data["design"]) == ["the_gelu", "tanh_act"]


def test_equal_activations_share_a_design():
    model = read_model(MODELS / "torch_ffn_opset20_prep_qdq.onnx")
    twice = model.__class__(model.file, model.dialect, (*model.activations, *model.activations[:1]), model.left_out)
    assert [len(group) for group in designs(twice).values()] == [2, 1, 1]


@pytest.mark.parametrize("file", NETWORKS)
def test_the_requests_of_a_network(file):
    model = read_model(MODELS / file)
    text = to_requests(model)
    tables = tomllib.loads(text)["design"]
    assert list(tables) == list(designs(model))
    layers = json.loads(to_layers(model))
    assert layers["model"] == file
    for each in model.activations:
        fields = tables[layers["layers"][each.name]["design"]]
        assert fields == {
            "function": each.function,
            "input": str(each.input),
            "output": str(each.output),
            "guarantee": "correct",
            "dialect": each.dialect,
        }
        assert (Format.parse(fields["input"]), Format.parse(fields["output"])) == (each.input, each.output)
        assert f"# {each.name}: {each.operator}; {each.where}\n[design." in text


def test_equal_functions_of_other_arithmetic_do_not_share_a_design(tmp_path):
    nodes, tensors = written(*SUBGRAPHS["gelu, as torch writes it"][0])
    others, more = written(*SUBGRAPHS["gelu, half first"][0], prefix="z")
    quantize = helper.make_node("QuantizeLinear", ["zy", "so", "zo"], ["zq"])
    model = read_model(save(tmp_path, between([*nodes, *others, quantize], [*tensors, *more])))
    assert [each.function for each in model.activations] == ["gelu", "gelu"]
    assert len({each.expression for each in model.activations}) == len(designs(model)) == 2


def test_two_quantizers_of_one_format_end_one_activation(tmp_path):
    again = helper.make_node("QuantizeLinear", ["y", "so", "zo"], ["again"])
    other = helper.make_node("QuantizeLinear", ["y", "si", "zo"], ["other"])
    model = read_model(save(tmp_path, between([gelu(), again, other])))
    assert [each.name for each in model.activations] == ["the_gelu", "the_gelu_2"]
    assert [each.output.scale for each in model.activations] == [float(np.float32(each)) for each in (0.025, 0.05)]


def test_a_model_without_activations_has_no_requests(tmp_path):
    with pytest.raises(GelugenError, match="holds no quantized activation: 1 left out"):
        to_requests(read_model(save(tmp_path, litert_model(kind=0, scales=None))))


# -- hostile files -------------------------------------------------------------------------------------------------

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEEDS = sorted(
    MODELS / each for each in (*NETWORKS, "ort_u8_gelu_erf_decomp_odd.onnx", "litert_int8_leaky_relu_a.tflite")
)


def harmless(path, data):
    """Reading gives a model that can be written, or one sentence."""
    path.write_bytes(data)
    sentences = []
    for keep_going in (False, True):
        try:
            model = read_model(path, keep_going)
            if model.activations:
                tomllib.loads(to_requests(model))
            json.loads(to_layers(model))
        except GelugenError as error:
            sentences.append(str(error))
    assert all("\n" not in each and each.startswith(str(path)) for each in sentences)


@FUZZ
@given(data=st.binary(max_size=300), suffix=st.sampled_from(["onnx", "tflite"]))
def test_random_bytes(data, suffix, tmp_path):
    harmless(tmp_path / f"a.{suffix}", data if suffix == "onnx" else data[:4] + b"TFL3" + data[4:])


@FUZZ
@given(seed=st.sampled_from(SEEDS), part=st.floats(0, 1))
def test_truncated_models(seed, part, tmp_path):
    data = seed.read_bytes()
    harmless(tmp_path / f"a{seed.suffix}", data[: int(len(data) * part)])


@FUZZ
@given(
    seed=st.sampled_from(SEEDS),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), min_size=1, max_size=8),
)
def test_flipped_bits(seed, flips, tmp_path):
    data = bytearray(seed.read_bytes())
    for part, bit in flips:
        data[int(len(data) * part)] ^= 1 << bit
    harmless(tmp_path / f"a{seed.suffix}", bytes(data))


@pytest.mark.parametrize("word", [0, 3, 90, 2**31, 2**32 - 1])
def test_any_word_of_a_small_flatbuffer(word, tmp_path):
    model = (MODELS / "litert_int8_leaky_relu_a.tflite").read_bytes()
    for place in range(0, len(model) - 3, 2):
        harmless(tmp_path / "a.tflite", model[:place] + word.to_bytes(4, "little") + model[place + 4 :])


def test_a_small_file_cannot_ask_for_endless_work(tmp_path):
    huge = bytearray(litert_model(operators=2000))
    path = tmp_path / "a.tflite"
    path.write_bytes(huge)
    assert len(read_model(path).activations) == 2000
    path.write_bytes(litert_model(operators=10_000, shared=10_000))  # 80 kB that stand for 400 MB
    assert "is no LiteRT model" in refusal(path)
    deep = written("d0 = Tanh(x)", *(f"d{k} = Tanh(d{k - 1})" for k in range(1, 3000)), "y = Tanh(d2999)")[0]
    found = read_model(save(tmp_path, between(deep)))
    assert found.activations == ()
    assert "more than 64 nodes" in {each.node: each.reason for each in found.left_out}["/act/Tanh_3000"]


def test_a_constant_of_many_bytes_is_never_decoded(tmp_path):
    tensor = TensorProto(name="si", data_type=1, dims=[1 << 40], raw_data=b"1234")
    model = between([gelu()])
    del model.graph.initializer[0]
    model.graph.initializer.append(tensor)
    assert "per channel" in refusal(save(tmp_path, model))
    model.graph.initializer[-1].dims[0] = 1
    model.graph.initializer[-1].raw_data = b"12345"
    assert "malformed" in refusal(save(tmp_path, model))
    assert constant("c", np.float32(1)).dims == []
