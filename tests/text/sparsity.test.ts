/** Block-sparse weights: what is found, what is stored, and what a damaged file is. */
import { describe, expect, test } from 'vitest'
import { Diagnosed, unwrap } from '../../ir/diagnostic.ts'
import { type Graph, valueOf } from '../../ir/graph.ts'
import { discoverBlocks } from '../../ir/passes/discover-blocks.ts'
import { blockDensity, keptBlocks, packBlocks, unpackBlocks } from '../../ir/sparsity.ts'
import { parse, print } from '../../ir/text/index.ts'
import { loadModel } from '../../src/importers/index.ts'
import { inspectGraph } from '../../src/inspect.ts'
import { expectSameGraph } from './same-graph.ts'

const BLOCK = { outputs: 16, inputs: 16 }
const run = (graph: Graph) => discoverBlocks(BLOCK).run(graph, { warn: () => {} })
const load = async (name: string) => unwrap(await loadModel(`examples/digits/${name}.tflite`))

test('blocks run over rows of blocks, taps and columns of blocks', () => {
  const shape = [3, 2, 5]
  const data = new Int8Array(30)
  data[(0 * 2 + 1) * 5 + 4] = 1
  data[(2 * 2 + 0) * 5 + 0] = -1
  const block = { outputs: 2, inputs: 2 }
  expect(keptBlocks(shape, data, block)).toEqual([5, 6])
  expect(blockDensity(shape, data, block)).toBe(2 / 12)
  const bytes = packBlocks('i8', shape, data, block)
  // Two indices and their number, 2 x 1 and 1 x 2 elements.
  expect(bytes).toHaveLength(12 + 4)
  expect(unpackBlocks(bytes, 'i8', shape, block)).toEqual(data)
})

describe('a network pruned to a quarter of its blocks', () => {
  test('has the blocks that its training kept', async () => {
    const graph = run(await load('digits_sparse_int8'))
    const kept = graph.nodes.flatMap((node) => {
      const { type, data, blocks } = valueOf(graph, node.inputs[1] ?? node.inputs[0] ?? '')
      return blocks && data ? [keptBlocks(type.shape, data, blocks).length] : []
    })
    // conv1 9 of 36, point1 4 of 8, conv2 34 of 144, point2 4 of 16, fc1 4 of 16, as its training script counts them.
    expect(kept).toEqual([9, 4, 34, 4, 4])
  })

  test('is stored in a fraction of the bytes, and read back as it was', async () => {
    const graph = await load('digits_sparse_int8')
    const dense = print(graph)
    const sparse = print(run(graph))
    expect(sparse.sidecar.length).toBeLessThan(0.4 * dense.sidecar.length)
    const back = unwrap(parse(sparse.text, 'x.esp', () => ({ ok: true, value: sparse.sidecar })))
    expectSameGraph(back, run(graph))
  })

  test('shows its density by elements and by blocks', async () => {
    const { layers } = inspectGraph(await load('digits_sparse_int8'), 'tflite')
    const conv1 = layers.filter(({ op }) => op === 'conv2d')[1]
    expect(conv1?.block_density).toBe(9 / 36)
    expect(layers.find(({ op }) => op === 'depthwise_conv2d')).not.toHaveProperty('block_density')
  })
})

test('a dense network stays as it is', async () => {
  const graph = await load('digits_int8')
  expect(run(graph)).toBe(graph)
})

describe('damaged blocks are refused', () => {
  const shape = [32, 32]
  const data = new Int8Array(1024)
  data[0] = 1
  data[1023] = 1
  const good = packBlocks('i8', shape, data, BLOCK)
  const damaged = (change: (words: Uint32Array) => void) => {
    const words = new Uint32Array(good.buffer.slice(0))
    change(words)
    return new Uint8Array(words.buffer)
  }
  const message = (bytes: Uint8Array, dtype: 'i8' | 'b1' = 'i8') => {
    try {
      unpackBlocks(bytes, dtype, shape, BLOCK)
      return 'read'
    } catch (error) {
      return error instanceof Diagnosed ? error.diagnostics[0]?.message : error
    }
  }
  test.each<[string, Uint8Array, RegExp]>([
    ['too many', damaged((w) => w.fill(5, 0, 1)), /5 are kept of 4/],
    ['twice the same', damaged((w) => w.fill(0, 1, 3)), /block 0 of 4 is out of order/],
    ['one beyond the last', damaged((w) => w.fill(4, 2, 3)), /block 4 of 4 is out of order/],
    ['cut elements', good.subarray(0, good.length - 1), /end early/],
    ['cut indices', good.subarray(0, 6), /end early/],
    ['nothing', new Uint8Array(0), /end early/],
  ])('%s', (_, bytes, expected) => {
    expect(message(bytes)).toMatch(expected)
  })

  test('signs that are not there', () => {
    expect(message(good, 'b1')).toMatch(/2 are kept of 4/)
  })

  test('with the place in the text', () => {
    const text = `graph "g" {
  weights "g.bin"
  const %w : i8[32,32] scale=1 zp=0 blocks=[16, 16] @0
  const %v : i8[32] blocks=[16, 16] @0
}
`
    const read = parse(text, 'g.esp', () => ({ ok: true, value: damaged((w) => w.fill(9, 0, 1)) }))
    expect(read.ok ? [] : read.diagnostics.map(({ code, span }) => [code, span?.line])).toEqual([
      ['text/blocks', 3],
      ['text/blocks', 4],
    ])
  })
})
