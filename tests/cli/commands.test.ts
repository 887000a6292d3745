/** The commands on real models: their results are the reference's, and --json is one object with the promised keys. */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { readNpy } from '../../src/tensors/npy.ts'
import { readNpz } from '../../src/tensors/npz.ts'
import { call } from './call.ts'

const DIGITS = 'examples/digits'
const ZOO = '../shared/zoo'
const folder = mkdtempSync(join(tmpdir(), 'cli-commands-'))
const OUT = join(folder, 'out.npy')

afterAll(() => rmSync(folder, { recursive: true }))

async function expectOutputs(
  model: string,
  inputs: string,
  outputs: string,
  backend = 'reference',
): Promise<void> {
  const outcome = await call('run', model, '--backend', backend, '--input', inputs, '--output', OUT)
  expect([outcome.code, outcome.out]).toEqual([0, ''])
  const [got, want] = [OUT, outputs].map((file) => unwrap(readNpy(readFileSync(file), file)))
  expect(got?.dtype).toBe(want?.dtype)
  expect(got?.shape).toEqual(want?.shape)
  expect(
    Buffer.from(got?.data.buffer as ArrayBuffer).equals(Buffer.from(want?.data.buffer as ArrayBuffer)),
  ).toBe(true)
}

describe('run', () => {
  test.each(['digits_int8', 'digits_sparse_int8', 'digits_segment_int8'])(
    '%s, as the reference',
    async (name) => {
      const reference = `${DIGITS}/reference/${name}`
      await expectOutputs(`${DIGITS}/${name}.tflite`, `${reference}.inputs.npy`, `${reference}.outputs.npy`)
    },
  )

  test('a name ending in .npz gets an archive whose key is the output', async () => {
    const file = join(folder, 'out.npz')
    const input = `serving_default_input:0=${DIGITS}/reference/digits_int8.inputs.npy`
    await call('run', `${DIGITS}/digits_int8.tflite`, '--backend', 'reference', '-i', input, '-o', file)
    const arrays = unwrap(readNpz(readFileSync(file), file))
    expect([...arrays.keys()]).toEqual(['StatefulPartitionedCall_1:0'])
    expect(arrays.get('StatefulPartitionedCall_1:0')?.shape).toEqual([16, 10])
  })

  test('does not overwrite its samples or its model', async () => {
    const [model, input] = [join(folder, 'model.tflite'), join(folder, 'input.npy')]
    copyFileSync(`${DIGITS}/digits_int8.tflite`, model)
    copyFileSync(`${DIGITS}/reference/digits_int8.inputs.npy`, input)
    for (const file of [model, input]) {
      const named = `serving_default_input:0=${input}`
      const { code, err } = await call('run', model, '--backend', 'reference', '-i', named, '-o', file)
      expect([code, err]).toEqual([1, expect.stringContaining('output/overwrites-input')])
    }
    expect(readFileSync(input)).toEqual(readFileSync(`${DIGITS}/reference/digits_int8.inputs.npy`))
  })
})

test('simulate writes two results to two files', async () => {
  const file = join(folder, 'both')
  const { code, err } = await call(
    ...['simulate', `${DIGITS}/digits_int8.tflite`, '--target', 'trellis-16'],
    ...['--trace', file, '--report', `${folder}/./both`],
  )
  expect([code, err, existsSync(file)]).toEqual([1, expect.stringContaining('output/given-twice'), false])
})

describe('compile', () => {
  const program = join(folder, 'program')
  const reference = `${DIGITS}/reference/digits_int8`

  test('a compiled folder runs as the model does', async () => {
    const outcome = await call(
      'compile',
      `${DIGITS}/digits_int8.tflite`,
      '-o',
      program,
      '--target',
      'trellis-8',
    )
    expect([outcome.code, outcome.out]).toEqual([0, ''])
    expect(readdirSync(program)).toEqual(['manifest.json', 'program.bin', 'program.s', 'weights.bin'])
    await expectOutputs(program, `${reference}.inputs.npy`, `${reference}.outputs.npy`, 'trellis')
  })

  test('a folder that was tampered with is refused', async () => {
    const weights = join(program, 'weights.bin')
    const bytes = readFileSync(weights)
    bytes[100] = (bytes[100] ?? 0) ^ 1
    writeFileSync(weights, bytes)
    const outcome = await call(
      'run',
      program,
      '--backend',
      'trellis',
      '-i',
      `${reference}.inputs.npy`,
      '-o',
      OUT,
    )
    expect(outcome.code).toBe(1)
    expect(outcome.err).toContain('error[image/checksum]')
  })
})

describe('inspect', () => {
  test('--json has the promised keys', async () => {
    const outcome = await call('inspect', `${DIGITS}/digits_int8.tflite`, '--json')
    expect(outcome).toMatchObject({ code: 0, err: '' })
    const report = JSON.parse(outcome.out)
    expect(Object.keys(report)).toEqual([
      'model',
      'format',
      'inputs',
      'outputs',
      'ops',
      'parameters',
      'macs',
      'weight_bytes',
      'layers',
      'tensors',
    ])
    expect(report).toMatchObject({ model: 'digits_int8', format: 'tflite', macs: 4017248 })
    expect(report.inputs).toEqual([
      {
        name: 'serving_default_input:0',
        dtype: 'i8',
        shape: [1, 28, 28, 1],
        scale: 0.003921568859368563,
        zero_point: -128,
      },
    ])
    expect(report.ops).toEqual({
      conv2d: 5,
      depthwise_conv2d: 2,
      add: 1,
      mean: 1,
      fully_connected: 2,
      softmax: 1,
    })
    expect(Object.keys(report.layers[0])).toEqual([
      'name',
      'op',
      'output_shape',
      'dtype',
      'precision',
      'density',
      'block_density',
      'parameters',
      'macs',
      'inputs',
      'outputs',
    ])
  })

  test('the format is that of the content, whatever the name', async () => {
    const path = join(folder, 'model.onnx')
    copyFileSync(`${DIGITS}/digits_int8.tflite`, path)
    const { out } = await call('inspect', path, '--json')
    expect(JSON.parse(out).format).toBe('tflite')
  })

  test('a sparse layer shows its density', async () => {
    const { out } = await call('inspect', `${DIGITS}/digits_sparse_int8.tflite`, '--json')
    // 9 of 36 blocks of conv1 are kept; within them a few weights quantize to zero.
    expect(JSON.parse(out).layers[1].density).toBeGreaterThan(0.24)
    expect(JSON.parse(out).layers[1].density).toBeLessThanOrEqual(9 / 36)
    expect(JSON.parse(out).layers[1].block_density).toBe(9 / 36)
  })

  test('the table fits 100 columns', async () => {
    const { out } = await call('inspect', `${DIGITS}/digits_segment_int8.tflite`)
    for (const line of out.split('\n')) expect(line.trimEnd().length).toBeLessThanOrEqual(100)
    expect(out).toContain('5,654,528 MACs')
  })
})

describe('evaluate', () => {
  const digits = (name: string, data: string, ...more: string[]) =>
    call(
      ...['evaluate', `${DIGITS}/${name}.tflite`, '--backend', 'reference', '--json'],
      ...[
        '--data',
        `${DIGITS}/data/${data}.npy`,
        '--labels',
        `${DIGITS}/data/${data}.labels.npy`,
        '--scale',
        '1/255',
      ],
      ...more,
    )

  test('top-1 of the digits', async () => {
    const outcome = await digits('digits_int8', 'digits_test')
    expect([outcome.code, outcome.err]).toEqual([0, ''])
    expect(JSON.parse(outcome.out)).toEqual({
      ...{ model: `${DIGITS}/digits_int8.tflite`, backend: 'reference', metric: 'top-1' },
      ...{ samples: 200, labels: 200, correct: 200, accuracy: 1 },
    })
  })

  test('each element of a segmentation, as the reference', async () => {
    const { out } = await digits('digits_segment_int8', 'canvas_test')
    const { accuracy } = JSON.parse(readFileSync(`${DIGITS}/reference/digits_segment_int8.json`, 'utf8'))
    expect(JSON.parse(out)).toMatchObject({ metric: 'per-element', samples: 200, labels: 200 * 32 * 32 })
    expect(JSON.parse(out).accuracy).toBe(accuracy.reference.cells)
  })

  test('a floor that holds changes nothing', async () => {
    expect((await digits('digits_int8', 'digits_test', '--floor', '0.99')).code).toBe(0)
  })
})

describe('targets', () => {
  test('a list, one object, or one target', async () => {
    expect((await call('targets')).out).toMatch(/trellis-16 \(default\)/)
    const { targets } = JSON.parse((await call('targets', '--json')).out)
    expect(targets.map((t: { name: string }) => t.name)).toEqual(['trellis-8', 'trellis-16', 'trellis-32'])
    expect(JSON.parse((await call('targets', 'trellis-8', '--json')).out)).toMatchObject({
      array: { rows: 8 },
    })
    expect((await call('targets', 'trellis-8')).out).toContain('clock_mhz: 100')
  })
})

test('help and version are results, and done', async () => {
  expect(await call('--version')).toMatchObject({ code: 0, err: '' })
  const help = await call('run', '--help')
  expect([help.code, help.err]).toEqual([0, ''])
  expect(help.out).toContain('--data-layout')
  expect((await call('help')).out).not.toContain('compress')
})

describe.skipIf(!existsSync(ZOO))('models of ../shared/zoo (skipped where it is missing)', () => {
  const catalogue = existsSync(ZOO) ? JSON.parse(readFileSync(`${ZOO}/zoo.json`, 'utf8')).models : []
  interface Entry {
    file: string
    params: number
    macs: number
  }
  const INT8 = [
    ...[
      'resnet8_int8',
      'dscnn_kws_int8',
      'vww_96_int8',
      'ad01_int8',
      'ad01_int8_floatio',
      'mobilenet_v2_int8_224',
    ],
    ...['micro_speech_int8', 'hello_world_int8', 'simple_add'],
  ]

  test.each(INT8)('%s has the parameters and MACs of its catalogue', async (name) => {
    const entry: Entry = catalogue.find((m: Entry) => m.file === `models/${name}.tflite`)
    const { out } = await call('inspect', `${ZOO}/${entry.file}`, '--json')
    expect(JSON.parse(out)).toMatchObject({ parameters: entry.params, macs: entry.macs })
  })

  test.each(['ad01_int8', 'ad01_int8_floatio', 'micro_speech_int8', 'hello_world_int8', 'dscnn_kws_int8'])(
    'run %s, as the reference',
    async (name) => {
      const reference = `${ZOO}/reference/${name}`
      await expectOutputs(
        `${ZOO}/models/${name}.tflite`,
        `${reference}.inputs.npy`,
        `${reference}.outputs.npy`,
      )
    },
  )

  test('two inputs from one archive, as the reference', async () => {
    const reference = `${ZOO}/reference/simple_add`
    await expectOutputs(
      `${ZOO}/models/simple_add.tflite`,
      `${reference}.inputs.npz`,
      `${reference}.outputs.npy`,
    )
  })

  test('resnet8 names 47 of 50 pictures', async () => {
    const data = `${ZOO}/data/cifar10_test`
    const model = `${ZOO}/models/resnet8_int8.tflite`
    const { out } = await call(
      'evaluate',
      model,
      '--json',
      '--data',
      `${data}.npy`,
      '--labels',
      `${data}.labels.npy`,
    )
    expect(JSON.parse(out)).toMatchObject({ samples: 50, correct: 47, accuracy: 0.94 })
  })

  test.each(['reference', 'wasm'])('dscnn_kws_float hears 813 of 900 words on %s', async (backend) => {
    const data = `${ZOO}/data/kws_test`
    // The samples are the int8 model's, of scale 0.5847... and zero point 83.
    const scale = 0.5847029089927673
    const { out } = await call(
      'evaluate',
      `${ZOO}/models/dscnn_kws_float.tflite`,
      ...['--json', '--backend', backend, '--scale', `${scale}`, '--mean', `${83 * scale}`],
      ...['--data', `${data}.npy`, '--labels', `${data}.labels.npy`],
    )
    expect(JSON.parse(out)).toMatchObject({ samples: 900, correct: 813 })
  })

  test('every backend equals the reference on dscnn_kws_float', async () => {
    const { code, out } = await call(
      'verify',
      `${ZOO}/models/dscnn_kws_float.tflite`,
      '--runs',
      '2',
      '--json',
    )
    expect(code).toBe(0)
    const equal = JSON.parse(out).backends.filter(({ result }: { result: string }) => result === 'equal')
    expect(equal.map(({ backend }: { backend: string }) => backend)).toEqual(
      expect.arrayContaining(['trellis', 'wasm']),
    )
  })
})
