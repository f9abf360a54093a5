"""What is emitted: reproducible, readable, strict, and equal to Design.eval for designs of every shape.

The designs of the property tests are drawn at random from the whole datapath, not fitted (``designs.py``).
"""

import os
import re
import shutil
import subprocess

import pytest
from designs import ANY, designs
from hypothesis import assume, given, settings

from gelugen.design import Breakpoints, Coefficient, Design, Dyadic, Offset, Term, Uniform
from gelugen.emit import MANIFEST, emit, latency
from gelugen.errors import GelugenError
from gelugen.search import build
from gelugen.spec import Spec, Target
from gelugen.verify.c import check_c, sweep_c
from gelugen.verify.icarus import check_icarus, run_own_bench
from gelugen.verify.verilator import find as find_verilator


def write(folder, files):
    for name, text in files.items():
        (folder / name).write_text(text)


@pytest.mark.needs("cc", "icarus")
@settings(max_examples=6)
@given(design=designs())
def test_any_point_of_the_datapath_is_emitted_bit_for_bit(design, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    write(folder, emit(design, Target("any_point")))
    for verdict in [*check_c(folder, "any_point", design), *check_icarus(folder, "any_point", design)]:
        assert (verdict.status, verdict.checked) == ("pass", verdict.codes), verdict


@pytest.mark.needs("cc", "icarus")
@settings(max_examples=30)
@given(design=designs())
def test_many_points_of_the_datapath_go_through_one_compiler_and_one_bench(design, tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    write(folder, emit(design, Target("many")))
    compiled = sweep_c("gcc", "gcc", ["-O1", *SANITIZER], folder, "many", design)
    for verdict in (compiled, run_own_bench("Icarus", folder, "many", design)):
        assert (verdict.status, verdict.checked) == ("pass", verdict.codes), verdict


SANITIZER = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]


def verilator():
    """The command of Verilator's linter and what it needs in its environment, or None."""
    found = find_verilator()
    return None if isinstance(found, str) else ([found.binary], found.environment)


def lint(folder, name):
    """What the linters say: Icarus, and Verilator if it is there."""
    runs = [(["iverilog", "-g2001", "-Wall", "-o", os.devnull], {})]
    if found := verilator():
        runs.append(([*found[0], "--lint-only", "-Wall", "--quiet"], found[1]))
    says = ""
    for words, more in runs:
        done = subprocess.run(
            [*words, f"{name}.v", *(each.name for each in folder.glob(f"{name}_act.v"))],
            cwd=folder,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        says += done.stderr + ("" if done.returncode == 0 else f"exit code {done.returncode}")
    return says


@pytest.mark.needs("icarus", "verilator")
@settings(max_examples=30)
@given(design=designs())
def test_no_linter_warns_of_any_point_of_the_datapath(design, tmp_path_factory):
    assume(not any(term.digits for term in design.terms))  # of which test_digits.py lints what fits give
    folder = tmp_path_factory.mktemp("lint")
    write(folder, emit(design, Target("linted")))
    assert lint(folder, "linted") == ""


@pytest.mark.needs("icarus", "verilator")
@pytest.mark.parametrize(
    ("old", "new"), [("reg [6:0] line_1", "reg [7:0] line_1"), ("endmodule", "wire idle = 1'b0;\nendmodule")]
)
def test_the_linters_see_a_wrong_width_and_an_unused_wire(tmp_path, old, new):
    files = emit(build(Spec("gelu", "q3.4", "q3.4", architecture="residual-uniform-linear")), Target("linted"))
    write(tmp_path, {"linted.v": files["linted.v"]})
    assert lint(tmp_path, "linted") == ""
    assert old in files["linted.v"]
    write(tmp_path, {"linted.v": files["linted.v"].replace(old, new)})
    assert lint(tmp_path, "linted") != ""


# -- how each map and fold is written down ---------------------------------------------------------------------

INT8 = Spec("gelu", "q3.4", "q3.4", ANY)


def texts(*terms, fold="residual", **numbers):
    """The body of the C function, and the Verilog from the tables on."""
    files = emit(Design(INT8, "table", fold, terms, **numbers), Target("seen"))
    header, module = files["seen.h"], files["seen.v"]
    return header[header.index("seen(int8_t x)") : header.index("@brief The same")], module[
        module.index("assign out_valid") :
    ]


def column(*values, width=4, signed=False, **more):
    return Coefficient(values, width, signed, **more)


def test_a_binary_split_is_a_casez_with_one_arm_a_leaf():
    split = Term(Dyadic((4, 3, 3, 5)), (column(1, 2, 3, 4), column(5, 6, 7, 8)))
    header, module = texts(split)
    assert "casez (u_0[7:3])" in module
    assert "5'b0000?: begin word_1 <= 8'h51; dx_1 <= {~u_0[3], u_0[2:0], 1'd0}; end" in module
    assert "5'b00011: begin word_1 <= 8'h73; dx_1 <= {~u_0[2], u_0[1:0], 2'd0}; end" in module
    assert "5'b001??: begin word_1 <= 8'h84; dx_1 <= {~u_0[4], u_0[3:0]}; end" in module
    assert "default: begin word_1 <= 8'h00; dx_1 <= 5'd0; end" in module
    assert "    const uint32_t i = u >> 3;\n" in header  # rows are small: two for the first leaf, four for the last
    assert "if (i < 8u) {" in header
    assert "row = GELUGEN_READ(uint16_t, seen_impl_rows, i);" in header
    assert "dx = (int32_t)((u << (row & 3u)) & 31u) - 16;" in header


def test_breakpoints_are_a_chain_of_comparisons():
    points = Term(Breakpoints((0, 9, 20)), (column(1, 2), column(5, 6)))
    header, module = texts(points)
    assert "        if (u_1 < 8'd9) begin word_2 <= 8'h51; dx_2 <= u_1[3:0] - 4'd8; end\n" in module
    assert "        else if (u_1 < 8'd20) begin word_2 <= 8'h62; dx_2 <= u_1[3:0] - 4'd1; end\n" in module
    assert "        else begin word_2 <= 8'h00; dx_2 <= 4'd0; end\n" in module
    assert "i = ((8u - u) >> 31);" in header
    assert "dx = (int32_t)u - (int32_t)(row & 31u);" in header


def test_many_segments_are_found_by_a_bisection_of_fixed_steps():
    spec = Spec("gelu", "q3.12", "q3.12", ANY)
    points = Term(Breakpoints((3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 30001)), (column(*range(10)),))
    header = emit(Design(spec, "table", "residual", (points,)), Target("seen"))["seen.h"]
    assert re.findall(r"if \(u >= GELUGEN_READ\(uint16_t, at, (\d+)\)\) \{\n +at \+= (\d+);", header) == [
        ("5", "5"),
        ("2", "2"),
        ("1", "1"),
        ("1", "1"),
    ]


def test_spread_segments_are_looked_for_from_where_a_table_says():
    spec = Spec("gelu", "q3.12", "q3.12", ANY)
    points = Term(Breakpoints(tuple(range(3, 3 + 21 * 700, 700))), (column(*range(20), width=5),))
    header = emit(Design(spec, "table", "residual", (points,)), Target("seen"))["seen.h"]
    assert "const uint16_t *at = seen_impl_start + GELUGEN_READ(uint8_t, seen_impl_near, u >> 9);" in header
    assert re.findall(r"if \(u >= GELUGEN_READ\(uint16_t, at, (\d+)\)\) \{\n +at \+= (\d+);", header) == [("1", "1")]


def test_a_constant_on_an_interval_is_one_comparison_and_stores_nothing():
    tail = Term(Breakpoints((100, 107)), (column(0, width=0, base=1),))
    header, module = texts(Term(Uniform(4), (column(1, 2, 3),)), tail)
    assert "    if (u >= 100u && u < 107u) {\n        v += 1;\n    }" in header
    assert "t1_inside_2 <= u_1 >= 8'd100 && u_1 < 8'd107;" in module
    assert "t1_c0_2 = t1_inside_2 ? 1'd1 : 1'd0;" in module
    assert "t1_word" not in module


def test_shared_coefficients_have_no_storage():
    line = Term(Uniform(4), (column(1, 2, 3, base=5), column(0, 0, 0, width=0, base=-2)))
    header, module = texts(line, fold="none")
    assert "seen_impl_c1" not in header
    assert "h = -2;" in header.replace("int32_t h", "h")
    assert "h = h * dx + (int32_t)GELUGEN_READ(uint8_t, seen_impl_c0, i);" in header  # the base is in the table
    assert "c1_1 = inside_1 ? -2'sd2 : 2'sd0;" in module
    assert "c0_1 = inside_1 ? {1'd0, word_1} + 5'd5 : 5'd0;" in module


def test_offsets_are_inverted_by_exclusive_or():
    header, module = texts(Term(Offset(5, 1, 3), (column(*range(16), width=5),)))
    assert "m = -(int32_t)((u >> 3) & 1u);" in header
    assert "i = ((u >> 5) << 2) | (~((u >> 1) ^ (uint32_t)m) & 3u);" in header
    assert "v -= 1;\n        v -= ((int32_t)GELUGEN_READ(uint8_t, seen_impl_c0, i) ^ m);" in header
    assert "index = {u_1[7:5], u_1[2:1] ^ {2{~u_1[3]}}};" in module
    assert "flip_1 = ~u_1[3] && index < 5'd16;" in module
    assert "c0_1 = {1'd0, word_1} ^ {6{flip_1}};" in module


def test_neighbouring_terms_on_the_same_codes_share_one_condition():
    tables = [Term(Uniform(4), (column(*values),)) for values in ((1, 2, 3), (4, 5, 6), (7, 8))]
    ends = [Term(Breakpoints((0, end)), (column(0, width=0, base=1),)) for end in (100, 100, 90)]
    body = texts(*tables, *ends)[0]
    assert re.findall(r"    if \((.*)\) {", body) == ["i0 < 3u", "i2 < 2u", "u < 100u", "u < 90u"]
    assert body.count("v += ") == 6
    assert body.count("{") == body.count("}") == 5


@pytest.mark.parametrize(
    ("fold", "one", "in_c", "in_verilog"),
    [
        ("odd", 0, "y = (y ^ sign) - sign;", "? -r_2 : r_2;"),
        ("complement", 100, "y = k < 0 ? 100 - y : y;", "? 8'sd100 - {{3{r_2[4]}}, r_2} : {{3{r_2[4]}}, r_2};"),
        ("even", 0, "int32_t y = 0;", "out <= {{3{r_2[4]}}, r_2};"),
    ],
)
def test_a_fold_is_undone_at_the_end(fold, one, in_c, in_verilog):
    header, module = texts(Term(Uniform(4), (column(1, 15, 3),)), fold=fold, one=one)
    assert in_c in header
    assert in_verilog in module
    assert ("negative_2 <= negative_1;" in module) == (fold != "even")


def test_a_step_s_shift_drops_bits_of_its_product_alone():
    header, module = texts(Term(Uniform(4), (column(1, 2, 3), column(1, -2, 3, signed=True)), (2,)))
    assert "h = seen_impl_floor(h * dx, 2) + (int32_t)" in header
    assert re.search(r"q0_2 = p0_2\[\d+:2\];", module)
    assert "unused_p0_2 = p0_2[1:0];" in module


def test_zeros_that_the_factor_dropped_are_counted_against_the_shift():
    columns = (column(1, 2, 3), column(1, -2, 3, signed=True, drop=2))
    _, module = texts(Term(Uniform(4), columns, (2,)))
    assert "q0_" not in module
    _, module = texts(Term(Uniform(4), columns, (1,)))
    assert re.search(r"h0_2 = \{p0_2, 1'd0\} \+ ", module)


def test_an_integer_that_does_not_fit_32_bits_is_held_in_64():
    small = Term(Uniform(4), (column(1, 2, 3),))
    assert "int64_t" not in texts(small, shift=29)[0]
    wide = Term(Uniform(4), (column(1, 2, 3), column(1, 2, 10**6, width=20, drop=12)), (18,))
    assert "int64_t" in texts(wide)[0]
    # A small negative sum, shifted by a lot, has a large constant added on the way.
    assert "int64_t" in texts(small, bias=-20, shift=31)[0]


def test_the_same_request_gives_the_same_bytes():
    spec = Spec("gelu_tanh", "q2.5", "q2.5", "faithful")
    assert emit(build(spec), Target("twice")) == emit(build(spec), Target("twice"))


def test_small_tables_stand_in_the_source_and_large_ones_in_files():
    little = emit(build(Spec("gelu", "q3.4", "q3.4", architecture="table")), Target("little"))
    assert "$readmemh" not in little["little.v"]
    assert "little.c" not in little
    big = emit(build(Spec("gelu", "q3.12", "q3.4", architecture="table")), Target("big"))
    assert 'parameter MEM_FILE = "big.mem"' in big["big.v"]
    assert "big_impl_c0" not in big["big.h"]
    assert "GELUGEN_STORAGE static const int8_t big_impl_c0[" in big["big.c"]


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


ENDINGS = (".h", ".v", "_tb.v", "_expected.mem", ".mem", ".core")


def test_c_and_verilog_take_their_names_from_the_target():
    files = emit(build(Spec("gelu", "q3.4", "q3.4")), Target("my_act"))
    assert set(files) == {f"my_act{ending}" for ending in ENDINGS} | {MANIFEST}
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
