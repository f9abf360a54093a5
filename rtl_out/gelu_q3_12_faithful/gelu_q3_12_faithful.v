// SPDX-License-Identifier: 0BSD
//
// gelu_q3_12_faithful: made by gelugen 0.1.0. Make it again instead of editing it.
//
//   function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
//   input      q3.12 (int16, scale 2^-12), codes -32768 to 32767
//   output     q3.12 (int16, scale 2^-12), codes -32768 to 32767
//   guarantee  faithful: |error| < 1 ulp at every code; ties to even
//   error      at most 0.9663 ulp (code -8185), mean 0.1630 ulp, 91.47% of codes correctly rounded
//   design     residual-dyadic-quadratic: relu(x) minus a quadratic polynomial on each leaf of a binary
//              split, of |x|; 11 segments of 1024 to 2048 codes, a binary split, 11 + 10 + 6 bits each
//   order      a table holds the segments of u = |code|, from u = 0 up
//   size       318 ROM bits
//   search     heuristic: widths by exact intervals of intercepts, but grids, phases and segments searched
//              in part; a smaller dyadic-quadratic may exist
//   made by    gelugen generate --function gelu --input q3.12 --output q3.12 --guarantee faithful
//   spec       sha256 28732fd87fe04d65073dc9668c478ae672aed901c7ad1db816d34fd3a4532530
//   latency    5 clocks, one sample a clock

`default_nettype none

module gelu_q3_12_faithful (
    input  wire clk,
    input  wire rst,      // synchronous, active high: empties the pipeline
    input  wire in_valid,
    input  wire signed [15:0] in_data,
    output wire out_valid,
    output wire signed [15:0] out_data
);

    localparam LATENCY = 5; // clocks from in_valid to out_valid

    // Valid bits travel beside the data; only they are reset.
    reg [LATENCY-1:0] valid;
    always @(posedge clk) begin
        if (rst)
            valid <= {LATENCY{1'b0}};
        else
            valid <= {valid[LATENCY-2:0], in_valid};
    end
    assign out_valid = valid[LATENCY-1];

    // Stage 1: fold, table read
    wire signed [15:0] k = in_data;
    wire [15:0] u_0 = k < 16'sd0 ? -k[15:0] : k[15:0];
    wire [14:0] line_0 = k < 16'sd0 ? 15'd0 : k[14:0];
    // Table: 11 segments of 1024 to 2048 codes, a binary split, 11 words of 27 bits, past the end 0
    reg [26:0] word_1;
    reg signed [10:0] dx_1;
    always @(posedge clk) begin
        casez (u_0[15:10])
            6'b000000: begin word_1 <= 27'h4ecd9cd; dx_1 <= {~u_0[9], u_0[8:0], 1'd0}; end
            6'b000001: begin word_1 <= 27'h546ec3f; dx_1 <= {~u_0[9], u_0[8:0], 1'd0}; end
            6'b000010: begin word_1 <= 27'h5e20552; dx_1 <= {~u_0[9], u_0[8:0], 1'd0}; end
            6'b000011: begin word_1 <= 27'h6be8d58; dx_1 <= {~u_0[9], u_0[8:0], 1'd0}; end
            6'b000100: begin word_1 <= 27'h77c9cb1; dx_1 <= {~u_0[9], u_0[8:0], 1'd0}; end
            6'b000101: begin word_1 <= 27'h01bebb8; dx_1 <= {~u_0[9], u_0[8:0], 1'd0}; end
            6'b00011?: begin word_1 <= 27'h178fa3f; dx_1 <= {~u_0[10], u_0[9:0]}; end
            6'b00100?: begin word_1 <= 27'h19c30e2; dx_1 <= {~u_0[10], u_0[9:0]}; end
            6'b00101?: begin word_1 <= 27'h0fe8843; dx_1 <= {~u_0[10], u_0[9:0]}; end
            6'b00110?: begin word_1 <= 27'h05f9810; dx_1 <= {~u_0[10], u_0[9:0]}; end
            6'b00111?: begin word_1 <= 27'h03ff003; dx_1 <= {~u_0[10], u_0[9:0]}; end
            default: begin word_1 <= 27'h0000000; dx_1 <= 11'd0; end
        endcase
    end
    wire [10:0] c0_1 = word_1[10:0];
    wire signed [9:0] c1_1 = word_1[20:11];
    wire signed [5:0] c2_1 = word_1[26:21];
    // carried along
    reg [14:0] line_1;
    always @(posedge clk) begin
        line_1 <= line_0;
    end

    // Stage 2: product, sum
    wire signed [16:0] p1_1 = c2_1 * dx_1;
    wire signed [9:0] q1_1 = p1_1[16:7];
    reg signed [12:0] h1_2;
    always @(posedge clk)
        h1_2 <= {{3{q1_1[9]}}, q1_1} + {c1_1[9], c1_1, 2'd0};
    // carried along
    reg signed [10:0] dx_2;
    reg [10:0] c0_2;
    reg [14:0] line_2;
    always @(posedge clk) begin
        dx_2 <= dx_1;
        c0_2 <= c0_1;
        line_2 <= line_1;
    end

    // Stage 3: product
    reg signed [22:0] p0_3;
    always @(posedge clk)
        p0_3 <= h1_2 * dx_2;
    // carried along
    reg [10:0] c0_3;
    reg [14:0] line_3;
    always @(posedge clk) begin
        c0_3 <= c0_2;
        line_3 <= line_2;
    end

    // Stage 4: sum
    wire signed [24:0] h0_3 = {{2{p0_3[22]}}, p0_3} + {2'd0, c0_3, 12'd0};
    reg signed [24:0] v_4;
    always @(posedge clk)
        v_4 <= h0_3 + 25'sd3072;
    wire signed [11:0] r_4 = v_4[24:13];
    // carried along
    reg [14:0] line_4;
    always @(posedge clk) begin
        line_4 <= line_3;
    end

    // Stage 5: unfold, output
    wire signed [15:0] rest_4 = {1'd0, line_4} - {{4{r_4[11]}}, r_4};
    reg signed [15:0] out;
    always @(posedge clk)
        out <= rest_4;

    // Bits that nothing needs
    wire [6:0] unused_p1_1 = p1_1[6:0];
    wire [12:0] unused_v_4 = v_4[12:0];

    assign out_data = out;

endmodule

`default_nettype wire
