/** A static server on this machine, for measurements and tests in a browser. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/**
 * @param {Readonly<Record<string, string | ReadonlyMap<string, Uint8Array>>>} mounts what to serve, by the first part of
 *   the path: a folder, or bytes by the rest of the path
 * @param {{ readonly headers?: (path: string) => Readonly<Record<string, string>>, readonly edits?: Readonly<Record<string, (text: string) => string>>, readonly compressed?: boolean }} [options]
 *   `headers` gives more of them for a file; `edits`, by path, change texts on their way out; `compressed` sends all by
 *   Brotli, as servers of static files do, and keeps what it has compressed
 * @returns the address, such as `http://127.0.0.1:40123`, and what stops the server
 */
export async function serve(mounts, { headers = () => ({}), edits = {}, compressed = false } = {}) {
  const kept = new Map()
  async function content(path) {
    const [, mount, ...rest] = path.split('/')
    const source = mounts[mount]
    if (source instanceof Map) return source.get(rest.join('/'))
    if (source === undefined) return undefined
    const file = normalize(join(source, ...rest))
    if (!file.startsWith(normalize(source) + sep)) return undefined
    const bytes = await readFile(file).catch(() => undefined)
    const edit = edits[path]
    return edit === undefined || bytes === undefined ? bytes : Buffer.from(edit(bytes.toString('utf8')))
  }
  const encode = (bytes) => (compressed && bytes !== undefined ? brotliCompressSync(bytes) : bytes)
  const server = createServer(async (request, response) => {
    try {
      const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname)
      const bytes = kept.get(path) ?? encode(await content(path))
      if (bytes === undefined) {
        response.writeHead(404).end()
        return
      }
      if (compressed) kept.set(path, bytes)
      response.writeHead(200, {
        'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
        'Content-Length': bytes.byteLength,
        'Cache-Control': 'no-store',
        ...(compressed ? { 'Content-Encoding': 'br' } : {}),
        ...headers(path),
      })
      response.end(bytes)
    } catch (error) {
      console.error(`${request.url}: ${error.message}`)
      response.writeHead(500).end()
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
