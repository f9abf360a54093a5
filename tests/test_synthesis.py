"""Synthesis: what cells count as, what is remembered, netlists that compute the same, and refusals in one sentence."""

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from gelugen.errors import GelugenError
from gelugen.synthesis import (
    FAMILIES,
    Resources,
    cells,
    find,
    get_family,
    measure,
    measuring,
    missing,
    netlist,
    synthesize,
    yosys,
)
from gelugen.synthesis.tasks import Task, run_tasks

ADDER = "module m (input wire [7:0] a, input wire [7:0] b, output wire [8:0] y); assign y = a + b; endmodule\n"
INVERTER = "module m (input wire a, output wire y); assign y = ~a; endmodule\n"
# An adder, sixteen registers, a parity of four bits and an inverter, which have nothing in common.
MIXED = """module m (
    input wire clk, input wire [7:0] a, input wire [7:0] b, input wire [15:0] d, input wire [3:0] e, input wire f,
    output wire [8:0] y, output reg [15:0] q, output wire parity, output wire n
);
    assign y = a + b;
    always @(posedge clk) q <= d;
    assign parity = ^e;
    assign n = ~f;
endmodule
"""
SHIFTER = """module m (input wire clk, input wire d, output wire q);
    reg [15:0] s;
    always @(posedge clk) s <= {s[14:0], d};
    assign q = s[15];
endmodule
"""
# A memory of so many words of 32 bits and a product.
BLOCKS = """module m (
    input wire clk, input wire [9:0] i, output reg [31:0] q,
    input wire signed [15:0] a, input wire signed [15:0] b, output wire signed [31:0] y
);
    reg [31:0] rom [0:1023];
    initial $readmemh("m.mem", rom);
    always @(posedge clk) q <= rom[i];
    assign y = a * b;
endmodule
"""
WORDS = "\n".join(f"{(index * index * 37777777 + index) % 2**32:08x}" for index in range(1024))

KNOWN = {
    # An iCE40 lookup table adds one bit, with one carry cell. A CCU2C adds two bits in two lookup tables, and a fifth
    # one gives the carry out. A CARRY4 spans four bits, and a third one gives the carry out.
    ("ice40", MIXED): Resources(luts=8 + 1 + 1, carry=8, flip_flops=16),
    ("ecp5", MIXED): Resources(luts=2 * 5 + 1 + 1, carry=5, flip_flops=16),
    ("xc7", MIXED): Resources(luts=8 + 1, carry=3, flip_flops=16, inverters=1),
    ("xc7", SHIFTER): Resources(luts=1),  # SRL16E
    # With block RAM and DSP: 32 Kbit in blocks of 4, in blocks of 16 that parity makes 18, and in one RAMB36E1.
    ("ecp5", BLOCKS): Resources(block_rams=2, dsps=1),
    ("xc7", BLOCKS): Resources(block_rams=2, dsps=1),
    ("ice40", BLOCKS.replace("a * b", "a")): Resources(block_rams=8),
}
NAMES = {MIXED: "mixed", SHIFTER: "shifter"}


@pytest.fixture
def forgetful(monkeypatch):
    """Nothing is remembered from other tests."""
    monkeypatch.setattr(measuring, "_known", {})


@pytest.fixture
def runs(monkeypatch, forgetful):  # noqa: ARG001
    """The scripts that Yosys has run."""
    seen = []

    def counting(lines, folder, patience):
        seen.append(lines)
        return yosys.run_script(lines, folder, patience)

    monkeypatch.setattr(measuring, "run_script", counting)
    return seen


# -- commands and cells --------------------------------------------------------------------------------------


def test_commands_are_those_of_the_published_figures():
    assert get_family("ice40").synthesis("m", brams=False, dsps=False) == "synth_ice40 -nobram -top m"
    assert get_family("ecp5").synthesis("m", brams=False, dsps=False) == "synth_ecp5 -nobram -nolutram -nodsp -top m"
    assert (
        get_family("xc7").synthesis("m", brams=False, dsps=False)
        == "synth_xilinx -family xc7 -flatten -nobram -nolutram -nodsp -noiopad -top m"
    )
    assert "-nodsp" not in get_family("xc7").synthesis("m", brams=False, dsps=True)
    assert "-nobram" not in get_family("xc7").synthesis("m", brams=True, dsps=False)


def test_cells_of_every_kind_are_counted():
    luts = {f"LUT{inputs}": inputs for inputs in range(1, 7)}
    others = {"SRL16E": 1, "RAM32M": 1, "MUXF7": 3, "MUXF8": 1, "CARRY4": 5, "FDRE": 7, "FDSE": 1, "INV": 9, "BUFG": 1}
    blocks = {"RAMB18E1": 1, "RAMB36E1": 2, "DSP48E1": 4}
    assert FAMILIES["xc7"].count({**luts, **others, **blocks}) == Resources(21 + 1 + 4, 8, 5, 4, 5, 4, 9)
    lattice = {"LUT4": 10, "CCU2C": 3, "PFUMX": 2, "L6MUX21": 1, "TRELLIS_FF": 6, "DP16KD": 1, "MULT18X18D": 2}
    assert FAMILIES["ecp5"].count(lattice) == Resources(10 + 2 * 3, 6, 3, 3, 1, 2)
    small = {"SB_LUT4": 5, "SB_CARRY": 4, "SB_DFF": 3, "SB_DFFSR": 2, "SB_RAM40_4KNR": 1}
    assert FAMILIES["ice40"].count(small) == Resources(5, 5, 4, 0, 1)


@pytest.mark.parametrize("family", FAMILIES)
def test_cells_that_nobody_counts_are_refused(family):
    with pytest.raises(GelugenError, match="left 3 cells WONDER for"):
        FAMILIES[family].count({"WONDER": 3})


@pytest.mark.needs("yosys")
@pytest.mark.parametrize(("family", "text"), KNOWN, ids=[f"{each} {NAMES.get(text, 'blocks')}" for each, text in KNOWN])
def test_known_modules_take_what_is_known(family, text):
    blocks = text not in NAMES
    assert measure({"m.v": text, "m.mem": WORDS}, "m", family, brams=blocks, dsps=blocks) == KNOWN[family, text]


@pytest.mark.needs("yosys")
def test_blocks_are_not_taken_where_they_are_forbidden():
    small = BLOCKS.replace("[9:0]", "[4:0]").replace("1023", "31").replace("[15:0]", "[4:0]")
    words = "\n".join(WORDS.splitlines()[:32])
    found = measure({"m.v": small, "m.mem": words}, "m", "ecp5", brams=False, dsps=False)
    assert (found.block_rams, found.dsps) == (0, 0)
    assert found.luts > 30
    asking = small.replace("reg [31:0] rom", '(* rom_style = "block", syn_romstyle = "EBR" *) reg [31:0] rom')
    assert measure({"m.v": asking, "m.mem": words}, "m", "ecp5", brams=True, dsps=True).block_rams == 1
    assert measure({"m.v": asking, "m.mem": words}, "m", "ecp5", brams=False, dsps=False) == found


# -- netlists ------------------------------------------------------------------------------------------------

BENCH = """module bench;
    reg [7:0] a, b;
    wire [8:0] y;
    m dut (.a(a), .b(b), .y(y));
    integer i, wrong;
    initial begin
        wrong = 0;
        for (i = 0; i < 65536; i = i + 1) begin
            {a, b} = i;
            #1;
            if (y !== a + b) wrong = wrong + 1;
        end
        $display("%0d wrong", wrong);
    end
endmodule
"""


@pytest.mark.needs("yosys", "icarus")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_netlist_adds_as_its_source_and_has_as_many_cells_as_were_counted(tmp_path, family):
    found = synthesize({"m.v": ADDER}, "m", family, brams=False, dsps=False)
    assert found.warnings == ()
    written = Counter(re.findall(r"^  ([A-Z]\w+) (?:#\(|\S+ \()", found.netlist, re.MULTILINE))
    assert FAMILIES[family].count(written) == found.resources
    library = cells(family)
    (tmp_path / "m.v").write_text(found.netlist)
    (tmp_path / "bench.v").write_text(BENCH)
    defines = [f"-D{each}" for each in FAMILIES[family].defines]
    build = ["iverilog", "-g2012", *defines, f"-I{library.parent}", "-o", "m.vvp", "-s", "bench", "bench.v", "m.v"]
    subprocess.run([*build, str(library)], cwd=tmp_path, check=True, capture_output=True)
    ran = subprocess.run(["vvp", "-n", "m.vvp"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "0 wrong"


@pytest.mark.needs("yosys")
def test_the_netlist_keeps_the_name_and_has_no_attributes():
    text = netlist({"m.v": MIXED}, "m", "ice40", brams=False, dsps=False)
    assert re.search(r"^module m\(", text, re.MULTILINE)
    assert "(*" not in text
    assert text.count("SB_DFF ") == 16


@pytest.mark.needs("yosys")
def test_warnings_are_collected():
    text = INVERTER.replace("assign y = ~a", "wire unknown; assign y = unknown ^ a")
    found = synthesize({"m.v": text}, "m", "ice40", brams=False, dsps=False)
    assert len(found.warnings) == 1
    assert "unknown" in found.warnings[0]


# -- what is read, what is remembered ------------------------------------------------------------------------


@pytest.mark.needs("yosys")
def test_what_was_measured_is_not_measured_again(runs):
    options = {"brams": False, "dsps": False}
    first = measure({"m.v": INVERTER}, "m", "ice40", **options)
    assert (
        measure({"m.v": INVERTER, "m_tb.v": "broken", "m.h": "int", "m_expected.mem": "00"}, "m", "ice40", **options)
        == first
    )
    assert len(runs) == 1
    assert measure({"m.v": INVERTER.replace("~a", "a")}, "m", "ice40", **options) != first
    assert len(runs) == 2
    assert measure({"m.v": INVERTER}, "m", "ice40", brams=True, dsps=False) == first
    assert len(runs) == 3


@pytest.mark.needs("yosys")
def test_a_folder_keeps_results_for_other_processes(tmp_path, monkeypatch, runs):
    def ask():
        monkeypatch.setattr(measuring, "_known", {})
        return measure({"m.v": INVERTER}, "m", "ice40", brams=False, dsps=False, cache=tmp_path / "kept")

    first = ask()
    (kept,) = (tmp_path / "kept").iterdir()
    assert json.loads(kept.read_text()) == first.to_json()
    assert ask() == first
    assert len(runs) == 1
    for damage in ("[]", '{"luts": 1, "wonder": 2}'):
        kept.write_text(damage)
        runs.clear()
        assert ask() == first
        assert len(runs) == 1


@pytest.mark.needs("yosys")
def test_tasks_over_processes_give_each_its_own_result(runs):
    texts = [INVERTER, ADDER]
    tasks = [Task({"m.v": text}, "m", "ice40", brams=False, dsps=False) for text in texts]
    found = dict(run_tasks(tasks, jobs=2))
    assert [found[number].resources.luts for number in range(2)] == [1, 8]
    assert measure({"m.v": ADDER}, "m", "ice40", brams=False, dsps=False).luts == 8
    assert runs == []  # other processes did it, and this one remembers


def test_a_bench_is_left_out_and_a_module_that_is_named_like_one_is_not():
    texts = dict.fromkeys(("m.v", "m_tb.v", "n_tb.v", "m.mem", "m_expected.mem", "m.h", "manifest.json"), "")
    assert list(measuring.needed(texts)) == ["m.v", "n_tb.v", "m.mem"]


@pytest.mark.parametrize("name", ["../m.v", "a b.v", "-p.v", 'm".v'])
def test_odd_file_names_are_refused(name):
    with pytest.raises(ValueError, match="no plain file name"):
        measuring.needed({name: ""})


# -- refusals ------------------------------------------------------------------------------------------------


def refusal(text, top="m", family="ice40", **options):
    with pytest.raises(GelugenError) as caught:
        measure({"m.v": text}, top, family, brams=False, dsps=False, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_unknown_family_is_refused():
    assert refusal(INVERTER, family="virtex") == "family 'virtex' is not known: it must be one of ice40, ecp5, xc7"


@pytest.mark.needs("yosys")
def test_what_yosys_refuses_is_told():
    assert "syntax error" in refusal(INVERTER.replace("assign", "asign y"))
    assert "`nobody' not found" in refusal(INVERTER, top="nobody")
    missing_table = refusal(BLOCKS)
    assert "m.mem" in missing_table


@pytest.mark.needs("yosys")
def test_a_synthesis_that_takes_too_long_is_ended(forgetful):  # noqa: ARG001
    assert "did not end in 1e-06 seconds" in refusal(MIXED, patience=1e-6)


def fake(folder: Path, version: str) -> Path:
    path = folder / "bin" / "yosys"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o755)
    return path


def test_a_yosys_that_is_too_old_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(yosys.VARIABLE, str(fake(tmp_path, "Yosys 0.9 (git sha1 1979e0b)")))
    assert "has version '0.9', and gelugen needs 0.23 or newer" in missing()
    with pytest.raises(GelugenError, match=r"0\.23 or newer"):
        find()


def test_a_yosys_without_its_cells_is_refused(tmp_path, monkeypatch):
    path = fake(tmp_path, "Yosys 0.70 (git sha1 28ba3cb92)")
    monkeypatch.setenv(yosys.VARIABLE, str(path))
    assert missing() == ""
    assert find().version == "0.70"
    with pytest.raises(GelugenError, match=r"cell libraries of .* are missing"):
        cells("ice40")
    share = tmp_path / "share" / "yosys"
    share.mkdir(parents=True)
    (share / "simlib.v").write_text("")
    assert cells("xc7") == share / "xilinx" / "cells_sim.v"


def test_a_missing_yosys_is_told_with_what_brings_it(monkeypatch):
    monkeypatch.delenv(yosys.VARIABLE, raising=False)
    monkeypatch.setattr(yosys, "which", lambda name: None)  # noqa: ARG005
    said = "Yosys is missing: apt-get install yosys, brew install yosys, or pip install 'gelugen[synth]'"
    assert missing() == said
    assert refusal(ADDER) == said
    monkeypatch.setenv(yosys.VARIABLE, "nobody")
    assert missing().startswith(f"{yosys.VARIABLE}='nobody' is no command: ")


def test_commands_beside_this_python_are_found(tmp_path, monkeypatch):
    path = fake(tmp_path, "")
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr(yosys.sys, "executable", str(path.with_name("python")))
    assert yosys.which("yosys") == str(path)
