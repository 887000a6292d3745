/** ONNX's own tests of single nodes: how many are claimed, that they pass, and what docs/conformance.md says. */
import { describe, expect, test } from 'vitest'
import { hasNodeTests, nodeTests, runNodeTest } from './node-tests.ts'
import { conformancePage } from './page.ts'

describe.skipIf(!hasNodeTests)(
  'ONNX’s node tests (skipped without the Debian package libonnx-testdata)',
  () => {
    const outcomes = new Map(
      hasNodeTests ? nodeTests().map((name) => [name, runNodeTest(name)] as const) : [],
    )
    const count = (kind: string) => [...outcomes.values()].filter((outcome) => outcome.kind === kind).length

    test('at least 250 are claimed, and 95 % of these pass', () => {
      const [passed, failed] = [count('passed'), count('failed')]
      expect(passed + failed).toBeGreaterThanOrEqual(250)
      expect(passed).toBeGreaterThanOrEqual(0.95 * (passed + failed))
    })

    test('docs/conformance.md says so; `npm run conformance` writes it', async () => {
      await expect(conformancePage(outcomes)).toMatchFileSnapshot('../../docs/conformance.md')
    })
  },
)
