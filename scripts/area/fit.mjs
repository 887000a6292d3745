/** Least squares, and what a fitted model's deviations are. */

/**
 * Coefficients x that minimize |A x - y|, by the normal equations; columns that depend on others get 0. `rows` are the rows
 * of A. Terms are scaled to their largest value, so that one threshold tells a dependent column.
 */
export function leastSquares(rows, values) {
  const n = rows[0].length
  const scale = Array.from({ length: n }, (_, j) => Math.max(...rows.map((row) => Math.abs(row[j]))) || 1)
  const normal = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n + 1 }, (_, j) =>
      rows.reduce((sum, row, k) => {
        const right = j < n ? row[j] / scale[j] : values[k]
        return sum + (row[i] / scale[i]) * right
      }, 0),
    ),
  )
  const free = new Set()
  for (let i = 0; i < n; i++) {
    const pivot = normal[i][i]
    if (Math.abs(pivot) < 1e-9) {
      free.add(i)
      continue
    }
    for (let k = 0; k < n; k++) {
      if (k === i || free.has(k)) continue
      const factor = normal[k][i] / pivot
      for (let j = i; j <= n; j++) normal[k][j] -= factor * normal[i][j]
    }
  }
  return normal.map((row, i) => (free.has(i) ? 0 : row[n] / row[i] / scale[i]))
}

/** Coefficients of one family from `points` of { target, units }, by unit, metric and term. */
export function fitUnits(points, { units, metrics, termsOf }) {
  return fromKeys(units, (unit) => {
    const terms = points.map(({ target }) => termsOf(unit, target))
    const names = Object.keys(terms[0])
    const rows = terms.map((values) => names.map((name) => values[name]))
    return fromKeys(metrics, (metric) => {
      const solution = leastSquares(
        rows,
        points.map((point) => point.units[unit][metric]),
      )
      return Object.fromEntries(names.map((name, i) => [name, Number(solution[i].toPrecision(6))]))
    })
  })
}

/** Deviations in percent of what was synthesized; none where that is 0. */
export function deviations(synthesized, modelled) {
  return fromKeys(Object.keys(synthesized), (metric) => {
    const there = synthesized[metric]
    return there === 0 ? 0 : Math.round((1000 * (modelled[metric] - there)) / there) / 10
  })
}

/** The largest and the mean of several deviations, without sign. */
export function summarize(all) {
  const metrics = Object.keys(all[0])
  const sizes = (metric) => all.map((each) => Math.abs(each[metric]))
  return {
    targets: all.length,
    worst: fromKeys(metrics, (metric) => Math.max(...sizes(metric))),
    mean: fromKeys(
      metrics,
      (metric) => Math.round((10 * sizes(metric).reduce((sum, x) => sum + x, 0)) / all.length) / 10,
    ),
  }
}

function fromKeys(keys, value) {
  return Object.fromEntries(keys.map((key) => [key, value(key)]))
}
