// The store unit: activation memory to DRAM (docs/timing.md, section 8).
//
//   R          the reader asks activation memory for a word (trellis_rows)
//   R+1        its bytes come
//   R+2        they are put into a ring that holds two bursts (trellis_window_ram): R + `STORE_PIPE
//   R+3        after a burst's last word its request is visible, or in the cycle after the grant of the one before
//   g+1+i      beat i. `give` and `done` with the last of an instruction.
//
// The place of a burst is filled again from the cycle after its last beat.
`include "trellis_isa.svh"
module trellis_store #(
    parameter PORT_BYTES = 8,
    parameter BUS_BYTES = 8
) (
    input  logic clk,
    input  logic rst,
    // Issue.
    input  logic ready,
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [255:0] instr,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic start,
    output logic [3:0] give,
    output logic done,
    output logic idle,
    // Activation memory.
    output logic rd_en,
    output logic [17:0] rd_addr,
    output logic [6:0] rd_bytes,
    input  logic [8*PORT_BYTES-1:0] rd_data,
    // DRAM.
    output logic req_valid,
    output logic [31:0] req_addr,
    output logic [5:0] req_beats,
    input  logic grant,
    output logic wvalid,
    output logic [8*BUS_BYTES-1:0] wdata,
    output logic [BUS_BYTES-1:0] wmask
);
  localparam BUS_BITS = $clog2(BUS_BYTES);
  // The buffers are a ring of beats, `MAX_BURST_BEATS to each burst, and at least a line of trellis_window_ram in each of its memories.
  localparam LINE_BEATS = PORT_BYTES / BUS_BYTES;
  localparam BEATS = `STORE_BURSTS * `MAX_BURST_BEATS > 2 * LINE_BEATS ? `STORE_BURSTS * `MAX_BURST_BEATS : 2 * LINE_BEATS;
  localparam BEAT_BITS = $clog2(BEATS);
  localparam BURST_BITS = $clog2(`MAX_BURST_BEATS);
  localparam POSITION_BITS = BEAT_BITS + BUS_BITS;
  localparam [31:0] BUS_MASK = BUS_BYTES - 1;

  // Issue and R.
  logic is_reading, is_contiguous;
  logic [3:0] signal;
  // Which of the two bursts that can be buffered are read but not written to their end, and the place in the ring that is filled.
  logic [1:0] is_full;
  logic [BEAT_BITS-BURST_BITS-1:0] filling;
  logic [6:0] count;
  logic [POSITION_BITS-1:0] position;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [BEAT_BITS-1:0] end_beat;
  /* verilator lint_on UNUSEDSIGNAL */
  logic row_ends, burst_ends, is_last;
  assign start = ready && !is_reading;
  assign rd_en = is_reading && !is_full[filling[0]];
  assign rd_bytes = count;

  wire [31:0] o_dram = instr[`F_STORE_DRAM];
  wire [23:0] o_pitch = instr[`F_STORE_DRAM_PITCH];
  wire [16:0] o_bytes = instr[`F_STORE_BYTES];
  /* verilator lint_off PINCONNECTEMPTY */
  trellis_rows #(
      .PORT_BYTES(PORT_BYTES), .BUS_BYTES(BUS_BYTES), .BEAT_BITS(BEAT_BITS), .STREAM_BEATS(`MAX_BURST_BEATS), .HAS_PADDING(0)
  ) words (
      .clk(clk), .begin_rows(start), .next(rd_en), .is_idle(!is_reading),
      .rows(instr[`F_STORE_ROWS]), .bytes(20'(o_bytes)), .pad_left(17'd0), .pad_right(13'd0),
      .act(instr[`F_STORE_ACT]), .y_step(instr[`F_STORE_Y_STEP]),
      .ring_end(instr[`F_STORE_RING_END]), .ring_size(instr[`F_STORE_RING_SIZE]),
      .dram(o_dram[5:0]), .dram_pitch(o_pitch[5:0]), .is_contiguous(o_pitch == 24'(o_bytes)),
      .first_beat({filling, {BURST_BITS{1'b0}}}),
      .position(position), .end_beat(end_beat), .address(rd_addr), .lead(), .upto(), .count(count),
      .row_ends(row_ends), .burst_ends(burst_ends), .last(is_last)
  );

  /* verilator lint_on PINCONNECTEMPTY */

  // Where the burst stands in DRAM.
  logic [31:0] burst_address, row_address;
  logic [23:0] pitch;
  wire [31:0] next_row = row_address + 32'(pitch);
  wire [31:0] next_burst = (burst_address & ~BUS_MASK) + `MAX_BURST_BEATS * BUS_BYTES;
  always_ff @(posedge clk) begin
    if (start) begin
      signal <= instr[`F_SIGNAL];
      is_contiguous <= o_pitch == 24'(o_bytes);
      pitch <= o_pitch;
      row_address <= o_dram;
      burst_address <= o_dram;
    end else if (rd_en) begin
      if (row_ends && !is_contiguous) begin
        row_address <= next_row;
        burst_address <= next_row;
      end else if (burst_ends) burst_address <= next_burst;
    end
  end

  // R+1, R+2: a word's bytes on their way to the ring, and with the last of a burst what its request needs: beats, and the byte after
  // its last in the last beat, 0 where that is full.
  logic d_valid, d_ends, d_last, b_valid, b_ends, b_last;
  logic [6:0] d_count, b_count;
  logic [POSITION_BITS-1:0] d_position, b_position;
  logic [5:0] d_beats, b_beats, d_stop, b_stop;
  logic [31:0] d_address, b_address;
  logic [3:0] d_signal, b_signal;
  logic [8*PORT_BYTES-1:0] b_data;
  wire [BURST_BITS-1:0] last_beats = end_beat[BURST_BITS-1:0];
  always_ff @(posedge clk) begin
    // R+1.
    d_valid <= !rst && rd_en;
    d_ends <= burst_ends;
    d_last <= is_last;
    d_count <= count;
    d_position <= position;
    d_beats <= last_beats == 0 ? `MAX_BURST_BEATS : 6'(last_beats);
    d_stop <= (6'(position) + 6'(count)) & BUS_MASK[5:0];
    d_address <= burst_address;
    d_signal <= signal;
    // R+2.
    b_valid <= !rst && d_valid;
    b_ends <= d_ends;
    b_last <= d_last;
    b_count <= d_count;
    b_position <= d_position;
    b_beats <= d_beats;
    b_stop <= d_stop;
    b_address <= d_address;
    b_signal <= d_signal;
    b_data <= rd_data;
  end

  // The burst whose request is visible, and one that waits for its grant.
  logic is_next_full, q_last, n_last;
  logic [31:0] n_address;
  logic [5:0] n_beats, q_stop, n_stop;
  logic [3:0] q_signal, n_signal;
  wire comes = b_valid && b_ends;
  wire is_free = !req_valid || grant;
  wire takes = is_free && (is_next_full || comes);
  always_ff @(posedge clk) begin
    if (rst) begin
      req_valid <= 1'b0;
      is_next_full <= 1'b0;
    end else begin
      if (takes) req_valid <= 1'b1;
      else if (grant) req_valid <= 1'b0;
      if (comes && !is_free) is_next_full <= 1'b1;
      else if (takes) is_next_full <= 1'b0;
    end
    if (takes) begin
      req_addr <= is_next_full ? n_address : b_address;
      req_beats <= is_next_full ? n_beats : b_beats;
      q_stop <= is_next_full ? n_stop : b_stop;
      q_last <= is_next_full ? n_last : b_last;
      q_signal <= is_next_full ? n_signal : b_signal;
    end
    if (comes) begin
      n_address <= b_address;
      n_beats <= b_beats;
      n_stop <= b_stop;
      n_last <= b_last;
      n_signal <= b_signal;
    end
  end

  // g+1+i: beat i of the burst that is written. The ring is read a cycle before.
  logic w_last, w_is_first;
  logic [BEAT_BITS-BURST_BITS-1:0] emptying;
  logic [BURST_BITS-1:0] beat_number;
  logic [5:0] beats_left;
  logic [BUS_BYTES-1:0] first_mask, last_mask;
  logic [3:0] w_signal;
  wire ends = wvalid && beats_left == 1;
  wire [BEAT_BITS-BURST_BITS-1:0] next_emptying = ends ? emptying + 1'b1 : emptying;
  wire [BURST_BITS-1:0] next_beat = wvalid && !ends ? beat_number + 1'b1 : '0;
  logic [PORT_BYTES-1:0] b_mask;
  for (genvar b = 0; b < PORT_BYTES; b++) begin : counted
    assign b_mask[b] = 7'(b) < b_count;
  end
  /* verilator lint_off UNUSEDSIGNAL */
  logic [8*PORT_BYTES-1:0] window;
  /* verilator lint_on UNUSEDSIGNAL */
  trellis_window_ram #(.BYTES(BEATS * BUS_BYTES), .WIDTH(PORT_BYTES)) ring (
      .clk(clk), .wr_en(b_valid), .wr_addr(b_position), .wr_data(b_data), .wr_mask(b_mask),
      .rd_addr(POSITION_BITS'({next_emptying, next_beat}) << BUS_BITS), .rd_data(window)
  );
  assign wdata = window[8*BUS_BYTES-1:0];
  wire [5:0] first_byte = req_addr[5:0] & BUS_MASK[5:0];
  assign wmask = (w_is_first ? first_mask : '1) & (ends ? last_mask : '1);
  assign done = ends && w_last;
  assign give = done ? w_signal : 4'd0;
  assign idle = !is_reading && is_full == 0 && !d_valid && !b_valid;

  for (genvar b = 0; b < BUS_BYTES; b++) begin : masks
    always_ff @(posedge clk) begin
      if (grant) begin
        first_mask[b] <= 7'(b) >= 7'(first_byte);
        // The last byte of a beat is never before a stop.
        /* verilator lint_off CMPCONST */
        last_mask[b] <= 7'(b) < 7'(q_stop) || q_stop == 0;
        /* verilator lint_on CMPCONST */
      end
    end
  end

  always_ff @(posedge clk) begin
    beat_number <= next_beat;
    w_is_first <= grant;
    if (grant) begin
      w_last <= q_last;
      w_signal <= q_signal;
      beats_left <= req_beats;
    end else beats_left <= beats_left - 1'b1;
    if (rst) begin
      wvalid <= 1'b0;
      emptying <= '0;
      filling <= '0;
      is_full <= 2'b00;
      is_reading <= 1'b0;
    end else begin
      wvalid <= grant || wvalid && !ends;
      emptying <= next_emptying;
      if (rd_en && burst_ends) begin
        filling <= filling + 1'b1;
        is_full[filling[0]] <= 1'b1;
      end
      if (ends) is_full[emptying[0]] <= 1'b0;
      if (start) is_reading <= 1'b1;
      else if (rd_en && is_last) is_reading <= 1'b0;
    end
  end
endmodule
