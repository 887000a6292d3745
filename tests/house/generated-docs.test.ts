/** Generated pages equal the committed ones; `npm run docs` writes them. */
import { expect, test } from 'vitest'
import { energyPage } from '../../scripts/docs/energy-page.ts'
import { errorsPage } from '../../scripts/docs/errors-page.ts'
import { isaPage } from '../../scripts/docs/isa-page.ts'
import { onnxPage } from '../../scripts/docs/onnx-page.ts'
import { opsPage } from '../../scripts/docs/ops-page.ts'
import { supportedOpsPage } from '../../scripts/docs/supported-ops-page.ts'
import { targetsPage } from '../../scripts/docs/targets-page.ts'
import { tflitePage } from '../../scripts/docs/tflite-page.ts'

const PAGES: Readonly<Record<string, () => string>> = {
  'docs/energy.md': energyPage,
  'docs/errors.md': errorsPage,
  'docs/isa.md': isaPage,
  'docs/onnx.md': onnxPage,
  'docs/ops.md': opsPage,
  'docs/supported-ops.md': supportedOpsPage,
  'docs/targets.md': targetsPage,
  'docs/tflite.md': tflitePage,
}

test.each(Object.entries(PAGES))('%s', async (path, page) => {
  await expect(page()).toMatchFileSnapshot(`../../${path}`)
})
