`include "trellis_isa.svh"
// The constants of a column block: brings them from parameter memory, PW bytes a cycle, into the one of two sets that the stream
// does not use, and gives them to it a group of POST_LANES columns at a time.
//
// A block of parameters is a row of sections, each with 4 bytes a column (bias, multipliers, thresholds, offsets), the last one
// with a byte a column (shifts or directions) where it is not the only one. `busy` covers the L cycles of docs/timing.md: from
// t0 + 2 on, and for the next block from the cycle in which its predecessor begins to stream (`take`). A word that counts in t is
// asked for in t + 1, written in t + 3 and seen by reads from t + 4 on; the stream looks no earlier than two cycles after it began.
module trellis_post_params #(
    parameter COLS = 16,
    parameter POST_LANES = 16,
    parameter PW = 16,
    parameter PARAMETER_BYTES = 4096
) (
    input  logic                     clk,
    input  logic                     rst,
    input  logic [             13:0] param,     // fields of the instruction whose constants are to be brought
    input  logic [              2:0] mode,
    input  logic                     per_channel,
    input  logic [              7:0] steps,
    input  logic                     begins,    // t0 + 1
    input  logic                     take,      // the block that was brought begins to stream
    input  logic                     more,      // with take: another one follows
    output logic                     busy,
    output logic                     set,       // with take: where the constants stand
    output logic [             15:0] rd_addr,
    input  logic [         8*PW-1:0] rd_data,

    input  logic                     bias_set,
    input  logic [              5:0] bias_group,
    output logic [32*POST_LANES-1:0] biases,
    input  logic                     scale_set,
    input  logic [              5:0] scale_group,
    output logic [32*POST_LANES-1:0] multipliers,
    output logic [ 8*POST_LANES-1:0] shifts,       // of modes 3: the directions
    input  logic                     offset_set,
    input  logic [              5:0] offset_group,
    output logic [64*POST_LANES-1:0] offsets,      // the low word in the low half of each
    // Thresholds: one an entry, `threshold_index` counting from 1, in the next cycle.
    input  logic                     threshold_set,
    input  logic [              5:0] threshold_group,
    input  logic [ 8*POST_LANES-1:0] threshold_index,
    output logic [32*POST_LANES-1:0] thresholds
);
  localparam WORD_COLUMNS = PW / 4;
  localparam BYTE_COLUMNS = PW < COLS ? PW : COLS;
  localparam WORDS = COLS / WORD_COLUMNS;
  localparam BYTE_WORDS = COLS / BYTE_COLUMNS;

  logic set_now, loading, counts, last_word, last, over, finish;
  logic [1:0] phase;
  logic [8:0] section, last_section;
  logic [5:0] word;
  logic [15:0] addr;
  logic is_bytes;

  always_comb begin
    case (mode)
      3'd3: last_section = {1'b0, steps} + 9'd1;
      3'd4: last_section = 9'd0;
      3'd5: last_section = 9'd4;
      default: last_section = per_channel ? 9'd2 : 9'd0;
    endcase
  end
  logic loading_set;
  assign set = loading_set;
  assign counts = loading || (take && more);
  assign set_now = loading_set ^ take;
  assign is_bytes = section != 9'd0 && section == last_section;
  assign last_word = word == (is_bytes ? BYTE_WORDS - 1 : WORDS - 1);
  assign last = last_word && section == last_section;
  assign busy = loading;
  // Blocks of residual sums begin whole slots apart: where their words do not fill the last one, it passes without.
  assign finish = (last || over) && (mode != 3'd1 || phase == `PASSES_RESIDUAL - 1);

  // What a word is, until it is there.
  logic valid_1, valid_2, valid_3, set_1, set_2, set_3, bytes_1, bytes_2, bytes_3, line_1, line_2, line_3;
  logic stairs_1, stairs_2, stairs_3;
  logic [8:0] section_1, section_2, section_3;
  logic [5:0] word_1, word_2, word_3;
  logic [8*PW-1:0] data;
  always_ff @(posedge clk) begin
    if (rst) begin
      loading <= 1'b0;
      loading_set <= 1'b0;
    end else begin
      if (begins) loading <= 1'b1;
      else if (counts) loading <= !finish;
      if (take) loading_set <= !loading_set;
    end
    if (begins) begin
      addr <= {param, 2'd0};
      section <= 9'd0;
      word <= 6'd0;
      phase <= 2'd0;
      over <= 1'b0;
    end else if (counts) begin
      phase <= phase + 2'd1;
      over <= (last || over) && !finish;
    end
    if (!begins && counts && !over) begin
      addr <= addr + (is_bytes ? BYTE_COLUMNS : PW);
      word <= last_word ? 6'd0 : word + 6'd1;
      if (last_word) section <= section == last_section ? 9'd0 : section + 9'd1;
    end
    valid_1 <= counts && !over && !rst;
    rd_addr <= addr;
    set_1 <= set_now;
    section_1 <= section;
    word_1 <= word;
    bytes_1 <= is_bytes;
    line_1 <= mode == 3'd5;
    stairs_1 <= mode == 3'd3;
    {valid_2, set_2, section_2, word_2, bytes_2, line_2, stairs_2} <= {valid_1 && !rst, set_1, section_1, word_1, bytes_1, line_1, stairs_1};
    {valid_3, set_3, section_3, word_3, bytes_3, line_3, stairs_3} <= {valid_2 && !rst, set_2, section_2, word_2, bytes_2, line_2, stairs_2};
    data <= rd_data;
  end

  logic words, is_bias, is_multiplier, is_low, is_high;
  assign words = valid_3 && !bytes_3;
  assign is_bias = words && section_3 == 9'd0;
  assign is_multiplier = words && !stairs_3 && section_3 == 9'd1;
  assign is_low = words && line_3 && section_3 == 9'd2;
  assign is_high = words && line_3 && section_3 == 9'd3;

  trellis_column_ram #(.WIDTH(32), .COLS(COLS), .WRITE(WORD_COLUMNS), .READ(POST_LANES)) bias_ram (
      .clk, .wr_en(is_bias), .wr_set(set_3), .wr_group(word_3), .wr_data(data),
      .rd_set(bias_set), .rd_group(bias_group), .rd_data(biases));
  trellis_column_ram #(.WIDTH(32), .COLS(COLS), .WRITE(WORD_COLUMNS), .READ(POST_LANES)) multiplier_ram (
      .clk, .wr_en(is_multiplier), .wr_set(set_3), .wr_group(word_3), .wr_data(data),
      .rd_set(scale_set), .rd_group(scale_group), .rd_data(multipliers));
  trellis_column_ram #(.WIDTH(8), .COLS(COLS), .WRITE(BYTE_COLUMNS), .READ(POST_LANES)) shift_ram (
      .clk, .wr_en(valid_3 && bytes_3), .wr_set(set_3), .wr_group(word_3), .wr_data(data[8*BYTE_COLUMNS-1:0]),
      .rd_set(scale_set), .rd_group(scale_group), .rd_data(shifts));
  logic [32*POST_LANES-1:0] lows, highs;
  trellis_column_ram #(.WIDTH(32), .COLS(COLS), .WRITE(WORD_COLUMNS), .READ(POST_LANES)) low_ram (
      .clk, .wr_en(is_low), .wr_set(set_3), .wr_group(word_3), .wr_data(data),
      .rd_set(offset_set), .rd_group(offset_group), .rd_data(lows));
  trellis_column_ram #(.WIDTH(32), .COLS(COLS), .WRITE(WORD_COLUMNS), .READ(POST_LANES)) high_ram (
      .clk, .wr_en(is_high), .wr_set(set_3), .wr_group(word_3), .wr_data(data),
      .rd_set(offset_set), .rd_group(offset_group), .rd_data(highs));
  genvar l;
  generate
    for (l = 0; l < POST_LANES; l = l + 1) begin : lane
      assign offsets[64*l+:64] = {highs[32*l+:32], lows[32*l+:32]};
    end
  endgenerate

  trellis_threshold_ram #(.COLS(COLS), .WRITE(WORD_COLUMNS), .READ(POST_LANES),
      .ENTRIES(PARAMETER_BYTES / (4 * COLS))) threshold_ram (
      .clk, .wr_en(words && stairs_3 && section_3 != 9'd0), .wr_set(set_3), .wr_group(word_3),
      .wr_index(section_3[7:0]), .wr_data(data), .rd_set(threshold_set), .rd_group(threshold_group),
      .rd_index(threshold_index), .rd_data(thresholds));
endmodule
