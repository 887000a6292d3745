/** The timing contract section by section, with the numbers worked out by hand from its formulas. */
import { describe, expect, it } from 'vitest'
import type { Instruction } from '../../backends/trellis/isa/table.ts'
import { attempt } from '../../ir/diagnostic.ts'
import { simulateTiming } from '../../sim/timing/simulate.ts'
import { END, make, mask, TRELLIS_16 } from './model/small-programs.ts'

/**
 * B = 16, LAT = 40, C = 16, P = 16. The first fetch is decided in 0, seen in 1 and granted in 1; an instruction is two
 * beats, so the first stands in the buffer from 1 + 40 + 2 = 43 and the next ones every 2 cycles; dispatched then, the
 * first can start in 44.
 */
const time = (...program: readonly Instruction[]) => simulateTiming([...program, END], 0, TRELLIS_16)

describe('docs/timing.md', () => {
  it('1: a full queue holds back dispatch until the cycle after a pop', () => {
    const macs = Array.from({ length: 19 }, (_, i) => make('mac.dense', { mx: i === 0 ? 1000 : 1 }))
    const { startCycles } = time(...macs)
    // The third starts when the second streams: S_0 of the second is the end of the first stream, 54 + 1000.
    expect([...startCycles.slice(0, 3)]).toEqual([44, 55, 1055])
    // Sixteen wait until then; the nineteenth gets the slot of the third from 1056 on, `end` follows in 1057.
    expect(startCycles[19]).toBe(1057)
  })

  it('2: an instruction starts in the cycle in which its token begins to count', () => {
    const { startCycles, doneCycles } = time(
      make('load.fill', { signal: mask('mac', 'post') }),
      make('mac.dense', { wait: mask('load') }),
      make('post.fill', { wait: mask('load') }),
    )
    expect(doneCycles[0]).toBe(50)
    expect([...startCycles.slice(1, 3)]).toEqual([50, 50])
  })

  it('2: tokens are counted, and all are taken in one cycle', () => {
    const { startCycles, doneCycles } = time(
      make('load.fill', { signal: mask('store') }),
      make('post.fill', { signal: mask('store'), rows: 100 }),
      make('store', { wait: mask('load', 'post') }),
    )
    expect(doneCycles[1]).toBe(46 + 2 + 100 + 17)
    expect(startCycles[2]).toBe(doneCycles[1])
  })

  it('3: a store goes before the next burst of a load, and no burst is split', () => {
    const { doneCycles } = time(make('load.act', { bytes: 1024 }), make('store'))
    // Load: bursts of 32 beats, granted in 47; the store's request is seen in 50, the load's second in 48; both wait
    // for 79. The store's one beat is taken in 80; the load's second burst is granted in 80.
    expect(doneCycles[1]).toBe(81)
    expect(doneCycles[0]).toBe(80 + 40 + 32 + 2 + 1)
  })

  it('4: instructions come in bursts and are dispatched one a cycle', () => {
    const { startCycles } = time(make('load.fill'), make('post.fill'), make('mac.dense'))
    expect([...startCycles]).toEqual([44, 46, 48, 49])
  })

  it('5: a load is done when its last byte is written', () => {
    const { doneCycles } = time(make('load.act', { bytes: 64 }), make('load.act', { bytes: 64 }))
    // Granted in 47; 4 beats from 87 on, read in 88..91, written up to 93. The second starts in 48 and is granted when the bus is free, in 51.
    expect([...doneCycles.slice(0, 2)]).toEqual([94, 98])
  })

  it('5: rows are bursts of their own unless they follow one another', () => {
    const apart = time(make('load.act', { rows: 2, bytes: 24, dram_pitch: 32 }))
    // Each row 2 beats, 2 words: granted in 47 and 49; the last word read in max(89 + 2, 89 + 2) = 91, written in 93.
    expect(apart.doneCycles[0]).toBe(94)
    const joined = time(make('load.act', { rows: 2, bytes: 24, dram_pitch: 24 }))
    // 48 bytes in 3 beats, 2 rows of 2 words: read up to 87 + 4.
    expect(joined.doneCycles[0]).toBe(94)
  })

  it('5: a burst waits for the buffer of the fourth before it', () => {
    // Rows of 1 byte in 16-byte steps: bursts of one beat, each with 4 words, of which 3 are padding alone.
    const load = make('load.act', { rows: 6, bytes: 1, dram_pitch: 16, pad_right: 63 })
    const { doneCycles } = time(load)
    // Bursts 0..3 are granted in 47..50 and read up to 91, 95, 99, 103. Burst 4 is seen in 92: its beat arrives in
    // 132 and its words are read in 133..136; burst 5 is seen in 96 and read up to 140.
    expect(doneCycles[0]).toBe(140 + 2 + 1)
  })

  it('5: a fill asks nothing of DRAM', () => {
    const { doneCycles } = time(make('load.fill', { rows: 2, bytes: 20 }))
    expect(doneCycles[0]).toBe(46 + 4 + 2 + 1)
  })

  it('5: padding behind a row is written after its data', () => {
    // 64 bytes in 4 beats from 87 on: 4 words, and 3 of padding behind them.
    expect(time(make('load.act', { bytes: 64, pad_right: 48 })).doneCycles[0]).toBe(87 + 7 + 2 + 1)
    // In front of the data they need the first beat alone, and the last beat comes meanwhile.
    expect(time(make('load.act', { bytes: 64, pad_left: 48 })).doneCycles[0]).toBe(87 + 7 + 2 + 1)
  })

  it('5: a burst behind a busy writer passes at a word a cycle', () => {
    const { doneCycles } = time(make('load.fill', { rows: 100, bytes: 16 }), make('load.act', { bytes: 64 }))
    // The fill takes 47..146; the load, whose data came up to 93, the next four.
    expect([...doneCycles.slice(0, 2)]).toEqual([149, 153])
  })

  it('5: two columns of weights are a word where they fit the port', () => {
    // 64 columns of 16 bytes at 4 bits: 8 bytes each in the stream, one burst of 32 beats and 32 words.
    const narrow = { columns: 64, lanes: 0xffffn, stream: 1 }
    expect(time(make('load.weight', narrow)).doneCycles[0]).toBe(47 + 40 + 32 + 2 + 1)
    // At 2 bits 4 bytes each: 16 beats bring 32 words.
    expect(time(make('load.weight', { ...narrow, stream: 2 })).doneCycles[0]).toBe(47 + 40 + 32 + 2 + 1)
    // A group of three columns is two words: 8 beats bring 16 groups, which take 32.
    const groups = { columns: 3, groups: 16, group_step: 3, lanes: 0xfn, stream: 1 }
    expect(time(make('load.weight', groups)).doneCycles[0]).toBe(47 + 40 + 32 + 2 + 1)
  })

  it('6: blocks follow one another at the pace of the slowest of stream, weights and accumulators', () => {
    const streams = time(make('mac.dense', { mx: 10, entries: 2, blocks: 3 }))
    // L = 8: S_0 = 44 + 2 + 8; six blocks of 10; MAC_PIPE = 8.
    expect(streams.doneCycles[0]).toBe(54 + 60 + 8)
    const weights = time(make('mac.dense', { mx: 3, entries: 4 }))
    expect(weights.doneCycles[0]).toBe(54 + 3 * 8 + 3 + 8)
    const small = { ...TRELLIS_16, array: { ...TRELLIS_16.array, cols: 4, post_lanes: 4 } }
    const accumulators = simulateTiming([make('mac.dense', { mx: 1, entries: 4 }), END], 0, small)
    // L = 2, M = 1: a block every 4 cycles.
    expect(accumulators.doneCycles[0]).toBe(44 + 2 + 2 + 3 * 4 + 1 + 8)
  })

  it('6: the next instruction brings its weights while the last block streams', () => {
    const { startCycles, doneCycles } = time(make('mac.dense', { mx: 30 }), make('mac.dense', { mx: 5 }))
    expect(startCycles[1]).toBe(55)
    expect(doneCycles[1]).toBe(54 + 30 + 5 + 8)
  })

  it('6: what accumulates waits for the accumulators of the stream before it', () => {
    const after = (accumulate: number) =>
      time(make('mac.dense', { mx: 30 }), make('mac.dense', { mx: 5, accumulate })).streamCycles[1]
    expect([after(0), after(1)]).toEqual([84, 84 + 3])
    // The weights come meanwhile: where they come later than that, nothing is waited for.
    const short = (accumulate: number) =>
      time(make('mac.dense', { mx: 1 }), make('mac.dense', { mx: 5, accumulate })).streamCycles[1]
    expect([short(0), short(1)]).toEqual([65, 65])
  })

  it('6: depthwise streams every input pixel, and with resume only new rows', () => {
    const fields = { mx: 4, my: 2, lines: 3, taps: 3, x_stride: 2, y_stride: 2 }
    expect(time(make('mac.depthwise', fields)).doneCycles[0]).toBe(54 + (2 + 3) * (6 + 3) + 8)
    expect(time(make('mac.depthwise', { ...fields, resume: 1 })).doneCycles[0]).toBe(54 + 4 * 9 + 8)
  })

  it('6: an early token comes mx * my cycles before done', () => {
    const { startCycles, doneCycles } = time(
      make('mac.dense', { mx: 50, early: 1, signal: mask('post') }),
      make('post.acc', { mx: 50, wait: mask('mac') }),
    )
    expect(doneCycles[0]).toBe(54 + 50 + 8)
    expect(startCycles[1]).toBe(62)
  })

  it('7: parameters come before each block, and the next while one streams', () => {
    const { doneCycles } = time(make('post.acc', { mx: 5, blocks: 2, per_channel: 1 }))
    // 144 bytes of parameters: L = 9 > M = 5.
    expect(doneCycles[0]).toBe(44 + 2 + 9 + 9 + 5 + 17)
  })

  it('7: what reads activations waits for the writes of the instruction before it', () => {
    const { doneCycles } = time(
      make('post.fill', { rows: 10 }),
      make('post.unary', { mx: 7 }),
      make('post.setup'),
    )
    expect(doneCycles[0]).toBe(44 + 2 + 10 + 17)
    expect(doneCycles[1]).toBe(73 + 7 + 17)
    expect(doneCycles[2]).toBe(97 + 1)
  })

  it('7: a residual addition takes four passes, a lookup 4 bytes a cycle', () => {
    const acc = (mode: number) => time(make('post.acc', { mx: 10, mode })).doneCycles[0]
    // Per tensor 64 bytes of parameters: L = 4.
    expect([acc(0), acc(1), acc(2)]).toEqual([44 + 6 + 10 + 17, 44 + 6 + 40 + 17 + 16, 44 + 6 + 40 + 17])
  })

  it('7: blocks of residual additions begin whole turns of four cycles apart', () => {
    // 144 bytes of parameters: L = 9, which fills three turns; M = 4.
    const { doneCycles } = time(make('post.acc', { mx: 1, blocks: 3, per_channel: 1, mode: 1 }))
    expect(doneCycles[0]).toBe(44 + 2 + 12 + 2 * 12 + 4 + 17 + 16)
  })

  it('7: what takes one pass does not overtake what takes several, or a pooled sum', () => {
    const after = (first: Instruction) => time(first, make('post.fill')).streamCycles[1]
    expect(after(make('post.binary', { mx: 10, kind: 0 }))).toBe(46 + 30 + 9)
    expect(after(make('post.binary', { mx: 10, kind: 2 }))).toBe(46 + 20 + 11)
    expect(after(make('post.pool', { mx: 10, kind: 1 }))).toBe(46 + 10 + 1)
    expect(after(make('post.pool', { mx: 10, kind: 0 }))).toBe(46 + 10)
  })

  it('8: a store reads its buffer full, asks, and is done after its last beat', () => {
    const { doneCycles } = time(make('store', { bytes: 40, dram: 8 }))
    // 3 words read in 45..47, in the buffer in 49, seen and granted in 50; 3 beats because of the alignment, taken in 51..53.
    expect(doneCycles[0]).toBe(54)
  })

  it('8: the reader runs two bursts ahead', () => {
    const { doneCycles } = time(make('store', { bytes: 3 * 512 }))
    // Bursts of 32 beats and 32 words: read up to 76, 108, and (the first written by 79 + 32 = 111) 143. Granted in
    // 79, 111 and 146; the last beat is taken in 178.
    expect(doneCycles[0]).toBe(179)
  })

  it('9: the program ends with its last instruction, or with the dispatch of end', () => {
    expect(time(make('load.fill', { rows: 2, bytes: 20 })).cycles).toBe(53)
    expect(time(make('load.fill')).cycles).toBe(50)
    expect(time().cycles).toBe(44)
  })

  it('11: every cycle of a unit has a cause', () => {
    const { units, cycles } = time(
      make('mac.dense', { mx: 3, entries: 4 }),
      make('mac.dense', { wait: mask('load') }),
      make('load.fill', { rows: 100, signal: mask('mac') }),
    )
    // The load starts in 48 and signals in 153. First mac: weights until 54, four blocks of 3 every
    // 8. Second: token, weights from 153 to 163, one window, eight cycles of pipeline.
    expect(cycles).toBe(153 + 2 + 8 + 1 + 8)
    expect(units.mac).toEqual({
      busy: 12 + 1,
      stall: { 'token load': 153 - 81, weights: 10 + 15 + 10, pipeline: 8 },
      idle: 44,
    })
    expect(units.load).toEqual({ busy: 100, stall: { pipeline: 3 + 2 }, idle: cycles - 105 })
    expect(units.dram).toEqual({ busy: 8, stall: {}, idle: cycles - 8 })
    // Received in 41..48, dispatched in 43, 45, 47 and 49.
    expect(units.fetch).toEqual({ busy: 9, stall: { dram: 41 }, idle: cycles - 50 })
  })
})

describe('programs that cannot end', () => {
  const diagnose = (...program: readonly Instruction[]) =>
    attempt(() => simulateTiming(program, 0, TRELLIS_16))

  it('names what is stuck and what it waits for', () => {
    const stuck = diagnose(
      make('mac.dense', { wait: mask('load') }),
      make('load.fill', { wait: mask('mac') }),
      END,
    )
    expect(stuck).toMatchObject({ ok: false, diagnostics: [{ code: 'program/deadlock' }] })
    expect(!stuck.ok && stuck.diagnostics[0]?.notes).toEqual([
      'load: instruction 1 (load.fill) waits for a token from mac, which gives no more',
      'mac: instruction 0 (mac.dense) waits for a token from load, which gives no more',
    ])
  })

  it('says that there is no end', () => {
    expect(diagnose(make('load.fill'))).toMatchObject({ ok: false, diagnostics: [{ code: 'program/end' }] })
  })

  it('refuses an instruction that does nothing, and instructions between words', () => {
    expect(diagnose(make('store', { bytes: 0 }), END)).toMatchObject({
      diagnostics: [{ code: 'program/illegal', span: { path: 'instruction 0' } }],
    })
    expect(attempt(() => simulateTiming([END], 8, TRELLIS_16))).toMatchObject({
      diagnostics: [{ code: 'program/address' }],
    })
  })
})
