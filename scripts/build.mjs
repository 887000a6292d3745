/**
 * Builds dist: tsc writes it; then the command line is made executable, and the bundles' runtime written again without
 * its comments, which every page would fetch, the RTL copied, and the scripts and the style of reports bundled. After
 * type errors too, for all of which tsc writes the program; they give the exit code.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { build } from 'esbuild'

const RTL = 'backends/trellis/rtl'
const RUNTIME = 'backends/wasm/runtime/runtime.js'
const REPORT_PAGES = 'src/report/page'
const PACKAGE_FOLDER = /^.*node_modules\/(@[^/]+\/)?[^/]+/

function tsc(...args) {
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', ...args], {
    stdio: 'inherit',
  })
  return status ?? 1
}

/** Bundles each script of a page, with the libraries that it uses and their licences, and the style. */
async function bundlePages() {
  const { metafile, outputFiles } = await build({
    entryPoints: readdirSync(REPORT_PAGES)
      .filter((name) => /\.(ts|css)$/.test(name))
      .map((name) => `${REPORT_PAGES}/${name}`),
    outdir: `dist/${REPORT_PAGES}`,
    outExtension: { '.js': '.bundle.js', '.css': '.bundle.css' },
    bundle: true,
    minify: true,
    format: 'esm',
    // The first with light-dark() of CSS; DecompressionStream is older.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    write: false,
  })
  mkdirSync(`dist/${REPORT_PAGES}`, { recursive: true })
  for (const { path, text } of outputFiles) {
    const { inputs } = metafile.outputs[relative('.', path)]
    const folders = new Set(Object.keys(inputs).flatMap((file) => file.match(PACKAGE_FOLDER)?.[0] ?? []))
    writeFileSync(path, [text, ...[...folders].sort().map(licence)].join(''))
  }
}

/** The notice of a package, as a comment. */
function licence(folder) {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
  if (file === undefined) throw new Error(`${folder} has no licence that could go into the bundle`)
  const text = readFileSync(`${folder}/${file}`, 'utf8').trim().replaceAll('*/', '* /')
  return `/*! ${name} ${version}\n${text}\n*/\n`
}

const program = tsc('-p', 'tsconfig.build.json')
chmodSync('dist/src/cli/main.js', 0o755)
const language = ['--allowJs', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler']
const places = ['--ignoreConfig', '--rootDir', '.', '--outDir', 'dist']
const runtime = tsc(...language, ...places, '--noCheck', '--removeComments', RUNTIME)
for (const name of readdirSync(`dist/${RTL}`)) if (/\.svh?$/.test(name)) rmSync(`dist/${RTL}/${name}`)
cpSync(RTL, `dist/${RTL}`, { recursive: true, filter: (path) => !path.endsWith('.ts') })
await bundlePages()
process.exitCode = program || runtime
