// A byte lane: one 8-bit product, or the sum of two 4-bit or four 2-bit products, or how many of eight 1-bit operands agree,
// twice (a bit of 1 is +1, of 0 is -1, so the sum of products is this less 8: the column subtracts it for all of its lanes).
//
// Operands are those of cycle t, `product` is there in t + 1.
module trellis_lane #(
    parameter PRECISIONS = 4'b0001
) (
    input  logic        clk,
    input  logic [ 1:0] precision,
    input  logic        is_unsigned,  // inputs below 8 bits
    input  logic        filled,       // at 1 bit: the lane holds weights
    input  logic [ 7:0] x,
    input  logic [ 7:0] w,
    output logic [15:0] product
);
  function [3:0] count_3(input [2:0] bits);
    count_3 = {2'd0, bits[2] && bits[1] || bits[0] && (bits[2] || bits[1]), ^bits};
  endfunction

  wire signed [15:0] product_8 = $signed(x) * $signed(w);
  logic signed [9:0] sum_4, sum_2;
  logic [4:0] sum_1;

  generate
    if (PRECISIONS[1]) begin : bits_4
      wire signed [4:0] x0 = {!is_unsigned && x[3], x[3:0]};
      wire signed [4:0] x1 = {!is_unsigned && x[7], x[7:4]};
      wire signed [3:0] w0 = w[3:0];
      wire signed [3:0] w1 = w[7:4];
      assign sum_4 = x0 * w0 + x1 * w1;
    end else assign sum_4 = '0;
    if (PRECISIONS[2]) begin : bits_2
      wire signed [2:0] x0 = {!is_unsigned && x[1], x[1:0]};
      wire signed [2:0] x1 = {!is_unsigned && x[3], x[3:2]};
      wire signed [2:0] x2 = {!is_unsigned && x[5], x[5:4]};
      wire signed [2:0] x3 = {!is_unsigned && x[7], x[7:6]};
      wire signed [1:0] w0 = w[1:0];
      wire signed [1:0] w1 = w[3:2];
      wire signed [1:0] w2 = w[5:4];
      wire signed [1:0] w3 = w[7:6];
      assign sum_2 = x0 * w0 + x1 * w1 + x2 * w2 + x3 * w3;
    end else assign sum_2 = '0;
    if (PRECISIONS[3]) begin : bits_1
      wire [7:0] same = ~(x ^ w) & {8{filled}};
      wire [3:0] agreeing = count_3(same[2:0]) + count_3(same[5:3]) + count_3({1'b0, same[7:6]});
      assign sum_1 = {agreeing, 1'b0};
    end else assign sum_1 = '0;
  endgenerate

  always_ff @(posedge clk) begin
    if (PRECISIONS[3] && precision == 3) product <= {11'd0, sum_1};
    else if (PRECISIONS[2] && precision == 2) product <= {{6{sum_2[9]}}, sum_2};
    else if (PRECISIONS[1] && precision == 1) product <= {{6{sum_4[9]}}, sum_4};
    else product <= product_8;
  end
  wire unused = &{1'b0, is_unsigned, filled};
endmodule
