// The words of load.weight: two neighbouring columns of a group, or one where the group has no other or where two have more than
// PORT_BYTES bytes in the stream. A word may span bursts and belongs to the burst in which it ends; a burst in which none ends has
// one word that writes nothing (docs/timing.md, section 5).
//
// `begin_columns` in t: the first word stands at the outputs from t+1; `next` moves on to the word after it.
// `window` and `bit_offset` are the word's first bit in the staging buffer; it ends before beat `end_beat`, and the beats before `need`
// have to be there.
// The outputs depend on registers alone.
`include "trellis_isa.svh"
module trellis_load_columns #(
    parameter PORT_BYTES = 8,
    parameter BUS_BYTES = 8,
    parameter BEAT_BITS = 9
) (
    input  logic clk,
    input  logic begin_columns,
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [255:0] instr,
    /* verilator lint_on UNUSEDSIGNAL */
    // Bits of a column in the stream.
    input  logic [9:0] bits_a_column,
    // Where in the staging buffer the data of the first burst begin.
    input  logic [BEAT_BITS-1:0] first_beat,
    input  logic next,
    output logic [BEAT_BITS+$clog2(BUS_BYTES)-1:0] window,
    output logic [2:0] bit_offset,
    output logic [BEAT_BITS-1:0] end_beat,
    output logic [BEAT_BITS-1:0] need,
    output logic [15:0] column,
    // Which of the two columns are written.
    output logic [1:0] columns,
    output logic burst_ends,
    output logic last
);
  localparam BUS_BITS = $clog2(BUS_BYTES);
  localparam BIT_BITS = BEAT_BITS + BUS_BITS + 3;
  localparam [31:0] BUS_MASK = BUS_BYTES - 1;
  localparam [15:0] MAX_BITS = 16'(8 * `MAX_BURST_BEATS * BUS_BYTES);
  localparam [BEAT_BITS-1:0] MAX_BEATS = `MAX_BURST_BEATS;
  localparam [31:0] BEAT_MASK_BITS = 8 * BUS_BYTES - 1;

  wire [15:0] o_offset_bits = 16'(instr[`F_LOAD_WEIGHT_DRAM] & BUS_MASK) << 3;
  wire o_has_pairs = {bits_a_column, 1'b0} <= 11'(8 * PORT_BYTES);
  wire [15:0] o_columns = instr[`F_LOAD_WEIGHT_COLUMNS];

  // Constants of the instruction: bits of a column in the stream, and whether two go into a word.
  logic [9:0] column_bits;
  logic has_pairs, is_pair;
  logic [15:0] group_columns, group_step;
  // What is left: of the instruction, of the group and of the burst, in bits that no word has had.
  logic [15:0] groups_left, columns_left, room;
  // First column of the group; next bit and first beat of the burst in the staging buffer.
  logic [15:0] group;
  logic [BIT_BITS-1:0] position;
  logic [BEAT_BITS-1:0] burst_beat;

  wire [10:0] bits = is_pair ? {column_bits, 1'b0} : {1'b0, column_bits};
  wire group_ends = columns_left == (is_pair ? 16'd2 : 16'd1);
  wire is_next_pair = has_pairs && (group_ends ? group_columns != 1 : columns_left != (is_pair ? 16'd3 : 16'd2));
  wire [10:0] next_bits = is_next_pair ? {column_bits, 1'b0} : {1'b0, column_bits};

  // Words end in the burst that holds their last bit; the burst ends with a word after which the next does not fit.
  wire fits = {5'd0, bits} <= room;
  wire [15:0] room_after = room - (fits ? {5'd0, bits} : 16'd0);
  wire [15:0] two_words = {5'd0, bits} + {5'd0, next_bits};
  assign last = fits && group_ends && groups_left == 1;
  assign burst_ends = last || room < two_words;
  assign columns = {fits && is_pair, fits};
  assign window = position[BIT_BITS-1:3];
  assign bit_offset = position[2:0];

  wire [BIT_BITS-1:0] position_after = position + BIT_BITS'(bits);
  /* verilator lint_off UNUSEDSIGNAL */
  wire [BIT_BITS-1:0] beyond = position_after + BEAT_MASK_BITS[BIT_BITS-1:0];
  /* verilator lint_on UNUSEDSIGNAL */
  // The last word of a burst leaves the next burst's first some bytes, which have to be there before it counts as read.
  assign end_beat = beyond[BIT_BITS-1:BUS_BITS+3];
  assign need = burst_ends && !last ? burst_beat + MAX_BEATS : end_beat;

  always_ff @(posedge clk) begin
    if (begin_columns) begin
      column_bits <= bits_a_column;
      has_pairs <= o_has_pairs;
      is_pair <= o_has_pairs && o_columns != 1;
      group_columns <= o_columns;
      group_step <= instr[`F_LOAD_WEIGHT_GROUP_STEP];
      groups_left <= instr[`F_LOAD_WEIGHT_GROUPS];
      columns_left <= o_columns;
      column <= instr[`F_LOAD_WEIGHT_COLUMN];
      group <= instr[`F_LOAD_WEIGHT_COLUMN];
      room <= MAX_BITS - o_offset_bits;
      position <= (BIT_BITS'(first_beat) << (BUS_BITS + 3)) | BIT_BITS'(o_offset_bits);
      burst_beat <= first_beat;
    end else if (next) begin
      if (burst_ends) begin
        room <= room_after + MAX_BITS;
        burst_beat <= burst_beat + MAX_BEATS;
      end else room <= room_after;
      if (fits) begin
        is_pair <= is_next_pair;
        position <= position_after;
        if (group_ends) begin
          groups_left <= groups_left - 1'b1;
          columns_left <= group_columns;
          column <= group + group_step;
          group <= group + group_step;
        end else begin
          columns_left <= columns_left - (is_pair ? 16'd2 : 16'd1);
          column <= column + (is_pair ? 16'd2 : 16'd1);
        end
      end
    end
  end
endmodule
