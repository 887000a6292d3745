/**
 * The networks of the zoo on every target: they compile, the program keeps the machine's rules, its outputs are those of
 * TensorFlow Lite's reference kernels, and its cycles and traffic stay below what the default target is meant to reach.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Program } from '../../backends/trellis/program.ts'
import { loadTarget, PRESET_NAMES } from '../../backends/trellis/target.ts'
import { verifyProgram } from '../../backends/trellis/verify-program.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import type { TensorData } from '../../ir/dtype.ts'
import { elementCount } from '../../ir/tensor.ts'
import { loadModel } from '../../src/importers/index.ts'
import { compileModel } from '../../src/pipeline.ts'
import { simulate } from '../../src/simulate.ts'
import { type NpyArray, readNpy } from '../../src/tensors/npy.ts'
import { readNpz } from '../../src/tensors/npz.ts'
import { createTrellisRunner } from '../../src/trellis-runner.ts'
import { hasZoo, INT8_MODELS, zooPath } from '../importers/zoo.ts'
import { whatDoesNotHold } from '../sim/model/whole.ts'

const TINY = join(import.meta.dirname, 'targets/tiny-4x4.yaml')
const WIDE = join(import.meta.dirname, 'targets/wide-8x16.yaml')
/** The small networks also run where memory is scarce and where rows and columns differ. */
const SMALL = ['resnet8_int8', 'dscnn_kws_int8', 'digits_int8', 'digits_sparse_int8', 'digits_segment_int8']

/** On trellis-16: cycles over the lower bound, and DRAM bytes over the compulsory ones. */
const BARS: Readonly<Record<string, { readonly cycles: number; readonly dram?: number }>> = {
  resnet8_int8: { cycles: 1.15, dram: 1.15 },
  dscnn_kws_int8: { cycles: 1.6, dram: 1.15 },
  vww_96_int8: { cycles: 1.8 },
  mobilenet_v2_int8_224: { cycles: 1.5 },
  ad01_int8: { cycles: 1.15 },
}

const CASES = INT8_MODELS.flatMap((model) => {
  const name = must(model.split('/').at(-1), 'a model name')
  return [...PRESET_NAMES, ...(SMALL.includes(name) ? [TINY, WIDE] : [])].map((target) => ({
    model,
    name,
    target,
  }))
})

describe.skipIf(!hasZoo)('the zoo on Trellis (skipped without ../shared/zoo)', () => {
  test.each(CASES)('$name on $target', async ({ model, name, target }) => {
    const graph = unwrap(await loadModel(zooPath(`${model}.tflite`)))
    const program = unwrap(compileModel(graph, unwrap(loadTarget(target))))
    expect(verifyProgram(program)).toEqual([])
    expectReferenceOutputs(program, model)

    const { result } = unwrap(simulate(program))
    expect(whatDoesNotHold(program, result)).toEqual([])

    const bar = target === 'trellis-16' ? BARS[name] : undefined
    if (!bar) return
    const bytes = result.dram.read_bytes + result.dram.write_bytes
    expect(result.cycles / result.lower_bound.cycles).toBeLessThanOrEqual(bar.cycles)
    if (bar.dram) expect(bytes / result.lower_bound.dram_bytes).toBeLessThanOrEqual(bar.dram)
  })
})

/** The first samples of the reference file; more prove little and mobilenet's are large. */
const SAMPLES = 2

function expectReferenceOutputs(program: Program, model: string): void {
  const given = referenceArrays(model, 'inputs')
  const inputs = program.inputs.map(({ id }, k) => must(given.get(id) ?? [...given.values()][k], id))
  const outputs = [...referenceArrays(model, 'outputs').values()]
  const runner = createTrellisRunner(program)
  const samples = Math.min(SAMPLES, must(inputs[0]?.shape[0], 'samples'))
  for (let sample = 0; sample < samples; sample++) {
    const part = (array: NpyArray, length: number): TensorData =>
      (array.data as TensorData).subarray(sample * length, (sample + 1) * length)
    const results = runner.run(
      program.inputs.map(({ type }, k) => part(must(inputs[k], 'input'), elementCount(type.shape))),
    )
    results.forEach((result, k) => {
      expect(result).toEqual(part(must(outputs[k], 'output'), result.length))
    })
  }
}

function referenceArrays(model: string, what: 'inputs' | 'outputs'): ReadonlyMap<string, NpyArray> {
  const base = `${zooPath(model).replace('/models/', '/reference/')}.${what}`
  try {
    return new Map([['', unwrap(readNpy(readFileSync(`${base}.npy`), base))]])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return unwrap(readNpz(readFileSync(`${base}.npz`), base))
  }
}
