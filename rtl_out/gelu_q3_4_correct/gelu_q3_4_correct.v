// SPDX-License-Identifier: 0BSD
//
// gelu_q3_4_correct: made by gelugen 0.1.0. Make it again instead of editing it.
//
//   function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
//   input      q3.4 (int8, scale 2^-4), codes -128 to 127
//   output     q3.4 (int8, scale 2^-4), codes -128 to 127
//   guarantee  correct: the real value, correctly rounded, at every code; ties to even
//   error      at most 0.4976 ulp (code -35), mean 0.1020 ulp, 100.00% of codes correctly rounded
//   design     residual-free-constant: relu(x) minus a constant on each segment between free breakpoints,
//              of |x|; 5 segments between u = 2 and 35, 2 bits each
//   order      a table holds the segments of u = |code|, from u = 0 up
//   size       34 ROM bits
//   search     complete over breakpoints with words of one width, a base and a shared constant
//   made by    gelugen generate --function gelu --input q3.4 --output q3.4 --guarantee correct
//   spec       sha256 359d66a147587367fdd1efdcd0a7ce449a0ad6f93600e2c83f6dcbfd3a3ed8b3
//   latency    3 clocks, one sample a clock

`default_nettype none

module gelu_q3_4_correct (
    input  wire clk,
    input  wire rst,      // synchronous, active high: empties the pipeline
    input  wire in_valid,
    input  wire signed [7:0] in_data,
    output wire out_valid,
    output wire signed [7:0] out_data
);

    localparam LATENCY = 3; // clocks from in_valid to out_valid

    // Valid bits travel beside the data; only they are reset.
    reg [LATENCY-1:0] valid;
    always @(posedge clk) begin
        if (rst)
            valid <= {LATENCY{1'b0}};
        else
            valid <= {valid[LATENCY-2:0], in_valid};
    end
    assign out_valid = valid[LATENCY-1];

    // Stage 1: fold
    wire signed [7:0] k = in_data;
    reg [7:0] u_1;
    always @(posedge clk)
        u_1 <= k < 8'sd0 ? -k[7:0] : k[7:0];
    reg [6:0] line_1;
    always @(posedge clk)
        line_1 <= k < 8'sd0 ? 7'd0 : k[6:0];

    // Stage 2: table read, sum
    // Table: 5 segments between u = 2 and 35, 5 words of 2 bits, outside 0
    reg [1:0] word_1;
    always @* begin
        if (u_1 < 8'd2) word_1 = 2'h0;
        else if (u_1 < 8'd4) word_1 = 2'h1;
        else if (u_1 < 8'd9) word_1 = 2'h2;
        else if (u_1 < 8'd17) word_1 = 2'h3;
        else if (u_1 < 8'd25) word_1 = 2'h2;
        else if (u_1 < 8'd36) word_1 = 2'h1;
        else word_1 = 2'h0;
    end
    wire [1:0] c0_1 = word_1;
    reg signed [2:0] v_2;
    always @(posedge clk)
        v_2 <= {1'd0, c0_1};
    wire signed [2:0] r_2 = v_2[2:0];
    // carried along
    reg [6:0] line_2;
    always @(posedge clk) begin
        line_2 <= line_1;
    end

    // Stage 3: unfold, output
    wire signed [7:0] rest_2 = {1'd0, line_2} - {{5{r_2[2]}}, r_2};
    reg signed [7:0] out;
    always @(posedge clk)
        out <= rest_2;

    assign out_data = out;

endmodule

`default_nettype wire
