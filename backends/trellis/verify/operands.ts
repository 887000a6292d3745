/** What can be said of one instruction on one target, apart from all others. */
import { MODE_LINE, MODE_THRESHOLDS } from '../isa/costs.ts'
import { checkFields, layoutOf } from '../isa/layout.ts'
import type { Instruction } from '../isa/table.ts'
import { capacities, type Target } from '../target.ts'

/** Largest distance of neighbouring results of a staircase: all that 8-bit results can tell apart. */
const MAX_DISTANCE = 255

export interface OperandError {
  readonly code: 'program/field' | 'program/operand' | 'program/token'
  readonly message: string
  readonly hint?: string
}

/** Fields that count something: an instruction with none of it has no meaning. */
const COUNTS = new Set([
  'rows',
  'bytes',
  'mx',
  'my',
  'entries',
  'blocks',
  'groups',
  'columns',
  'lines',
  'taps',
  'kx',
  'ky',
  'last_lanes',
])

export function operandError(i: Instruction, target: Target): OperandError | undefined {
  const wrong = checkFields(i)
  if (wrong !== undefined)
    return { code: 'program/field', message: `has a value that its field cannot hold: ${wrong}` }
  const values = i as unknown as Readonly<Record<string, number>>
  for (const { name } of layoutOf(i.op).fields) {
    if (COUNTS.has(name) && values[name] === 0) return operand(`has ${name}=0: there is nothing to do`)
  }
  return ringError(values, target) ?? scalingError(values) ?? widthError(i, target) ?? ownError(i, target)
}

/** A target has nothing for widths that it does not name; only a stream of weights may have any. */
function widthError(i: Instruction, target: Target): OperandError | undefined {
  if (!('precision' in i)) return undefined
  const bits = 8 >> i.precision
  if (target.precisions.some((p) => p === bits)) return undefined
  return operand(`works on ${bits}-bit elements, which the target lacks`, 'see precisions of the target')
}

/** Requantizations have three rules and shift by up to 31. */
function scalingError(values: Readonly<Record<string, number>>): OperandError | undefined {
  if (values.rounding === 3) return operand('has rounding=3, which means nothing')
  const name = ['shift', 's_a', 's_b', 's_out'].find((shift) => values[shift] === -32)
  if (name) return operand(`has ${name}=-32, but a requantization shifts by 31 bits at most`)
  return undefined
}

function operand(message: string, hint?: string): OperandError {
  return hint === undefined
    ? { code: 'program/operand', message }
    : { code: 'program/operand', message, hint }
}

/** A ring is a piece of activation memory. */
function ringError(values: Readonly<Record<string, number>>, target: Target): OperandError | undefined {
  const { activationBytes } = capacities(target)
  for (const prefix of ['ring', 'in_ring']) {
    const end = values[`${prefix}_end`] ?? 0
    const size = values[`${prefix}_size`] ?? 0
    if (size > 0 && (end < size || end > activationBytes)) {
      return operand(
        `has a row ring of ${size} bytes that ends at ${end}, outside the activation memory of ${activationBytes} bytes`,
      )
    }
  }
  return undefined
}

function ownError(i: Instruction, target: Target): OperandError | undefined {
  const { rows, cols, line_words: lineWords } = target.array
  switch (i.op) {
    case 'load.weight': {
      const lanes = i.lanes.toString(2).length
      if (i.stream < i.precision) {
        return operand(
          `reads weights of ${8 >> i.stream} bits for lanes of ${8 >> i.precision}: they can be widened only`,
        )
      }
      if (i.lanes === 0n) return operand('fills no lane: lanes=0')
      if (lanes > rows) return operand(`fills lane ${lanes - 1}, but the array has ${rows} lanes`)
      return undefined
    }
    case 'mac.dense':
    case 'mac.depthwise': {
      if (i.op === 'mac.dense') return undefined
      if (i.precision !== 0) return operand('has precision other than 0, but its columns are bytes')
      if (3 * i.lines > rows) {
        return operand(
          `uses ${3 * i.lines} lanes for ${i.lines} lines of up to 3 taps, but the array has ${rows}`,
        )
      }
      if (i.x_stride === 0 || i.y_stride === 0) return operand('has a stride of 0')
      if (i.resume === 1 && i.entries * i.blocks !== 1) {
        return operand(
          'resumes the line buffers, but they hold the rows of one list entry and one block only',
        )
      }
      if (i.resume === 1 && i.y_stride > i.lines) {
        return operand('resumes the line buffers, but with y_stride larger than lines they hold nothing')
      }
      const words = (i.mx - 1) * i.x_stride + i.taps
      if (i.lines > 1 && words > lineWords) {
        return operand(`streams rows of ${words} words, but the line buffers hold ${lineWords}`)
      }
      return undefined
    }
    case 'post.setup':
      // Another post instruction may still be at work when a setup is done, so its token would say nothing.
      return i.signal === 0
        ? undefined
        : {
            code: 'program/token',
            message: 'signals, but may be done before the post instructions in front of it',
            hint: 'let the next post instruction signal',
          }
    case 'post.acc':
      if (i.mode > MODE_LINE) return operand(`has mode=${i.mode}, which means nothing`)
      if ((i.mode === MODE_THRESHOLDS || i.mode === MODE_LINE) && i.steps === 0)
        return operand('has no thresholds: steps=0')
      if ((i.mode === MODE_THRESHOLDS || i.mode === MODE_LINE) && Math.abs(i.multiplier) > MAX_DISTANCE)
        return operand(
          `has multiplier=${i.multiplier}: neighbouring results are at most ${MAX_DISTANCE} apart`,
        )
      if ((i.mode === 1 || i.mode === 2) && i.precision !== 0)
        return operand(`has results of ${8 >> i.precision} bits in mode ${i.mode}, which works on bytes`)
      if ((cols / 2 ** i.precision) % 1 !== 0 || (i.last_lanes / 2 ** i.precision) % 1 !== 0)
        return operand(`has results of ${8 >> i.precision} bits, which do not fill whole bytes`)
      return lanesError(i.last_lanes, cols)
    case 'post.binary':
      if (i.kind === 3) return operand('has kind=3, which means nothing')
      return lanesError(i.last_lanes, cols)
    case 'post.unary':
      if (i.mode === 3) return operand('has mode=3, which means nothing')
      return lanesError(i.last_lanes, cols)
    case 'post.pool':
      return lanesError(i.last_lanes, cols)
    case 'end':
      return i.wait === 0 && i.signal === 0
        ? undefined
        : { code: 'program/token', message: 'waits or signals, but goes to no unit that could' }
    default:
      return undefined
  }
}

function lanesError(lastLanes: number, cols: number): OperandError | undefined {
  if (lastLanes <= cols) return undefined
  return operand(`has last_lanes=${lastLanes}, but a vector has ${cols} lanes`)
}
