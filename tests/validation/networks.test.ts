/** The networks of docs/validation.md are the published ones: valid graphs of the published shapes and products. */
import { expect, test } from 'vitest'
import { loadTarget } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { verify } from '../../ir/verifier.ts'
import { ALEXNET, groupGraph } from '../../scripts/docs/validation/eyeriss-section.ts'
import { difference, simulated } from '../../scripts/docs/validation/figures.ts'
import { CNV_W1A1, cnvW1A1, matrixVectorLayer } from '../../scripts/docs/validation/finn-section.ts'
import { ALEXNET_CONV1, GEMM, layerGraph, RESNET8 } from '../../scripts/docs/validation/systolic-section.ts'
import { inspectGraph } from '../../src/inspect.ts'

test.each([ALEXNET_CONV1, GEMM, ...RESNET8])('$name has the products of its matrices', (layer) => {
  const graph = layerGraph(layer)
  expect(verify(graph)).toEqual([])
  const { m, k, n } = layer.product
  expect(inspectGraph(graph, 'esp').macs).toBe(m * k * n)
})

test('CNV-W1A1: each layer has the products of its matrix, and Trellis leaves none to the host', () => {
  const graph = cnvW1A1()
  expect(verify(graph)).toEqual([])
  const macs = new Map(inspectGraph(graph, 'esp').layers.map((layer) => [layer.name, layer.macs]))
  for (const layer of CNV_W1A1) {
    const { pixels, depth, outputs } = matrixVectorLayer(layer)
    expect(macs.get(layer.name)).toBe(pixels * depth * outputs)
  }
  const result = simulated(graph, unwrap(loadTarget('trellis-16')))
  expect(result.host_ops).toEqual([])
  expect(result.layers.filter((l) => l.macs > 0).map((l) => l.precision)).toEqual([
    'i8',
    ...Array.from({ length: 8 }, () => 'b1xb1'),
  ])
})

test('AlexNet: 666 M products, and each layer gives what the next takes, a 3x3 maximum of stride 2 aside', () => {
  const layers = ALEXNET.map((layer) => {
    const graph = groupGraph(layer)
    expect(verify(graph)).toEqual([])
    const { macs, outputs } = inspectGraph(graph, 'esp')
    return { macs: macs * layer.groups, shape: outputs[0]?.shape }
  })
  expect(layers.reduce((sum, { macs }) => sum + macs, 0)).toBe(665_784_864)
  expect(layers.map(({ shape }) => shape)).toEqual([
    [1, 55, 55, 96],
    [1, 27, 27, 128],
    [1, 13, 13, 384],
    [1, 13, 13, 192],
    [1, 13, 13, 128],
  ])
})

test('a difference is relative to the figure of the others', () => {
  expect(difference(112, 100)).toBe('+12.0 %')
  expect(difference(50, 100)).toBe('-50.0 %')
  expect(difference(7, 7)).toBe('0')
})
