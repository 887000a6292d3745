// The mac unit: dot products of windows of activation memory with stationary weights, added up in accumulator memory.
//
// Times are those of section 6 of docs/timing.md. An instruction that starts in t0 is held in `held_*`; its blocks are
// launched one after another, each two cycles before it streams, in the cycle S - 2. From the start of the instruction, or
// the launch of the block before, a block's list entry is read at once and its weights from the third cycle on.
//
// A vector whose window is read in cycle T (S <= T < S + M):
//   T      activation memory's address is registered        T + 4  products
//   T + 1  its bytes; line buffers are read                  T + 5  levels of the adder tree; accumulator memory is read
//   T + 2  window registered                                 T + 7  sum of the column and old accumulator
//   T + 3  operands of the lanes; weights swapped (T = S)    T + 8  new accumulator is written
// So an accumulator can be added to again MIN_BLOCK_PERIOD = 4 cycles later. Blocks of one instruction are that far apart;
// an instruction that accumulates waits until the stream before it has ended by MIN_BLOCK_PERIOD - 1 cycles.
`include "trellis_isa.svh"

module trellis_mac #(
    parameter ROWS = 8,
    parameter COLS = 8,
    parameter PORT_BYTES = 8,
    parameter LINE_WORDS = 128,
    parameter PRECISIONS = 4'b0001
) (
    input  logic                    clk,
    input  logic                    rst,

    input  logic                    ready,
    input  logic [           255:0] instr,
    output logic                    start,
    output logic [             3:0] give,
    output logic                    give_early,
    output logic                    done,
    output logic                    idle,

    output logic                    act_rd_en,
    output logic [            17:0] act_rd_addr,
    input  logic [8*PORT_BYTES-1:0] act_rd_data,

    output logic [            15:0] weight_rd_column,
    input  logic [      16*ROWS-1:0] weight_rd_data,
    input  logic [       2*ROWS-1:0] weight_rd_filled,

    output logic [            13:0] index_rd_entry,
    input  logic [            31:0] index_rd_data,

    output logic [            13:0] acc_rd_addr,
    input  logic [     32*COLS-1:0] acc_rd_data,
    output logic                    acc_wr_en,
    output logic [            13:0] acc_wr_addr,
    output logic [     32*COLS-1:0] acc_wr_data
);
  // Cycles that bring a block of weights, and fewest between the launches of two blocks of an instruction.
  localparam L = COLS / `WEIGHT_COLUMNS_PER_CYCLE;
  localparam PERIOD = L > `MIN_BLOCK_PERIOD ? L : `MIN_BLOCK_PERIOD;
  localparam SUM_BITS = 16 + $clog2(ROWS);
  // Operands of a lane: bytes, or 4- and 2-bit elements spread for one multiplier (trellis_operand).
  localparam OPERAND_BITS = PRECISIONS[2:1] == 0 ? 8 : 18;

  // ---------------------------------------------------------------- The instruction, from its start to its last launch

  wire is_depthwise = instr[`F_OPCODE] == `OP_MAC_DEPTHWISE;
  logic accepts, pending, first_block, first_entry;
  logic [13:0] held_x_step, held_list, held_acc, entry;
  logic [17:0] held_y_step;
  logic [14:0] held_ring_end, held_ring_size;
  logic [11:0] held_mx, held_my, held_entries, entries_left;
  logic [9:0] blocks_left;
  logic held_depthwise, held_accumulate, held_unsigned, held_resume, held_early;
  logic [1:0] held_precision, held_lines, held_taps;
  logic [2:0] held_x_stride, held_y_stride;
  logic [3:0] held_signal;
  logic [18:0] base, start_address;

  // Rows of one word are streamed like one row: the pixels above are those that came just before.
  wire held_one_word = held_depthwise && held_taps == 1 && held_mx == 1;

  wire launch, walking, walk_ends;
  wire last_entry = entries_left == 1;
  wire last_block = last_entry && blocks_left == 1;
  assign start = ready && accepts;

  // Cycles from a launch on: [1] is the cycle after it.
  logic [7:1] launched;
  logic [2:1] launched_last;

  // A resumed pass begins with the first row that the line buffers do not hold.
  wire [18:0] y_step = {1'b0, instr[`F_MAC_DEPTHWISE_Y_STEP]};
  wire [2:0] rows_kept = {1'b0, instr[`F_MAC_DEPTHWISE_LINES]} - instr[`F_MAC_DEPTHWISE_Y_STRIDE];
  wire resumes = is_depthwise && instr[`F_MAC_DEPTHWISE_RESUME];
  wire [18:0] kept = !resumes ? 19'd0 : rows_kept == 2 ? y_step << 1 : rows_kept == 1 ? y_step : 19'd0;

  always_ff @(posedge clk) begin
    if (rst) begin
      accepts <= 1'b1;
      pending <= 1'b0;
    end else begin
      if (start) accepts <= 1'b0;
      else if (launched_last[2]) accepts <= 1'b1;
      if (start) pending <= 1'b1;
      else if (launch && last_block) pending <= 1'b0;
    end

    if (start) begin
      held_x_step <= instr[`F_MAC_DENSE_X_STEP];
      held_y_step <= instr[`F_MAC_DENSE_Y_STEP];
      held_ring_end <= instr[`F_MAC_DENSE_IN_RING_END];
      held_ring_size <= instr[`F_MAC_DENSE_IN_RING_SIZE];
      held_mx <= instr[`F_MAC_DENSE_MX];
      held_my <= instr[`F_MAC_DENSE_MY];
      held_list <= instr[`F_MAC_DENSE_LIST];
      held_entries <= instr[`F_MAC_DENSE_ENTRIES];
      held_acc <= instr[`F_MAC_DENSE_ACC];
      held_accumulate <= instr[`F_MAC_DENSE_ACCUMULATE];
      held_precision <= instr[`F_MAC_DENSE_PRECISION];
      held_early <= instr[`F_MAC_DENSE_EARLY];
      held_signal <= instr[`F_SIGNAL];
      held_unsigned <= !is_depthwise && instr[`F_MAC_DENSE_UNSIGNED];
      held_depthwise <= is_depthwise;
      // Dense is a pass of one line, one tap and strides of 1.
      held_lines <= is_depthwise ? instr[`F_MAC_DEPTHWISE_LINES] : 2'd1;
      held_taps <= is_depthwise ? instr[`F_MAC_DEPTHWISE_TAPS] : 2'd1;
      held_x_stride <= is_depthwise ? instr[`F_MAC_DEPTHWISE_X_STRIDE] : 3'd1;
      held_y_stride <= is_depthwise ? instr[`F_MAC_DEPTHWISE_Y_STRIDE] : 3'd1;
      held_resume <= resumes;
      base <= {1'b0, instr[`F_MAC_DENSE_INPUT]} + kept;
      entry <= instr[`F_MAC_DENSE_LIST];
      entries_left <= instr[`F_MAC_DENSE_ENTRIES];
      blocks_left <= instr[`F_MAC_DENSE_BLOCKS];
      first_block <= 1'b1;
      first_entry <= 1'b1;
    end else if (launch) begin
      first_block <= 1'b0;
      first_entry <= last_entry;
      entry <= last_entry ? held_list : entry + 14'd1;
      entries_left <= last_entry ? held_entries : entries_left - 12'd1;
      if (last_entry) blocks_left <= blocks_left - 10'd1;
      if (last_entry && held_depthwise) base <= base + COLS[18:0];
    end
  end

  assign index_rd_entry = accepts ? instr[`F_MAC_DENSE_LIST] : entry;
  always_ff @(posedge clk) start_address <= base + index_rd_data[18:0];

  // ---------------------------------------------------------------- Launching blocks

  // Cycles until the weights of the next block let it be launched.
  logic [5:0] weights_wait;
  logic [2:1] walked;
  wire added_up = !walking && walked == 0;
  assign launch = pending && weights_wait == 0 && (first_block && held_accumulate ? added_up : !walking || walk_ends);

  always_ff @(posedge clk) begin
    if (start) weights_wait <= L[5:0] - 6'd1;
    else if (launch) weights_wait <= PERIOD[5:0] - 6'd1;
    else if (weights_wait != 0) weights_wait <= weights_wait - 6'd1;

    if (rst) begin
      launched <= '0;
      launched_last <= '0;
      walked <= '0;
    end else begin
      launched <= {launched[6:1], launch};
      launched_last <= {launched_last[1], launch && last_block};
      walked <= {walked[1], walking};
    end
  end

  // Modes of the block that streams, each kept until the last vector of the block has passed the stage it is for.
  logic depthwise, walk_unsigned, fresh, early, last_stream;
  logic [1:0] walk_precision, filter_lines, filter_taps;
  logic [3:0] signal;
  always_ff @(posedge clk) begin
    if (launch) begin
      depthwise <= held_depthwise;
      walk_unsigned <= held_unsigned;
      walk_precision <= held_precision;
      filter_lines <= held_one_word ? 2'd1 : held_lines;
      filter_taps <= held_one_word ? held_lines : held_taps;
      fresh <= first_entry && !held_accumulate;
      early <= held_early;
      signal <= held_signal;
      last_stream <= last_block;
    end
  end

  // ---------------------------------------------------------------- Weights

  logic [2:1] weights_asked;
  logic loading, arriving;
  logic [5:0] loads_left;
  always_ff @(posedge clk) begin
    if (rst) begin
      weights_asked <= '0;
      loading <= 1'b0;
      arriving <= 1'b0;
    end else begin
      weights_asked <= {weights_asked[1], start || (launch && !last_block)};
      if (weights_asked[2]) loading <= 1'b1;
      else if (loads_left == 1) loading <= 1'b0;
      arriving <= loading;
    end
    if (weights_asked[2]) loads_left <= L[5:0];
    else loads_left <= loads_left - 6'd1;
    if (start) weight_rd_column <= instr[`F_MAC_DENSE_WEIGHT];
    else if (loading) weight_rd_column <= weight_rd_column + 16'd2;
  end

  wire [OPERAND_BITS*ROWS*COLS-1:0] weights;
  wire [ROWS*COLS-1:0] empty;
  wire [SUM_BITS*COLS-1:0] constants, sums;
  wire [COLS-1:0] carries;
  trellis_mac_weights #(
      .ROWS(ROWS),
      .COLS(COLS),
      .PRECISIONS(PRECISIONS),
      .OPERAND_BITS(OPERAND_BITS)
  ) stationary (
      .clk,
      .shift(arriving),
      .swap(launched[4]),
      .swap_constants(launched[7]),
      .precision(held_precision),
      .is_unsigned(held_unsigned),
      .one_word(held_one_word),
      .data(weight_rd_data),
      .filled(weight_rd_filled),
      .weights,
      .empty,
      .constants
  );

  // ---------------------------------------------------------------- Windows: cycles T - 1 to T + 3

  wire is_output, early_reached;
  wire [9:0] word;
  wire [13:0] walk_acc;
  trellis_mac_walk walk (
      .clk,
      .rst,
      .launch,
      .start_address,
      .x_step(held_x_step),
      .y_step(held_y_step),
      .ring_end(held_ring_end),
      .ring_size(held_ring_size),
      .mx(held_mx),
      .my(held_my),
      .lines(held_lines),
      .taps(held_taps),
      .x_stride(held_x_stride),
      .y_stride(held_y_stride),
      .resume(held_resume),
      .first_block,
      .first_entry,
      .acc(held_acc),
      .walking,
      .last(walk_ends),
      .is_output,
      .word,
      .acc_address(walk_acc),
      .address(act_rd_addr)
  );
  trellis_mac_early early_token (
      .clk,
      .rst,
      .launch(launch && last_block),
      .mx(held_mx),
      .my(held_my),
      .lines(held_lines),
      .taps(held_taps),
      .x_stride(held_x_stride),
      .y_stride(held_y_stride),
      .resume(held_resume),
      .reached(early_reached)
  );

  logic [2:0] pixel_valid;
  logic [9:0] word_0, word_1;
  logic window_depthwise, window_unsigned;
  logic [1:0] window_lines, window_taps, window_precision, lane_precision;
  always_ff @(posedge clk) begin
    act_rd_en <= !rst && walking;
    pixel_valid <= rst ? 3'd0 : {pixel_valid[1:0], walking && depthwise};
    word_0 <= word;
    word_1 <= word_0;
    if (launched[3]) begin
      window_depthwise <= depthwise;
      window_unsigned <= walk_unsigned;
      window_lines <= filter_lines;
      window_taps <= filter_taps;
      window_precision <= walk_precision;
    end
    if (launched[4]) lane_precision <= walk_precision;
  end
  trellis_mac_array #(
      .ROWS(ROWS),
      .COLS(COLS),
      .LINE_WORDS(LINE_WORDS),
      .PRECISIONS(PRECISIONS),
      .OPERAND_BITS(OPERAND_BITS)
  ) array (
      .clk,
      .bytes(act_rd_data[8*(ROWS>COLS?ROWS : COLS)-1:0]),
      .word(word_1),
      .pixel_valid(pixel_valid[2]),
      .window_precision,
      .window_unsigned,
      .window_depthwise,
      .window_lines,
      .window_taps,
      .lane_precision,
      .weights,
      .empty,
      .constants,
      .sums,
      .carries
  );

  // ---------------------------------------------------------------- Accumulators: cycles T + 5 to T + 8

  // Bit or address n is that of the vector whose window was read n cycles before.
  logic [8:0] output_at, done_at;
  logic [7:0] early_at;
  logic [6:0] fresh_at;
  logic [14*9-1:0] acc_at;
  logic [4*9-1:0] signal_at;
  always_ff @(posedge clk) begin
    if (rst) begin
      output_at <= '0;
      done_at <= '0;
      early_at <= '0;
    end else begin
      output_at <= {output_at[7:0], is_output};
      done_at <= {done_at[7:0], walk_ends && last_stream};
      early_at <= {early_at[6:0], early_reached && early && signal[2]};
    end
    fresh_at <= {fresh_at[5:0], fresh};
    acc_at <= {acc_at[14*8-1:0], walk_acc};
    signal_at <= {signal_at[4*8-1:0], signal[3], signal[2] && !early, signal[1:0]};
  end

  assign acc_rd_addr = acc_at[14*5+:14];
  assign acc_wr_addr = acc_at[14*8+:14];
  assign acc_wr_en = output_at[8];
  logic [32*COLS-1:0] old;
  genvar c;
  generate
    for (c = 0; c < COLS; c = c + 1) begin : accumulators
      wire [SUM_BITS-1:0] sum = sums[SUM_BITS*c+:SUM_BITS];
      always_ff @(posedge clk) begin
        old[32*c+:32] <= fresh_at[6] ? 32'd0 : acc_rd_data[32*c+:32];
        acc_wr_data[32*c+:32] <= old[32*c+:32] + {{(32 - SUM_BITS) {sum[SUM_BITS-1]}}, sum} + {31'd0, carries[c]};
      end
    end
  endgenerate

  assign done = done_at[8];
  assign give = done ? signal_at[4*8+:4] : 4'd0;
  assign give_early = early_at[7];

  logic [2:0] in_flight;
  assign idle = in_flight == 0;
  always_ff @(posedge clk) begin
    if (rst) in_flight <= '0;
    else in_flight <= in_flight + {2'd0, start} - {2'd0, done};
  end

  wire unused = &{1'b0, instr, index_rd_data, act_rd_data};
endmodule
