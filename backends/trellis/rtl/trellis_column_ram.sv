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
  localparam READ_PARTS = BANKS / READ;
  localparam AW = $clog2(LINES) + 1;
  logic [AW-1:0] wr_line, rd_line;
  logic [BANKS-1:0] here;
  logic [WIDTH*BANKS-1:0] line;
  trellis_column_place #(.COLS(COLS), .WRITE(WRITE), .READ(READ)) place (
      .wr_set, .wr_group, .rd_set, .rd_group, .wr_line, .rd_line, .here);
  genvar b;
  generate
    for (b = 0; b < BANKS; b = b + 1) begin : bank
      logic [WIDTH-1:0] memory[0:2*LINES-1];
      always_ff @(posedge clk) if (wr_en && here[b]) memory[wr_line] <= wr_data[WIDTH*(b%WRITE)+:WIDTH];
      assign line[WIDTH*b+:WIDTH] = memory[rd_line];
    end
    if (READ_PARTS > 1) begin : select
      assign rd_data = line[WIDTH*READ*rd_group[$clog2(READ_PARTS)-1:0]+:WIDTH*READ];
    end else begin : whole
      assign rd_data = line;
    end
  endgenerate
endmodule

// Where columns stand in BANKS memories side by side, which hold two sets: the line that a group of WRITE or of READ neighbouring
// columns is in, with its set above, and which memories a written group is for.
module trellis_column_place #(
    parameter COLS = 16,
    parameter WRITE = 4,
    parameter READ = 16,
    parameter BANKS = WRITE > READ ? WRITE : READ,
    parameter LW = $clog2(COLS / BANKS)
) (
    input  logic             wr_set,
    input  logic [      5:0] wr_group,
    input  logic             rd_set,
    input  logic [      5:0] rd_group,
    output logic [     LW:0] wr_line,
    output logic [     LW:0] rd_line,
    output logic [BANKS-1:0] here
);
  localparam WRITE_PARTS = BANKS / WRITE;
  localparam READ_PARTS = BANKS / READ;
  genvar b;
  generate
    if (LW > 0) begin : lines
      assign wr_line = {wr_set, wr_group[$clog2(WRITE_PARTS)+:LW]};
      assign rd_line = {rd_set, rd_group[$clog2(READ_PARTS)+:LW]};
    end else begin : one_line
      assign wr_line = wr_set;
      assign rd_line = rd_set;
    end
    for (b = 0; b < BANKS; b = b + 1) begin : bank
      if (WRITE_PARTS > 1) begin : part
        assign here[b] = wr_group[$clog2(WRITE_PARTS)-1:0] == (b / WRITE);
      end else begin : all
        assign here[b] = 1'b1;
      end
    end
  endgenerate
endmodule
