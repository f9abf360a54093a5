"""The clock frequency between registers: the registers around a module, nextpnr's report, refusals."""

import json
import os
import re
import subprocess

import pytest

from gelugen.errors import GelugenError
from gelugen.synthesis import DEVICES, fmax, nextpnr
from gelugen.synthesis.nextpnr import Fmax, Port, ports, reached, surround

# Combinational, clocked, and with names and widths that need care.
INVERTER = "module m (input wire a, output wire y); assign y = ~a; endmodule\n"
ADDER = (
    "module m (input wire clk, input wire [31:0] a, output reg [31:0] y); always @(posedge clk) y <= y + a; endmodule\n"
)
CLOCKED = """module m (input wire aclk, input wire [2:0] a, input wire b, output reg [3:0] y, output wire z);
    always @(posedge aclk) y <= {b, a};
    assign z = ^a;
endmodule
"""
CLOCKED_PORTS = [
    Port("aclk", "input", 1),
    Port("a", "input", 3),
    Port("b", "input", 1),
    Port("y", "output", 4),
    Port("z", "output", 1),
]
# Shifts a word in, most significant bit first; takes it, lets two clocks pass, and shifts the answer out.
BENCH = """module bench;
    reg clk, load, in;
    wire out;
    m_fmax dut (.pin_clk(clk), .pin_load(load), .pin_in(in), .pin_out(out));
    always #5 clk = ~clk;
    integer word, bit_, wrong;
    reg [4:0] got;
    reg [3:0] sent;
    initial begin
        clk = 1'b0; load = 1'b0; in = 1'b0; wrong = 0;
        for (word = 0; word < 16; word = word + 1) begin
            sent = word;
            for (bit_ = 3; bit_ >= 0; bit_ = bit_ - 1) begin
                @(negedge clk) in = sent[bit_];
            end
            @(negedge clk) load = 1'b1; // the word is there, and is taken
            @(negedge clk) load = 1'b0;
            repeat (2) @(negedge clk);  // through the module, and into the registers behind it
            @(negedge clk) load = 1'b1;
            @(negedge clk) load = 1'b0;
            for (bit_ = 4; bit_ >= 0; bit_ = bit_ - 1) begin
                got[bit_] = out;
                @(negedge clk);
            end
            if (got !== {^sent[2:0], sent}) wrong = wrong + 1;
        end
        $display("%0d wrong", wrong);
        $finish;
    end
endmodule
"""


@pytest.mark.needs("icarus")
def test_words_pass_through_the_registers_around_a_module(tmp_path):
    text = surround("m", "m_fmax", CLOCKED_PORTS)
    for name, source in (("m.v", CLOCKED), ("m_fmax.v", text), ("bench.v", BENCH)):
        (tmp_path / name).write_text(source)
    build = ["iverilog", "-g2001", "-Wall", "-Wno-timescale", "-o", "m.vvp", "m.v", "m_fmax.v", "bench.v"]
    built = subprocess.run(build, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert built.stderr == ""
    ran = subprocess.run(["vvp", "-n", "m.vvp"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "0 wrong"


def test_ports_are_read_as_yosys_writes_them():
    written = {
        "aclk": {"direction": "input", "bits": [2]},
        "a": {"direction": "input", "bits": [3, 4, 5]},
        "b": {"direction": "input", "bits": [6]},
        "y": {"direction": "output", "bits": [7, 8, 9, 10]},
        "z": {"direction": "output", "bits": ["0"]},
    }
    assert ports(json.dumps({"modules": {"m": {"ports": written}, "other": {}}}), "m") == CLOCKED_PORTS


@pytest.mark.parametrize("left", [CLOCKED_PORTS[:3], CLOCKED_PORTS[3:], [*CLOCKED_PORTS, Port("pad", "inout", 1)]])
def test_a_module_without_inputs_or_outputs_has_no_frequency(left):
    with pytest.raises(GelugenError, match="module 'm' needs inputs and outputs"):
        surround("m", "m_fmax", left)


def test_a_report_gives_one_frequency():
    assert reached('{"fmax": {"clk": {"achieved": 123.456, "constraint": 12}}}') == 123.46
    with pytest.raises(GelugenError, match="reports 0 clocks"):
        reached('{"fmax": {}}')


@pytest.mark.needs("yosys", "nextpnr-ice40")
def test_a_long_carry_is_slower_than_one_lookup_table_on_ice40():
    short = fmax({"m.v": INVERTER}, "m", "ice40", brams=False, dsps=False, seeds=1)
    assert short.seeds == (short.mhz,)
    assert short.device == DEVICES["ice40"].title
    long = fmax({"m.v": ADDER}, "m", "ice40", brams=False, dsps=False, seeds=3)
    assert len(long.seeds) == 3
    assert sorted(long.seeds)[1] == long.mhz
    assert 50 < long.mhz < short.mhz < 1000


@pytest.mark.needs("yosys", "nextpnr-ecp5")
def test_ecp5_has_a_frequency():
    found = fmax({"m.v": CLOCKED}, "m", "ecp5", brams=False, dsps=False, seeds=1)
    assert 100 < found.mhz < 2000
    assert found.to_json() == {"mhz": found.mhz, "seeds": [found.mhz], "device": DEVICES["ecp5"].title}


@pytest.mark.needs("yosys")
def test_what_nextpnr_refuses_is_told(tmp_path, monkeypatch):
    (tmp_path / "nextpnr-ice40").write_text("#!/bin/sh\necho 'ERROR: it does not fit' >&2\nexit 255\n")
    (tmp_path / "nextpnr-ice40").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(GelugenError) as caught:
        fmax({"m.v": INVERTER}, "m", "ice40", brams=False, dsps=False, seeds=1)
    assert str(caught.value) == "nextpnr refuses it on iCE40 HX8K, ct256: ERROR: it does not fit"


def test_what_nextpnr_cannot_do_is_refused(monkeypatch):
    options = {"brams": False, "dsps": False}
    with pytest.raises(GelugenError, match=r"^Fmax of family xc7 cannot be measured: nextpnr has ice40 and ecp5$"):
        fmax({"m.v": INVERTER}, "m", "xc7", **options)
    with pytest.raises(GelugenError, match=r"^family 'virtex' is not known"):
        fmax({"m.v": INVERTER}, "m", "virtex", **options)
    monkeypatch.setattr(nextpnr, "which", lambda name: None)  # noqa: ARG005
    for family, device in DEVICES.items():
        with pytest.raises(GelugenError, match=re.escape(f"{device.tools[0]} is missing: {device.install}")):
            fmax({"m.v": INVERTER}, "m", family, **options)
    monkeypatch.setattr(nextpnr, "which", lambda name: name)
    with pytest.raises(GelugenError, match=r"^seeds 0 must be 1 or more$"):
        fmax({"m.v": INVERTER}, "m", "ice40", seeds=0, **options)


def test_frequencies_are_json():
    found = Fmax(2.0, (3.0, 2.0, 1.0), "device")
    assert json.loads(json.dumps(found.to_json())) == {"mhz": 2.0, "seeds": [3.0, 2.0, 1.0], "device": "device"}
