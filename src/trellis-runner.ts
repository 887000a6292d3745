/** Runs a compiled program on the functional machine, with the host ops in between. */
import type { Buffer, HostOp, Program } from '../backends/trellis/program.ts'
import { fromStored, toStored } from '../backends/trellis/stored.ts'
import { must } from '../ir/diagnostic.ts'
import { allocate, type TensorData } from '../ir/dtype.ts'
import { OPS } from '../ir/ops/registry.ts'
import { elementCount, type TensorType } from '../ir/tensor.ts'
import { createMachine, type Machine } from '../sim/execute/machine.ts'

export interface TrellisRunner {
  /** Outputs for one set of inputs, in the model's shapes: the model's batch is run sample by sample. */
  readonly run: (inputs: readonly TensorData[]) => readonly TensorData[]
  readonly machine: Machine
}

export function createTrellisRunner(program: Program): TrellisRunner {
  const machine = createMachine(program.target, program.dramBytes)
  machine.dram.set(program.weights, program.weightsAddress)
  const buffers = new Map(program.buffers.map((b) => [b.id, b]))
  const hosts = program.steps.map((step) => ('host' in step ? prepareHost(step.host, buffers) : undefined))

  const runSample = (): void => {
    program.steps.forEach((step, index) => {
      if ('run' in step) machine.run(must(program.segments[step.run], 'segment').instructions)
      else must(hosts[index], 'host op')(machine.dram)
    })
  }

  return {
    machine,
    run(inputs) {
      const outputs = program.outputs.map((b) =>
        allocate(b.type.dtype, elementCount(b.type.shape) * program.batch),
      )
      for (let sample = 0; sample < program.batch; sample++) {
        program.inputs.forEach((buffer, k) => {
          const length = elementCount(buffer.type.shape)
          const part = must(inputs[k], `input ${k}`).subarray(sample * length, (sample + 1) * length)
          machine.dram.set(toStored(part, buffer.type.dtype, buffer.bits), buffer.address)
        })
        runSample()
        program.outputs.forEach((buffer, k) => {
          const data = read(machine.dram, buffer, buffer.type)
          must(outputs[k], 'output').set(data as never, sample * data.length)
        })
      }
      return outputs
    },
  }
}

/** A host op made ready: its operands and results are bytes in DRAM. */
function prepareHost(host: HostOp, buffers: ReadonlyMap<string, Buffer>): (dram: Uint8Array) => void {
  const kernel = OPS[host.op].prepare(
    { inputs: host.inputTypes, outputs: host.outputTypes, attrs: host.attrs },
    host.inputTypes.map(() => undefined),
  )
  const at = (id: string) => must(buffers.get(id), `buffer ${id}`)
  return (dram) => {
    const operands = host.inputs.map((id, k) => read(dram, at(id), must(host.inputTypes[k], 'type')))
    const result = kernel(operands)
    const output = at(must(host.outputs[0], 'output'))
    dram.set(toStored(result, output.type.dtype, output.bits), output.address)
  }
}

/** A copy of a buffer's elements, as of `type`. */
function read(dram: Uint8Array, { address, bits, bytes }: Buffer, type: TensorType): TensorData {
  return fromStored(dram.slice(address, address + bytes), type.dtype, bits, elementCount(type.shape))
}
