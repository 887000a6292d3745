// The lanes of a column of weights in the order of the age of the pixel that they see, for depthwise: the weight of line and
// tap goes to lane 3 * (lines ago) + (pixels ago), so that the newest pixel is always that of lane 0. Dense: as they are.
//
// The choice follows the mode by a cycle. Lanes that no line and tap uses get anything: their pixels are 0.
module trellis_mac_order #(
    parameter ROWS = 8
) (
    input  logic              clk,
    input  logic              depthwise,
    input  logic [       1:0] lines,      // 1 for dense
    input  logic [       1:0] taps,       // 1 for dense
    input  logic [8*ROWS-1:0] given,
    output logic [8*ROWS-1:0] ordered
);
  localparam FILTER = ROWS < 9 ? ROWS : 9;

  // Registers, not conditions of each bit: a choice of two is then one LUT, of three two.
  logic [1:0] newest_line, newest_tap;
  logic keep_second_line, keep_second_tap, keep_third;
  always_ff @(posedge clk) begin
    newest_line <= lines;
    newest_tap <= taps;
    keep_second_line <= lines == 3 || !depthwise;
    keep_second_tap <= taps == 3 || !depthwise;
    keep_third <= !depthwise;
  end

  wire [71:0] filter;
  wire [71:0] by_tap, by_age;
  genvar l;
  generate
    for (l = 0; l < 3; l = l + 1) begin : line
      wire [7:0] tap_0 = filter[24*l+:8];
      wire [7:0] tap_1 = filter[24*l+8+:8];
      wire [7:0] tap_2 = filter[24*l+16+:8];
      assign by_tap[24*l+:8] = newest_tap[1] ? (newest_tap[0] ? tap_2 : tap_1) : tap_0;
      assign by_tap[24*l+8+:8] = keep_second_tap ? tap_1 : tap_0;
      assign by_tap[24*l+16+:8] = keep_third ? tap_2 : tap_0;
    end
    if (ROWS < 9) assign filter = {{(72 - 8 * FILTER) {1'b0}}, given};
    else assign filter = given[71:0];
    if (ROWS > 9) assign ordered = {given[8*ROWS-1:72], by_age};
    else assign ordered = by_age[8*FILTER-1:0];
  endgenerate
  assign by_age[23:0] = newest_line[1] ? (newest_line[0] ? by_tap[71:48] : by_tap[47:24]) : by_tap[23:0];
  assign by_age[47:24] = keep_second_line ? by_tap[47:24] : by_tap[23:0];
  assign by_age[71:48] = keep_third ? by_tap[71:48] : by_tap[23:0];
  wire unused = &{1'b0, by_age};
endmodule
