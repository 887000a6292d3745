/** README.md of an emitted RTL: for the engineer who puts it on an FPGA. */
import { FETCH_BURST, LOAD_BURSTS, MAX_BURST_BEATS } from '../isa/costs.ts'
import { capacities, portBytes, type Target } from '../target.ts'

/** `files` are the synthesizable ones, headers included. */
export function rtlReadme(target: Target, files: readonly string[]): string {
  const { rows, cols, post_lanes } = target.array
  const bus = target.dram.bytes_per_cycle
  const latency = target.dram.latency_cycles
  const size = capacities(target)
  return `# ${target.name} in SystemVerilog

An array of ${rows} x ${cols} byte lanes with ${post_lanes} requantization lanes, for operands of ${target.precisions.join(', ')} bits;
${size.activationBytes} bytes of activation memory in ${target.memories.banks} banks. It executes the programs that
\`espalier compile --target\` writes for this target, in exactly the cycles that \`espalier simulate\` reports.

The top module is \`trellis\`. Field positions and constants stand in \`trellis_isa.svh\`, the parameters of this target in
\`trellis_target.svh\`; both are generated. The modules are the same for every target.

## Files

${files.map((name) => `- \`${name}\``).join('\n')}
- \`trellis_tb.sv\`: test bench with a DRAM of fixed latency; not for synthesis

## Interface of \`trellis\`

One clock, \`clk\`; everything happens at its rising edge. \`rst\` is synchronous and active high: hold it for a cycle, with
\`program_address\` and \`program_length\` set; the program starts in the first cycle without it. Memories are not cleared. To run another program, reset again:
what the memories on chip hold stays.

| port | direction | meaning |
| --- | --- | --- |
| \`program_address\` [31:0] | in | byte address of the first instruction, a multiple of 32 |
| \`program_length\` [31:0] | in | instructions up to and including \`end\` |
| \`halted\` | out | the program is over: every instruction is done |
| \`port_conflict\` | out | post and store read, or load and post wrote, one bank at once since reset: the program is not legal |
| \`mem_req_valid\`, \`mem_req_write\` | out | a burst begins in this cycle |
| \`mem_req_addr\` [31:0] | out | address of its first byte; beats are aligned to ${bus} bytes |
| \`mem_req_beats\` [8:0] | out | beats of the burst |
| \`mem_rvalid\`, \`mem_rdata\` [${8 * bus - 1}:0] | in | read beats, in the order of the requests |
| \`mem_wvalid\`, \`mem_wdata\` [${8 * bus - 1}:0], \`mem_wmask\` [${bus - 1}:0] | out | write beats with a bit a byte, from the cycle after the request on |
| \`ev_dispatch\`, \`ev_end\`, \`ev_start\` [3:0], \`ev_done\` [3:0] | out | dispatch, start and last effect of instructions (load, mac, post, store) for comparison with the simulator; leave them open |

### Memory port

It is a simplified burst port. In the cycle of \`mem_req_valid\` the burst is accepted; there is no ready. The next request comes at the earliest
after as many cycles as the burst has beats. Read data are never refused either: the units reserve room before they ask. At most
${LOAD_BURSTS} bursts of ${MAX_BURST_BEATS} beats of the load unit and those of ${FETCH_BURST} instructions of the fetch unit are on their way.

Behind AXI4: a request becomes AR or AW (\`INCR\`, size ${Math.log2(bus)}, length \`mem_req_beats\` - 1, address aligned down), with a small queue in front of each
channel, W data from a queue of ${2 * MAX_BURST_BEATS} beats, and R beats returned in order under one ID; a burst does not cross 4 KiB where its start is aligned, else split it.
The results do not depend on the latency. The cycles equal the simulator's where the first beat comes ${latency} cycles after the
request (\`dram.latency_cycles\` of the target) and the others follow without a gap.

## Run it

A program's DRAM image as a file for \`$readmemh\` and the addresses come from a compiled folder:

    espalier compile MODEL --target ${target.name} -o compiled
    espalier rtl --program compiled -o rtl

With Verilator 5 (\`program.txt\` has the numbers and the cycles to expect):

    verilator --binary --timing -j 2 -Wno-fatal --top-module trellis_tb *.sv && obj_dir/Vtrellis_tb +image=program.hex +address=A +length=N +latency=${latency}

With Icarus Verilog (tested with version 11), which compiles in a second and runs some hundred cycles a second:

    iverilog -g2012 -s trellis_tb -o trellis_tb.vvp *.sv && vvp -n trellis_tb.vvp +image=program.hex +address=A +length=N +latency=${latency}

It says \`sorry: constant selects in always_* processes are not currently supported (all bits will be included)\` about processes that it
runs more often than needed, and warns of loops that it would not synthesize; the results are the same.

Both print the cycles; \`+dump=FILE\` writes the final DRAM, \`+events\` what happens when, \`+most=N\` gives up after N cycles. DRAM has 4 MiB:
change the test bench's parameter \`DRAM_BYTES\` for a program that needs more (\`-GDRAM_BYTES=N\` of Verilator, \`-Ptrellis_tb.DRAM_BYTES=N\` of Icarus).

## Synthesis

Yosys reads the files as they are: \`read_verilog -sv -I . trellis*.sv; synth_ecp5 -top trellis\` without \`trellis_tb.sv\`. Memories are written for block RAM with
registered outputs (port of ${portBytes(target)} bytes with byte enables); queues and small buffers for distributed RAM.
`
}
