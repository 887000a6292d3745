`include "trellis_isa.svh"
// The post unit: accumulators, or vectors of activation memory, through POST_LANES lanes of requantization to activation memory.
//
// In the terms of docs/timing.md: an instruction is taken in t0 (`start`); its constants are on their way from t0 + 2 on;
// `begins` and `continues` are S_0 and the later S_k. The slots of a block follow from S_k + 1 on (trellis_post_sequencer), and what
// becomes of each is a pipeline of 16 cycles behind its slot (trellis_post_output, whose numbers name the stages here, too):
// 1 reads memory, 2 has the data and adds the bias, 3 enters the multiplier, 12 has its result, 16 writes. `give` and `done`
// come with the last write.
//
// A result of two operands takes several passes. They enter the multiplier in cycles of their slot, of 4, 3 or 2 cycles, that no other
// pass of this or another slot takes:
//   residual sum   3 accumulator, 9 second operand, 12 first operand, 22 sum
//   sum            3 second operand, 4 first operand, 14 sum
//   product        4 both operands, 15 product
module trellis_post #(
    parameter COLS = 16,
    parameter POST_LANES = 16,
    parameter PORT_BYTES = 16,
    parameter PARAMETER_BYTES = 4096,
    parameter PRECISIONS = 15,  // widths of results and of pooled elements, as of the target
    parameter PW = PORT_BYTES < 4 * COLS ? PORT_BYTES : 4 * COLS
) (
    input  logic                       clk,
    input  logic                       rst,
    input  logic                       ready,
    input  logic [              255:0] instr,
    output logic                       start,
    output logic [                3:0] give,
    output logic                       done,
    output logic                       idle,
    output logic                       act_rd_en,
    output logic [               17:0] act_rd_addr,
    output logic [                6:0] act_rd_bytes,
    input  logic [   8*PORT_BYTES-1:0] act_rd_data,
    output logic                       act_wr_en,
    output logic [               17:0] act_wr_addr,
    output logic [   8*PORT_BYTES-1:0] act_wr_data,
    output logic [     PORT_BYTES-1:0] act_wr_mask,
    output logic [               13:0] acc_rd_addr,
    input  logic [        32*COLS-1:0] acc_rd_data,
    output logic [               15:0] param_rd_addr,
    input  logic [           8*PW-1:0] param_rd_data,
    output logic [10*`TABLE_PORTS-1:0] table_rd_addr,
    input  logic [ 8*`TABLE_PORTS-1:0] table_rd_data
);
`include "trellis_post_sources.svh"
  // The instruction that was taken last, until its last block streams; post.setup until what is before it is done.
  logic waits, fresh, streams, more, is_setup, is_acc, drains, drained, constants_busy, holds, sequencing, block_ends;
  logic begins, continues, applies, apply_taken;
  logic [255:0] taken, setup;
  logic [9:0] blocks_left;
  logic [3:0] in_flight;
  logic pipe_done;
  logic [3:0] pipe_give;
  assign start = ready && !waits;
  assign is_setup = taken[`F_OPCODE] == `OP_POST_SETUP;
  assign is_acc = taken[`F_OPCODE] == `OP_POST_ACC;
  assign drains = taken[`F_OPCODE] != `OP_POST_FILL && !(is_acc && taken[`F_POST_ACC_MODE] != 3'd1);
  assign drained = in_flight == 4'd0;
  assign begins = waits && !fresh && !is_setup && !streams && !constants_busy && (!sequencing || block_ends) &&
      (drains ? drained : !holds);
  assign continues = waits && streams && !constants_busy && (!sequencing || block_ends);
  assign more = streams ? blocks_left != 10'd1 : is_acc && taken[`F_POST_ACC_BLOCKS] != 10'd1;
  // A setup is done in the cycle in which it is taken, or in the first one in which nothing is at work.
  assign applies = drained && (waits ? is_setup : ready && instr[`F_OPCODE] == `OP_POST_SETUP);
  always_ff @(posedge clk) begin
    apply_taken <= applies && !rst;
    if (apply_taken) setup <= taken;
    if (start) taken <= instr;
    fresh <= start && !rst;
    if (rst) begin
      waits <= 1'b0;
      streams <= 1'b0;
      in_flight <= 4'd0;
    end else begin
      if (start) waits <= !(applies);
      else if (((begins || continues) && !more) || applies) waits <= 1'b0;
      if (begins) streams <= more;
      else if (continues && !more) streams <= 1'b0;
      in_flight <= in_flight + {3'd0, begins} - {3'd0, pipe_done};
    end
    if (begins) blocks_left <= taken[`F_POST_ACC_BLOCKS] - 10'd1;
    else if (continues) blocks_left <= blocks_left - 10'd1;
  end
  assign done = pipe_done || applies;
  assign give = pipe_give;
  assign idle = !waits && drained;

  logic slot_first, slot_last, vector_last, row_last, block_last, window_first;
  logic [5:0] group;
  logic [7:0] sub;
  trellis_post_sequencer #(.COLS(COLS), .POST_LANES(POST_LANES), .PORT_BYTES(PORT_BYTES)) sequencer (
      .clk, .rst, .begins, .continues, .instr(taken), .setup, .active(sequencing), .ends(block_ends),
      .slot_first, .slot_last, .group, .sub, .vector_last, .row_last, .block_last, .window_first,
      .acc_rd_addr, .act_rd_en, .act_rd_addr, .act_rd_bytes);

  // Constants of the stream, and what its slots need of them on their way.
  logic set, set_0;
  logic residual, adds, subtracts, multiplies, chains, pools_sum, pool_unsigned, reads_vectors;
  logic [1:0] pool_precision;
  logic [32+6+2+1+1+1+8+1-1:0] scale_0, scale_1, scale_2, scale_3;
  always_ff @(posedge clk) begin
    if (begins) begin
      chains <= taken[`F_OPCODE] == `OP_POST_BINARY || (is_acc && drains);
      if (drains) begin
        residual <= is_acc;
        multiplies <= taken[`F_OPCODE] == `OP_POST_BINARY && taken[`F_POST_BINARY_KIND] == 2'd2;
        adds <= taken[`F_OPCODE] == `OP_POST_BINARY && taken[`F_POST_BINARY_KIND] != 2'd2;
        subtracts <= taken[`F_OPCODE] == `OP_POST_BINARY && taken[`F_POST_BINARY_KIND] == 2'd1;
        reads_vectors <= taken[`F_OPCODE] == `OP_POST_UNARY;
        pools_sum <= taken[`F_OPCODE] == `OP_POST_POOL && taken[`F_POST_POOL_KIND];
        pool_precision <= taken[`F_OPCODE] == `OP_POST_POOL ? taken[`F_POST_POOL_PRECISION] : 2'd0;
        pool_unsigned <= taken[`F_POST_POOL_UNSIGNED];
      end
      scale_0 <= {taken[`F_POST_ACC_MULTIPLIER], taken[`F_POST_ACC_SHIFT],
          is_acc ? taken[`F_POST_ACC_ROUNDING] : taken[`F_POST_POOL_ROUNDING],
          taken[`F_POST_ACC_PER_CHANNEL] || taken[`F_POST_ACC_MODE] == 3'd5,
          taken[`F_POST_ACC_ZEROS], taken[`F_POST_ACC_MODE] == 3'd3, taken[`F_POST_ACC_STEPS], 1'b0};
    end
    if (begins || continues) set_0 <= set;
    {scale_3, scale_2, scale_1} <= {scale_2, scale_1, scale_0};
  end

  // Slots and groups on their way; slots of chained passes to the last of them.
  logic [5:1] sets;
  logic [29:0] groups;
  logic [3:1] firsts, vectors, windows, reads;
  logic [21:1] slots;
  logic [5:0] group_2, group_3, group_5;
  always_ff @(posedge clk) begin
    sets <= {sets[4:1], set_0};
    groups <= {groups[23:0], group};
    firsts <= {firsts[2:1], slot_first && !rst};
    vectors <= {vectors[2:1], vector_last && !rst};
    windows <= {windows[2:1], window_first};
    reads <= {reads[2:1], act_rd_en};
    slots <= {slots[20:1], slot_first && chains && !rst};
  end
  assign group_2 = groups[11:6];
  assign group_3 = groups[17:12];
  assign group_5 = groups[29:24];

  logic [32*POST_LANES-1:0] biases, multipliers, thresholds;
  logic [64*POST_LANES-1:0] offsets;
  logic [8*POST_LANES-1:0] shifts, threshold_index;
  trellis_post_params #(.COLS(COLS), .POST_LANES(POST_LANES), .PW(PW), .PARAMETER_BYTES(PARAMETER_BYTES)) params (
      .clk, .rst, .param(taken[`F_POST_ACC_PARAM]), .mode(taken[`F_POST_ACC_MODE]),
      .per_channel(taken[`F_POST_ACC_PER_CHANNEL]), .steps(taken[`F_POST_ACC_STEPS]),
      .begins(fresh && is_acc), .take((begins && is_acc) || continues), .more, .busy(constants_busy), .set,
      .rd_addr(param_rd_addr), .rd_data(param_rd_data),
      .bias_set(sets[2]), .bias_group(group_2), .biases,
      .scale_set(sets[3]), .scale_group(group_3), .multipliers, .shifts,
      .offset_set(sets[5]), .offset_group(group_5), .offsets,
      .threshold_set(sets[2]), .threshold_group(group_2), .threshold_index, .thresholds);

  // Stage 2: data of memory.
  logic zeros_2;
  logic [31:0] multiplier_3;
  logic [5:0] shift_3;
  logic [1:0] rounding_3;
  logic columns_3, stairs_3;
  logic [7:0] steps_2, steps_3, middle;
  assign zeros_2 = scale_2[10];
  assign steps_2 = scale_2[8:1];
  assign {multiplier_3, shift_3, rounding_3, columns_3} = scale_3[51:11];
  assign stairs_3 = scale_3[9];
  assign steps_3 = scale_3[8:1];
  integer k;
  always_comb begin
    middle = 8'd0;
    for (k = 0; k < 8; k = k + 1) if (steps_2[k]) middle = 8'd1 << k;
  end

  logic [32*POST_LANES-1:0] acc_group, biased;
  logic [8*POST_LANES-1:0] a, b, b_late;
  logic [8*`TABLE_PORTS-1:0] looked_up;
  logic [25*COLS-1:0] pooled, wide;
  assign acc_group = acc_rd_data[32*POST_LANES*(COLS>POST_LANES?group_2:0)+:32*POST_LANES];
  always_ff @(posedge clk) begin
    if (reads_vectors) a <= act_rd_data[8*POST_LANES*(COLS>POST_LANES?group_2:0)+:8*POST_LANES];
    else if (slots[3]) a <= act_rd_data[8*POST_LANES*(COLS>POST_LANES?group_3:0)+:8*POST_LANES];
    if (slots[6]) b_late <= b;
    if (slots[2]) b <= act_rd_data[8*POST_LANES*(COLS>POST_LANES?group_2:0)+:8*POST_LANES];
    looked_up <= act_rd_data[8*`TABLE_PORTS*(COLS>`TABLE_PORTS?group_2:0)+:8*`TABLE_PORTS];
    // The vector of a window is there in 4; sums move down, a group a cycle.
    wide <= vectors[3] ? pooled : wide >> (25 * POST_LANES);
  end
  genvar l;
  generate
    for (l = 0; l < COLS; l = l + 1) begin : pool
      trellis_pool #(.PRECISIONS(PRECISIONS)) column (
          .clk, .enable(reads[1]), .first(windows[2]), .is_sum(pools_sum), .precision(pool_precision), .is_unsigned(pool_unsigned),
          .zero_point(setup[`F_POST_SETUP_ZP_A]), .data(act_rd_data[8*l+:8]), .value(pooled[25*l+:25]));
    end
  endgenerate

  // Stage 3: what enters the multiplier.
  logic [3:0] source, waiting_source;
  logic [2:0] rule;
  logic [31:0] common_multiplier;
  logic [5:0] common_shift;
  logic from_columns;
  always_comb begin
    if (slots[3] && residual) source = SOURCE_ACC;
    else if (residual ? slots[9] : slots[3] && adds) source = SOURCE_B;
    else if (residual && slots[12]) source = SOURCE_FIRST;
    else if (adds && slots[4]) source = SOURCE_A;
    else if (multiplies && slots[4]) source = SOURCE_PRODUCT;
    else source = waiting_source;
    from_columns = columns_3 && (source == SOURCE_ACC || source == SOURCE_LINE);
    rule = 3'd0;
    common_multiplier = setup[`F_POST_SETUP_M_OUT];
    common_shift = setup[`F_POST_SETUP_S_OUT];
    case (source)
      SOURCE_ACC, SOURCE_LINE: begin
        rule = source == SOURCE_LINE ? 3'd4 : {1'b0, rounding_3};
        common_multiplier = multiplier_3;
        common_shift = shift_3;
      end
      SOURCE_SUM, SOURCE_COUNT: begin
        rule = 3'd3;
        common_multiplier = 32'd1;
      end
      SOURCE_POOL: rule = {1'b0, rounding_3};
      SOURCE_A, SOURCE_FIRST: {common_multiplier, common_shift} = {setup[`F_POST_SETUP_M_A], setup[`F_POST_SETUP_S_A]};
      SOURCE_B: {common_multiplier, common_shift} = {setup[`F_POST_SETUP_M_B], setup[`F_POST_SETUP_S_B]};
      SOURCE_PRODUCT: rule = 3'd3;
      default: ;
    endcase
  end

  logic take_12, is_count_12, is_bit_12;
  logic [7:0] zero_point_12, min_12, max_12, steps_12;
  logic [8:0] distance_12;
  logic [32*POST_LANES-1:0] sums;
  logic [8*POST_LANES-1:0] values;
  generate
    for (l = 0; l < POST_LANES; l = l + 1) begin : lane
      logic [7:0] count;
      trellis_threshold_search search (
          .clk, .first(firsts[2]), .middle, .steps(steps_3), .sum(biased[32*l+:32]), .negate(shifts[8*l+7] && stairs_3),
          .threshold(thresholds[32*l+:32]), .index(threshold_index[8*l+:8]), .count);
      always_ff @(posedge clk)
        if (firsts[2]) biased[32*l+:32] <= (zeros_2 ? 32'd0 : acc_group[32*l+:32]) + biases[32*l+:32];
      trellis_post_lane lane (
          .clk, .source, .rule,
          .multiplier(from_columns ? multipliers[32*l+:32] : common_multiplier),
          .shift(from_columns ? shifts[8*l+:6] : common_shift),
          .biased(biased[32*l+:32]), .count, .a(a[8*l+:8]), .b(residual ? b_late[8*l+:8] : b[8*l+:8]),
          .pooled(wide[25*l+:25]), .offset(offsets[64*l+:64]),
          .zp_a(setup[`F_POST_SETUP_ZP_A]), .zp_b(setup[`F_POST_SETUP_ZP_B]),
          .keep_b(residual ? slots[18] : slots[12]), .keep_sum(residual ? slots[21] : slots[13]),
          .subtract(subtracts), .single(multiplies), .sum(sums[32*l+:32]),
          .is_count(is_count_12), .is_bit(is_bit_12), .zero_point(zero_point_12), .min(min_12), .max(max_12), .steps(steps_12),
          .distance(distance_12), .take(take_12), .value(values[8*l+:8]));
    end
  endgenerate

  logic [8*COLS-1:0] largest;
  generate
    for (l = 0; l < COLS; l = l + 1) begin : maxima
      assign largest[8*l+:8] = wide[25*l+:8];
    end
  endgenerate
  trellis_post_output #(.COLS(COLS), .POST_LANES(POST_LANES), .PORT_BYTES(PORT_BYTES), .PRECISIONS(PRECISIONS)) result (
      .clk, .rst, .begins, .instr(taken), .pool_zero(setup[`F_POST_SETUP_ZP_B]), .holds,
      .active(sequencing), .slot_last, .sub, .vector_last, .row_last, .block_last,
      .source_3(waiting_source), .take_12, .is_count_12, .is_bit_12, .zero_point_12, .min_12, .max_12, .steps_12, .distance_12,
      .sums_12(sums), .values_14(values), .looked_up_14(looked_up), .table_rd_addr, .table_rd_data, .wide_15(largest),
      .wr_en(act_wr_en), .wr_addr(act_wr_addr), .wr_data(act_wr_data), .wr_mask(act_wr_mask), .give(pipe_give), .done(pipe_done));
endmodule
