/** The probe tells the dot products apart that engines have: emulated ones here, and those of Node under its flags. */
import { arch } from 'node:process'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { singleArtifact } from './handmade.ts'
import { install, runNode, temporaryFolder } from './installed.ts'
import { modelError } from './model-error.ts'
import { hasNode24, NODE_24 } from './node-24.ts'

/** What an engine may add to `sum` for four bytes of `a` and four of `b`. */
type Dot = (a: readonly number[], b: readonly number[], sum: number) => number

const signed = (byte: number): number => (byte << 24) >> 24
const saturate16 = (x: number): number => Math.max(-32768, Math.min(32767, x))
const wrap16 = (x: number): number => (x << 16) >> 16
const saturate32 = (x: number): number => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, x))
const product = (a: readonly number[], b: readonly number[], k: number): number => (a[k] ?? 0) * (b[k] ?? 0)
const pairs = (a: readonly number[], b: readonly number[]): [number, number] => [
  product(a, b, 0) + product(a, b, 1),
  product(a, b, 2) + product(a, b, 3),
]

const exactDot: Dot = (a, b, sum) => (sum + pairs(a, b)[0] + pairs(a, b)[1]) | 0

const DOTS: Readonly<Record<string, { readonly dot: Dot; readonly variants: readonly string[] }>> = {
  'vpdpbusd (x86 with VNNI)': { dot: exactDot, variants: ['relaxed_unsigned', 'plain'] },
  'vpdpbusds, whose sums saturate': {
    dot: (a, b, sum) => saturate32(sum + pairs(a, b)[0] + pairs(a, b)[1]),
    variants: ['plain'],
  },
  'pmaddubsw, whose pairs saturate (x86 without VNNI)': {
    dot: (a, b, sum) => (sum + saturate16(pairs(a, b)[0]) + saturate16(pairs(a, b)[1])) | 0,
    variants: ['plain'],
  },
  'sdot (Arm)': {
    dot: (a, b, sum) => exactDot(a, b.map(signed), sum),
    variants: ['relaxed_signed', 'plain'],
  },
  'smull and addp, whose pairs wrap (Arm without sdot)': {
    dot: (a, b, sum) => {
      const [low, high] = pairs(a, b.map(signed))
      return (sum + wrap16(low) + wrap16(high)) | 0
    },
    variants: ['plain'],
  },
  'seven bits of b': {
    dot: (a, b, sum) =>
      exactDot(
        a,
        b.map((byte) => byte & 127),
        sum,
      ),
    variants: ['plain'],
  },
  'the first lane in all four': { dot: () => 127 * 255 * 4, variants: ['plain'] },
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

/** The runtime, as it loads in an engine with this dot product. */
async function runtimeWith(dot: Dot | undefined, validate: (bytes: Uint8Array) => boolean = () => true) {
  class Instance {
    readonly exports: { memory: { buffer: ArrayBuffer }; dot: () => void }
    constructor() {
      const buffer = new ArrayBuffer(64)
      const run = (): void => {
        const a = new Int8Array(buffer, 0, 16)
        const b = new Uint8Array(buffer, 16, 16)
        const c = new Int32Array(buffer, 32, 4)
        c.forEach((sum, lane) => {
          const four = [lane * 4, lane * 4 + 4] as const
          c[lane] = dot?.([...a.slice(...four)], [...b.slice(...four)], sum) ?? 0
        })
      }
      this.exports = { memory: { buffer }, dot: run }
    }
  }
  class Module {
    constructor() {
      if (dot === undefined) throw new Error('this engine compiles nothing')
    }
  }
  vi.stubGlobal('WebAssembly', { validate, Module, Instance })
  return import('../../../backends/wasm/runtime/runtime.js')
}

test.each(Object.entries(DOTS))('%s', async (_, { dot, variants }) => {
  expect((await runtimeWith(dot)).exactVariants()).toEqual(variants)
})

test('an engine that compiles nothing itself takes the plain module', async () => {
  expect((await runtimeWith(undefined)).detectVariant()).toBe('plain')
})

test('an engine without relaxed SIMD takes the plain module', async () => {
  // The instruction is 0xfd 0x93 0x02.
  const runtime = await runtimeWith(exactDot, (bytes) => !bytes.includes(0x93))
  expect(runtime.exactVariants()).toEqual(['plain'])
})

test('an engine without SIMD, or without WebAssembly, is refused', async () => {
  const { detectVariant } = await runtimeWith(exactDot, () => false)
  expect(detectVariant).toThrow(modelError('no-simd', 'no 128-bit SIMD', 'Use a browser') as Error)
  vi.stubGlobal('WebAssembly', undefined)
  vi.resetModules()
  const fresh = await import('../../../backends/wasm/runtime/runtime.js')
  expect(fresh.detectVariant).toThrow(modelError('no-simd') as Error)
})

describe('Node with some instructions of x86 switched off', () => {
  const root = temporaryFolder()
  afterAll(root.remove)
  const { name } = install(root.path, singleArtifact())
  const script = `
    import { detectVariant, load } from '${name}'
    const name = await load().then((model) => model.variant, (error) => error.code)
    let detected
    try { detected = detectVariant() } catch (error) { detected = error.code }
    console.log(name, detected)`
  const run = (node: string, ...flags: readonly string[]) => runNode(root.path, script, { node, flags })

  test.skipIf(arch !== 'x64')('without SSE 4.1 there is no SIMD', () => {
    expect(run(process.execPath, '--no-enable-sse4-1')).toBe('no-simd no-simd')
  })

  test.skipIf(!hasNode24 || arch !== 'x64')('without VNNI the pairs saturate', () => {
    expect(run(NODE_24, '--no-enable-avx-vnni')).toBe('plain plain')
  })

  test.skipIf(!hasNode24)('compilers with and without optimization agree', () => {
    expect(run(NODE_24, '--liftoff-only')).toBe(run(NODE_24, '--no-liftoff'))
  })
})
