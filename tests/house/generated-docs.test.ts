/** Generated pages equal the committed ones; `npm run docs` writes them. */
import { expect, test } from 'vitest'
import { areaPage } from '../../scripts/docs/area-page.ts'
import { energyPage } from '../../scripts/docs/energy-page.ts'
import { errorsPage } from '../../scripts/docs/errors-page.ts'
import { isaPage } from '../../scripts/docs/isa-page.ts'
import { onnxPage } from '../../scripts/docs/onnx-page.ts'
import { opsPage } from '../../scripts/docs/ops-page.ts'
import { supportedOpsPage } from '../../scripts/docs/supported-ops-page.ts'
import { targetsPage } from '../../scripts/docs/targets-page.ts'
import { tflitePage } from '../../scripts/docs/tflite-page.ts'
import { validationPage } from '../../scripts/docs/validation/page.ts'
import { hasZoo, zooPath } from '../importers/zoo.ts'

const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/area.md': areaPage,
  'docs/energy.md': energyPage,
  'docs/errors.md': errorsPage,
  'docs/isa.md': isaPage,
  'docs/onnx.md': onnxPage,
  'docs/ops.md': opsPage,
  'docs/supported-ops.md': supportedOpsPage,
  'docs/targets.md': targetsPage,
  'docs/tflite.md': tflitePage,
  'docs/validation.md': () => validationPage(hasZoo ? zooPath : undefined),
}

/** The validation page compiles and simulates networks, on a machine that may be busy. */
const TIMEOUT_MS = 300_000

test.each(Object.entries(PAGES))(
  '%s',
  async (path, page) => {
    await expect(await page()).toMatchFileSnapshot(`../../${path}`)
  },
  TIMEOUT_MS,
)
