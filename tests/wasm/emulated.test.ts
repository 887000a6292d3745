/**
 * Modules of relaxed SIMD on any engine: the relaxed operations are replaced by what the variant's machines make of them.
 * So what x86 and Arm compute is tested on each of the two, and without relaxed SIMD too.
 */
import binaryen from 'binaryen'
import fc from 'fast-check'
import { afterEach, beforeEach, test, vi } from 'vitest'
import { signatureOf } from '../../backends/wasm/bundle/signature.ts'
import { type Expression, ModuleBuilder } from '../../backends/wasm/codegen/module.ts'
import { instantiate } from '../../backends/wasm/runtime/runtime.js'
import { typeOf } from '../../ir/graph.ts'
import { modelExecutable } from '../../src/wasm-executable.ts'
import { cases } from '../laws/long-run.ts'
import { randomInputs } from '../laws/network-builder.ts'
import { randomNetwork } from '../laws/random-network.ts'
import { randomRealNetwork } from '../laws/random-real-network.ts'
import { randomElements } from './one-op.ts'
import { binaryChains, chains } from './random-chains.ts'
import { checkOnWasm, type Engine } from './wasm-law.ts'

const EMULATOR: Engine = {
  variants: ['relaxed_unsigned', 'relaxed_signed'],
  async open(artifact, variant) {
    const module = await WebAssembly.compile(artifact.modules[variant].slice())
    const model = await instantiate(signatureOf(artifact), variant, module, artifact.weights)
    return modelExecutable(artifact.model, artifact.inputs, artifact.outputs, model)
  },
}

beforeEach(() => {
  vi.spyOn(ModuleBuilder.prototype, 'relaxedDot').mockImplementation(function (
    this: ModuleBuilder,
    first,
    second,
    sums,
  ) {
    if (!this.wasm.getFunction('dot')) defineDot(this)
    return this.wasm.call('dot', [first, second, sums], binaryen.v128)
  })
  vi.spyOn(ModuleBuilder.prototype, 'relaxedTruncate').mockImplementation(function (
    this: ModuleBuilder,
    value,
  ) {
    return this.wasm.i32x4.trunc_sat_f32x4_s(value)
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** dot(first, second, sums), with the second operand read as the variant says. */
function defineDot({ wasm, variant }: ModuleBuilder): void {
  const { i8x16, i16x8, i32x4 } = wasm
  const isUnsigned = variant === 'relaxed_unsigned'
  const operand = (index: number) => wasm.local.get(index, binaryen.v128)
  const low = isUnsigned ? i16x8.extend_low_i8x16_u : i16x8.extend_low_i8x16_s
  const high = isUnsigned ? i16x8.extend_high_i8x16_u : i16x8.extend_high_i8x16_s
  // Each of these holds four sums of two products, the neighbours' still to be added.
  const pairs = () => [
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(operand(0)), low(operand(1))),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(operand(0)), high(operand(1))),
  ]
  const every = (lanes: readonly number[]): Expression => {
    const [first = 0, second = 0] = pairs()
    return i8x16.shuffle(
      first,
      second,
      lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
    )
  }
  wasm.addFunction(
    'dot',
    binaryen.createType([binaryen.v128, binaryen.v128, binaryen.v128]),
    binaryen.v128,
    [],
    i32x4.add(operand(2), i32x4.add(every([0, 2, 4, 6]), every([1, 3, 5, 7]))),
  )
}

test('random networks on x86 and on Arm equal the interpreter bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(randomNetwork(), fc.nat(), async (graph, seed) => {
      await checkOnWasm(graph, seed, [randomInputs(graph, seed)], EMULATOR)
    }),
    cases(60),
  )
})

test('so do networks on float32 tensors with int8 ones in between', async () => {
  await fc.assert(
    fc.asyncProperty(randomRealNetwork(), fc.nat(), async (graph, seed) => {
      await checkOnWasm(graph, seed, [randomInputs(graph, seed)], EMULATOR)
    }),
    cases(30),
  )
})

test('so do networks on elements of few bits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(chains, binaryChains), fc.nat(1 << 20), async (graph, seed) => {
      const inputs = graph.inputs.map((id) => randomElements(typeOf(graph, id), seed))
      await checkOnWasm(graph, seed, [inputs], EMULATOR)
    }),
    cases(60),
  )
})
