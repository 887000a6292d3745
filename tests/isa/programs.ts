/** Small programs, written by hand, for the tests of what surrounds the compiler. */

import { encode } from '../../backends/trellis/isa/codec.ts'
import { layoutOf } from '../../backends/trellis/isa/layout.ts'
import {
  INSTRUCTION_BYTES,
  type Instruction,
  type Opcode,
  UNITS,
  type Unit,
} from '../../backends/trellis/isa/table.ts'
import type { Program } from '../../backends/trellis/program.ts'
import { loadTarget } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'

export const target = unwrap(loadTarget('trellis-16'))

export const mask = (...units: Unit[]): number => units.reduce((m, u) => m | (1 << UNITS.indexOf(u)), 0)

/** An instruction whose fields are 0 but for those given. */
export function make(op: Opcode, fields: Readonly<Record<string, number | bigint>> = {}): Instruction {
  const zeros = layoutOf(op).fields.map((f) => [f.name, f.field.bits > 32 ? 0n : 0])
  return { op, ...Object.fromEntries(zeros), ...fields } as unknown as Instruction
}

export const end = make('end')

/** Where the hand-written layer keeps things in DRAM. */
const DRAM = {
  input: 0,
  output: 256,
  weights: 512,
  list: 768,
  params: 784,
  program: 1024,
  end: 2048,
} as const

/**
 * A 1x1 convolution of 16 channels on a row of 8 pixels: input in bank 0 of activation memory, output in bank 1.
 * Its constants are one block of 16 x 16 weights, a list of one entry, and one per-channel parameter block.
 */
export function layer(): Instruction[] {
  return [
    make('load.weight', { dram: DRAM.weights, groups: 1, columns: 16, lanes: 0xffffn }),
    make('load.index', { dram: DRAM.list, entries: 1 }),
    make('load.act', { dram: DRAM.input, rows: 1, bytes: 128, act: 0, signal: mask('mac') }),
    make('load.param', { dram: DRAM.params, bytes: 144, signal: mask('post') }),
    make('mac.dense', {
      wait: mask('load'),
      signal: mask('post'),
      x_step: 16,
      mx: 8,
      my: 1,
      entries: 1,
      blocks: 1,
    }),
    make('post.acc', {
      wait: mask('load', 'mac'),
      signal: mask('store'),
      mx: 8,
      my: 1,
      blocks: 1,
      last_lanes: 16,
      out: 16384,
      x_step: 16,
      per_channel: 1,
      min: -128,
      max: 127,
    }),
    make('store', { wait: mask('post'), act: 16384, rows: 1, bytes: 128, dram: DRAM.output }),
    end,
  ]
}

/** A program around `instructions`; its constants are weights of 1, a list of `offset`, and parameters of 0. */
export function programOf(instructions: readonly Instruction[], offset = 0): Program {
  const weights = new Uint8Array(DRAM.program - DRAM.weights)
  weights.fill(1, 0, 256)
  new DataView(weights.buffer).setInt32(DRAM.list - DRAM.weights, offset, true)
  const type = { dtype: 'i8', shape: [1, 1, 8, 16] } as const
  const quant = { scale: Float64Array.of(Math.fround(0.1)), zeroPoint: Int32Array.of(-3) }
  const input = { id: 'x', type: { ...type, quant }, bits: 8, address: DRAM.input, bytes: 128 }
  const output = { id: 'y', type, bits: 8, address: DRAM.output, bytes: 128 }
  return {
    model: 'one "layer"',
    target,
    batch: 1,
    inputs: [input],
    outputs: [output],
    buffers: [input, output],
    steps: [{ run: 0 }],
    segments: [{ instructions, layerOf: new Uint16Array(instructions.length), address: DRAM.program }],
    layers: [
      {
        name: 'block/conv',
        op: 'conv2d',
        shape: [1, 1, 8, 16],
        precision: '8x8',
        density: 1,
        macs: 2048,
        usefulMacs: 2048,
        inputs: ['input'],
        outputs: ['output'],
        weightBytes: 256,
        parameterBytes: 144,
        schedule: 'whole',
      },
    ],
    weights,
    weightsAddress: DRAM.weights,
    regions: [
      { kind: 'activations', start: DRAM.input, end: DRAM.weights },
      { kind: 'weights', start: DRAM.weights, end: DRAM.params },
      { kind: 'parameters', start: DRAM.params, end: DRAM.program },
      { kind: 'instructions', start: DRAM.program, end: DRAM.program + encode(instructions).length },
    ],
    dramBytes: Math.max(DRAM.end, DRAM.program + instructions.length * INSTRUCTION_BYTES),
    estimatedCycles: 200,
    lowerBound: { cycles: 100, dramBytes: 656 },
  }
}
