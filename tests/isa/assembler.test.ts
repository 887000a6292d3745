import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assemble, disassemble } from '../../backends/trellis/isa/assembler.ts'
import { encode } from '../../backends/trellis/isa/codec.ts'
import { layoutOf, OPCODES } from '../../backends/trellis/isa/layout.ts'
import { listing } from '../../backends/trellis/listing.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { arbitraryInstruction } from './arbitrary.ts'
import { cpuMs } from './cpu-time.ts'
import { end, layer, make, mask, programOf } from './programs.ts'

const programs = fc.array(arbitraryInstruction, { maxLength: 12 })
const bytesOf = (text: string) => unwrap(assemble(text, 'x.s'))

describe('assemble and disassemble', () => {
  test('assemble undoes disassemble', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const bytes = encode(program)
        expect(bytesOf(unwrap(disassemble(bytes, 'x.bin')))).toEqual(bytes)
      }),
    )
  })

  test('whatever the spelling, the disassembly is the canonical one', () => {
    const style = fc.record({
      hex: fc.boolean(),
      zeros: fc.boolean(),
      shuffle: fc.boolean(),
      comment: fc.constantFrom('', ' ; mx=3', '\t;', ';end'),
      newline: fc.constantFrom('\n', '\r\n', '\n\n', '\n ; nothing\n'),
    })
    fc.assert(
      fc.property(programs, style, (program, { hex, zeros, shuffle, comment, newline }) => {
        const canonical = unwrap(disassemble(encode(program), 'x.bin'))
        const respelt = canonical
          .trimEnd()
          .split('\n')
          .map((line) => {
            const [op = '', ...fields] = line.split(' ')
            const names = layoutOf(OPCODES.find((o) => o === op) ?? 'end').fields.map((f) => f.name)
            const absent = names.filter(
              (n) => n !== 'wait' && n !== 'signal' && !fields.some((f) => f.startsWith(`${n}=`)),
            )
            const all = zeros ? [...fields, ...absent.map((n) => `${n}=0`)] : fields
            const spelt = all.map((f) =>
              hex
                ? f.replace(
                    /=(-?)(\d+)$/,
                    (_, minus, n) => `=${minus}0x${Number(n).toString(16).toUpperCase()}`,
                  )
                : f,
            )
            return `  ${[op, ...(shuffle ? spelt.reverse() : spelt)].join('   ')}${comment}`
          })
          .join(newline)
        expect(unwrap(disassemble(bytesOf(program.length > 0 ? respelt : ''), 'x.bin'))).toBe(canonical)
      }),
    )
  })

  test('reads as it should', () => {
    const program = [
      make('mac.dense', { wait: mask('load', 'post'), signal: mask('post'), input: 6720, mx: 8, my: 1 }),
      make('load.weight', { dram: 0x1a40, lanes: 0xffffn }),
      make('post.fill', { value: -128, ring_end: 32 }),
      end,
    ]
    expect(unwrap(disassemble(encode(program), 'x.bin'))).toBe(
      [
        'mac.dense wait=load,post signal=post input=6720 mx=8 my=1',
        'load.weight dram=0x1a40 lanes=0xffff',
        'post.fill ring_end=32 value=-128',
        'end',
        '',
      ].join('\n'),
    )
  })

  test('bytes that are no program', () => {
    expect(disassemble(new Uint8Array(31), 'x.bin')).toMatchObject({
      ok: false,
      diagnostics: [{ code: 'isa/length' }],
    })
  })

  test('20,000 instructions take about a second', () => {
    const long = Array.from({ length: 100 }, () =>
      fc.sample(arbitraryInstruction, { numRuns: 200, seed: 1 }),
    ).flat()
    const bytes = encode(long)
    let back = new Uint8Array()
    const ms = cpuMs(() => {
      back = Uint8Array.from(bytesOf(unwrap(disassemble(bytes, 'x.bin'))))
    })
    expect(ms).toBeLessThan(3000)
    expect(Buffer.compare(back, bytes)).toBe(0)
  })
})

describe('mistakes', () => {
  test.each<[string, string, number, string, string]>([
    [
      'mac.dens mx=1',
      'asm/unknown-instruction',
      1,
      'there is no instruction "mac.dens"',
      'did you mean mac.dense?',
    ],
    [
      '  multiply',
      'asm/unknown-instruction',
      3,
      'there is no instruction "multiply"',
      'instructions are load.act',
    ],
    ['mx=1 mac.dense', 'asm/unknown-instruction', 1, '"mx=1" stands where', 'instructions are'],
    ['mac.dense mx', 'asm/syntax', 11, '"mx" is not of the form NAME=VALUE', 'mx=16'],
    ['mac.dense mx =1', 'asm/syntax', 11, '"mx" is not of the form', 'without spaces'],
    ['mac.dense mx=', 'asm/syntax', 11, '"mx=" is not of the form', 'NAME'],
    ['mac.dense x_stp=1', 'asm/unknown-field', 11, 'mac.dense has no field "x_stp"', 'did you mean x_step?'],
    ['end mx=1', 'asm/unknown-field', 5, 'end has no field "mx"', 'its fields are wait, signal'],
    ['mac.dense mx=1 mx=1', 'asm/field-twice', 16, 'mx is given twice', 'leave one out'],
    ['mac.dense wait=lod', 'asm/unknown-unit', 16, 'there is no unit "lod"', 'did you mean load?'],
    [
      'mac.dense wait=load,',
      'asm/unknown-unit',
      16,
      'there is no unit ""',
      'units are load, mac, post, store',
    ],
    ['mac.dense wait=3', 'asm/unknown-unit', 16, 'there is no unit "3"', 'units are'],
    ['mac.dense mx=1e3', 'asm/number', 14, 'mx is "1e3", not a whole number', '0x1a'],
    ['mac.dense mx=4096', 'asm/range', 14, 'mx is 4096, outside 0..4095', 'mx: outputs in a row'],
    ['mac.dense mx=-1', 'asm/range', 14, 'mx is -1, outside 0..4095', 'mx: '],
    ['post.fill value=128', 'asm/range', 17, 'value is 128, outside -128..127', 'the constant'],
    ['post.fill ring_end=8', 'asm/range', 20, 'ring_end is 8, not a multiple of 16', 'byte address'],
    [
      'load.weight lanes=0x10000000000000000',
      'asm/range',
      19,
      'lanes is 18446744073709551616, outside 0..18446744073709551615',
      'lanes',
    ],
    ['load.table dram=999999999999999999999', 'asm/range', 17, 'outside 0..4294967295', 'DRAM byte address'],
  ])('%s', (line, code, column, message, hint) => {
    const result = assemble(`; a comment\nend\n${line}`, 'x.s')
    const [found] = result.ok ? [] : result.diagnostics
    expect(found).toMatchObject({ code, severity: 'error', span: { file: 'x.s', line: 3, column } })
    expect(found?.message).toContain(message)
    expect(`${found?.message} ${found?.hint}`).toContain(hint === 'NAME' ? 'NAME' : hint)
  })

  test('all of a text at once, up to a limit', () => {
    const result = assemble('nope\n'.repeat(100), 'x.s')
    expect(result.ok ? 0 : result.diagnostics.length).toBe(20)
  })

  test('any text gives bytes or diagnostics', () => {
    const word = fc.constantFrom(
      'mac.dense',
      'end',
      'mx=',
      'mx=1',
      '=',
      'wait=load',
      ';',
      '\n',
      'lanes=-1',
      '\0',
      '0x',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((w) => w.join(' ')),
        ),
        (text) => {
          const result = assemble(text, 'x.s')
          if (!result.ok) expect(result.diagnostics[0]?.code).toMatch(/^asm\//)
        },
      ),
    )
  })
})

describe('program.s', () => {
  test('assembles to program.bin and names segments and layers', () => {
    const program = programOf(layer())
    const text = listing(program)
    expect(bytesOf(text)).toEqual(encode(layer()))
    expect(text.split('\n').slice(0, 5)).toEqual([
      '; "one \\"layer\\"" for "trellis-16"',
      '',
      '; segment 0: 8 instructions at 0x400 of DRAM',
      '; layer 0 conv2d "block/conv" 1x1x8x16',
      'load.weight dram=0x200 groups=1 columns=16 lanes=0xffff',
    ])
  })

  test('several segments; no name ends a comment', () => {
    const one = programOf(layer())
    const [segment] = one.segments
    const [first] = one.layers
    if (!segment || !first) throw new Error('the program has a segment and a layer')
    const layers = [first, { ...first, name: 'a\nend\u2028; b' }]
    const segments = [segment, { ...segment, layerOf: Uint16Array.of(0, 0, 1, 1, 1, 0, 0, 0) }]
    const text = listing({ ...one, layers, segments })
    expect(bytesOf(text)).toEqual(encode([...layer(), ...layer()]))
    expect(text.match(/^; layer .*$/gm)).toHaveLength(4)
  })
})
