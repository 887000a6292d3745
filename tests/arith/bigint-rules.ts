/** The rounding rules once more, straight from their definitions, in unbounded integers. */

const wrap32 = (x: bigint) => BigInt.asIntN(32, x)
const abs = (x: bigint) => (x < 0n ? -x : x)

/** a / b, b > 0, halves away from zero. */
export function divideHalfAway(a: bigint, b: bigint): bigint {
  const magnitude = (2n * abs(a) + b) / (2n * b)
  return a < 0n ? -magnitude : magnitude
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

/** gemmlowp's words: a nudge of the product's sign, then a division that truncates. */
export function highMul(a: bigint, b: bigint): bigint {
  if (a === -(2n ** 31n) && b === a) return 2n ** 31n - 1n
  const product = a * b
  const nudge = product >= 0n ? 2n ** 30n : 1n - 2n ** 30n
  return (product + nudge) / 2n ** 31n
}

export function tflite(x: bigint, multiplier: bigint, shift: number): bigint {
  const left = BigInt(Math.max(shift, 0))
  const right = BigInt(Math.max(-shift, 0))
  return divideHalfAway(highMul(wrap32(x << left), multiplier), 2n ** right)
}

export function tfliteWide(x: bigint, multiplier: bigint, shift: number): bigint {
  const reduced = multiplier < 0x7fff0000n ? (multiplier + 0x8000n) >> 16n : 0x7fffn
  const totalShift = BigInt(15 - shift)
  return wrap32((x * reduced + (1n << (totalShift - 1n))) >> totalShift)
}

export function halfEven(x: bigint, multiplier: bigint, shift: number): bigint {
  const unit = 2n ** BigInt(31 - shift)
  const product = x * multiplier
  const floor = floorDivide(product, unit)
  const twice = 2n * (product - floor * unit)
  const rounded = twice > unit || (twice === unit && floor % 2n !== 0n) ? floor + 1n : floor
  const [min, max] = [-(2n ** 31n), 2n ** 31n - 1n]
  return rounded < min ? min : rounded > max ? max : rounded
}
