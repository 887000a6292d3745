/**
 * The site's pages as TypeDoc wants them: the repository's Markdown at the same places, with titles and groups on top. Files
 * and folders that it links to become pages, too, so that no link leaves the site.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, extname, join, posix } from 'node:path'
import { homePage } from './home.mjs'
import { destination, links } from './links.mjs'
import { GROUPS } from './pages.mjs'

const ROOT = join(import.meta.dirname, '../..')
const SOURCES = 'Sources'
const LANGUAGES = {
  '.ts': 'typescript',
  '.mjs': 'javascript',
  '.js': 'javascript',
  '.json': 'json',
  '.yaml': 'yaml',
}

/** The page of a file or folder that is not Markdown. */
function sourcePage(path) {
  return `sources/${path}.md`
}

/** What no language is named for is text: TypeDoc would take it for TypeScript. */
function withLanguages(text) {
  let open = false
  return text.replace(/^( *)```(\S*)$/gm, (line, indent, language) => {
    open = !open
    return open && language === '' ? `${indent}\`\`\`text` : line
  })
}

/**
 * The page with its links to files that are not Markdown led to their pages.
 *
 * @param {string} page its path
 * @param {string} text
 * @param {ReadonlyMap<string, string>} pages
 * @param {Set<string>} linked gets the files that it links to
 */
function withSources(page, text, pages, linked) {
  let result = ''
  let end = 0
  for (const { target, at } of links(text)) {
    const place = destination(page, target)
    if (place === null || pages.has(place.path)) continue
    linked.add(place.path)
    result += text.slice(end, at) + posix.relative(posix.dirname(page), sourcePage(place.path))
    end = at + target.length
  }
  return result + text.slice(end)
}

/** The file itself, or what a folder has in it. */
function sourceText(path, files) {
  const inside = files.filter((file) => file.startsWith(`${path}/`))
  if (inside.length > 0) return inside.map((file) => `- \`${file.slice(path.length + 1)}\``).join('\n')
  const text = readFileSync(join(ROOT, path), 'utf8').trimEnd()
  // A fence longer than any within.
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${LANGUAGES[extname(path)] ?? 'text'}\n${text}\n${fence}`
}

function matter(fields) {
  return `---\n${Object.entries(fields)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join('\n')}\n---\n`
}

/**
 * @param {string} folder an empty one, which gets the pages
 * @param {ReadonlyMap<string, string>} pages all Markdown of the repository
 * @param {readonly string[]} files of the repository
 * @returns {string[]} the documents in their order, without the home page, which is `home.md`
 */
export function stage(folder, pages, files) {
  const write = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const linked = new Set()
  const documents = []
  for (const [group, members] of Object.entries(GROUPS)) {
    for (const [path, name] of members) {
      const text = pages.get(path)
      const title = name ?? text.match(/^# (.*)$/m)?.[1] ?? path
      write(path, matter({ title, group }) + withLanguages(withSources(path, text, pages, linked)))
      documents.push(path)
    }
  }
  write('home.md', withSources('home.md', homePage(pages), pages, linked))
  const children = [...linked].sort()
  for (const path of children)
    write(sourcePage(path), `${matter({ title: path })}# \`${path}\`\n\n${sourceText(path, files)}\n`)
  const intro = `# ${SOURCES}\n\nFiles and folders of the repository that the pages speak of.\n`
  const list = children.map((path) => `- [\`${path}\`](${sourcePage(path)})`).join('\n')
  write(
    'sources.md',
    `${matter({ title: SOURCES, group: SOURCES, children: children.map(sourcePage) })}${intro}\n${list}\n`,
  )
  return [...documents, 'sources.md']
}
