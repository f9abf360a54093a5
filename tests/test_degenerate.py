"""Warnings: what a spec asks for in vain is said, and what is sound is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gelugen.degenerate import warnings
from gelugen.functions import CATALOGUE
from gelugen.spec import Spec


def told(*fields, **more):
    return warnings(Spec(*fields, **more))


@pytest.mark.parametrize("function", ["gelu", "gelu_tanh", "gelu_sigmoid"])
@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_a_gelu_at_a_coarse_scale_is_plain_relu(function, scale):
    form = f"int8:scale={scale}"
    (sentence,) = told(function, form, form)
    assert sentence.startswith(f"{function} from ")
    assert "is plain ReLU in all 256 codes" in sentence
    assert Spec(function, form, form).golden().codes.tolist() == Spec("relu", form, form).golden().codes.tolist()


@pytest.mark.parametrize("guarantee", ["correct", "faithful", "ulp:2"])
def test_the_guarantee_does_not_change_what_is_said(guarantee):
    assert len(told("gelu", "int8:scale=1", "int8:scale=1", guarantee)) == 1


@given(
    bits=st.integers(4, 8),
    scale=st.sampled_from([2.0**-6, 0.05, 2.0**-4, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0]),
    zero_point=st.integers(-4, 4),
)
def test_plain_relu_is_said_exactly_where_all_codes_are_those_of_relu(bits, scale, zero_point):
    form = f"int{bits}:scale={scale},zero_point={zero_point}"
    same = (Spec("gelu", form, form).golden().codes == Spec("relu", form, form).golden().codes).all()
    assert any("plain ReLU" in each for each in told("gelu", form, form)) == same


def test_two_codes_that_differ_are_enough_to_say_nothing():
    different = {}
    for step in range(20, 60):
        form = f"int8:scale={step / 100}"
        codes, relu = Spec("gelu", form, form).golden().codes, Spec("relu", form, form).golden().codes
        different[step] = (int((codes != relu).sum()), any("ReLU" in each for each in told("gelu", form, form)))
    counts = {count for count, _ in different.values()}
    assert {0, 2} <= counts  # the residual is even: two codes at a time
    assert all(said == (count == 0) for count, said in different.values())


@pytest.mark.parametrize("function", ["relu", "leaky_relu", "heaviside"])
def test_a_function_that_is_its_lines_is_not_called_degenerate(function):
    assert told(function, "q3.4", "q3.4") == ()


def test_a_sigmoid_that_is_a_step_is_said_to_be_one():
    (sentence,) = told("sigmoid", "int8:scale=8", "q3.4")
    assert "is nothing but 0 for x < 0 and 1 for x > 0 in all 256 codes" in sentence


def test_a_smooth_abs_that_is_abs_is_said_to_be_one():
    (sentence,) = told("smooth_abs:a=0.001", "int8:scale=1", "int8:scale=1")
    assert "is nothing but -x for x < 0 and x for x > 0" in sentence


def test_a_constant_output_is_all_that_is_said():
    (sentence,) = told("sigmoid", "q0.7", "int8:scale=4")
    assert "is the code 0 for all 256 input codes" in sentence


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        (("relu", "q7.0", "q3.4"), 120),
        (("smooth_abs", "q7.0", "q3.4"), 241),
        (("relu", "int8:scale=1,zero_point=-128", "q3.4"), 248),
    ],
)
def test_saturation_over_most_codes_is_counted(fields, count):
    spec = Spec(*fields)
    x = spec.input.dequantize(spec.input.codes())
    real = spec.definition.values(x)
    low, high = (spec.output.dequantize(np.array(end)) for end in spec.output.ends)
    half = spec.output.scale / 2
    assert int(((real < low - half) | (real > high + half)).sum()) == count
    said = [each for each in warnings(spec) if "saturates" in each]
    assert len(said) == (count > 128)
    assert all(f"at {count} of 256 input codes: the output holds -8 to 7.9375 only" in each for each in said)


@pytest.mark.parametrize("output", ["q3.4", "q4.3", "q5.2", "q6.1", "q7.0"])
def test_low_bits_that_never_matter_are_counted(output):
    spec = Spec("softplus", "q3.8", output)
    codes = spec.golden().codes.tolist()
    idle = max(n for n in range(12) if all(len(set(codes[at : at + 2**n])) == 1 for at in range(0, 4096, 2**n)))
    said = [each for each in warnings(spec) if "low" in each]
    assert len(said) == (idle > 0)
    assert all(f"an input of {12 - idle} bits gives the same codes" in each for each in said)


def test_flat_ends_that_hold_most_codes():
    said = told("sigmoid", "q7.8", "q0.7", "faithful")
    assert len(said) == 1
    spec = Spec("sigmoid", "q7.8", "q0.7")
    codes = spec.golden().codes
    left = int((codes != codes[0]).argmax())
    right = int((codes[::-1] != codes[-1]).argmax())
    assert f"up to {-32768 + left - 1} (x = " in said[0]
    assert f"from {32767 - right + 1} (x = " in said[0]


def test_an_exponential_has_one_flat_end():
    said = told("exp", "int16:scale=0x1p-8,zero_point=32767", "uq0.8")
    assert len(said) == 1
    assert "all give 0" in said[0]


@pytest.mark.parametrize("function", sorted(CATALOGUE))
def test_ordinary_formats_give_no_warning(function):
    if function == "heaviside":
        return
    input_format = "int8:scale=0x1p-4,zero_point=127" if function == "exp" else "q3.4"
    assert told(function, input_format, "q3.4") == ()
