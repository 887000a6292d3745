/** Instructions of convolutions: mac and post.acc, for the rows of one stripe. */
import { must } from '../../../ir/diagnostic.ts'
import { type ConvStage, channelsOf, type DepthwiseStage } from '../lower/stage.ts'
import { denseList, depthwiseGeometry, depthwiseList, extentOf } from '../schedule/blocks.ts'
import { rowAddress } from '../schedule/buffer.ts'
import type { Tile } from '../schedule/tiles.ts'
import type { Emitter } from './emitter.ts'
import { type Kernel, listPiece, type Piece, parameterPiece, weightPiece } from './mac-constants.ts'
import {
  blocksPerInstruction,
  emitDense,
  inputFields,
  lanesOf,
  type PhasePart,
  PIECE_COLUMNS,
  post,
  type Region,
  steps,
} from './regions.ts'
import { emitOwnLists } from './sparse-phase.ts'

/** Rows [from, to) of a convolution; `tile` says in which pieces. */
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
  const perChannel = stage.kernelSize * stage.cin
  let first = true
  stage.phases.forEach((phase, phaseIndex) => {
    const minDy = Math.min(...phase.taps.map((t) => t.dy))
    const minDx = Math.min(...phase.taps.map((t) => t.dx))
    const moved = { ...phase, taps: phase.taps.map((t) => ({ ...t, dy: t.dy - minDy, dx: t.dx - minDx })) }
    const listOf = (column: number | 'all') =>
      denseList(stage, moved, input.buffer.pitch, input.buffer.ringBytes > 0, e.target, column)
    const kernel: Kernel = {
      key: `${stage.output} phase ${phaseIndex}`,
      list: listOf('all'),
      blocks: Math.ceil(channelsOf(output.map) / cols),
      channels: channelsOf(output.map),
      bits: stage.bits,
      weightBits: stage.weightBits,
      bias: phase.bias,
      weightAt: (channel, source) => stage.weights[channel * perChannel + source] as number,
    }
    const rows = (edge: number) => Math.max(0, Math.ceil((edge - phase.originY) / stage.stepY))
    const columns = Math.ceil((output.map.w - phase.originX) / stage.stepX)
    const tiles = function* (): Generator<Omit<Region, 'block' | 'nb'>> {
      for (const [y, my] of steps(rows(from), rows(to), tile.my))
        for (const [x, mx] of steps(0, columns, tile.mx)) yield { y, x, my, mx }
    }
    const part: PhasePart = {
      stage,
      kernel,
      tiles,
      inputAt: (r) =>
        rowAddress(input.buffer, input.map, r.y * stage.strideY + minDy) +
        (r.x * stage.strideX + minDx) * input.map.c,
      out: { ...phase, stepY: stage.stepY, stepX: stage.stepX },
      nb: blocksPerInstruction(e, stage, tile),
      beforeFirst: (r, nb) => {
        if (!first) return
        first = false
        parameterPiece(e, stage, kernel, r.block, nb)
        beforeTiles()
      },
    }
    if (tile.sparse || kernel.list.entries.length === 0) {
      emitOwnLists(
        e,
        part,
        Array.from({ length: kernel.blocks }, (_, column) => listOf(column)),
      )
    } else emitSharedList(e, part)
  })
}

/** All column blocks walk one list. */
function emitSharedList(e: Emitter, part: PhasePart): void {
  const { stage, kernel, tiles } = part
  const { cols } = e.target.array
  const entries = kernel.list.entries.length
  // Half of each memory for one instruction, the other half for the next.
  const nb = Math.max(1, Math.min(part.nb, Math.floor(e.weightMemory.capacity / 2 / cols / entries)))
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
      part.beforeFirst(r, nb)
      const weight = weights.column + (r.block - weights.from) * weights.entries * cols
      emitDense(e, part, r, kernel.list.entries.slice(start, start + count), {
        list,
        weight,
        acc,
        accumulate: start > 0 ? 1 : 0,
      })
    }
    post(e, stage, kernel, r, acc, nb, part.out)
  }
  const pieceOf = (block: number) => () => {
    const start = Math.floor(block / pieceBlocks) * pieceBlocks
    const end = Math.min(kernel.blocks, start + pieceBlocks)
    return weightPiece(e, stage.layer, kernel, start, end, 0, entries)
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
  const channels = channelsOf(output.map)
  const geometry = depthwiseGeometry(stage.kernelH, stage.kernelW, e.target)
  const kernel: Kernel = {
    key: stage.output,
    list: depthwiseList(stage, geometry, input.buffer.pitch, input.map.c),
    blocks: Math.ceil(channels / cols),
    channels,
    bits: 8,
    weightBits: stage.weightBits,
    bias: stage.bias,
    weightAt: (channel, source) => stage.weights[source * channels + channel] as number,
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
