// SPDX-License-Identifier: 0BSD
//
// Test bench of gelu_ffn_int8: every input code, with gaps in valid, against gelu_ffn_int8_expected.mem.
// Made by gelugen 0.1.0. Run it in this folder, with any simulator:
//
//     iverilog -g2001 -o ../gelu_ffn_int8.vvp gelu_ffn_int8_tb.v gelu_ffn_int8.v && vvp ../gelu_ffn_int8.vvp
//
// or give the place of the expected codes with +expected=PATH. The line that starts with PASS or FAIL is the verdict.

`default_nettype none

module gelu_ffn_int8_tb;

    localparam CODES = 256;
    localparam LATENCY = 4;

    reg clk, rst, in_valid;
    reg signed [7:0] in_data;
    wire out_valid;
    wire signed [7:0] out_data;

    reg signed [7:0] expected [0:CODES-1];
    reg [8*1024-1:0] expected_file;
    integer sent, checked, mismatches;

    gelu_ffn_int8 dut (
        .clk(clk),
        .rst(rst),
        .en(1'b1),
        .in_valid(in_valid),
        .in_data(in_data),
        .out_valid(out_valid),
        .out_data(out_data)
    );

    initial clk = 1'b0;
    always #5 clk = ~clk;

    // Drive between the rising edges; every seventh sample is followed by a gap.
    initial begin
        expected_file = "gelu_ffn_int8_expected.mem";
        if ($value$plusargs("expected=%s", expected_file))
            $display("expected codes from %0s", expected_file);
        $readmemh(expected_file, expected);
        rst = 1'b1;
        in_valid = 1'b0;
        in_data = -8'sd128;
        repeat (LATENCY + 1) @(negedge clk);
        rst = 1'b0;
        for (sent = 0; sent < CODES; sent = sent + 1) begin
            in_valid = 1'b1;
            @(negedge clk);
            in_data = in_data + 8'sd1;
            if (sent % 7 == 6) begin
                in_valid = 1'b0;
                @(negedge clk);
            end
        end
        in_valid = 1'b0;
        repeat (LATENCY + 1) @(negedge clk);
        if (expected[0] === 8'bx)
            $display("FAIL: the expected codes could not be read from %0s", expected_file);
        else if (mismatches == 0 && checked == CODES)
            $display("PASS: %0d of %0d codes checked, 0 mismatches", checked, CODES);
        else
            $display("FAIL: %0d of %0d codes checked, %0d mismatches", checked, CODES, mismatches);
        $finish;
    end

    // Compare on the rising edge; an unknown bit is never equal.
    initial begin
        checked = 0;
        mismatches = 0;
    end
    always @(posedge clk) begin
        if (!rst && out_valid !== 1'b0) begin
            if (out_valid !== 1'b1 || out_data !== expected[checked]) begin
                mismatches = mismatches + 1;
                if (mismatches <= 10)
                    $display("mismatch at sample %0d: valid %b, got %b, expected %b", checked, out_valid,
                             out_data, expected[checked]);
            end
            checked = checked + 1;
        end
    end

endmodule

`default_nettype wire
