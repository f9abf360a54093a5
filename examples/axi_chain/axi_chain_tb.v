// Test bench of axi_chain: a source with random gaps, a sink with random back-pressure, results against the files that
// run.py has written. The line that starts with PASS or FAIL is the verdict. +seed=N takes another course of random
// numbers.
//
//   elements.mem   a word for every pair of elements: number of the result, tlast of results, tlast, b, a
//   results.mem    a word for every result: number of the result, tlast, code

`default_nettype none

module axi_chain_tb;

    parameter ELEMENTS = 1;
    parameter RESULTS = 1;
    parameter [15:0] MULTIPLIER = 16'd1;
    parameter SHIFT = 8;
    localparam USER_WIDTH = 8;
    localparam PATIENCE = 20 * ELEMENTS + 1000; // clocks

    reg aclk, aresetn;
    reg [15:0] s_tdata;
    reg s_tvalid, s_tlast;
    reg [USER_WIDTH:0] s_tuser;
    wire s_tready;
    wire [7:0] m_tdata;
    wire m_tvalid, m_tlast;
    wire [USER_WIDTH-1:0] m_tuser;
    reg m_tready;

    axi_chain #(
        .USER_WIDTH(USER_WIDTH),
        .MULTIPLIER(MULTIPLIER),
        .SHIFT(SHIFT)
    ) dut (
        .aclk(aclk),
        .aresetn(aresetn),
        .s_axis_tdata(s_tdata),
        .s_axis_tvalid(s_tvalid),
        .s_axis_tready(s_tready),
        .s_axis_tlast(s_tlast),
        .s_axis_tuser(s_tuser),
        .m_axis_tdata(m_tdata),
        .m_axis_tvalid(m_tvalid),
        .m_axis_tready(m_tready),
        .m_axis_tlast(m_tlast),
        .m_axis_tuser(m_tuser)
    );

    reg [16+1+1+USER_WIDTH-1:0] elements [0:ELEMENTS-1];
    reg [8+1+USER_WIDTH-1:0] results [0:RESULTS-1];
    integer seed, source_seed, sink_seed, sent, clocks, gap, stall, compared, mismatches, stalls;
    reg taken;

    initial begin
        if (!$value$plusargs("seed=%d", seed))
            seed = 1;
        source_seed = seed;
        sink_seed = ~seed;
        $readmemh("elements.mem", elements);
        $readmemh("results.mem", results);
        aclk = 1'b0;
        aresetn = 1'b0;
        taken = 1'b0;
        s_tvalid = 1'b0;
        clocks = 0;
        m_tready = 1'b0;
        sent = 0;
        gap = 0;
        stall = 0;
        compared = 0;
        mismatches = 0;
        stalls = 0;
        repeat (4) @(negedge aclk);
        aresetn = 1'b1;
        for (clocks = 0; compared < RESULTS && clocks < PATIENCE; clocks = clocks + 1)
            @(negedge aclk);
        if (compared == RESULTS && mismatches == 0)
            $display("PASS: %0d outputs compared, 0 mismatches; %0d clocks, at %0d of them an output waited", compared,
                     clocks, stalls);
        else
            $display("FAIL: %0d of %0d outputs compared, %0d mismatches", compared, RESULTS, mismatches);
        $finish;
    end
    always #5 aclk = ~aclk;

    // How often the source pauses, and how often the sink refuses, in eighths; it changes every 64 clocks.
    // Inputs change between the rising edges. What was offered and not taken stays.
    always @(posedge aclk)
        taken = aresetn && s_tvalid && s_tready;
    always @(negedge aclk) begin
        if (clocks % 64 == 0)
            gap = {$random(source_seed)} % 5;
        if (taken) begin
            sent = sent + 1;
            s_tvalid = 1'b0;
        end
        if (aresetn && !s_tvalid && sent < ELEMENTS && {$random(source_seed)} % 8 >= gap) begin
            s_tvalid = 1'b1;
            {s_tuser, s_tlast, s_tdata} = elements[sent];
        end
    end
    always @(negedge aclk) begin
        if (clocks % 64 == 0)
            stall = {$random(sink_seed)} % 8;
        m_tready = {$random(sink_seed)} % 8 >= stall;
    end

    // Compare on the rising edge; an unknown bit is never equal.
    always @(posedge aclk) begin
        if (aresetn && m_tvalid !== 1'b0 && !m_tready)
            stalls = stalls + 1;
        if (aresetn && m_tvalid !== 1'b0 && m_tready) begin
            if (m_tvalid !== 1'b1 || {m_tuser, m_tlast, m_tdata} !== results[compared]) begin
                mismatches = mismatches + 1;
                if (mismatches <= 10)
                    $display("mismatch at result %0d: got number %0d, last %b, code %h; expected %h", compared, m_tuser,
                             m_tlast, m_tdata, results[compared]);
            end
            compared = compared + 1;
        end
    end

endmodule

`default_nettype wire
