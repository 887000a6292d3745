// The words of rows, for load and store (docs/timing.md, sections 5 and 8): a row is split where a burst ends, into pieces, and a piece,
// with padding before the first of a row and after the last, into words of PORT_BYTES bytes.
//
// `begin_rows` in t: the first word stands at the outputs from t+1; `next` moves on to the word after it.
// Of a word, bytes 0 to `lead` - 1 are padding, those up to `upto` - 1 data, those up to `count` - 1 padding again. It belongs to
// `address` of the memory. The buffer between memory and DRAM is a ring of beats in which each burst begins with the beat after the
// one before it; `position` is the byte in it that falls on byte 0 of the word, and the word's data stand before beat `end_beat`.
// The outputs depend on registers alone.
`include "trellis_isa.svh"
module trellis_rows #(
    parameter PORT_BYTES = 8,
    parameter BUS_BYTES = 8,
    parameter BEAT_BITS = 9,
    // Rows that do not follow one another in DRAM begin at a multiple of this many beats.
    parameter STREAM_BEATS = 1,
    parameter HAS_PADDING = 1
) (
    input  logic clk,
    input  logic begin_rows,
    input  logic next,
    // No word is left, whatever the outputs say.
    input  logic is_idle,
    // Operands, named as those of load.act; they are looked at with `begin_rows` only.
    input  logic [11:0] rows,
    input  logic [19:0] bytes,
    input  logic [16:0] pad_left,
    input  logic [12:0] pad_right,
    input  logic [17:0] act,
    input  logic [17:0] y_step,
    input  logic [14:0] ring_end,
    input  logic [14:0] ring_size,
    // Where rows stand in a beat; whether they follow one another in DRAM.
    input  logic [5:0] dram,
    input  logic [5:0] dram_pitch,
    input  logic is_contiguous,
    input  logic [BEAT_BITS-1:0] first_beat,
    // The word.
    output logic [BEAT_BITS+$clog2(BUS_BYTES)-1:0] position,
    output logic [BEAT_BITS-1:0] end_beat,
    output logic [17:0] address,
    output logic [6:0] lead,
    output logic [6:0] upto,
    output logic [6:0] count,
    // The last word of its row, of its burst, of all.
    output logic row_ends,
    output logic burst_ends,
    output logic last
);
  localparam BUS_BITS = $clog2(BUS_BYTES);
  localparam POSITION_BITS = BEAT_BITS + BUS_BITS;
  localparam [5:0] BUS_MASK = 6'(BUS_BYTES - 1);
  localparam [11:0] MAX_BYTES = 12'(`MAX_BURST_BEATS * BUS_BYTES);
  localparam [17:0] PORT = 18'(PORT_BYTES);

  // What the instruction says of each row.
  logic [19:0] row_bytes;
  logic [16:0] row_lead;
  logic [12:0] row_tail;
  logic [17:0] row_step;
  logic [14:0] row_ring_end, row_ring_size;
  logic [5:0] row_pitch;
  logic are_contiguous;

  // The piece: its bytes left, those of them that are padding before the data, and data.
  logic [17:0] piece_left;
  logic [16:0] lead_left;
  logic [11:0] data_left;
  logic is_first_of_burst;
  // After the piece: bytes of its row, where it is not the row's last, and bytes that its burst may have.
  logic [19:0] row_left;
  logic [11:0] room;
  logic [11:0] rows_left;
  logic is_last_piece, is_last_row;
  // The next data byte in the buffer; the row's offset in a beat; the next row's address before the ring.
  logic [POSITION_BITS-1:0] data_position;
  logic [5:0] offset;
  logic [18:0] next_row;

  // The word.
  wire piece_ends = piece_left <= PORT;
  assign count = piece_ends ? piece_left[6:0] : PORT[6:0];
  assign lead = HAS_PADDING == 0 ? 7'd0 : lead_left < PORT[16:0] ? lead_left[6:0] : PORT[6:0];
  wire [17:0] before_tail = HAS_PADDING == 0 ? 18'(data_left) : {1'b0, lead_left} + {6'd0, data_left};
  assign upto = before_tail < PORT ? before_tail[6:0] : PORT[6:0];
  wire [6:0] data = upto - lead;
  assign position = data_position - POSITION_BITS'(lead);
  // A burst begins with the arrival of its first beat, even where its first word is padding alone.
  wire [POSITION_BITS-1:0] data_end = data_position + POSITION_BITS'(data);
  /* verilator lint_off UNUSEDSIGNAL */
  wire [6:0] round_up = data == 0 && is_first_of_burst ? 7'd1 + 7'(BUS_MASK) : 7'(BUS_MASK);
  wire [POSITION_BITS-1:0] in_end_beat = data_end + POSITION_BITS'(round_up);
  /* verilator lint_on UNUSEDSIGNAL */
  assign end_beat = in_end_beat[POSITION_BITS-1:BUS_BITS];

  assign row_ends = piece_ends && is_last_piece;
  assign last = row_ends && is_last_row;
  assign burst_ends = piece_ends && (room == 0 || is_last_piece && (!are_contiguous || is_last_row));

  localparam [BEAT_BITS-1:0] STREAM_MASK = BEAT_BITS'(STREAM_BEATS - 1);
  wire [BEAT_BITS-1:0] next_stream = (end_beat + STREAM_MASK) & ~STREAM_MASK;

  // The next piece: of the same row in the next burst, of the next row, or of the next instruction. That it is the latter is known
  // before it is known when it begins.
  wire is_begun = is_idle || is_last_piece && is_last_row;
  wire [5:0] first_offset = dram & BUS_MASK;
  wire [5:0] next_offset = (offset + row_pitch) & BUS_MASK;
  wire [11:0] next_room = !is_last_piece ? MAX_BYTES :
      !are_contiguous ? MAX_BYTES - 12'(next_offset) : room == 0 ? MAX_BYTES : room;
  logic [19:0] begun_bytes;
  logic [16:0] begun_lead;
  logic [12:0] begun_tail;
  logic [11:0] begun_room;
  always_comb begin
    if (is_begun) begin
      begun_bytes = bytes;
      begun_lead = pad_left;
      begun_tail = pad_right;
      begun_room = MAX_BYTES - 12'(first_offset);
    end else begin
      begun_bytes = is_last_piece ? row_bytes : row_left;
      begun_lead = is_last_piece ? row_lead : 17'd0;
      begun_tail = row_tail;
      begun_room = next_room;
    end
  end
  wire ends_row = begun_bytes <= 20'(begun_room);
  wire [17:0] with_tail = 18'(begun_lead) + 18'(begun_bytes[11:0]) + 18'(begun_tail);
  wire [17:0] without_tail = 18'(begun_lead) + 18'(begun_room);

  // Rings are applied to the start of a row.
  wire [18:0] row_start = is_begun ? 19'(act) : next_row;
  wire [14:0] ring = is_begun ? ring_size : row_ring_size;
  wire [17:0] step = is_begun ? y_step : row_step;
  wire is_past_ring = ring != 0 && row_start >= {is_begun ? ring_end : row_ring_end, 4'd0};
  wire [17:0] row_address = row_start[17:0] - (is_past_ring ? {ring[13:0], 4'd0} : 18'd0);

  always_ff @(posedge clk) begin
    if (begin_rows || next && piece_ends) begin
      piece_left <= ends_row ? with_tail : without_tail;
      lead_left <= begun_lead;
      data_left <= ends_row ? begun_bytes[11:0] : begun_room;
      is_last_piece <= ends_row;
      row_left <= begun_bytes - 20'(begun_room);
      room <= ends_row ? begun_room - begun_bytes[11:0] : 12'd0;
    end else if (next) begin
      piece_left <= piece_left - PORT;
      lead_left <= lead_left - {10'd0, lead};
      data_left <= data_left - {5'd0, data};
    end

    if (begin_rows || next && row_ends) begin
      address <= row_address;
      next_row <= row_start + 19'(step);
    end else if (next) address <= address + {11'd0, count};

    if (begin_rows) begin
      row_bytes <= bytes;
      row_lead <= pad_left;
      row_tail <= pad_right;
      row_step <= y_step;
      row_ring_end <= ring_end;
      row_ring_size <= ring_size;
      row_pitch <= dram_pitch & BUS_MASK;
      are_contiguous <= is_contiguous;
      rows_left <= rows;
      is_last_row <= rows == 1;
      offset <= first_offset;
      data_position <= (POSITION_BITS'(first_beat) << BUS_BITS) | POSITION_BITS'(first_offset);
      is_first_of_burst <= 1'b1;
    end else if (next) begin
      data_position <= data_end;
      is_first_of_burst <= burst_ends;
      if (row_ends) begin
        rows_left <= rows_left - 1'b1;
        is_last_row <= rows_left == 2;
      end
      if (row_ends && !are_contiguous) begin
        // Another stream begins with a beat of its own.
        offset <= next_offset;
        data_position <= (POSITION_BITS'(next_stream) << BUS_BITS) | POSITION_BITS'(next_offset);
      end
    end
  end
endmodule
