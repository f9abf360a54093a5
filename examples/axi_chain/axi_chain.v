// A neuron's worth of hardware: dot product -> requantization -> GELU.
//
// gelu_int8_axis is made by gelugen. Its tready is a register, and so are its outputs' sources: it cuts the path of
// tready that runs backwards through the two blocks before it.

`default_nettype none

module axi_chain #(
    parameter USER_WIDTH = 8,
    parameter [15:0] MULTIPLIER = 16'd1,
    parameter SHIFT = 8
) (
    input  wire aclk,
    input  wire aresetn,
    input  wire [15:0] s_axis_tdata, // int8 elements of both vectors
    input  wire s_axis_tvalid,
    output wire s_axis_tready,
    input  wire s_axis_tlast,        // of a vector
    input  wire [USER_WIDTH:0] s_axis_tuser, // number of the result, and below it the tlast of results
    output wire [7:0] m_axis_tdata,
    output wire m_axis_tvalid,
    input  wire m_axis_tready,
    output wire m_axis_tlast,        // of a packet of results
    output wire [USER_WIDTH-1:0] m_axis_tuser
);

    wire [31:0] sum_tdata;
    wire sum_tvalid, sum_tready, sum_tlast;
    wire [USER_WIDTH-1:0] sum_tuser;
    dot_product #(
        .USER_WIDTH(USER_WIDTH)
    ) dot (
        .aclk(aclk),
        .aresetn(aresetn),
        .s_axis_tdata(s_axis_tdata),
        .s_axis_tvalid(s_axis_tvalid),
        .s_axis_tready(s_axis_tready),
        .s_axis_tlast(s_axis_tlast),
        .s_axis_tuser(s_axis_tuser),
        .m_axis_tdata(sum_tdata),
        .m_axis_tvalid(sum_tvalid),
        .m_axis_tready(sum_tready),
        .m_axis_tlast(sum_tlast),
        .m_axis_tuser(sum_tuser)
    );

    wire [7:0] code_tdata;
    wire code_tvalid, code_tready, code_tlast;
    wire [USER_WIDTH-1:0] code_tuser;
    requantize #(
        .USER_WIDTH(USER_WIDTH),
        .MULTIPLIER(MULTIPLIER),
        .SHIFT(SHIFT)
    ) scale (
        .aclk(aclk),
        .aresetn(aresetn),
        .s_axis_tdata(sum_tdata),
        .s_axis_tvalid(sum_tvalid),
        .s_axis_tready(sum_tready),
        .s_axis_tlast(sum_tlast),
        .s_axis_tuser(sum_tuser),
        .m_axis_tdata(code_tdata),
        .m_axis_tvalid(code_tvalid),
        .m_axis_tready(code_tready),
        .m_axis_tlast(code_tlast),
        .m_axis_tuser(code_tuser)
    );

    gelu_int8_axis #(
        .USER_WIDTH(USER_WIDTH)
    ) gelu (
        .aclk(aclk),
        .aresetn(aresetn),
        .s_axis_tdata(code_tdata),
        .s_axis_tvalid(code_tvalid),
        .s_axis_tready(code_tready),
        .s_axis_tlast(code_tlast),
        .s_axis_tuser(code_tuser),
        .m_axis_tdata(m_axis_tdata),
        .m_axis_tvalid(m_axis_tvalid),
        .m_axis_tready(m_axis_tready),
        .m_axis_tlast(m_axis_tlast),
        .m_axis_tuser(m_axis_tuser)
    );

endmodule

`default_nettype wire
