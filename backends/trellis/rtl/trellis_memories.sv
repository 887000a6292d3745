// The smaller memories: weights, accumulators, tables. Index and parameter memory are plain trellis_window_ram. Every read
// gives its data in the cycle after the address; a write in t is seen by reads from t+1 on.

// Weight memory: even and odd columns stand apart, so that two neighbours are read, or written, at once. Each byte lane
// has a ninth bit that says whether it was given weights: among 1-bit weights none is neutral.
module trellis_weights #(
    parameter ROWS = 16,
    parameter COLUMNS = 4096
) (
    input  logic                clk,
    input  logic [         1:0] wr_en,      // column wr_column, and the one after it
    input  logic [        15:0] wr_column,
    input  logic [ 2*8*ROWS-1:0] wr_data,
    input  logic [    ROWS-1:0] wr_filled,
    input  logic [        15:0] rd_column,
    output logic [2*8*ROWS-1:0] rd_data,
    output logic [  2*ROWS-1:0] rd_filled
);
  localparam PAIRS = (COLUMNS + 1) / 2;
  localparam AW = PAIRS > 1 ? $clog2(PAIRS) : 1;
  localparam W = 9 * ROWS;

  (* no_rw_check *) logic [W-1:0] even[0:PAIRS-1];
  (* no_rw_check *) logic [W-1:0] odd[0:PAIRS-1];
  logic [W-1:0] even_out, odd_out, first, second;
  logic odd_first;

  // A pair that starts at an odd column has its second in the even memory one place further.
  logic [15:0] wr_next, rd_next;
  assign wr_next = wr_column + 16'd1;
  assign rd_next = rd_column + 16'd1;
  always_ff @(posedge clk) begin
    if (wr_column[0] ? wr_en[1] : wr_en[0])
      even[wr_next[AW:1]] <= {wr_filled, wr_column[0] ? wr_data[8*ROWS+:8*ROWS] : wr_data[0+:8*ROWS]};
    if (wr_column[0] ? wr_en[0] : wr_en[1])
      odd[wr_column[AW:1]] <= {wr_filled, wr_column[0] ? wr_data[0+:8*ROWS] : wr_data[8*ROWS+:8*ROWS]};
    even_out  <= even[rd_next[AW:1]];
    odd_out   <= odd[rd_column[AW:1]];
    odd_first <= rd_column[0];
  end
  assign first = odd_first ? odd_out : even_out;
  assign second = odd_first ? even_out : odd_out;
  assign rd_data = {second[0+:8*ROWS], first[0+:8*ROWS]};
  assign rd_filled = {second[8*ROWS+:ROWS], first[8*ROWS+:ROWS]};
endmodule

// Accumulator memory: vectors of COLS sums of 32 bits. mac and post read, each from a copy of its own.
module trellis_accumulators #(
    parameter COLS = 16,
    parameter VECTORS = 512
) (
    input  logic               clk,
    input  logic               wr_en,
    input  logic [       13:0] wr_addr,
    input  logic [32*COLS-1:0] wr_data,
    input  logic [       13:0] mac_addr,
    output logic [32*COLS-1:0] mac_data,
    input  logic [       13:0] post_addr,
    output logic [32*COLS-1:0] post_data
);
  localparam AW = VECTORS > 1 ? $clog2(VECTORS) : 1;
  (* no_rw_check *) logic [32*COLS-1:0] for_mac[0:VECTORS-1];
  (* no_rw_check *) logic [32*COLS-1:0] for_post[0:VECTORS-1];
  always_ff @(posedge clk) begin
    if (wr_en) for_mac[wr_addr[AW-1:0]] <= wr_data;
    mac_data <= for_mac[mac_addr[AW-1:0]];
  end
  always_ff @(posedge clk) begin
    if (wr_en) for_post[wr_addr[AW-1:0]] <= wr_data;
    post_data <= for_post[post_addr[AW-1:0]];
  end
endmodule

// Four tables of 256 bytes, a copy for each of the TABLE_PORTS readers. Addresses are {table, byte}.
`include "trellis_isa.svh"
module trellis_tables #(
    parameter WIDTH = 16
) (
    input  logic                       clk,
    input  logic                       wr_en,
    input  logic [                9:0] wr_addr,
    input  logic [        8*WIDTH-1:0] wr_data,
    input  logic [          WIDTH-1:0] wr_mask,
    input  logic [10*`TABLE_PORTS-1:0] rd_addr,
    output logic [ 8*`TABLE_PORTS-1:0] rd_data
);
  genvar p;
  generate
    for (p = 0; p < `TABLE_PORTS; p = p + 1) begin : port
      logic [8*WIDTH-1:0] window;
      trellis_window_ram #(.BYTES(1024), .WIDTH(WIDTH)) copy (
          .clk,
          .wr_en,
          .wr_addr,
          .wr_data,
          .wr_mask,
          .rd_addr(rd_addr[10*p+:10]),
          .rd_data(window)
      );
      assign rd_data[8*p+:8] = window[7:0];
    end
  endgenerate
endmodule
