// A byte as an operand of an 18 x 18 bit multiplier that gives the dot product of two bytes in every precision.
//
// Two 4-bit or four 2-bit elements are the digits of a polynomial, of a window's byte (WEIGHT = 0) in one order and of a
// weight's in the other, so one coefficient of the product is the sum of the products of corresponding elements, e.g.
// (x0 + x1 K)(w1 + w0 K) = x0 w1 + (x0 w0 + x1 w1) K + x1 w0 K^2, with K = 2^9 for 4 and K = 2^5 for 2 bits. All are placed
// so that the sum stands from bit 15 of the product on; what is below is negative where bit 14 is 1, and then has taken one from it.
// Unsigned 2-bit elements become signed, 2 less: K = 2^5 has no room for the others.
module trellis_operand #(
    parameter PRECISIONS = 4'b1111,
    parameter WEIGHT = 0
) (
    input  logic [ 1:0] precision,
    input  logic        is_unsigned,
    input  logic [ 7:0] elements,
    output logic [17:0] operand
);
  // One 8-bit element, or eight 1-bit ones as they are: from bit 10 for a window's byte, from bit 5 for a weight.
  wire [17:0] one = WEIGHT ? {{5{elements[7]}}, elements, 5'd0} : {elements, 10'd0};
  wire [17:0] two, four;

  generate
    if (PRECISIONS[1]) begin : bits_4
      wire [3:0] low = WEIGHT ? elements[7:4] : elements[3:0];
      wire [3:0] high = WEIGHT ? elements[3:0] : elements[7:4];
      wire borrow = low[3] && !is_unsigned;
      wire [6:0] digit = {{3{high[3] && !is_unsigned}}, high} - {6'd0, borrow};
      assign two = WEIGHT ? {digit[4:0], {5{borrow}}, low, 4'd0} : {digit, {5{borrow}}, low, 2'd0};
      wire unused = &{1'b0, digit};
    end else assign two = '0;

    if (PRECISIONS[2]) begin : bits_2
      wire [7:0] signs = is_unsigned ? 8'b10101010 : 8'd0;
      wire [7:0] given = elements ^ signs;
      wire [7:0] digits = WEIGHT ? {given[1:0], given[3:2], given[5:4], given[7:6]} : given;
      wire [2:0] digit_1 = {digits[3], digits[3:2]} - {2'd0, digits[1]};
      wire [2:0] digit_2 = {digits[5], digits[5:4]} - {2'd0, digit_1[2]};
      wire [2:0] digit_3 = {digits[7], digits[7:6]} - {2'd0, digit_2[2]};
      assign four = {
        digit_3, {2{digit_2[2]}}, digit_2, {2{digit_1[2]}}, digit_1, {3{digits[1]}}, digits[1:0]
      };
    end else assign four = '0;
  endgenerate

  always_comb begin
    if (PRECISIONS[1] && precision == 1) operand = two;
    else if (PRECISIONS[2] && precision == 2) operand = four;
    else operand = one;
  end
  wire unused = &{1'b0, precision, is_unsigned};
endmodule
