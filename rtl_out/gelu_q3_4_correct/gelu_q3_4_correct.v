// SPDX-License-Identifier: 0BSD
//
// gelu_q3_4_correct: made by gelugen 0.1.0. Make it again instead of editing it.
//
//   function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
//   input      q3.4 (int8, scale 2^-4), codes -128 to 127
//   output     q3.4 (int8, scale 2^-4), codes -128 to 127
//   guarantee  correct: the real value, correctly rounded, at every code; ties to even
//   error      at most 0.4976 ulp (code -35), mean 0.1020 ulp, 100.00% of codes correctly rounded
//   design     residual-uniform-linear: relu(x) minus a line on each equal segment of |x|; 9 segments of 4
//              codes, 4 + 2 bits each
//   order      a table is indexed by u = |code|, low bits dropped
//   size       54 ROM bits
//   made by    gelugen generate --function gelu --input q3.4 --output q3.4 --guarantee correct
//   spec       sha256 359d66a147587367fdd1efdcd0a7ce449a0ad6f93600e2c83f6dcbfd3a3ed8b3
//   latency    4 clocks, one sample a clock

`default_nettype none

module gelu_q3_4_correct (
    input  wire clk,
    input  wire rst,      // synchronous, active high: empties the pipeline
    input  wire in_valid,
    input  wire signed [7:0] in_data,
    output wire out_valid,
    output wire signed [7:0] out_data
);

    localparam LATENCY = 4; // clocks from in_valid to out_valid

    // Valid bits travel beside the data; only they are reset.
    reg [LATENCY-1:0] valid;
    always @(posedge clk) begin
        if (rst)
            valid <= {LATENCY{1'b0}};
        else
            valid <= {valid[LATENCY-2:0], in_valid};
    end
    assign out_valid = valid[LATENCY-1];

    // Stage 1, fold: u = |k|, line = relu(k)
    wire signed [7:0] k = in_data;
    reg [7:0] u_1;
    reg [6:0] line_1;
    always @(posedge clk) begin
        u_1 <= k < 8'sd0 ? -k[7:0] : k[7:0];
        line_1 <= k < 8'sd0 ? 7'd0 : k[6:0];
    end

    // Table: 9 words of 6 bits, past the end 0
    reg [5:0] word_2;
    always @(posedge clk) begin
        case (u_1[7:2])
            6'd0: word_2 <= 6'h14;
            6'd1: word_2 <= 6'h1a;
            6'd2: word_2 <= 6'h1d;
            6'd3: word_2 <= 6'h0d;
            6'd4: word_2 <= 6'h3a;
            6'd5: word_2 <= 6'h39;
            6'd6: word_2 <= 6'h36;
            6'd7: word_2 <= 6'h06;
            6'd8: word_2 <= 6'h04;
            default: word_2 <= 6'h00;
        endcase
    end
    wire [3:0] c0_2 = word_2[3:0];
    wire signed [1:0] c1_2 = word_2[5:4];
    wire signed [1:0] h1_2 = c1_2;

    // The position in the segment, seen from its middle: the top bit is flipped
    reg signed [1:0] dx_2;
    always @(posedge clk)
        dx_2 <= {~u_1[1], u_1[0:0]};

    // Stage 2: carried along
    reg [6:0] line_2;
    always @(posedge clk) begin
        line_2 <= line_1;
    end

    // Stage 3: products
    reg signed [3:0] p0_3;
    reg [3:0] c0_3;
    reg [6:0] line_3;
    always @(posedge clk) begin
        p0_3 <= h1_2 * dx_2;
        c0_3 <= c0_2;
        line_3 <= line_2;
    end
    wire signed [5:0] h0_3 = {{2{p0_3[3]}}, p0_3} + {2'd0, c0_3};

    // Stage 4: sum, shift, unfold
    wire signed [5:0] v_3 = h0_3;
    wire signed [3:0] r_3 = v_3[5:2];
    wire signed [7:0] rest_3 = {1'd0, line_3} - {{4{r_3[3]}}, r_3};
    reg signed [7:0] out;
    always @(posedge clk) begin
        out <= rest_3;
    end
    assign out_data = out;

    // Bits that nothing needs
    wire [1:0] unused_v_3 = v_3[1:0];

endmodule

`default_nettype wire
