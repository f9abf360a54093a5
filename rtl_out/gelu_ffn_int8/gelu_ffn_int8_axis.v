// SPDX-License-Identifier: 0BSD
//
// gelu_ffn_int8_axis: gelu_ffn_int8 behind AXI4-Stream. Made by gelugen 0.1.0. Make it again instead of editing it.
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
//   latency    5 clocks from an accepted transfer to its result, one transfer a clock
//   s_axis     tdata: the code in bits 7 to 0
//   m_axis     tdata: the code in bits 7 to 0
//
// Each transfer taken at s_axis gives one at m_axis, in order, with its own tlast and tuser. Every output is a function
// of registers alone. aresetn discards what is inside; both sides wait until it is high again.

`default_nettype none

module gelu_ffn_int8_axis #(
    parameter USER_WIDTH = 1 // bits of tuser, at least 1
) (
    input  wire aclk,
    input  wire aresetn, // synchronous, active low
    input  wire [7:0] s_axis_tdata,
    input  wire s_axis_tvalid,
    output wire s_axis_tready,
    input  wire s_axis_tlast,
    input  wire [USER_WIDTH-1:0] s_axis_tuser,
    output wire [7:0] m_axis_tdata,
    output wire m_axis_tvalid,
    input  wire m_axis_tready,
    output wire m_axis_tlast,
    output wire [USER_WIDTH-1:0] m_axis_tuser
);

    localparam LATENCY = 5; // clocks from an accepted transfer to m_axis_tvalid, if nothing stalls
    localparam CODES = 8; // input bits of a transfer
    localparam SIDE = USER_WIDTH + 1; // tlast and tuser

    // What a transfer carries
    wire [CODES+SIDE-1:0] arriving = {s_axis_tuser, s_axis_tlast, s_axis_tdata};

    // The pipeline moves unless its last result waits for the sink.
    wire move = m_axis_tready || !m_axis_tvalid;

    // entry feeds the pipeline. When it must wait, tready falls one clock too late, since it is a register:
    // spare keeps what arrives at that clock.
    reg [CODES+SIDE-1:0] entry, spare;
    reg entry_full, spare_full, ready;
    wire take = move || !entry_full;
    wire accept = s_axis_tvalid && ready;
    always @(posedge aclk) begin
        if (!aresetn) begin
            ready <= 1'b0;
            entry_full <= 1'b0;
            spare_full <= 1'b0;
        end else if (take) begin
            ready <= 1'b1;
            entry_full <= spare_full || accept;
            spare_full <= 1'b0;
        end else if (accept) begin
            ready <= 1'b0;
            spare_full <= 1'b1;
        end
    end
    always @(posedge aclk) begin
        if (take)
            entry <= spare_full ? spare : arriving;
        if (ready)
            spare <= arriving;
    end
    assign s_axis_tready = ready;

    wire [7:0] result;
    gelu_ffn_int8 core (
        .clk(aclk),
        .rst(!aresetn),
        .en(move),
        .in_valid(entry_full),
        .in_data(entry[7:0]),
        .out_valid(m_axis_tvalid),
        .out_data(result)
    );
    assign m_axis_tdata = result;

    // tlast and tuser travel beside the codes: those of entry lowest, above them those of each stage.
    reg [(LATENCY-1)*SIDE-1:0] beside;
    wire [LATENCY*SIDE-1:0] sides = {beside, entry[CODES+SIDE-1:CODES]};
    always @(posedge aclk) begin
        if (move)
            beside <= sides[(LATENCY-1)*SIDE-1:0];
    end
    assign {m_axis_tuser, m_axis_tlast} = sides[LATENCY*SIDE-1:(LATENCY-1)*SIDE];

endmodule

`default_nettype wire
