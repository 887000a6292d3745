/** Instructions of convolutions: mac and post.acc, for the rows of one stripe. */
import { must } from '../../../ir/diagnostic.ts'
import { parameterBlockBytes } from '../isa/costs.ts'
import type { ConvStage, DepthwiseStage } from '../lower/stage.ts'
import { denseList, depthwiseGeometry, depthwiseList, extentOf } from '../schedule/blocks.ts'
import { ringOf, rowAddress } from '../schedule/buffer.ts'
import type { Tile } from '../schedule/tiles.ts'
import { type Emitter, type MapInMemory, walkOut } from './emitter.ts'
import {
  type Kernel,
  listPiece,
  type Piece,
  parameterPiece,
  tableSlot,
  weightPiece,
} from './mac-constants.ts'

/** Columns of weights that one load brings, at least: enough for long bursts, little enough to start early. */
const PIECE_COLUMNS = 512

/** Part of a stage's output: phase rows and columns, and column blocks. */
interface Region {
  readonly y: number
  readonly x: number
  readonly my: number
  readonly mx: number
  readonly block: number
  readonly nb: number
}

/** Blocks that one instruction may take: its parameters must fit in half of parameter memory. */
function blocksPerInstruction(e: Emitter, stage: ConvStage | DepthwiseStage, tile: Tile): number {
  const bytes = parameterBlockBytes(e.target, stage.requant.multiplier.length > 1)
  return Math.max(1, Math.min(tile.nb, Math.floor(e.parameterMemory.capacity / 2 / bytes)))
}

function lanesOf(e: Emitter, k: Kernel, r: Region): number {
  const { cols } = e.target.array
  return r.block + r.nb === k.blocks ? k.channels - (k.blocks - 1) * cols : cols
}

/** Requantizes a region's accumulators into the output map. */
function post(
  e: Emitter,
  stage: ConvStage | DepthwiseStage,
  k: Kernel,
  r: Region,
  acc: number,
  nb: number,
  out: { readonly originY: number; readonly originX: number; readonly stepY: number; readonly stepX: number },
): void {
  const { cols } = e.target.array
  const output = e.at(stage.output)
  const y = out.originY + r.y * out.stepY
  const x = out.originX + r.x * out.stepX
  const param = parameterPiece(e, stage, k, r.block, nb)
  const table = tableSlot(e, stage)
  if (stage.kind === 'conv' && stage.residual) {
    const c = stage.residual
    const operand = walkOut(e.at(must(stage.inputs[1], 'second operand').map), y, x, r.block * cols)
    e.setup(stage.layer, {
      operand: operand.address,
      x_step: output.map.c,
      y_step: operand.yStep,
      ring_end: operand.ring_end,
      ring_size: operand.ring_size,
      zp_a: c.zeroPointA,
      zp_b: c.zeroPointB,
      m_a: c.a.multiplier,
      s_a: c.a.shift,
      m_b: c.b.multiplier,
      s_b: c.b.shift,
      m_out: c.out.multiplier,
      s_out: c.out.shift,
    })
  }
  const limits = stage.kind === 'conv' && stage.residual ? stage.residual : stage.requant
  const to = walkOut(output, y, x, r.block * cols)
  const perChannel = stage.requant.multiplier.length > 1
  e.emit('post.acc', stage.layer, {
    acc,
    mx: r.mx,
    my: r.my,
    blocks: r.nb,
    last_lanes: lanesOf(e, k, r),
    param,
    out: to.address,
    x_step: out.stepX * output.map.c,
    y_step: out.stepY * to.yStep,
    ring_end: to.ring_end,
    ring_size: to.ring_size,
    zp: limits.zeroPoint,
    min: limits.min,
    max: limits.max,
    per_channel: perChannel ? 1 : 0,
    multiplier: perChannel ? 0 : must(stage.requant.multiplier[0], 'multiplier'),
    shift: perChannel ? 0 : must(stage.requant.shift[0], 'shift'),
    rounding: stage.requant.rule === 'half_even' ? 1 : 0,
    mode: stage.kind === 'conv' && stage.residual ? 1 : stage.table ? 2 : 0,
    table,
  })
}

/** [from, to) in steps of `size`. */
function* steps(from: number, to: number, size: number): Generator<readonly [at: number, count: number]> {
  for (let at = from; at < to; at += size) yield [at, Math.min(size, to - at)]
}

function inputFields(input: MapInMemory) {
  const ring = ringOf(input.buffer)
  return { in_ring_end: ring.end, in_ring_size: ring.size }
}

/** Rows [from, to) of a dense convolution; `tile` says in which pieces. */
export function emitConv(
  e: Emitter,
  stage: ConvStage,
  from: number,
  to: number,
  tile: Tile,
  beforeTiles: () => void,
): void {
  const { cols } = e.target.array
  const input = e.at(must(stage.inputs[0], 'input').map)
  const output = e.at(stage.output)
  const nbMost = blocksPerInstruction(e, stage, tile)
  let first = true
  stage.phases.forEach((phase, phaseIndex) => {
    const minDy = Math.min(...phase.taps.map((t) => t.dy))
    const minDx = Math.min(...phase.taps.map((t) => t.dx))
    const moved = { ...phase, taps: phase.taps.map((t) => ({ ...t, dy: t.dy - minDy, dx: t.dx - minDx })) }
    const perChannel = stage.kernelSize * stage.cin
    const kernel: Kernel = {
      key: `${stage.output} phase ${phaseIndex}`,
      list: denseList(stage, moved, input.buffer.pitch, input.buffer.ringBytes > 0, e.target),
      blocks: Math.ceil(output.map.c / cols),
      channels: output.map.c,
      bias: phase.bias,
      weightAt: (channel, source) => stage.weights[channel * perChannel + source] as number,
    }
    const rows = (edge: number) => Math.max(0, Math.ceil((edge - phase.originY) / stage.stepY))
    const columns = Math.ceil((output.map.w - phase.originX) / stage.stepX)
    const entries = kernel.list.entries.length
    // Half of each memory for one instruction, the other half for the next.
    const nb = Math.max(1, Math.min(nbMost, Math.floor(e.weightMemory.capacity / 2 / cols / entries)))
    const chunk = Math.min(
      entries,
      Math.floor(e.weightMemory.capacity / 2 / cols / nb),
      Math.floor(e.indexMemory.capacity / 2),
    )
    const pieceBlocks =
      chunk < entries ? nb : Math.max(nb, Math.floor(PIECE_COLUMNS / (entries * cols) / nb) * nb)
    const allFit = entries * cols * kernel.blocks * stage.phases.length <= e.weightMemory.capacity
    if (allFit) e.weightMemory.keepTogether(entries * cols * kernel.blocks)

    const region = (r: Region, piece: () => Piece): void => {
      const acc = e.accumulators(r.nb * r.mx * r.my)
      for (const [start, count] of steps(0, entries, chunk)) {
        const list = listPiece(e, stage.layer, kernel.list, start, start + count)
        const weights =
          count < entries
            ? weightPiece(e, stage.layer, kernel, r.block, r.block + r.nb, start, start + count)
            : piece()
        if (first) {
          first = false
          parameterPiece(e, stage, kernel, r.block, nb)
          beforeTiles()
        }
        const y = r.y * stage.strideY + minDy
        e.emit(
          'mac.dense',
          stage.layer,
          {
            input: rowAddress(input.buffer, input.map, y) + (r.x * stage.strideX + minDx) * input.map.c,
            x_step: stage.strideX * input.map.c,
            y_step: stage.strideY * input.buffer.pitch,
            mx: r.mx,
            my: r.my,
            ...inputFields(input),
            list,
            entries: count,
            weight: weights.column + (r.block - weights.from) * weights.entries * cols,
            blocks: r.nb,
            acc,
            accumulate: start > 0 ? 1 : 0,
            precision: 0,
            last_columns: lanesOf(e, kernel, r) % cols,
            early: 0,
          },
          { extent: extentOf(kernel.list.entries.slice(start, start + count)) },
        )
      }
      post(e, stage, kernel, r, acc, nb, { ...phase, stepY: stage.stepY, stepX: stage.stepX })
    }
    const pieceOf = (block: number) => () => {
      const start = Math.floor(block / pieceBlocks) * pieceBlocks
      return weightPiece(
        e,
        stage.layer,
        kernel,
        start,
        Math.min(kernel.blocks, start + pieceBlocks),
        0,
        entries,
      )
    }
    const tiles = function* (): Generator<Omit<Region, 'block' | 'nb'>> {
      for (const [y, my] of steps(rows(from), rows(to), tile.my))
        for (const [x, mx] of steps(0, columns, tile.mx)) yield { y, x, my, mx }
    }
    if (allFit) {
      for (const t of tiles())
        for (const [block, n] of steps(0, kernel.blocks, nb)) region({ ...t, block, nb: n }, pieceOf(block))
    } else {
      for (const [start, size] of steps(0, kernel.blocks, pieceBlocks)) {
        for (const t of tiles())
          for (const [block, n] of steps(start, start + size, nb))
            region({ ...t, block, nb: n }, pieceOf(block))
      }
    }
  })
}

/** Rows [from, to) of a depthwise convolution. */
export function emitDepthwise(
  e: Emitter,
  stage: DepthwiseStage,
  from: number,
  to: number,
  tile: Tile,
  beforeTiles: () => void,
): void {
  const { cols } = e.target.array
  const input = e.at(must(stage.inputs[0], 'input').map)
  const output = e.at(stage.output)
  const geometry = depthwiseGeometry(stage.kernelH, stage.kernelW, e.target)
  const kernel: Kernel = {
    key: stage.output,
    list: depthwiseList(stage, geometry, input.buffer.pitch, input.map.c),
    blocks: Math.ceil(output.map.c / cols),
    channels: output.map.c,
    bias: stage.bias,
    weightAt: (channel, source) => stage.weights[source * output.map.c + channel] as number,
  }
  const passes = geometry.passes.length
  const nb = Math.min(
    blocksPerInstruction(e, stage, tile),
    Math.max(1, Math.floor(e.weightMemory.capacity / 2 / cols / passes)),
  )
  const pieceBlocks = Math.max(
    nb,
    Math.floor(Math.min(PIECE_COLUMNS, e.weightMemory.capacity / 2) / (passes * cols) / nb) * nb,
  )
  let first = true
  const region = (r: Region, resume: boolean): void => {
    const start = Math.floor(r.block / pieceBlocks) * pieceBlocks
    const list = listPiece(e, stage.layer, kernel.list, 0, passes)
    const weights = weightPiece(
      e,
      stage.layer,
      kernel,
      start,
      Math.min(kernel.blocks, start + pieceBlocks),
      0,
      passes,
    )
    if (first) {
      first = false
      parameterPiece(e, stage, kernel, r.block, nb)
      beforeTiles()
    }
    const acc = e.accumulators(r.nb * r.mx * r.my)
    const y = r.y * stage.strideY - stage.padTop
    const x = r.x * stage.strideX - stage.padLeft
    e.emit(
      'mac.depthwise',
      stage.layer,
      {
        input: rowAddress(input.buffer, input.map, y) + x * input.map.c + r.block * cols,
        x_step: input.map.c,
        y_step: input.buffer.pitch,
        mx: r.mx,
        my: r.my,
        ...inputFields(input),
        list,
        entries: passes,
        weight: weights.column + (r.block - start) * passes * cols,
        blocks: r.nb,
        acc,
        accumulate: 0,
        precision: 0,
        last_columns: lanesOf(e, kernel, r) % cols,
        early: 0,
        lines: geometry.lines,
        taps: geometry.taps,
        x_stride: stage.strideX,
        y_stride: stage.strideY,
        resume: resume ? 1 : 0,
      },
      { extent: { ...extentOf(kernel.list.entries), windowBytes: lanesOf(e, kernel, r) } },
    )
    post(e, stage, kernel, r, acc, nb, { originY: 0, originX: 0, stepY: 1, stepX: 1 })
  }
  if (tile.resume) {
    for (const [x, mx] of steps(0, output.map.w, tile.mx)) {
      for (let block = 0; block < kernel.blocks; block++) {
        for (const [y, my] of steps(from, to, tile.my)) region({ y, x, my, mx, block, nb: 1 }, y > from)
      }
    }
    return
  }
  for (const [y, my] of steps(from, to, tile.my)) {
    for (const [x, mx] of steps(0, output.map.w, tile.mx)) {
      for (const [block, n] of steps(0, kernel.blocks, nb)) region({ y, x, my, mx, block, nb: n }, false)
    }
  }
}
