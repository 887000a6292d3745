// From the dense stream to the lanes of two columns: elements are widened from 8 >> stream to 8 >> precision bits, then the
// lanes that take weights get a byte each, in order, and the others 0.
//
// `lanes`, `precision` and `stream` come a cycle before `bytes`: the byte of each lane is counted then. The result is
// combinational. To widths that the target cannot multiply (PRECISIONS) nothing is widened.
module trellis_load_weights #(
    parameter ROWS = 8,
    parameter PORT_BYTES = 8,
    parameter [3:0] PRECISIONS = 4'b0001
) (
    input  logic clk,
    input  logic [ROWS-1:0] lanes,
    input  logic [1:0] precision,
    input  logic [1:0] stream,
    // Two columns are no more than 2 * ROWS bytes, whatever the port has.
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [8*PORT_BYTES-1:0] bytes,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [16*ROWS-1:0] wr_data,
    output logic [ROWS-1:0] wr_filled
);
  // Two columns of lanes: byte k of the stream goes to the k-th lane taken.
  localparam LANES = 2 * ROWS;
  localparam STEPS = $clog2(LANES);
  localparam BITS = 8 * LANES;
  wire [LANES-1:0] takes = {2{lanes}};

  // Lanes not taken up to and with each lane, by sums over 1, 2, 4, ... lanes: how far a lane's byte moves.
  logic [STEPS*LANES-1:0] distance;
  always_comb begin
    for (int l = 0; l < ROWS; l++) distance[STEPS*l +: STEPS] = STEPS'(!lanes[l]);
    for (int d = 1; d < ROWS; d = 2 * d)
      for (int l = ROWS - 1; l >= d; l--)
        distance[STEPS*l +: STEPS] = distance[STEPS*l +: STEPS] + distance[STEPS*(l-d) +: STEPS];
    for (int l = ROWS; l < LANES; l++)
      distance[STEPS*l +: STEPS] = distance[STEPS*(l-ROWS) +: STEPS] + distance[STEPS*(ROWS-1) +: STEPS];
  end

  // Bytes move 2^s lanes up in step s, the largest step first, and so never meet (Warren, Hacker's Delight, "expand"). Which move
  // to a lane in step s follows from the last step back: there each byte is where it belongs.
  logic [STEPS*LANES-1:0] rest;
  logic [LANES*STEPS-1:0] moves, moves_now;
  always_comb begin
    for (int l = 0; l < LANES; l++)
      rest[STEPS*l +: STEPS] = takes[l] ? distance[STEPS*l +: STEPS] : '0;
    for (int s = 0; s < STEPS; s++) begin
      for (int l = 0; l < LANES; l++) moves_now[LANES*s+l] = rest[STEPS*l+s];
      for (int l = 0; l < LANES; l++) begin
        if (moves_now[LANES*s+l]) rest[STEPS*l +: STEPS] = '0;
        if (l + (1 << s) < LANES && moves_now[LANES*s+(l+(1<<s))%LANES])
          rest[STEPS*l +: STEPS] = rest[STEPS*((l+(1<<s))%LANES) +: STEPS];
      end
    end
  end
  always_ff @(posedge clk) moves <= moves_now;

  // Widened in steps: 1 bit, which is +1 or -1, to 2, then 2 to 4, 4 to 8. Where all that a step gives is widened further, half of
  // the lanes' bits, or a quarter, is all that can come of it.
  localparam QUARTER_BITS = PRECISIONS[2] ? BITS : PRECISIONS[1] ? BITS / 2 : BITS / 4;
  localparam HALF_BITS = PRECISIONS[1] ? BITS : BITS / 2;
  logic has_bits, has_quarters, has_halves;
  always_ff @(posedge clk) begin
    has_bits <= stream == 2'd3 && (PRECISIONS[0] && precision == 2'd0 ||
        PRECISIONS[1] && precision == 2'd1 || PRECISIONS[2] && precision == 2'd2);
    has_quarters <= stream >= 2'd2 && (PRECISIONS[0] && precision == 2'd0 || PRECISIONS[1] && precision == 2'd1);
    has_halves <= stream >= 2'd1 && PRECISIONS[0] && precision == 2'd0;
    wr_filled <= lanes;
  end
  wire [BITS-1:0] dense = BITS'(bytes);
  logic [BITS-1:0] quarters, halves, wholes;
  always_comb begin
    quarters = dense;
    for (int e = 0; e < QUARTER_BITS / 2; e++) if (has_bits) quarters[2*e +: 2] = {!dense[e], 1'b1};
    halves = quarters;
    for (int e = 0; e < HALF_BITS / 4; e++)
      if (has_quarters) halves[4*e +: 4] = {{2{quarters[2*e+1]}}, quarters[2*e +: 2]};
    wholes = halves;
    for (int e = 0; e < BITS / 8; e++) if (has_halves) wholes[8*e +: 8] = {{4{halves[4*e+3]}}, halves[4*e +: 4]};
  end

  logic [BITS-1:0] moved;
  always_comb begin
    moved = wholes;
    for (int s = STEPS - 1; s >= 0; s--)
      for (int l = LANES - 1; l >= (1 << s); l--)
        if (moves[LANES*s+l]) moved[8*l +: 8] = moved[8*(l-(1<<s)) +: 8];
  end
  for (genvar l = 0; l < LANES; l++) begin : lane
    assign wr_data[8*l +: 8] = wr_filled[l % ROWS] ? moved[8*l +: 8] : 8'd0;
  end
endmodule
