/** ONNX's own tests of single nodes on every backend. */
import { describe, expect, test } from 'vitest'
import { parseTarget, presetYaml } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { optimize } from '../../src/pipeline.ts'
import { checkOnTrellis } from '../laws/trellis-law.ts'
import { checkOnWasm } from '../wasm/wasm-law.ts'
import { hasNodeTests, nodeGraph, nodeTests, runNodeTest } from './node-tests.ts'

const TARGET = unwrap(parseTarget(presetYaml('trellis-16'), 'target'))

describe.skipIf(!hasNodeTests)(
  'ONNX’s node tests (skipped without the Debian package libonnx-testdata)',
  () => {
    test('those that pass give the same bits on all backends', async () => {
      let compared = 0
      for (const name of nodeTests()) {
        if (runNodeTest(name).kind !== 'passed') continue
        const graph = nodeGraph(name)
        try {
          await checkOnWasm(optimize(graph), 1)
          expect(checkOnTrellis(graph, TARGET, 1)).toBe('exact')
        } catch (error) {
          throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error })
        }
        compared++
      }
      expect(compared).toBeGreaterThanOrEqual(250)
    }, 300_000)
  },
)
