/** An instance: typed arrays in and out, their conversion from and to real values, and what is refused. */
import binaryen from 'binaryen'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { WasmArtifact } from '../../../backends/wasm/artifact.ts'
import { signatureOf } from '../../../backends/wasm/bundle/signature.ts'
import { instantiate, type Model } from '../../../backends/wasm/runtime/runtime.js'
import type { Elements, ElementsByName } from '../../../backends/wasm/runtime/types.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import type { TensorType } from '../../../ir/tensor.ts'
import { instantiateArtifact } from '../../../src/wasm-executable.ts'
import {
  expectedOutputs,
  handmadeArtifact,
  port,
  severalArtifact,
  singleArtifact,
  someInputs,
  someWeights,
} from './handmade.ts'
import { importBundle, install, temporaryFolder } from './installed.ts'
import { modelError } from './model-error.ts'

const single = singleArtifact()
const several = severalArtifact()
const INPUT = 'serving_default_input_1:0'
const OUTPUT = 'StatefulPartitionedCall:0'

const root = temporaryFolder()
afterAll(root.remove)

function byName(ports: WasmArtifact['inputs'], arrays: readonly TensorData[]): Record<string, Elements> {
  return Object.fromEntries(ports.map(({ name }, k) => [name, must(arrays[k], name) as Elements]))
}

/** Calls what the types forbid. */
function refusal(model: Model, input: unknown): unknown {
  try {
    return model.run(input as Elements)
  } catch (error) {
    return error
  }
}

describe('run', () => {
  test('takes and returns an array where there is one input and output', async () => {
    const model = await instantiateArtifact(single)
    const [input = new Int8Array()] = someInputs(single, 4)
    const output = model.run(input as Int8Array)
    expect(output).toEqual(expectedOutputs(single, [input])[0])
    expect(output).toEqual(model.outputs[OUTPUT])
    model.run(new Int8Array(784))
    expect(output).not.toEqual(model.outputs[OUTPUT])
  })

  test('takes and returns arrays by name where there are several', async () => {
    const model = await instantiateArtifact(several)
    const inputs = someInputs(several, 9)
    const outputs = byName(several.outputs, expectedOutputs(several, inputs))
    expect(model.run(byName(several.inputs, inputs))).toEqual(outputs)
    expect(model.outputs).toEqual(outputs)
  })

  test('without an argument takes what the views hold', async () => {
    const model = await instantiateArtifact(several)
    const inputs = someInputs(several, 2)
    for (const [k, { name }] of several.inputs.entries()) model.inputs[name]?.set(inputs[k] as never)
    expect(model.run()).toEqual(byName(several.outputs, expectedOutputs(several, inputs)))
  })

  test('takes views of its own memory, and arrays of other realms', async () => {
    const model = await instantiateArtifact(single)
    const [input = new Int8Array()] = someInputs(single, 8)
    const expected = model.run(input as Int8Array)
    const { runInNewContext } = await import('node:vm')
    const foreign = runInNewContext('Int8Array').from(input)
    expect(foreign).not.toBeInstanceOf(Int8Array)
    expect(model.run(foreign)).toEqual(expected)
    const view = must(model.inputs[INPUT], 'view')
    expect(model.run(view)).toEqual(expected)
  })
})

test('instances are independent', async () => {
  const bundle = await importBundle(install(root.path, several))
  const models = await Promise.all(Array.from({ length: 50 }, () => bundle.load()))
  const inputs = models.map((_, seed) => someInputs(several, seed))
  models.forEach((model, k) => {
    for (const [i, { name }] of several.inputs.entries()) model.inputs[name]?.set(inputs[k]?.[i] as never)
  })
  for (const [k, model] of models.entries()) {
    const outputs = byName(several.outputs, expectedOutputs(several, must(inputs[k], 'inputs')))
    expect(model.run()).toEqual(outputs)
  }
})

describe('what is refused before anything is written', () => {
  const UNTYPED = [null, 'text', 7, true, {}, [1, 2, 3], new Array(784).fill(0), new ArrayBuffer(784)]
  const TYPED = [
    new Uint8Array(784),
    new Uint8ClampedArray(784),
    new Int16Array(784),
    new Float32Array(784),
    new BigInt64Array(784),
    new DataView(new ArrayBuffer(784)),
    { length: 784, [Symbol.toStringTag]: 'Int8Array' },
  ]

  test('input-type', async () => {
    const model = await instantiateArtifact(single)
    for (const input of [...UNTYPED, ...TYPED]) {
      expect(refusal(model, input)).toEqual(modelError('input-type', INPUT, 'Int8Array', '784'))
    }
    expect(refusal(model, new Uint8Array(784))).toEqual(modelError('input-type', 'Uint8Array', 'quantize'))
  })

  test('input-type, of several', async () => {
    const model = await instantiateArtifact(several)
    const inputs = byName(several.inputs, someInputs(several, 1))
    for (const input of [null, 'text', 7, true, [1, 2], new Int8Array(48)]) {
      expect(refusal(model, input)).toEqual(modelError('input-type', "'image'", "'ids'"))
    }
    for (const state of [...UNTYPED, ...TYPED.filter((array) => !(array instanceof Int16Array)), undefined]) {
      expect(refusal(model, { ...inputs, state })).toEqual(modelError('input-type', "'state'", 'Int16Array'))
    }
  })

  test('input-length', async () => {
    const model = await instantiateArtifact(single)
    for (const length of [0, 1, 783, 785, 100_000]) {
      expect(refusal(model, new Int8Array(length))).toEqual(
        modelError('input-length', INPUT, '784', '1, 28, 28, 1', String(length)),
      )
    }
    const detached = new Int8Array(784)
    structuredClone(detached, { transfer: [detached.buffer] })
    expect(refusal(model, detached)).toEqual(modelError('input-length'))
  })

  test('input-missing, also where an object inherits it', async () => {
    const model = await instantiateArtifact(several)
    const { ids, ...rest } = byName(several.inputs, someInputs(several, 1))
    expect(refusal(model, rest)).toEqual(modelError('input-missing', "'ids'", "'image'"))
    expect(refusal(model, {})).toEqual(modelError('input-missing', "'image'"))
    expect(refusal(model, Object.assign(Object.create({ ids }), rest))).toEqual(modelError('input-missing'))
  })

  test('input-unknown', async () => {
    const model = await instantiateArtifact(several)
    const inputs = byName(several.inputs, someInputs(several, 1))
    expect(refusal(model, { ...inputs, imagee: inputs.image })).toEqual(
      modelError('input-unknown', "'imagee'", "'image'"),
    )
  })

  test('of several inputs, none is written where one is wrong', async () => {
    const model = await instantiateArtifact(several)
    const inputs = byName(several.inputs, someInputs(several, 1))
    refusal(model, { ...inputs, ids: new Int32Array(5) })
    for (const view of Object.values(model.inputs))
      expect(view.every((element) => Number(element) === 0)).toBe(true)
  })
})

describe('names that objects have otherwise', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', '', '0']
  const artifact = handmadeArtifact(
    names.map((name, k) => port(name, 'i8', [k + 1])),
    names.map((name) => port(name, 'i16', [2])),
    someWeights(10),
  )

  test('are names like any other', async () => {
    const bundle = await importBundle(install(root.path, artifact, { name: 'odd' }))
    expect(bundle.inputs.map(({ name }) => name)).toEqual(names)
    const model = await bundle.load()
    const inputs = someInputs(artifact, 3)
    const given = byName(artifact.inputs, inputs)
    const outputs: ElementsByName = model.run(given)
    expect(names.map((name) => Object.getOwnPropertyDescriptor(outputs, name)?.value)).toEqual(
      expectedOutputs(artifact, inputs),
    )
    expect(refusal(model, {})).toEqual(modelError('input-missing', "'__proto__'"))
  })
})

describe('quantize and dequantize', () => {
  const types: readonly TensorType[] = [
    port('x', 'i8', [4], Math.fround(0.1), 3).type,
    port('x', 'i8', [4], Math.fround(1 / 255), -128).type,
    port('x', 'i16', [4], Math.fround(0.0007)).type,
    port('x', 'i8', [4], 0.5, 127).type,
    port('x', 'i16', [4], Math.fround(1e-30)).type,
    port('x', 'i8', [4], Math.fround(3e38), -5).type,
  ]
  const special = [
    0,
    -0,
    0.5,
    -0.5,
    1.5,
    -1.5,
    0.25,
    0.75,
    Number.NaN,
    Infinity,
    -Infinity,
    3.4e38,
    -3.4e38,
    1e-45,
  ]

  test.each(types)('are those of the reference interpreter: %o', async (type) => {
    const { model, quantize, dequantize } = await converters(type)
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.float(), fc.double(), fc.constantFrom(...special))), (numbers) => {
        const reals = Float32Array.from(numbers)
        const expected = quantize(reals)
        expect(model.quantize(reals)).toEqual(expected)
        expect(model.quantize(numbers)).toEqual(expected)
        expect(model.dequantize(expected as Int8Array)).toEqual(dequantize(expected))
      }),
    )
    const scale = must(type.quant?.scale[0], 'scale')
    const halves = Float32Array.from({ length: 1200 }, (_, i) => (i - 600) * 0.5 * scale)
    expect(model.quantize(halves)).toEqual(quantize(halves))
  })

  test('saturate at the bounds of every type', async () => {
    const bounds = {
      i8: [-128, 127],
      u8: [0, 255],
      i16: [-32768, 32767],
      i32: [-(2 ** 31), 2 ** 31 - 1],
    } as const
    const below = { i4: [-8, 7], u4: [0, 15], i2: [-2, 1], u2: [0, 3] } as const
    for (const [dtype, range] of Object.entries({ ...bounds, ...below })) {
      const { model } = await converters(port('x', dtype as 'i8', [4], 1).type)
      expect([...model.quantize([-1e20, 1e20])]).toEqual(range)
    }
  })

  test('float32 stays as it is', async () => {
    const { model } = await converters(port('x', 'f32', [2]).type)
    expect(model.quantize([0.1, 2])).toEqual(Float32Array.of(0.1, 2))
    expect(model.dequantize(Float32Array.of(0.5))).toEqual(Float32Array.of(0.5))
  })

  test('need a name where there are several', async () => {
    const model = await instantiateArtifact(several)
    expect(model.quantize([0.04], 'image')).toEqual(Int8Array.of(7))
    expect(model.dequantize([7], 'scores')).toEqual(Float32Array.of(1))
    expect(() => model.quantize([1])).toThrow(modelError('input-unknown', "'image'") as Error)
    expect(() => model.quantize([1], 'scores')).toThrow(modelError('input-unknown', "'scores'") as Error)
    expect(() => model.dequantize([1])).toThrow(modelError('output-unknown', "'raw'") as Error)
    expect(() => model.dequantize([1], 'image')).toThrow(modelError('output-unknown', "'image'") as Error)
  })

  test('not-quantized', async () => {
    const model = await instantiateArtifact(several)
    expect(() => model.quantize([1], 'ids')).toThrow(modelError('not-quantized', "'ids'", 'int32') as Error)
    expect(() => model.dequantize([1], 'at')).toThrow(modelError('not-quantized', "'at'", 'int64') as Error)
  })

  test('take arrays only', async () => {
    const model = await instantiateArtifact(single)
    for (const values of [undefined, null, 3, 'text', {}, new DataView(new ArrayBuffer(4))] as never[]) {
      expect(() => model.quantize(values)).toThrow(modelError('input-type', 'quantize') as Error)
      expect(() => model.dequantize(values)).toThrow(modelError('input-type', 'dequantize') as Error)
    }
  })

  /** A model whose input and output are of `type`, and the interpreter's own kernels for it. */
  async function converters(type: TensorType) {
    const artifact = handmadeArtifact([{ name: 'x', type }], [{ name: 'y', type }], someWeights(1))
    const real = port('x', 'f32', [4]).type
    const prepare = (op: 'quantize' | 'dequantize', from: TensorType, to: TensorType) => (x: TensorData) =>
      OPS[op].prepare({ inputs: [from], outputs: [to], attrs: {} }, [undefined])([x])
    return {
      model: await instantiateArtifact(artifact),
      quantize: prepare('quantize', real, type),
      dequantize: prepare('dequantize', type, real),
    }
  }
})

describe('a module that does not fit', () => {
  const MEMORY = '(memory (export "memory") 1)'
  const INIT = '(func (export "init"))'
  const RUN = '(func (export "run"))'

  test('one that fits', async () => {
    const model = await instantiate(
      signatureOf(single),
      'plain',
      await parse(MEMORY + INIT + RUN),
      single.weights,
    )
    expect(model.run()).toEqual(new Int8Array(10))
  })

  test.each([
    ['without memory', INIT + RUN],
    ['with a function for memory', `(func (export "memory"))${INIT}${RUN}`],
    ['without run', MEMORY + INIT],
    ['with a number for run', `${MEMORY}${INIT}(global (export "run") i32 (i32.const 0))`],
    ['without init', MEMORY + RUN],
    ['whose init traps', `${MEMORY}(func (export "init") (unreachable))${RUN}`],
    ['that imports', `(import "env" "f" (func))${MEMORY}${INIT}${RUN}`],
    ['with no page of memory', `(memory (export "memory") 0)${INIT}${RUN}`],
  ])('%s', async (_, text) => {
    const instance = instantiate(signatureOf(single), 'plain', await parse(text), single.weights)
    await expect(instance).rejects.toEqual(modelError('module-invalid', 'does not fit'))
  })

  test.each([
    ['ends before the weights', { weights: 65530 }],
    ['ends before the input', { inputs: [70000] }],
    ['ends within the output', { outputs: [65530] }],
    ['does not align the output', { outputs: [3] }],
  ])('whose memory %s', async (_, memory) => {
    const signature = signatureOf(
      handmadeArtifact([port('x', 'i8', [9])], [port('y', 'i32', [9])], someWeights(9)),
    )
    const other = { ...signature, memory: { ...signature.memory, ...memory } }
    const instance = instantiate(other, 'plain', await parse(MEMORY + INIT + RUN), someWeights(9))
    await expect(instance).rejects.toEqual(modelError('module-invalid', 'does not fit'))
  })

  function parse(text: string): Promise<WebAssembly.Module> {
    return WebAssembly.compile(Uint8Array.from(binaryen.parseText(`(module ${text})`).emitBinary()))
  }
})
