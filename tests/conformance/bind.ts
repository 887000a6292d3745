/** Makes inputs of an ONNX file constant: their values become initializers. */

const GRAPH = 7
const INITIALIZER = 5
const TENSOR_NAME = 8
const LENGTH_DELIMITED = 2

/** The model with more initializers, each a TensorProto as its file holds it. */
export function withInitializers(
  model: Uint8Array,
  tensors: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Uint8Array {
  const added = tensors.map(({ name, bytes }) =>
    // Of a field that is there twice the last one counts.
    field(INITIALIZER, concatenated([bytes, field(TENSOR_NAME, new TextEncoder().encode(name))])),
  )
  const parts: Uint8Array[] = []
  for (let at = 0; at < model.length; ) {
    const { number, end, payload } = readField(model, at)
    parts.push(
      number === GRAPH && payload ? field(GRAPH, concatenated([payload, ...added])) : model.subarray(at, end),
    )
    at = end
  }
  return concatenated(parts)
}

/** A field of a message: where it ends, and what a length-delimited one holds. */
function readField(bytes: Uint8Array, start: number) {
  let at = start
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  const tag = varint()
  const number = Math.floor(tag / 8)
  switch (tag % 8) {
    case 0:
      varint()
      return { number, end: at }
    case 1:
      return { number, end: at + 8 }
    case LENGTH_DELIMITED: {
      const length = varint()
      return { number, end: at + length, payload: bytes.subarray(at, at + length) }
    }
    case 5:
      return { number, end: at + 4 }
    default:
      throw new Error(`a field of wire type ${tag % 8}`)
  }
}

function field(number: number, payload: Uint8Array): Uint8Array {
  return concatenated([varintOf(number * 8 + LENGTH_DELIMITED), varintOf(payload.length), payload])
}

function varintOf(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  return Uint8Array.of(...bytes, rest)
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
