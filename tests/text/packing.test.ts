import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DTYPE_RANGE, packedBytes } from '../../ir/dtype.ts'
import { pack, unpack } from '../../ir/packing.ts'

test('narrow elements are packed from the lowest bits up', () => {
  expect(pack(Int8Array.of(1, -1, 7), 'i4')).toEqual(Uint8Array.of(0xf1, 0x07))
  expect(pack(Int8Array.of(1, -1, -1, 1, 1), 'b1')).toEqual(Uint8Array.of(0b11001))
  expect(pack(Uint8Array.of(3, 0, 1, 2, 3), 'u2')).toEqual(Uint8Array.of(0b10_01_00_11, 3))
})

test.each(['i4', 'u4', 'i2', 'u2', 'i8', 'u8', 'i16', 'i32'] as const)(
  '%s: unpack(pack) is the array',
  (dtype) => {
    const [min, max] = DTYPE_RANGE[dtype] ?? [0, 0]
    fc.assert(
      fc.property(fc.array(fc.integer({ min, max })), fc.nat({ max: 3 }), (numbers, shift) => {
        const data = unpack(new Uint8Array(packedBytes(dtype, numbers.length)), dtype, numbers.length)
        for (const [i, number] of numbers.entries()) data[i] = number
        // From any place in a larger buffer, as in a file.
        const bytes = Buffer.concat([new Uint8Array(shift), pack(data, dtype)]).subarray(shift)
        expect(unpack(bytes, dtype, numbers.length)).toEqual(data)
      }),
    )
  },
)
