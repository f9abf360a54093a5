"""Dialects in specs: a runtime's codes as the truth of a design, from the request to the verified files."""

import json

import numpy as np
import pytest

from gelugen.cli import main
from gelugen.dialects import DIALECTS, codes
from gelugen.dialects.choice import Choice
from gelugen.errors import GelugenError
from gelugen.flow import generate
from gelugen.golden import difference, golden_of
from gelugen.search import build
from gelugen.spec import Spec, Target, command, from_fields
from gelugen.verify import passed, verify

S8, S9 = "int8:scale=0x1p-4,zero_point=3", "int8:scale=0x1.0204080000000p-5,zero_point=-9"
OUTPUTS = {"sigmoid": "int8:scale=0x1p-8,zero_point=-128", "gelu_tanh:torch": S8}
"""LiteRT's logistic has one alone, PyTorch's kernels keep the input's."""
CASES = [
    ("gelu", "litert", "gelu", {}),
    ("gelu_tanh", "litert", "gelu_tanh", {}),
    ("sigmoid", "litert", "logistic", {}),
    ("tanh", "litert:resolver=xnnpack", "tanh", {"resolver": "xnnpack"}),
    ("leaky_relu:slope=0.1", "litert", "leaky_relu", {"alpha": 0.1}),
    ("gelu", "onnxruntime", "gelu", {}),
    ("gelu", "onnxruntime:operator=gelu_nodes", "gelu_nodes", {}),
    ("quick_gelu", "onnxruntime", "quick_gelu", {"alpha": 1.702}),
    ("silu", "onnxruntime", "silu", {}),
    ("swish:beta=1.5", "onnxruntime", "quick_gelu", {"alpha": 1.5}),
    ("elu:alpha=0.5", "onnxruntime", "elu", {"alpha": 0.5}),
    ("hard_sigmoid", "onnxruntime", "hard_sigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    ("hard_sigmoid:slope=0.2", "onnxruntime", "hard_sigmoid", {"alpha": 0.2, "beta": 0.5}),
    ("gelu", "executorch", "gelu", {}),
    ("gelu_tanh", "torch", "gelu_tanh", {}),
]


@pytest.mark.parametrize(("function", "dialect", "operator", "parameters"), CASES)
def test_the_golden_codes_of_a_dialect_are_those_of_its_operator(function, dialect, operator, parameters):
    output = OUTPUTS.get(function if dialect != "torch" else f"{function}:torch", S9)
    spec = Spec(function, S8, output, dialect=dialect)
    expected = codes(dialect.partition(":")[0], operator, spec.input, spec.output, **parameters)
    truth = spec.golden()
    assert truth.codes.tolist() == expected.tolist()
    assert truth.error(expected).tolist() == [0.0] * 256
    low, high = truth.bounds(Spec(function, S8, output, "ulp:1", dialect=dialect).guarantee)
    assert low.tolist() == np.maximum(expected - 1, -128).tolist()
    assert high.tolist() == np.minimum(expected + 1, 127).tolist()


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize(("function", "dialect", "operator", "parameters"), CASES)
def test_a_design_of_a_dialect_gives_its_codes_in_c_and_verilog(function, dialect, operator, parameters, tmp_path):
    spec = Spec(
        function,
        S8,
        OUTPUTS.get(function if dialect != "torch" else f"{function}:torch", S9),
        dialect=dialect,
        exclude="multiplier",
    )
    made = generate(spec, tmp_path)
    expected = codes(dialect.partition(":")[0], operator, spec.input, spec.output, **parameters)
    assert made.design.eval(spec.input.codes()).tolist() == expected.tolist()
    assert passed(verify(made.folder, ["cc", "icarus"]))


def test_how_a_dialect_differs_from_the_mathematics_is_counted_and_told(tmp_path, capsys):
    scale = "int16:scale=0x1p-11"
    spec = Spec("gelu", scale, scale, "correct", "table", dialect="litert")
    exact = golden_of(spec.definition, spec.input, spec.output).codes
    distance = np.abs(spec.golden().codes - exact)
    assert difference(spec) == (int((distance > 0).sum()), int(distance.max()))
    assert difference(spec)[0] > 0
    eight = Spec("gelu", "int8:scale=0x1p-3", "int8:scale=0x1p-4", dialect="litert")
    folder = generate(eight, tmp_path).folder
    assert main(["show", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["codes_not_correctly_rounded"], shown["largest_difference"]) == difference(eight)
    assert main(["show", str(folder)]) == 0
    assert "dialect" in capsys.readouterr().out
    header = next(folder.glob("*.h")).read_text()
    assert f"litert ({DIALECTS['litert'].version})" in header
    assert "the code that litert gives" in header


@pytest.mark.parametrize("architecture", ["table", "uniform-linear", "dyadic-constant", "free-constant"])
@pytest.mark.needs("cc", "icarus")
def test_a_table_of_executorch_starts_at_the_smallest_code(architecture, tmp_path):
    spec = Spec("gelu", S8, S9, architecture=architecture, dialect="executorch")
    made = generate(spec, tmp_path)
    assert made.design.first == -128
    assert made.design.trace(np.array([-128, -127, 0, 127]))["u"].tolist() == [0, 1, 128, 255]
    assert "u = code + 128" in next(made.folder.glob("*.h")).read_text()
    assert passed(verify(made.folder, ["cc", "icarus"]))


def test_the_table_of_a_low_byte_runtime_starts_at_zero():
    design = build(Spec("gelu", S8, S9, architecture="table", dialect="litert"))
    assert design.trace(np.array([0, 127, -128, -1]))["u"].tolist() == [0, 127, 128, 255]


def test_a_request_with_a_dialect_comes_back_from_its_fields_and_its_command():
    spec = Spec("gelu", S8, S9, dialect="litert:resolver=xnnpack")
    assert from_fields(spec.fields()) == spec
    assert "--dialect litert:resolver=xnnpack" in command(spec, Target("layer"))
    assert "litert_resolver_xnnpack" in spec.default_name()
    assert "dialect" not in Spec("gelu", S8, S9).fields()
    assert str(Choice.parse("onnxruntime:operator=gelu_nodes")) == "onnxruntime:operator=gelu_nodes"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"dialect": "tflite"}, "dialect 'tflite' is not known: it must be exact or one of litert, "),
        ({"dialect": 3}, "dialect 3 must be text"),
        ({"dialect": "litert:resolver=fast"}, "resolver 'fast' of dialect litert must be, once, one of builtin, "),
        ({"dialect": "litert:speed=1"}, "has the unknown option 'speed'"),
        ({"dialect": "litert:operator=softplus"}, "operator 'softplus' of dialect litert must be, once, one of elu, "),
        ({"dialect": "litert", "guarantee": "faithful"}, "guarantee faithful is given with dialect litert"),
        ({"dialect": "litert", "ties": "away"}, "ties away is given with dialect litert, which has its own"),
    ],
)
def test_what_does_not_go_with_a_dialect_is_one_sentence(fields, sentence):
    with pytest.raises(GelugenError) as refusal:
        Spec("gelu", S8, S9, **fields)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("function", "formats", "dialect", "sentence"),
    [
        ("softsign", S8, "litert", "function softsign is none that dialect litert computes: it has elu, gelu, "),
        ("mish", S8, "litert", "function mish is none that dialect litert computes"),
        (
            "gelu_tanh:coefficient=0.04485",
            S8,
            "onnxruntime",
            "coefficient of gelu_tanh:coefficient=0.04485 is one that",
        ),
        ("elu:alpha=0.5", S8, "litert", "alpha of elu:alpha=0.5 is one that litert's elu does not have"),
        ("gelu", "uint8:scale=0.5", "executorch", "input type uint8 is not one that executorch's gelu takes"),
        ("gelu", "int8:scale=0.1", "litert", "input scale 0.1 is no float32"),
        ("gelu", "int12:scale=0.5", "onnxruntime", "input type int12 is not one that onnxruntime's gelu takes"),
    ],
)
def test_what_a_runtime_does_not_compute_is_one_sentence(function, formats, dialect, sentence, capsys, tmp_path):
    words = ["--function", function, "--input", formats, "--output", formats, "--dialect", dialect]
    assert main(["generate", *words, "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_pytorch_keeps_the_format():
    with pytest.raises(GelugenError, match="PyTorch's quantized gelu keeps it"):
        Spec("gelu", S8, S9, dialect="torch").golden()
