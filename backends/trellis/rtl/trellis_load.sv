// The load unit: DRAM to activation, weight, index, parameter and table memory (docs/timing.md, section 5).
//
//   next       the load that the words come to next, its operands decoded (trellis_load_operands), from t0+1 on
//   requests   one burst after another (trellis_load_requests)
//   staging    beats as they arrive (trellis_staging)
//   words      what the next write takes from the staging buffer (trellis_rows, trellis_load_columns), a cycle ahead of R
//   R          the word is read, in the first cycle in which the beats that it needs are there
//   R+1        its bytes are aligned, padding is put in
//   R+2        it is written: R + `LOAD_PIPE. `give` and `done` with the last.
//
// `wr_addr`, `wr_data` and `wr_mask` serve activation, index, parameter and table memory, each with an enable of its own.
`include "trellis_isa.svh"
module trellis_load #(
    parameter ROWS = 8,
    parameter PORT_BYTES = 8,
    parameter BUS_BYTES = 8,
    parameter [3:0] PRECISIONS = 4'b0001
) (
    input  logic clk,
    input  logic rst,
    // Issue.
    input  logic ready,
    input  logic [255:0] instr,
    output logic start,
    output logic [3:0] give,
    output logic done,
    output logic idle,
    // DRAM.
    output logic req_valid,
    output logic [31:0] req_addr,
    output logic [5:0] req_beats,
    input  logic grant,
    input  logic rvalid,
    input  logic [8*BUS_BYTES-1:0] rdata,
    // Memories.
    output logic act_wr_en,
    output logic index_wr_en,
    output logic param_wr_en,
    output logic table_wr_en,
    output logic [17:0] wr_addr,
    output logic [8*PORT_BYTES-1:0] wr_data,
    output logic [PORT_BYTES-1:0] wr_mask,
    output logic [1:0] weight_wr_en,
    output logic [15:0] weight_wr_column,
    output logic [16*ROWS-1:0] weight_wr_data,
    output logic [ROWS-1:0] weight_wr_filled
);
  // A beat's number has one bit more than the staging buffer's addresses, so that numbers can be compared.
  localparam BEAT_BITS = $clog2(2 * `LOAD_BURSTS * `MAX_BURST_BEATS) + 1;
  localparam BYTE_BITS = BEAT_BITS + $clog2(BUS_BYTES);
  localparam ENTRY_BITS = $clog2(`LOAD_DESCRIPTORS);
  // A load that waits, and the bits of a column of its weights.
  localparam DESCRIPTOR_BITS = `INSTRUCTION_BITS + 10;

  // Issue.
  logic is_requesting;
  logic [ENTRY_BITS:0] unfinished;
  assign start = ready && !is_requesting && unfinished != `LOAD_DESCRIPTORS;
  assign idle = unfinished == 0;
  always_ff @(posedge clk) begin
    if (rst) unfinished <= '0;
    else if (start && !done) unfinished <= unfinished + 1'b1;
    else if (!start && done) unfinished <= unfinished - 1'b1;
  end

  logic [6:0] taken;
  always_comb begin
    taken = 7'd0;
    for (int l = 0; l < ROWS; l++) taken = taken + {6'd0, lanes_issued[l]};
  end
  /* verilator lint_off UNUSEDSIGNAL */
  wire [63:0] lanes_issued = instr[`F_LOAD_WEIGHT_LANES];
  /* verilator lint_on UNUSEDSIGNAL */
  wire [1:0] narrower = instr[`F_LOAD_WEIGHT_STREAM] - instr[`F_LOAD_WEIGHT_PRECISION];
  wire [9:0] column_bits = {taken, 3'd0} >> narrower;

  logic read, burst_left;
  trellis_load_requests #(.BUS_BYTES(BUS_BYTES)) requests (
      .clk(clk), .rst(rst), .start(start), .instr(instr), .column_bits(column_bits), .burst_left(burst_left),
      .busy(is_requesting), .req_valid(req_valid), .req_addr(req_addr), .req_beats(req_beats), .grant(grant)
  );

  // Loads that the words have not come to yet. The first of them is the next; the others wait, where there are any. What is written
  // of one that does not wait is written over.
  logic [DESCRIPTOR_BITS-1:0] waiting[0:`LOAD_DESCRIPTORS-1];
  logic [ENTRY_BITS:0] pushed, popped;
  wire is_waiting = pushed != popped;
  wire [DESCRIPTOR_BITS-1:0] issued = {column_bits, instr};
  wire [DESCRIPTOR_BITS-1:0] coming = is_waiting ? waiting[popped[ENTRY_BITS-1:0]] : issued;
  logic has_next, takes, has_words, word_is_last, begins, advances;
  logic [9:0] next_column_bits;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [255:0] next_instr;
  /* verilator lint_on UNUSEDSIGNAL */
  assign takes = (is_waiting || start) && (!has_next || begins);
  always_ff @(posedge clk) begin
    if (start) waiting[pushed[ENTRY_BITS-1:0]] <= issued;
    if (takes) {next_column_bits, next_instr} <= coming;
    if (rst) begin
      has_next <= 1'b0;
      pushed <= '0;
      popped <= '0;
    end else begin
      has_next <= takes || (has_next && !begins);
      if (start && (is_waiting || !takes)) pushed <= pushed + 1'b1;
      if (takes && is_waiting) popped <= popped + 1'b1;
    end
  end

  // Words.
  assign begins = has_next && (!has_words || advances && word_is_last);
  always_ff @(posedge clk) begin
    if (rst) has_words <= 1'b0;
    else if (begins) has_words <= 1'b1;
    else if (advances && word_is_last) has_words <= 1'b0;
  end

  // Where each memory's enable stands among the targets of a word.
  localparam ACT = 0, INDEX = 1, PARAM = 2, TABLE = 3, WEIGHT = 4;
  wire [4:0] next_opcode = next_instr[`F_OPCODE];
  logic [4:0] next_target;
  always_comb begin
    next_target = '0;
    case (next_opcode)
      `OP_LOAD_INDEX: next_target[INDEX] = 1'b1;
      `OP_LOAD_PARAM: next_target[PARAM] = 1'b1;
      `OP_LOAD_TABLE: next_target[TABLE] = 1'b1;
      `OP_LOAD_WEIGHT: next_target[WEIGHT] = 1'b1;
      default: next_target[ACT] = 1'b1;
    endcase
  end

  logic [4:0] target;
  logic [3:0] signal;
  logic [7:0] value;
  logic is_fill;
  logic [ROWS-1:0] lanes;
  logic [1:0] precision, stream;
  always_ff @(posedge clk) begin
    if (begins) begin
      target <= next_target;
      signal <= next_instr[`F_SIGNAL];
      is_fill <= next_opcode == `OP_LOAD_FILL;
      value <= next_opcode == `OP_LOAD_FILL ? next_instr[`F_LOAD_FILL_VALUE] : next_instr[`F_LOAD_ACT_VALUE];
      lanes <= next_lanes[ROWS-1:0];
      precision <= next_instr[`F_LOAD_WEIGHT_PRECISION];
      stream <= next_instr[`F_LOAD_WEIGHT_STREAM];
    end
  end
  /* verilator lint_off UNUSEDSIGNAL */
  wire [63:0] next_lanes = next_instr[`F_LOAD_WEIGHT_LANES];
  /* verilator lint_on UNUSEDSIGNAL */

  logic [BYTE_BITS-1:0] row_window, column_window;
  logic [BEAT_BITS-1:0] row_end_beat, column_end_beat, column_need;
  logic [11:0] o_rows;
  logic [19:0] o_bytes;
  logic [16:0] o_left;
  logic [12:0] o_right;
  logic [17:0] o_address, o_step;
  logic [14:0] o_ring_end, o_ring_size;
  logic [5:0] o_dram, o_pitch;
  logic o_contiguous;
  logic [17:0] row_address;
  logic [6:0] row_lead, row_upto, row_count;
  logic row_ends_burst, row_is_last, column_ends_burst, column_is_last;
  logic [2:0] column_bit;
  logic [15:0] column;
  logic [1:0] columns;

  // The beat after the last one that the words so far have taken.
  logic [BEAT_BITS-1:0] next_beat;
  wire [BEAT_BITS-1:0] word_end_beat = target[WEIGHT] ? column_end_beat : row_end_beat;
  wire [BEAT_BITS-1:0] first_beat = advances && !is_fill ? word_end_beat : next_beat;
  always_ff @(posedge clk) next_beat <= rst ? '0 : first_beat;

  trellis_load_operands operands (
      .clk(clk), .take(takes), .instr(coming[255:0]), .rows(o_rows), .bytes(o_bytes), .pad_left(o_left), .pad_right(o_right), .act(o_address),
      .y_step(o_step), .ring_end(o_ring_end), .ring_size(o_ring_size), .dram(o_dram), .dram_pitch(o_pitch),
      .is_contiguous(o_contiguous)
  );
  /* verilator lint_off PINCONNECTEMPTY */
  trellis_rows #(.PORT_BYTES(PORT_BYTES), .BUS_BYTES(BUS_BYTES), .BEAT_BITS(BEAT_BITS)) words (
      .clk(clk), .begin_rows(begins), .next(advances), .is_idle(!has_words || target[WEIGHT]), .rows(o_rows), .bytes(o_bytes), .pad_left(o_left),
      .pad_right(o_right), .act(o_address), .y_step(o_step), .ring_end(o_ring_end), .ring_size(o_ring_size),
      .dram(o_dram), .dram_pitch(o_pitch), .is_contiguous(o_contiguous), .first_beat(first_beat),
      .position(row_window), .end_beat(row_end_beat), .address(row_address), .lead(row_lead), .upto(row_upto),
      .count(row_count), .row_ends(), .burst_ends(row_ends_burst), .last(row_is_last)
  );
  /* verilator lint_on PINCONNECTEMPTY */
  trellis_load_columns #(.PORT_BYTES(PORT_BYTES), .BUS_BYTES(BUS_BYTES), .BEAT_BITS(BEAT_BITS)) weight_columns (
      .clk(clk), .begin_columns(begins), .instr(next_instr), .bits_a_column(next_column_bits),
      .first_beat(first_beat), .next(advances),
      .window(column_window), .bit_offset(column_bit), .end_beat(column_end_beat), .need(column_need), .column(column), .columns(columns),
      .burst_ends(column_ends_burst), .last(column_is_last)
  );
  assign word_is_last = target[WEIGHT] ? column_is_last : row_is_last;

  // R: the word waits here for its beats.
  logic r_valid, r_is_fill, r_ends_burst, r_last;
  // Without the bit that a beat's number has more than an address.
  logic [BYTE_BITS-2:0] r_window;
  logic [BEAT_BITS-1:0] r_need, arrived;
  logic [2:0] r_bit;
  logic [17:0] r_address;
  logic [6:0] r_lead, r_upto, r_count;
  logic [1:0] r_columns, r_precision, r_stream;
  logic [4:0] r_target;
  logic [3:0] r_signal;
  logic [7:0] r_value;
  logic [ROWS-1:0] r_lanes;
  /* verilator lint_off UNUSEDSIGNAL */
  wire [BEAT_BITS-1:0] ahead = arrived - r_need;
  /* verilator lint_on UNUSEDSIGNAL */
  assign read = r_valid && (r_is_fill || !ahead[BEAT_BITS-1]);
  assign burst_left = read && r_ends_burst;
  assign advances = has_words && (!r_valid || read);
  always_ff @(posedge clk) begin
    if (rst) begin
      r_valid <= 1'b0;
      arrived <= '0;
    end else begin
      if (advances) r_valid <= 1'b1;
      else if (read) r_valid <= 1'b0;
      if (rvalid) arrived <= arrived + 1'b1;
    end
    if (advances) begin
      r_is_fill <= is_fill;
      r_window <= (BYTE_BITS-1)'(target[WEIGHT] ? column_window : row_window);
      r_bit <= target[WEIGHT] ? column_bit : 3'd0;
      r_need <= target[WEIGHT] ? column_need : row_end_beat;
      r_address <= target[WEIGHT] ? {2'd0, column} : row_address;
      r_lead <= row_lead;
      r_upto <= row_upto;
      r_count <= row_count;
      r_columns <= columns;
      r_ends_burst <= target[WEIGHT] ? column_ends_burst : row_ends_burst && !is_fill;
      r_last <= word_is_last;
      r_target <= target;
      r_signal <= signal;
      r_value <= value;
      r_lanes <= lanes;
      r_precision <= precision;
      r_stream <= stream;
    end
  end

  logic [8*PORT_BYTES-1:0] window_bytes;
  trellis_staging #(.PORT_BYTES(PORT_BYTES), .BUS_BYTES(BUS_BYTES)) staging (
      .clk(clk), .wr_en(rvalid), .wr_beat(arrived[BEAT_BITS-2:0]), .wr_data(rdata),
      .window(r_window), .bytes(window_bytes)
  );

  // R+1: the window is shifted to its first bit; padding takes the place of what is not data.
  logic a_valid, a_last;
  logic [2:0] a_bit;
  logic [17:0] a_address;
  logic [6:0] a_lead, a_upto, a_count;
  logic [1:0] a_columns, a_precision, a_stream;
  logic [4:0] a_target;
  logic [3:0] a_signal;
  logic [7:0] a_value;
  logic [ROWS-1:0] a_lanes;
  always_ff @(posedge clk) begin
    a_valid <= !rst && read;
    a_last <= r_last;
    a_bit <= r_bit;
    a_address <= r_address;
    a_lead <= r_lead;
    a_upto <= r_upto;
    a_count <= r_count;
    a_columns <= r_columns;
    a_precision <= r_precision;
    a_stream <= r_stream;
    a_target <= r_target;
    a_signal <= r_signal;
    a_value <= r_value;
    a_lanes <= r_lanes;
  end
  // A word that starts inside a byte has at most 2 * ROWS lanes of 4 bits in the stream, at an odd multiple of 2 bits lanes of 2 bits,
  // at an odd bit lanes of one bit. Only in columns of whole bytes does it have as many bits as the window.
  logic [8*PORT_BYTES-1:0] shifted;
  always_comb begin
    shifted = window_bytes;
    if (a_bit[2]) shifted[8*ROWS-1:0] = (8*ROWS)'(shifted >> 4);
    if (a_bit[1]) shifted[4*ROWS-1:0] = shifted[2 +: 4*ROWS];
    if (a_bit[0]) shifted[2*ROWS-1:0] = shifted[1 +: 2*ROWS];
  end
  logic [8*PORT_BYTES-1:0] aligned;
  logic [PORT_BYTES-1:0] mask;
  for (genvar b = 0; b < PORT_BYTES; b++) begin : padded
    wire is_data = a_target[WEIGHT] || 7'(b) >= a_lead && 7'(b) < a_upto;
    assign aligned[8*b +: 8] = is_data ? shifted[8*b +: 8] : a_value;
    assign mask[b] = 7'(b) < a_count;
  end

  // R+2: the write.
  logic [4:0] w_target;
  logic [1:0] w_columns;
  always_ff @(posedge clk) begin
    w_target <= a_valid && !rst ? a_target : '0;
    w_columns <= a_columns;
    wr_addr <= a_address;
    wr_data <= aligned;
    wr_mask <= mask;
    give <= a_valid && a_last && !rst ? a_signal : 4'd0;
    done <= a_valid && a_last && !rst;
  end
  assign act_wr_en = w_target[ACT];
  assign index_wr_en = w_target[INDEX];
  assign param_wr_en = w_target[PARAM];
  assign table_wr_en = w_target[TABLE];
  assign weight_wr_en = w_columns & {2{w_target[WEIGHT]}};
  assign weight_wr_column = wr_addr[15:0];
  trellis_load_weights #(.ROWS(ROWS), .PORT_BYTES(PORT_BYTES), .PRECISIONS(PRECISIONS)) weights (
      .clk(clk), .lanes(a_lanes), .precision(a_precision), .stream(a_stream), .bytes(wr_data),
      .wr_data(weight_wr_data), .wr_filled(weight_wr_filled)
  );
endmodule
