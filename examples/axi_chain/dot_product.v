// Dot product of int8 vectors behind AXI4-Stream: one result for every packet.
//
//   s_axis   tdata: an element of one vector in bits 7 to 0, the same of the other in bits 15 to 8, both signed;
//            tlast: the last elements of a vector. Of tuser only that of the last elements counts.
//   m_axis   tdata: the sum of products, signed, 32 bits: room for vectors of 131,071 elements;
//            tlast: bit 0 of that tuser (the last result of a packet of results); tuser: the bits above it.
//
// An element a clock. tready depends on m_axis_tready within the clock.

`default_nettype none

module dot_product #(
    parameter USER_WIDTH = 8 // bits of m_axis_tuser
) (
    input  wire aclk,
    input  wire aresetn,
    input  wire [15:0] s_axis_tdata,
    input  wire s_axis_tvalid,
    output wire s_axis_tready,
    input  wire s_axis_tlast,
    input  wire [USER_WIDTH:0] s_axis_tuser,
    output reg  [31:0] m_axis_tdata,
    output reg  m_axis_tvalid,
    input  wire m_axis_tready,
    output reg  m_axis_tlast,
    output reg  [USER_WIDTH-1:0] m_axis_tuser
);

    wire signed [7:0] a = s_axis_tdata[7:0];
    wire signed [7:0] b = s_axis_tdata[15:8];
    wire signed [15:0] product = a * b;

    // The sum so far, and with the elements that stand at the input
    reg signed [31:0] sum;
    wire signed [31:0] total = sum + {{16{product[15]}}, product};

    // A result that nobody has taken yet stops the input.
    assign s_axis_tready = m_axis_tready || !m_axis_tvalid;
    wire accept = s_axis_tvalid && s_axis_tready;

    always @(posedge aclk) begin
        if (!aresetn) begin
            sum <= 32'sd0;
            m_axis_tvalid <= 1'b0;
        end else begin
            if (m_axis_tready)
                m_axis_tvalid <= 1'b0;
            if (accept) begin
                sum <= s_axis_tlast ? 32'sd0 : total;
                if (s_axis_tlast)
                    m_axis_tvalid <= 1'b1;
            end
        end
    end

    always @(posedge aclk) begin
        if (accept && s_axis_tlast) begin
            m_axis_tdata <= total;
            m_axis_tlast <= s_axis_tuser[0];
            m_axis_tuser <= s_axis_tuser[USER_WIDTH:1];
        end
    end

endmodule

`default_nettype wire
