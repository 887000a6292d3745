// One lane of the post unit's multiplier: x * m * 2^(shift - 31) under one of the rounding rules of ir/arith/rounding.ts, or what
// else the unit computes with a product. Fully pipelined: x, m, rule and shift of cycle t give `result` in t + 9, `offset` is
// taken in t + 2.
//
// - tflite: a left shift of x that wraps; a doubling high multiply that rounds halves up; a right shift that rounds halves away from
//   zero. The last two are one shift of the product by 31 - shift: with h = (product + 2^30) >> 31, halves away from zero are
//   halves up where h >= 0, and else halves down, which is: up if anything lies between the half and bit 31.
// - half_even, float32: exact where |result| < 512; beyond, a number at least as large. Every reader clamps to bytes.
//   float32 rounds x, m and the product to 24 significant bits. The last rounding shows only where it moves the product to exactly a
//   half of the integer result: within half a unit of the 24 bits.
// - product: the low 32 bits of x * m.
// - line: (x * m + offset, 64 bits) >> shift, rounded down, with the same limit of 512; shift is unsigned here.
module trellis_requantize (
    input  logic        clk,
    input  logic [ 2:0] rule,
    input  logic [31:0] x,
    input  logic [31:0] m,
    input  logic [ 5:0] shift,
    input  logic [63:0] offset,
    output logic [31:0] result
);
  localparam TFLITE = 3'd0, HALF_EVEN = 3'd1, FLOAT32 = 3'd2, PRODUCT = 3'd3;

  // t + 1: operands. A left shift drops the top bits of x, so what remains is x with its sign taken lower.
  logic [2:0] rule_1;
  logic [31:0] x_1, m_1;
  logic [5:0] shift_1;
  logic [31:0] kept, top, wrapped;
  assign kept = rule_1 == TFLITE && !shift_1[5] ? 32'hffffffff >> shift_1[4:0] : 32'hffffffff;
  assign top = kept & ~(kept >> 1);
  assign wrapped = (x_1 & kept) | ((x_1 & top) != 32'd0 ? ~kept : 32'd0);

  logic [32:0] x_float, m_float, x_2, m_2;
  logic [6:0] distance;  // of the result's window from the bottom of the extended product
  trellis_round24 round_x (.value(x_1), .rounded(x_float));
  trellis_round24 round_m (.value(m_1), .rounded(m_float));
  always_comb begin
    case (rule_1)
      TFLITE: distance = 7'd53 - {shift_1[5], shift_1};
      HALF_EVEN, FLOAT32: distance = 7'd31 - {shift_1[5], shift_1};
      PRODUCT: distance = 7'd22;
      default: distance = {1'b0, shift_1};
    endcase
  end
  always_ff @(posedge clk) begin
    rule_1 <= rule;
    x_1 <= x;
    m_1 <= m;
    shift_1 <= shift;
    x_2 <= rule_1 == FLOAT32 ? x_float : {wrapped[31], wrapped};
    m_2 <= rule_1 == FLOAT32 ? m_float : {m_1[31], m_1};
  end

  // What the later stages need of rule and shift.
  logic [2:0] rule_2, rule_3, rule_4, rule_5, rule_6, rule_7;
  logic [6:0] distance_2, distance_3, distance_4, distance_5, distance_6;
  logic right_2, right_3, right_4, right_5, right_6, right_7;
  always_ff @(posedge clk) begin
    {rule_7, rule_6, rule_5, rule_4, rule_3, rule_2} <= {rule_6, rule_5, rule_4, rule_3, rule_2, rule_1};
    {distance_6, distance_5, distance_4, distance_3, distance_2} <= {distance_5, distance_4, distance_3, distance_2, distance};
    {right_7, right_6, right_5, right_4, right_3, right_2} <= {right_6, right_5, right_4, right_3, right_2, rule_1 == TFLITE && shift_1[5]};
  end

  // t + 2 and t + 3: three products of 18 bits. With x = 2^16 xh + xl and m alike, xh ml + xl mh = (xh + xl) (mh + ml) - xh mh - xl ml.
  logic signed [17:0] xh, xl, xs, mh, ml, ms;
  logic signed [35:0] high, low_product, both;
  always_ff @(posedge clk) begin
    xh <= {x_2[32], x_2[32:16]};
    mh <= {m_2[32], m_2[32:16]};
    xl <= {2'd0, x_2[15:0]};
    ml <= {2'd0, m_2[15:0]};
    xs <= {x_2[32], x_2[32:16]} + {2'd0, x_2[15:0]};
    ms <= {m_2[32], m_2[32:16]} + {2'd0, m_2[15:0]};
    high <= xh * mh;
    low_product <= xl * ml;
    both <= xs * ms;
  end
  logic [63:0] offset_3, offset_4;
  always_ff @(posedge clk) {offset_4, offset_3} <= {offset_3, offset};

  // t + 4 and t + 5: their sum, with what is added. |x| and |m| are at most 2^31, so that 35 bits hold whatever comes up in the middle.
  logic [33:0] outer;
  logic [34:0] middle;
  logic [63:0] high_low, p;
  logic [47:0] upper;
  assign outer = high[33:0] + {2'd0, low_product[31:0]};
  assign upper = high_low[63:16] + {{13{middle[34]}}, middle};
  always_ff @(posedge clk) begin
    middle <= both[34:0] - {outer[33], outer};
    high_low <= {high[31:0], low_product[31:0]} + (rule_4 > PRODUCT ? offset_4 : {33'd0, right_4, 30'd0});
    p[63:31] <= upper[47:15];
    if (right_5) p[30:0] <= 31'd0;
    else p[30:0] <= {upper[14:0], high_low[15:0]};
  end

  // t + 6: the window of the result, 36 bits of the product with 26 zeros below it, `distance` bits up. `any` collects what
  // falls out below, `over` whether what falls out above is more than a sign.
  logic [66:0] w1;
  logic [50:0] w2;
  logic [42:0] w3;
  logic [38:0] w4;
  logic [36:0] w5;
  logic [35:0] w6, w;
  logic sign, any, over;
  always_comb begin
    if (distance_6[6]) w1 = {{41{p[63]}}, p[63:38]};
    else if (distance_6[5]) w1 = {{9{p[63]}}, p[63:6]};
    else w1 = {p[40:0], 26'd0};
    w2 = distance_6[4] ? w1[66:16] : w1[50:0];
    w3 = distance_6[3] ? w2[50:8] : w2[42:0];
    w4 = distance_6[2] ? w3[42:4] : w3[38:0];
    w5 = distance_6[1] ? w4[38:2] : w4[36:0];
    w6 = distance_6[0] ? w5[36:1] : w5[35:0];
  end
  always_ff @(posedge clk) begin
    w <= w6;
    sign <= p[63];
    any <= (distance_6[6] && p[37:6] != 32'd0) || (distance_6[6:5] != 2'd0 && p[5:0] != 6'd0) ||
        (distance_6[4] && w1[15:0] != 16'd0) || (distance_6[3] && w2[7:0] != 8'd0) || (distance_6[2] && w3[3:0] != 4'd0) ||
        (distance_6[1] && w4[1:0] != 2'd0) || (distance_6[0] && w5[0]);
    over <= (distance_6[6:5] == 2'd0 && p[63:41] != {23{p[63]}}) || (!distance_6[4] && w1[66:51] != {16{p[63]}}) ||
        (!distance_6[3] && w2[50:43] != {8{p[63]}}) || (!distance_6[2] && w3[42:39] != {4{p[63]}}) ||
        (!distance_6[1] && w4[38:37] != {2{p[63]}}) || (!distance_6[0] && w5[36] != p[63]) || w6[35] != p[63];
  end

  // t + 7: rounding. tflite and product: 32 bits, the half below them, three more. The others: 10 bits, the half, 25 more.
  logic is_wide, half, odd, up, tie_above, tie_below;
  logic [24:0] rest, ulp;
  logic [9:0] size, low;
  integer k;
  assign is_wide = rule_7 == TFLITE || rule_7 == PRODUCT;
  assign half = is_wide ? w[3] : w[25];
  assign odd = w[26];
  assign rest = w[24:0];
  // `low` are the bits below half a unit of the product's 24 bits, by the size of the product; `ulp` is that half unit.
  assign size = w[35:26] ^ {10{sign}};
  always_comb begin
    low[0] = size != 10'd0 || (half != sign);
    low[1] = size != 10'd0;
    for (k = 2; k < 10; k = k + 1) low[k] = (size >> (k - 1)) != 10'd0;
    ulp = {14'd0, {low, 1'b1} & ~{1'b0, low}};
    tie_above = (rest & ~{15'd0, low}) == 25'd0 || (rest == ulp && !any);
    tie_below = (rest | {15'd0, low}) == 25'h1ffffff;
    case (rule_7)
      TFLITE: up = half && (!right_7 || !sign || w[2:0] != 3'd0 || any);
      HALF_EVEN: up = half && (odd || rest != 25'd0 || any);
      FLOAT32: up = half ? !tie_above || odd : tie_below && odd;
      default: up = 1'b0;
    endcase
  end

  // t + 8: one more, or as much as there is room for.
  logic [31:0] whole;
  logic up_8, over_8, sign_8;
  always_ff @(posedge clk) begin
    whole <= is_wide ? w[35:4] : {{22{w[35]}}, w[35:26]};
    up_8 <= up;
    over_8 <= over;
    sign_8 <= sign;
    if (over_8) result <= {sign_8, {31{!sign_8}}};
    else result <= whole + {31'd0, up_8};
  end
endmodule

// An int32 rounded to 24 significant bits, halves to even, as float32 holds it. Combinational.
module trellis_round24 (
    input  logic [31:0] value,
    output logic [32:0] rounded
);
  logic [6:0] size, dropped, half;
  logic up;
  integer k;
  assign size = value[30:24] ^ {7{value[31]}};
  always_comb begin
    for (k = 0; k < 7; k = k + 1) dropped[k] = (size >> k) != 7'd0;
    half = dropped & ~(dropped >> 1);
    up = (value[6:0] & half) != 7'd0 &&
        ((value[6:0] & dropped & ~half) != 7'd0 || (value[7:0] & {half, 1'b0}) != 8'd0);
    rounded = {value[31], value[31:7], value[6:0] & ~dropped} + (up ? {25'd0, half, 1'b0} : 33'd0);
  end
endmodule
