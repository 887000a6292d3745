/** Jobs of load and store: rows between DRAM and activation memory, at any address, and crowds of small ones. */
import type { Draw } from '../../sim/model/instructions.ts'
import type { ProgramBuilder } from './builder.ts'
import { placeRows, type Rows } from './places.ts'

/** Rows in DRAM: side by side as one stream, apart, or over one another. */
function dramRows(b: ProgramBuilder, d: Draw, rows: number, bytes: number) {
  const pitch = d.pick(bytes, bytes + d.int(0, 40), d.int(0, bytes))
  return { dram: b.data(d, (rows - 1) * pitch + bytes), dram_pitch: pitch }
}

/** Loads rows to a place, `left` and `right` of their bytes as padding. */
export function loadRows(
  b: ProgramBuilder,
  d: Draw,
  rows: number,
  bytes: number,
  place: Rows,
  [left, right] = [0, 0],
): void {
  const loaded = bytes - left - right
  b.emit(d, 'load.act', {
    ...{ ...dramRows(b, d, rows, loaded), rows, bytes: loaded, act: place.start, y_step: place.step },
    ...{
      ring_end: place.end,
      ring_size: place.size,
      pad_left: left,
      pad_right: right,
      value: d.int(-128, 127),
    },
  })
}

export function loadJob(b: ProgramBuilder, d: Draw): void {
  const rows = d.pick(1, d.int(1, 8))
  const loaded = d.pick(d.int(1, 20), d.int(1, 120), rows === 1 ? d.int(1, 700) : 1)
  const [left, right] = d.pick(true, false) ? [0, 0] : [d.int(0, 40), d.pick(0, d.int(0, 9), d.int(0, 70))]
  const bytes = left + loaded + right
  const place = placeRows(d, b.target, rows, bytes, d.int(0, 3) > 0)
  if (place) loadRows(b, d, rows, bytes, place, [left, right])
}

export function storeJob(b: ProgramBuilder, d: Draw): void {
  const rows = d.pick(1, d.int(1, 8))
  const bytes = d.pick(d.int(1, 20), d.int(1, 120), rows === 1 ? d.int(1, 700) : 1)
  const place = placeRows(d, b.target, rows, bytes, false)
  if (!place) return
  b.emit(d, 'store', {
    ...{ ...dramRows(b, d, rows, bytes), rows, bytes, act: place.start, y_step: place.step },
    ...{ ring_end: place.end, ring_size: place.size },
  })
}

/** More small instructions of one unit than its queue holds, and than load has descriptors. */
export function crowdJob(b: ProgramBuilder, d: Draw): void {
  const kind = d.int(0, 4)
  for (let n = d.int(3, 24); n > 0; n--) {
    const bytes = d.int(1, 6)
    const place = placeRows(d, b.target, 1, bytes)
    if (!place) return
    const row = { rows: 1, bytes, y_step: 0, ring_end: 0, ring_size: 0 }
    if (kind === 0) b.emit(d, 'load.fill', { ...row, act: place.start, value: n })
    else if (kind === 1) b.emit(d, 'post.fill', { ...row, out: place.start, value: n })
    else if (kind === 2) {
      const padding = { pad_left: 0, pad_right: 0, value: 0 }
      b.emit(d, 'load.act', { ...row, ...padding, dram: b.data(d, bytes), dram_pitch: 0, act: place.start })
    } else b.emit(d, 'store', { ...row, dram: b.data(d, bytes), dram_pitch: 0, act: place.start })
  }
}

/** Loads and stores in turn, with long bursts and short: both want DRAM at once. */
export function contentionJob(b: ProgramBuilder, d: Draw): void {
  for (let n = d.int(2, 6); n > 0; n--) {
    if (d.pick(true, false)) loadJob(b, d)
    else storeJob(b, d)
  }
}
