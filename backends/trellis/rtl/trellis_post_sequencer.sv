`include "trellis_isa.svh"
// The streams of the post unit: counts vectors, and in each its slots. A slot is what takes one turn of the multiplier for each of its
// passes: a group of POST_LANES columns, four columns of a table, or a whole vector (copies, pools, fills). The slots of the
// instruction's first block begin in the cycle after `begins`, with whose `instr` the counters are set; those of the next in the
// cycle after `continues`. `ends` is the last cycle of a block.
//
// Reads of activation memory are asked for in the cycle after the one in which they are named here.
module trellis_post_sequencer #(
    parameter COLS = 16,
    parameter POST_LANES = 16,
    parameter PORT_BYTES = 16
) (
    input  logic         clk,
    input  logic         rst,
    input  logic         begins,
    input  logic         continues,
    input  logic [255:0] instr,
    input  logic [255:0] setup,
    output logic         active,
    output logic         ends,

    output logic         slot_first,
    output logic         slot_last,
    output logic [  5:0] group,
    output logic [  7:0] sub,          // cycle of the slot
    output logic         vector_last,
    output logic         row_last,
    output logic         block_last,
    output logic         window_first,

    output logic [ 13:0] acc_rd_addr,  // of the vector of the cycle before
    output logic         act_rd_en,
    output logic [ 17:0] act_rd_addr,
    output logic [  6:0] act_rd_bytes  // of them that count
);
  localparam GROUPS = COLS / POST_LANES;
  localparam LOOKUPS = COLS / `TABLE_PORTS;
  localparam LOOKUP_CYCLES = POST_LANES > `TABLE_PORTS ? POST_LANES / `TABLE_PORTS : 1;
  localparam SUM_CYCLES = 4 * POST_LANES > PORT_BYTES ? 4 * POST_LANES / PORT_BYTES : 1;
  localparam OW = $clog2(PORT_BYTES);

  logic is_acc, is_binary, is_unary, is_pool, is_fill;
  logic [4:0] op;
  assign op = instr[`F_OPCODE];
  assign is_acc = op == `OP_POST_ACC;
  assign is_binary = op == `OP_POST_BINARY;
  assign is_unary = op == `OP_POST_UNARY;
  assign is_pool = op == `OP_POST_POOL;
  assign is_fill = op == `OP_POST_FILL;

  // What the instruction counts.
  logic [2:0] mode;
  logic [7:0] steps, passes;
  logic [11:0] mx, my;
  logic [17:0] words, row_words;
  logic [5:0] groups;
  integer k;
  assign mode = instr[`F_POST_ACC_MODE];
  assign steps = instr[`F_POST_ACC_STEPS];
  assign words = {1'b0, instr[`F_POST_FILL_BYTES]} + (PORT_BYTES - 1);
  always_comb begin
    passes = 8'd0;
    row_words = 18'd0;
    for (k = 1; k < 8; k = k + 1) if (steps[k]) passes = k[7:0];
    mx = instr[`F_POST_ACC_MX];
    my = instr[`F_POST_ACC_MY];
    if (is_binary) {my, mx} = {instr[`F_POST_BINARY_MY], instr[`F_POST_BINARY_MX]};
    if (is_unary) {my, mx} = {instr[`F_POST_UNARY_MY], instr[`F_POST_UNARY_MX]};
    if (is_pool) {my, mx} = {3'd0, instr[`F_POST_POOL_MY], 3'd0, instr[`F_POST_POOL_MX]};
    if (is_fill) begin
      row_words = words >> OW;
      mx = row_words[11:0];
      my = instr[`F_POST_FILL_ROWS];
    end
    groups = GROUPS[5:0] - 6'd1;
    if (is_unary && instr[`F_POST_UNARY_MODE] == 2'd2) groups = LOOKUPS[5:0] - 6'd1;
    if ((is_unary && instr[`F_POST_UNARY_MODE] == 2'd0) || is_pool || is_fill) groups = 6'd0;
  end

  // Cycles of a slot, less 1.
  logic [7:0] last_sub;
  always_comb begin
    last_sub = 8'd0;
    if (is_binary) last_sub = instr[`F_POST_BINARY_KIND] == 2'd2 ? `PASSES_MULTIPLY - 1 : `PASSES_ADD - 1;
    else if (is_pool) last_sub = GROUPS - 1;
    else if (is_acc)
      case (mode)
        3'd1: last_sub = `PASSES_RESIDUAL - 1;
        3'd2: last_sub = LOOKUP_CYCLES - 1;
        3'd3: last_sub = passes;
        3'd4: last_sub = SUM_CYCLES - 1;
        default: ;
      endcase
  end

  // Counters of the stream: what is left of rows and vectors, what is done of the others. Whether each is at its last is kept beside it.
  logic [11:0] x_left, y_left, mx_last, my_last;
  logic [7:0] sub_last, kx, ky, kx_last, ky_last;
  logic [5:0] group_last;
  logic x_is_last, y_is_last, sub_is_last, group_is_last, kx_is_last, ky_is_last;
  logic one_x, one_y, one_sub, one_group, one_kx, one_ky;
  logic pools, sums, adds_second, reads_first, window_over, window_ends;
  logic [13:0] acc, in_x_step, kx_step;
  logic [17:0] in_y_step, ky_step, in_address, operand_address;
  assign window_ends = kx_is_last && ky_is_last;
  assign slot_first = active && sub == 8'd0;
  assign slot_last = active && (pools ? (window_over || window_ends) && (!sums || sub_is_last) : sub_is_last);
  assign vector_last = slot_last && group_is_last;
  assign row_last = vector_last && x_is_last;
  assign block_last = row_last && y_is_last;
  assign window_first = kx == 8'd0 && ky == 8'd0 && !window_over;
  assign ends = block_last;

  // Lanes of the vector: all but in the last column block or, where there are no blocks, in a row's last vector (or in all).
  localparam [6:0] ALL = COLS;
  logic [6:0] last_lanes, lanes;
  logic every, has_blocks;
  logic [9:0] blocks_left;
  assign lanes = (has_blocks ? blocks_left == 10'd1 : every || x_is_last) ? last_lanes : ALL;
  always_ff @(posedge clk)
    if (begins) begin
      has_blocks <= is_acc;
      blocks_left <= instr[`F_POST_ACC_BLOCKS];
      last_lanes <= is_acc ? instr[`F_POST_ACC_LAST_LANES] : is_pool ? instr[`F_POST_POOL_LAST_LANES] :
          is_unary ? instr[`F_POST_UNARY_LAST_LANES] : instr[`F_POST_BINARY_LAST_LANES];
      every <= is_pool ? instr[`F_POST_POOL_EVERY] : is_unary ? instr[`F_POST_UNARY_EVERY] : instr[`F_POST_BINARY_EVERY];
    end else if (continues) blocks_left <= blocks_left - 10'd1;

  logic in_window;
  assign in_window = active && pools && !window_over && !window_ends;
  always_ff @(posedge clk) begin
    if (rst) active <= 1'b0;
    else if (begins || continues) active <= 1'b1;
    else if (block_last) active <= 1'b0;
    if (begins) begin
      mx_last <= mx - 12'd1;
      my_last <= my - 12'd1;
      group_last <= groups;
      kx_last <= instr[`F_POST_POOL_KX] - 8'd1;
      ky_last <= instr[`F_POST_POOL_KY] - 8'd1;
      pools <= is_pool;
      sums <= is_pool && instr[`F_POST_POOL_KIND];
      adds_second <= is_binary || (is_acc && mode == 3'd1);
      reads_first <= !is_acc && !is_fill;
      sub_last <= last_sub;
      acc <= instr[`F_POST_ACC_ACC];
      sub <= 8'd0;
      group <= 6'd0;
      x_left <= mx - 12'd1;
      y_left <= my - 12'd1;
      kx <= 8'd0;
      ky <= 8'd0;
      {x_is_last, one_x} <= {2{mx == 12'd1}};
      {y_is_last, one_y} <= {2{my == 12'd1}};
      {sub_is_last, one_sub} <= {2{last_sub == 8'd0}};
      {group_is_last, one_group} <= {2{groups == 6'd0}};
      {kx_is_last, one_kx} <= {2{instr[`F_POST_POOL_KX] == 8'd1}};
      {ky_is_last, one_ky} <= {2{instr[`F_POST_POOL_KY] == 8'd1}};
      window_over <= 1'b0;
      in_x_step <= is_pool ? instr[`F_POST_POOL_IN_X_STEP] : is_unary ? instr[`F_POST_UNARY_IN_X_STEP] : instr[`F_POST_BINARY_IN_X_STEP];
      in_y_step <= is_pool ? instr[`F_POST_POOL_IN_Y_STEP] : is_unary ? instr[`F_POST_UNARY_IN_Y_STEP] : instr[`F_POST_BINARY_IN_Y_STEP];
      kx_step <= instr[`F_POST_POOL_KX_STEP];
      ky_step <= instr[`F_POST_POOL_KY_STEP];
    end else if (active) begin
      if (slot_last) begin
        sub <= 8'd0;
        sub_is_last <= one_sub;
      end else if (!sub_is_last) begin
        sub <= sub + 8'd1;
        sub_is_last <= sub + 8'd1 == sub_last;
      end
      window_over <= pools && !slot_last && (window_over || window_ends);
      if (slot_last || kx_is_last) begin
        kx <= 8'd0;
        kx_is_last <= one_kx;
      end else begin
        kx <= kx + 8'd1;
        kx_is_last <= kx + 8'd1 == kx_last;
      end
      if (slot_last) begin
        ky <= 8'd0;
        ky_is_last <= one_ky;
      end else if (kx_is_last) begin
        ky <= ky + 8'd1;
        ky_is_last <= ky + 8'd1 == ky_last;
      end
      if (slot_last) begin
        group <= vector_last ? 6'd0 : group + 6'd1;
        group_is_last <= vector_last ? one_group : group + 6'd1 == group_last;
      end
      if (vector_last) begin
        x_left <= row_last ? mx_last : x_left - 12'd1;
        x_is_last <= row_last ? one_x : x_left == 12'd1;
        acc <= acc + 14'd1;
      end
      if (row_last) begin
        y_left <= block_last ? my_last : y_left - 12'd1;
        y_is_last <= block_last ? one_y : y_left == 12'd1;
      end
    end
    acc_rd_addr <= acc;
  end

  // Where a pool's counters run on after its window, their reads mean nothing.
  trellis_walker #(.WINDOW(1)) first_operand (
      .clk,
      .load(begins),
      .start(is_pool ? instr[`F_POST_POOL_INPUT] : is_unary ? instr[`F_POST_UNARY_INPUT] : instr[`F_POST_BINARY_INPUT]),
      .load_end(is_pool ? instr[`F_POST_POOL_IN_RING_END] : is_unary ? instr[`F_POST_UNARY_IN_RING_END] : instr[`F_POST_BINARY_IN_RING_END]),
      .load_size(is_pool ? instr[`F_POST_POOL_IN_RING_SIZE] : is_unary ? instr[`F_POST_UNARY_IN_RING_SIZE] : instr[`F_POST_BINARY_IN_RING_SIZE]),
      .block_step(9'd0),
      .x_step(in_x_step),
      .y_step(in_y_step),
      .kx_step,
      .ky_step,
      .step_kx(in_window && !kx_is_last),
      .step_ky(in_window && kx_is_last),
      .step_x(vector_last && !row_last),
      .step_y(row_last),
      .step_block(1'b0),
      .address(in_address)
  );
  trellis_walker #(.WINDOW(0)) second_operand (
      .clk,
      .load(begins),
      .start(setup[`F_POST_SETUP_OPERAND]),
      .load_end(setup[`F_POST_SETUP_RING_END]),
      .load_size(setup[`F_POST_SETUP_RING_SIZE]),
      .block_step(COLS[8:0]),
      .x_step(setup[`F_POST_SETUP_X_STEP]),
      .y_step(setup[`F_POST_SETUP_Y_STEP]),
      .kx_step(14'd0),
      .ky_step(18'd0),
      .step_kx(1'b0),
      .step_ky(1'b0),
      .step_x(vector_last && !row_last),
      .step_y(row_last && !block_last),
      .step_block(block_last),
      .address(operand_address)
  );
  always_ff @(posedge clk) begin
    act_rd_en <= active && (reads_first || (adds_second && sub == 8'd0)) && !window_over && !rst;
    act_rd_bytes <= lanes;
    act_rd_addr <= adds_second && sub == 8'd0 ? operand_address : in_address;
  end
endmodule
