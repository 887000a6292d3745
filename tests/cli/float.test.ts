/** Networks on float32 tensors, wholly or in part, through the commands. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { call } from './call.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-float-'))
afterAll(() => rmSync(folder, { recursive: true }))

const FLOAT = `graph "float" {
  input %x : f32[1,4,4,2]
  const %w : f32[3,3,3,2] = [${Array(54).fill(0.25)}]
  %conv = conv2d(%x, %w) {stride = [1, 1], pads = [1, 1, 1, 1], activation = relu} : f32[1,4,4,3]
  %y = softmax(%conv) : f32[1,4,4,3]
  output %y
}
`

const HALF = `graph "half" {
  input %x : f32[1,4,4,2]
  %q = quantize(%x) : i8[1,4,4,2] scale=0.0625 zp=3
  const %w : i8[8,1,1,2] scale=0.01 zp=0 = [${Array(16).fill(5)}]
  %conv = conv2d(%q, %w) {stride = [1, 1]} : i8[1,4,4,8] scale=0.05 zp=0
  %real = dequantize(%conv) : f32[1,4,4,8]
  %y = exp(%real) : f32[1,4,4,8]
  output %y
}
`

function written(name: string, text: string): string {
  const file = join(folder, `${name}.esp`)
  writeFileSync(file, text)
  return file
}

describe.each([
  ['float', FLOAT, 0],
  ['half', HALF, 1],
])('%s', (name, text, layers) => {
  const file = written(name, text)

  test('all backends equal the reference', async () => {
    const { code, out } = await call('verify', file, '--runs', '2', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ model: name })
  })

  test('what the host computes is named, with its reason', async () => {
    const { code, out } = await call('simulate', file, '--json')
    expect(code).toBe(0)
    const report = JSON.parse(out)
    expect(report.layers).toHaveLength(layers)
    expect(report.cycles > 0).toBe(layers > 0)
    expect(report.host_ops.at(-1)).toMatchObject({ reason: 'the machine has no floating point' })
  })

  test('the text has no number that is none', async () => {
    const { out } = await call('simulate', file)
    expect(out).toContain('on the host')
    expect(out).not.toMatch(/NaN|Infinity/)
    expect(out.includes('the machine does nothing')).toBe(layers === 0)
  })

  test('inspect counts weights and products', async () => {
    const { code, out } = await call('inspect', file, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      parameters: layers === 0 ? 54 : 16,
      macs: layers === 0 ? 16 * 54 : 16 * 16,
    })
  })

  test('it compiles for both machines', async () => {
    for (const target of ['trellis-16', 'wasm']) {
      const { code, err } = await call(
        'compile',
        file,
        '--target',
        target,
        '-o',
        join(folder, `${name}-${target}`),
      )
      expect([code, err]).toEqual([0, expect.any(String)])
    }
  })
})
