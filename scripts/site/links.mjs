/** Links of Markdown: where they lead, which anchors a page has, and which of a repository's links lead nowhere. */
import { posix } from 'node:path'

const FENCE = /^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ *\2[^\n]*$|(?![\s\S]))/gm
const CODE = /(?<!`)(`+)(?!`)(?:(?!\n\s*\n)[\s\S])*?(?<!`)\1(?!`)/g
const LINK =
  /\]\(\s*<?([^()<>\s]+)>?(?:\s+"[^"]*")?\s*\)|^ {0,3}\[[^\]^]+\]:\s+(\S+)|\b(?:href|src)="([^"]+)"/gm
const HEADING = /^#{1,6}[ \t]+(.*?)[ \t#]*$/gm
const EXTERNAL = /^[a-z][a-z0-9+.-]*:/i

/** The text with what is code blanked, so that places in it stay what they are. */
function withoutCode(text) {
  const blank = (code) => code.replace(/[^\n]/g, ' ')
  return text.replace(FENCE, blank).replace(CODE, blank)
}

/**
 * @param {string} text Markdown
 * @returns {{ target: string, at: number, line: number }[]} each link outside code: its target as written, the offset of
 *   the target, and its line from 1
 */
export function links(text) {
  return [...withoutCode(text).matchAll(LINK)].map((match) => {
    const target = match[1] ?? match[2] ?? match[3]
    const at = match.index + match[0].lastIndexOf(target)
    return { target, at, line: text.slice(0, at).split('\n').length }
  })
}

/**
 * @param {string} text Markdown
 * @returns {Set<string>} what a link may have behind `#`: a heading in lower case, without punctuation, with dashes for
 *   spaces, numbered where it comes again, as Git hosts and the site make it
 */
export function anchors(text) {
  const found = new Set([...withoutCode(text).matchAll(/\b(?:id|name)="([^"]+)"/g)].map(([, id]) => id))
  const fenceless = text.replace(FENCE, (code) => code.replace(/[^\n]/g, ' '))
  const times = new Map()
  for (const [, heading] of fenceless.matchAll(HEADING)) {
    const plain = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/(?<![\p{L}\p{N}])_([^_]+)_(?![\p{L}\p{N}])/gu, '$1')
    const words = plain.toLowerCase()
    const slug = words.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-')
    const count = times.get(slug) ?? 0
    times.set(slug, count + 1)
    found.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return found
}

/**
 * Where a link of a page leads.
 *
 * @param {string} page path of the page in the repository
 * @param {string} target as written
 * @returns {{ path: string, hash: string } | null} path in the repository; null for other places of the world
 */
export function destination(page, target) {
  if (EXTERNAL.test(target)) return null
  const [path, hash = ''] = decodeURI(target).split('#')
  if (path === '') return { path: page, hash }
  return { path: posix.join(posix.dirname(page), path).replace(/\/$/, ''), hash }
}

/**
 * @param {ReadonlyMap<string, string>} pages Markdown by its path in the repository
 * @param {(path: string) => boolean} exists whether a file or folder is in the repository
 * @returns {string[]} `page:line: what is wrong`, for each link to a place or an anchor that is not there
 */
export function deadLinks(pages, exists) {
  const dead = []
  for (const [page, text] of pages) {
    for (const { target, line } of links(text)) {
      const place = destination(page, target)
      if (place === null) continue
      const aim = pages.get(place.path)
      if (target.startsWith('/') || place.path.startsWith('..'))
        dead.push(`${page}:${line}: ${target} leads out of the repository`)
      else if (aim === undefined && !exists(place.path))
        dead.push(`${page}:${line}: ${target} does not exist`)
      else if (place.hash !== '' && !(aim !== undefined && anchors(aim).has(place.hash)))
        dead.push(`${page}:${line}: ${place.path} has no anchor #${place.hash}`)
    }
  }
  return dead
}
