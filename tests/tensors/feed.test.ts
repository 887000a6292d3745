import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Diagnostic, unwrap } from '../../ir/diagnostic.ts'
import type { DType } from '../../ir/dtype.ts'
import { perTensor } from '../../ir/tensor.ts'
import { readArray, readArrays } from '../../src/tensors/array-files.ts'
import { type FeedOptions, feed, type GivenArray } from '../../src/tensors/feed.ts'
import type { NpyArray, NpyDType } from '../../src/tensors/npy.ts'
import type { Port } from '../../src/tensors/port.ts'
import { stackOutputs } from '../../src/tensors/stack.ts'

const ZOO = '../shared/zoo'

function port(shape: number[], dtype: DType = 'i8', quant = perTensor(0.5, 10), name = 'x'): Port {
  return { name, type: dtype === 'f32' ? { dtype, shape } : { dtype, shape, quant } }
}

const ARRAY = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
}
function array(shape: number[], dtype: Exclude<NpyDType, 'i64'> = 'i8', values?: number[]): NpyArray {
  const length = shape.reduce((a, b) => a * b, 1)
  return { dtype, shape, data: ARRAY[dtype].from(values ?? Array.from({ length }, (_, i) => i % 100)) }
}

function given(a: NpyArray, name?: string): GivenArray {
  return name === undefined ? { file: 'x.npy', array: a } : { file: 'x.npy', array: a, name }
}

function values(ports: Port[], arrays: GivenArray[], options: FeedOptions = {}): number[] {
  const fed = unwrap(feed(ports, arrays, options))
  const all: number[] = []
  for (let run = 0; run < fed.runs; run++) {
    for (const data of fed.inputs(run)) all.push(...Array.from(data as Int8Array))
  }
  return all
}

function refusal(ports: Port[], arrays: GivenArray[], options: FeedOptions = {}): Diagnostic {
  const result = feed(ports, arrays, options)
  if (result.ok) throw new Error('was not refused')
  return result.diagnostics[0] as Diagnostic
}

describe('shapes', () => {
  test.each<[string, number[], number[], number, number]>([
    ['the leading 1 left out', [1, 4, 4, 2], [3, 4, 4, 2], 3, 1],
    ['the leading 1 given', [1, 4, 4, 2], [3, 1, 4, 4, 2], 3, 1],
    ['one sample', [1, 4, 4, 2], [1, 4, 4, 2], 1, 1],
    ['no leading 1 in the model', [4, 2], [3, 4, 2], 3, 1],
    ['a batch in the model, samples in a row', [4, 2], [12, 2], 3, 4],
    ['a leading 1 within the sample', [1, 1, 7], [5, 1, 7], 5, 1],
    ['a scalar', [], [6], 6, 1],
    ['gray images without a channel, channels last', [1, 4, 5, 1], [3, 4, 5], 3, 1],
    ['gray images without a channel, channels first', [1, 1, 4, 5], [3, 4, 5], 3, 1],
    ['gray images with their channel last, channels first', [1, 1, 4, 5], [3, 4, 5, 1], 3, 1],
    ['gray images with their channel first, channels last', [1, 4, 5, 1], [3, 1, 4, 5], 3, 1],
  ])('%s', (_, model, shape, runs, samplesPerRun) => {
    const fed = unwrap(feed([port(model)], [given(array(shape))]))
    expect(fed).toMatchObject({ runs, samplesPerRun })
    expect(values([port(model)], [given(array(shape))])).toEqual(Array.from(array(shape).data as Int8Array))
  })

  test.each<[string, number[], number[], string, RegExp]>([
    ['sample axis missing', [1, 28, 28, 1], [28, 28, 1], 'input/shape', /numpy\.newaxis/],
    ['axes missing', [1, 28, 28, 1], [5, 784], 'input/shape', /reshape\(-1, 28, 28, 1\)/],
    ['channels first', [1, 32, 32, 3], [5, 3, 32, 32], 'input/shape', /--data-layout nchw/],
    ['another size', [1, 32, 32, 3], [5, 31, 32, 3], 'input/shape', /\[N,32,32,3\]/],
    ['no sample', [1, 4], [0, 4], 'input/no-samples', /at least one/],
    ['no axis', [1, 4], [], 'input/shape', /\[N,4\]/],
  ])('%s is refused', (_, model, shape, code, hint) => {
    const diagnostic = refusal([port(model)], [given(array(shape))])
    expect(diagnostic.code).toBe(code)
    expect(diagnostic.hint).toMatch(hint)
    if (code === 'input/shape') {
      expect(diagnostic.message).toContain(`[${model.join(',')}]`)
      expect(diagnostic.message).toContain(`[${shape.join(',')}]`)
    }
  })
})

describe('element types', () => {
  test('the model type is used as it is, with a warning where scaling was asked for', () => {
    const warnings: string[] = []
    const options = { scale: 2, warn: (d: Diagnostic) => warnings.push(d.code) }
    expect(values([port([1, 2])], [given(array([1, 2], 'i8', [-3, 7]))], options)).toEqual([-3, 7])
    expect(warnings).toEqual(['input/scale-unused'])
  })

  test('real values are quantized, halves away from zero, and clamped', () => {
    const real = [0, 0.25, -0.25, 0.24, 0.75, -0.75, 100, -100]
    expect(values([port([1, 8])], [given(array([1, 8], 'f64', real))])).toEqual([
      10, 11, 9, 10, 12, 8, 127, -128,
    ])
  })

  test('many clamped values are warned of', () => {
    const warnings: Diagnostic[] = []
    values([port([1, 2])], [given(array([1, 2], 'f32', [1000, 1]))], { warn: (d) => warnings.push(d) })
    expect(warnings.map((d) => d.code)).toEqual(['input/out-of-range'])
    expect(warnings[0]?.message).toContain('-69.00 to 58.50')
  })

  test('integers of another type are real values too', () => {
    expect(values([port([1, 2])], [given(array([1, 2], 'u8', [0, 3]))])).toEqual([10, 16])
  })

  test('a float model takes any array as float', () => {
    expect(values([port([1, 2], 'f32')], [given(array([1, 2], 'u8', [0, 3]))])).toEqual([0, 3])
  })

  test('scale first, then mean and std of each channel', () => {
    const options = { scale: 2, mean: [1, 2], std: [2, 4] }
    const one = [given(array([1, 2, 1, 2], 'f32', [1, 2, 3, 4]))]
    expect(values([port([1, 2, 1, 2], 'f32')], one, options)).toEqual([0.5, 0.5, 2.5, 1.5])
  })

  test('the channels of an nchw array are its second axis', () => {
    const options: FeedOptions = { mean: [10, 20], dataLayout: 'nchw' }
    const one = [given(array([1, 2, 1, 3], 'f32', [1, 2, 3, 4, 5, 6]))]
    expect(values([port([1, 1, 3, 2], 'f32')], one, options)).toEqual([-9, -16, -8, -15, -7, -14])
  })

  test.each<[string, Port, NpyArray, FeedOptions, string]>([
    ['NaN', port([1, 2], 'f32'), array([1, 2], 'f32', [0, Number.NaN]), {}, 'input/not-finite'],
    ['infinity', port([1, 2]), array([1, 2], 'f64', [Number.POSITIVE_INFINITY, 0]), {}, 'input/not-finite'],
    ['a division by zero', port([1, 2]), array([1, 2], 'f64'), { std: [0] }, 'input/not-finite'],
    ['too many means', port([1, 2]), array([1, 2], 'f64'), { mean: [1, 2, 3] }, 'input/channel-count'],
    [
      'real values for a bare integer input',
      { name: 'x', type: { dtype: 'i32', shape: [1, 2] } },
      array([1, 2], 'f32'),
      {},
      'input/not-quantized',
    ],
  ])('%s is refused', (_, p, a, options, code) => {
    expect(refusal([p], [given(a)], options)).toMatchObject({ code, hint: expect.any(String) })
  })

  test('a place in the array is named', () => {
    const bad = array([2, 3], 'f32', [0, 0, 0, 0, Number.NaN, 0])
    expect(refusal([port([1, 3])], [given(bad)]).message).toContain('[1, 1]')
  })
})

describe('layouts', () => {
  const nchw = array([2, 3, 2, 2])
  test('nchw for an nhwc model, and back', () => {
    const nhwc = values([port([1, 2, 2, 3])], [given(nchw)], { dataLayout: 'nchw' })
    expect(nhwc.slice(0, 6)).toEqual([0, 4, 8, 1, 5, 9])
    const back = given(array([2, 2, 2, 3], 'i8', nhwc))
    expect(values([port([1, 3, 2, 2])], [back], { dataLayout: 'nhwc' })).toEqual([
      ...(nchw.data as Int8Array),
    ])
  })

  test('an array that fits as it is stays so', () => {
    expect(values([port([1, 3, 2, 2])], [given(nchw)], { dataLayout: 'nchw' })).toEqual([
      ...(nchw.data as Int8Array),
    ])
  })

  test('a cube fits both ways, which is refused', () => {
    const one = refusal([port([1, 2, 2, 2])], [given(array([1, 2, 2, 2]))], { dataLayout: 'nchw' })
    expect(one.code).toBe('input/layout-ambiguous')
  })
})

describe('several inputs', () => {
  const ports = [
    port([1, 2], 'i8', perTensor(1, 0), 'left:0'),
    port([1, 2], 'i8', perTensor(1, 0), 'right:0'),
  ]
  const a = array([1, 2], 'i8', [1, 2])
  const b = array([1, 2], 'i8', [3, 4])

  test('by name in any order, or in order without names', () => {
    expect(values(ports, [given(b, 'right:0'), given(a, 'left:0')])).toEqual([1, 2, 3, 4])
    expect(values(ports, [given(a), given(b)])).toEqual([1, 2, 3, 4])
    expect(values(ports, [given(a, 'arr_0'), given(b, 'arr_1')])).toEqual([1, 2, 3, 4])
  })

  test.each<[string, GivenArray[], string, RegExp]>([
    ['a misspelt name', [given(a, 'left:0'), given(b, 'rigth:0')], 'input/unknown', /'right:0'/],
    ['one missing', [given(a, 'left:0')], 'input/missing', /right:0=/],
    ['one twice', [given(a, 'left:0'), given(b, 'left:0')], 'input/twice', /one/],
    ['one without name', [given(a)], 'input/unnamed', /NAME=/],
    ['different counts', [given(a), given(array([2, 2]))], 'input/sample-count', /same number/],
  ])('%s is refused', (_, arrays, code, hint) => {
    const diagnostic = refusal(ports, arrays)
    expect(diagnostic.code).toBe(code)
    expect(diagnostic.hint).toMatch(hint)
  })
})

describe('stacked outputs', () => {
  test.each<[number[], number, number[]]>([
    [[1, 3], 1, [2, 3]],
    [[4, 3], 1, [2, 4, 3]],
    [[4, 3], 4, [8, 3]],
    [[1], 1, [2]],
    [[], 1, [2]],
  ])('%j with %i samples a run', (shape, samplesPerRun, expected) => {
    const stack = stackOutputs([port(shape)], { runs: 2, samplesPerRun })
    const size = shape.reduce((x, y) => x * y, 1)
    stack.add([new Int8Array(size).fill(1)])
    stack.add([new Int8Array(size).fill(2)])
    const stacked = stack.arrays().get('x') as NpyArray
    expect(stacked.shape).toEqual(expected)
    expect([...(stacked.data as Int8Array)]).toEqual([...new Array(size).fill(1), ...new Array(size).fill(2)])
  })
})

describe.skipIf(!existsSync(ZOO))('real data of ../shared/zoo (skipped where it is missing)', () => {
  test('pictures for mobilenet_v2 as its reference was fed', () => {
    const pictures = unwrap(readArrays([`${ZOO}/data/natural224.npy`]))
    const expected = unwrap(readArray(`${ZOO}/reference/mobilenet_v2_int8_224.inputs.npy`))
    const quant = perTensor(0.018631115555763245, -14)
    const fed = unwrap(
      feed([port([1, 3, 224, 224], 'i8', quant)], pictures, {
        scale: 1 / 255,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        dataLayout: 'nhwc',
      }),
    )
    expect(fed.runs).toBe(8)
    const size = 3 * 224 * 224
    for (let run = 0; run < fed.runs; run++) {
      const want = Buffer.from((expected.data as Int8Array).slice(run * size, (run + 1) * size))
      expect(Buffer.from(fed.inputs(run)[0] as Int8Array).equals(want)).toBe(true)
    }
  })
})
