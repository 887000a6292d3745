`include "trellis_isa.svh"
// One lane of the post unit: what of a column enters the multiplier, and what becomes of the result. `source` names what enters in cycle t;
// `sum` is the multiplier's result in t + 9, and `value` in t + 11 the byte that it is written as: with a zero point, within bounds, or as
// the place on a staircase. The passes of a sum of two operands, or of a product, leave what they find in here; `keep_b` and `keep_sum`
// say that the second operand's or the first operand's result is there.
module trellis_post_lane (
    input  logic        clk,
    input  logic [ 3:0] source,
    input  logic [ 2:0] rule,
    input  logic [31:0] multiplier,
    input  logic [ 5:0] shift,
    input  logic [31:0] biased,     // accumulator with bias
    input  logic [ 7:0] count,
    input  logic [ 7:0] a,
    input  logic [ 7:0] b,
    input  logic [24:0] pooled,
    input  logic [63:0] offset,     // in t + 2
    input  logic [ 7:0] zp_a,
    input  logic [ 7:0] zp_b,
    input  logic        keep_b,
    input  logic        keep_sum,
    input  logic        subtract,
    input  logic        single,     // the sum is of the first operand alone
    output logic [31:0] sum,

    input  logic        is_count,   // of the value, in t + 9
    input  logic        is_bit,
    input  logic [ 7:0] zero_point,
    input  logic [ 7:0] min,
    input  logic [ 7:0] max,
    input  logic [ 7:0] steps,
    input  logic [ 8:0] distance,
    input  logic        take,       // else the value stays
    output logic [ 7:0] value
);
`include "trellis_post_sources.svh"
  // Beyond 512 every byte is a bound.
  logic signed [10:0] near;
  assign near = sum[31:9] == {23{sum[31]}} ? $signed({sum[9], sum[9:0]}) : sum[31] ? -11'sd512 : 11'sd511;

  // Operands in units of their zero points.
  logic [8:0] a_diff, b_diff, first_diff;
  logic signed [9:0] lowest, highest;
  assign a_diff = {a[7], a} - {zp_a[7], zp_a};
  assign b_diff = {b[7], b} - {zp_b[7], zp_b};
  // A requantized first operand, saturated to a byte: both bounds without its zero point.
  assign lowest = -10'sd128 - $signed(zp_a);
  assign highest = 10'sd127 - $signed(zp_a);
  always_comb begin
    if (near < lowest) first_diff = lowest[8:0];
    else if (near > highest) first_diff = highest[8:0];
    else first_diff = sum[8:0];
  end

  logic [31:0] x, m, kept_b, kept_sum;
  always_comb begin
    m = multiplier;
    case (source)
      SOURCE_COUNT: x = {24'd0, count};
      SOURCE_UNARY: x = {{23{a_diff[8]}}, a_diff};
      SOURCE_POOL: x = {{7{pooled[24]}}, pooled};
      SOURCE_OUT: x = kept_sum;
      SOURCE_A: x = {{3{a_diff[8]}}, a_diff, 20'd0};
      SOURCE_FIRST: x = {{3{first_diff[8]}}, first_diff, 20'd0};
      SOURCE_B: x = {{3{b_diff[8]}}, b_diff, 20'd0};
      SOURCE_PRODUCT: begin
        x = {{23{a_diff[8]}}, a_diff};
        m = {{23{b_diff[8]}}, b_diff};
      end
      default: x = biased;
    endcase
  end
  trellis_requantize multiply (.clk, .rule, .x, .m, .shift, .offset, .result(sum));

  always_ff @(posedge clk) begin
    if (keep_b) kept_b <= sum;
    if (keep_sum) kept_sum <= with_carry[32:1];
  end
  // A difference is a sum with the second operand's bits turned and a carry that comes in below.
  logic [31:0] second;
  logic [32:0] with_carry;
  assign second = single ? 32'd0 : kept_b ^ {32{subtract}};
  assign with_carry = {sum, 1'b1} + {second, subtract && !single};

  // Within bounds, or a place on a staircase: `reached` times `distance` + `zero_point`, by halves of `reached`. A row is what each bit of
  // its half leaves of the sum above the bits that are done, at most 511 for every int8 and any distance of 9 bits.
  logic signed [10:0] shifted;
  logic [7:0] reached, bounded, zero_point_10;
  logic [8:0] distance_10;
  logic take_10, is_count_10, is_bit_10;
  logic [9:0] low_row, high_row;
  logic [16:0] place;
  logic [3:0] low_place, high_place;
  integer k;
  assign shifted = near + $signed(zero_point);
  always_ff @(posedge clk) begin
    if ($signed(min) > $signed(max) || shifted < $signed(min)) bounded <= min;
    else bounded <= shifted > $signed(max) ? max : shifted[7:0];
    reached <= near < 0 ? 8'd0 : near > $signed({3'd0, steps}) ? steps : near[7:0];
    {take_10, is_count_10, is_bit_10, zero_point_10, distance_10} <= {take, is_count, is_bit, zero_point, distance};
  end
  always_comb begin
    low_row = {{2{zero_point_10[7]}}, zero_point_10};
    high_row = 10'd0;
    for (k = 0; k < 4; k = k + 1) begin
      low_row = low_row + ({distance_10[8], distance_10} & {10{reached[k]}});
      high_row = high_row + ({distance_10[8], distance_10} & {10{reached[k+4]}});
      low_place[k] = low_row[0];
      high_place[k] = high_row[0];
      low_row = {low_row[9], low_row[9:1]};
      high_row = {high_row[9], high_row[9:1]};
    end
    place = {{{3{low_row[9]}}, low_row} + {high_row[8:0], high_place}, low_place};
  end
  always_ff @(posedge clk) begin
    if (take_10 && is_count_10) value <= is_bit_10 ? {7'd0, !place[16] && place != 17'd0} : place[7:0];
    else if (take_10) value <= is_bit_10 ? {7'd0, $signed(bounded) > 0} : bounded;
  end
endmodule
