// From the 32-bit sum of a dot product to an int8 code, behind AXI4-Stream:
//
//   y = sum * MULTIPLIER / 2^SHIFT, rounded half away from zero, saturated to -128 .. 127
//
// MULTIPLIER / 2^SHIFT stands for the real factor (scale of a) * (scale of b) / (scale of y). tlast and tuser pass along.
// Two clocks, one sum a clock. tready depends on m_axis_tready within the clock.

`default_nettype none

module requantize #(
    parameter USER_WIDTH = 8,
    parameter [15:0] MULTIPLIER = 16'd1,
    parameter SHIFT = 8 // 1 to 46
) (
    input  wire aclk,
    input  wire aresetn,
    input  wire [31:0] s_axis_tdata,
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

    localparam signed [48:0] HALF = 49'sd1 <<< (SHIFT - 1);

    // The pipeline moves unless its last result waits for the sink.
    reg [1:0] valid;
    wire move = m_axis_tready || !valid[1];
    always @(posedge aclk) begin
        if (!aresetn)
            valid <= 2'b00;
        else if (move)
            valid <= {valid[0], s_axis_tvalid};
    end
    assign s_axis_tready = move;
    assign m_axis_tvalid = valid[1];

    // tlast and tuser travel beside the data.
    reg [2*(USER_WIDTH+1)-1:0] beside;
    always @(posedge aclk) begin
        if (move)
            beside <= {beside[USER_WIDTH:0], s_axis_tuser, s_axis_tlast};
    end
    assign {m_axis_tuser, m_axis_tlast} = beside[2*(USER_WIDTH+1)-1:USER_WIDTH+1];

    // Stage 1: product. 32 bits times 16 bits without sign make 48, and the sum with HALF one more.
    wire signed [31:0] sum = s_axis_tdata;
    reg signed [48:0] product;
    always @(posedge aclk) begin
        if (move)
            product <= sum * $signed({1'b0, MULTIPLIER});
    end

    // Stage 2: half is added and the shift rounds down; for negative products one less, so that ties go away from zero.
    wire signed [48:0] rounded = (product + HALF - $signed({48'd0, product[48]})) >>> SHIFT;
    reg [7:0] code;
    always @(posedge aclk) begin
        if (move) begin
            if (rounded < -49'sd128)
                code <= 8'h80;
            else if (rounded > 49'sd127)
                code <= 8'h7f;
            else
                code <= rounded[7:0];
        end
    end
    assign m_axis_tdata = code;

endmodule

`default_nettype wire
