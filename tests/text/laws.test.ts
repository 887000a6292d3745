import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { parse, print } from '../../ir/text/index.ts'
import { formatNumber, formatValueId, parseNumber, parseValueId } from '../../ir/text/lexical.ts'
import { randomGraph } from './random-graph.ts'
import { expectSameGraph } from './same-graph.ts'

describe('printing and parsing', () => {
  test('parse(print(graph)) is the graph, and prints the same again', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const { text, sidecar } = print(graph)
        const parsed = unwrap(parse(text, 'random.esp', () => ({ ok: true, value: sidecar })))
        expectSameGraph(parsed, graph)
        const again = print(parsed)
        expect(again.text).toBe(text)
        expect(Buffer.compare(again.sidecar, sidecar)).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('any text is parsed or refused with a diagnostic that has a line', () => {
    const piece = fc.constantFrom(
      ...[
        'graph',
        '"g"',
        '{',
        '}',
        'input',
        '%x',
        '%y',
        ':',
        'i8',
        '[',
        '1',
        ']',
        ',',
        '=',
        'relu',
        '(',
        ')',
      ],
      ...[
        'const',
        '@',
        '-1',
        '1.5e3',
        'scale',
        'zp',
        'axis',
        'output',
        'weights',
        '"w.bin"',
        '// c\n',
        '\n',
        '"',
        '%',
      ],
    )
    const mutated = fc
      .tuple(randomGraph, fc.nat(), fc.nat({ max: 20 }), piece)
      .map(([graph, at, length, inserted]) => {
        const { text } = print(graph)
        const start = at % text.length
        return text.slice(0, start) + inserted + text.slice(start + length)
      })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((p) => p.join(' ')),
          mutated,
        ),
        (text) => {
          const result = parse(text, 'x.esp', () => ({ ok: true, value: new Uint8Array(64) }))
          if (!result.ok) for (const { span } of result.diagnostics) expect(span?.line).toBeGreaterThan(0)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('numbers', () => {
  test('every number comes back exactly', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.float(), fc.maxSafeInteger()), (x) => {
        expect(parseNumber(formatNumber(x))).toBe(x)
      }),
    )
  })

  test('a float32 needs no more digits than tell it from its neighbours', () => {
    expect(formatNumber(Math.fround(0.1))).toBe('0.1')
    expect(formatNumber(Math.fround(0.0235))).toBe('0.0235')
    expect(formatNumber(0.1)).toBe('0.1d')
    expect(formatNumber(2 ** -149)).toBe('1e-45')
    expect(formatNumber(2 ** 127)).toBe('1.7014118e+38')
    expect(formatNumber(2 ** 60)).toBe('1152921500000000000.0')
    expect(formatNumber(3)).toBe('3')
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const digits = formatNumber(x)
          .replace(/e.*/, '')
          .replace(/\D/g, '')
          .replace(/^0+|0+$/g, '')
        if (!Number.isInteger(x)) expect(digits.length).toBeLessThanOrEqual(9)
      }),
    )
  })
})

describe('names', () => {
  test('every name comes back exactly', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (id) => {
        expect(parseValueId(formatValueId(id))).toBe(id)
      }),
    )
  })

  test('only names that need quotes have them', () => {
    expect(formatValueId('conv1.weight_0')).toBe('%conv1.weight_0')
    expect(formatValueId('model/Relu;x')).toBe('%"model/Relu;x"')
    expect(formatValueId('')).toBe('%""')
  })
})
