import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileTrellis } from '../../backends/trellis/compile.ts'
import { type ImageFiles, readProgram, writeProgram } from '../../backends/trellis/image.ts'
import { assemble } from '../../backends/trellis/isa/assembler.ts'
import type { Program } from '../../backends/trellis/program.ts'
import { loadTarget } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { DTYPES } from '../../ir/dtype.ts'
import { parse } from '../../ir/text/parser.ts'
import { simulateProgram } from '../../sim/result.ts'
import { arbitraryInstruction } from './arbitrary.ts'
import { end, layer, programOf } from './programs.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function asRead(files: ImageFiles): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([k, v]) => [k, typeof v === 'string' ? bytes(v) : v]))
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0))
const quant = fc.integer({ min: 1, max: 5 }).chain((n) =>
  fc.record({
    scale: fc
      .array(finite.map(Math.fround).filter(Number.isFinite), { minLength: n, maxLength: n })
      .map((s) => Float64Array.from(s, (x) => (x === 0 ? 0 : x))),
    zeroPoint: fc
      .array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: n, maxLength: n })
      .map((z) => Int32Array.from(z)),
    ...(n > 1 ? { axis: fc.nat(3) } : {}),
  }),
)
const type = fc.oneof(
  fc.record({ dtype: fc.constantFrom(...DTYPES), shape: fc.array(fc.nat(300), { maxLength: 4 }) }),
  fc.record({ dtype: fc.constantFrom(...DTYPES), shape: fc.array(fc.nat(300), { maxLength: 4 }), quant }),
)
const attrs = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc.oneof(finite, fc.string(), fc.boolean(), fc.array(finite)),
)

/** Programs of several segments, host steps in between, with names of any kind. */
const arbitraryProgram: fc.Arbitrary<Program> = fc
  .record({
    segments: fc.array(fc.array(arbitraryInstruction, { maxLength: 6 }), { minLength: 1, maxLength: 3 }),
    layers: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 7, maxLength: 7 }),
    names: fc.uniqueArray(fc.string(), { minLength: 4, maxLength: 4 }),
    types: fc.array(type, { minLength: 4, maxLength: 4 }),
    attrs,
    batch: fc.integer({ min: 1, max: 8 }),
    weights: fc.uint8Array({ maxLength: 64 }),
    real: finite,
  })
  .map(({ segments, layers, names, types, attrs, batch, weights, real }) => {
    const base = programOf(layer())
    const [first] = base.layers
    if (!first) throw new Error('the program has a layer')
    const buffers = names.map((id, k) => ({
      id,
      type: types[k] ?? { dtype: 'i8', shape: [] },
      bits: 1 << k,
      address: k * 8,
      bytes: 8,
    }))
    const host = {
      name: names[0] ?? '',
      op: 'softmax' as const,
      attrs,
      reason: 'needs “exp”',
      inputs: [names[0] ?? ''],
      inputTypes: types.slice(0, 1),
      outputs: names.slice(1, 3),
      outputTypes: types.slice(1, 3),
    }
    return {
      ...base,
      model: names[1] ?? '',
      batch,
      weights,
      buffers,
      inputs: buffers.slice(0, 1),
      outputs: buffers.slice(2),
      layers: names.slice(0, 3).map((name) => ({ ...first, name, density: real })),
      steps: [...segments.map((_, run) => ({ run })), { host }],
      segments: segments.map((instructions, k) => ({
        instructions: [...instructions, end],
        layerOf: Uint16Array.from(layers.slice(0, instructions.length + 1)),
        address: 1024 + k * 256,
      })),
      estimatedCycles: Math.abs(real),
    }
  })

describe('a program written and read', () => {
  test('is the same program', () => {
    fc.assert(
      fc.property(arbitraryProgram, (program) => {
        const read = readProgram(asRead(writeProgram(program)), 'out')
        expect(read).toEqual({ ok: true, value: program })
      }),
      { numRuns: 60 },
    )
  })

  test('writes the same files again, and program.s assembles to program.bin', () => {
    const files = writeProgram(programOf(layer()))
    const again = writeProgram(unwrap(readProgram(asRead(files), 'out')))
    expect(again).toEqual(files)
    expect(unwrap(assemble(files['program.s'], 'program.s'))).toEqual(files['program.bin'])
  })

  test('inputs and outputs are the buffers themselves', () => {
    const program = unwrap(readProgram(asRead(writeProgram(programOf(layer()))), 'out'))
    expect(program.inputs[0]).toBe(program.buffers[0])
  })

  test('an output that shows the bytes of another tensor has its name and type', () => {
    const text = `graph "view" {
      input %x : i8[1,2,2,8] scale=0.0078125 zp=0
      %tanh = tanh(%x) : i8[1,2,2,8] scale=0.0078125 zp=0
      %y = reshape(%tanh) {shape = [1, 4, 8]} : i8[1,4,8] scale=0.0078125 zp=0
      output %tanh, %y
    }`
    const graph = unwrap(parse(text, 'view.esp', () => ({ ok: false, diagnostics: [] })))
    const program = unwrap(compileTrellis(graph, unwrap(loadTarget('trellis-16'))))
    const read = unwrap(readProgram(asRead(writeProgram(program)), 'out'))
    expect(read).toEqual(program)
    expect(read.outputs.map((b) => [b.id, b.type.shape])).toEqual([
      ['tanh', [1, 2, 2, 8]],
      ['y', [1, 4, 8]],
    ])
    const { layers, outputs } = unwrap(simulateProgram(read))
    expect(layers.map((l) => [l.inputs, l.outputs])).toEqual([[['x'], ['tanh']]])
    expect(outputs).toEqual(['tanh', 'tanh'])
  })

  test('the manifest is for people too', () => {
    const manifest = writeProgram(programOf(layer()))['manifest.json']
    expect(manifest).toContain('"format": "espalier-trellis-program",\n  "version": 4,')
    expect(manifest).toContain('"shape": [1, 1, 8, 16]')
    expect(manifest).toContain('"scale": [0.10000000149011612]')
  })

  test('a number that JSON has not is our own mistake', () => {
    expect(() => writeProgram({ ...programOf(layer()), estimatedCycles: Number.NaN })).toThrow(
      'estimatedCycles',
    )
  })
})

describe('files that are not a program', () => {
  const good = () => asRead(writeProgram(programOf(layer())))
  const manifestWith = (from: string | RegExp, to: string) => {
    const text = writeProgram(programOf(layer()))['manifest.json']
    expect(text).toMatch(from)
    return { ...good(), 'manifest.json': bytes(text.replace(from, to)) }
  }
  const firstOf = (files: Readonly<Record<string, Uint8Array>>) => {
    const result = readProgram(files, 'out')
    return result.ok ? undefined : result.diagnostics[0]
  }
  const without = (name: string) => Object.fromEntries(Object.entries(good()).filter(([k]) => k !== name))

  test.each(['manifest.json', 'program.bin', 'weights.bin'])('%s is missing', (name) => {
    expect(firstOf(without(name))).toMatchObject({ code: 'image/missing-file', span: { file: 'out' } })
  })

  test('program.s may be missing', () => {
    expect(firstOf(without('program.s'))).toBeUndefined()
  })

  test('a file of nearly the name', () => {
    expect(firstOf({ ...without('weights.bin'), 'weight.bin': bytes('') })?.hint).toContain(
      'there is weight.bin',
    )
  })

  test.each<[string, string | RegExp, string, object]>([
    ['not JSON', /^\{/, '[', { code: 'image/not-json', span: { file: 'out/manifest.json' } }],
    ['another format', 'espalier-trellis-program', 'something', { code: 'image/not-a-program' }],
    ['JSON of another kind', /^.*$/s, 'null', { code: 'image/not-a-program' }],
    [
      'a later version',
      '"version": 4',
      '"version": 5',
      { code: 'image/version', message: 'the manifest is of version 5; this program reads version 4' },
    ],
    [
      'a wrong type',
      '"batch": 1',
      '"batch": "1"',
      {
        code: 'image/invalid',
        message: 'batch is "1", but must be a whole number, at least 1',
        span: { path: 'batch' },
      },
    ],
    [
      'a key of nobody',
      '"batch": 1',
      '"batch": 1, "extra": 2',
      { code: 'image/invalid', message: 'there is no key "extra"' },
    ],
    [
      'an unknown buffer',
      '"inputs": [\n    "x"',
      '"inputs": [\n    "z"',
      { code: 'image/invalid', message: 'there is no buffer "z"', span: { path: 'inputs.0' } },
    ],
    [
      'an unknown segment',
      '"run": 0',
      '"run": 1',
      { code: 'image/invalid', message: 'there is no segment 1' },
    ],
    [
      'an unknown layer',
      '[0, 8]',
      '[1, 8]',
      { code: 'image/invalid', message: 'there is no layer 1', span: { path: 'segments.0.layerRuns' } },
    ],
    [
      'runs too short',
      '[0, 8]',
      '[0, 7]',
      { code: 'image/invalid', message: 'the runs cover 7 of 8 instructions' },
    ],
    [
      'another number of instructions',
      '"instructions": 8',
      '"instructions": 9',
      { code: 'image/invalid', message: 'they have 9 instructions, but program.bin has 8' },
    ],
    [
      'a buffer outside DRAM',
      '"address": 256',
      '"address": 4096',
      { code: 'image/address', message: 'buffers.1 covers DRAM bytes 4096 to 4224, but DRAM has 2048 bytes' },
    ],
    ['weights outside DRAM', '"weightsAddress": 512', '"weightsAddress": 2000', { code: 'image/address' }],
    [
      'a target that is none',
      '"rows": 16',
      '"rows": 15',
      { code: 'target/invalid', span: { file: 'out/manifest.json', path: 'target.array.rows' } },
    ],
  ])('%s', (_, from, to, expected) => {
    expect(firstOf(manifestWith(from, to))).toMatchObject({ severity: 'error', ...expected })
  })

  test('binaries cut short or changed', () => {
    const files = good()
    expect(
      firstOf({ ...files, 'program.bin': files['program.bin']?.subarray(1) ?? bytes('') }),
    ).toMatchObject({
      code: 'image/size',
      message: 'program.bin has 255 bytes, but the manifest says 256',
    })
    const weights = Uint8Array.from(files['weights.bin'] ?? [])
    weights[3] = 77
    expect(firstOf({ ...files, 'weights.bin': weights })).toMatchObject({ code: 'image/checksum' })
  })

  test('a text that is not UTF-8', () => {
    expect(firstOf({ ...good(), 'manifest.json': Uint8Array.of(0xff, 0xfe) })).toMatchObject({
      code: 'image/not-json',
    })
  })

  test('any one byte changed: a program or a diagnostic, never a crash', () => {
    const manifest = good()['manifest.json'] ?? bytes('')
    fc.assert(
      fc.property(fc.nat(manifest.length - 1), fc.nat(255), (at, value) => {
        const changed = manifest.with(at, value)
        const result = readProgram({ ...good(), 'manifest.json': changed }, 'out')
        if (!result.ok) expect(result.diagnostics[0]?.code).toMatch(/^(image|target|isa)\//)
      }),
      { numRuns: 300 },
    )
  })
})
