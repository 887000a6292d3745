/** From SystemVerilog through Yosys to a model, and what cannot become one. */
import { expect, test } from 'vitest'
import { compileNetlist } from '../../backends/trellis/netlist/cycle-model.ts'
import type { Module } from '../../backends/trellis/netlist/netlist.ts'
import { synthesize } from '../../backends/trellis/netlist/yosys.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { cellModule } from './circuit.ts'

/** A queue of which the oldest element shows, and the sum of all that were taken, with a memory and an instance. */
const QUEUE = `
\`include "width.svh"
module queue #(parameter DEPTH = 4) (
  input logic clk, input logic rst,
  input logic push, input logic [\`WIDTH-1:0] data, input logic pop,
  output logic [\`WIDTH-1:0] head, output logic is_empty, output logic is_full, output logic [63:0] total);
  localparam A = $clog2(DEPTH);
  logic [\`WIDTH-1:0] rows [0:DEPTH-1];
  logic [A-1:0] first, next;
  logic [A:0] count;
  assign head = rows[first];
  assign is_empty = count == 0;
  assign is_full = count == DEPTH;
  always_ff @(posedge clk) begin
    if (push) rows[next] <= data;
    if (rst) begin first <= 0; next <= 0; count <= 0; end
    else begin
      if (push) next <= next + 1'b1;
      if (pop) first <= first + 1'b1;
      count <= count + {{A{1'b0}}, push} - {{A{1'b0}}, pop};
    end
  end
  accumulator sum (.clk, .rst, .enable(pop), .value(head), .total);
endmodule

module accumulator (
  input logic clk, input logic rst, input logic enable, input logic signed [\`WIDTH-1:0] value,
  output logic signed [63:0] total);
  always_ff @(posedge clk)
    if (rst) total <= 0;
    else if (enable) total <= total + value;
endmodule
`

test('a queue and the sum of its signed elements', async () => {
  const design = {
    files: { 'queue.sv': QUEUE, 'width.svh': '`define WIDTH 40' },
    top: 'queue',
    parameters: { DEPTH: 8 },
  }
  const model = unwrap(compileNetlist(unwrap(await synthesize(design)), 'queue'))
  expect(model.memories).toEqual(['rows'])
  model.set('rst', 1)
  model.step()
  model.set('rst', 0)

  const queue: bigint[] = []
  let total = 0n
  let random = 1
  for (let cycle = 0; cycle < 500; cycle++) {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0
    // Full and empty come by turns.
    const isFilling = cycle % 100 < 50
    const push = queue.length < 8 && (isFilling || (random & 0x1000) !== 0)
    const pop = queue.length > 0 && (!isFilling || (random & 0x2000) !== 0)
    const data = BigInt.asUintN(40, BigInt(random) * 2654435761n)
    model.set('push', Number(push))
    model.set('pop', Number(pop))
    model.set('data', data)
    model.step()
    const [head = model.get('head')] = queue
    expect([model.get('head'), model.get('is_empty'), model.get('is_full'), model.get('total')]).toEqual([
      head,
      BigInt(queue.length === 0),
      BigInt(queue.length === 8),
      BigInt.asUintN(64, total),
    ])
    if (pop) total += BigInt.asIntN(40, queue.shift() ?? 0n)
    if (push) queue.push(data)
  }
})

test('a word has its value at the start', async () => {
  const text = `module counter (input logic clk, output logic [7:0] value);
    initial value = 8'd7;
    always_ff @(posedge clk) value <= value + 1'b1;
  endmodule`
  const model = unwrap(
    compileNetlist(unwrap(await synthesize({ files: { 'counter.sv': text }, top: 'counter' })), 'counter'),
  )
  const values = [1, 2, 3].map(() => {
    model.step()
    return model.get('value')
  })
  expect(values).toEqual([7n, 8n, 9n])
})

test('netlist/yosys: what is no SystemVerilog', async () => {
  const result = await synthesize({ files: { 'broken.sv': 'module broken (;\nendmodule' }, top: 'broken' })
  expect(result).toMatchObject({
    diagnostics: [
      { code: 'netlist/yosys', message: expect.stringMatching(/broken\.sv:1: ERROR: syntax error/) },
    ],
  })
})

test('netlist/no-module: a module that is not there', () => {
  const result = compileNetlist({ modules: { a: cellModule(NOT), b: cellModule(NOT) } }, 'c')
  expect(result).toMatchObject({ diagnostics: [{ code: 'netlist/no-module', hint: 'it has: a, b' }] })
})

test('netlist/unsupported-cell: a division, and a memory with an asynchronous reset', () => {
  expect(complaint(cellModule({ type: '$div', inputs: { A: 8, B: 8 }, outputs: { Y: 8 } }))).toMatchObject({
    code: 'netlist/unsupported-cell',
    message: "cell 'cell' is a $div, which a cycle model cannot evaluate",
  })
  const memory = cellModule({
    type: '$mem_v2',
    parameters: {
      MEMID: '\\rows',
      SIZE: 2,
      ABITS: 1,
      WIDTH: 1,
      RD_PORTS: 1,
      RD_CLK_ENABLE: 1,
      RD_CLK_POLARITY: 1,
    },
    inputs: { RD_CLK: 1, RD_ADDR: 1, RD_EN: 1, RD_ARST: 1 },
    outputs: { RD_DATA: 1 },
  })
  expect(complaint(memory)).toMatchObject({
    code: 'netlist/unsupported-cell',
    message: expect.stringContaining("memory 'rows'"),
  })
})

test('netlist/clock: the falling edge, and a clock that is no port', () => {
  const register = { type: '$dff', inputs: { CLK: 1, D: 1 }, outputs: { Q: 1 } }
  expect(complaint(cellModule({ ...register, parameters: { CLK_POLARITY: 0 } }))).toMatchObject({
    code: 'netlist/clock',
    message: expect.stringContaining("cell 'cell' changes at the falling edge"),
  })
  const divided = cellModule({
    ...register,
    parameters: { CLK_POLARITY: 1 },
    inputs: { D: 1 },
    constants: { CLK: [3] },
  })
  expect(complaint(divided)).toMatchObject({
    code: 'netlist/clock',
    message: expect.stringContaining('no input port'),
  })
})

test('netlist/combinational-loop: the nets on it are named', () => {
  const not = (from: number, to: number) => ({
    type: '$not',
    parameters: { A_SIGNED: 0 },
    port_directions: { A: 'input', Y: 'output' } as const,
    connections: { A: [from], Y: [to] },
  })
  const module: Module = {
    ports: {},
    cells: { a: not(2, 3), b: not(3, 4), c: not(4, 3), d: not(4, 5) },
    netnames: { one: { bits: [3] }, two: { bits: [4] } },
  }
  expect(complaint(module)).toMatchObject({
    code: 'netlist/combinational-loop',
    message: 'a combinational loop goes through two <- one',
  })
})

const NOT = { type: '$not', inputs: { A: 1 }, outputs: { Y: 1 } }

function complaint(module: Module) {
  const result = compileNetlist({ modules: { top: module } }, 'top')
  return result.ok ? undefined : result.diagnostics[0]
}
