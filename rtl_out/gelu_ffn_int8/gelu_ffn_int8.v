// SPDX-License-Identifier: 0BSD
//
// gelu_ffn_int8: made by gelugen 0.1.0. Make it again instead of editing it.
//
//   function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
//   input      int8, scale 0.06769147515296936, zero point -18, codes -128 to 127
//   output     int8, scale 0.03927811607718468, zero point -124, codes -128 to 127
//   guarantee  correct: the real value, correctly rounded, at every code; ties to even
//   error      at most 0.4975 ulp (code 38), mean 0.1783 ulp, 100.00% of codes correctly rounded
//   design     dyadic-quadratic: a quadratic polynomial on each leaf of a binary split; 6 segments of 32 to
//              64 codes, a binary split, 12 + 9 + 7 bits each
//   order      a table holds the segments of the input code's two's complement bits as an unsigned number
//              u, from u = 0 up
//   size       189 ROM bits
//   search     heuristic: widths by exact intervals of intercepts, but grids, phases and segments searched
//              in part; a smaller dyadic-quadratic may exist
//   made by    gelugen generate --function gelu --input int8:scale=0x1.1543a80000000p-4,zero_point=-18 --output int8:scale=0x1.41c42e0000000p-5,zero_point=-124 --guarantee correct --name gelu_ffn_int8 --stream
//   spec       sha256 7b7d510369cab480f65bd61380cac3d74ae7aea080a112b67dd4427f351bfb26
//   latency    4 clocks, one sample a clock

`default_nettype none

module gelu_ffn_int8 (
    input  wire clk,
    input  wire rst,      // synchronous, active high: empties the pipeline
    input  wire en,       // the pipeline moves only while it is high
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
        else if (en)
            valid <= {valid[LATENCY-2:0], in_valid};
    end
    assign out_valid = valid[LATENCY-1];

    // Stage 1: table read, product
    // Table: 6 segments of 32 to 64 codes, a binary split, 6 words of 28 bits
    reg [27:0] word_0;
    reg signed [5:0] dx_0;
    always @* begin
        casez (in_data[7:5])
            3'b000: begin word_0 = 28'hd1093b0; dx_0 = {~in_data[4], in_data[3:0], 1'd0}; end
            3'b001: begin word_0 = 28'he2fc72e; dx_0 = {~in_data[4], in_data[3:0], 1'd0}; end
            3'b01?: begin word_0 = 28'he3d8c59; dx_0 = {~in_data[5], in_data[4:0]}; end
            3'b10?: begin word_0 = 28'he21f012; dx_0 = {~in_data[5], in_data[4:0]}; end
            3'b110: begin word_0 = 28'hd00d000; dx_0 = {~in_data[4], in_data[3:0], 1'd0}; end
            3'b111: begin word_0 = 28'h7ea5032; dx_0 = {~in_data[4], in_data[3:0], 1'd0}; end
            default: begin word_0 = 28'h0000000; dx_0 = 6'd0; end
        endcase
    end
    wire [11:0] c0_0 = word_0[11:0];
    wire [8:0] s1_0 = word_0[20:12];
    wire signed [9:0] c1_0 = {1'd0, s1_0} - 10'sd31;
    wire signed [6:0] s2_0 = word_0[27:21];
    wire signed [7:0] c2_0 = {s2_0[6], s2_0} + 8'sd15;
    reg signed [12:0] p1_1;
    always @(posedge clk) if (en)
        p1_1 <= c2_0 * dx_0;
    wire signed [10:0] q1_1 = p1_1[12:2];
    // carried along
    reg signed [9:0] c1_1;
    reg signed [5:0] dx_1;
    reg [11:0] c0_1;
    always @(posedge clk) if (en) begin
        c1_1 <= c1_0;
        dx_1 <= dx_0;
        c0_1 <= c0_0;
    end

    // Stage 2: sum
    reg signed [13:0] h1_2;
    always @(posedge clk) if (en)
        h1_2 <= {{3{q1_1[10]}}, q1_1} + {c1_1[9], c1_1, 3'd0};
    // carried along
    reg signed [5:0] dx_2;
    reg [11:0] c0_2;
    always @(posedge clk) if (en) begin
        dx_2 <= dx_1;
        c0_2 <= c0_1;
    end

    // Stage 3: product
    reg signed [18:0] p0_3;
    always @(posedge clk) if (en)
        p0_3 <= h1_2 * dx_2;
    // carried along
    reg [11:0] c0_3;
    always @(posedge clk) if (en) begin
        c0_3 <= c0_2;
    end

    // Stage 4: sum, output
    wire signed [20:0] h0_3 = {{2{p0_3[18]}}, p0_3} + {2'd0, c0_3, 7'd0};
    wire signed [20:0] v_3 = h0_3 - 21'sd255200;
    wire signed [9:0] r_3 = v_3[20:11];
    reg signed [7:0] out;
    always @(posedge clk) if (en) begin
        if (r_3 < -10'sd128)
            out <= -8'sd128;
        else
            out <= r_3[7:0];
    end

    // Bits that nothing needs
    wire [1:0] unused_p1_1 = p1_1[1:0];
    wire [10:0] unused_v_3 = v_3[10:0];

    assign out_data = out;

endmodule

`default_nettype wire
