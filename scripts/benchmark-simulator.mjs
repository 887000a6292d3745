/**
 * Speed of the simulator on compiled networks: cycles a second of the timing model, multiply-accumulates a second of
 * the functional machine, and one layer that the mac kernel is measured by.
 *
 *     npm run build
 *     node scripts/benchmark-simulator.mjs [MODEL ...]
 *
 * Without models, those of the zoo beside the repository, where it is, and the digits example.
 */
import { existsSync } from 'node:fs'

const built = (path) => import(new URL(`../dist/${path}`, import.meta.url).href)
const { compileTrellis } = await built('backends/trellis/compile.js')
const { loadTarget } = await built('backends/trellis/target.js')
const { createMachine } = await built('sim/execute/machine.js')
const { simulateTiming } = await built('sim/timing/simulate.js')
const { simulateProgram } = await built('sim/result.js')
const { loadModel } = await built('src/importers/index.js')
const { optimize } = await built('src/pipeline.js')

const ZOO = new URL('../../shared/zoo/models/', import.meta.url).pathname
const USUAL = ['resnet8_int8', 'dscnn_kws_int8', 'vww_96_int8', 'ad01_int8', 'mobilenet_v2_int8_224']
  .map((name) => `${ZOO}${name}.tflite`)
  .filter((path) => existsSync(path))
const DIGITS = new URL('../examples/digits/digits_int8.tflite', import.meta.url).pathname

const given = process.argv.slice(2)
const target = value(loadTarget('trellis-16'))
console.log('model                     cycles   Mcycle/s     MMAC   ms a sample   GMAC/s   simulate ms')
for (const path of given.length > 0 ? given : [...USUAL, DIGITS]) await measure(path)
measureKernel()

async function measure(path) {
  const program = value(compileTrellis(optimize(value(await loadModel(path))), target))
  let cycles = 0
  const timing = milliseconds(() => {
    cycles = 0
    for (const s of program.segments) cycles += simulateTiming(s.instructions, s.address, target).cycles
  })
  const machine = createMachine(target, program.dramBytes)
  machine.dram.set(program.weights, program.weightsAddress)
  const functional = milliseconds(() => {
    for (const s of program.segments) machine.run(s.instructions)
  })
  const whole = milliseconds(() => value(simulateProgram(program)))
  const macs = program.layers.reduce((sum, layer) => sum + layer.macs, 0)
  const columns = [
    path.split('/').at(-1).replace('.tflite', '').padEnd(22),
    cycles.toLocaleString('en').padStart(9),
    (cycles / timing / 1e3).toFixed(0).padStart(10),
    (macs / 1e6).toFixed(1).padStart(8),
    functional.toFixed(2).padStart(13),
    (macs / functional / 1e6).toFixed(2).padStart(8),
    whole.toFixed(2).padStart(13),
  ]
  console.log(columns.join(' '))
}

/** A 3x3 convolution of 64 channels in blocks of 16, 8 x 8 outputs at a time. */
function measureKernel() {
  const machine = createMachine(target, 65536)
  const entries = 36
  machine.memories.index.set(Array.from({ length: entries }, (_, e) => (e % 4) * 16 + (e >> 2) * 64))
  const instruction = {
    op: 'mac.dense',
    wait: 0,
    signal: 0,
    input: 0,
    x_step: 64,
    y_step: 1024,
    mx: 8,
    my: 8,
  }
  const rest = { in_ring_end: 0, in_ring_size: 0, list: 0, entries, weight: 0, blocks: 4, acc: 0 }
  const dense = { ...instruction, ...rest, accumulate: 0, precision: 0, early: 0 }
  const time = milliseconds(() => machine.run([dense]))
  console.log(
    `mac.dense, 16 x 16, 64 outputs a block: ${((4 * entries * 64 * 256) / time / 1e6).toFixed(1)} GMAC/s`,
  )
}

/** Milliseconds of one call, the mean over at least half a second after a first call. */
function milliseconds(work) {
  work()
  const start = performance.now()
  let calls = 0
  do {
    work()
    calls++
  } while (performance.now() - start < 500)
  return (performance.now() - start) / calls
}

function value(result) {
  if (result.ok) return result.value
  console.error(result.diagnostics.map((d) => d.message).join('\n'))
  process.exit(1)
}
