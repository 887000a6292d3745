/**
 * A drawing over cycles, on a canvas: an axis, a gutter for names, and what the caller draws. Wheel, drag, double click
 * and keys change the window of cycles; all drawings of one window follow.
 */
import { h, responsive } from '../kit/dom.ts'
import { short } from '../kit/format.ts'
import { colourValue, onColours } from '../kit/theme.ts'
import { hideNote, type Note, showNote, spoken } from '../kit/tooltip.ts'
import type { CycleWindow } from './cycle-window.ts'

export interface CycleArea {
  readonly context: CanvasRenderingContext2D
  /** Edges of the area in which cycles are drawn, in pixels of the page. */
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly x: (cycle: number) => number
}

/** Something that can be pointed at. */
export interface CycleSpot {
  readonly note: Note
  readonly from: number
  readonly to: number
}

export interface CycleDrawing {
  readonly label: string
  /** In pixels, without the axis. */
  readonly height: number
  /** Number of rows that the up and down keys go through. */
  readonly rows: number
  readonly rowAt: (y: number) => number
  readonly draw: (area: CycleArea, row: number | undefined) => void
  /** What is there: `y` from the top of the area; undefined where there is nothing. `cyclesOfPixel` is a pixel's width. */
  readonly spot: (
    cycle: number,
    row: number,
    y: number | undefined,
    cyclesOfPixel: number,
  ) => CycleSpot | undefined
}

const GUTTER = 74
const AXIS = 22
const WHEEL = 0.0016

export function cycleCanvas(view: CycleWindow, drawing: CycleDrawing): { readonly element: HTMLElement } {
  const canvas = h('canvas', {
    class: 'cycles',
    tabindex: 0,
    role: 'application',
    'aria-label': `${drawing.label}. Arrow keys go from interval to interval, plus and minus zoom, Shift with an arrow key moves, Home shows all.`,
  })
  const readout = h('output', { class: 'readout' })
  let width = 0
  let cursor: { cycle: number; row: number } | undefined
  let asked = false

  const cycleAt = (x: number): number => view.from + ((x - GUTTER) / (width - GUTTER)) * view.span
  const cyclesOfPixel = (): number => view.span / Math.max(1, width - GUTTER)
  const paint = (): void => {
    asked = false
    if (width > 0) draw(canvas, width, view, drawing, cursor)
  }
  const redraw = (): void => {
    if (asked) return
    asked = true
    requestAnimationFrame(paint)
  }
  view.onChange(redraw)
  onColours(redraw)
  const place = h('div', {}, canvas)
  responsive(place, (now) => {
    width = now
    paint()
  })

  const say = (spot: CycleSpot | undefined): void => {
    readout.textContent = spot === undefined ? '' : spoken(spot.note)
  }
  addPointer(canvas, view, {
    cycleAt,
    cyclesOfPixel,
    isInside: (x) => x >= GUTTER,
    point: (x, y, clientX, clientY) => {
      const row = drawing.rowAt(y - AXIS)
      const spot =
        x < GUTTER || row < 0 ? undefined : drawing.spot(cycleAt(x), row, y - AXIS, cyclesOfPixel())
      if (spot === undefined) hideNote()
      else showNote(spot.note, clientX, clientY)
      return spot
    },
  })
  const move = (row: number, cycle: number): void => {
    cursor = {
      row: Math.min(drawing.rows - 1, Math.max(0, row)),
      cycle: Math.min(view.total - 1, Math.max(0, cycle)),
    }
    view.reveal(cursor.cycle)
    say(drawing.spot(cursor.cycle, cursor.row, undefined, cyclesOfPixel()))
    redraw()
  }
  canvas.addEventListener('keydown', (event) => {
    const { row, cycle } = cursor ?? { row: 0, cycle: view.from }
    const spot = drawing.spot(cycle, row, undefined, cyclesOfPixel())
    const step = Math.max(1, cyclesOfPixel())
    if (event.key === '+' || event.key === '=') view.zoom(0.5, cursor?.cycle)
    else if (event.key === '-') view.zoom(2, cursor?.cycle)
    else if (event.key === 'Home') view.all()
    else if (event.shiftKey && event.key === 'ArrowLeft') view.pan(-view.span / 5)
    else if (event.shiftKey && event.key === 'ArrowRight') view.pan(view.span / 5)
    else if (event.key === 'ArrowLeft') move(row, Math.min(cycle - step, (spot?.from ?? cycle) - 1))
    else if (event.key === 'ArrowRight') move(row, Math.max(cycle + step, spot?.to ?? cycle))
    else if (event.key === 'ArrowUp') move(row - 1, cycle)
    else if (event.key === 'ArrowDown') move(row + 1, cycle)
    else if (event.key === 'Enter' && spot) view.show(spot.from, spot.to)
    else return
    event.preventDefault()
  })
  canvas.addEventListener('blur', () => {
    cursor = undefined
    say(undefined)
    redraw()
  })
  return { element: h('div', {}, place, readout) }
}

interface Pointing {
  readonly cycleAt: (x: number) => number
  readonly cyclesOfPixel: () => number
  readonly isInside: (x: number) => boolean
  readonly point: (x: number, y: number, clientX: number, clientY: number) => CycleSpot | undefined
}

function addPointer(canvas: HTMLCanvasElement, view: CycleWindow, at: Pointing): void {
  let dragged: number | undefined
  canvas.addEventListener(
    'wheel',
    (event) => {
      if (!at.isInside(event.offsetX)) return
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey
      const delta = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
      const changed = sideways
        ? view.pan((event.deltaX || event.deltaY) * delta * at.cyclesOfPixel())
        : view.zoom(Math.exp(event.deltaY * delta * WHEEL), at.cycleAt(event.offsetX))
      // Where nothing is left to zoom out of, the page scrolls.
      if (changed) event.preventDefault()
    },
    { passive: false },
  )
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !at.isInside(event.offsetX)) return
    dragged = event.clientX
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener('pointermove', (event) => {
    if (dragged === undefined) {
      at.point(event.offsetX, event.offsetY, event.clientX, event.clientY)
      return
    }
    canvas.classList.add('dragged')
    hideNote()
    view.pan((dragged - event.clientX) * at.cyclesOfPixel())
    dragged = event.clientX
  })
  const release = (): void => {
    dragged = undefined
    canvas.classList.remove('dragged')
  }
  canvas.addEventListener('pointerup', release)
  canvas.addEventListener('pointercancel', release)
  canvas.addEventListener('pointerleave', hideNote)
  canvas.addEventListener('dblclick', (event) => {
    const spot = at.point(event.offsetX, event.offsetY, event.clientX, event.clientY)
    if (spot !== undefined) view.show(spot.from, spot.to)
  })
}

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  view: CycleWindow,
  drawing: CycleDrawing,
  cursor: { readonly cycle: number; readonly row: number } | undefined,
): void {
  const context = canvas.getContext('2d')
  if (context === null) return
  const height = AXIS + drawing.height
  const scale = devicePixelRatio
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  canvas.style.height = `${height}px`
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, height)
  context.font = `12px ${getComputedStyle(canvas).fontFamily}`
  const x = (cycle: number): number => GUTTER + ((cycle - view.from) / view.span) * (width - GUTTER)
  const area = { context, x, left: GUTTER, right: width, top: AXIS, bottom: height }
  axis(area, view)
  drawing.draw(area, cursor?.row)
  if (cursor !== undefined) {
    context.fillStyle = colourValue('var(--accent)')
    context.fillRect(x(cursor.cycle), AXIS, 1.5, height - AXIS)
  }
}

function axis({ context, x, left, right }: CycleArea, view: CycleWindow): void {
  const raw = (view.span * 90) / (right - left)
  const decade = 10 ** Math.floor(Math.log10(raw))
  const step = Math.max(1, ([1, 2, 5, 10].find((n) => n * decade >= raw) ?? 10) * decade)
  context.fillStyle = colourValue('var(--muted)')
  context.textBaseline = 'alphabetic'
  context.textAlign = 'left'
  context.fillText('cycle', 0, 12)
  for (let cycle = Math.ceil(view.from / step) * step; cycle <= view.to; cycle += step) {
    const at = x(cycle)
    context.fillRect(at, 15, 1, 5)
    context.textAlign = at < left + 20 ? 'left' : at > right - 30 ? 'right' : 'center'
    // Close up, neighbouring labels differ in more than three digits.
    context.fillText(view.span < cycle / 50 ? cycle.toLocaleString('en-US') : short(cycle), at, 12)
  }
}
