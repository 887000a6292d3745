/** Serves a bundle's files over HTTP, as it is told for each test. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a request is answered with, instead of the file's content. */
export interface Answer {
  readonly status?: number
  readonly type?: string
  readonly body?: Uint8Array | string
  /** Announces this many bytes, and hangs up after those of the body. */
  readonly announced?: number
  /** Never answers. */
  readonly silent?: true
}

const TYPES: Readonly<Record<string, string>> = { wasm: 'application/wasm', js: 'text/javascript' }

export class BundleServer {
  readonly #files: Readonly<Record<string, Uint8Array | string>>
  readonly #server = createServer((request, response) => this.#answer(request, response))
  /** By file name. */
  answers: Readonly<Record<string, Answer>> = {}
  /** The names of the files asked for, in order. */
  requests: string[] = []

  constructor(files: Readonly<Record<string, Uint8Array | string>>) {
    this.#files = files
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const name = (request.url ?? '').slice(1)
    this.requests.push(name)
    const answer = this.answers[name] ?? {}
    if (answer.silent) return
    const body = answer.body ?? this.#files[name]
    const extension = name.split('.').pop() ?? ''
    response.writeHead(answer.status ?? (body === undefined ? 404 : 200), {
      'content-type': answer.type ?? TYPES[extension] ?? 'application/octet-stream',
      ...(answer.announced === undefined ? {} : { 'content-length': answer.announced }),
    })
    if (answer.announced === undefined) response.end(body)
    else response.write(body ?? '', () => response.destroy())
  }
}
