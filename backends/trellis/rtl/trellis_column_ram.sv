// Two sets of a constant for each column, written WRITE neighbouring columns at once, read READ at once. Reads are combinational, so that
// it becomes distributed memory; a write in t is seen from t + 1 on. Columns stand in as many memories as the wider side has
// columns; both counts, and COLS, are powers of two.
module trellis_column_ram #(
    parameter WIDTH = 32,
    parameter COLS = 16,
    parameter WRITE = 4,
    parameter READ = 16
) (
    input  logic                     clk,
    input  logic                     wr_en,
    input  logic                     wr_set,
    input  logic [              5:0] wr_group,  // columns wr_group * WRITE onwards
    input  logic [WIDTH*WRITE-1:0]   wr_data,
    input  logic                     rd_set,
    input  logic [              5:0] rd_group,  // columns rd_group * READ onwards
    output logic [ WIDTH*READ-1:0]   rd_data
);
  localparam BANKS = WRITE > READ ? WRITE : READ;
  localparam LINES = COLS / BANKS;
  localparam WRITE_PARTS = BANKS / WRITE;
  localparam READ_PARTS = BANKS / READ;
  localparam AW = $clog2(LINES) + 1;
  logic [AW-1:0] wr_line, rd_line;
  logic [WIDTH*BANKS-1:0] line;
  generate
    if (LINES > 1) begin : lines
      assign wr_line = {wr_set, wr_group[$clog2(WRITE_PARTS)+:AW-1]};
      assign rd_line = {rd_set, rd_group[$clog2(READ_PARTS)+:AW-1]};
    end else begin : one_line
      assign wr_line = wr_set;
      assign rd_line = rd_set;
    end
  endgenerate
  genvar b;
  generate
    for (b = 0; b < BANKS; b = b + 1) begin : bank
      logic [WIDTH-1:0] memory[0:2*LINES-1];
      logic here;
      if (WRITE_PARTS > 1) begin : part
        assign here = wr_group[$clog2(WRITE_PARTS)-1:0] == (b / WRITE);
      end else begin : all
        assign here = 1'b1;
      end
      always_ff @(posedge clk) if (wr_en && here) memory[wr_line] <= wr_data[WIDTH*(b%WRITE)+:WIDTH];
      assign line[WIDTH*b+:WIDTH] = memory[rd_line];
    end
    if (READ_PARTS > 1) begin : select
      assign rd_data = line[WIDTH*READ*rd_group[$clog2(READ_PARTS)-1:0]+:WIDTH*READ];
    end else begin : whole
      assign rd_data = line;
    end
  endgenerate
endmodule
