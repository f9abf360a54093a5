"""The bench itself: small modules by hand, right ones and wrong ones, and each wrong one is seen."""

import json

import pytest

from gelugen.assets import folder as asset_folder
from gelugen.verify.bench import ICARUS, simulate

pytestmark = pytest.mark.needs("icarus")

CODES = list(range(32))


def sweep(tmp_path, module, **more):
    """What the bench says of a module named ``top`` that should give f(x) = 31 - x of 5 bits, 2 clocks later."""
    asked = {
        "latency": 2,
        "ports": {"in_data": 5},
        "samples": [CODES],
        "expected": [31 - code for code in CODES],
        "output": 5,
        **more,
    }
    (tmp_path / "top.v").write_text(module)
    (tmp_path / "sweep.json").write_text(json.dumps(asked))
    log = simulate(ICARUS, tmp_path, "top", ["top.v"])
    assert (tmp_path / "result.json").is_file(), log.decode()
    return json.loads((tmp_path / "result.json").read_text())


def good(result, checked=32):
    """Whether nothing is wrong with a result."""
    return (result["checked"], result["mismatches"], result["unknown"], result["protocol"]) == (checked, 0, 0, [])


def changed(text, old, new):
    assert text.count(old) == 1, old
    return text.replace(old, new)


# -- a pipeline of two registers -------------------------------------------------------------------------------

PIPE = """
module top (input wire clk, input wire rst, input wire in_valid, input wire [4:0] in_data,
            output wire out_valid, output wire [4:0] out_data);
    reg [1:0] valid;
    reg [4:0] a, b;
    always @(posedge clk) begin
        if (rst) valid <= 2'b00;
        else valid <= {valid[0], in_valid};
        a <= in_data;
        b <= ~a;
    end
    assign out_valid = valid[1];
    assign out_data = b;
endmodule
"""


def test_a_right_pipeline_is_good(tmp_path):
    assert good(sweep(tmp_path, PIPE))


def test_a_wrong_code_is_counted_and_named(tmp_path):
    result = sweep(tmp_path, changed(PIPE, "b <= ~a", "b <= ~a ^ (a == 5'd9 || a == 5'd20)"))
    assert (result["checked"], result["mismatches"], result["protocol"]) == (32, 2, [])
    assert result["first"] == [9, 22, "10111"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("out_data = b", "out_data = ~a"),  # a register less in the data
        ("b <= ~a", "b <= ~in_data"),
        ("out_data = b", "out_data = b ^ in_data ^ a"),  # a path around the registers
    ],
)
def test_data_that_does_not_come_with_its_valid_bit_is_seen(tmp_path, old, new):
    result = sweep(tmp_path, changed(PIPE, old, new))
    assert result["mismatches"] > 16
    assert result["protocol"] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("out_valid = valid[1]", "out_valid = valid[0]"),
        ("out_valid = valid[1]", "out_valid = 1'b1"),
        ("out_valid = valid[1]", "out_valid = valid[1] & in_valid"),
        ("if (rst) valid <= 2'b00;", "if (rst) valid <= 2'b10;"),
        ("if (rst) valid <= 2'b00;", "if (rst) valid <= {valid[0], 1'b0};"),  # it lets out what is inside
        ("if (rst)", "if (valid === 2'bxx)"),  # no reset but the first
    ],
)
def test_a_valid_bit_at_the_wrong_time_is_seen(tmp_path, old, new):
    assert sweep(tmp_path, changed(PIPE, old, new))["protocol"] != []


def test_unknown_bits_are_counted(tmp_path):
    result = sweep(tmp_path, changed(PIPE, "b <= ~a", "b <= a == 5'd3 ? 5'bx : ~a"))
    assert (result["unknown"], result["mismatches"], result["first"]) == (1, 1, [3, 28, "XXXXX"])


def test_an_output_of_another_width_is_seen(tmp_path):
    result = sweep(tmp_path, changed(PIPE, "output wire [4:0] out_data", "output wire [5:0] out_data"))
    assert result["protocol"] == ["out_data has 6 bits, not 5"]


# -- no register at all ------------------------------------------------------------------------------------

WIRES = """
module top (input wire in_valid, input wire [4:0] in_data, output wire out_valid, output wire [4:0] out_data);
    assign out_valid = in_valid;
    assign out_data = ~in_data;
endmodule
"""


def test_a_right_combinational_module_is_good(tmp_path):
    assert good(sweep(tmp_path, WIRES, latency=0))


def test_a_combinational_module_s_wrong_code_is_counted(tmp_path):
    result = sweep(tmp_path, changed(WIRES, "~in_data", "~in_data ^ (in_data > 5'd28)"), latency=0)
    assert (result["mismatches"], result["first"][0], result["protocol"]) == (3, 29, [])


@pytest.mark.parametrize("new", ["1'b1", "~in_valid", "in_valid & in_data[0]"])
def test_a_combinational_valid_that_is_wrong_is_seen(tmp_path, new):
    assert sweep(tmp_path, changed(WIRES, "out_valid = in_valid", f"out_valid = {new}"), latency=0)["protocol"] != []


def test_a_latch_in_a_combinational_module_is_seen(tmp_path):
    module = changed(WIRES, "assign out_data = ~in_data;", "reg [4:0] y; always @* if (in_data[0]) y = ~in_data;")
    module = changed(module, "endmodule", "assign out_data = y; endmodule")
    result = sweep(tmp_path, module, latency=0)
    assert result["mismatches"] >= 15


# -- several samples a clock -------------------------------------------------------------------------------

LANES = """
module top (input wire clk, input wire rst, input wire in_valid, input wire select, input wire [14:0] in_data,
            output reg out_valid, output reg [14:0] out_data);
    always @(posedge clk) begin
        out_valid <= in_valid & ~rst;
        out_data <= in_data ^ {15{~select}};
    end
endmodule
"""
BANK = {
    "latency": 1,
    "lanes": 3,
    "shared": ["select"],
    "ports": {"select": 1, "in_data": 5},
    "samples": [[0] * 32 + [1] * 32, CODES * 2],
    "expected": [31 - code for code in CODES] + CODES,
}


def test_right_lanes_are_good(tmp_path):
    result = sweep(tmp_path, LANES, **BANK)
    assert good(result, 64)
    assert 22 < result["clocks"] < 64  # 11 groups a select


@pytest.mark.parametrize(
    ("old", "new", "mismatches"),
    [
        ("in_data ^", "{in_data[4:0], in_data[9:5], in_data[14:10]} ^", 30),  # lanes in the wrong order
        ("in_data ^", "(in_data & ~15'h4000) ^", 0),  # a stuck bit in lane 2 alone
        ("~select", "1'b1", 20),
    ],
)
def test_wrong_lanes_are_seen(tmp_path, old, new, mismatches):
    assert sweep(tmp_path, changed(LANES, old, new), **BANK)["mismatches"] > mismatches


def test_a_lane_is_held_to_the_code_that_it_was_given(tmp_path):
    # All codes equal: whatever the order is, lane 2 sees one of them.
    asked = {**BANK, "samples": [[0] * 4, [9] * 4], "expected": [22] * 4}
    assert good(sweep(tmp_path, LANES, **asked), 4)
    wrong = sweep(tmp_path, changed(LANES, "in_data ^", "(in_data ^ 15'h4000) ^"), **asked)
    assert 1 <= wrong["mismatches"] <= 2  # two groups of three, two of their six samples repeats


# -- words that can be written -----------------------------------------------------------------------------

WRITABLE = """
module top (input wire clk, input wire rst, input wire wr_en, input wire [4:0] wr_addr, input wire [4:0] wr_data,
            input wire in_valid, input wire [4:0] in_data, output reg out_valid, output reg [4:0] out_data);
    reg [4:0] words [0:31];
    integer i;
    initial for (i = 0; i < 32; i = i + 1) words[i] = ~i[4:0];
    always @(posedge clk) begin
        out_valid <= in_valid & ~rst;
        out_data <= words[in_data];
        if (wr_en) words[wr_addr] <= wr_data;
    end
endmodule
"""
IMAGE = {"latency": 1, "writes": [[code, code * 7 % 32] for code in CODES], "expected2": [c * 7 % 32 for c in CODES]}


def test_a_right_write_port_is_good(tmp_path):
    result = sweep(tmp_path, WRITABLE, **IMAGE)
    assert good(result)
    assert good(result["second"])


@pytest.mark.parametrize(
    ("old", "new", "first", "second"),
    [
        ("if (wr_en) words", "if (wr_en && 1'b0) words", True, False),  # never writes
        ("if (wr_en) words[wr_addr]", "if (wr_en) words[wr_addr ^ 5'd1]", True, False),
        ("if (wr_en) words", "if (in_valid || wr_en) words", False, True),  # writes unasked
        ("<= wr_data;", "<= wr_data; if (rst) for (i = 0; i < 32; i = i + 1) words[i] <= ~i[4:0];", True, False),
    ],
)
def test_a_wrong_write_port_is_seen(tmp_path, old, new, first, second):
    result = sweep(tmp_path, changed(WRITABLE, old, new), **IMAGE)
    assert (good(result), good(result["second"])) in {(first, second), (first, False)}


def test_garbage_on_a_write_port_that_is_not_enabled_writes_nothing(tmp_path):
    result = sweep(tmp_path, changed(WRITABLE, "if (wr_en)", "if (wr_en || wr_addr[0])"), **IMAGE)
    assert not good(result)


def test_a_combinational_module_can_be_written_too(tmp_path):
    module = changed(WRITABLE, "output reg out_valid, output reg", "output wire out_valid, output wire")
    module = changed(module, "input wire rst, ", "")
    module = changed(module, "out_valid <= in_valid & ~rst;", "").replace("out_data <= words[in_data];", "")
    module = changed(module, "endmodule", "assign out_valid = in_valid; assign out_data = words[in_data]; endmodule")
    result = sweep(tmp_path, module, **{**IMAGE, "latency": 0})
    assert good(result)
    assert good(result["second"])


# -- an enable -----------------------------------------------------------------------------------------------

ENABLED = """
module top (input wire clk, input wire rst, input wire en, input wire in_valid, input wire [4:0] in_data,
            output wire out_valid, output wire [4:0] out_data);
    reg [1:0] valid;
    reg [4:0] a, b;
    always @(posedge clk) begin
        if (rst) valid <= 2'b00;
        else if (en) valid <= {valid[0], in_valid};
        if (en) a <= in_data;
        if (en == 1'b1) b <= ~a;
    end
    assign out_valid = valid[1];
    assign out_data = b;
endmodule
"""


def test_a_right_enable_is_good(tmp_path):
    assert good(sweep(tmp_path, ENABLED, enable=True))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("else if (en)", "else"),
        ("if (en) a", "a"),
        ("if (en == 1'b1) b", "b"),
        ("if (rst)", "if (rst && en)"),
        ("if (rst)", "if (rst && (!en || valid === 2'bxx))"),
        ("out_valid = valid[1]", "out_valid = valid[1] & en"),
    ],
)
def test_a_wrong_enable_is_seen(tmp_path, old, new):
    assert not good(sweep(tmp_path, changed(ENABLED, old, new), enable=True))


# -- a simulation that does not end ----------------------------------------------------------------------------


def test_a_simulation_that_does_not_end_is_ended(tmp_path):
    module = changed(WIRES, "endmodule", "reg [1:0] o = 0; always #(o & 2'd0) o = ~o; endmodule")
    (tmp_path / "top.v").write_text(module)
    asked = {"latency": 0, "ports": {"in_data": 5}, "samples": [CODES], "expected": CODES}
    (tmp_path / "sweep.json").write_text(json.dumps(asked))
    log = simulate(ICARUS, tmp_path, "top", ["top.v"], patience=2)
    assert log.startswith(b"error: no end after 2 seconds")
    assert not (tmp_path / "result.json").exists()


def test_the_bench_is_where_it_is_looked_for():
    assert (asset_folder("sim") / "simulate.py").is_file()
