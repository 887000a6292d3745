/** The home page of the site: what the project is, three uses, and figures, which are read from the pages that have them. */

/**
 * The first table below a heading of a page.
 *
 * @param {string} page Markdown
 * @param {string} heading without its marks
 * @param {readonly string[]} columns names of those that are wanted, in their order; the first of a name counts
 */
function table(page, heading, columns) {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading)
  const first = lines.findIndex((line, i) => i > start && line.startsWith('|'))
  if (start < 0 || first < 0) throw new Error(`docs/benchmarks.md has no table below "${heading}"`)
  const after = lines.findIndex((line, i) => i > first && !line.startsWith('|'))
  const rows = lines.slice(first, after).map((line) => line.split('|').slice(1, -1))
  const places = columns.map((name) => rows[0].findIndex((cell) => cell.trim() === name))
  if (places.includes(-1))
    throw new Error(
      `the table below "${heading}" in docs/benchmarks.md has no column ${columns[places.indexOf(-1)]}`,
    )
  return rows.map((cells) => `|${places.map((place) => cells[place]).join('|')}|`).join('\n')
}

/**
 * @param {ReadonlyMap<string, string>} pages all Markdown of the repository
 * @returns {string} Markdown, with links as seen from the root of the repository
 */
export function homePage(pages) {
  const readme = pages.get('README.md') ?? ''
  const benchmarks = pages.get('docs/benchmarks.md') ?? ''
  // What the README says before its first picture, without its title, which the site writes itself.
  const opening = readme.slice(readme.indexOf('\n'), readme.indexOf('```')).trim()
  return `${opening}

[A tour](README.md#set-up) sets it up with one command and goes through what it does.

## Three uses

### What does a network cost on my accelerator?

Describe the machine in a file ([targets](docs/targets.md)), and simulate real networks on it: cycles, traffic and energy of each
layer, beside their lower bounds, as a page to look at. The same machine is there [as hardware](docs/validation.md), with its [area](docs/area.md).

\`\`\`sh
espalier simulate model.tflite --target machine.yaml --report report.html
\`\`\`

On \`trellis-16\`, one of the targets that are there already; \`ratio\` is cycles by the lower bound:

${table(benchmarks, 'trellis-16', ['model', 'cycles', 'lower bound', 'ratio', 'DRAM bytes', 'energy, µJ'])}

### A network in a web page, without an engine

\`\`\`sh
espalier compile model.tflite --target wasm -o model
\`\`\`

Milliseconds an inference in Chromium, minimum / median, beside engines for any network; [all about it](docs/benchmarks.md#bundles-beside-other-engines):

${table(benchmarks, 'Latency', ['model', 'Espalier, relaxed', 'Espalier, plain', 'LiteRT.js, relaxed', 'LiteRT.js, plain', 'ONNX Runtime Web'])}

### What would fewer bits, or fewer weights, save?

\`\`\`sh
espalier simulate model_w2a4.onnx
\`\`\`

One layer on \`trellis-16\`; [what it is](docs/benchmarks.md#one-layer-on-trellis-bits-and-blocks), and
[whole networks](docs/benchmarks.md#one-task-in-many-precisions):

${table(benchmarks, 'One layer on Trellis: bits and blocks', ['layer', 'cycles', 'faster', 'stored weights, bytes', 'energy, uJ', 'utilization'])}
`
}
