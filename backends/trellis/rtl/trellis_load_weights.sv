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
  localparam COUNT_BITS = $clog2(ROWS) + 1;

  // Lanes taken below each lane, and in all.
  logic [COUNT_BITS*(ROWS+1)-1:0] below;
  always_comb begin
    below = '0;
    for (int l = 0; l < ROWS; l++)
      below[COUNT_BITS*(l+1) +: COUNT_BITS] = below[COUNT_BITS*l +: COUNT_BITS] + COUNT_BITS'(lanes[l]);
  end

  logic [1:0] narrower, width;
  always_ff @(posedge clk) begin
    narrower <= stream - precision;
    width <= precision;
    wr_filled <= lanes;
  end

  // The stream, zeros after it.
  wire [16*ROWS-1:0] dense = (16*ROWS)'(bytes);
  logic [16*ROWS-1:0] wide;
  for (genvar b = 0; b < 2 * ROWS; b++) begin : widened
    wire [7:0] whole = dense[8*b +: 8];
    wire [3:0] half = dense[4*b +: 4];
    wire [1:0] quarter = dense[2*b +: 2];
    wire eighth = dense[b];
    // An element of one bit is +1 or -1.
    wire [7:0] to_quarters = {!half[3], 1'b1, !half[2], 1'b1, !half[1], 1'b1, !half[0], 1'b1};
    wire [7:0] to_halves = {{2{half[3]}}, half[3:2], {2{half[1]}}, half[1:0]};
    wire [7:0] bits_to_halves = {{3{!quarter[1]}}, 1'b1, {3{!quarter[0]}}, 1'b1};
    logic [7:0] result;
    always_comb begin
      result = whole;
      if (PRECISIONS[0] && width == 2'd0) begin
        case (narrower)
          2'd0: result = whole;
          2'd1: result = {{4{half[3]}}, half};
          2'd2: result = {{6{quarter[1]}}, quarter};
          default: result = {{7{!eighth}}, 1'b1};
        endcase
      end
      if (PRECISIONS[1] && width == 2'd1) begin
        if (narrower == 2'd1) result = to_halves;
        if (narrower == 2'd2) result = bits_to_halves;
      end
      if (PRECISIONS[2] && width == 2'd2 && narrower == 2'd1) result = to_quarters;
    end
    assign wide[8*b +: 8] = result;
  end

  for (genvar l = 0; l < ROWS; l++) begin : lane
    logic [COUNT_BITS-2:0] first;
    logic [COUNT_BITS-1:0] second;
    always_ff @(posedge clk) begin
      first <= below[COUNT_BITS*l +: COUNT_BITS-1];
      second <= below[COUNT_BITS*l +: COUNT_BITS] + below[COUNT_BITS*ROWS +: COUNT_BITS];
    end
    assign wr_data[8*l +: 8] = wr_filled[l] ? wide[8*first +: 8] : 8'd0;
    assign wr_data[8*(ROWS+l) +: 8] = wr_filled[l] ? wide[8*second +: 8] : 8'd0;
  end
endmodule
