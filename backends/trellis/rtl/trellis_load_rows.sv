// The words of load.act, load.fill, load.index, load.param and load.table: at most PORT_BYTES bytes of what one burst holds of one row,
// the first word of a row with padding before, the last with padding after the data (docs/timing.md, section 5).
//
// `begin_rows` in t: the first word stands at the outputs from t+1; `next` moves on to the word after it.
// A word: bytes 0 to `lead` - 1 are padding, those up to `upto` - 1 data, those up to `count` - 1 padding again. `window` is the
// byte of the staging buffer that falls on byte 0; the beats before `need` have to be there.
// The outputs depend on registers alone.
`include "trellis_isa.svh"
module trellis_load_rows #(
    parameter PORT_BYTES = 8,
    parameter BUS_BYTES = 8,
    parameter BEAT_BITS = 9
) (
    input  logic clk,
    input  logic begin_rows,
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [255:0] instr,
    /* verilator lint_on UNUSEDSIGNAL */
    // Where in the staging buffer the data of the first burst begin.
    input  logic [BEAT_BITS-1:0] first_beat,
    input  logic next,
    output logic [BEAT_BITS+$clog2(BUS_BYTES)-1:0] window,
    output logic [BEAT_BITS-1:0] need,
    output logic [17:0] address,
    output logic [6:0] lead,
    output logic [6:0] upto,
    output logic [6:0] count,
    output logic burst_ends,
    output logic last
);
  localparam BUS_BITS = $clog2(BUS_BYTES);
  localparam POSITION_BITS = BEAT_BITS + BUS_BITS;
  localparam [31:0] BUS_MASK = BUS_BYTES - 1;
  localparam [11:0] MAX_BYTES = 12'(`MAX_BURST_BEATS * BUS_BYTES);
  localparam [6:0] PORT = 7'(PORT_BYTES);

  // Operands of the instruction.
  wire [4:0] opcode = instr[`F_OPCODE];
  logic [11:0] o_rows;
  logic [19:0] o_bytes;
  logic [16:0] o_left;
  logic [12:0] o_right;
  logic [17:0] o_address, o_step;
  logic [14:0] o_ring_end, o_ring_size;
  always_comb begin
    o_rows = 12'd1;
    o_left = 17'd0;
    o_right = 13'd0;
    o_step = 18'd0;
    o_ring_end = 15'd0;
    o_ring_size = 15'd0;
    case (opcode)
      `OP_LOAD_FILL: begin
        // A row that is all padding.
        o_rows = instr[`F_LOAD_FILL_ROWS];
        o_bytes = 20'd0;
        o_left = instr[`F_LOAD_FILL_BYTES];
        o_address = instr[`F_LOAD_FILL_ACT];
        o_step = instr[`F_LOAD_FILL_Y_STEP];
        o_ring_end = instr[`F_LOAD_FILL_RING_END];
        o_ring_size = instr[`F_LOAD_FILL_RING_SIZE];
      end
      `OP_LOAD_INDEX: begin
        o_bytes = {4'd0, instr[`F_LOAD_INDEX_ENTRIES], 2'd0};
        o_address = {2'd0, instr[`F_LOAD_INDEX_LIST], 2'd0};
      end
      `OP_LOAD_PARAM: begin
        o_bytes = {instr[`F_LOAD_PARAM_BYTES], 2'd0};
        o_address = 18'(instr[`F_LOAD_PARAM_PARAM]) << 2;
      end
      `OP_LOAD_TABLE: begin
        o_bytes = 20'd256;
        o_address = {8'd0, instr[`F_LOAD_TABLE_TABLE], 8'd0};
      end
      default: begin
        o_rows = instr[`F_LOAD_ACT_ROWS];
        o_bytes = {3'd0, instr[`F_LOAD_ACT_BYTES]};
        o_left = {4'd0, instr[`F_LOAD_ACT_PAD_LEFT]};
        o_right = instr[`F_LOAD_ACT_PAD_RIGHT];
        o_address = instr[`F_LOAD_ACT_ACT];
        o_step = instr[`F_LOAD_ACT_Y_STEP];
        o_ring_end = instr[`F_LOAD_ACT_RING_END];
        o_ring_size = instr[`F_LOAD_ACT_RING_SIZE];
      end
    endcase
  end
  // Offsets in a beat, as wide as a position so that a bus of one byte needs no case of its own.
  wire [POSITION_BITS-1:0] o_offset = POSITION_BITS'(instr[`F_LOAD_ACT_DRAM] & BUS_MASK);

  // Constants of the instruction.
  logic has_data, is_contiguous;
  logic [19:0] row_bytes;
  logic [16:0] pad_left;
  logic [12:0] pad_right;
  logic [17:0] y_step;
  logic [14:0] ring_end, ring_size;
  logic [POSITION_BITS-1:0] pitch;
  // What is left: of the instruction, of the row and of the burst.
  logic [11:0] rows_left;
  logic [16:0] lead_left;
  logic [19:0] data_left;
  logic [12:0] tail_left;
  logic [11:0] room;
  logic is_first_of_burst;
  // Next data byte in the staging buffer, this row's offset in its first beat, next row's address before the ring.
  logic [POSITION_BITS-1:0] position, offset;
  logic [18:0] next_row;

  wire leads_on = lead_left > {10'd0, PORT};
  assign lead = leads_on ? PORT : lead_left[6:0];
  wire [6:0] space = PORT - lead;
  wire is_row_in_burst = data_left <= {8'd0, room};
  wire [11:0] run = is_row_in_burst ? data_left[11:0] : room;
  wire is_run_in_word = run <= {5'd0, space};
  wire [6:0] data = is_run_in_word ? run[6:0] : space;
  wire data_ends = is_row_in_burst && is_run_in_word && !leads_on;
  assign upto = lead + data;
  wire [6:0] space_after = PORT - upto;
  wire is_tail_in_word = tail_left <= {6'd0, space_after};
  wire [6:0] tail = !data_ends ? 7'd0 : is_tail_in_word ? tail_left[6:0] : space_after;
  assign count = upto + tail;
  wire row_ends = data_ends && is_tail_in_word;
  wire burst_is_read = run == room && is_run_in_word && !leads_on;
  assign last = row_ends && rows_left == 1;
  assign burst_ends = has_data &&
      (row_ends && (!is_contiguous || last) || burst_is_read && (row_ends || !data_ends));

  // A burst begins with the arrival of its first beat, even where its first word is padding alone.
  wire [6:0] reach = data == 0 && is_first_of_burst ? 7'd1 : data;
  wire [POSITION_BITS-1:0] position_after = position + POSITION_BITS'(data);
  /* verilator lint_off UNUSEDSIGNAL */
  wire [POSITION_BITS-1:0] beyond =
      position + POSITION_BITS'(reach) + BUS_MASK[POSITION_BITS-1:0];
  /* verilator lint_on UNUSEDSIGNAL */
  assign need = beyond[POSITION_BITS-1:BUS_BITS];
  assign window = position - POSITION_BITS'(lead);

  wire [POSITION_BITS-1:0] next_offset = (offset + pitch) & BUS_MASK[POSITION_BITS-1:0];
  wire is_in_ring = ring_size != 0 && next_row >= {ring_end, 4'd0};
  /* verilator lint_off UNUSEDSIGNAL */
  wire [18:0] next_address = is_in_ring ? next_row - {ring_size, 4'd0} : next_row;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [17:0] first_wrapped = o_address - {o_ring_size[13:0], 4'd0};

  always_ff @(posedge clk) begin
    if (begin_rows) begin
      has_data <= opcode != `OP_LOAD_FILL;
      is_contiguous <= opcode != `OP_LOAD_ACT ||
          instr[`F_LOAD_ACT_DRAM_PITCH] == {7'd0, instr[`F_LOAD_ACT_BYTES]};
      row_bytes <= o_bytes;
      pad_left <= o_left;
      pad_right <= o_right;
      y_step <= o_step;
      ring_end <= o_ring_end;
      ring_size <= o_ring_size;
      pitch <= POSITION_BITS'(instr[`F_LOAD_ACT_DRAM_PITCH]) & BUS_MASK[POSITION_BITS-1:0];
      rows_left <= o_rows;
      lead_left <= o_left;
      data_left <= o_bytes;
      tail_left <= o_right;
      room <= MAX_BYTES - 12'(o_offset);
      is_first_of_burst <= 1'b1;
      position <= (POSITION_BITS'(first_beat) << BUS_BITS) | o_offset;
      offset <= o_offset;
      address <= o_ring_size != 0 && {1'b0, o_address} >= {o_ring_end, 4'd0} ? first_wrapped : o_address;
      next_row <= {1'b0, o_address} + {1'b0, o_step};
    end else if (next) begin
      is_first_of_burst <= burst_ends;
      position <= position_after;
      room <= burst_ends ? MAX_BYTES : room - {5'd0, data};
      if (row_ends) begin
        rows_left <= rows_left - 1'b1;
        lead_left <= pad_left;
        data_left <= row_bytes;
        tail_left <= pad_right;
        address <= next_address[17:0];
        next_row <= next_row + {1'b0, y_step};
        if (!is_contiguous) begin
          // Another stream: it begins with a beat of its own.
          position <= (POSITION_BITS'(need) << BUS_BITS) | next_offset;
          offset <= next_offset;
          room <= MAX_BYTES - 12'(next_offset);
        end
      end else begin
        lead_left <= lead_left - {10'd0, lead};
        data_left <= data_left - {13'd0, data};
        tail_left <= tail_left - {6'd0, tail};
        address <= address + {11'd0, count};
      end
    end
  end
endmodule
