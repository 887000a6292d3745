`include "trellis_isa.svh"
// What becomes of results of the post unit: where they are written, how they are packed, and when the instruction is done.
//
// Each slot of the sequencer makes an event; its word of constants then travels for 16 cycles, named by their number below. In 3 its
// operand enters the multiplier, in 12 its result is there, in 14 its byte, in 15 a byte looked up for it, and in 16 memory is written
// where it is the last of its vector. Where a result takes several passes (`chained`), the event comes POST_CHAIN cycles after the slot,
// sums of pooling windows make one for each group of columns behind their window, and what needs no multiplier joins in 12.
module trellis_post_output #(
    parameter COLS = 16,
    parameter POST_LANES = 16,
    parameter PORT_BYTES = 16,
    parameter PRECISIONS = 15
) (
    input  logic                       clk,
    input  logic                       rst,
    input  logic                       begins,      // the stream of `instr` begins in the next cycle
    input  logic [              255:0] instr,
    input  logic [                7:0] pool_zero,   // zero point of a pooled sum
    output logic                       holds,       // a stream that began now would overtake

    input  logic                       active,      // of the sequencer
    input  logic                       slot_last,
    input  logic [                7:0] sub,
    input  logic                       vector_last,
    input  logic                       row_last,
    input  logic                       block_last,

    output logic [                3:0] source_3,
    output logic                       take_12,
    output logic                       is_count_12,
    output logic                       is_bit_12,
    output logic [                7:0] zero_point_12,
    output logic [                7:0] min_12,
    output logic [                7:0] max_12,
    output logic [                7:0] steps_12,
    output logic [                8:0] distance_12,
    input  logic [  32*POST_LANES-1:0] sums_12,
    input  logic [   8*POST_LANES-1:0] values_14,
    input  logic [8*`TABLE_PORTS-1:0] looked_up_14,  // of vectors that were read
    output logic [10*`TABLE_PORTS-1:0] table_rd_addr,
    input  logic [ 8*`TABLE_PORTS-1:0] table_rd_data,
    input  logic [         8*COLS-1:0] wide_15,      // copies and maxima

    output logic                       wr_en,
    output logic [               17:0] wr_addr,
    output logic [   8*PORT_BYTES-1:0] wr_data,
    output logic [     PORT_BYTES-1:0] wr_mask,
    output logic [                3:0] give,
    output logic                       done
);
`include "trellis_post_sources.svh"
  localparam GROUPS = COLS / POST_LANES;
  localparam SUM_BYTES = 4 * POST_LANES < PORT_BYTES ? 4 * POST_LANES : PORT_BYTES;
  localparam LOOKUPS = POST_LANES < `TABLE_PORTS ? POST_LANES : `TABLE_PORTS;
  localparam OW = $clog2(PORT_BYTES);

  // The instruction's constants, from the cycle after `begins` until the next one begins.
  logic is_acc, is_binary, is_unary, is_pool, is_fill;
  logic [2:0] mode;
  assign is_acc = instr[`F_OPCODE] == `OP_POST_ACC;
  assign is_binary = instr[`F_OPCODE] == `OP_POST_BINARY;
  assign is_unary = instr[`F_OPCODE] == `OP_POST_UNARY;
  assign is_pool = instr[`F_OPCODE] == `OP_POST_POOL;
  assign is_fill = instr[`F_OPCODE] == `OP_POST_FILL;
  assign mode = instr[`F_POST_ACC_MODE];

  logic chained, residual, multiplies, summed, early, each_cycle, fills, writes_sums, counts, looks_up, looks_up_read, acc_blocks, every;
  logic [3:0] source, signal;
  logic [7:0] zero_point, min, max, steps;
  logic [8:0] distance, block_step;
  logic [1:0] precision, lookup;
  logic [6:0] last_lanes;
  logic [9:0] blocks_left;
  logic [OW-1:0] rest;
  logic [13:0] x_step;
  logic [17:0] y_step, address;
  logic [8:0] packed_step;
  logic [31:0] multiplier;
  logic [16:0] fill_bytes;
  assign fill_bytes = instr[`F_POST_FILL_BYTES];
  assign multiplier = instr[`F_POST_ACC_MULTIPLIER];
  assign packed_step = COLS[8:0] >> instr[`F_POST_ACC_PRECISION];
  always_ff @(posedge clk) begin
    if (begins) begin
      chained <= is_binary || (is_acc && mode == 3'd1);
      residual <= is_acc;
      multiplies <= is_binary && instr[`F_POST_BINARY_KIND] == 2'd2;
      summed <= is_pool && instr[`F_POST_POOL_KIND];
      early <= (is_pool && !instr[`F_POST_POOL_KIND]) || (is_unary && instr[`F_POST_UNARY_MODE] != 2'd1);
      each_cycle <= is_acc && (mode == 3'd2 || mode == 3'd4);
      fills <= is_fill;
      writes_sums <= is_acc && mode == 3'd4;
      counts <= is_acc && (mode == 3'd3 || mode == 3'd5);
      looks_up <= (is_acc && mode == 3'd2) || (is_unary && instr[`F_POST_UNARY_MODE] == 2'd2);
      looks_up_read <= is_unary;
      acc_blocks <= is_acc;
      signal <= instr[`F_SIGNAL];
      steps <= instr[`F_POST_ACC_STEPS];
      distance <= {multiplier[31], multiplier[7:0]};
      precision <= is_acc && mode != 3'd4 ? instr[`F_POST_ACC_PRECISION] : 2'd0;
      lookup <= is_unary ? instr[`F_POST_UNARY_TABLE] : instr[`F_POST_ACC_TABLE];
      block_step <= mode == 3'd4 ? 9'd4 * COLS[8:0] : packed_step;
      rest <= fill_bytes[OW-1:0];
      if (is_binary || (is_acc && mode == 3'd1)) source <= SOURCE_OUT;
      else if (is_unary) source <= SOURCE_UNARY;
      else if (is_pool) source <= SOURCE_POOL;
      else if (mode == 3'd3) source <= SOURCE_COUNT;
      else if (mode == 3'd4) source <= SOURCE_SUM;
      else if (mode == 3'd5) source <= SOURCE_LINE;
      else source <= SOURCE_ACC;
      zero_point <= is_pool ? pool_zero : is_fill ? instr[`F_POST_FILL_VALUE] : is_binary ? instr[`F_POST_BINARY_ZP] :
          is_unary ? instr[`F_POST_UNARY_ZP] : instr[`F_POST_ACC_ZP];
      min <= is_pool ? 8'h80 : is_binary ? instr[`F_POST_BINARY_MIN] : is_unary ? instr[`F_POST_UNARY_MIN] : instr[`F_POST_ACC_MIN];
      max <= is_pool ? 8'h7f : is_binary ? instr[`F_POST_BINARY_MAX] : is_unary ? instr[`F_POST_UNARY_MAX] : instr[`F_POST_ACC_MAX];
      last_lanes <= is_pool ? instr[`F_POST_POOL_LAST_LANES] : is_binary ? instr[`F_POST_BINARY_LAST_LANES] :
          is_unary ? instr[`F_POST_UNARY_LAST_LANES] : instr[`F_POST_ACC_LAST_LANES];
      every <= is_pool ? instr[`F_POST_POOL_EVERY] : is_binary ? instr[`F_POST_BINARY_EVERY] : instr[`F_POST_UNARY_EVERY];
      x_step <= is_pool ? instr[`F_POST_POOL_X_STEP] : is_fill ? PORT_BYTES[13:0] : is_binary ? instr[`F_POST_BINARY_X_STEP] :
          is_unary ? instr[`F_POST_UNARY_X_STEP] : instr[`F_POST_ACC_X_STEP];
      y_step <= is_pool ? instr[`F_POST_POOL_Y_STEP] : is_fill ? instr[`F_POST_FILL_Y_STEP] : is_binary ? instr[`F_POST_BINARY_Y_STEP] :
          is_unary ? instr[`F_POST_UNARY_Y_STEP] : instr[`F_POST_ACC_Y_STEP];
    end
  end

  // Events.
  logic event_0, enter_0, vector_0, row_0, block_0, finish_0;
  logic [4*`POST_CHAIN_RESIDUAL-1:0] late;
  logic [6:0] sums_left;
  logic sums_row, sums_block;
  always_ff @(posedge clk) begin
    late <= {late[4*`POST_CHAIN_RESIDUAL-5:0], {slot_last && chained && !rst, vector_last, row_last, block_last}};
    if (rst) sums_left <= 7'd0;
    else if (vector_last && summed) sums_left <= GROUPS[6:0];
    else if (sums_left != 7'd0) sums_left <= sums_left - 7'd1;
    if (vector_last && summed) {sums_row, sums_block} <= {row_last, block_last};
  end
  always_comb begin
    enter_0 = !each_cycle || sub == 8'd0;
    if (chained)
      {event_0, vector_0, row_0, block_0} = residual ? late[4*`POST_CHAIN_RESIDUAL-1-:4] :
          multiplies ? late[4*`POST_CHAIN_MULTIPLY-1-:4] : late[4*`POST_CHAIN_ADD-1-:4];
    else if (summed) begin
      event_0 = sums_left != 7'd0;
      vector_0 = sums_left == 7'd1;
      row_0 = vector_0 && sums_row;
      block_0 = vector_0 && sums_block;
    end else begin
      event_0 = each_cycle ? active : slot_last;
      {vector_0, row_0, block_0} = {vector_last, row_last, block_last};
    end
  end
  assign finish_0 = event_0 && block_0 && blocks_left == 10'd1;

  logic tail;
  assign holds = tail && !finish_0;
  always_ff @(posedge clk) begin
    if (rst) tail <= 1'b0;
    else if (begins) tail <= is_binary || (is_acc && mode == 3'd1) || (is_pool && instr[`F_POST_POOL_KIND]);
    else if (finish_0) tail <= 1'b0;
    if (begins) blocks_left <= is_acc ? instr[`F_POST_ACC_BLOCKS] : 10'd1;
    else if (event_0 && block_0) blocks_left <= blocks_left - 10'd1;
  end

  trellis_walker #(.WINDOW(0)) results (
      .clk,
      .load(begins),
      .start(is_pool ? instr[`F_POST_POOL_OUT] : is_fill ? instr[`F_POST_FILL_OUT] : is_binary ? instr[`F_POST_BINARY_OUT] :
          is_unary ? instr[`F_POST_UNARY_OUT] : instr[`F_POST_ACC_OUT]),
      .load_end(is_pool ? instr[`F_POST_POOL_RING_END] : is_fill ? instr[`F_POST_FILL_RING_END] : is_binary ? instr[`F_POST_BINARY_RING_END] :
          is_unary ? instr[`F_POST_UNARY_RING_END] : instr[`F_POST_ACC_RING_END]),
      .load_size(is_pool ? instr[`F_POST_POOL_RING_SIZE] : is_fill ? instr[`F_POST_FILL_RING_SIZE] : is_binary ? instr[`F_POST_BINARY_RING_SIZE] :
          is_unary ? instr[`F_POST_UNARY_RING_SIZE] : instr[`F_POST_ACC_RING_SIZE]),
      .block_step,
      .x_step,
      .y_step,
      .kx_step(14'd0),
      .ky_step(18'd0),
      .step_kx(1'b0),
      .step_ky(1'b0),
      .step_x(event_0 && vector_0 && !row_0),
      .step_y(event_0 && row_0 && !block_0),
      .step_block(event_0 && block_0),
      .address
  );

  // How many bytes this event writes; a vector of sums takes as many events as it has words.
  logic [6:0] lanes;
  logic [8:0] sums_done, sums_after;
  logic [7:0] bytes_0;
  logic [17:0] address_0;
  logic whole;
  assign whole = acc_blocks ? blocks_left != 10'd1 : !(every || row_0);
  assign lanes = whole ? COLS[6:0] : last_lanes;
  assign sums_after = {lanes, 2'd0} - sums_done;
  assign address_0 = address + {9'd0, sums_done};
  always_comb begin
    bytes_0 = {1'b0, lanes >> precision};
    if (fills) bytes_0 = row_0 && rest != {OW{1'b0}} ? {{(8 - OW) {1'b0}}, rest} : PORT_BYTES[7:0];
    else if (writes_sums)
      bytes_0 = {lanes, 2'd0} <= sums_done ? 8'd0 : sums_after > SUM_BYTES ? SUM_BYTES[7:0] : sums_after[7:0];
  end
  always_ff @(posedge clk) begin
    if (begins) sums_done <= 9'd0;
    else if (event_0 && writes_sums) sums_done <= vector_0 ? 9'd0 : sums_done + SUM_BYTES[8:0];
  end

  // The word of an event.
  localparam TAIL = 1 + 1 + 4 + 8 + 8 + 8 + 1 + 1 + 1 + 1 + 1 + 2 + 2 + 18 + 8;
  localparam HEAD = 1 + 4 + 1 + 8 + 9;
  logic [TAIL-1:0] tail_0;
  logic [HEAD-1:0] head_0;
  logic [TAIL*16-1:0] tails;
  logic [HEAD*12-1:0] heads;
  logic early_0, write_0;
  logic [79:0] finishes;
  assign early_0 = event_0 && early;
  assign write_0 = vector_0 || writes_sums;
  assign tail_0 = {event_0, event_0 && write_0, sub[3:0], zero_point, min, max, fills, writes_sums, looks_up, looks_up_read, early,
      precision, lookup, address_0, bytes_0};
  assign head_0 = {event_0 && enter_0 && !early, source, counts, steps, distance};
  always_ff @(posedge clk) begin
    // In 1 to 11 an event that joins later is none.
    tails <= {tails[TAIL*15-1:TAIL*11], early_0 ? tail_0 : tails[TAIL*11-1:TAIL*10], tails[TAIL*10-1:0], tail_0};
    tails[TAIL-1-:2] <= early ? 2'd0 : {event_0, event_0 && write_0};
    heads <= {heads[HEAD*11-1:0], head_0};
    finishes <= {finishes[74:0], finish_0, signal};
    if (rst) begin
      tails <= '0;
      heads <= '0;
      finishes <= '0;
    end
  end
  assign {done, give} = {finishes[79], finishes[79] ? finishes[78:75] : 4'd0};

  logic [HEAD-1:0] head_3, head_12;
  logic [TAIL-1:0] tail_12, tail_13, tail_14, tail_15, tail_16;
  assign head_3 = heads[HEAD*2+:HEAD];
  assign head_12 = heads[HEAD*11+:HEAD];
  assign tail_12 = tails[TAIL*11+:TAIL];
  assign tail_13 = tails[TAIL*12+:TAIL];
  assign tail_14 = tails[TAIL*13+:TAIL];
  assign tail_15 = tails[TAIL*14+:TAIL];
  assign tail_16 = tails[TAIL*15+:TAIL];
  assign source_3 = head_3[HEAD-2-:4];
  assign {take_12, is_count_12, steps_12, distance_12} = {head_12[HEAD-1], head_12[HEAD-6:0]};
  assign {zero_point_12, min_12, max_12} = tail_12[TAIL-7-:24];
  assign is_bit_12 = PRECISIONS[3] && tail_12[29:28] == 2'd3;

  // 14: tables are asked.
  logic [3:0] sub_13, sub_14;
  assign sub_13 = tail_13[TAIL-3-:4];
  assign sub_14 = tail_14[TAIL-3-:4];
  logic [8*`TABLE_PORTS-1:0] asked;
  generate
    if (POST_LANES > `TABLE_PORTS) begin : some
      assign asked = values_14[8*`TABLE_PORTS*sub_14[$clog2(POST_LANES/`TABLE_PORTS)-1:0]+:8*`TABLE_PORTS];
    end else begin : all
      assign asked = {{(8 * (`TABLE_PORTS - LOOKUPS)) {1'b0}}, values_14};
    end
  endgenerate
  genvar p;
  generate
    for (p = 0; p < `TABLE_PORTS; p = p + 1) begin : port
      logic [7:0] byte_asked;
      assign byte_asked = tail_14[31] ? looked_up_14[8*p+:8] : asked[8*p+:8];
      assign table_rd_addr[10*p+:10] = {tail_14[27:26], !byte_asked[7], byte_asked[6:0]};
    end
  endgenerate

  // 15: the results of a vector come together. Sums are chosen before.
  logic [32*POST_LANES-1:0] sums_13;
  logic [8*SUM_BYTES-1:0] some_14, some_15;
  logic [8*POST_LANES-1:0] values_15;
  logic [8*COLS-1:0] gathered, vector, clamped, packed_vector;
  logic [8*COLS+8*POST_LANES-1:0] with_values, with_some;
  logic [8*COLS+8*`TABLE_PORTS-1:0] with_read;
  logic fills_15, sums_15, looks_up_15, read_15, early_15;
  logic [1:0] precision_15;
  logic [7:0] zero_15, min_15, max_15;
  assign {zero_15, min_15, max_15, fills_15, sums_15, looks_up_15, read_15, early_15, precision_15} = tail_15[TAIL-7-:31];
  always_ff @(posedge clk) begin
    if (take_12) sums_13 <= sums_12;
    values_15 <= values_14;
    some_14 <= sums_13[8*SUM_BYTES*(4*POST_LANES>SUM_BYTES?sub_13:0)+:8*SUM_BYTES];
    some_15 <= some_14;
  end
  generate
    for (p = 0; p < COLS; p = p + 1) begin : clamp
      logic [7:0] v, low;
      assign v = wide_15[8*p+:8];
      assign low = $signed(v) > $signed(max_15) ? max_15 : v;
      assign clamped[8*p+:8] = $signed(low) < $signed(min_15) ? min_15 : low;
    end
  endgenerate
  assign with_values = {values_15, gathered};
  assign with_read = {table_rd_data, gathered};
  generate
    if (POST_LANES < `TABLE_PORTS) begin : few
      assign with_some = {table_rd_data[8*POST_LANES-1:0], gathered};
      assign vector = early_15 && !looks_up_15 ? clamped : looks_up_15 && read_15 ? with_read[8*`TABLE_PORTS+:8*COLS] :
          looks_up_15 ? with_some[8*POST_LANES+:8*COLS] : with_values[8*POST_LANES+:8*COLS];
    end else begin : many
      assign with_some = '0;
      assign vector = early_15 && !looks_up_15 ? clamped : looks_up_15 ? with_read[8*`TABLE_PORTS+:8*COLS] :
          with_values[8*POST_LANES+:8*COLS];
    end
  endgenerate
  integer c;
  always_comb begin
    packed_vector = vector;
    for (c = 0; c < COLS; c = c + 1) begin
      if (PRECISIONS[1] && precision_15 == 2'd1) packed_vector[4*c+:4] = vector[8*c+:4];
      if (PRECISIONS[2] && precision_15 == 2'd2) packed_vector[2*c+:2] = vector[8*c+:2];
      if (PRECISIONS[3] && precision_15 == 2'd3) packed_vector[c] = vector[8*c];
    end
  end

  // 16: memory is written.
  integer i;
  always_ff @(posedge clk) begin
    if (tail_15[TAIL-1]) gathered <= vector;
    wr_data <= {{(8 * (PORT_BYTES - COLS)) {1'b0}}, packed_vector};
    if (fills_15) wr_data <= {PORT_BYTES{zero_15}};
    if (sums_15) wr_data <= {{(8 * (PORT_BYTES - SUM_BYTES)) {1'b0}}, some_15};
    for (i = 0; i < PORT_BYTES; i = i + 1) wr_mask[i] <= i[7:0] < tail_15[7:0];
  end
  assign wr_en = tail_16[TAIL-2];
  assign wr_addr = tail_16[25:8];
  logic unused;
  assign unused = &{1'b0, with_some, tail_12, tail_13, tail_14, tail_16, head_3, head_12};
endmodule
