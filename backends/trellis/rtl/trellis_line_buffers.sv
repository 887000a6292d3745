// The pixels above the one that streams, for depthwise: of the row before, and of the one before that.
//
// The number of a pixel's word in its row comes in cycle t, the pixel of COLS bytes and `valid` in t + 1; `above` has the
// pixels above it in t + 1 too, the nearest lowest. The buffers keep what they hold while nothing is valid, so an instruction
// can resume. Rows have two words at least.
module trellis_line_buffers #(
    parameter COLS = 8,
    parameter LINES = 2,
    parameter LINE_WORDS = 128
) (
    input  logic                    clk,
    input  logic [             9:0] word,
    input  logic                    valid,
    input  logic [      8*COLS-1:0] pixel,
    output logic [8*COLS*LINES-1:0] above
);
  localparam WORD_BITS = $clog2(LINE_WORDS);

  // Read and written at one address only where no line is used.
  (* no_rw_check *)
  logic [8*COLS*LINES-1:0] lines[0:LINE_WORDS-1];
  logic [WORD_BITS-1:0] word_q;
  wire [8*COLS*(LINES+1)-1:0] column = {above, pixel};
  wire unused = &{1'b0, word, column};

  always_ff @(posedge clk) begin
    above <= lines[word[WORD_BITS-1:0]];
    word_q <= word[WORD_BITS-1:0];
    if (valid) lines[word_q] <= column[8*COLS*LINES-1:0];
  end
endmodule
