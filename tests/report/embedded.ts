/** What is embedded in a report. */
import { inflateSync } from 'node:zlib'

/** The object of which the page takes everything that it shows. */
export function embedded(html: string): unknown {
  const [, base64 = ''] = html.match(/<script id="data"[^>]*>([^<]*)</) ?? []
  return JSON.parse(inflateSync(Buffer.from(base64, 'base64')).toString())
}
