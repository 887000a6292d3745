/** The verifier of programs, one case a finding. Long because each rule of the machine has its smallest broken program here. */
import { describe, expect, test } from 'vitest'
import type { Instruction } from '../../backends/trellis/isa/table.ts'
import { verifyProgram } from '../../backends/trellis/verify-program.ts'
import { cpuMs } from './cpu-time.ts'
import { end, layer, make, mask, programOf, target } from './programs.ts'

/** The findings as `code at instruction: message`. */
function found(instructions: readonly Instruction[]): string[] {
  return verifyProgram({ instructions, target }).map(
    (d) => `${d.code} ${d.span?.path?.match(/\d+(?=\]$)/)}: ${d.message}`,
  )
}

/** The hand-written layer with changes at some places. */
function layerWith(changes: Readonly<Record<number, object>>): Instruction[] {
  return layer().map((i, index) => ({ ...i, ...changes[index] }) as Instruction)
}

const fill = (fields: object = {}) => make('load.fill', { rows: 1, bytes: 64, ...fields })
const postFill = (fields: object = {}) => make('post.fill', { rows: 1, bytes: 64, ...fields })
/** Writes the bytes that `store` reads. */
const filled = [fill({ signal: mask('store') }), make('store', { wait: mask('load'), rows: 1, bytes: 1 })]
const store = (fields: object = {}) => make('store', { rows: 1, bytes: 64, ...fields })

test('a correct program has no findings, with and without its constants', () => {
  expect(found(layer())).toEqual([])
  expect(verifyProgram(programOf(layer()))).toEqual([])
})

describe('single instructions', () => {
  test.each<[string, Instruction, string]>([
    [
      'program/field',
      fill({ bytes: 2 ** 17 }),
      'has a value that its field cannot hold: bytes is 131072, outside 0..131071',
    ],
    ['program/operand', fill({ rows: 0 }), 'has rows=0: there is nothing to do'],
    [
      'program/operand',
      fill({ ring_end: 16, ring_size: 32 }),
      'has a row ring of 32 bytes that ends at 16, outside the activation memory of 131072 bytes',
    ],
    ['program/operand', make('load.weight', { groups: 1, columns: 1 }), 'fills no lane: lanes=0'],
    [
      'program/operand',
      make('post.setup', { s_out: -32 }),
      'has s_out=-32, but a requantization shifts by 31 bits at most',
    ],
    [
      'program/operand',
      make('post.pool', { mx: 1, my: 1, kx: 1, ky: 1, last_lanes: 1, rounding: 3 }),
      'has rounding=3, which means nothing',
    ],
    [
      'program/operand',
      make('load.weight', { groups: 1, columns: 1, lanes: 1n << 16n }),
      'fills lane 16, but the array has 16 lanes',
    ],
    [
      'program/operand',
      make('mac.depthwise', {
        mx: 200,
        my: 1,
        entries: 1,
        blocks: 1,
        lines: 3,
        taps: 3,
        x_stride: 1,
        y_stride: 1,
      }),
      'streams rows of 202 words, but the line buffers hold 128',
    ],
    [
      'program/operand',
      make('mac.depthwise', {
        mx: 1,
        my: 1,
        entries: 1,
        blocks: 2,
        lines: 3,
        taps: 3,
        x_stride: 1,
        y_stride: 1,
        resume: 1,
      }),
      'resumes the line buffers, but they hold the rows of one list entry and one block only',
    ],
    [
      'program/operand',
      make('mac.depthwise', {
        mx: 1,
        my: 1,
        entries: 1,
        blocks: 1,
        lines: 1,
        taps: 3,
        x_stride: 1,
        y_stride: 2,
        resume: 1,
      }),
      'resumes the line buffers, but with y_stride larger than lines they hold nothing',
    ],
    [
      'program/operand',
      make('mac.depthwise', {
        mx: 1,
        my: 1,
        entries: 1,
        blocks: 1,
        lines: 1,
        taps: 3,
        x_stride: 0,
        y_stride: 1,
      }),
      'has a stride of 0',
    ],
    [
      'program/operand',
      make('post.acc', { mx: 1, my: 1, blocks: 1, last_lanes: 17 }),
      'has last_lanes=17, but a vector has 16 lanes',
    ],
    [
      'program/operand',
      make('post.acc', { mx: 1, my: 1, blocks: 1, last_lanes: 16, mode: 6 }),
      'has mode=6, which means nothing',
    ],
    [
      'program/operand',
      make('post.acc', { mx: 1, my: 1, blocks: 1, last_lanes: 16, mode: 3 }),
      'has no thresholds: steps=0',
    ],
    [
      'program/operand',
      make('post.acc', { mx: 1, my: 1, blocks: 1, last_lanes: 16, mode: 5, steps: 3, multiplier: -256 }),
      'has multiplier=-256: neighbouring results are at most 255 apart',
    ],
    [
      'program/operand',
      make('post.acc', { mx: 1, my: 1, blocks: 1, last_lanes: 16, mode: 1, precision: 1 }),
      'has results of 4 bits in mode 1, which works on bytes',
    ],
    [
      'program/operand',
      make('post.acc', { mx: 1, my: 1, blocks: 1, last_lanes: 9, precision: 1 }),
      'has results of 4 bits, which do not fill whole bytes',
    ],
    [
      'program/operand',
      make('load.weight', { groups: 1, columns: 1, lanes: 1n, precision: 1 }),
      'reads weights of 8 bits for lanes of 4: they can be widened only',
    ],
    [
      'program/operand',
      make('mac.depthwise', { mx: 1, my: 1, entries: 1, blocks: 1, lines: 1, taps: 1, precision: 1 }),
      'has precision other than 0, but its columns are bytes',
    ],
    [
      'program/operand',
      make('post.unary', { mx: 1, my: 1, last_lanes: 16, mode: 3 }),
      'has mode=3, which means nothing',
    ],
    [
      'program/operand',
      make('post.binary', { mx: 1, my: 1, last_lanes: 16, kind: 3 }),
      'has kind=3, which means nothing',
    ],
    [
      'program/token',
      make('post.setup', { signal: mask('store') }),
      'signals, but may be done before the post instructions in front of it',
    ],
  ])('%s: %s', (code, instruction, message) => {
    expect(found([instruction, end])).toEqual([`${code} 0: instruction 0 (${instruction.op}) ${message}`])
  })

  test('more lanes or bits than the target has', () => {
    const narrow = { ...target, array: { ...target.array, rows: 4 }, precisions: [8 as const] }
    const depthwise = { mx: 1, my: 1, entries: 1, blocks: 1, lines: 2, taps: 3, x_stride: 1, y_stride: 1 }
    const messages = verifyProgram({
      instructions: [
        make('mac.depthwise', depthwise),
        make('mac.dense', { mx: 1, my: 1, entries: 1, blocks: 1, precision: 1 }),
        end,
      ],
      target: narrow,
    }).map((d) => d.message)
    expect(messages).toEqual([
      'instruction 0 (mac.depthwise) uses 6 lanes for 2 lines of up to 3 taps, but the array has 4',
      'instruction 1 (mac.dense) works on 4-bit elements, which the target lacks',
    ])
  })

  test('addresses outside a memory', () => {
    expect(found([fill({ act: 131072 - 63 }), end])).toEqual([
      'program/address 0: instruction 0 (load.fill) writes activation 131009..131072, but activation memory ends at 131071',
    ])
    expect(found([make('load.param', { param: 4096, bytes: 4 }), end])[0]).toContain(
      'writes parameter 4096..4099',
    )
    expect(found([make('load.index', { list: 1023, entries: 2 }), end])[0]).toContain(
      'writes index 1023..1024',
    )
    expect(
      found([make('load.weight', { column: 4095, groups: 1, columns: 2, lanes: 1n }), end])[0],
    ).toContain('writes weight 4095..4096, but weight memory ends at 4095')
    const past = verifyProgram(programOf([...filled, store({ dram: 2000 }), end]))
    expect(past[0]?.message).toContain('writes dram 2000..2063, but dram memory ends at 2047')
  })

  test('a window that starts before the memory, once the list is known', () => {
    const [finding] = verifyProgram(programOf(layer(), -16))
    expect(finding?.message).toContain('(mac.dense) reads activation -16..')
    expect(finding?.notes).toEqual(['it works for layer conv2d "block/conv"'])
    expect(finding?.span?.path).toBe('segments[0].instructions[4]')
  })

  test('a store onto constants or instructions', () => {
    const findings = verifyProgram(programOf([...filled, store({ dram: 500 }), store({ dram: 1024 }), end]))
    expect(findings[0]?.code).toBe('program/overwrites')
    expect(findings.map((d) => d.message)).toEqual([
      'instruction 2 (store) writes dram 500..563, where weights stand (512..783)',
      'instruction 3 (store) writes dram 1024..1087, where instructions stand (1024..1183)',
    ])
  })

  test.each<[string, Readonly<Record<number, object>>, string]>([
    ['lists', { 4: { list: 1 } }, '4 (mac.dense) reads index 1..1'],
    ['weights', { 0: { columns: 12 } }, '4 (mac.dense) reads weight 12..15'],
    ['sums to add to', { 4: { accumulate: 1 } }, '4 (mac.dense) reads accumulator 0..7'],
    ['sums', { 4: { mx: 7 } }, '5 (post.acc) reads accumulator 7..7'],
    ['parameters', { 3: { bytes: 140 } }, '5 (post.acc) reads parameter 140..143'],
    ['tables', { 5: { mode: 2, table: 3 } }, '5 (post.acc) reads table 3..3'],
    ['windows', { 2: { bytes: 100 } }, '4 (mac.dense) reads activation 100..127'],
    ['results', { 6: { act: 16300 } }, '6 (store) reads activation 16300..16383'],
  ])('%s that nothing has written', (_, changes, expected) => {
    const [finding] = verifyProgram(programOf(layerWith(changes)))
    expect(finding?.code).toBe('program/not-ready')
    expect(finding?.message).toBe(`instruction ${expected}, which nothing has written`)
  })

  test('what means nothing need not be written: other columns, other lanes, bytes between vectors', () => {
    const columns = { 0: { columns: 12 }, 4: { last_columns: 12 }, 5: { last_lanes: 12 } }
    const outputs = { 6: { rows: 8, y_step: 16, bytes: 12, dram_pitch: 16 } }
    expect(verifyProgram(programOf(layerWith({ ...columns, ...outputs })))).toEqual([])
    expect(verifyProgram(programOf(layerWith(columns)))[0]?.message).toContain(
      'reads activation 16396..16399',
    )
    const lanes = { 0: { lanes: 0xfffn }, 2: { bytes: 124 } }
    expect(verifyProgram(programOf(layerWith(lanes)))).toEqual([])
  })

  test('thresholds that do not ascend', () => {
    const stairs = { mode: 3, steps: 2, multiplier: 1, shift: 0, per_channel: 0 }
    const program = programOf(layerWith({ 3: { bytes: 16 * 13 }, 5: stairs }))
    expect(verifyProgram(program)).toEqual([])
    // Of column 2 the first: behind 16 biases.
    const at = program.segments[0]?.instructions[3] as unknown as { readonly dram: number }
    program.weights[at.dram - program.weightsAddress + 4 * (16 + 2)] = 1
    expect(verifyProgram(program).map((d) => d.message)).toEqual([
      'instruction 5 (post.acc) searches the thresholds of column 2, which do not ascend',
    ])
  })

  test('a row that leaves its ring', () => {
    const ring = { ring_end: 96, ring_size: 96 }
    const rows = { rows: 3, bytes: 24, y_step: 32, ...ring }
    expect(found([fill(rows), fill({ ...rows, act: 8 }), fill({ ...rows, act: 72 }), end])).toEqual([])
    expect(found([fill({ ...rows, act: 9 }), end])).toEqual([
      'program/operand 0: instruction 0 (load.fill) writes activation 73..96 past the end of its row ring',
    ])
    // Addresses wrap once.
    expect(found([fill({ ...rows, rows: 7 }), end])[0]).toContain('writes activation 96..119 past the end')
  })

  test('a result on an operand of its own', () => {
    const copy = { mx: 4, my: 2, last_lanes: 16, in_x_step: 16, x_step: 16, in_y_step: 64, y_step: 64 }
    expect(found([make('post.unary', copy), make('post.unary', { ...copy, out: 128 }), end])).toEqual([])
    expect(found([make('post.unary', { ...copy, out: 16 }), end])).toEqual([
      'program/operand 0: instruction 0 (post.unary) reads activation 0..63, where it writes itself, in no order that is promised',
    ])
    const narrow = { ...copy, my: 1, in_x_step: 8, x_step: 8 }
    expect(found([make('post.unary', narrow), end])[0]).toContain(
      'reads activation 0..39, where it writes itself',
    )
    const setup = make('post.setup', { operand: 128, x_step: 16, y_step: 64 })
    const add = (fields: object) => make('post.binary', { ...copy, ...fields })
    expect(found([setup, add({ out: 128 }), add({ out: 256 }), add({ out: 0 }), end])).toEqual([])
    expect(found([setup, add({ out: 200 }), end])[0]).toContain('(post.binary) reads activation 192..255')
  })

  describe('resumed rows', () => {
    const shape = { x_step: 16, y_step: 64, mx: 2, my: 2, lines: 2, taps: 3, x_stride: 1, y_stride: 1 }
    const program = (second: object, between: readonly Instruction[] = [fill({ act: 0, bytes: 1 })]) => {
      const [weights, list] = layer()
      const tile = (fields: object) =>
        make('mac.depthwise', { ...shape, entries: 1, blocks: 1, wait: mask('load'), ...fields })
      return verifyProgram(
        programOf([
          ...([weights, list] as Instruction[]),
          fill({ bytes: 512, signal: mask('mac') }),
          tile({ signal: mask('load') }),
          ...between.map((i, k) => ({ ...i, ...(k === 0 ? { wait: mask('mac') } : {}) })),
          fill({ act: 4096, signal: mask('mac') }),
          tile({ input: 128, resume: 1, ...second }),
          end,
        ]),
      ).map((d) => d.message)
    }

    test('go on where the instruction before stopped', () => {
      expect(program({})).toEqual([])
      expect(program({ input: 192 })).toEqual([
        'instruction 6 (mac.depthwise) resumes at activation 192, but the rows of the mac instruction before it go on at 128',
      ])
    })
    test('need an instruction of the same shape before', () => {
      expect(program({ mx: 1 })).toEqual([
        'instruction 6 (mac.depthwise) resumes the rows of the mac instruction before it, which has none of the same shape',
      ])
    })
    test('must not be written in between', () => {
      expect(program({}, [fill({ act: 128, bytes: 8 })])).toEqual([
        'instruction 6 (mac.depthwise) resumes rows that stand in activation 128..159, which was written since they were streamed',
      ])
    })
  })

  test('a post without its setup', () => {
    expect(found([make('post.binary', { mx: 1, my: 1, last_lanes: 16, out: 64 }), end])[0]).toContain(
      'no post.setup comes before it',
    )
  })
})

describe('the end', () => {
  test('missing', () => {
    expect(found([fill()])).toEqual([
      'program/end 1: the end of the program is reached without an `end`: the fetch unit would run on',
    ])
    expect(found([])).toHaveLength(1)
  })
  test('too early', () => {
    expect(found([end, fill(), end])).toEqual([
      'program/end 0: instruction 0 (end) stops the program, but 2 instructions follow',
    ])
  })
  test('with tokens', () => {
    expect(found([fill({ signal: mask('load') }), make('end', { wait: mask('load') })])[0]).toContain(
      'program/token',
    )
  })
})

describe('tokens', () => {
  test('a wait that nothing answers', () => {
    expect(found([fill({ wait: mask('post') }), end])).toEqual([
      'program/deadlock 0: instruction 0 (load.fill) waits forever for token 1 of post: no instruction gives it: post gives 0 in all',
    ])
  })

  test('a circle', () => {
    expect(
      found([
        fill({ wait: mask('post'), signal: mask('post') }),
        postFill({ wait: mask('load'), signal: mask('load'), out: 32768 }),
        end,
      ]),
    ).toEqual([
      'program/deadlock 0: instruction 0 (load.fill) waits forever for token 1 of post: instruction 1 (post.fill), which would give it, waits itself',
      'program/deadlock 1: instruction 1 (post.fill) waits forever for token 1 of load: instruction 0 (load.fill), which would give it, waits itself',
    ])
  })

  test('a token given behind a full queue', () => {
    const waiting = [fill({ wait: mask('post') }), ...Array.from({ length: 16 }, () => fill())]
    const giver = postFill({ out: 32768, signal: mask('load') })
    expect(found([...waiting, giver, end])).toEqual([
      'program/deadlock 0: instruction 0 (load.fill) waits forever for token 1 of post: instruction 17 (post.fill), which would give it, stands behind a full queue of 16 instructions',
    ])
    expect(found([...waiting.slice(1), giver, end].with(0, fill({ wait: mask('post') })))).toEqual([])
  })

  test('tokens left at the end are a warning', () => {
    const [finding] = verifyProgram({ instructions: [fill({ signal: mask('mac', 'load') }), end], target })
    expect(finding).toMatchObject({ code: 'program/tokens-left', severity: 'warning' })
    expect(finding?.message).toContain('gives load a token that nothing takes: 1 of 1 from load are left')
  })

  test('more tokens than a counter holds', () => {
    const gives = (n: number) => Array.from({ length: n }, () => fill({ signal: mask('post') }))
    const takes = (n: number) => Array.from({ length: n }, () => postFill({ wait: mask('load'), out: 32768 }))
    expect(found([...gives(255), ...takes(255), end])).toEqual([])
    expect(found([...gives(256), ...takes(256), end])).toEqual([
      'program/too-many-tokens 255: instruction 255 (load.fill) may give post a token when 255 from load are waiting, more than the counter holds',
    ])
    // Post instructions that left the queue took their tokens: the queue bounds how far load can run ahead.
    const alternating = Array.from({ length: 400 }, () => [...gives(1), ...takes(1)]).flat()
    expect(found([...alternating, end])).toEqual([])
    // Tokens in return bound it too.
    const returned = Array.from({ length: 20 }, () => [
      ...gives(20),
      ...takes(19),
      postFill({ wait: mask('load'), signal: mask('load'), out: 32768 }),
      fill({ wait: mask('post') }),
    ]).flat()
    expect(found([...returned, end])).toEqual([])
  })
})

describe('data and ports', () => {
  test('reads before the write is done', () => {
    expect(found(layerWith({ 5: { signal: 0 }, 6: { wait: 0 } }))).toEqual([
      'program/data-hazard 6: instruction 6 (store) reads activation 16384..16511, where instruction 5 (post.acc) may still be writing',
    ])
    expect(found(layerWith({ 4: { signal: 0 }, 5: { wait: mask('load') } }))[0]).toContain(
      'reads accumulator 0..7, where instruction 4 (mac.dense) may still be writing',
    )
    expect(found(layerWith({ 3: { signal: 0 }, 5: { wait: mask('mac') } }))[0]).toContain(
      'reads parameter 0..143, where instruction 3 (load.param) may still be writing',
    )
  })

  test('one token covers what the giver did before, not what it does after', () => {
    // The token of the third load is moved to the first: list and input are then not covered.
    const moved = layerWith({ 0: { signal: mask('mac') }, 2: { signal: 0 } })
    expect(found(moved)).toEqual([
      'program/data-hazard 4: instruction 4 (mac.dense) reads index 0..0, where instruction 1 (load.index) may still be writing',
    ])
    expect(verifyProgram(programOf(moved)).map((d) => d.message)).toEqual([
      'instruction 4 (mac.dense) reads activation 0..127, where instruction 2 (load.act) may still be writing',
      'instruction 4 (mac.dense) reads index 0..0, where instruction 1 (load.index) may still be writing',
    ])
  })

  test('writes before the read is done, writes over a write', () => {
    expect(found([store(), postFill(), end])).toEqual([
      'program/data-hazard 1: instruction 1 (post.fill) writes activation 0..63, which instruction 0 (store) may still be reading',
    ])
    expect(found([fill(), postFill({ out: 63 }), end])).toEqual([
      'program/data-hazard 1: instruction 1 (post.fill) writes activation 63..126, where instruction 0 (load.fill) may still be writing',
    ])
  })

  test('through DRAM', () => {
    const load = make('load.act', { dram: 4096, rows: 1, bytes: 64, act: 32768 })
    expect(found([store({ dram: 4096 }), load, end])[0]).toContain(
      'reads dram 4096..4159, where instruction 0 (store) may still be writing',
    )
    const ordered = [store({ dram: 4096, signal: mask('load') }), { ...load, wait: mask('store') }, end]
    expect(found(ordered as Instruction[])).toEqual([])
  })

  test('the second operand is a read too', () => {
    const setup = make('post.setup', { operand: 256, x_step: 16 })
    const add = make('post.binary', { in_x_step: 16, mx: 4, my: 1, last_lanes: 16, out: 32768, x_step: 16 })
    expect(found([fill({ act: 256 }), setup, add, end])[0]).toContain('reads activation 256..319')
  })

  test('order passes through other units', () => {
    const chain = (link: number) => [
      fill({ signal: mask('mac') }),
      make('mac.dense', { wait: mask('load'), signal: link, mx: 1, my: 1, entries: 1, blocks: 1 }),
      store({ wait: link === 0 ? 0 : mask('mac') }),
      end,
    ]
    expect(found(chain(mask('store')))).toEqual([])
    expect(found(chain(0))[0]).toContain('(store) reads activation 0..63')
  })

  test('starting after another does not mean that it is done', () => {
    // The second load starts after the first, and store waits for neither.
    expect(
      found([
        fill(),
        fill({ act: 16384, wait: 0, signal: mask('post') }),
        postFill({ out: 0, wait: mask('load') }),
        end,
      ]),
    ).toEqual([])
    expect(found([store(), store({ act: 64 }), postFill({ out: 0 }), end])[0]).toContain(
      'program/data-hazard',
    )
  })

  describe('an early token', () => {
    test('orders the accumulators of a post.acc', () => {
      expect(verifyProgram(programOf(layerWith({ 4: { early: 1 } })))).toEqual([])
    })

    test('says nothing of the windows that mac still reads', () => {
      const inPlace = { 5: { out: 0 }, 6: { act: 0 } }
      expect(verifyProgram(programOf(layerWith(inPlace)))).toEqual([])
      const early = layerWith({ ...inPlace, 4: { early: 1 } })
      expect(verifyProgram(programOf(early))[0]?.message).toBe(
        'instruction 5 (post.acc) writes activation 0..127, which instruction 4 (mac.dense) may still be reading',
      )
    })

    test('holds for every instruction before, and for all once the next begins', () => {
      const mac = (fields: object) => make('mac.dense', { mx: 1, my: 1, entries: 1, blocks: 1, ...fields })
      const acc = (fields: object) =>
        make('post.acc', { mx: 1, my: 1, blocks: 1, last_lanes: 16, out: 32768, ...fields })
      const program = [
        mac({ acc: 0 }),
        mac({ acc: 1, early: 1, signal: mask('post') }),
        acc({ acc: 1, wait: mask('mac') }),
        acc({ acc: 0 }),
        acc({ acc: 1 }),
        end,
      ]
      expect(found(program)).toEqual([])
    })

    test('for another reader than a post.acc of the same accumulators is too early', () => {
      expect(found(layerWith({ 4: { early: 1, mx: 4 } }))).toEqual([
        'program/data-hazard 5: instruction 5 (post.acc) reads accumulator 0..7, where instruction 4 (mac.dense) may still be writing',
      ])
    })

    test('to other units comes when all is done', () => {
      const program = [
        make('mac.dense', { mx: 1, my: 1, entries: 1, blocks: 1, early: 1, signal: mask('load') }),
        make('load.index', { wait: mask('mac'), entries: 1 }),
        end,
      ]
      expect(found(program)).toEqual([])
    })
  })

  test('one port of a bank belongs to one unit at a time', () => {
    expect(found([fill(), postFill({ out: 16320 }), end])).toEqual([
      'program/port-conflict 1: instruction 1 (post.fill) uses the write port of activation bank 0, which instruction 0 (load.fill) may still be using',
    ])
    expect(found([fill(), postFill({ out: 16384 }), end])).toEqual([])
    // A bank can be read and written at once.
    expect(found([fill(), store({ act: 8192 }), end])).toEqual([])
    expect(found([fill({ signal: mask('post') }), postFill({ out: 8192, wait: mask('load') }), end])).toEqual(
      [],
    )
  })

  test('the newest access of each unit is the one that counts', () => {
    const program = [fill({ signal: mask('store') }), store({ wait: mask('load') }), fill({ act: 32 }), end]
    expect(found(program)).toEqual([
      'program/data-hazard 2: instruction 2 (load.fill) writes activation 32..95, which instruction 1 (store) may still be reading',
    ])
  })

  test('lanes whose weights are 0 read nothing', () => {
    const withLanes = (lanes: bigint) => {
      const instructions = layerWith({ 0: { lanes } }).toSpliced(5, 0, fill({ act: 116, bytes: 12 }))
      return verifyProgram(programOf(instructions)).map((d) => d.message)
    }
    // With 4 lanes the last of the 8 windows ends at byte 7 * 16 + 4.
    expect(withLanes(0xfn)).toEqual([])
    expect(withLanes(0x1fn)).toEqual([
      'instruction 5 (load.fill) writes activation 116..127, which instruction 4 (mac.dense) may still be reading',
    ])
  })
})

test('many findings are cut short', () => {
  const findings = verifyProgram({
    instructions: [...Array.from({ length: 50 }, () => fill({ rows: 0 })), end],
    target,
  })
  expect(findings).toHaveLength(20)
  expect(findings.at(-1)?.notes).toEqual(['and 30 more findings like these'])
})

test('20,000 instructions take well under a second', () => {
  const tiles = Array.from({ length: 2500 }, (_, tile) =>
    layer()
      .slice(0, -1)
      .map((i) => {
        if (i.op === 'load.weight') return { ...i, wait: tile > 0 ? mask('store') : 0 }
        return i.op === 'store' && tile < 2499 ? { ...i, signal: mask('load') } : i
      }),
  ).flat() as Instruction[]
  const program = programOf([...tiles, end])
  const ms = cpuMs(() => {
    expect(verifyProgram(program)).toEqual([])
  })
  expect(ms).toBeLessThan(2000)
})
