// What trellis_rows has to know of a load: every load but load.weight is one of rows. The operands of the instruction in a cycle with
// `take` are there from the next one on.
`include "trellis_isa.svh"
module trellis_load_operands (
    input  logic clk,
    input  logic take,
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [255:0] instr,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [11:0] rows,
    output logic [19:0] bytes,
    output logic [16:0] pad_left,
    output logic [12:0] pad_right,
    output logic [17:0] act,
    output logic [17:0] y_step,
    output logic [14:0] ring_end,
    output logic [14:0] ring_size,
    output logic [5:0] dram,
    output logic [5:0] dram_pitch,
    output logic is_contiguous
);
  wire [4:0] opcode = instr[`F_OPCODE];
  wire [23:0] pitch = instr[`F_LOAD_ACT_DRAM_PITCH];
  always_ff @(posedge clk) if (take) begin
    // Every load that reads DRAM has its address in the same place.
    dram <= 6'(instr[`F_LOAD_ACT_DRAM]);
    dram_pitch <= pitch[5:0];
    is_contiguous <= opcode != `OP_LOAD_ACT || pitch == 24'(instr[`F_LOAD_ACT_BYTES]);
    rows <= 12'd1;
    pad_left <= 17'd0;
    pad_right <= 13'd0;
    y_step <= instr[`F_LOAD_ACT_Y_STEP];  // of the only row, or without a ring, these mean nothing
    ring_end <= instr[`F_LOAD_ACT_RING_END];
    ring_size <= 15'd0;
    case (opcode)
      `OP_LOAD_FILL: begin
        // Rows of padding.
        rows <= instr[`F_LOAD_FILL_ROWS];
        bytes <= 20'd0;
        pad_left <= instr[`F_LOAD_FILL_BYTES];
        act <= instr[`F_LOAD_FILL_ACT];
        y_step <= instr[`F_LOAD_FILL_Y_STEP];
        ring_end <= instr[`F_LOAD_FILL_RING_END];
        ring_size <= instr[`F_LOAD_FILL_RING_SIZE];
      end
      `OP_LOAD_INDEX: begin
        bytes <= 20'(instr[`F_LOAD_INDEX_ENTRIES]) << 2;
        act <= 18'(instr[`F_LOAD_INDEX_LIST]) << 2;
      end
      `OP_LOAD_PARAM: begin
        bytes <= 20'(instr[`F_LOAD_PARAM_BYTES]) << 2;
        act <= 18'(instr[`F_LOAD_PARAM_PARAM]) << 2;
      end
      `OP_LOAD_TABLE: begin
        bytes <= 20'd256;
        act <= 18'(instr[`F_LOAD_TABLE_TABLE]) << 8;
      end
      default: begin
        rows <= instr[`F_LOAD_ACT_ROWS];
        bytes <= 20'(instr[`F_LOAD_ACT_BYTES]);
        pad_left <= 17'(instr[`F_LOAD_ACT_PAD_LEFT]);
        pad_right <= instr[`F_LOAD_ACT_PAD_RIGHT];
        act <= instr[`F_LOAD_ACT_ACT];
        ring_size <= instr[`F_LOAD_ACT_RING_SIZE];
      end
    endcase
  end
endmodule
