/**
 * Bundles in a browser, under a Content-Security-Policy that allows nothing but the page's own files: every variant that
 * the browser has, and a module worker, give the reference's outputs on every sample.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VARIANTS, type Variant } from '../../backends/wasm/artifact.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { serve } from '../../scripts/static-server.mjs'
import { readArrays } from '../../src/tensors/array-files.ts'
import { call } from '../cli/call.ts'
import { hasZoo, INT8_MODELS, zooPath } from '../importers/zoo.ts'
import { closeBrowser, hasChromium, newPage } from './chromium.ts'

const POLICY = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self'",
}

/** Names of the models and where each lies with its reference: those of the examples need no zoo. */
const MODELS = INT8_MODELS.filter((model) => hasZoo || model.startsWith('own/')).map((model) => {
  const name = model.replace(/^.*\//, '')
  return model.startsWith('own/')
    ? { name, file: `examples/digits/${name}.tflite`, reference: `examples/digits/reference/${name}` }
    : { name, file: zooPath(`${model}.tflite`), reference: zooPath(`reference/${name}`) }
})

interface Job {
  readonly bundle: string
  /** Each is asked for in turn, in the page. */
  readonly variants: readonly Variant[]
  readonly samples: number
  /** Addresses. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

interface Comparison {
  readonly variant?: Variant
  readonly bytes?: number
  readonly differences?: number
  readonly refused?: string
}

const bundles = mkdtempSync(join(tmpdir(), 'browser-bundles-'))
/** What the server gives under `/samples`. */
const tensors = new Map<string, Uint8Array>()
let server: Awaited<ReturnType<typeof serve>>

describe.skipIf(!hasChromium)('in a browser', () => {
  beforeAll(async () => {
    server = await serve({ site: 'tests/browser/site', bundles, samples: tensors }, { headers: () => POLICY })
  })
  afterAll(async () => {
    await closeBrowser()
    server.close()
    rmSync(bundles, { recursive: true })
  })

  test.each(MODELS)('$name', async ({ name, file, reference }) => {
    const compiled = await call('compile', file, '--target', 'wasm', '-o', join(bundles, name))
    expect([compiled.code, compiled.err]).toEqual([0, expect.any(String)])
    const { expected, ...samples } = sampleFiles(name, reference)
    const results = await run({ bundle: `/bundles/${name}/index.js`, variants: VARIANTS, ...samples })

    const has = VARIANTS.filter((variant) => results[variant].refused === undefined)
    expect(has).toContain('plain')
    for (const variant of VARIANTS) {
      expect(results[variant]).toEqual(
        has.includes(variant) ? exact(variant, expected) : { refused: 'variant-not-exact' },
      )
    }
    // Left alone, a bundle takes the first variant that the browser has.
    expect(results.worker).toEqual(exact(must(has[0], 'a variant'), expected))
  })
})

function exact(variant: Variant, bytes: number): Comparison {
  return { variant, bytes, differences: 0 }
}

/** Puts the samples on the server: their addresses, number, and the bytes of all outputs. */
function sampleFiles(name: string, reference: string) {
  const { inputsFile, outputsFile } = JSON.parse(readFileSync(`${reference}.json`, 'utf8')) as {
    readonly inputsFile: string
    readonly outputsFile: string
  }
  const publish = (file: string) =>
    unwrap(readArrays([reference.replace(name, file)])).map(({ array: { data, shape } }, i) => {
      const path = `${file}/${i}`
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      tensors.set(path, bytes)
      return { url: `/samples/${path}`, bytes: bytes.length, samples: must(shape[0], 'samples') }
    })
  const inputs = publish(inputsFile)
  const outputs = publish(outputsFile)
  return {
    samples: must(inputs[0], 'an input').samples,
    inputs: inputs.map(({ url }) => url),
    outputs: outputs.map(({ url }) => url),
    expected: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** What becomes of a job in a page of its own, and in a module worker; the page must have nothing to complain of. */
async function run(job: Job): Promise<Readonly<Record<Variant | 'worker', Comparison>>> {
  const { page, complaints } = await newPage()
  await page.goto(`${server.address}/site/index.html?job=${encodeURIComponent(JSON.stringify(job))}`)
  const results = await page.evaluate(
    () => (globalThis as unknown as { results: ReturnType<typeof run> }).results,
  )
  expect(complaints).toEqual([])
  await page.context().close()
  return results
}
