/** Light or dark: the system's choice until the reader makes another. Colours are CSS variables, see style/colours.css. */
import { button } from './dom.ts'

const listeners = new Set<() => void>()
const systemDark = matchMedia('(prefers-color-scheme: dark)')
const printing = matchMedia('print')

/** Calls back when colours change; drawings that are no SVG have to be made anew. */
export function onColours(change: () => void): void {
  listeners.add(change)
}

function changed(): void {
  resolved.clear()
  for (const listener of listeners) listener()
}
systemDark.addEventListener('change', changed)
printing.addEventListener('change', changed)

export function themeToggle(): HTMLButtonElement {
  const root = document.documentElement
  const isDark = (): boolean => (root.dataset.theme ?? (systemDark.matches ? 'dark' : 'light')) === 'dark'
  const toggle = button('◐', 'Dark colours', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark'
    show()
    changed()
  })
  const show = (): void => toggle.setAttribute('aria-pressed', String(isDark()))
  show()
  systemDark.addEventListener('change', show)
  return toggle
}

const resolved = new Map<string, string>()

/** The present value of a colour such as `var(--busy)`, for a canvas. */
export function colourValue(colour: string): string {
  const known = resolved.get(colour)
  if (known !== undefined) return known
  const probe = document.createElement('span')
  probe.style.color = colour
  document.body.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  resolved.set(colour, value)
  return value
}
