// One lane of the post unit's multiplier: x * m * 2^(shift - 31) under one of the rounding rules of ir/arith/rounding.ts, or what
// else the unit computes with a product. Fully pipelined: x, m, rule and shift of cycle t give `result` in t + 5, `offset` is
// taken in t + 1.
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

  // Cycle t: operands. A left shift drops the top bits of x, so what remains is x with its sign taken lower.
  logic [31:0] kept, top, wrapped;
  logic shifts_left;
  assign shifts_left = rule == TFLITE && !shift[5];
  assign kept = shifts_left ? 32'hffffffff >> shift[4:0] : 32'hffffffff;
  assign top = kept & ~(kept >> 1);
  assign wrapped = (x & kept) | ((x & top) != 32'd0 ? ~kept : 32'd0);

  logic [32:0] x_float, m_float, x_in, m_in;
  logic [6:0] distance;  // of the result's window from the bottom of the extended product
  logic [2:0] rule_a, rule_b, rule_c, rule_d;
  logic [6:0] distance_a, distance_b, distance_c;
  logic right_a, right_b, right_c, right_d;
  trellis_round24 round_x (.value(x), .rounded(x_float));
  trellis_round24 round_m (.value(m), .rounded(m_float));
  always_comb begin
    case (rule)
      TFLITE: distance = 7'd53 - {shift[5], shift};
      HALF_EVEN, FLOAT32: distance = 7'd31 - {shift[5], shift};
      PRODUCT: distance = 7'd22;
      default: distance = {1'b0, shift};
    endcase
  end
  always_ff @(posedge clk) begin
    x_in <= rule == FLOAT32 ? x_float : {wrapped[31], wrapped};
    m_in <= rule == FLOAT32 ? m_float : {m[31], m};
    rule_a <= rule;
    distance_a <= distance;
    right_a <= rule == TFLITE && shift[5];
  end

  // t + 1: three products of 18 bits. With x = 2^16 xh + xl and m alike, xh ml + xl mh = (xh + xl) (mh + ml) - xh mh - xl ml.
  logic signed [17:0] xh, xl, xs, mh, ml, ms;
  logic signed [35:0] high, low_product, both;
  assign xh = {x_in[32], x_in[32:16]};
  assign mh = {m_in[32], m_in[32:16]};
  assign xl = {2'd0, x_in[15:0]};
  assign ml = {2'd0, m_in[15:0]};
  assign xs = xh + xl;
  assign ms = mh + ml;
  logic [63:0] addend;
  always_ff @(posedge clk) begin
    addend <= 64'd0;
    if (rule_a > PRODUCT) addend <= offset;
    else addend[30] <= right_a;
    high <= xh * mh;
    low_product <= xl * ml;
    both <= xs * ms;
    rule_b <= rule_a;
    distance_b <= distance_a;
    right_b <= right_a;
  end

  // t + 2: their sum. |x| and |m| are at most 2^31, so that 35 bits hold whatever comes up in the middle.
  logic [63:0] sum, p;
  logic [33:0] outer;
  logic [34:0] middle;
  logic [47:0] upper;
  assign outer = high[33:0] + {2'd0, low_product[31:0]};
  assign middle = both[34:0] - {outer[33], outer};
  assign upper = {high[31:0], low_product[31:16]} + {{13{middle[34]}}, middle};
  assign sum = {upper, low_product[15:0]} + addend;
  always_ff @(posedge clk) begin
    p[63:31] <= sum[63:31];
    if (right_b) p[30:0] <= 31'd0;
    else p[30:0] <= sum[30:0];
    rule_c <= rule_b;
    distance_c <= distance_b;
    right_c <= right_b;
  end

  // t + 3 and t + 4: the window of the result, 36 bits of the product with 26 zeros below it, `distance` bits up. `any` collects what
  // falls out below, `over` whether what falls out above is more than a sign.
  logic [66:0] w1;
  logic [50:0] w2;
  logic [42:0] w3, w3_d;
  logic [38:0] w4;
  logic [36:0] w5;
  logic [35:0] w;
  logic sign_d, any_d, over_d, any, over;
  logic [2:0] fine_d;
  always_comb begin
    if (distance_c[6]) w1 = {{41{p[63]}}, p[63:38]};
    else if (distance_c[5]) w1 = {{9{p[63]}}, p[63:6]};
    else w1 = {p[40:0], 26'd0};
    w2 = distance_c[4] ? w1[66:16] : w1[50:0];
    w3 = distance_c[3] ? w2[50:8] : w2[42:0];
  end
  always_ff @(posedge clk) begin
    w3_d <= w3;
    sign_d <= p[63];
    rule_d <= rule_c;
    right_d <= right_c;
    fine_d <= distance_c[2:0];
    any_d <= (distance_c[6] && p[37:6] != 32'd0) || (distance_c[6:5] != 2'd0 && p[5:0] != 6'd0) ||
        (distance_c[4] && w1[15:0] != 16'd0) || (distance_c[3] && w2[7:0] != 8'd0);
    over_d <= (distance_c[6:5] == 2'd0 && p[63:41] != {23{p[63]}}) ||
        (!distance_c[4] && w1[66:51] != {16{p[63]}}) || (!distance_c[3] && w2[50:43] != {8{p[63]}});
  end
  assign w4 = fine_d[2] ? w3_d[42:4] : w3_d[38:0];
  assign w5 = fine_d[1] ? w4[38:2] : w4[36:0];
  assign w = fine_d[0] ? w5[36:1] : w5[35:0];
  assign any = any_d || (fine_d[2] && w3_d[3:0] != 4'd0) || (fine_d[1] && w4[1:0] != 2'd0) || (fine_d[0] && w5[0]);
  assign over = over_d || (!fine_d[2] && w3_d[42:39] != {4{sign_d}}) || (!fine_d[1] && w4[38:37] != {2{sign_d}}) ||
      (!fine_d[0] && w5[36] != sign_d) || w[35] != sign_d;

  // tflite and product: 32 bits, the half below them, three more. The others: 10 bits, the half, 25 more.
  logic is_wide, half, odd, up, tie_above, tie_below;
  logic [24:0] rest, ulp;
  logic [9:0] size, low;
  integer k;
  assign is_wide = rule_d == TFLITE || rule_d == PRODUCT;
  assign half = is_wide ? w[3] : w[25];
  assign odd = w[26];
  assign rest = w[24:0];
  // `low` are the bits below half a unit of the product's 24 bits, by the size of the product; `ulp` is that half unit.
  assign size = w[35:26] ^ {10{sign_d}};
  always_comb begin
    low[0] = size != 10'd0 || (half != sign_d);
    low[1] = size != 10'd0;
    for (k = 2; k < 10; k = k + 1) low[k] = (size >> (k - 1)) != 10'd0;
    ulp = {14'd0, {low, 1'b1} & ~{1'b0, low}};
    tie_above = (rest & ~{15'd0, low}) == 25'd0 || (rest == ulp && !any);
    tie_below = (rest | {15'd0, low}) == 25'h1ffffff;
    case (rule_d)
      TFLITE: up = half && (!right_d || !sign_d || w[2:0] != 3'd0 || any);
      HALF_EVEN: up = half && (odd || rest != 25'd0 || any);
      FLOAT32: up = half ? !tie_above || odd : tie_below && odd;
      default: up = 1'b0;
    endcase
  end
  always_ff @(posedge clk) begin
    if (over) result <= {sign_d, {31{!sign_d}}};
    else result <= (is_wide ? w[35:4] : {{22{w[35]}}, w[35:26]}) + {31'd0, up};
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
