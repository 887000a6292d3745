/** Units of the RTL with constants for some of their inputs, for what they take without a feature. */

/** A module around `top` with the same parameters and ports, that ties bits of its inputs. */
export function tiedUnit(top, sources, ties) {
  const text = Object.values(sources)
    .join('\n')
    .replaceAll(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '')
  const header = new RegExp(`^module ${top} (?:#\\(([\\s\\S]*?)\\n\\) )?\\(([\\s\\S]*?)\\n\\);`, 'm')
  const [, parameters = '', ports] = header.exec(text)
  const names = (list) =>
    list === '' ? [] : list.split(',').map((item) => /(\w+)\s*(=[\s\S]*)?$/.exec(item.trim())[1])
  const connection = (name) => `.${name}(${ties[name] === undefined ? name : tiedBits(name, ties[name])})`
  return {
    top: `area_tied_${top}`,
    wrapper: `\`include "trellis_isa.svh"
module area_tied_${top} ${parameters === '' ? '' : `#(${parameters}) `}(${ports});
  ${top} ${parameters === '' ? '' : `#(${names(parameters).map((name) => `.${name}(${name})`)}) `}unit (${names(ports).map(connection)});
endmodule
`,
  }
}

/** `name` with constants in the place of the tied bits, which are given from the lowest on or from the highest. */
function tiedBits(name, ties) {
  const parts = []
  let from = 0
  for (const [high, low, value] of [...ties].sort((a, b) => a[1] - b[1])) {
    if (low > from) parts.unshift(`${name}[${low - 1}:${from}]`)
    parts.unshift(`${high - low + 1}'d${value}`)
    from = high + 1
  }
  return `{${name}[$high(${name}):${from}], ${parts}}`
}
