/** Rows between DRAM and activation memory, and the padding around maps. */
import { ringOf, rowAddress } from '../schedule/buffer.ts'
import { type Emitter, type MapInMemory, walkOut } from './emitter.ts'

/** Bytes of one load or store, about: small enough that work can start before all of a map is there. */
const CHUNK_BYTES = 4096
/** Most rows of one instruction: the width of its field. */
const MOST_ROWS = 4095

type FillUnit = 'load.fill' | 'post.fill'

function fill(
  e: Emitter,
  op: FillUnit,
  layer: number,
  m: MapInMemory,
  at: number,
  rows: number,
  bytes: number,
  step: number,
  ringed: boolean,
): void {
  if (rows <= 0 || bytes <= 0) return
  if (rows > MOST_ROWS) {
    fill(e, op, layer, m, at, MOST_ROWS, bytes, step, ringed)
    fill(e, op, layer, m, at + MOST_ROWS * step, rows - MOST_ROWS, bytes, step, ringed)
    return
  }
  const ring = ringed ? ringOf(m.buffer) : { end: 0, size: 0 }
  const common = {
    rows,
    bytes,
    y_step: step,
    ring_end: ring.end,
    ring_size: ring.size,
    value: m.map.padding,
  }
  if (op === 'load.fill') e.emit(op, layer, { ...common, act: at })
  else e.emit(op, layer, { ...common, out: at })
}

/** Fills whole padding rows [from, to), which may be above or below the map. */
function fillRows(e: Emitter, op: FillUnit, layer: number, m: MapInMemory, from: number, to: number): void {
  const { buffer, map } = m
  const bytes = (buffer.padding.left + map.w + buffer.padding.right) * map.c
  fill(
    e,
    op,
    layer,
    m,
    rowAddress(buffer, map, from) - buffer.padding.left * map.c,
    to - from,
    bytes,
    buffer.pitch,
    true,
  )
}

/**
 * The padding of a map that the post unit is about to write: all columns and the rows above when it starts. In a ring
 * the columns stay valid as rows come and go, and rows [from, to) below the map are filled when their turn comes.
 */
export function padComputed(
  e: Emitter,
  layer: number,
  m: MapInMemory,
  first: boolean,
  below: readonly [number, number],
): void {
  const { buffer, map } = m
  const { top, left, bottom, right } = buffer.padding
  if (first) {
    if (buffer.ringBytes > 0) {
      fill(e, 'post.fill', layer, m, buffer.base, buffer.rows, left * map.c, buffer.pitch, false)
      fill(
        e,
        'post.fill',
        layer,
        m,
        buffer.base + (left + map.w) * map.c,
        buffer.rows,
        right * map.c,
        buffer.pitch,
        false,
      )
      fillRows(e, 'post.fill', layer, m, -top, 0)
    } else {
      // The right edge of one row and the left edge of the next are neighbours: one run of bytes a row.
      const start = buffer.base + top * buffer.pitch + (left + map.w) * map.c
      fill(e, 'post.fill', layer, m, buffer.base, 1, top * buffer.pitch + left * map.c, 0, false)
      fill(e, 'post.fill', layer, m, start, map.h - 1, (left + right) * map.c, buffer.pitch, false)
      const end = start + (map.h - 1) * buffer.pitch
      fill(e, 'post.fill', layer, m, end, 1, right * map.c + bottom * buffer.pitch, 0, false)
    }
  }
  if (buffer.ringBytes > 0) fillRows(e, 'post.fill', layer, m, ...below)
}

/**
 * Rows [from, to) in pieces of about CHUNK_BYTES, as the fields with which a load or store walks them. Rows that follow
 * one another in both memories are one long row.
 */
function* pieces(e: Emitter, m: MapInMemory, from: number, to: number) {
  const { buffer, map } = m
  const rowBytes = map.w * map.c
  const { address: dram, pool } = e.dramPlace(map.buffer)
  const joined = buffer.ringBytes === 0 && buffer.pitch === rowBytes
  const chunk = Math.min(MOST_ROWS, Math.max(1, Math.floor(CHUNK_BYTES / rowBytes)))
  for (let y = from; y < to; y += chunk) {
    const rows = Math.min(chunk, to - y)
    const { address, yStep, ring_end, ring_size } = walkOut(m, y, 0, 0)
    const fields = {
      dram: dram + y * rowBytes,
      dram_pitch: rowBytes,
      rows: joined ? 1 : rows,
      bytes: joined ? rows * rowBytes : rowBytes,
      y_step: yStep,
      ring_end,
      ring_size,
    }
    yield { address, fields, pool }
  }
}

/**
 * Loads rows [from, to) of a map, with the padding around them; `below` are rows of padding under the map, and those above
 * it come with the first rows.
 */
export function loadRows(
  e: Emitter,
  layer: number,
  m: MapInMemory,
  from: number,
  to: number,
  below: readonly [number, number],
  first: boolean,
): void {
  const { c, padding: value } = m.map
  const { top, left, right } = m.buffer.padding
  if (first) fillRows(e, 'load.fill', layer, m, -top, 0)
  for (const { address, fields, pool } of pieces(e, m, from, to)) {
    const padding = { pad_left: left * c, pad_right: right * c, value }
    e.emit('load.act', layer, { ...fields, ...padding, act: address - left * c }, { pool })
  }
  fillRows(e, 'load.fill', layer, m, ...below)
}

export function storeRows(e: Emitter, layer: number, m: MapInMemory, from: number, to: number): void {
  for (const { address, fields } of pieces(e, m, from, to))
    e.emit('store', layer, { ...fields, act: address })
}
