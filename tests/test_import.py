"""``gelugen import`` and ``generate MODEL``: from a quantized model to designs that give the runtime's own codes."""

import io
import json
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest import tally

from gelugen.cli import main
from gelugen.models import read_model, to_requests
from gelugen.requests import from_toml
from gelugen.store import load

MODELS = Path(__file__).parent / "data" / "models"
WHOLE = ["ffn_qdq_s8.onnx", "ffn_qdq_s16.onnx", "torch_ffn_opset20_prep_qdq.onnx", "ffn_litert_wi8_ai8.tflite"]


def captured(name):
    """What the runtime computed in a model: by activation, input codes, output codes, and both quantizations."""
    with np.load(MODELS / f"{Path(name).stem}_activations.npz") as arrays:
        found = {key.removesuffix("__q") for key in arrays.files if key.endswith("__q")}
        return {each: tuple(arrays[f"{each}__{part}"] for part in ("in", "out", "q")) for each in sorted(found)}


@pytest.mark.parametrize("name", WHOLE)
def test_every_captured_activation_of_a_model_is_given_bit_for_bit(name):
    asked = {}
    for spec, _ in from_toml(to_requests(read_model(MODELS / name)), name):
        asked[spec.input.scale, spec.input.zero_point, spec.output.scale, spec.output.zero_point] = spec
    codes = 0
    for inputs, outputs, quantization in captured(name).values():
        spec = asked[tuple(float(each) for each in quantization)]
        golden = spec.golden().codes[inputs.astype(np.int64) - spec.input.code_min]
        assert int((golden != outputs).sum()) == 0
        codes += inputs.size
    assert codes > 1000
    tally(f"{name}: 0 of {codes} captured codes differ")


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """What ``generate MODEL --json`` prints, and the folder that it fills, each model once."""

    @cache
    def make(name):
        out, printed = tmp_path_factory.mktemp("models"), io.StringIO()
        with redirect_stdout(printed):
            assert main(["generate", str(MODELS / name), "-o", str(out), "--json"]) == 0
        return json.loads(printed.getvalue()), out

    return make


@pytest.mark.parametrize("name", ["ffn_qdq_s8.onnx", "ffn_litert_wi8_ai8.tflite"])
def test_generate_makes_the_designs_of_a_model_and_their_index(name, generated):
    printed, out = generated(name)
    made = {each["name"]: each["folder"] for each in printed}
    index = json.loads((out / f"{Path(name).stem}_layers.json").read_text())
    assert {layer["design"] for layer in index["layers"].values()} == set(made)
    layers = index["layers"]
    for layer, (inputs, outputs, _) in captured(name).items():
        design = load(made[layers[layer if layer in layers else f"{layer}_act"]["design"]])
        assert design.eval(inputs.astype(np.int64)).tolist() == outputs.tolist()


def test_import_writes_what_generate_takes(tmp_path, capsys, generated):
    model, toml = MODELS / "ffn_qdq_s8.onnx", tmp_path / "layers.toml"
    assert main(["import", str(model), "-o", str(toml)]) == 0
    assert "l1_gelu" in capsys.readouterr().out
    assert toml.read_text() == to_requests(read_model(model))
    assert (tmp_path / "layers_layers.json").is_file()
    assert main(["generate", str(toml), "-o", str(tmp_path / "one"), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    second, _ = generated(model.name)
    for one, two in zip(first, second, strict=True):
        for path in Path(one["folder"]).iterdir():
            assert path.read_bytes() == (Path(two["folder"]) / path.name).read_bytes()


def test_import_may_take_another_dialect(tmp_path):
    toml = tmp_path / "a.toml"
    words = [
        "import",
        str(MODELS / "ffn_litert_wi8_ai8.tflite"),
        "-o",
        str(toml),
        "--dialect",
        "litert:resolver=xnnpack",
    ]
    assert main(words) == 0
    assert {spec.dialect for spec, _ in from_toml(toml.read_text(), "a.toml")} == {"litert:resolver=xnnpack"}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("model.onnx", b"", "model.onnx"),
        ("model.onnx", b"\xff" * 100, "model.onnx"),
        ("model.tflite", b"TFL3", "model.tflite"),
        ("model.h5", b"", "must end in .onnx or .tflite"),
    ],
)
def test_what_is_no_model_is_one_sentence(name, content, sentence, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    assert main(["import", name]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == [name]


RECORDS = json.loads((MODELS.parent / "golden" / "records.json").read_text())
ONE = [each for each in RECORDS if any((MODELS / f"{each['id']}{end}").exists() for end in (".onnx", ".tflite"))]


@pytest.fixture(scope="module")
def recorded():
    with np.load(MODELS.parent / "golden" / "codes.npz") as arrays:
        return {
            "codes8": arrays["codes8"].astype(np.int64),
            "codes16": np.cumsum(arrays["codes16"].astype(np.int64), 1),
        }


def test_all_models_of_one_operator_are_here():
    assert len(ONE) >= 110


@pytest.mark.parametrize("record", ONE, ids=lambda record: record["id"])
def test_a_model_of_one_operator_gives_the_recorded_codes(record, recorded):
    (path,) = MODELS.glob(f"{record['id']}.*")
    ((spec, _),) = from_toml(
        to_requests(read_model(path), DIALECTS.get(record["parameters"].get("resolver"))), str(path)
    )
    array, row = record["codes"]
    form = spec.output
    expected = (recorded[array][row] - form.code_min) % (1 << form.bits) + form.code_min
    assert int((spec.golden().codes != expected).sum()) == 0


DIALECTS = {"reference": "litert:resolver=reference", "builtin": "litert:resolver=builtin"}
