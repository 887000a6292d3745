/** Links between the repository's pages lead somewhere, on disk as in the site; no build is needed to know. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { anchors, deadLinks, links } from '../../scripts/site/links.mjs'
import { existsIn, GROUPS, misplaced, repositoryFiles, repositoryPages } from '../../scripts/site/pages.mjs'

const FILES = repositoryFiles()
const PAGES = repositoryPages()

test('every link of every page leads to a file of the repository, and to an anchor of it', () => {
  expect(deadLinks(PAGES, existsIn(FILES))).toEqual([])
})

test('every page has one place in the site', () => {
  expect(misplaced(PAGES.keys())).toEqual([])
  const grouped = Object.values(GROUPS).flatMap((group) => group.map(([path]) => path))
  expect(grouped).toHaveLength(new Set(grouped).size)
  const { groupOrder } = JSON.parse(readFileSync('scripts/site/typedoc.json', 'utf8'))
  expect(groupOrder.filter((group: string) => group in GROUPS)).toEqual(Object.keys(GROUPS))
})

test('a page that no group has, and a group that has a page too many', () => {
  const names = [...PAGES.keys()].filter((name) => name !== 'docs/isa.md')
  expect(misplaced([...names, 'docs/new.md'])).toEqual([
    'docs/new.md is in no group of the site',
    'docs/isa.md, a page of the site, does not exist',
  ])
})

/** A link at the end of docs/isa.md, and what is said of it; null where it is right. */
const PLANTED: readonly (readonly [link: string, fault: string | null])[] = [
  ['[a](timing.md)', null],
  ['[a](timing.md#0-composition)', null],
  ['[a](#loadact)', null],
  ['[a](../backends/trellis/isa/costs.ts)', null],
  ['[a](../tests/rtl)', null],
  ['[a](../tests/rtl/)', null],
  ['[a](https://example.org/nowhere.md#x)', null],
  ['`[a](nowhere.md)`', null],
  ['```\n[a](nowhere.md)\n```', null],
  ['[a](nowhere.md)', 'nowhere.md does not exist'],
  ['[`a`](nowhere.md)', 'nowhere.md does not exist'],
  ['[a](<nowhere.md> "title")', 'nowhere.md does not exist'],
  ['![a](nowhere.png)', 'nowhere.png does not exist'],
  ['<a href="nowhere.md">a</a>', 'nowhere.md does not exist'],
  ['[a]\n\n[a]: nowhere.md', 'nowhere.md does not exist'],
  ['[a](isa)', 'isa does not exist'],
  ['[a](timing.md#nowhere)', 'docs/timing.md has no anchor #nowhere'],
  ['[a](#nowhere)', 'docs/isa.md has no anchor #nowhere'],
  ['[a](../sim/energy/table.ts#nowhere)', 'sim/energy/table.ts has no anchor #nowhere'],
  ['[a](../../elsewhere.md)', '../../elsewhere.md leads out of the repository'],
  ['[a](/docs/timing.md)', '/docs/timing.md leads out of the repository'],
]

test.each(PLANTED)('planted: %s', (link, fault) => {
  const page = PAGES.get('docs/isa.md') ?? ''
  const line = page.split('\n').length + link.split('\n').length
  const planted = new Map(PAGES).set('docs/isa.md', `${page}\n${link}\n`)
  expect(deadLinks(planted, existsIn(FILES))).toEqual(fault === null ? [] : [`docs/isa.md:${line}: ${fault}`])
})

test('anchors are headings as Git hosts write them', () => {
  const page = [
    '# The `load.act` unit, twice',
    '## A [link](x.md) & _more_',
    '## Same',
    '## Same',
    '```',
    '# no heading',
    '```',
    '<a id="own"></a>',
  ].join('\n')
  expect([...anchors(page)].sort()).toEqual([
    'a-link--more',
    'own',
    'same',
    'same-1',
    'the-loadact-unit-twice',
  ])
})

test('a link tells where it stands', () => {
  expect(links('one\n[two](three.md) and `[no](no.md)`\n[four](five.md#six)\n')).toEqual([
    { target: 'three.md', at: 10, line: 2 },
    { target: 'five.md#six', at: 45, line: 3 },
  ])
})
