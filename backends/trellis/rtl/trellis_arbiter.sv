// DRAM arbiter (section 3 of docs/timing.md): one registered request a client, fixed priority fetch, store, load.
//
// In a cycle in which the bus is free the first client with a request is granted, combinationally; its burst of n beats holds the bus for
// n cycles. Read beats come back in the order of the grants and are led to their client; the store unit puts its beats on the
// write channel itself, from the cycle after its grant.
module trellis_arbiter (
    input  logic                   clk,
    input  logic                   rst,
    // Clients, in the order of priority: fetch, store, load
    input  logic [            2:0] req_valid,
    input  logic [         3*32-1:0] req_addr,
    input  logic [          3*9-1:0] req_beats,
    output logic [            2:0] grant,
    output logic                   fetch_rvalid,
    output logic                   load_rvalid,
    // DRAM
    output logic                   mem_req_valid,
    output logic                   mem_req_write,
    output logic [           31:0] mem_req_addr,
    output logic [            8:0] mem_req_beats,
    input  logic                   mem_rvalid
);
  logic [8:0] busy;  // beats of the granted burst after this cycle's
  assign grant[0] = busy == 0 && req_valid[0];
  assign grant[1] = busy == 0 && req_valid[1] && !req_valid[0];
  assign grant[2] = busy == 0 && req_valid[2] && !req_valid[1] && !req_valid[0];
  assign mem_req_valid = grant != 0;
  assign mem_req_write = grant[1];
  assign mem_req_addr = grant[0] ? req_addr[31:0] : grant[1] ? req_addr[63:32] : req_addr[95:64];
  assign mem_req_beats = grant[0] ? req_beats[8:0] : grant[1] ? req_beats[17:9] : req_beats[26:18];
  always_ff @(posedge clk)
    if (rst) busy <= 0;
    else if (mem_req_valid) busy <= mem_req_beats - 9'd1;
    else if (busy != 0) busy <= busy - 9'd1;

  // Reads that are on their way: whose, and how many beats. Their number is bounded by what fetch and load have room for.
  logic [9:0] head;
  logic last;
  logic [8:0] beat;
  assign last = beat == head[8:0];
  assign fetch_rvalid = mem_rvalid && !head[9];
  assign load_rvalid = mem_rvalid && head[9];
  trellis_queue #(.WIDTH(10), .DEPTH(16)) reads (
      .clk,
      .rst,
      .push(grant[0] || grant[2]),
      .din({grant[2], mem_req_beats - 9'd1}),
      .pop(mem_rvalid && last),
      .head,
      .empty(),
      .full()
  );
  always_ff @(posedge clk)
    if (rst) beat <= 0;
    else if (mem_rvalid) beat <= last ? 9'd0 : beat + 9'd1;
endmodule
