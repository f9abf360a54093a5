"""The design of the default set that was made for a real network, against what ONNX Runtime computed in it.

tests/data/ffn_qdq_s8.npz holds the codes before and after the first GELU of an int8 feed-forward network (64 samples of
96 values), and its scales and zero points: in scale, in zero point, out scale, out zero point.
"""

from pathlib import Path

import numpy as np
import pytest
from conftest import tally

from gelugen.flow import default_set
from gelugen.search import build

DATA = Path(__file__).parent / "data" / "ffn_qdq_s8.npz"


@pytest.fixture(scope="module")
def network():
    with np.load(DATA) as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def spec():
    return next(spec for spec, target in default_set() if target.name == "gelu_ffn_int8")


def test_the_default_set_has_the_networks_scales_and_zero_points_exactly(network, spec):
    in_scale, in_zero_point, out_scale, out_zero_point = network["l1_gelu__q"].tolist()
    assert (spec.function, spec.guarantee.kind) == ("gelu", "correct")
    for form, scale, zero_point in ((spec.input, in_scale, in_zero_point), (spec.output, out_scale, out_zero_point)):
        assert (form.kind, form.scale, form.zero_point) == ("int8", scale, zero_point)


def test_the_captured_activations_are_worth_comparing(network):
    inputs, outputs = network["l1_gelu__in"], network["l1_gelu__out"]
    assert inputs.shape == outputs.shape == (64, 96)
    assert inputs.dtype == outputs.dtype == np.int8
    assert len(np.unique(inputs)) == 159
    assert (int(inputs.min()), int(inputs.max())) == (-128, 71)


def test_the_design_is_within_one_code_of_what_the_network_computed(network, spec):
    difference = build(spec).eval(network["l1_gelu__in"]) - network["l1_gelu__out"]
    different = int(np.count_nonzero(difference))
    tally(f"gelu_ffn_int8: {different} of {difference.size} codes differ from ONNX Runtime's")
    assert int(np.abs(difference).max()) <= 1  # the promise: float32 arithmetic may round the other way
    assert different == 0  # the measurement: on these activations it never does
