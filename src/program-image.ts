/** A compiled program as the RTL's test bench takes it: DRAM's contents in hexadecimal, and what to run there. */
import { encode } from '../backends/trellis/isa/codec.ts'
import type { Program } from '../backends/trellis/program.ts'
import { must } from '../ir/diagnostic.ts'
import { simulateTiming } from '../sim/timing/simulate.ts'

/** Bytes of DRAM on a line of the file. */
const LINE_BYTES = 32

/**
 * `program.hex`: constants and instructions at their addresses, for $readmemh; inputs are zeros. `program.txt`: the segments in
 * the order in which they run, with the cycles that they take, and where inputs and outputs stand.
 */
export function programImage(program: Program): Readonly<Record<string, string>> {
  return { 'program.hex': hexadecimal(initialDram(program)), 'program.txt': summary(program) }
}

/** DRAM before the first segment runs; inputs are zeros. */
export function initialDram(program: Program): Uint8Array<ArrayBuffer> {
  const dram = new Uint8Array(program.dramBytes)
  dram.set(program.weights, program.weightsAddress)
  for (const { instructions, address } of program.segments) dram.set(encode(instructions), address)
  return dram
}

/** Bytes for $readmemh. Lines of zeros are left out: DRAM starts with them. */
export function hexadecimal(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += LINE_BYTES) {
    const line = bytes.subarray(at, at + LINE_BYTES)
    if (line.some((byte) => byte !== 0))
      lines.push(`@${at.toString(16)} ${Array.from(line, (b) => b.toString(16).padStart(2, '0')).join(' ')}`)
  }
  return `${lines.join('\n')}\n`
}

function summary(program: Program): string {
  const lines = [`${program.model} for ${program.target.name}: ${program.dramBytes} bytes of DRAM`, '']
  for (const step of program.steps) {
    if ('host' in step) {
      lines.push(`host    ${step.host.name} (${step.host.op}): ${step.host.reason}`)
      continue
    }
    const { instructions, address } = must(program.segments[step.run], 'segment')
    const { cycles } = simulateTiming(instructions, address, program.target)
    const latency = program.target.dram.latency_cycles
    lines.push(
      `segment +image=program.hex +address=${address} +length=${instructions.length} +latency=${latency}: ${cycles} cycles`,
    )
  }
  lines.push('')
  for (const [kind, buffers] of [
    ['input', program.inputs],
    ['output', program.outputs],
  ] as const)
    for (const { id, address, bytes } of buffers)
      lines.push(`${kind.padEnd(7)} ${id}: ${bytes} bytes at ${address}`)
  return `${lines.join('\n')}\n`
}
