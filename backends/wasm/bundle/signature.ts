/** A model's inputs and outputs as the JavaScript runtime knows them. */
import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_RANGE, DTYPES, type DType } from '../../../ir/dtype.ts'
import { elementCount, perTensor, type TensorType } from '../../../ir/tensor.ts'
import type { WasmArtifact, WasmPort } from '../artifact.ts'
import type { ElementType, RuntimePort, Signature } from '../runtime/types.ts'

/** The names of WebNN (`MLOperandDataType`), which web developers know, and alike where it has none. */
const ELEMENT_TYPES: { readonly [D in DType]: ElementType } = {
  i8: 'int8',
  u8: 'uint8',
  i16: 'int16',
  i32: 'int32',
  i64: 'int64',
  f32: 'float32',
  i4: 'int4',
  u4: 'uint4',
  i2: 'int2',
  u2: 'uint2',
  b1: 'binary',
}

export function signatureOf({ inputs, outputs, weightsAddress }: WasmArtifact): Signature {
  return {
    inputs: inputs.map(portOf),
    outputs: outputs.map(portOf),
    memory: {
      inputs: inputs.map(({ address }) => address),
      outputs: outputs.map(({ address }) => address),
      weights: weightsAddress,
    },
  }
}

function portOf({ name, type: { dtype, shape, quant } }: WasmPort): RuntimePort {
  const port = { name, dtype: ELEMENT_TYPES[dtype], shape }
  const quantized = quant?.scale.length === 1 && dtype !== 'b1' && DTYPE_RANGE[dtype] !== undefined
  if (!quantized) return port
  return { ...port, scale: must(quant.scale[0], 'scale'), zeroPoint: must(quant.zeroPoint[0], 'zero point') }
}

/** The type of a tensor by what the runtime knows of it. */
export function tensorTypeOf({ dtype, shape, scale, zeroPoint }: RuntimePort): TensorType {
  const named = DTYPES.find((type) => ELEMENT_TYPES[type] === dtype)
  const type = { dtype: must(named, `the element type ${dtype}`), shape }
  return scale === undefined || zeroPoint === undefined
    ? type
    : { ...type, quant: perTensor(scale, zeroPoint) }
}

/** The class of JavaScript array that holds a port's elements. */
export function arrayOf({ dtype }: RuntimePort): string {
  switch (dtype) {
    case 'int8':
    case 'int4':
    case 'int2':
    case 'binary':
      return 'Int8Array'
    case 'uint8':
    case 'uint4':
    case 'uint2':
      return 'Uint8Array'
    case 'int16':
      return 'Int16Array'
    case 'int32':
      return 'Int32Array'
    case 'int64':
      return 'BigInt64Array'
    case 'float32':
      return 'Float32Array'
  }
}

/** `int8[1,28,28,1]` */
export function typeText({ dtype, shape }: RuntimePort): string {
  return `${dtype}[${shape.join(',')}]`
}

export function sizeOf({ shape }: RuntimePort): number {
  return elementCount(shape)
}
