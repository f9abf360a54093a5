// SPDX-License-Identifier: 0BSD
//
// gelu_q3_12_faithful: made by gelugen 0.1.0. Make it again instead of editing it.
//
//   function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
//   input      q3.12 (int16, scale 2^-12), codes -32768 to 32767
//   output     q3.12 (int16, scale 2^-12), codes -32768 to 32767
//   guarantee  faithful: |error| < 1 ulp at every code; ties to even
//   error      at most 0.9956 ulp (code -8820), mean 0.1659 ulp, 90.61% of codes correctly rounded
//   design     residual-uniform-linear: relu(x) minus a line on each equal segment of |x|; 123 segments of
//              128 codes, 12 + 6 bits each
//   order      a table is indexed by u = |code|, low bits dropped
//   size       2214 ROM bits
//   made by    gelugen generate --function gelu --input q3.12 --output q3.12 --guarantee faithful
//   spec       sha256 28732fd87fe04d65073dc9668c478ae672aed901c7ad1db816d34fd3a4532530
//   latency    4 clocks, one sample a clock

`default_nettype none

module gelu_q3_12_faithful (
    input  wire clk,
    input  wire rst,      // synchronous, active high: empties the pipeline
    input  wire in_valid,
    input  wire signed [15:0] in_data,
    output wire out_valid,
    output wire signed [15:0] out_data
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
    wire signed [15:0] k = in_data;
    reg [15:0] u_1;
    reg [14:0] line_1;
    always @(posedge clk) begin
        u_1 <= k < 16'sd0 ? -k[15:0] : k[15:0];
        line_1 <= k < 16'sd0 ? 15'd0 : k[14:0];
    end

    // Table: 123 words of 18 bits, past the end 0
    reg [17:0] word_2;
    always @(posedge clk) begin
        case (u_1[15:7])
            9'd0: word_2 <= 18'h1f07f;
            9'd1: word_2 <= 18'h1e173;
            9'd2: word_2 <= 18'h1c25a;
            9'd3: word_2 <= 18'h1a333;
            9'd4: word_2 <= 18'h19401;
            9'd5: word_2 <= 18'h174c1;
            9'd6: word_2 <= 18'h16576;
            9'd7: word_2 <= 18'h1461e;
            9'd8: word_2 <= 18'h136ba;
            9'd9: word_2 <= 18'h11749;
            9'd10: word_2 <= 18'h107ce;
            9'd11: word_2 <= 18'h0e847;
            9'd12: word_2 <= 18'h0d8b5;
            9'd13: word_2 <= 18'h0c918;
            9'd14: word_2 <= 18'h0a96f;
            9'd15: word_2 <= 18'h099be;
            9'd16: word_2 <= 18'h08a02;
            9'd17: word_2 <= 18'h07a3c;
            9'd18: word_2 <= 18'h06a6c;
            9'd19: word_2 <= 18'h04a94;
            9'd20: word_2 <= 18'h03ab3;
            9'd21: word_2 <= 18'h02acb;
            9'd22: word_2 <= 18'h01ada;
            9'd23: word_2 <= 18'h00ae1;
            9'd24: word_2 <= 18'h00ae2;
            9'd25: word_2 <= 18'h3fadc;
            9'd26: word_2 <= 18'h3eacf;
            9'd27: word_2 <= 18'h3dabc;
            9'd28: word_2 <= 18'h3daa4;
            9'd29: word_2 <= 18'h3ca87;
            9'd30: word_2 <= 18'h3ba64;
            9'd31: word_2 <= 18'h3ba3e;
            9'd32: word_2 <= 18'h3aa13;
            9'd33: word_2 <= 18'h3a9e5;
            9'd34: word_2 <= 18'h3a9b3;
            9'd35: word_2 <= 18'h3997f;
            9'd36: word_2 <= 18'h39948;
            9'd37: word_2 <= 18'h3990e;
            9'd38: word_2 <= 18'h388d2;
            9'd39: word_2 <= 18'h38895;
            9'd40: word_2 <= 18'h38856;
            9'd41: word_2 <= 18'h38816;
            9'd42: word_2 <= 18'h387d5;
            9'd43: word_2 <= 18'h38794;
            9'd44: word_2 <= 18'h38752;
            9'd45: word_2 <= 18'h38710;
            9'd46: word_2 <= 18'h386ce;
            9'd47: word_2 <= 18'h3868d;
            9'd48: word_2 <= 18'h3864b;
            9'd49: word_2 <= 18'h3860b;
            9'd50: word_2 <= 18'h385cb;
            9'd51: word_2 <= 18'h3858c;
            9'd52: word_2 <= 18'h3854e;
            9'd53: word_2 <= 18'h38511;
            9'd54: word_2 <= 18'h394d5;
            9'd55: word_2 <= 18'h3949b;
            9'd56: word_2 <= 18'h39462;
            9'd57: word_2 <= 18'h3942b;
            9'd58: word_2 <= 18'h393f5;
            9'd59: word_2 <= 18'h3a3c1;
            9'd60: word_2 <= 18'h3a38f;
            9'd61: word_2 <= 18'h3a35e;
            9'd62: word_2 <= 18'h3a32f;
            9'd63: word_2 <= 18'h3a302;
            9'd64: word_2 <= 18'h3b2d6;
            9'd65: word_2 <= 18'h3b2ac;
            9'd66: word_2 <= 18'h3b284;
            9'd67: word_2 <= 18'h3b25d;
            9'd68: word_2 <= 18'h3c239;
            9'd69: word_2 <= 18'h3c215;
            9'd70: word_2 <= 18'h3c1f4;
            9'd71: word_2 <= 18'h3c1d4;
            9'd72: word_2 <= 18'h3c1b6;
            9'd73: word_2 <= 18'h3c199;
            9'd74: word_2 <= 18'h3d17e;
            9'd75: word_2 <= 18'h3d164;
            9'd76: word_2 <= 18'h3d14b;
            9'd77: word_2 <= 18'h3d134;
            9'd78: word_2 <= 18'h3d11f;
            9'd79: word_2 <= 18'h3e10a;
            9'd80: word_2 <= 18'h3e0f7;
            9'd81: word_2 <= 18'h3e0e5;
            9'd82: word_2 <= 18'h3e0d4;
            9'd83: word_2 <= 18'h3e0c4;
            9'd84: word_2 <= 18'h3e0b5;
            9'd85: word_2 <= 18'h3e0a7;
            9'd86: word_2 <= 18'h3e09a;
            9'd87: word_2 <= 18'h3f08e;
            9'd88: word_2 <= 18'h3f083;
            9'd89: word_2 <= 18'h3f078;
            9'd90: word_2 <= 18'h3f06f;
            9'd91: word_2 <= 18'h3f065;
            9'd92: word_2 <= 18'h3f05d;
            9'd93: word_2 <= 18'h3f055;
            9'd94: word_2 <= 18'h3f04e;
            9'd95: word_2 <= 18'h3f047;
            9'd96: word_2 <= 18'h3f041;
            9'd97: word_2 <= 18'h3f03c;
            9'd98: word_2 <= 18'h3f037;
            9'd99: word_2 <= 18'h3f032;
            9'd100: word_2 <= 18'h3f02d;
            9'd101: word_2 <= 18'h00029;
            9'd102: word_2 <= 18'h00026;
            9'd103: word_2 <= 18'h00022;
            9'd104: word_2 <= 18'h0001f;
            9'd105: word_2 <= 18'h0001c;
            9'd106: word_2 <= 18'h0001a;
            9'd107: word_2 <= 18'h00018;
            9'd108: word_2 <= 18'h00015;
            9'd109: word_2 <= 18'h00013;
            9'd110: word_2 <= 18'h00012;
            9'd111: word_2 <= 18'h00010;
            9'd112: word_2 <= 18'h0000f;
            9'd113: word_2 <= 18'h0000d;
            9'd114: word_2 <= 18'h0000c;
            9'd115: word_2 <= 18'h0000b;
            9'd116: word_2 <= 18'h0000a;
            9'd117: word_2 <= 18'h00009;
            9'd118: word_2 <= 18'h00008;
            9'd119: word_2 <= 18'h00008;
            9'd120: word_2 <= 18'h00007;
            9'd121: word_2 <= 18'h00007;
            9'd122: word_2 <= 18'h00006;
            default: word_2 <= 18'h00000;
        endcase
    end
    wire [11:0] c0_2 = word_2[11:0];
    wire signed [5:0] c1_2 = word_2[17:12];
    wire signed [5:0] h1_2 = c1_2;

    // The position in the segment, seen from its middle: the top bit is flipped
    reg signed [6:0] dx_2;
    always @(posedge clk)
        dx_2 <= {~u_1[6], u_1[5:0]};

    // Stage 2: carried along
    reg [14:0] line_2;
    always @(posedge clk) begin
        line_2 <= line_1;
    end

    // Stage 3: products
    reg signed [12:0] p0_3;
    reg [11:0] c0_3;
    reg [14:0] line_3;
    always @(posedge clk) begin
        p0_3 <= h1_2 * dx_2;
        c0_3 <= c0_2;
        line_3 <= line_2;
    end
    wire signed [17:0] h0_3 = {{5{p0_3[12]}}, p0_3} + {2'd0, c0_3, 4'd0};

    // Stage 4: sum, shift, unfold
    wire signed [17:0] v_3 = h0_3;
    wire signed [11:0] r_3 = v_3[17:6];
    wire signed [15:0] rest_3 = {1'd0, line_3} - {{4{r_3[11]}}, r_3};
    reg signed [15:0] out;
    always @(posedge clk) begin
        out <= rest_3;
    end
    assign out_data = out;

    // Bits that nothing needs
    wire [5:0] unused_v_3 = v_3[5:0];

endmodule

`default_nettype wire
