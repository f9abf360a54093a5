"""Every function of the catalogue from spec to silicon: designed, emitted, verified in C and in Icarus over every code.

Fixed point of 8 bits runs in ``make test``; affine formats and 16 bits take many minutes: ``make verify-family``.
"""

import pytest

from gelugen.accuracy import measure
from gelugen.flow import generate
from gelugen.functions import CATALOGUE
from gelugen.spec import Spec
from gelugen.verify import passed, verify

pytestmark = pytest.mark.needs("cc", "icarus")

# Parameters that change what a function is: its fold, its end, its kink.
OTHERS = [
    "gelu_tanh:coefficient=0.04485",
    "quick_gelu:coefficient=1.656577",
    "parametric_gelu:alpha=0.5,beta=3/2",
    "silu:beta=1.5",
    "leaky_relu:slope=0.25",
    "noisy_relu:sigma=0.5",
    "softplus:sharpness=4",
    "elu:alpha=0.5",
    "hard_sigmoid:slope=0.2",
    "heaviside:at_zero=1",
]
AFFINE = "int8:scale=0.05,zero_point=-3"


def family(function, input_format, output_format, guarantee, **more):
    """The spec of one member; exp is 1 where x > 0, as softmax never asks for."""
    outside = {"outside": "clamp"} if function == "exp" else {}
    return Spec(function, input_format, output_format, guarantee, **outside, **more)


def check(spec, folder):
    """Generate, then compare every tool's every code with the model; nothing may be skipped."""
    made = generate(spec, folder)
    verdicts = verify(made.folder, ["cc", "icarus"])
    assert passed(verdicts), [each for each in verdicts if each.status != "pass"]
    assert all(each.checked == 1 << spec.input.bits and not each.mismatches for each in verdicts)
    assert measure(made.design).outside == 0
    return made.design


@pytest.mark.parametrize("function", [*CATALOGUE, *OTHERS])
def test_8_bits_are_verified_over_every_code(function, tmp_path):
    check(family(function, "q3.4", "q3.4", "correct"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("function", CATALOGUE)
def test_8_affine_bits_are_verified_over_every_code(function, tmp_path):
    spec = family(function, AFFINE, "int8:scale=fit", "correct", exclude="multiplier")
    check(spec, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("function", [*CATALOGUE, *OTHERS])
def test_16_bits_are_verified_over_every_code(function, tmp_path):
    design = check(family(function, "q3.12", "q3.12", "faithful"), tmp_path)
    assert design.rom_bits < 16 * 1024  # a plain table has a million


@pytest.mark.slow
@pytest.mark.parametrize("function", CATALOGUE)
def test_a_correct_table_of_16_bits_is_verified_over_every_code(function, tmp_path):
    spec = family(function, "int16:scale=0.0003,zero_point=7", "int16:scale=0.0004", "correct", architecture="table")
    check(spec, tmp_path)
