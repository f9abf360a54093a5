"""How often each input code occurs: notation, weights, files, and what is refused."""

import hashlib
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gelugen.density import Density
from gelugen.errors import GelugenError
from gelugen.formats import Format

TINY = Format.parse("q1.2")  # the 16 codes -8 to 7, -2 to 1.75


def written(tmp_path, text):
    path = tmp_path / "acts.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return f"histogram:{path}"


def test_densities_by_example(tmp_path):
    uniform = Density.parse("uniform").weights(TINY)
    assert uniform.tolist() == [1 / 16] * 16

    gaussian = Density.parse("gaussian:0,0.5").weights(TINY)
    assert gaussian.argmax() == 8  # code 0
    assert gaussian[8 - 2] == gaussian[8 + 2] == pytest.approx(gaussian[8] * np.exp(-0.5))  # codes of -0.5 and 0.5

    lines = ["# counts of one epoch"] + [f"{3 if code < 0 else 1}" for code in range(-8, 8)]
    histogram = Density.parse(written(tmp_path, "\n".join(lines))).weights(TINY)
    assert histogram.tolist() == [3 / 32] * 8 + [1 / 32] * 8


@pytest.mark.parametrize("separator", [" ", ",", ", ", "\t", " , "])
def test_a_histogram_may_name_its_codes_in_any_order(tmp_path, separator):
    text = "".join(f"{code}{separator}{code + 8}\n" for code in reversed(range(-8, 8)))
    assert Density.parse(written(tmp_path, text)).weights(TINY).tolist() == [n / 120 for n in range(16)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_and_numpy_write_is_read(tmp_path, end):
    np.savetxt(tmp_path / "numpy.txt", np.arange(16.0), header="counts")
    assert Density.parse(f"histogram:{tmp_path}/numpy.txt").weights(TINY)[15] == 15 / 120
    text = "\ufeff" + end.join(f"{code},1.0e0" for code in range(-8, 8)) + end + end
    assert Density.parse(written(tmp_path, text)).weights(TINY).tolist() == [1 / 16] * 16


@given(
    st.one_of(
        st.just(Density()),
        st.builds(
            Density,
            st.just("gaussian"),
            st.floats(-2.0, 1.75),
            st.floats(0.1, 1e300),
        ),
    ),
    st.integers(4, 10),
    st.booleans(),
)
def test_weights_are_a_density_and_the_text_gives_it_back(density, bits, signed):
    assert Density.parse(str(density)) == density
    weights = density.weights(Format(bits, signed, 0.125))
    assert weights.shape == (1 << bits,)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


@given(st.lists(st.floats(0, 1e308), min_size=16, max_size=16).filter(any))
def test_any_weights_that_are_not_negative_make_a_histogram(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_text("\n".join(map(repr, values)))
    weights = Density.parse(f"histogram:{path}").weights(TINY)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert ((weights > 0) <= (np.array(values) > 0)).all()
    assert weights.argmax() == np.argmax(values)


def test_a_text_has_one_form():
    assert str(Density.parse("gaussian: +0.0 , 1e0")) == "gaussian:0,1"
    assert str(Density.parse("gaussian:-0,.50")) == "gaussian:0,0.5"
    assert Density.parse("gaussian:-0,1") == Density.parse("gaussian:0,1")


# -- a file and its digest -------------------------------------------------------------------------------------


def test_a_pinned_histogram_carries_the_digest_of_its_file(tmp_path):
    given_text = written(tmp_path, "1\n" * 16)
    pinned = Density.parse(given_text).pinned(TINY)
    assert pinned.sha256 == hashlib.sha256(b"1\n" * 16).hexdigest()
    assert Density.parse(str(pinned)) == pinned
    assert pinned.pinned(TINY) == pinned
    assert pinned.weights(TINY).tolist() == [1 / 16] * 16


def test_a_file_that_has_changed_is_refused_and_one_that_is_gone_only_when_it_is_needed(tmp_path):
    pinned = Density.parse(written(tmp_path, "1\n" * 16)).pinned(TINY)
    written(tmp_path, "2\n" * 16)
    with pytest.raises(GelugenError, match=r"has changed: its SHA-256 is [0-9a-f]{64}, and the spec was made with"):
        pinned.weights(TINY)
    (tmp_path / "acts.txt").unlink()
    assert pinned.pinned(TINY) == pinned
    with pytest.raises(GelugenError, match=r"acts.txt cannot be read"):
        pinned.weights(TINY)


def test_a_path_may_hold_what_the_notation_uses():
    odd = Density.parse("histogram:a:b,c@sha256:d e.csv")
    assert (odd.path, odd.sha256) == ("a:b,c@sha256:d e.csv", "")
    assert Density.parse(f"{odd}@sha256:{'0' * 64}").path == odd.path


# -- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "normal", "Uniform", "uniform:", "gaussian", "histogram", "histogram:", None, 3, ["uniform"], b"uniform"],
    ids=repr,
)
def test_an_unknown_density_is_refused(text):
    with pytest.raises(GelugenError) as refusal:
        Density.parse(text)
    assert repr(text) in str(refusal.value)
    assert "gaussian:MEAN,STD" in str(refusal.value)


@pytest.mark.parametrize(
    "rest", ["", "0", "0,", ",1", "0,1,2", "a,1", "0,0", "0,-1", "nan,1", "0,inf", "1e999,1", "0;1"]
)
def test_a_gaussian_without_two_good_numbers_is_refused(rest):
    with pytest.raises(GelugenError, match=re.escape(f"'gaussian:{rest}' must be gaussian:MEAN,STD")):
        Density.parse(f"gaussian:{rest}")


def test_a_gaussian_that_does_not_reach_the_range_is_refused():
    with pytest.raises(GelugenError, match=r"gaussian:100,0.1 gives no code of q1.2 a weight.*-2.0 to 1.75"):
        Density.parse("gaussian:100,0.1").pinned(TINY)


FULL = "".join(f"{code} 1\n" for code in range(-8, 8))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "is empty: it must give a weight for each of the 16 codes of q1.2, -8 to 7"),
        ("# nothing\n\n", "is empty"),
        ("1\n" * 15, "holds 15 weights"),
        ("1\n" * 17, "holds 17 weights"),
        (FULL.replace("\n3 1", ""), "lacks code 3"),
        ("5 1\n", "lacks code -8: it must give a weight, 0 if it never occurs"),
        (FULL + "8 1\n", "line 17: code 8 must be a whole number from -8 to 7"),
        (FULL + "-9 1\n", "code -9 must"),
        (FULL + "1.5 1\n", "code 1.5 must"),
        (FULL + "nan 1\n", "code nan must"),
        (FULL + "7 1\n", "line 17: code 7 stands there twice"),
        (FULL.replace("2 1", "2 -1", 1), "line 7: weight -1 must be a finite number of at least 0"),
        (FULL.replace("2 1", "2 inf", 1), "weight inf must"),
        (FULL.replace("2 1", "2 nan", 1), "weight nan must"),
        ("0\n" * 16, "gives every code the weight 0"),
        (FULL + "7\n", "line 17: '7' must be one weight, or a code and its weight"),
        (FULL + "1 2 3\n", "line 17: '1 2 3' must be"),
        ("code,weight\n" + FULL, "line 1: 'code,weight' must be"),
        (b"\xff\xfe1", "is no text"),
    ],
    ids=lambda value: repr(value)[-30:],
)
def test_a_histogram_that_is_no_density_is_refused(tmp_path, text, named):
    density = Density.parse(written(tmp_path, text))
    for take in (density.weights, density.pinned):
        with pytest.raises(GelugenError) as refusal:
            take(TINY)
        assert named in str(refusal.value)
        assert "acts.txt" in str(refusal.value)


@pytest.mark.parametrize("path", ["missing.txt", ".", "nul\0"])
def test_a_file_that_cannot_be_read_is_refused(path):
    with pytest.raises(GelugenError, match="cannot be read"):
        Density.parse(f"histogram:{path}").weights(TINY)
