import fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { NPY_DTYPES, type NpyArray, type NpyDType, readNpy, writeNpy } from '../../src/tensors/npy.ts'
import { readNpz, writeNpz } from '../../src/tensors/npz.ts'

// numpy.savez(f, **{'a/b:0': arange(6, '>i2').reshape(2, 3), 'x': asfortranarray(arange(6, 'f4').reshape(2, 3))})
const SAVEZ =
  'UEsDBC0AAAAAAAAAIQCQvN3C//////////8JABQAYS9iOjAubnB5AQAQAIwAAAAAAAAAjAAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICc+aTInLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgAAAAEAAgADAAQABVBLAwQtAAAAAAAAACEAzizg0///////////BQAUAHgubnB5AQAQAJgAAAAAAAAAmAAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IFRydWUsICdzaGFwZSc6ICgyLCAzKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgAAAAAAAEBAAACAPwAAgEAAAABAAACgQFBLAQItAy0AAAAAAAAAIQCQvN3CjAAAAIwAAAAJAAAAAAAAAAAAAACAAQAAAABhL2I6MC5ucHlQSwECLQMtAAAAAAAAACEAzizg05gAAACYAAAABQAAAAAAAAAAAAAAgAHHAAAAeC5ucHlQSwUGAAAAAAIAAgBqAAAAlgEAAAAA'
// numpy.savez_compressed(f, arr_0=zeros((3,), 'i8'))
const SAVEZ_COMPRESSED =
  'UEsDBC0AAAAIAAAAIQAb1l8G//////////8JABQAYXJyXzAubnB5AQAQAJgAAAAAAAAARwAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOpo6CrUKFAAuBhwAAFBLAQItAy0AAAAIAAAAIQAb1l8GRwAAAJgAAAAJAAAAAAAAAAAAAACAAQAAAABhcnJfMC5ucHlQSwUGAAAAAAEAAQA3AAAAggAAAAAA'

const base64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))

/** A file of a given version with any header and elements, as other programs may write it. */
function npy(version: number, header: string, elements: readonly number[]): Uint8Array {
  const length = header.length
  const size = version === 1 ? [length & 255, length >> 8] : [length & 255, length >> 8, 0, 0]
  return Uint8Array.from([147, 78, 85, 77, 80, 89, version, 0, ...size, ...Buffer.from(header), ...elements])
}

const FLOATS = new Set<NpyDType>(['f32', 'f64'])
const MAKE: { [D in NpyDType]: (n: number[]) => NpyArray['data'] } = {
  i8: Int8Array.from.bind(Int8Array),
  u8: Uint8Array.from.bind(Uint8Array),
  i16: Int16Array.from.bind(Int16Array),
  i32: Int32Array.from.bind(Int32Array),
  i64: (n) => BigInt64Array.from(n, BigInt),
  f32: Float32Array.from.bind(Float32Array),
  f64: Float64Array.from.bind(Float64Array),
}

const arrays: fc.Arbitrary<NpyArray> = fc
  .tuple(fc.constantFrom(...NPY_DTYPES), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }))
  .chain(([dtype, shape]) => {
    const length = shape.reduce((a, b) => a * b, 1)
    const element = FLOATS.has(dtype) ? fc.double() : fc.integer()
    return fc
      .array(element as fc.Arbitrary<number>, { minLength: length, maxLength: length })
      .map((values) => ({ dtype, shape, data: MAKE[dtype](values) }))
  })

describe('npy', () => {
  test('reading what was written gives the same array', () => {
    fc.assert(
      fc.property(arrays, (array) => {
        expect(unwrap(readNpy(writeNpy(array), 'x.npy'))).toEqual(array)
      }),
    )
  })

  test('a view into a larger buffer, as Node gives small files', () => {
    const array: NpyArray = { dtype: 'i16', shape: [2], data: Int16Array.of(1, 2) }
    const pool = Buffer.concat([Buffer.alloc(3), writeNpy(array)])
    expect(unwrap(readNpy(pool.subarray(3), 'x.npy'))).toEqual(array)
  })

  test('elements start at a multiple of 64 bytes', () => {
    const bytes = writeNpy({ dtype: 'i8', shape: [1], data: Int8Array.of(7) })
    expect(bytes.length % 64).toBe(1)
  })

  test.each([1, 2, 3])('version %i, big-endian, Fortran order, Python 2 sizes', (version) => {
    const header = "{'shape': (2L, 3), 'fortran_order': True, 'descr': '>i2'}\n"
    const array = unwrap(readNpy(npy(version, header, [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 1, 0]), 'x.npy'))
    expect(array).toEqual({ dtype: 'i16', shape: [2, 3], data: Int16Array.of(1, 2, 3, 4, 5, 256) })
  })

  test('Fortran order of three axes', () => {
    const values = Array.from({ length: 24 }, (_, i) => i)
    const header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }\n"
    const array = unwrap(readNpy(npy(1, header, values), 'x.npy'))
    // Element [i, j, k] stands at i + 2 j + 6 k in the file.
    const expected = values.map((n) => Math.floor(n / 12) + 2 * (Math.floor(n / 4) % 3) + 6 * (n % 4))
    expect([...(array.data as Uint8Array)]).toEqual(expected)
  })

  const int8 = writeNpy({ dtype: 'i8', shape: [4], data: Int8Array.of(1, 2, 3, 4) })
  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'npy/empty'],
    ['a foreign file', Uint8Array.from(Buffer.from('not an array')), 'npy/not-npy'],
    ['an unknown version', npy(9, '{}', []), 'npy/version'],
    ['a cut header', int8.slice(0, 40), 'npy/truncated'],
    ['nothing but the magic string', int8.slice(0, 6), 'npy/version'],
    ['cut elements', int8.slice(0, -1), 'npy/truncated'],
    ['no dictionary', npy(1, 'hello', []), 'npy/header'],
    ['a negative size', npy(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (-1,)}", []), 'npy/header'],
    [
      'a huge shape',
      npy(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (9999999999, 9999999999)}", []),
      'npy/header',
    ],
    [
      'more than is there',
      npy(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (999999999,)}", []),
      'npy/truncated',
    ],
    ['objects', npy(1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", []), 'npy/dtype'],
    ['half floats', npy(1, "{'descr': '<f2', 'fortran_order': False, 'shape': (1,)}", [0, 0]), 'npy/dtype'],
    ['records', npy(1, "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}", []), 'npy/dtype'],
  ])('%s is refused', (_, bytes, code) => {
    const result = readNpy(bytes, 'x.npy')
    expect(result.ok).toBe(false)
    if (result.ok) return
    expect(result.diagnostics[0]?.code).toBe(code)
    expect(result.diagnostics[0]?.span?.file).toBe('x.npy')
    expect(result.diagnostics[0]?.hint).toBeTruthy()
  })

  test('no corruption of a file makes the reader throw', () => {
    const good = writeNpy({ dtype: 'i32', shape: [2, 3], data: Int32Array.of(1, 2, 3, 4, 5, 6) })
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, length) => {
        const bad = good.slice(0, length)
        if (at < length) bad[at] = value
        expect(() => readNpy(bad, 'x.npy')).not.toThrow()
      }),
      { numRuns: 500 },
    )
  })
})

describe('npz', () => {
  test('what NumPy wrote, keys with any character', () => {
    const read = unwrap(readNpz(base64(SAVEZ), 'x.npz'))
    expect([...read.keys()]).toEqual(['a/b:0', 'x'])
    expect(read.get('a/b:0')).toEqual({ dtype: 'i16', shape: [2, 3], data: Int16Array.of(0, 1, 2, 3, 4, 5) })
    expect(read.get('x')).toEqual({ dtype: 'f32', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) })
  })

  test('what NumPy compressed', () => {
    const read = unwrap(readNpz(base64(SAVEZ_COMPRESSED), 'x.npz'))
    expect(read.get('arr_0')).toEqual({ dtype: 'i64', shape: [3], data: BigInt64Array.of(0n, 0n, 0n) })
  })

  test('reading what was written gives the same arrays, and the bytes depend on nothing else', () => {
    const key = fc.string({ minLength: 1, unit: 'grapheme' })
    fc.assert(
      fc.property(fc.array(fc.tuple(key, arrays), { minLength: 1, maxLength: 3 }), (list) => {
        const map = new Map(list)
        expect(unwrap(readNpz(writeNpz(map), 'x.npz'))).toEqual(map)
        expect(writeNpz(map)).toEqual(writeNpz(map))
      }),
      { numRuns: 50 },
    )
  })

  test.each<[string, Uint8Array, string]>([
    ['a foreign file', Uint8Array.from(Buffer.from('not a zip')), 'npz/not-zip'],
    ['a cut file', base64(SAVEZ).slice(0, 200), 'npz/not-zip'],
    ['an empty archive', Uint8Array.of(0x50, 0x4b, 5, 6, ...new Array(18).fill(0)), 'npz/empty'],
    [
      'an archive of something else',
      zipSync({ 'readme.txt': Uint8Array.from(Buffer.from('hello')) }),
      'npy/not-npy',
    ],
  ])('%s is refused', (_, bytes, code) => {
    const result = readNpz(bytes, 'x.npz')
    expect(result.ok ? [] : result.diagnostics.map((d) => d.code)).toEqual([code])
  })

  test('an archive that claims to unpack to gigabytes is refused before it does', () => {
    const bytes = base64(SAVEZ_COMPRESSED)
    const central = Buffer.from(bytes).lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'))
    new DataView(bytes.buffer).setUint32(central + 24, 0xfffffff0, true)
    const result = readNpz(bytes, 'x.npz')
    expect(result.ok ? [] : result.diagnostics.map((d) => d.message)).toEqual([
      expect.stringContaining('more than'),
    ])
  })

  test('no corruption of a file makes the reader throw', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(255), (at, value) => {
        const bad = base64(SAVEZ)
        bad[at % bad.length] = value
        expect(() => readNpz(bad, 'x.npz')).not.toThrow()
      }),
      { numRuns: 200 },
    )
  })
})
