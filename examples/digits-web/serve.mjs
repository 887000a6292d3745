/**
 * Compiles the network of ../digits to a WebAssembly bundle and serves the page that uses it, under a
 * Content-Security-Policy that allows this page's own files and nothing else:
 *
 *   node examples/digits-web/serve.mjs [--port 8080]
 *
 * The compiler must have been built: npm run build.
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { parseArgs } from 'node:util'

const HERE = import.meta.dirname
const NETWORK = join(HERE, '../digits/digits_int8.tflite')
const ESPALIER = join(HERE, '../../dist/src/cli/main.js')

/** What a page needs that runs a bundle: its own scripts, leave to compile WebAssembly, and leave to fetch the weights. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
].join('; ')

/** Files of these kinds are served, and no others. */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.bin': 'application/octet-stream',
}

const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } })

const bundle = join(HERE, 'model')
rmSync(bundle, { recursive: true, force: true })
const compile = [ESPALIER, 'compile', NETWORK, '--target', 'wasm', '-o', bundle, '--quiet']
const { status } = spawnSync(process.execPath, compile, { stdio: ['ignore', 'ignore', 'inherit'] })
if (status !== 0) process.exit(1)

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  const path = pathname === '/' ? '/index.html' : pathname
  const type = TYPES[extname(path)]
  // A URL's path has no dots that lead upwards: they are resolved when it is parsed.
  const bytes = type && (await readFile(join(HERE, path)).catch(() => undefined))
  if (!bytes) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(bytes)
})
server.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`)
})
