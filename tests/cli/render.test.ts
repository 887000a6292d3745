import { expect, test } from 'vitest'
import { renderDiagnostic } from '../../src/cli/render.ts'
import { styleOf } from '../../src/cli/style.ts'

const DIAGNOSTIC = {
  code: 'target/unknown-key',
  severity: 'error',
  message: 'there is no key "clok"',
  span: { file: 't.yaml', line: 2, column: 1 },
  notes: ['keys are name, clock_mhz'],
  hint: 'did you mean clock_mhz?',
} as const

test('code, message, place, notes and hint, without colour', () => {
  expect(renderDiagnostic(DIAGNOSTIC, styleOf(0))).toBe(
    `error[target/unknown-key] there is no key "clok"
  at t.yaml:2:1
  note: keys are name, clock_mhz
  hint: did you mean clock_mhz?
`,
  )
})

test.each([
  [{ file: 'm.tflite', offset: 12 }, 'm.tflite, byte 12'],
  [{ file: 'm.tflite', path: 'subgraph 0' }, 'm.tflite, subgraph 0'],
  [{ file: 'm.esp', line: 3 }, 'm.esp:3'],
])('the place %j', (span, text) => {
  expect(renderDiagnostic({ code: 'a/b', severity: 'warning', message: 'm', span }, styleOf(0))).toContain(
    `at ${text}\n`,
  )
})

test('colour only where a style has it', () => {
  const escape = String.fromCharCode(27)
  expect(renderDiagnostic(DIAGNOSTIC, styleOf(1))).toContain(`${escape}[`)
  expect(renderDiagnostic(DIAGNOSTIC, styleOf(0))).not.toContain(escape)
})
