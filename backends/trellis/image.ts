/**
 * A compiled program as a folder of files and back, exactly: program.bin (instructions of all segments), weights.bin
 * (constants), manifest.json (the rest), and program.s, which is for people and is not read back.
 */
import { createHash } from 'node:crypto'
import { attempt, fail, must, nearest, type Result, unwrap } from '../../ir/diagnostic.ts'
import { decode, encode } from './isa/codec.ts'
import { INSTRUCTION_BYTES } from './isa/table.ts'
import { listing } from './listing.ts'
import {
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  type Manifest,
  manifestOf,
  manifestSchema,
  manifestText,
  readType,
} from './manifest.ts'
import type { Buffer, Program, Segment, Step } from './program.ts'
import { checkSchema } from './schema-problems.ts'
import { checkTarget } from './target.ts'

export interface ImageFiles {
  readonly 'program.bin': Uint8Array
  readonly 'weights.bin': Uint8Array
  readonly 'program.s': string
  readonly 'manifest.json': string
}

/** The files that `readProgram` needs. */
export const IMAGE_FILES = ['manifest.json', 'program.bin', 'weights.bin'] as const
type ImageFile = (typeof IMAGE_FILES)[number]

export function writeProgram(program: Program): ImageFiles {
  const code = encode(program.segments.flatMap((s) => s.instructions))
  const files = { 'program.bin': summary(code), 'weights.bin': summary(program.weights) }
  return {
    'program.bin': code,
    'weights.bin': program.weights,
    'program.s': listing(program),
    'manifest.json': manifestText(manifestOf(program, files)),
  }
}

function summary(bytes: Uint8Array): { bytes: number; sha256: string } {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/**
 * The program in the files of `folder`, whose name the diagnostics `image/...` carry. That the instructions keep the
 * rules of the machine is for `verifyProgram` to say.
 */
export function readProgram(
  files: Readonly<Partial<Record<string, Uint8Array>>>,
  folder: string,
): Result<Program> {
  return attempt(() => {
    for (const name of IMAGE_FILES)
      if (files[name] === undefined) failMissing(name, Object.keys(files), folder)
    const file = `${folder}/manifest.json`
    const manifest = parseManifest(must(files['manifest.json'], 'manifest'), file)
    const code = checked('program.bin', files, manifest, folder)
    const weights = checked('weights.bin', files, manifest, folder)
    const target = unwrap(checkTarget(manifest.target, file, 'target'))
    checkAddresses(manifest, weights.length, file)

    const segments = readSegments(manifest, code, folder)
    const buffers = manifest.buffers.map((b) => ({ ...b, type: readType(b.type) }))
    const byId = new Map(buffers.map((b) => [b.id, b]))
    const find = (id: string, path: string): Buffer =>
      byId.get(id) ?? failInvalid(file, path, `there is no buffer "${id}"`)
    manifest.steps.forEach((step, s) => {
      if ('host' in step)
        for (const id of [...step.host.inputs, ...step.host.outputs]) find(id, `steps.${s}.host`)
      else if (step.run >= segments.length)
        failInvalid(file, `steps.${s}.run`, `there is no segment ${step.run}`)
    })
    return {
      model: manifest.model,
      target,
      batch: manifest.batch,
      inputs: manifest.inputs.map((id, k) => find(id, `inputs.${k}`)),
      outputs: manifest.outputs.map((id, k) => find(id, `outputs.${k}`)),
      buffers,
      steps: manifest.steps.map(readStep),
      segments,
      layers: manifest.layers,
      weights,
      weightsAddress: manifest.weightsAddress,
      regions: manifest.regions,
      dramBytes: manifest.dramBytes,
      estimatedCycles: manifest.estimatedCycles,
      lowerBound: manifest.lowerBound,
    }
  })
}

function readStep(step: Manifest['steps'][number]): Step {
  if ('run' in step) return step
  const { inputTypes, outputTypes, ...host } = step.host
  return { host: { ...host, inputTypes: inputTypes.map(readType), outputTypes: outputTypes.map(readType) } }
}

function parseManifest(bytes: Uint8Array, file: string): Manifest {
  const data = parseJson(bytes, file)
  const header = data as { readonly format?: unknown; readonly version?: unknown } | null
  if (typeof header !== 'object' || header?.format !== MANIFEST_FORMAT) {
    fail({
      code: 'image/not-a-program',
      message: `this is not the manifest of a Trellis program: "format" is not "${MANIFEST_FORMAT}"`,
      span: { file },
      hint: 'name a folder that `espalier compile` wrote for a Trellis target',
    })
  }
  if (header.version !== MANIFEST_VERSION) {
    fail({
      code: 'image/version',
      message: `the manifest is of version ${JSON.stringify(header.version)}; this program reads version ${MANIFEST_VERSION}`,
      span: { file, path: 'version' },
      hint: 'compile the model again',
    })
  }
  const result = checkSchema(manifestSchema, data)
  if (result.ok) return result.value
  const [problem] = result.problems
  return failInvalid(file, problem?.path.join('.') ?? '', problem?.message ?? 'it does not fit the format')
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    return fail({
      code: 'image/not-json',
      message: `the manifest is not JSON: ${(error as Error).message}`,
      span: { file },
      hint: 'the file is damaged; compile the model again',
    })
  }
}

/** The bytes of a binary, after a comparison with what the manifest says of them. */
function checked(
  name: Exclude<ImageFile, 'manifest.json'>,
  files: Readonly<Partial<Record<string, Uint8Array>>>,
  manifest: Manifest,
  folder: string,
): Uint8Array {
  const bytes = must(files[name], name)
  const expected = manifest.files[name]
  const span = { file: `${folder}/${name}` }
  const hint = 'the files of a folder belong together; compile the model again'
  if (bytes.length !== expected.bytes) {
    fail({
      code: 'image/size',
      message: `${name} has ${bytes.length} bytes, but the manifest says ${expected.bytes}`,
      span,
      hint,
    })
  }
  if (summary(bytes).sha256 !== expected.sha256) {
    fail({
      code: 'image/checksum',
      message: `${name} is not the file that the manifest describes`,
      span,
      hint,
    })
  }
  return bytes
}

function readSegments(manifest: Manifest, code: Uint8Array, folder: string): Segment[] {
  const file = `${folder}/manifest.json`
  const instructions = unwrap(decode(code, `${folder}/program.bin`))
  const total = manifest.segments.reduce((sum, segment) => sum + segment.instructions, 0)
  if (total !== instructions.length)
    failInvalid(
      file,
      'segments',
      `they have ${total} instructions, but program.bin has ${instructions.length}`,
    )
  let first = 0
  return manifest.segments.map((segment, s) => {
    const path = `segments.${s}.layerRuns`
    const length = segment.layerRuns.reduce((sum, [, run]) => sum + run, 0)
    if (length !== segment.instructions)
      failInvalid(file, path, `the runs cover ${length} of ${segment.instructions} instructions`)
    const layerOf = new Uint16Array(length)
    let at = 0
    for (const [layer, run] of segment.layerRuns) {
      if (layer >= manifest.layers.length) failInvalid(file, path, `there is no layer ${layer}`)
      layerOf.fill(layer, at, at + run)
      at += run
    }
    const part = instructions.slice(first, first + length)
    first += length
    return { instructions: part, layerOf, address: segment.address }
  })
}

/** Everything that has a place in DRAM lies inside it. */
function checkAddresses(manifest: Manifest, weightBytes: number, file: string): void {
  const ranges = [
    ['weightsAddress', manifest.weightsAddress, manifest.weightsAddress + weightBytes] as const,
    ...manifest.buffers.map((b, k) => [`buffers.${k}`, b.address, b.address + b.bytes] as const),
    ...manifest.segments.map(
      (s, k) => [`segments.${k}`, s.address, s.address + s.instructions * INSTRUCTION_BYTES] as const,
    ),
    ...manifest.regions.map((r, k) => [`regions.${k}`, r.start, r.end] as const),
  ]
  for (const [path, start, end] of ranges) {
    if (start <= end && end <= manifest.dramBytes) continue
    fail({
      code: 'image/address',
      message: `${path} covers DRAM bytes ${start} to ${end}, but DRAM has ${manifest.dramBytes} bytes`,
      span: { file, path },
      hint: 'the manifest was changed or is damaged; compile the model again',
    })
  }
}

function failMissing(name: string, present: readonly string[], folder: string): never {
  const near = nearest(name, present)
  return fail({
    code: 'image/missing-file',
    message: `there is no ${name} in this folder`,
    span: { file: folder },
    hint: near
      ? `there is ${near}; rename it, or compile the model again`
      : 'name a folder that `espalier compile` wrote for a Trellis target',
  })
}

function failInvalid(file: string, path: string, message: string): never {
  return fail({
    code: 'image/invalid',
    message,
    span: { file, path },
    hint: 'the manifest was changed or is damaged; compile the model again',
  })
}
