/**
 * Runs a bundle on samples and compares every byte of its outputs with what is expected. `inputs` and `outputs` are
 * addresses, one for each tensor in the model's order, of the samples' elements one after another.
 *
 * @returns `variant`, `bytes` that were compared and `differences`; or `refused`, the code of the error that `load` gave
 */
export async function compare({ bundle, variant, samples, inputs, outputs }) {
  const { load } = await import(bundle)
  let model
  try {
    model = await load(variant === undefined ? {} : { variant })
  } catch (error) {
    return { refused: error.code ?? String(error) }
  }
  const given = await Promise.all(inputs.map(bytesAt))
  const expected = await Promise.all(outputs.map(bytesAt))
  const from = Object.values(model.inputs).map(bytesOf)
  const to = Object.values(model.outputs).map(bytesOf)
  let [bytes, differences] = [0, 0]
  for (let sample = 0; sample < samples; sample++) {
    for (const [i, view] of from.entries()) view.set(part(given[i], sample, view.length))
    model.run()
    for (const [i, view] of to.entries()) {
      const want = part(expected[i], sample, view.length)
      differences += view.filter((byte, k) => byte !== want[k]).length
      bytes += view.length
    }
  }
  return { variant: model.variant, bytes, differences }
}

const bytesOf = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
const part = (all, sample, length) => all.subarray(sample * length, (sample + 1) * length)

async function bytesAt(url) {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
