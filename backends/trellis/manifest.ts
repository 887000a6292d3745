/**
 * manifest.json: everything in a compiled program but its instructions and constants, as JSON that people can read.
 * Numbers are written in the shortest form that reads back as the same double, so scales stay exact.
 */
import { z } from 'zod'
import { DTYPES } from '../../ir/dtype.ts'
import { OP_NAMES } from '../../ir/ops/names.ts'
import type { Quant, TensorType } from '../../ir/tensor.ts'
import type { HostOp, Program } from './program.ts'

export const MANIFEST_FORMAT = 'espalier-trellis-program'
/** Raised with every change to the manifest or the instruction set that older readers would misunderstand. */
export const MANIFEST_VERSION = 4

const count = z.int().min(0)
const tensorType = z.strictObject({
  dtype: z.enum(DTYPES),
  shape: z.array(count),
  quant: z
    .strictObject({
      scale: z.array(z.number()).min(1),
      zeroPoint: z
        .array(
          z
            .int()
            .min(-(2 ** 31))
            .max(2 ** 31 - 1),
        )
        .min(1),
      axis: count.optional(),
    })
    .optional(),
})
const ids = z.array(z.string())
const binary = z.strictObject({ bytes: count, sha256: z.string().length(64) })
const attr = z.union([z.number(), z.string(), z.boolean(), z.array(z.number())])

export const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal(MANIFEST_VERSION),
  model: z.string(),
  /** Checked by target.ts. */
  target: z.unknown(),
  batch: z.int().min(1),
  dramBytes: count,
  estimatedCycles: z.number(),
  lowerBound: z.strictObject({ cycles: z.number(), dramBytes: z.number() }),
  files: z.strictObject({ 'program.bin': binary, 'weights.bin': binary }),
  weightsAddress: count,
  inputs: ids,
  outputs: ids,
  buffers: z.array(
    z.strictObject({ id: z.string(), bits: count, address: count, bytes: count, type: tensorType }),
  ),
  steps: z.array(
    z.union([
      z.strictObject({ run: count }),
      z.strictObject({
        host: z.strictObject({
          name: z.string(),
          op: z.enum(OP_NAMES),
          attrs: z.record(z.string(), attr),
          reason: z.string(),
          inputs: ids,
          inputTypes: z.array(tensorType),
          outputs: ids,
          outputTypes: z.array(tensorType),
        }),
      }),
    ]),
  ),
  segments: z.array(
    z.strictObject({
      address: count,
      instructions: z.int().min(1),
      /** Runs of instructions of one layer: its index into `layers`, and how many. */
      layerRuns: z.array(z.tuple([z.int().min(0).max(0xffff), z.int().min(1)])),
    }),
  ),
  layers: z.array(
    z.strictObject({
      name: z.string(),
      op: z.enum(OP_NAMES),
      shape: z.array(count),
      inputs: ids,
      outputs: ids,
      precision: z.string(),
      density: z.number(),
      macs: z.number(),
      usefulMacs: z.number(),
      weightBytes: z.number(),
      parameterBytes: z.number(),
      schedule: z.string(),
    }),
  ),
  regions: z.array(
    z.strictObject({
      kind: z.enum(['weights', 'parameters', 'instructions', 'activations']),
      start: count,
      end: count,
    }),
  ),
})

export type Manifest = z.infer<typeof manifestSchema>
type ManifestType = z.infer<typeof tensorType>

/** In the order of the schema, whatever order the program's objects have; a number that JSON cannot hold is our mistake. */
export function manifestOf(program: Program, files: Manifest['files']): Manifest {
  return manifestSchema.parse({
    format: MANIFEST_FORMAT,
    version: MANIFEST_VERSION,
    model: program.model,
    target: program.target,
    batch: program.batch,
    dramBytes: program.dramBytes,
    estimatedCycles: program.estimatedCycles,
    lowerBound: program.lowerBound,
    files,
    weightsAddress: program.weightsAddress,
    inputs: program.inputs.map((b) => b.id),
    outputs: program.outputs.map((b) => b.id),
    buffers: program.buffers.map((b) => ({ ...b, type: writeType(b.type) })),
    steps: program.steps.map((step) => ('run' in step ? step : { host: writeHost(step.host) })),
    segments: program.segments.map((s) => ({
      address: s.address,
      instructions: s.instructions.length,
      layerRuns: toRuns(s.layerOf),
    })),
    layers: program.layers,
    regions: program.regions,
  })
}

function writeHost(host: HostOp) {
  return {
    ...host,
    inputTypes: host.inputTypes.map(writeType),
    outputTypes: host.outputTypes.map(writeType),
  }
}

/** Pretty JSON in which a list of numbers stays on one line. */
export function manifestText(manifest: Manifest): string {
  const json = JSON.stringify(manifest, null, 2)
  // A line break inside a JSON string is always escaped, so this touches no string.
  return `${json.replace(/\[\n[\d\s.,eE+-]+\]/g, (list) => list.replace(/\n\s*/g, ' ').replace('[ ', '[').replace(' ]', ']'))}\n`
}

function writeType({ dtype, shape, quant }: TensorType) {
  if (quant === undefined) return { dtype, shape }
  return { dtype, shape, quant: { ...quant, scale: [...quant.scale], zeroPoint: [...quant.zeroPoint] } }
}

export function readType({ dtype, shape, quant }: ManifestType): TensorType {
  if (quant === undefined) return { dtype, shape }
  const parameters: Quant = {
    scale: Float64Array.from(quant.scale),
    zeroPoint: Int32Array.from(quant.zeroPoint),
  }
  return { dtype, shape, quant: quant.axis === undefined ? parameters : { ...parameters, axis: quant.axis } }
}

/** Run-length code of which layer each instruction works for. */
function toRuns(layerOf: Uint16Array): [layer: number, length: number][] {
  const runs: [number, number][] = []
  for (const layer of layerOf) {
    const last = runs.at(-1)
    if (last && last[0] === layer) last[1]++
    else runs.push([layer, 1])
  }
  return runs
}
