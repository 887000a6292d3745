// Stationary weights, twice: the block in use, and the one that arrives, two columns a cycle, first columns first.
//
// `shift` takes two columns of weight memory's data, `swap` puts the block that arrived in use from the next cycle on. For
// depthwise the lanes of a column stand by the age of the pixel that they see: lane 3 * (lines ago) + (pixels ago), so that
// the newest pixel always goes to lane 0, however many lines and taps there are.
module trellis_mac_weights #(
    parameter ROWS = 8,
    parameter COLS = 8
) (
    input  logic                     clk,
    input  logic                     shift,
    input  logic                     swap,
    input  logic                     depthwise,
    input  logic [              1:0] lines,  // 1 for dense
    input  logic [              1:0] taps,   // 1 for dense
    input  logic [    2*8*ROWS-1:0] data,
    input  logic [       2*ROWS-1:0] filled,
    output logic [8*ROWS*COLS-1:0] weights,
    output logic [   ROWS*COLS-1:0] weights_filled
);
  logic [8*ROWS*COLS-1:0] arriving;
  logic [ROWS*COLS-1:0] arriving_filled;
  logic [2*8*ROWS-1:0] ordered;

  always_ff @(posedge clk) begin
    if (shift) begin
      arriving <= {ordered, arriving[8*ROWS*COLS-1:2*8*ROWS]};
      arriving_filled <= {filled, arriving_filled[ROWS*COLS-1:2*ROWS]};
    end
    if (swap) begin
      weights <= arriving;
      weights_filled <= arriving_filled;
    end
  end

  // Lanes that no line and tap uses hold anything: their pixels are 0.
  localparam FILTER = ROWS < 9 ? ROWS : 9;
  genvar c, l;
  generate
    for (c = 0; c < 2; c = c + 1) begin : column
      wire [8*ROWS-1:0] lanes = data[8*ROWS*c+:8*ROWS];
      wire [71:0] given = {{(72 - 8 * FILTER) {1'b0}}, lanes[8*FILTER-1:0]};
      logic [71:0] by_tap, by_age;
      for (l = 0; l < 3; l = l + 1) begin : line
        wire [7:0] tap_0 = given[24*l+:8];
        wire [7:0] tap_1 = given[24*l+8+:8];
        wire [7:0] tap_2 = given[24*l+16+:8];
        assign by_tap[24*l+:8] = taps == 3 ? tap_2 : taps == 2 ? tap_1 : tap_0;
        assign by_tap[24*l+8+:8] = taps == 3 || !depthwise ? tap_1 : tap_0;
        assign by_tap[24*l+16+:8] = depthwise ? tap_0 : tap_2;
      end
      assign by_age[23:0] = lines == 3 ? by_tap[71:48] : lines == 2 ? by_tap[47:24] : by_tap[23:0];
      assign by_age[47:24] = lines == 3 || !depthwise ? by_tap[47:24] : by_tap[23:0];
      assign by_age[71:48] = depthwise ? by_tap[23:0] : by_tap[71:48];
      wire unused = &{1'b0, by_age};
      if (ROWS > 9) assign ordered[8*ROWS*c+:8*ROWS] = {lanes[8*ROWS-1:72], by_age};
      else assign ordered[8*ROWS*c+:8*ROWS] = by_age[8*FILTER-1:0];
    end
  endgenerate
endmodule
