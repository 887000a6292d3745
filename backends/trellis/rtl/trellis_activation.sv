// Activation memory: BANKS banks, each with one read and one write port (section 10 of docs/timing.md), of even and odd
// lines as in trellis_window_ram. Readers are mac, post and store; writers are load and post.
//
// Who uses a bank's port owns it: the compiler's tokens see to it that no other unit does at the same time. What the windows of
// mac read beyond their weights belongs to nobody, so mac gives way to post and store, which say how many bytes they want.
// `conflict` says in the cycle of the access that two others used one port; the result is then undefined. Reads give data in the cycle after the address, writes
// are seen by reads from the next cycle on.
module trellis_activation #(
    parameter BYTES = 131072,
    parameter BANKS = 8,
    parameter WIDTH = 16
) (
    input  logic                 clk,
    input  logic [          2:0] rd_en,
    input  logic [       3*18-1:0] rd_addr,
    input  logic [        2*7-1:0] rd_bytes,  // of post and store
    output logic [3*8*WIDTH-1:0] rd_data,
    input  logic [          1:0] wr_en,
    input  logic [       2*18-1:0] wr_addr,
    input  logic [2*8*WIDTH-1:0] wr_data,
    input  logic [  2*WIDTH-1:0] wr_mask,
    output logic                 conflict
);
  localparam OW = $clog2(WIDTH);
  localparam LW = 18 - OW;

  logic [3*LW-1:0] rd_even, rd_odd;
  logic [2*LW-1:0] wr_even, wr_odd;
  logic [2*WIDTH-1:0] even_mask, odd_mask;
  logic [2*8*WIDTH-1:0] lines_data;
  logic [3*8*WIDTH-1:0] even_data, odd_data;
  logic [2:0] even_en, odd_en;
  logic even_conflict, odd_conflict;
  assign conflict = even_conflict || odd_conflict;

  genvar r, w;
  generate
    for (r = 0; r < 3; r = r + 1) begin : reader
      logic [OW-1:0] offset;
      logic odd_first, spans;
      logic [31:0] ends;
      if (r == 0) assign spans = 1'b1;
      else begin : counted
        assign ends = {25'd0, rd_bytes[7*(r-1)+:7]} + {{(32 - OW) {1'b0}}, rd_addr[18*r+:OW]};
        assign spans = ends > WIDTH;
      end
      assign even_en[r] = rd_en[r] && (spans || !rd_addr[18*r+OW]);
      assign odd_en[r] = rd_en[r] && (spans || rd_addr[18*r+OW]);
      trellis_window_lines #(.AW(18), .WIDTH(WIDTH)) lines (
          .addr(rd_addr[18*r+:18]),
          .even(rd_even[LW*r+:LW]),
          .odd (rd_odd[LW*r+:LW])
      );
      always_ff @(posedge clk) begin
        offset    <= rd_addr[18*r+:OW];
        odd_first <= rd_addr[18*r+OW];
      end
      trellis_window_rotate #(.WIDTH(WIDTH)) rotate (
          .even_data(even_data[8*WIDTH*r+:8*WIDTH]),
          .odd_data(odd_data[8*WIDTH*r+:8*WIDTH]),
          .offset,
          .odd_first,
          .data(rd_data[8*WIDTH*r+:8*WIDTH])
      );
    end
    for (w = 0; w < 2; w = w + 1) begin : writer
      trellis_window_write #(.AW(18), .WIDTH(WIDTH)) window (
          .addr(wr_addr[18*w+:18]),
          .data(wr_data[8*WIDTH*w+:8*WIDTH]),
          .mask(wr_mask[WIDTH*w+:WIDTH]),
          .even(wr_even[LW*w+:LW]),
          .odd(wr_odd[LW*w+:LW]),
          .even_mask(even_mask[WIDTH*w+:WIDTH]),
          .odd_mask(odd_mask[WIDTH*w+:WIDTH]),
          .lines_data(lines_data[8*WIDTH*w+:8*WIDTH])
      );
    end
  endgenerate

  trellis_activation_side #(.BYTES(BYTES), .BANKS(BANKS), .WIDTH(WIDTH), .LW(LW)) even (
      .clk,
      .rd_en(even_en),
      .rd_line(rd_even),
      .rd_data(even_data),
      .wr_en,
      .wr_line(wr_even),
      .wr_data(lines_data),
      .wr_mask(even_mask),
      .conflict(even_conflict)
  );
  trellis_activation_side #(.BYTES(BYTES), .BANKS(BANKS), .WIDTH(WIDTH), .LW(LW)) odd (
      .clk,
      .rd_en(odd_en),
      .rd_line(rd_odd),
      .rd_data(odd_data),
      .wr_en,
      .wr_line(wr_odd),
      .wr_data(lines_data),
      .wr_mask(odd_mask),
      .conflict(odd_conflict)
  );
endmodule

// The even or the odd lines of all banks.
module trellis_activation_side #(
    parameter BYTES = 131072,
    parameter BANKS = 8,
    parameter WIDTH = 16,
    parameter LW = 14
) (
    input  logic                 clk,
    input  logic [          2:0] rd_en,
    input  logic [     3*LW-1:0] rd_line,
    output logic [3*8*WIDTH-1:0] rd_data,
    input  logic [          1:0] wr_en,
    input  logic [     2*LW-1:0] wr_line,
    input  logic [2*8*WIDTH-1:0] wr_data,
    input  logic [  2*WIDTH-1:0] wr_mask,
    output logic                 conflict
);
  localparam LINES = BYTES / BANKS / WIDTH / 2;  // of one bank
  localparam SHIFT = $clog2(LINES);
  localparam ALIGNED = LINES == 1 << SHIFT;  // the bank's number stands in the line's high bits

  logic [8*WIDTH*BANKS-1:0] bank_data;
  logic [BANKS-1:0] clash;
  logic [3*BANKS-1:0] hits;  // of reader r in bank b: hits[3 * b + r]
  assign conflict = clash != 0;

  genvar b, r;
  generate
    for (b = 0; b < BANKS; b = b + 1) begin : bank
      localparam FIRST = b * LINES;
      logic [2:0] reads;
      logic [1:0] writes;
      logic [31:0] rd_at, wr_at;
      logic [8*WIDTH-1:0] data;
      for (r = 0; r < 3; r = r + 1) begin : reader
        logic [31:0] line;
        assign line = {{(32 - LW) {1'b0}}, rd_line[LW*r+:LW]};
        assign reads[r] = rd_en[r] && (ALIGNED ? line >> SHIFT == b : line >= FIRST && line < FIRST + LINES);
      end
      for (r = 0; r < 2; r = r + 1) begin : writer
        logic [31:0] line;
        assign line = {{(32 - LW) {1'b0}}, wr_line[LW*r+:LW]};
        assign writes[r] = wr_en[r] && wr_mask[WIDTH*r+:WIDTH] != 0 &&
            (ALIGNED ? line >> SHIFT == b : line >= FIRST && line < FIRST + LINES);
      end
      assign rd_at = {{(32 - LW) {1'b0}}, reads[1] ? rd_line[LW+:LW] : reads[2] ? rd_line[2*LW+:LW] : rd_line[0+:LW]} - FIRST;
      assign wr_at = {{(32 - LW) {1'b0}}, writes[0] ? wr_line[0+:LW] : wr_line[LW+:LW]} - FIRST;
      assign clash[b] = (reads[1] && reads[2]) || (writes[0] && writes[1]);
      assign hits[3*b+:3] = reads;
      trellis_byte_ram #(.LINES(LINES), .WIDTH(WIDTH), .AW(LW)) ram (
          .clk,
          .wr_en(writes != 0),
          .wr_addr(wr_at[LW-1:0]),
          .wr_data(writes[0] ? wr_data[0+:8*WIDTH] : wr_data[8*WIDTH+:8*WIDTH]),
          .wr_mask(writes[0] ? wr_mask[0+:WIDTH] : wr_mask[WIDTH+:WIDTH]),
          .rd_addr(rd_at[LW-1:0]),
          .rd_data(data)
      );
      assign bank_data[8*WIDTH*b+:8*WIDTH] = data;
    end

    for (r = 0; r < 3; r = r + 1) begin : reader_data
      logic [BANKS-1:0] from;
      logic [8*WIDTH-1:0] data;
      integer k;
      for (b = 0; b < BANKS; b = b + 1) begin : select
        always_ff @(posedge clk) from[b] <= hits[3*b+r];
      end
      always_comb begin
        data = 0;
        for (k = 0; k < BANKS; k = k + 1) data = data | ({8 * WIDTH{from[k]}} & bank_data[8*WIDTH*k+:8*WIDTH]);
      end
      assign rd_data[8*WIDTH*r+:8*WIDTH] = data;
    end
  endgenerate
endmodule
