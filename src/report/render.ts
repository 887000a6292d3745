/**
 * Reports: one HTML file with its script, its style and its data, which opens from disk and asks the network for nothing.
 *
 * A page is a script of `page/` that calls `openPage` (`page/kit/shell.ts`) with its title and its sections; everything it
 * shows comes from the one object that is embedded. To add a page: write `page/NAME.ts` from the parts there (tables,
 * charts, notes; colours only from `page/kit/palette.ts` and `page/style/colours.css`), add it with the type of what it reads to
 * `ReportData`, and call `renderReport('NAME', ...)` with the object that the command's `--json` prints.
 * `scripts/build.mjs` bundles each script with its libraries.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { must } from '../../ir/diagnostic.ts'
import type { Benchmark } from '../bench.ts'
import type { Comparison } from '../compare/compare.ts'
import type { Inspection } from '../inspect.ts'
import type { SimulationData } from './simulation-data.ts'

/** What each page reads of the object that it gets. */
export interface ReportData {
  readonly inspection: Inspection
  readonly simulation: SimulationData
  readonly comparison: Comparison
  readonly benchmark: Benchmark
}

/** Where the build puts scripts and style: beside this file, or, for sources that run unbuilt, in `dist`. */
const BUILT = ['./page/', '../../dist/src/report/page/'].map((path) => new URL(path, import.meta.url))

/** The text of the file. `title` names the page in the browser; `data` is embedded whole, as JSON. */
export function renderReport<K extends keyof ReportData>(
  kind: K,
  title: string,
  data: ReportData[K],
): string {
  const script = built(`${kind}.bundle.js`)
  const hash = createHash('sha256').update(script).digest('base64')
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'`
  const json = deflateSync(JSON.stringify(data), { level: 9 }).toString('base64')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escaped(title)}</title>
<style>${built('page.bundle.css')}</style>
</head>
<body>
<main id="page"><noscript><p>This page needs JavaScript: its script draws it from the data in this file.</p></noscript></main>
<script id="data" type="application/octet-stream">${json}</script>
<script type="module">${script}</script>
</body>
</html>
`
}

function built(name: string): string {
  const url = BUILT.map((folder) => new URL(name, folder)).find((candidate) => existsSync(candidate))
  return readFileSync(must(url, `${name}: npm run build makes it`), 'utf8')
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
