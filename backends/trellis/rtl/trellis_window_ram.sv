// A memory of bytes that is read and written in windows of WIDTH bytes which start at any byte: even and odd lines of WIDTH
// bytes stand in two memories, so that a window, which spans at most two lines, is one access to each.
//
// A read whose address comes in t gives its data in t+1, rotated behind the memories' output registers. A write in t is seen by
// reads from t+1 on. WIDTH is a power of two. A window that runs past the end continues at the beginning.
module trellis_window_ram #(
    parameter BYTES = 4096,
    parameter WIDTH = 16,
    parameter AW = $clog2(BYTES)
) (
    input  logic               clk,
    input  logic               wr_en,
    input  logic [     AW-1:0] wr_addr,
    input  logic [8*WIDTH-1:0] wr_data,
    input  logic [  WIDTH-1:0] wr_mask,
    input  logic [     AW-1:0] rd_addr,
    output logic [8*WIDTH-1:0] rd_data
);
  localparam LINES = (BYTES + 2 * WIDTH - 1) / (2 * WIDTH);  // of each memory
  localparam OW = $clog2(WIDTH);
  localparam LW = AW - OW;

  logic [LW-1:0] wr_even, wr_odd, rd_even, rd_odd;
  logic [WIDTH-1:0] even_mask, odd_mask;
  logic [8*WIDTH-1:0] lines_data, even_data, odd_data;
  logic [OW-1:0] offset;
  logic odd_first;

  trellis_window_write #(.AW(AW), .WIDTH(WIDTH)) write (
      .addr(wr_addr),
      .data(wr_data),
      .mask(wr_mask),
      .even(wr_even),
      .odd(wr_odd),
      .even_mask,
      .odd_mask,
      .lines_data
  );
  trellis_window_lines #(.AW(AW), .WIDTH(WIDTH)) read (.addr(rd_addr), .even(rd_even), .odd(rd_odd));

  trellis_byte_ram #(.LINES(LINES), .WIDTH(WIDTH), .AW(LW)) even (
      .clk,
      .wr_en(wr_en),
      .wr_addr(wr_even),
      .wr_data(lines_data),
      .wr_mask(even_mask),
      .rd_addr(rd_even),
      .rd_data(even_data)
  );
  trellis_byte_ram #(.LINES(LINES), .WIDTH(WIDTH), .AW(LW)) odd (
      .clk,
      .wr_en(wr_en),
      .wr_addr(wr_odd),
      .wr_data(lines_data),
      .wr_mask(odd_mask),
      .rd_addr(rd_odd),
      .rd_data(odd_data)
  );

  always_ff @(posedge clk) begin
    offset    <= rd_addr[OW-1:0];
    odd_first <= rd_addr[OW];
  end
  trellis_window_rotate #(.WIDTH(WIDTH)) rotate (.even_data, .odd_data, .offset, .odd_first, .data(rd_data));
endmodule

// The line of each memory that a window touches: the even one is the second where the window starts in an odd line.
module trellis_window_lines #(
    parameter AW = 12,
    parameter WIDTH = 16,
    parameter OW = $clog2(WIDTH)
) (
    input  logic [   AW-1:0] addr,
    output logic [AW-OW-1:0] even,
    output logic [AW-OW-1:0] odd
);
  logic [AW-OW-1:0] line;
  assign line = addr[AW-1:OW];
  assign odd  = line >> 1;
  assign even = (line >> 1) + {{(AW - OW - 1) {1'b0}}, line[0]};
endmodule

// A write window: both lines get the same rotated bytes, and each the mask of its own.
module trellis_window_write #(
    parameter AW = 12,
    parameter WIDTH = 16,
    parameter OW = $clog2(WIDTH)
) (
    input  logic [     AW-1:0] addr,
    input  logic [8*WIDTH-1:0] data,
    input  logic [  WIDTH-1:0] mask,
    output logic [  AW-OW-1:0] even,
    output logic [  AW-OW-1:0] odd,
    output logic [  WIDTH-1:0] even_mask,
    output logic [  WIDTH-1:0] odd_mask,
    output logic [8*WIDTH-1:0] lines_data
);
  logic [OW-1:0] offset;
  logic [2*WIDTH-1:0] wide_mask;
  logic [16*WIDTH-1:0] twice;
  assign offset = addr[OW-1:0];
  assign wide_mask = {{WIDTH{1'b0}}, mask} << offset;
  assign even_mask = addr[OW] ? wide_mask[2*WIDTH-1:WIDTH] : wide_mask[WIDTH-1:0];
  assign odd_mask = addr[OW] ? wide_mask[WIDTH-1:0] : wide_mask[2*WIDTH-1:WIDTH];
  assign twice = {data, data} << {offset, 3'b000};
  assign lines_data = twice[16*WIDTH-1:8*WIDTH];
  trellis_window_lines #(.AW(AW), .WIDTH(WIDTH)) lines (.addr, .even, .odd);
endmodule

// A read window from its two lines: bytes from the offset on come from the first line, those below it from the second.
module trellis_window_rotate #(
    parameter WIDTH = 16,
    parameter OW = $clog2(WIDTH)
) (
    input  logic [8*WIDTH-1:0] even_data,
    input  logic [8*WIDTH-1:0] odd_data,
    input  logic [     OW-1:0] offset,
    input  logic               odd_first,
    output logic [8*WIDTH-1:0] data
);
  logic [WIDTH-1:0] in_first;
  logic [8*WIDTH-1:0] merged;
  logic [16*WIDTH-1:0] twice;
  assign in_first = {WIDTH{1'b1}} << offset;
  genvar k;
  generate
    for (k = 0; k < WIDTH; k = k + 1) begin : byte_lane
      assign merged[8*k+:8] = in_first[k] == odd_first ? odd_data[8*k+:8] : even_data[8*k+:8];
    end
  endgenerate
  assign twice = {merged, merged} >> {offset, 3'b000};
  assign data  = twice[8*WIDTH-1:0];
endmodule

// One read and one write port, lines of WIDTH bytes with a write enable each. Data come in the cycle after the address.
module trellis_byte_ram #(
    parameter LINES = 256,
    parameter WIDTH = 16,
    parameter AW = 8
) (
    input  logic               clk,
    input  logic               wr_en,
    input  logic [     AW-1:0] wr_addr,
    input  logic [8*WIDTH-1:0] wr_data,
    input  logic [  WIDTH-1:0] wr_mask,
    input  logic [     AW-1:0] rd_addr,
    output logic [8*WIDTH-1:0] rd_data
);
  localparam MW = LINES > 1 ? $clog2(LINES) : 1;
  // No address is read in the cycle in which it is written: the compiler's tokens keep the two apart.
  (* no_rw_check *)
  logic [8*WIDTH-1:0] lines[0:LINES-1];
  integer k;
  always_ff @(posedge clk) begin
    if (wr_en)
      for (k = 0; k < WIDTH; k = k + 1)
        if (wr_mask[k]) lines[wr_addr[MW-1:0]][8*k+:8] <= wr_data[8*k+:8];
    rd_data <= lines[rd_addr[MW-1:0]];
  end
endmodule
