"""Counting thresholds gives the codes of Format.quantize, at every boundary and beside it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gelugen.formats import TIES, Format
from gelugen.thresholds import single, thresholds

FORMATS = [
    "q3.4",
    "uq0.8",
    "q3.12",
    "int8:scale=0.05,zero_point=-3",
    "uint8:scale=0.1,zero_point=255",
    "int6:scale=0x1p-126,zero_point=31",
    "int4:scale=0x1.fffffffffffffp125,zero_point=-8",
    "int16:scale=0.00031,zero_point=-77",
]


def counted(steps, x, form):
    return form.code_min + np.searchsorted(steps, x, side="right")


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("text", FORMATS)
def test_thresholds_are_where_quantize_changes(text, ties):
    form = Format.parse(text)
    steps = thresholds(form, ties)
    assert steps.shape == ((1 << form.bits) - 1,)
    some = steps if form.bits <= 8 else steps[np.random.default_rng(1).integers(0, len(steps), 3000)]
    codes = form.quantize(some, ties)
    np.testing.assert_array_equal(form.quantize(np.nextafter(some, -np.inf), ties), codes - 1)
    np.testing.assert_array_equal(codes, counted(steps, some, form))
    # For float32: the first one that is not below, so that its neighbour below has the code before.
    first = single(some)
    with np.errstate(over="ignore"):
        below = np.nextafter(first, np.float32(-np.inf)).astype(np.float64)
    np.testing.assert_array_equal(form.quantize(below, ties) < codes, True)
    np.testing.assert_array_equal(form.quantize(first.astype(np.float64), ties) >= codes, True)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("text", FORMATS)
def test_reals_of_every_size(text, ties):
    form = Format.parse(text)
    rng = np.random.default_rng(2)
    spread = rng.uniform(form.code_min - 3, form.code_max + 3, 2000) - form.zero_point
    halves = (rng.integers(form.code_min - 2, form.code_max + 2, 300) - form.zero_point + 0.5) * form.scale
    ends = [0.0, -0.0, np.inf, -np.inf, 5e-324, -5e-324, 1.7e308, -1.7e308]
    x = np.concatenate([spread * form.scale, halves, ends])
    steps = thresholds(form, ties)
    np.testing.assert_array_equal(counted(steps, x, form), form.quantize(x, ties))
    with np.errstate(over="ignore"):
        narrow = x.astype(np.float32)
    np.testing.assert_array_equal(counted(single(steps), narrow, form), form.quantize(narrow.astype(np.float64), ties))


@given(
    st.integers(4, 10),
    st.booleans(),
    st.floats(2.0**-126, 2.0**126),
    st.data(),
    st.sampled_from(TIES),
)
def test_any_format(bits, signed, scale, data, ties):
    probe = Format(bits, signed, scale)
    form = Format(bits, signed, scale, data.draw(st.integers(probe.code_min, probe.code_max)))
    steps = thresholds(form, ties)
    at = data.draw(st.integers(0, len(steps) - 1))
    x = np.array([np.nextafter(steps[at], -np.inf), steps[at], np.nextafter(steps[at], np.inf)])
    np.testing.assert_array_equal(counted(steps, x, form), form.quantize(x, ties))
