"""Subgraphs of nodes, imported, against what the live ONNX Runtime computes for every code."""

import os

import numpy as np
import pytest
from model_files import between, written
from test_models import SUBGRAPHS

from gelugen.models import read_model, to_requests
from gelugen.requests import from_toml

CASES = {
    "int8": ((np.int8(-3), np.int8(5)), (0.05, 0.025)),
    "uint8": ((np.uint8(120), np.uint8(9)), (0.0625, 0.03)),
    "int16": ((np.int16(0), np.int16(-7)), (0.0003, 0.00025)),
}


@pytest.fixture(scope="module")
def runtime():
    if os.environ.get("CI"):
        import onnxruntime
    else:
        onnxruntime = pytest.importorskip(
            "onnxruntime", reason="ONNX Runtime is missing: pip install gelugen[runtimes]"
        )
    return onnxruntime


def ran(runtime, model, codes, optimised):
    """The codes that the runtime gives."""
    options = runtime.SessionOptions()
    level = runtime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimised else level.ORT_DISABLE_ALL
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"xq": codes})[0]


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("name", SUBGRAPHS)
def test_an_imported_subgraph_has_the_codes_of_the_runtime(name, kind, runtime, tmp_path):
    zeros, scales = CASES[kind]
    nodes, tensors = written(*SUBGRAPHS[name][0])
    scales = tuple(np.float32(each) for each in scales)
    model = between(nodes, tensors, opset=21, scales=scales, zeros=zeros)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    ((spec, _),) = from_toml(to_requests(read_model(path)), "model")
    codes = spec.input.codes().astype(zeros[0].dtype)
    for optimised in (False, True):
        found = ran(runtime, model, codes, optimised).astype(np.int64)
        assert int((found != spec.golden().codes).sum()) == 0
