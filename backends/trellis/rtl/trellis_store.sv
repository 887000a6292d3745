// The store unit: activation memory to DRAM (docs/timing.md, section 8).
//
//   R          the reader asks activation memory for a word (trellis_store_rows)
//   R+1        its bytes come
//   R+2        they are put into one of two buffers (trellis_window_ram): R + `STORE_PIPE
//   R+3        after a burst's last word its request is visible, or in the cycle after the grant of the one before
//   g+1+i      beat i. `give` and `done` with the last of an instruction.
//
// A buffer is filled again from the cycle after its last beat.
`include "trellis_isa.svh"
module trellis_store #(
    parameter PORT_BYTES = 8,
    parameter BUS_BYTES = 8
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
    // Activation memory.
    output logic rd_en,
    output logic [17:0] rd_addr,
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
  localparam BYTE_BITS = $clog2(`MAX_BURST_BEATS * BUS_BYTES);
  localparam [31:0] BUS_MASK = BUS_BYTES - 1;
  localparam [BYTE_BITS:0] BUS_MASK_POSITION = BUS_MASK[BYTE_BITS:0];

  // Issue and R.
  logic is_reading;
  logic [3:0] signal;
  // Which of the buffers hold a burst that is read but not written to its end, and the one that is filled next.
  logic [1:0] is_full;
  logic filling;
  logic [6:0] count;
  logic [BYTE_BITS:0] position, position_after;
  logic [31:0] burst_address;
  logic burst_ends, is_last;
  assign start = ready && !is_reading;
  assign rd_en = is_reading && !is_full[filling];
  trellis_store_rows #(.PORT_BYTES(PORT_BYTES), .BUS_BYTES(BUS_BYTES), .POSITION_BITS(BYTE_BITS + 1)) rows (
      .clk(clk), .begin_rows(start), .instr(instr), .next(rd_en),
      .address(rd_addr), .count(count), .position(position), .position_after(position_after),
      .burst_address(burst_address), .burst_ends(burst_ends), .last(is_last)
  );

  // A burst on its way to its request: `end_position` is the position after its last byte.
  logic d_valid, d_buffer, d_ends, d_last, b_valid, b_buffer, b_ends, b_last;
  logic [6:0] d_count, b_count;
  logic [BYTE_BITS:0] d_end, b_end;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [BYTE_BITS:0] d_position, b_position;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [31:0] d_address, b_address;
  logic [3:0] d_signal, b_signal;
  logic [8*PORT_BYTES-1:0] b_data;
  always_ff @(posedge clk) begin
    if (start) signal <= instr[`F_SIGNAL];
    // R+1.
    d_valid <= !rst && rd_en;
    d_buffer <= filling;
    d_ends <= burst_ends;
    d_last <= is_last;
    d_count <= count;
    d_position <= position;
    d_end <= position_after;
    d_address <= burst_address;
    d_signal <= signal;
    // R+2.
    b_valid <= !rst && d_valid;
    b_buffer <= d_buffer;
    b_ends <= d_ends;
    b_last <= d_last;
    b_count <= d_count;
    b_position <= d_position;
    b_end <= d_end;
    b_address <= d_address;
    b_signal <= d_signal;
    b_data <= rd_data;
  end

  // The burst whose request is visible, and one that waits for its grant.
  logic is_next_full, q_last, n_last;
  logic [31:0] n_address;
  logic [BYTE_BITS:0] q_end, n_end;
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
      q_end <= is_next_full ? n_end : b_end;
      q_last <= is_next_full ? n_last : b_last;
      q_signal <= is_next_full ? n_signal : b_signal;
    end
    if (comes) begin
      n_address <= b_address;
      n_end <= b_end;
      n_last <= b_last;
      n_signal <= b_signal;
    end
  end
  assign req_beats = 6'((q_end + BUS_MASK_POSITION) >> BUS_BITS);

  // g+1+i: beat i of the buffer that is emptied. Its memories are read a cycle before.
  logic emptying, w_last, w_is_first;
  logic [$clog2(`MAX_BURST_BEATS)-1:0] beat_number;
  logic [5:0] beats_left;
  logic [BUS_BYTES-1:0] first_mask, last_mask;
  logic [3:0] w_signal;
  wire ends = wvalid && beats_left == 1;
  wire next_emptying = emptying ^ ends;
  wire [$clog2(`MAX_BURST_BEATS)-1:0] next_beat = wvalid && !ends ? beat_number + 1'b1 : '0;
  logic [PORT_BYTES-1:0] b_mask;
  for (genvar b = 0; b < PORT_BYTES; b++) begin : counted
    assign b_mask[b] = 7'(b) < b_count;
  end
  // A buffer has at least a line in each memory.
  localparam BUFFER_BITS = BYTE_BITS > $clog2(PORT_BYTES) ? BYTE_BITS : $clog2(PORT_BYTES) + 1;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [8*PORT_BYTES-1:0] window;
  /* verilator lint_on UNUSEDSIGNAL */
  trellis_window_ram #(.BYTES(2 << BUFFER_BITS), .WIDTH(PORT_BYTES)) buffers (
      .clk(clk), .wr_en(b_valid), .wr_addr({b_buffer, BUFFER_BITS'(b_position[BYTE_BITS-1:0])}),
      .wr_data(b_data), .wr_mask(b_mask),
      .rd_addr({next_emptying, BUFFER_BITS'(next_beat) << BUS_BITS}), .rd_data(window)
  );
  assign wdata = window[8*BUS_BYTES-1:0];
  wire [BYTE_BITS:0] first_byte = req_addr[BYTE_BITS:0] & BUS_MASK_POSITION;
  // 0 where the last beat is full.
  wire [BYTE_BITS:0] stop_byte = q_end & BUS_MASK_POSITION;
  assign wmask = (w_is_first ? first_mask : '1) & (ends ? last_mask : '1);
  assign done = ends && w_last;
  assign give = done ? w_signal : 4'd0;
  assign idle = !is_reading && is_full == 0 && !d_valid && !b_valid;

  for (genvar b = 0; b < BUS_BYTES; b++) begin : masks
    always_ff @(posedge clk) begin
      if (grant) begin
        first_mask[b] <= (BYTE_BITS+1)'(b) >= first_byte;
        last_mask[b] <= (BYTE_BITS+1)'(b) < stop_byte || stop_byte == 0;
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
      emptying <= 1'b0;
      filling <= 1'b0;
      is_full <= 2'b00;
      is_reading <= 1'b0;
    end else begin
      wvalid <= grant || wvalid && !ends;
      emptying <= next_emptying;
      if (rd_en && burst_ends) begin
        filling <= !filling;
        is_full[filling] <= 1'b1;
      end
      if (ends) is_full[emptying] <= 1'b0;
      if (start) is_reading <= 1'b1;
      else if (rd_en && is_last) is_reading <= 1'b0;
    end
  end
endmodule
