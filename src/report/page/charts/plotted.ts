/** A chart by Observable Plot, whose groups of marks are named for scripts and not for those who hear the page. */
import * as Plot from '@observablehq/plot'

export type Chart = ReturnType<typeof Plot.plot>

/** `data-mark` of a group says what it holds: `dot`, `bar`, `rule`. */
export function plotted(options: Plot.PlotOptions): Chart {
  const chart = Plot.plot({ className: 'plot', style: { fontSize: '12px' }, ...options })
  chart.setAttribute('role', 'group')
  // A label needs a role, and "bar" beside a hundred bars tells nobody anything.
  for (const group of chart.querySelectorAll('g[aria-label]')) {
    group.setAttribute('data-mark', group.getAttribute('aria-label') ?? '')
    group.removeAttribute('aria-label')
    group.removeAttribute('aria-description')
  }
  return chart
}
