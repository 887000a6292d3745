/** The frame of every page: heading, contents, theme, and sections that each answer one question. */
import { type Child, h } from './dom.ts'
import { embeddedData } from './embedded-data.ts'
import { themeToggle } from './theme.ts'

export interface Section {
  /** Also the fragment of its address. */
  readonly id: string
  readonly title: string
  /** What it answers. */
  readonly question: string
  /** Fills the section; it is in the document already. */
  readonly fill: (place: HTMLElement) => void
}

export interface Page {
  readonly title: string
  /** What was measured, on what. */
  readonly subtitle: readonly Child[]
  readonly sections: readonly Section[]
}

/** Reads the embedded object and shows its page. What fails is said in the page. */
export async function openPage<T>(describe: (data: T) => Page): Promise<void> {
  const main = document.getElementById('page')
  if (main === null) return
  try {
    await show(main, describe(await embeddedData<T>()))
  } catch (error) {
    main.replaceChildren(h('p', { role: 'alert' }, `This page cannot be shown: ${error}`))
    throw error
  }
}

async function show(main: HTMLElement, { title, subtitle, sections }: Page): Promise<void> {
  const places = sections.map(({ id, title: heading, question, fill }) => {
    const place = h('div', { class: 'content' })
    const section = h(
      'section',
      { id, 'aria-labelledby': `${id}-title` },
      h('h2', { id: `${id}-title` }, heading),
      h('p', { class: 'question' }, question),
      place,
    )
    return { section, fill: () => fill(place) }
  })
  const links = sections.map(({ id, title: text }) => h('li', {}, h('a', { href: `#${id}` }, text)))
  const nav = h('nav', { 'aria-label': 'Sections' }, h('ul', {}, ...links), themeToggle())
  main.replaceChildren(...places.map(({ section }) => section))
  main.before(
    h('header', { class: 'top' }, h('h1', {}, title), h('p', { class: 'subtitle' }, ...subtitle)),
    nav,
  )
  for (const { fill } of places) {
    fill()
    // What is there can be read and used before the rest is.
    await new Promise((resolve) => setTimeout(resolve))
  }
  document.documentElement.dataset.ready = ''
  // Sections that the address names did not exist when the browser looked for them.
  if (location.hash !== '') document.getElementById(location.hash.slice(1))?.scrollIntoView()
}
