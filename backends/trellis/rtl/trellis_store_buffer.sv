// The store unit's `STORE_BURSTS = 2 buffers of a burst each: written up to PORT_BYTES bytes at any byte, read a beat at a time.
//
// Lines of PORT_BYTES bytes stand in an even and an odd bank, so that a write touches each once. `wr_data` has its first byte lowest.
// What is written in t can be read in t+1. `rd_buffer`, `rd_beat` in t: `beat` in t+1.
`include "trellis_isa.svh"
module trellis_store_buffer #(
    parameter PORT_BYTES = 8,
    parameter BUS_BYTES = 8
) (
    input  logic clk,
    input  logic wr_en,
    input  logic wr_buffer,
    input  logic [$clog2(`MAX_BURST_BEATS*BUS_BYTES)-1:0] wr_position,
    input  logic [6:0] wr_count,
    input  logic [8*PORT_BYTES-1:0] wr_data,
    input  logic rd_buffer,
    input  logic [$clog2(`MAX_BURST_BEATS)-1:0] rd_beat,
    output logic [8*BUS_BYTES-1:0] beat
);
  localparam PORT_BITS = $clog2(PORT_BYTES);
  localparam BUS_BITS = $clog2(BUS_BYTES);
  localparam BYTE_BITS = $clog2(`MAX_BURST_BEATS * BUS_BYTES);
  // A buffer has at least a line in each bank.
  localparam BUFFER_BITS = BYTE_BITS > PORT_BITS ? BYTE_BITS : PORT_BITS + 1;
  localparam LINE_BITS = BUFFER_BITS - PORT_BITS;
  localparam [6:0] PORT = 7'(PORT_BYTES);

  wire [BUFFER_BITS:0] wr_byte = {wr_buffer, BUFFER_BITS'(wr_position)};
  wire [PORT_BITS-1:0] shift = wr_byte[PORT_BITS-1:0];
  wire is_odd = wr_byte[PORT_BITS];
  wire [LINE_BITS-1:0] line = wr_byte[PORT_BITS+1 +: LINE_BITS];
  wire [BUFFER_BITS:0] rd_byte = {rd_buffer, BUFFER_BITS'(rd_beat) << BUS_BITS};

  // Byte k of the data goes to byte (shift + k) mod PORT_BYTES of a line.
  logic [8*PORT_BYTES-1:0] rotated;
  trellis_rotate #(.BYTES(PORT_BYTES)) rotate (.data(wr_data), .by(-shift), .rotated(rotated));
  wire [7:0] stop = 8'(shift) + {1'b0, wr_count};
  logic [PORT_BYTES-1:0] in_first, in_second;
  for (genvar b = 0; b < PORT_BYTES; b++) begin : masks
    // The last byte of a line is never before the first of the data.
    /* verilator lint_off CMPCONST */
    assign in_first[b] = 8'(b) >= 8'(shift) && 8'(b) < stop;
    /* verilator lint_on CMPCONST */
    assign in_second[b] = 8'(b) + {1'b0, PORT} < stop;
  end

  logic [16*PORT_BYTES-1:0] lines;
  for (genvar k = 0; k < 2; k++) begin : bank
    wire is_first = is_odd == (k == 1);
    wire [LINE_BITS-1:0] address = k == 0 && !is_first ? line + 1'b1 : line;
    wire [PORT_BYTES-1:0] mask = is_first ? in_first : in_second;
    for (genvar b = 0; b < PORT_BYTES; b++) begin : lane
      // Whatever is read of a line while it is written is not looked at.
      (* no_rw_check *)
      logic [7:0] memory[0:(1<<LINE_BITS)-1];
      logic [7:0] data;
      always_ff @(posedge clk) begin
        if (wr_en && mask[b]) memory[address] <= rotated[8*b +: 8];
        data <= memory[rd_byte[PORT_BITS+1 +: LINE_BITS]];
      end
      assign lines[8*(PORT_BYTES*k+b) +: 8] = data;
    end
  end

  logic [PORT_BITS:0] offset;
  always_ff @(posedge clk) offset <= rd_byte[PORT_BITS:0];
  assign beat = lines[8*offset +: 8*BUS_BYTES];
endmodule
