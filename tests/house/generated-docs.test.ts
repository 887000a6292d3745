/** Generated pages equal the committed ones; `npm run docs` writes them. */
import { expect, test } from 'vitest'
import { errorsPage } from '../../scripts/docs/errors-page.ts'

const PAGES: Readonly<Record<string, () => string>> = {
  'docs/errors.md': errorsPage,
}

test.each(Object.entries(PAGES))('%s', async (path, page) => {
  await expect(page()).toMatchFileSnapshot(`../../${path}`)
})
