/**
 * Reads handwritten digits with a quantized network, through the library. From the repository's root:
 *
 *   node examples/digits/classify.mjs [reference|trellis|wasm]
 */
import { evaluateOutputs, feed, openExecutable, readArrays, runFeed, unwrap } from 'espalier'

const [backend = 'reference'] = process.argv.slice(2)
const here = import.meta.dirname

const model = unwrap(await openExecutable(`${here}/digits_int8.tflite`, backend))
const pictures = unwrap(readArrays([`${here}/data/digits_test.npy`]))
const [labels] = unwrap(readArrays([`${here}/data/digits_test.labels.npy`]))

// The pictures are bytes 0..255, the network was trained on 0..1.
const outputs = runFeed(model, unwrap(feed(model.inputs, pictures, { scale: 1 / 255 })))

const [scores] = outputs.values()
for (const sample of [0, 1, 2]) {
  const of10 = scores.data.subarray(sample * 10, sample * 10 + 10)
  console.log(picture(pictures[0].array, sample))
  console.log(`this is a ${of10.indexOf(Math.max(...of10))}\n`)
}

const { correct, samples } = unwrap(evaluateOutputs(outputs, labels.array, labels.file))
console.log(`${correct} of ${samples} digits are read correctly on ${backend}`)

/** A picture of 28 x 28 bytes as characters, two rows a line. */
function picture({ data }, sample) {
  const pixel = (y, x) => data[(sample * 28 + y) * 28 + x] > 127
  const lines = []
  for (let y = 0; y < 28; y += 2) {
    let line = ''
    for (let x = 0; x < 28; x++) line += ' ▀▄█'[(pixel(y, x) ? 1 : 0) + (pixel(y + 1, x) ? 2 : 0)]
    if (line.trim() !== '') lines.push(line.trimEnd())
  }
  return lines.join('\n')
}
