/** Samples as typed arrays, one for each, by what models.mjs says of their file. */
export async function samplesOf({ url, dtype, count }) {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  const bytes = await response.arrayBuffer()
  const elements = dtype === 'f32' ? new Float32Array(bytes) : new Int8Array(bytes)
  const size = elements.length / count
  return Array.from({ length: count }, (_, i) => elements.subarray(i * size, (i + 1) * size))
}
