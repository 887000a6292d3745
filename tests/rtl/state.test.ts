/** Registers and memories against their definitions, on random inputs cycle by cycle. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CellShape, cellModel } from './circuit.ts'

type Inputs = Readonly<Record<string, bigint>>

const width = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constantFrom(31, 32, 33, 64, 65))

function bitsOf(count: number): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: 0n, max: 2n ** BigInt(count) - 1n })
}

/** A value for each input in each of some cycles. */
function cycles(inputs: Readonly<Record<string, number>>): fc.Arbitrary<readonly Inputs[]> {
  const values = Object.entries(inputs).map(([name, bits]) => [name, bitsOf(bits)] as const)
  return fc.array(fc.record(Object.fromEntries(values)), { minLength: 1, maxLength: 30 })
}

/** The number of `count` binary digits, as netlists have parameters. */
function binary(value: bigint, count: number): string {
  return value.toString(2).padStart(count, '0')
}

describe('registers', () => {
  /** The next value of Q, where EN and SRST are 1 if active. */
  const NEXT: Readonly<Record<string, (of: Inputs, q: bigint, reset: bigint) => bigint>> = {
    $dff: ({ D = 0n }) => D,
    $dffe: ({ D = 0n, EN }, q) => (EN === 1n ? D : q),
    $sdff: ({ D = 0n, SRST }, _, reset) => (SRST === 1n ? reset : D),
    $sdffe: ({ D = 0n, EN, SRST }, q, reset) => (SRST === 1n ? reset : EN === 1n ? D : q),
    $sdffce: ({ D = 0n, EN, SRST }, q, reset) => (EN === 0n ? q : SRST === 1n ? reset : D),
  }

  test.each(Object.entries(NEXT))('%s', (type, next) => {
    const cases = fc
      .record({ w: width, enable: fc.boolean(), clear: fc.boolean() })
      .chain((shape) => fc.tuple(fc.constant(shape), bitsOf(shape.w), cycles({ D: shape.w, EN: 1, SRST: 1 })))
    fc.assert(
      fc.property(cases, ([{ w, enable, clear }, reset, sequence]) => {
        const controls = { ...(/e$/.test(type) ? { EN: 1 } : {}), ...(/^\$s/.test(type) ? { SRST: 1 } : {}) }
        const model = cellModel({
          type,
          parameters: {
            CLK_POLARITY: 1,
            EN_POLARITY: Number(enable),
            SRST_POLARITY: Number(clear),
            SRST_VALUE: binary(reset, w),
          },
          inputs: { CLK: 1, D: w, ...controls },
          outputs: { Q: w },
        })
        let q = 0n
        for (const active of sequence) {
          model.set('D', active.D ?? 0n)
          if ('EN' in controls) model.set('EN', enable ? (active.EN ?? 0n) : 1n - (active.EN ?? 0n))
          if ('SRST' in controls) model.set('SRST', clear ? (active.SRST ?? 0n) : 1n - (active.SRST ?? 0n))
          model.step()
          expect(model.get('Q')).toBe(q)
          q = next(active, q, reset)
        }
      }),
    )
  })
})

describe('memories', () => {
  const ADDRESS_BITS = 3
  /** Fewer than addresses: those beyond read as 0. */
  const ROWS = 6

  interface MemoryOptions {
    readonly width: number
    readonly isSynchronous: boolean
    /** Whether the read port sees what the write ports write in the same cycle. */
    readonly isTransparent: boolean
    readonly content: readonly bigint[]
  }

  /** A memory of one read port and two write ports, of which the second wins. */
  function memoryShape({ width: w, isSynchronous, isTransparent, content }: MemoryOptions): CellShape {
    return {
      type: '$mem_v2',
      parameters: {
        MEMID: '\\rows',
        SIZE: ROWS,
        OFFSET: 0,
        ABITS: ADDRESS_BITS,
        WIDTH: w,
        INIT: content
          .map((row) => binary(row, w))
          .reverse()
          .join(''),
        RD_PORTS: 1,
        WR_PORTS: 2,
        RD_CLK_ENABLE: Number(isSynchronous),
        RD_CLK_POLARITY: 1,
        RD_TRANSPARENCY_MASK: isTransparent ? '11' : '00',
        RD_CE_OVER_SRST: 0,
        WR_CLK_ENABLE: '11',
        WR_CLK_POLARITY: '11',
      },
      inputs: {
        CLK: 1,
        RD_ADDR: ADDRESS_BITS,
        RD_EN: 1,
        WR_ADDR: 2 * ADDRESS_BITS,
        WR_DATA: 2 * w,
        WR_EN: 2 * w,
      },
      outputs: { RD_DATA: w },
      constants: { RD_CLK: [2], WR_CLK: [2, 2], RD_SRST: ['0'], RD_ARST: ['0'] },
    }
  }

  const options = fc
    .record({ width, isSynchronous: fc.boolean(), isTransparent: fc.boolean() })
    .chain((shape) =>
      fc.record({
        width: fc.constant(shape.width),
        isSynchronous: fc.constant(shape.isSynchronous),
        isTransparent: fc.constant(shape.isSynchronous && shape.isTransparent),
        content: fc.array(bitsOf(shape.width), { minLength: ROWS, maxLength: ROWS }),
      }),
    )
  const cases = options.chain((memory) => fc.tuple(fc.constant(memory), cycles(memoryShape(memory).inputs)))

  test('reads, and writes by bits', () => {
    fc.assert(
      fc.property(cases, ([memory, sequence]) => {
        const { width: w, isSynchronous, isTransparent, content } = memory
        const model = cellModel(memoryShape(memory))
        let rows: readonly bigint[] = content
        let register = 0n
        for (const inputs of sequence) {
          for (const [name, value] of Object.entries(inputs)) model.set(name, value)
          model.step()
          const address = Number(inputs.RD_ADDR)
          expect(model.get('RD_DATA')).toBe(isSynchronous ? register : (rows[address] ?? 0n))
          const before = rows
          for (const port of [0, 1]) rows = written(rows, inputs, port, w)
          if (inputs.RD_EN === 1n) register = (isTransparent ? rows : before)[address] ?? 0n
        }
        const { words, rowWords } = model.memory('rows')
        const final = rows.map((_, row) =>
          words
            .subarray(row * rowWords, (row + 1) * rowWords)
            .reduceRight((all, word) => (all << 32n) | BigInt(word), 0n),
        )
        expect(final).toEqual(rows)
      }),
    )
  })

  function written(rows: readonly bigint[], inputs: Inputs, port: number, w: number): readonly bigint[] {
    const part = (name: string, bits: number) =>
      BigInt.asUintN(bits, (inputs[name] ?? 0n) >> BigInt(port * bits))
    const [address, data, enable] = [part('WR_ADDR', ADDRESS_BITS), part('WR_DATA', w), part('WR_EN', w)]
    return rows.map((row, i) => (BigInt(i) === address ? (row & ~enable) | (data & enable) : row))
  }

  test('its contents can be given', () => {
    const model = cellModel(
      memoryShape({ width: 40, isSynchronous: false, isTransparent: false, content: [] }),
    )
    const { rows, width: w, rowWords, words } = model.memory('rows')
    expect([model.memories, rows, w, rowWords]).toEqual([['rows'], ROWS, 40, 2])
    words.set([0x12345678, 0x9a], 2 * rowWords)
    model.set('RD_ADDR', 2)
    model.evaluate()
    expect(model.get('RD_DATA')).toBe(0x9a12345678n)
  })
})
