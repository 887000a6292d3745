import { expect, test } from 'vitest'
import { compileWasm } from '../../backends/wasm/compile.ts'
import { perTensor } from '../../ir/tensor.ts'
import { verify } from '../../ir/verifier.ts'
import { oneOpGraph } from './one-op.ts'

test('what cannot be computed exactly is refused by node and reason', () => {
  const quant = perTensor(1, 0)
  const graph = oneOpGraph({
    op: 'conv2d',
    operands: [
      { type: { dtype: 'i16', shape: [1, 1, 1, 2], quant } },
      { type: { dtype: 'i8', shape: [1, 1, 1, 2], quant }, data: Int8Array.of(1, 2) },
    ],
    attrs: { stride: [1, 1] },
    output: { dtype: 'i16', quant: perTensor(2 ** -20, 0) },
  })
  expect(verify(graph)).toEqual([])
  expect(compileWasm(graph)).toMatchObject({
    ok: false,
    diagnostics: [
      {
        code: 'wasm/unsupported',
        message: expect.stringContaining('conv2d (node conv2d) cannot be compiled to WebAssembly: a scale'),
        hint: expect.stringContaining('--backend reference'),
      },
    ],
  })
})
