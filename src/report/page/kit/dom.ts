/** Elements from code. Text goes in as text nodes only: names come from models, and may look like markup. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>
export type Child = Node | string | number | undefined

const SVG = 'http://www.w3.org/2000/svg'

/** An HTML element; attributes that are undefined or false are left out, true gives an empty one. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children)
}

/** An SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS(SVG, tag), attributes, children)
}

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(
    ...children.filter((child) => child !== undefined).map((c) => (typeof c === 'number' ? String(c) : c)),
  )
  return element
}

/** A choice among values, with its label. */
export function choice(
  label: string,
  values: readonly string[],
  chosen: string,
  change: (value: string) => void,
): HTMLElement {
  const select = h('select', {}, ...values.map((v) => h('option', { value: v, selected: v === chosen }, v)))
  select.addEventListener('change', () => change(select.value))
  return h('label', { class: 'control' }, `${label} `, select)
}

export function button(text: string, label: string, press: () => void): HTMLButtonElement {
  const made = h('button', { type: 'button', 'aria-label': label, title: label }, text)
  made.addEventListener('click', press)
  return made
}

/** Pixels; a place that is narrower is about to be laid out, or hidden. */
const NARROWEST = 200

/** Draws anew whenever the width of the place changes: `draw` gets it in pixels. */
export function responsive(place: HTMLElement, draw: (width: number) => void): void {
  let drawn = 0
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0)
    if (width === drawn || width < NARROWEST) return
    drawn = width
    draw(width)
  }).observe(place)
}
