"""What is emitted: reproducible, readable, strict, and equal to Design.eval for designs of every shape.

The designs of the property test are drawn at random from the whole datapath, not fitted: what the fits of today
do not use yet (several terms, degree 2) is held to the same proof.
"""

import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gelugen.design import Coefficient, Design, Term
from gelugen.emit import MANIFEST, emit, latency
from gelugen.errors import GelugenError
from gelugen.search import build
from gelugen.spec import Spec, Target
from gelugen.verify.c import check_c
from gelugen.verify.icarus import check_icarus

# A guarantee that every design keeps: here only bit-exactness is asked.
ANY = "ulp:65535"


def write(folder, files):
    for name, text in files.items():
        (folder / name).write_text(text)


@st.composite
def formats(draw):
    bits = draw(st.integers(4, 6))
    signed = draw(st.booleans())
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    zero_point = draw(st.sampled_from([0, low, high]) | st.integers(low, high))
    return f"{'' if signed else 'u'}int{bits}:scale=0.25,zero_point={zero_point}"


@st.composite
def coefficients(draw, depth):
    width, signed = draw(st.integers(1, 5)), draw(st.booleans())
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    values = draw(st.lists(st.integers(low, high), min_size=depth, max_size=depth))
    return Coefficient(tuple(values), width, signed, draw(st.integers(0, 2)))


@st.composite
def designs(draw):
    spec = Spec("gelu", draw(formats()), draw(formats()), ANY)
    folded = draw(st.booleans())
    bits = Design(spec, "table", "residual" if folded else "none", ()).u_bits
    terms = []
    for _ in range(draw(st.integers(0, 2))):
        dx_bits = draw(st.integers(0, bits - 1))
        depth = draw(st.integers(1, 1 << bits - dx_bits))
        degree = draw(st.integers(0, 2)) if dx_bits else 0
        terms.append(Term(dx_bits, tuple(draw(coefficients(depth)) for _ in range(degree + 1))))
    return Design(
        spec,
        "residual-table" if folded else "table",
        "residual" if folded else "none",
        tuple(terms),
        bias=draw(st.integers(-40, 40)),
        shift=draw(st.integers(0, 4)),
        line_shift=draw(st.integers(0, 2)) if folded else 0,
        line_drop=draw(st.integers(0, 2)) if folded else 0,
        offset=draw(st.integers(-20, 20)) if folded else 0,
    )


@pytest.mark.needs("cc", "icarus")
@settings(max_examples=25)
@given(design=designs())
def test_any_point_of_the_datapath_is_emitted_bit_for_bit(design, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    write(folder, emit(design, Target("any_point")))
    for verdict in [*check_c(folder, "any_point", design), *check_icarus(folder, "any_point", design)]:
        assert (verdict.status, verdict.checked) == ("pass", verdict.codes), verdict


def test_the_same_request_gives_the_same_bytes():
    spec = Spec("gelu_tanh", "q2.5", "q2.5", "faithful")
    assert emit(build(spec), Target("twice")) == emit(build(spec), Target("twice"))


def test_small_tables_stand_in_the_source_and_large_ones_in_files():
    little = emit(build(Spec("gelu", "q3.4", "q3.4", architecture="table")), Target("little"))
    assert "$readmemh" not in little["little.v"]
    assert "little.c" not in little
    big = emit(build(Spec("gelu", "q3.12", "q3.4", architecture="table")), Target("big"))
    assert 'parameter MEM_FILE = "big.mem"' in big["big.v"]
    assert "extern const int8_t big_c0[" in big["big.h"]
    assert "const int8_t big_c0[" in big["big.c"]


def test_every_file_opens_with_its_contract():
    spec = Spec("gelu_sigmoid", "int8:scale=0.05,zero_point=3", "int8:scale=0.05,zero_point=-7", "faithful")
    files = emit(build(spec), Target("contract"))
    for name in ("contract.h", "contract.v"):
        head = files[name][:2500]
        for part in (
            "SPDX-License-Identifier: 0BSD",
            "gelu_sigmoid(x) = x * sigmoid(1.702 * x)",
            "int8, scale 0.05, zero point 3",
            "faithful: |error| < 1 ulp at every code",
            "ROM bits",
            "--function gelu_sigmoid",
        ):
            assert part in head, (name, part)


def test_nothing_of_this_machine_or_day_is_in_a_file():
    files = emit(build(Spec("gelu", "q3.4", "q3.4")), Target("plain"))
    for name, text in files.items():
        assert not re.search(r"20\d\d-\d\d|/home|/tmp|/root|/work", text), name
        assert all(line == line.rstrip() for line in text.splitlines()), name


def test_c_and_verilog_take_their_names_from_the_target():
    files = emit(build(Spec("gelu", "q3.4", "q3.4")), Target("my_act"))
    assert set(files) == {"my_act.h", "my_act.v", "my_act_tb.v", "my_act_expected.mem", "my_act.mem", MANIFEST}
    assert "static inline int8_t my_act(int8_t x)" in files["my_act.h"]
    assert "\nmodule my_act (" in files["my_act.v"]


@pytest.mark.parametrize(
    ("architecture", "clocks"),
    [("table", 1), ("residual-table", 3), ("uniform-linear", 3), ("residual-uniform-linear", 4)],
)
def test_latency_is_stated_where_the_architecture_is(architecture, clocks):
    design = build(Spec("gelu", "q3.4", "q3.4", architecture=architecture))
    assert latency(design) == clocks
    assert f"localparam LATENCY = {clocks};" in emit(design, Target("stated"))["stated.v"]


def test_a_function_that_is_its_fold_alone_needs_no_table():
    design = build(Spec("gelu", "int8:scale=1", "int8:scale=1", architecture="residual-table"))
    files = emit(design, Target("relu_only"))
    assert design.rom_bits == 0
    assert "relu_only.mem" not in files
    assert "case" not in files["relu_only.v"].split("default_nettype")[1]


@pytest.mark.needs("cc")
def test_two_headers_go_together_in_c_and_in_cpp(tmp_path):
    for name, function in (("one", "gelu"), ("two", "gelu_tanh")):
        write(tmp_path, emit(build(Spec(function, "q3.4", "q3.4")), Target(f"act_{name}")))
    (tmp_path / "both.c").write_text(
        '#include "act_one.h"\n#include "act_two.h"\n#include "act_one.h"\n'
        "int both(void);\nint both(void) { return act_one(3) + act_two(-3); }\n"
    )
    shutil.copy(tmp_path / "both.c", tmp_path / "both.cpp")
    builds = [["gcc", "-std=c99"]]
    if shutil.which("g++"):
        builds.append(["g++", "-std=c++11"])
    for words in builds:
        source = "both.cpp" if words[0] == "g++" else "both.c"
        flags = ["-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-pedantic", "-Werror"]
        done = subprocess.run([*words, *flags, "-c", source], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


NAMES = "x y k u v i n h dx line in out valid clk in_data LATENCY word_2 r_3 int8_t INT8_MAX NULL erf I"


@pytest.mark.needs("cc", "icarus")
@pytest.mark.parametrize("name", NAMES.split(" "))
def test_a_name_is_refused_or_works(tmp_path, name):
    design = build(Spec("gelu", "q2.3", "q2.3", architecture="residual-uniform-linear"))
    try:
        target = Target(name)
    except GelugenError:
        return
    write(tmp_path, emit(design, target))
    for verdict in [*check_c(tmp_path, name, design), *check_icarus(tmp_path, name, design)]:
        assert verdict.status == "pass", verdict
