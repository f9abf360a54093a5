"""The AXI4-Stream wrapper: its text, what linters say of it, and every code through it in simulation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from stream_units import NAME, Case, changed, unit

from gelugen.bank_spec import BankSpec
from gelugen.emit import stream
from gelugen.emit.contract import Contract
from gelugen.emit.stream import Bus, buses
from gelugen.flow import generate
from gelugen.formats import Format
from gelugen.spec import Spec, Target
from gelugen.synthesis.yosys import run_script
from gelugen.verify import verilator
from gelugen.verify.stream import check_stream, sweep_stream

CASES = [
    Case("byte", 0),
    Case("byte", 1),
    Case("narrow", 2, 3),
    Case("wide", 3, 2),
    Case("gated", 4),
    Case("gated", 0, 2),
]


# -- the layout of tdata ---------------------------------------------------------------------------------------


def test_codes_stand_in_whole_bytes_port_by_port_and_lane_after_lane():
    bus = Bus.of({"in_gate": Format.parse("q3.8"), "in_up": Format.parse("uq1.4")}, 2)
    assert [(field.port, field.lane, field.top, field.low) for field in bus.fields] == [
        ("in_gate", 0, 11, 0),
        ("in_up", 0, 20, 16),
        ("in_gate", 1, 35, 24),
        ("in_up", 1, 44, 40),
    ]
    assert bus.width == 48
    assert bus.ignored == 0xE0F000E0F000
    codes = {"in_gate": np.array([-1, 5, -2048, 2047]), "in_up": np.array([31, 0, 1, 2])}
    assert bus.words(codes) == [0x00_0005_1F_FFFF, 0x02_07FF_01_F800]


def test_a_port_that_lanes_share_stands_once_and_lowest():
    bus = Bus.of({"in_data": Format.parse("q3.4"), "in_select": Format.parse("uq4.0")}, 2, {"in_select"})
    assert [(field.port, field.lane, field.low) for field in bus.fields] == [
        ("in_select", 0, 0),
        ("in_data", 0, 8),
        ("in_data", 1, 16),
    ]


def test_the_input_and_the_output_have_their_own_layouts():
    source, sink = buses(unit("gated"), 2)
    assert (source.width, sink.width) == (32, 32)
    assert [field.form.bits for field in source.fields] == [4, 5, 4, 5]
    assert [field.form.bits for field in sink.fields] == [10, 10]


# -- the text --------------------------------------------------------------------------------------------------


def test_the_header_says_where_codes_stand_and_how_long_they_take():
    text = Case("gated", 4).wrapper()
    assert "//   latency    5 clocks from an accepted transfer to its result, one transfer a clock" in text
    assert "//   s_axis     tdata: gate in bits 3 to 0, up in bits 12 to 8; the bits above a code are ignored" in text
    assert "//   m_axis     tdata: the code in bits 9 to 0; above a code stand copies of its sign" in text
    assert "    localparam LATENCY = 5;" in text
    assert "above a code stand zeros" in Case("narrow", 1).wrapper()


def test_parameters_of_memories_and_the_write_port_are_handed_on():
    byte = unit("byte")
    text = stream.files(byte, Target(NAME), Contract.of(byte, Target(NAME)), 2, [("MEM_FILE", "dut.mem")], (8, 9))[
        f"{NAME}_axis.v"
    ]
    for line in (
        '    parameter MEM_FILE = "dut.mem", // as seen from where the tool runs',
        "        .MEM_FILE(MEM_FILE)\n    ) core (",
        "    input  wire [7:0] wr_addr,\n    input  wire [8:0] wr_data,",
        "        .wr_en(wr_en),\n        .wr_addr(wr_addr),\n        .wr_data(wr_data),",
    ):
        assert text.count(line) == 1, line


# -- linters ---------------------------------------------------------------------------------------------------


def says(*words):
    """What a tool prints, which must be nothing."""
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.mark.needs("icarus")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_icarus_warns_of_nothing(tmp_path, case):
    folder = case.write(tmp_path)
    assert not says(
        "iverilog", "-g2001", "-Wall", "-o", folder / "out", folder / f"{NAME}_axis.v", folder / f"{NAME}.v"
    )


@pytest.mark.needs("yosys")
@pytest.mark.parametrize("user", [1, 5])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_yosys_warns_of_nothing(tmp_path, case, user):
    case.write(tmp_path)
    read = [f"read_verilog {NAME}.v {NAME}_axis.v", f"hierarchy -check -top {NAME}_axis -chparam USER_WIDTH {user}"]
    assert run_script([*read, "proc", "check -assert", "opt", "flatten", "opt"], tmp_path).warnings == ()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verilator_warns_of_nothing(tmp_path, case):
    found = verilator.find()
    if isinstance(found, str):
        pytest.skip(found)
    case.write(tmp_path)
    words = [found.binary, "--lint-only", "-Wall", "--quiet", f"-I{tmp_path}", tmp_path / f"{NAME}_axis.v"]
    environment = {**os.environ, **found.environment}
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, env=environment)
    assert "%Warning" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr


# -- simulation ------------------------------------------------------------------------------------------------


def swept(folder, case):
    return sweep_stream("icarus", folder, NAME, case.unit, case.latency, case.lanes)


@pytest.mark.needs("icarus")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_code_comes_through_with_gaps_stalls_and_resets(tmp_path, case):
    verdict = swept(case.write(tmp_path), case)
    assert (verdict.status, verdict.note) == ("pass", "")
    assert verdict.checked == verdict.codes == 1 << sum(form.bits for form in case.unit.ports.values())
    assert verdict.mismatches == 0


@pytest.mark.needs("icarus")
@pytest.mark.parametrize(
    ("spec", "target"),
    [
        (BankSpec({"a": Spec("gelu", "q2.3", "q2.3"), "b": Spec("tanh", "q2.3", "q2.3")}), {"lanes": 2}),
        (Spec("gelu", "q2.3", "q2.3", architecture="table"), {"writable": True}),
        (Spec("gelu", "uq2.11", "q2.11", architecture="table"), {"lanes": 2}),
    ],
    ids=["bank", "writable", "memory from a file"],
)
def test_what_is_emitted_comes_through(tmp_path, spec, target):
    made = generate(spec, tmp_path, Target(NAME, stream=True, **target))
    (verdict,) = check_stream("icarus", made.folder, NAME, made.design, Target(NAME, stream=True, **target))
    assert (verdict.status, verdict.note) == ("pass", "")
    assert verdict.checked == 1 << sum(form.bits for form in made.design.ports.values())


HANDSHAKE = {
    "spare is forgotten": ("entry_full <= spare_full || accept;", "entry_full <= accept;"),
    "spare is overwritten": ("        if (ready)\n            spare", "        if (1'b1)\n            spare"),
    "the order changes": ("spare_full ? spare : arriving", "spare_full ? arriving : spare"),
    "what is full accepts": (
        "            ready <= 1'b0;\n            spare_full <= 1'b1",
        "            spare_full <= 1'b1",
    ),
    "a transfer repeats": ("            spare_full <= 1'b0;\n        end else if (acc", "        end else if (acc"),
    "the output does not wait": ("wire move = m_axis_tready || !m_axis_tvalid;", "wire move = 1'b1;"),
    "bubbles stay": ("wire move = m_axis_tready || !m_axis_tvalid;", "wire move = m_axis_tready;"),
    "tlast and tuser do not wait": ("        if (move)\n            beside", "        if (1'b1)\n            beside"),
    "tlast is forgotten": ("s_axis_tuser, s_axis_tlast,", "s_axis_tuser, 1'b0,"),
    "half the throughput": ("            ready <= 1'b1;", "            ready <= !ready;"),
    "a reset forgets entry": ("            entry_full <= 1'b0;\n", ""),
    "a reset forgets the core": (".rst(!aresetn)", ".rst(1'b0)"),
}


@pytest.mark.needs("icarus")
@pytest.mark.parametrize("edit", HANDSHAKE.values(), ids=HANDSHAKE)
def test_the_bench_sees_a_wrong_handshake(tmp_path, edit):
    case = Case("narrow", 2)
    verdict = swept(case.write(tmp_path, edit), case)
    assert verdict.status == "fail"
    assert "handshake" in verdict.note or "unknown" in verdict.note or "only" in verdict.note


@pytest.mark.needs("icarus")
def test_the_bench_sees_wrong_data(tmp_path):
    case = Case("wide", 1, 2)
    one = swept(case.write(tmp_path, ("result[23:12],", "result[23:12] ^ 12'd1,")), case)
    assert (one.status, one.checked, one.mismatches, one.note) == ("fail", 64, 32, "")
    code, expected, got = one.first_mismatch
    assert expected == case.unit.eval([code])[0] == got ^ 1

    padding = swept(case.write(tmp_path, ("{4{result[11]}}", "4'd0")), case)
    negative = case.unit.eval(case.unit.spec.input.codes()) < 0
    assert padding.mismatches == sum(negative[::2])
    assert padding.status == "fail"


@pytest.mark.needs("icarus")
def test_the_bench_drives_what_must_be_ignored(tmp_path):
    case = Case("narrow", 1)
    assert swept(case.write(tmp_path, ("s_axis_tdata[5:0]}", "s_axis_tdata[6:1]}")), case).status == "fail"
    wrong = (
        "{s_axis_tuser, s_axis_tlast, s_axis_tdata[5:0]}",
        "{s_axis_tuser, s_axis_tlast, s_axis_tdata[6] ^ s_axis_tdata[5], s_axis_tdata[4:0]}",
    )
    assert swept(case.write(tmp_path, wrong), case).status == "fail"


@pytest.mark.needs("icarus")
def test_an_unknown_bit_is_a_failure(tmp_path):
    case = Case("byte", 1)
    verdict = swept(
        case.write(tmp_path, ("assign m_axis_tdata = result;", "assign m_axis_tdata = {1'bx, result[6:0]};")), case
    )
    assert verdict.status == "fail"
    assert verdict.note.startswith("unknown bits (X or Z) in 256 transfers")


@pytest.mark.needs("icarus")
def test_text_that_does_not_build_is_a_failure(tmp_path):
    case = Case("byte", 1)
    verdict = swept(case.write(tmp_path, ("endmodule", "endmodul")), case)
    assert (verdict.status, verdict.checked) == ("fail", 0)
    assert "error" in verdict.note


# -- the example -----------------------------------------------------------------------------------------------

EXAMPLE = Path(__file__).parent.parent / "examples" / "axi_chain"


def run_example(folder, example=EXAMPLE):
    words = [sys.executable, example / "run.py", "--out", folder]
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)


@pytest.mark.needs("icarus")
def test_the_example_runs_without_a_warning(tmp_path):
    done = run_example(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("PASS: 400 outputs compared, 0 mismatches;")


@pytest.mark.needs("icarus")
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("requantize.v", "product + HALF", "product"),
        ("requantize.v", "beside[USER_WIDTH:0], s_axis_tuser", "beside[USER_WIDTH:0], ~s_axis_tuser"),
        ("dot_product.v", "sum <= s_axis_tlast ? 32'sd0 : total", "sum <= total"),
        ("dot_product.v", "m_axis_tready || !m_axis_tvalid", "1'b1"),
    ],
    ids=["rounding", "tuser", "packets", "back-pressure"],
)
def test_the_example_sees_what_is_wrong(tmp_path, file, old, new):
    example = shutil.copytree(EXAMPLE, tmp_path / "axi_chain")
    text = (example / file).read_text()
    (example / file).write_text(changed(text, (old, new)))
    done = run_example(tmp_path / "out", example)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(("FAIL", "mismatch"))
