/** Links of the finished site: which lead to a file or an anchor that is not there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const EXTERNAL = /^[a-z][a-z0-9+.-]*:/i

/**
 * @param {string} folder of the site
 * @returns {string[]} `page: link`
 */
export function deadHtmlLinks(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.html'),
  )
  const texts = new Map(
    names.map((name) => [resolve(folder, name), readFileSync(join(folder, name), 'utf8')]),
  )
  const ids = new Map([...texts].map(([path, text]) => [path, idsOf(text)]))
  const dead = []
  for (const [page, text] of texts) {
    for (const [, link] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      if (EXTERNAL.test(link)) continue
      const [path, hash = ''] = decodeURI(link).split('#')
      const aim = path === '' ? page : resolve(page, '..', path)
      const anchors = ids.get(aim)
      if (!(existsSync(aim) && (hash === '' || anchors === undefined || anchors.has(hash))))
        dead.push(`${relative(folder, page)}: ${link}`)
    }
  }
  return dead
}

function idsOf(text) {
  return new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id))
}
