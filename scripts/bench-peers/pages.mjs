/** The documents that the browser opens. */

/**
 * Modules of the page are in page/; `job` is what a cold page does, `modules` and `files` are announced so that they load
 * at once.
 */
function documentOf(script, { modules = [], files = [], job } = {}) {
  const head = [
    ...modules.map((url) => `<link rel="modulepreload" href="${url}">\n`),
    ...files.map((url) => `<link rel="preload" as="fetch" href="${url}" crossorigin>\n`),
  ].join('')
  const data =
    job === undefined ? '' : `<script type="application/json" id="job">${JSON.stringify(job)}</script>\n`
  return Buffer.from(`<!doctype html>
<meta charset="utf-8">
<title>bench:peers</title>
<link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "@litertjs/wasm-utils": "/litert/wasm-utils/dist/index.js" } }</script>
${head}<body></body>
${data}<script type="module" src="/page/${script}"></script>
`)
}

export const measurePage = documentOf('measure.js')

/** A page for the first result of one contender. */
export function coldPage(contender, model, { modules, files }) {
  return documentOf('cold.js', {
    modules: ['/page/contenders.js', '/page/samples.js', ...modules],
    files,
    job: { contender, model },
  })
}

/** A page that loads nothing: what a first result would take if there were nothing to do. */
export const emptyPage = Buffer.from(`<!doctype html>
<meta charset="utf-8">
<title>empty</title>
<link rel="icon" href="data:,">
<script type="module">globalThis.firstResult = { ms: performance.now(), bytes: 0 }</script>
`)
