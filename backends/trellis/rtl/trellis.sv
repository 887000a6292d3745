// Trellis: fetch, the units load, mac, post and store with their queues and tokens, the memories on chip, and the arbiter of
// DRAM. docs/timing.md says in which cycle everything happens, docs/isa.md what instructions do.
//
// Cycle 0 is the first with `rst` low; the program starts in it. `halted` rises in the cycle that the contract calls the
// program's end, so the cycles before it are the program's length.
//
// DRAM: in the cycle of a request (`mem_req_valid`) a burst of `mem_req_beats` aligned beats of BUS_BYTES begins, whose first
// beat holds the byte at `mem_req_addr`. The beats of a read come back in order and without gaps within a burst, always after the
// same number of cycles; those of a write are put on the write channel from the next cycle on. Bursts are never refused: whoever
// connects a memory with handshakes stalls nothing here, but buffers.
//
// The `ev_` outputs are for comparison with the simulator: `ev_dispatch` with `ev_end` (what was dispatched is `end`), and for each unit
// (load, mac, post, store) the cycle of an instruction's start, and the one before its done cycle.
`include "trellis_isa.svh"
`include "trellis_target.svh"

module trellis #(
    parameter ROWS = `TRELLIS_ROWS,
    parameter COLS = `TRELLIS_COLS,
    parameter POST_LANES = `TRELLIS_POST_LANES,
    parameter LINE_WORDS = `TRELLIS_LINE_WORDS,
    parameter [3:0] PRECISIONS = `TRELLIS_PRECISIONS,
    parameter BUS_BYTES = `TRELLIS_BUS_BYTES,
    parameter PORT_BYTES = `TRELLIS_PORT_BYTES,
    parameter QUEUE_DEPTH = `TRELLIS_QUEUE_DEPTH,
    parameter BANKS = `TRELLIS_BANKS,
    parameter ACTIVATION_BYTES = `TRELLIS_ACTIVATION_BYTES,
    parameter WEIGHT_COLUMNS = `TRELLIS_WEIGHT_COLUMNS,
    parameter ACCUMULATOR_VECTORS = `TRELLIS_ACCUMULATOR_VECTORS,
    parameter PARAMETER_BYTES = `TRELLIS_PARAMETER_BYTES,
    parameter INDEX_ENTRIES = `TRELLIS_INDEX_ENTRIES
) (
    input  logic                   clk,
    input  logic                   rst,
    input  logic [           31:0] program_address,
    input  logic [           31:0] program_length,
    output logic                   halted,
    output logic                   port_conflict,

    output logic                   mem_req_valid,
    output logic                   mem_req_write,
    output logic [           31:0] mem_req_addr,
    output logic [            8:0] mem_req_beats,
    input  logic                   mem_rvalid,
    input  logic [8*BUS_BYTES-1:0] mem_rdata,
    output logic                   mem_wvalid,
    output logic [8*BUS_BYTES-1:0] mem_wdata,
    output logic [  BUS_BYTES-1:0] mem_wmask,

    output logic                   ev_dispatch,
    output logic                   ev_end,
    output logic [            3:0] ev_start,
    output logic [            3:0] ev_done
);
  localparam LOAD = 0;
  localparam MAC = 1;
  localparam POST = 2;
  localparam STORE = 3;
  localparam PW = PORT_BYTES < 4 * COLS ? PORT_BYTES : 4 * COLS;
  localparam PAW = $clog2(PARAMETER_BYTES);
  localparam IAW = $clog2(4 * INDEX_ENTRIES);

  // ---- DRAM
  logic [2:0] req_valid, grant;
  logic [3*32-1:0] req_addr;
  logic [3*9-1:0] req_beats;
  logic [5:0] store_beats, load_beats;
  logic fetch_rvalid, load_rvalid;
  assign req_beats[17:9]  = {3'd0, store_beats};
  assign req_beats[26:18] = {3'd0, load_beats};

  trellis_arbiter arbiter (
      .clk,
      .rst,
      .req_valid,
      .req_addr,
      .req_beats,
      .grant,
      .fetch_rvalid,
      .load_rvalid,
      .mem_req_valid,
      .mem_req_write,
      .mem_req_addr,
      .mem_req_beats,
      .mem_rvalid
  );

  // ---- Fetch, queues, tokens
  logic [3:0] push, full, empty, ready, start, done, idle;
  logic [`INSTRUCTION_BITS-1:0] fetched;
  logic [4*`INSTRUCTION_BITS-1:0] instr;
  logic [15:0] give;  // of unit u to unit v: give[4 * u + v]
  logic give_early;
  logic ended, dispatch, is_end;

  trellis_fetch #(.BUS_BYTES(BUS_BYTES)) fetch (
      .clk,
      .rst,
      .program_address,
      .program_length,
      .req_valid(req_valid[0]),
      .req_addr(req_addr[31:0]),
      .req_beats(req_beats[8:0]),
      .grant(grant[0]),
      .rvalid(fetch_rvalid),
      .rdata(mem_rdata),
      .push,
      .instr(fetched),
      .full,
      .dispatch,
      .is_end,
      .ended
  );

  genvar u;
  generate
    for (u = 0; u < 4; u = u + 1) begin : issue
      trellis_issue #(.QUEUE_DEPTH(QUEUE_DEPTH)) unit (
          .clk,
          .rst,
          .push(push[u]),
          .din(fetched),
          .full(full[u]),
          .empty(empty[u]),
          .tokens({give[12+u], give[8+u], give[4+u], give[u]}),
          .early(u == POST && give_early),
          .ready(ready[u]),
          .instr(instr[`INSTRUCTION_BITS*u+:`INSTRUCTION_BITS]),
          .start(start[u])
      );
    end
  endgenerate

  assign ev_dispatch = dispatch;
  assign ev_end = dispatch && is_end;
  assign ev_start = start;
  assign ev_done = done;
  assign halted = ended && &empty && &idle;

  // ---- Memories
  logic [2:0] act_rd_en;
  logic [3*18-1:0] act_rd_addr;
  logic [2*7-1:0] act_rd_bytes;
  logic [3*8*PORT_BYTES-1:0] act_rd_data;
  logic [1:0] act_wr_en;
  logic [2*18-1:0] act_wr_addr;
  logic [2*8*PORT_BYTES-1:0] act_wr_data;
  logic [2*PORT_BYTES-1:0] act_wr_mask;
  logic conflict;
  trellis_activation #(.BYTES(ACTIVATION_BYTES), .BANKS(BANKS), .WIDTH(PORT_BYTES)) activation (
      .clk,
      .rd_en(act_rd_en),
      .rd_addr(act_rd_addr),
      .rd_bytes(act_rd_bytes),
      .rd_data(act_rd_data),
      .wr_en(act_wr_en),
      .wr_addr(act_wr_addr),
      .wr_data(act_wr_data),
      .wr_mask(act_wr_mask),
      .conflict
  );
  always_ff @(posedge clk)
    if (rst) port_conflict <= 1'b0;
    else if (conflict) port_conflict <= 1'b1;

  logic [1:0] weight_wr_en;
  logic [15:0] weight_wr_column, weight_rd_column;
  logic [16*ROWS-1:0] weight_wr_data, weight_rd_data;
  logic [ROWS-1:0] weight_wr_filled;
  logic [2*ROWS-1:0] weight_rd_filled;
  trellis_weights #(.ROWS(ROWS), .COLUMNS(WEIGHT_COLUMNS)) weights (
      .clk,
      .wr_en(weight_wr_en),
      .wr_column(weight_wr_column),
      .wr_data(weight_wr_data),
      .wr_filled(weight_wr_filled),
      .rd_column(weight_rd_column),
      .rd_data(weight_rd_data),
      .rd_filled(weight_rd_filled)
  );

  logic acc_wr_en;
  logic [13:0] acc_wr_addr, acc_mac_addr, acc_post_addr;
  logic [32*COLS-1:0] acc_wr_data, acc_mac_data, acc_post_data;
  trellis_accumulators #(.COLS(COLS), .VECTORS(ACCUMULATOR_VECTORS)) accumulators (
      .clk,
      .wr_en(acc_wr_en),
      .wr_addr(acc_wr_addr),
      .wr_data(acc_wr_data),
      .mac_addr(acc_mac_addr),
      .mac_data(acc_mac_data),
      .post_addr(acc_post_addr),
      .post_data(acc_post_data)
  );

  // What load writes to the memories beside activation and weights
  logic param_wr_en, index_wr_en, table_wr_en;
  logic [17:0] load_wr_addr;
  logic [8*PORT_BYTES-1:0] load_wr_data;
  logic [PORT_BYTES-1:0] load_wr_mask;
  logic [15:0] param_rd_addr, index_rd_addr;
  logic [8*PORT_BYTES-1:0] param_rd_data, index_rd_data;
  logic [13:0] index_rd_entry;
  logic [10*`TABLE_PORTS-1:0] table_rd_addr;
  logic [8*`TABLE_PORTS-1:0] table_rd_data;
  assign index_rd_addr = {index_rd_entry, 2'b00};
  trellis_window_ram #(.BYTES(PARAMETER_BYTES), .WIDTH(PORT_BYTES)) parameters (
      .clk,
      .wr_en(param_wr_en),
      .wr_addr(load_wr_addr[PAW-1:0]),
      .wr_data(load_wr_data),
      .wr_mask(load_wr_mask),
      .rd_addr(param_rd_addr[PAW-1:0]),
      .rd_data(param_rd_data)
  );
  trellis_window_ram #(.BYTES(4 * INDEX_ENTRIES), .WIDTH(PORT_BYTES)) index (
      .clk,
      .wr_en(index_wr_en),
      .wr_addr(load_wr_addr[IAW-1:0]),
      .wr_data(load_wr_data),
      .wr_mask(load_wr_mask),
      .rd_addr(index_rd_addr[IAW-1:0]),
      .rd_data(index_rd_data)
  );
  trellis_tables #(.WIDTH(PORT_BYTES)) tables (
      .clk,
      .wr_en(table_wr_en),
      .wr_addr(load_wr_addr[9:0]),
      .wr_data(load_wr_data),
      .wr_mask(load_wr_mask),
      .rd_addr(table_rd_addr),
      .rd_data(table_rd_data)
  );

  // ---- Units
  assign act_wr_addr[0+:18] = load_wr_addr;
  assign act_wr_data[0+:8*PORT_BYTES] = load_wr_data;
  assign act_wr_mask[0+:PORT_BYTES] = load_wr_mask;
  trellis_load #(.ROWS(ROWS), .PORT_BYTES(PORT_BYTES), .BUS_BYTES(BUS_BYTES), .PRECISIONS(PRECISIONS)) load (
      .clk,
      .rst,
      .ready(ready[LOAD]),
      .instr(instr[`INSTRUCTION_BITS*LOAD+:`INSTRUCTION_BITS]),
      .start(start[LOAD]),
      .give(give[4*LOAD+:4]),
      .done(done[LOAD]),
      .idle(idle[LOAD]),
      .req_valid(req_valid[2]),
      .req_addr(req_addr[95:64]),
      .req_beats(load_beats),
      .grant(grant[2]),
      .rvalid(load_rvalid),
      .rdata(mem_rdata),
      .act_wr_en(act_wr_en[0]),
      .index_wr_en,
      .param_wr_en,
      .table_wr_en,
      .wr_addr(load_wr_addr),
      .wr_data(load_wr_data),
      .wr_mask(load_wr_mask),
      .weight_wr_en,
      .weight_wr_column,
      .weight_wr_data,
      .weight_wr_filled
  );

  trellis_mac #(
      .ROWS(ROWS),
      .COLS(COLS),
      .PORT_BYTES(PORT_BYTES),
      .LINE_WORDS(LINE_WORDS),
      .PRECISIONS(PRECISIONS)
  ) mac (
      .clk,
      .rst,
      .ready(ready[MAC]),
      .instr(instr[`INSTRUCTION_BITS*MAC+:`INSTRUCTION_BITS]),
      .start(start[MAC]),
      .give(give[4*MAC+:4]),
      .give_early,
      .done(done[MAC]),
      .idle(idle[MAC]),
      .act_rd_en(act_rd_en[0]),
      .act_rd_addr(act_rd_addr[0+:18]),
      .act_rd_data(act_rd_data[0+:8*PORT_BYTES]),
      .weight_rd_column,
      .weight_rd_data,
      .weight_rd_filled,
      .index_rd_entry,
      .index_rd_data(index_rd_data[31:0]),
      .acc_rd_addr(acc_mac_addr),
      .acc_rd_data(acc_mac_data),
      .acc_wr_en,
      .acc_wr_addr,
      .acc_wr_data
  );

  trellis_post #(
      .COLS(COLS),
      .POST_LANES(POST_LANES),
      .PORT_BYTES(PORT_BYTES),
      .PARAMETER_BYTES(PARAMETER_BYTES),
      .PRECISIONS(PRECISIONS)
  ) post (
      .clk,
      .rst,
      .ready(ready[POST]),
      .instr(instr[`INSTRUCTION_BITS*POST+:`INSTRUCTION_BITS]),
      .start(start[POST]),
      .give(give[4*POST+:4]),
      .done(done[POST]),
      .idle(idle[POST]),
      .act_rd_en(act_rd_en[1]),
      .act_rd_addr(act_rd_addr[18+:18]),
      .act_rd_bytes(act_rd_bytes[6:0]),
      .act_rd_data(act_rd_data[8*PORT_BYTES+:8*PORT_BYTES]),
      .act_wr_en(act_wr_en[1]),
      .act_wr_addr(act_wr_addr[18+:18]),
      .act_wr_data(act_wr_data[8*PORT_BYTES+:8*PORT_BYTES]),
      .act_wr_mask(act_wr_mask[PORT_BYTES+:PORT_BYTES]),
      .acc_rd_addr(acc_post_addr),
      .acc_rd_data(acc_post_data),
      .param_rd_addr,
      .param_rd_data(param_rd_data[8*PW-1:0]),
      .table_rd_addr,
      .table_rd_data
  );

  trellis_store #(.PORT_BYTES(PORT_BYTES), .BUS_BYTES(BUS_BYTES)) store (
      .clk,
      .rst,
      .ready(ready[STORE]),
      .instr(instr[`INSTRUCTION_BITS*STORE+:`INSTRUCTION_BITS]),
      .start(start[STORE]),
      .give(give[4*STORE+:4]),
      .done(done[STORE]),
      .idle(idle[STORE]),
      .rd_en(act_rd_en[2]),
      .rd_addr(act_rd_addr[36+:18]),
      .rd_bytes(act_rd_bytes[13:7]),
      .rd_data(act_rd_data[16*PORT_BYTES+:8*PORT_BYTES]),
      .req_valid(req_valid[1]),
      .req_addr(req_addr[63:32]),
      .req_beats(store_beats),
      .grant(grant[1]),
      .wvalid(mem_wvalid),
      .wdata(mem_wdata),
      .wmask(mem_wmask)
  );
endmodule
