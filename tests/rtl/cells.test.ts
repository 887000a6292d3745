/** Every type of cell against its definition in whole numbers, on random widths, signs and values. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CellShape, cellModel } from './circuit.ts'

/** Values as the cell reads them: negative where an operand is signed and its highest bit is 1. */
interface Case {
  readonly a: bigint
  readonly b: bigint
  /** The bits of operand A, unsigned. */
  readonly aBits: bigint
  readonly aWidth: number
  readonly yWidth: number
}

/** The value of Y, of which the lowest bits count. */
type Definition = (of: Case) => bigint

const UNARY: Readonly<Record<string, Definition>> = {
  $pos: ({ a }) => a,
  $not: ({ a }) => ~a,
  $neg: ({ a }) => -a,
  $reduce_or: ({ a }) => truth(a !== 0n),
  $reduce_bool: ({ a }) => truth(a !== 0n),
  $reduce_and: ({ aBits, aWidth }) => truth(aBits === 2n ** BigInt(aWidth) - 1n),
  $reduce_xor: ({ aBits }) => BigInt(ones(aBits) % 2),
  $reduce_xnor: ({ aBits }) => BigInt(1 - (ones(aBits) % 2)),
  $logic_not: ({ a }) => truth(a === 0n),
}

const BINARY: Readonly<Record<string, Definition>> = {
  $and: ({ a, b }) => a & b,
  $or: ({ a, b }) => a | b,
  $xor: ({ a, b }) => a ^ b,
  $xnor: ({ a, b }) => ~(a ^ b),
  $add: ({ a, b }) => a + b,
  $sub: ({ a, b }) => a - b,
  $mul: ({ a, b }) => a * b,
  $eq: ({ a, b }) => truth(a === b),
  $ne: ({ a, b }) => truth(a !== b),
  $eqx: ({ a, b }) => truth(a === b),
  $nex: ({ a, b }) => truth(a !== b),
  $lt: ({ a, b }) => truth(a < b),
  $le: ({ a, b }) => truth(a <= b),
  $gt: ({ a, b }) => truth(a > b),
  $ge: ({ a, b }) => truth(a >= b),
  $logic_and: ({ a, b }) => truth(a !== 0n && b !== 0n),
  $logic_or: ({ a, b }) => truth(a !== 0n || b !== 0n),
}

/** The amount b is signed in the last two only. */
const SHIFTS: Readonly<Record<string, Definition>> = {
  $shl: ({ a, b }) => a << b,
  $sshl: ({ a, b }) => a << b,
  $shr: (of) => extended(of) >> of.b,
  $sshr: ({ a, b }) => a >> b,
  $shift: (of) => (of.b >= 0n ? extended(of) >> of.b : extended(of) << -of.b),
  $shiftx: ({ aBits, b }) => (b >= 0n ? aBits >> b : aBits << -b),
}

/** Operand A in as many bits as the wider of it and the result, without a sign beyond. */
function extended({ a, aWidth, yWidth }: Case): bigint {
  return BigInt.asUintN(Math.max(aWidth, yWidth), a)
}

function truth(value: boolean): bigint {
  return value ? 1n : 0n
}

function ones(value: bigint): number {
  return value.toString(2).replaceAll('0', '').length
}

/** Widths around 32 and 64, where words begin, and any others. */
const width = fc.oneof(
  fc.integer({ min: 1, max: 8 }),
  fc.constantFrom(31, 32, 33, 63, 64, 65, 96),
  fc.integer({ min: 1, max: 150 }),
)

/** Values of a width: any, small ones, and those near the ends. */
function valueOf(bits: number): fc.Arbitrary<bigint> {
  const all = 2n ** BigInt(bits) - 1n
  const near = fc.bigInt({ min: 0n, max: 3n }).map((value) => value & all)
  return fc.oneof(
    fc.bigInt({ min: 0n, max: all }),
    near,
    near.map((value) => all - value),
    near.map((value) => (all / 2n + value) & all),
  )
}

function read(value: bigint, bits: number, signed: boolean): bigint {
  return signed ? BigInt.asIntN(bits, value) : value
}

/** Tries a cell of two operands, of which each may be signed, on several values. */
function checkCell(
  type: string,
  definition: Definition,
  bWidth: fc.Arbitrary<number>,
  readsSigns: (aSigned: boolean, bSigned: boolean) => readonly [boolean, boolean],
): void {
  const shapes = fc.record({
    aWidth: width,
    bWidth,
    yWidth: width,
    aSigned: fc.boolean(),
    bSigned: fc.boolean(),
  })
  const cases = shapes.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      values: fc.array(fc.tuple(valueOf(shape.aWidth), valueOf(shape.bWidth)), {
        minLength: 4,
        maxLength: 8,
      }),
    }),
  )
  fc.assert(
    fc.property(cases, ({ shape, values }) => {
      const { aWidth, yWidth } = shape
      const [aSigned, bSigned] = readsSigns(shape.aSigned, shape.bSigned)
      const model = cellModel({
        type,
        parameters: { A_SIGNED: Number(shape.aSigned), B_SIGNED: Number(shape.bSigned) },
        inputs: { A: aWidth, B: shape.bWidth },
        outputs: { Y: yWidth },
      })
      for (const [aBits, bBits] of values) {
        model.set('A', aBits)
        model.set('B', bBits)
        model.evaluate()
        const [a, b] = [read(aBits, aWidth, aSigned), read(bBits, shape.bWidth, bSigned)]
        const expected = BigInt.asUintN(yWidth, definition({ a, b, aBits, aWidth, yWidth }))
        expect([aBits, bBits, model.get('Y')]).toEqual([aBits, bBits, expected])
      }
    }),
  )
}

describe('operators', () => {
  test.each(Object.entries(BINARY))('%s', (type, definition) => {
    const both = (a: boolean, b: boolean) => [a && b, a && b] as const
    checkCell(type, definition, width, both)
  })

  test.each(Object.entries(UNARY))('%s', (type, definition) => {
    const cases = fc.record({ aWidth: width, yWidth: width, signed: fc.boolean() }).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        values: fc.array(valueOf(shape.aWidth), { minLength: 4, maxLength: 8 }),
      }),
    )
    fc.assert(
      fc.property(cases, ({ shape: { aWidth, yWidth, signed }, values }) => {
        const parameters = { A_SIGNED: Number(signed) }
        const model = cellModel({ type, parameters, inputs: { A: aWidth }, outputs: { Y: yWidth } })
        for (const aBits of values) {
          model.set('A', aBits)
          model.evaluate()
          const a = read(aBits, aWidth, signed)
          const expected = BigInt.asUintN(yWidth, definition({ a, b: 0n, aBits, aWidth, yWidth }))
          expect([aBits, model.get('Y')]).toEqual([aBits, expected])
        }
      }),
    )
  })

  test.each(Object.entries(SHIFTS))('%s', (type, definition) => {
    const signs = (a: boolean, b: boolean) => [a, b && /^\$shiftx?$/.test(type)] as const
    // Amounts up to 4095: the definition has to write down the shifted number.
    checkCell(type, definition, fc.integer({ min: 1, max: 12 }), signs)
  })

  test('an amount of many words shifts everything out', () => {
    const shape = { inputs: { A: 40, B: 70 }, outputs: { Y: 40 } }
    for (const [type, signed, expected] of [
      ['$shl', 0, 0n],
      ['$shr', 1, 0n],
      ['$sshr', 1, 2n ** 40n - 1n],
    ] as const) {
      const model = cellModel({ type, parameters: { A_SIGNED: signed }, ...shape })
      model.set('A', 2n ** 40n - 1n)
      model.set('B', 2n ** 64n)
      model.evaluate()
      expect([type, model.get('Y')]).toEqual([type, expected])
    }
  })
})

describe('choices', () => {
  /** A word of each width for every input, several times. */
  function tries(inputs: Readonly<Record<string, number>>): fc.Arbitrary<readonly Record<string, bigint>[]> {
    const values = Object.entries(inputs).map(([name, bits]) => [name, valueOf(bits)] as const)
    return fc.array(fc.record(Object.fromEntries(values)), { minLength: 4, maxLength: 8 })
  }

  function check(
    shape: CellShape,
    values: readonly Record<string, bigint>[],
    definition: (of: Record<string, bigint>) => bigint,
  ) {
    const model = cellModel(shape)
    for (const inputs of values) {
      for (const [name, value] of Object.entries(inputs)) model.set(name, value)
      model.evaluate()
      expect([inputs, model.get('Y')]).toEqual([inputs, definition(inputs)])
    }
  }

  test('$mux takes B where S is 1', () => {
    const cases = width.chain((w) => fc.tuple(fc.constant(w), tries({ A: w, B: w, S: 1 })))
    fc.assert(
      fc.property(cases, ([w, values]) => {
        const shape = { type: '$mux', inputs: { A: w, B: w, S: 1 }, outputs: { Y: w } }
        check(shape, values, ({ A = 0n, B = 0n, S }) => (S === 1n ? B : A))
      }),
    )
  })

  test('$bwmux takes each bit of B where that of S is 1', () => {
    const cases = width.chain((w) => fc.tuple(fc.constant(w), tries({ A: w, B: w, S: w })))
    fc.assert(
      fc.property(cases, ([w, values]) => {
        const shape = { type: '$bwmux', inputs: { A: w, B: w, S: w }, outputs: { Y: w } }
        check(shape, values, ({ A = 0n, B = 0n, S = 0n }) => (A & ~S) | (B & S))
      }),
    )
  })

  test('$pmux takes the part of B whose bit of S is 1, else A', () => {
    const shapes = fc.record({ w: width, parts: fc.integer({ min: 1, max: 5 }) })
    const cases = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        tries({ A: shape.w, B: shape.w * shape.parts }),
        fc.integer({ min: 0, max: shape.parts }),
      ),
    )
    fc.assert(
      fc.property(cases, ([{ w, parts }, values, chosen]) => {
        const S = chosen === parts ? 0n : 1n << BigInt(chosen)
        const shape = { type: '$pmux', inputs: { A: w, B: w * parts, S: parts }, outputs: { Y: w } }
        const part = ({ A = 0n, B = 0n }) => (S === 0n ? A : BigInt.asUintN(w, B >> BigInt(chosen * w)))
        check(
          shape,
          values.map((inputs) => ({ ...inputs, S })),
          part,
        )
      }),
    )
  })
})
