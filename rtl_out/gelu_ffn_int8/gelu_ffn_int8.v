// SPDX-License-Identifier: 0BSD
//
// gelu_ffn_int8: made by gelugen 0.1.0. Make it again instead of editing it.
//
//   function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
//   input      int8, scale 0.06769147515296936, zero point -18, codes -128 to 127
//   output     int8, scale 0.03927811607718468, zero point -124, codes -128 to 127
//   guarantee  correct: the real value, correctly rounded, at every code; ties to even
//   error      at most 0.4975 ulp (code 38), mean 0.1783 ulp, 100.00% of codes correctly rounded
//   design     uniform-linear: a line on each of 2^n equal segments; 64 segments of 4 codes, 10 + 4 bits
//              each
//   order      a table is indexed by the input code's two's complement bits as an unsigned number u, low
//              bits dropped
//   size       896 ROM bits
//   made by    gelugen generate --function gelu --input int8:scale=0x1.1543a80000000p-4,zero_point=-18 --output int8:scale=0x1.41c42e0000000p-5,zero_point=-124 --guarantee correct --name gelu_ffn_int8
//   spec       sha256 10497305ccbafbc2181e61da7ee5ebe94d69166c7a455c0e06ec7f80f0263df7
//   latency    3 clocks, one sample a clock

`default_nettype none

module gelu_ffn_int8 (
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

    // Table: 64 words of 14 bits
    reg [13:0] word_1;
    always @(posedge clk) begin
        case (in_data[7:2])
            6'd0: word_1 <= 14'h1e8e;
            6'd1: word_1 <= 14'h1ead;
            6'd2: word_1 <= 14'h1ecd;
            6'd3: word_1 <= 14'h1eea;
            6'd4: word_1 <= 14'h1f08;
            6'd5: word_1 <= 14'h1f24;
            6'd6: word_1 <= 14'h1f40;
            6'd7: word_1 <= 14'h1f5c;
            6'd8: word_1 <= 14'h1f78;
            6'd9: word_1 <= 14'h1f94;
            6'd10: word_1 <= 14'h1faf;
            6'd11: word_1 <= 14'h1fcb;
            6'd12: word_1 <= 14'h1fe6;
            6'd13: word_1 <= 14'h1c02;
            6'd14: word_1 <= 14'h1c1e;
            6'd15: word_1 <= 14'h1c39;
            6'd16: word_1 <= 14'h1c54;
            6'd17: word_1 <= 14'h1c70;
            6'd18: word_1 <= 14'h1c8c;
            6'd19: word_1 <= 14'h1ca7;
            6'd20: word_1 <= 14'h1cc3;
            6'd21: word_1 <= 14'h1cdf;
            6'd22: word_1 <= 14'h1cfa;
            6'd23: word_1 <= 14'h1d16;
            6'd24: word_1 <= 14'h1d31;
            6'd25: word_1 <= 14'h1d4d;
            6'd26: word_1 <= 14'h1d68;
            6'd27: word_1 <= 14'h1d84;
            6'd28: word_1 <= 14'h1d9f;
            6'd29: word_1 <= 14'h1dbb;
            6'd30: word_1 <= 14'h1dd7;
            6'd31: word_1 <= 14'h1df2;
            6'd32: word_1 <= 14'h0212;
            6'd33: word_1 <= 14'h0212;
            6'd34: word_1 <= 14'h0212;
            6'd35: word_1 <= 14'h0212;
            6'd36: word_1 <= 14'h0212;
            6'd37: word_1 <= 14'h0212;
            6'd38: word_1 <= 14'h0212;
            6'd39: word_1 <= 14'h0212;
            6'd40: word_1 <= 14'h0212;
            6'd41: word_1 <= 14'h0212;
            6'd42: word_1 <= 14'h0212;
            6'd43: word_1 <= 14'h0212;
            6'd44: word_1 <= 14'h0212;
            6'd45: word_1 <= 14'h0212;
            6'd46: word_1 <= 14'h0212;
            6'd47: word_1 <= 14'h0212;
            6'd48: word_1 <= 14'h0212;
            6'd49: word_1 <= 14'h0211;
            6'd50: word_1 <= 14'h3e10;
            6'd51: word_1 <= 14'h020f;
            6'd52: word_1 <= 14'h3e0c;
            6'd53: word_1 <= 14'h3e09;
            6'd54: word_1 <= 14'h3e05;
            6'd55: word_1 <= 14'h3e02;
            6'd56: word_1 <= 14'h0202;
            6'd57: word_1 <= 14'h0202;
            6'd58: word_1 <= 14'h0a07;
            6'd59: word_1 <= 14'h1213;
            6'd60: word_1 <= 14'h1223;
            6'd61: word_1 <= 14'h1a39;
            6'd62: word_1 <= 14'h1e53;
            6'd63: word_1 <= 14'h1e71;
            default: word_1 <= 14'h0000;
        endcase
    end
    wire signed [9:0] c0_1 = word_1[9:0];
    wire signed [3:0] c1_1 = word_1[13:10];
    wire signed [3:0] h1_1 = c1_1;

    // The position in the segment, seen from its middle: the top bit is flipped
    reg signed [1:0] dx_1;
    always @(posedge clk)
        dx_1 <= {~in_data[1], in_data[0:0]};

    // Stage 2: products
    reg signed [5:0] p0_2;
    reg signed [9:0] c0_2;
    always @(posedge clk) begin
        p0_2 <= h1_1 * dx_1;
        c0_2 <= c0_1;
    end
    wire signed [10:0] h0_2 = {{5{p0_2[5]}}, p0_2} + {c0_2[9], c0_2};

    // Stage 3: sum, shift
    wire signed [10:0] v_2 = h0_2;
    wire signed [8:0] r_2 = v_2[10:2];
    reg signed [7:0] out;
    always @(posedge clk) begin
        out <= r_2[7:0];
    end
    assign out_data = out;

    // Bits that nothing needs
    wire [1:0] unused_v_2 = v_2[1:0];
    wire [0:0] unused_r_2 = r_2[8:8];

endmodule

`default_nettype wire
