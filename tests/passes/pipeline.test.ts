import { expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import type { Pass } from '../../ir/pass.ts'
import { parse } from '../../ir/text/index.ts'
import { OPTIMIZATIONS, optimize, runPasses } from '../../src/pipeline.ts'

function graphOf(text: string): Graph {
  return unwrap(
    parse(text, 'text', (name) => ({
      ok: false,
      diagnostics: [{ code: 'x', severity: 'error', message: name }],
    })),
  )
}

const NETWORK = graphOf(`graph "network" {
  input %x : i8[1,2] scale=0.5 zp=0
  %y = relu(%x) : i8[1,2] scale=0.5 zp=0
  output %y
}`)

test('a pass that leaves a wrong graph is named', () => {
  const broken: Pass<Graph> = {
    name: 'lose-nodes',
    summary: 'Loses all nodes.',
    run: (graph) => ({ ...graph, nodes: [] }),
  }
  const run = () => runPasses(NETWORK, [broken], { warn: () => {} })
  expect(run).toThrow(/internal error: .*network after pass lose-nodes/)
  expect(run).toThrow(/ir\/undefined-value/)
})

test('every pass has a name of its own, a summary and a reason', () => {
  const names = OPTIMIZATIONS.map(({ pass }) => pass.name)
  expect(new Set(names).size).toBe(names.length)
  for (const { pass, because } of OPTIMIZATIONS) {
    expect(pass.name).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(pass.summary).toMatch(/^[A-Z].*\.$/)
    expect(because.length).toBeGreaterThan(10)
  }
})

test('a network with channels first between its convolutions loses every transpose', () => {
  const graph = graphOf(`graph "channels first" {
    input %x : i8[1,4,4,2] scale=0.5 zp=0
    const %w : i8[1,1,1,2] scale=0.25 zp=0 = [1, 2]
    %nchw = transpose(%x) {perm = [0, 3, 1, 2]} : i8[1,2,4,4] scale=0.5 zp=0
    %padded = pad(%nchw) {paddings = [0, 0, 0, 0, 1, 1, 1, 1], value = 0} : i8[1,2,6,6] scale=0.5 zp=0
    %relu = relu(%padded) : i8[1,2,6,6] scale=0.5 zp=0
    %nhwc = transpose(%relu) {perm = [0, 2, 3, 1]} : i8[1,6,6,2] scale=0.5 zp=0
    %conv = conv2d(%nhwc, %w) {stride = [1, 1]} : i8[1,6,6,1] scale=1 zp=0
    %one = transpose(%conv) {perm = [0, 3, 1, 2]} : i8[1,1,6,6] scale=1 zp=0
    %two = relu(%one) : i8[1,1,6,6] scale=1 zp=0
    %three = transpose(%two) {perm = [0, 2, 3, 1]} : i8[1,6,6,1] scale=1 zp=0
    output %three
  }`)
  const { nodes } = optimize(graph)
  expect(nodes.map(({ op }) => op)).toEqual(['pad', 'relu', 'conv2d'])
  expect(nodes.at(-1)).toMatchObject({ outputs: ['three'], attrs: { activation: 'relu' } })
})
