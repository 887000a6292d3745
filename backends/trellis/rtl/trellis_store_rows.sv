// The words of a store: at most PORT_BYTES bytes of what one burst holds of one row (docs/timing.md, section 8).
//
// `begin_rows` in t: the first word stands at the outputs from t+1; `next` moves on to the word after it.
// A word: `count` bytes from `address` of activation memory go to byte `position` of the burst's buffer, whose first beat is
// aligned; `burst_address` is the burst's first byte in DRAM. The outputs depend on registers alone.
`include "trellis_isa.svh"
module trellis_store_rows #(
    parameter PORT_BYTES = 8,
    parameter BUS_BYTES = 8,
    parameter POSITION_BITS = 8
) (
    input  logic clk,
    input  logic begin_rows,
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [255:0] instr,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic next,
    output logic [17:0] address,
    output logic [6:0] count,
    // Up to and with MAX_BURST_BEATS * BUS_BYTES, the position after the last byte of a full buffer.
    output logic [POSITION_BITS-1:0] position,
    output logic [POSITION_BITS-1:0] position_after,
    output logic [31:0] burst_address,
    output logic burst_ends,
    output logic last
);
  localparam [31:0] BUS_MASK = BUS_BYTES - 1;
  localparam [POSITION_BITS-1:0] BUFFER_BYTES = POSITION_BITS'(`MAX_BURST_BEATS * BUS_BYTES);
  localparam [16:0] PORT = 17'(PORT_BYTES);

  // Constants of the instruction.
  logic is_contiguous;
  logic [16:0] row_bytes;
  logic [17:0] y_step;
  logic [14:0] ring_end, ring_size;
  logic [23:0] pitch;
  // What is left: of the instruction and of the row.
  logic [11:0] rows_left;
  logic [16:0] row_left;
  // Next row's address before the ring, and this row's in DRAM.
  logic [18:0] next_row;
  logic [31:0] row_address;

  wire [POSITION_BITS-1:0] room = BUFFER_BYTES - position;
  wire [16:0] fits = 17'(room) < PORT ? 17'(room) : PORT;
  wire row_ends = row_left <= fits;
  assign count = row_ends ? row_left[6:0] : fits[6:0];
  assign position_after = position + POSITION_BITS'(count);
  assign last = row_ends && rows_left == 1;
  assign burst_ends = last || row_ends && !is_contiguous || position_after == BUFFER_BYTES;

  wire is_in_ring = ring_size != 0 && next_row >= {ring_end, 4'd0};
  /* verilator lint_off UNUSEDSIGNAL */
  wire [18:0] next_address = is_in_ring ? next_row - {ring_size, 4'd0} : next_row;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [31:0] next_stream = row_address + {8'd0, pitch};
  // After a burst that fills its buffer the next begins with a beat of its own.
  wire [31:0] next_burst = (burst_address & ~BUS_MASK) + 32'(BUFFER_BYTES);

  wire [17:0] o_address = instr[`F_STORE_ACT];
  wire [14:0] o_ring_end = instr[`F_STORE_RING_END];
  wire [14:0] o_ring_size = instr[`F_STORE_RING_SIZE];
  wire [31:0] o_dram = instr[`F_STORE_DRAM];

  always_ff @(posedge clk) begin
    if (begin_rows) begin
      is_contiguous <= instr[`F_STORE_DRAM_PITCH] == {7'd0, instr[`F_STORE_BYTES]};
      row_bytes <= instr[`F_STORE_BYTES];
      y_step <= instr[`F_STORE_Y_STEP];
      ring_end <= o_ring_end;
      ring_size <= o_ring_size;
      pitch <= instr[`F_STORE_DRAM_PITCH];
      rows_left <= instr[`F_STORE_ROWS];
      row_left <= instr[`F_STORE_BYTES];
      next_row <= {1'b0, o_address} + {1'b0, instr[`F_STORE_Y_STEP]};
      row_address <= o_dram;
      burst_address <= o_dram;
      address <= o_ring_size != 0 && {1'b0, o_address} >= {o_ring_end, 4'd0}
          ? o_address - {o_ring_size[13:0], 4'd0} : o_address;
      position <= POSITION_BITS'(o_dram & BUS_MASK);
    end else if (next) begin
      position <= position_after;
      if (burst_ends) begin
        burst_address <= next_burst;
        position <= '0;
      end
      if (row_ends) begin
        rows_left <= rows_left - 1'b1;
        row_left <= row_bytes;
        address <= next_address[17:0];
        next_row <= next_row + {1'b0, y_step};
        if (!is_contiguous) begin
          row_address <= next_stream;
          burst_address <= next_stream;
          position <= POSITION_BITS'(next_stream & BUS_MASK);
        end
      end else begin
        row_left <= row_left - {10'd0, count};
        address <= address + {11'd0, count};
      end
    end
  end
endmodule
