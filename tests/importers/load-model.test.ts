import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { print } from '../../ir/text/index.ts'
import { formatOf, loadModel, loadModelBytes } from '../../src/importers/index.ts'
import { expectSameGraph } from '../text/same-graph.ts'
import { hasZoo, zooPath } from './zoo.ts'

const folder = mkdtempSync(join(tmpdir(), 'load-model-'))
afterAll(() => rmSync(folder, { recursive: true }))

function save(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function refusal(path: string) {
  const result = await loadModel(path)
  if (result.ok) throw new Error(`${path} was loaded`)
  const [diagnostic] = result.diagnostics
  expect(diagnostic?.span?.file).toBe(path)
  expect(diagnostic?.hint).toBeTruthy()
  return diagnostic
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('files that are no model', () => {
  test.each([
    ['model.tflite', 'PK\x03\x04\0\0\0\0', /in spite of its name: it looks like a ZIP archive/],
    ['cat.png', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR', /not a model: it looks like a PNG image/],
    ['model.h5', '\x89HDF\r\n\x1a\n', /HDF5/],
    ['model.onnx', '\x93NUMPY\x01\0', /in spite of its name: it looks like a NumPy array/],
    ['input.npy', '\x93NUMPY\x01\0', /NumPy/],
    ['page.tflite', '<!DOCTYPE html><html>Not Found</html>', /web page/],
    ['lfs.tflite', 'version https://git-lfs.github.com/spec/v1\noid sha256:00', /Git LFS/],
    ['notes.txt', 'buy milk\n', /plain text/],
    ['settings.json', '{ "a": 1 }', /JSON/],
    ['noise.bin', '\x00\x01\x02\x03\x04\x05\x06\x07\x08', /binary data/],
    ['TFL', 'TFL3', /not a model/],
  ])('%s', async (name, content, message) => {
    const diagnostic = await refusal(save(name, latin1(content)))
    expect(diagnostic?.code).toBe('model/foreign')
    expect(diagnostic?.message).toMatch(message)
  })

  test('an empty file, a missing one, a folder, a device, a huge one', async () => {
    expect((await refusal(save('empty.tflite', '')))?.code).toBe('model/empty')
    expect((await refusal(join(folder, 'missing.tflite')))?.code).toBe('file/not-found')
    expect((await refusal(join(folder, 'empty.tflite', 'x')))?.code).toBe('file/not-found')
    expect((await refusal(folder))?.code).toBe('file/is-folder')
    expect((await refusal('bad\0name'))?.code).toBe('file/unreadable')
    const huge = save('huge.tflite', 'x')
    truncateSync(huge, 3 * 2 ** 30)
    expect((await refusal(huge))?.code).toBe('model/too-large')
    expect((await refusal('/dev/zero'))?.code).toBe('model/not-a-file')
  })
})

describe('texts', () => {
  const text = `// a comment
graph "tiny" {
  weights "tiny.esp.bin"
  input %x : i8[1,2] scale=0.5 zp=0
  const %w : i8[2,2] scale=0.25 zp=0 @0
  %y = fully_connected(%x, %w) : i8[1,2] scale=0.5 zp=1
  output %y
}
`
  test('the weights are found beside the text, whatever the text is called', async () => {
    save('tiny.esp.bin', Uint8Array.of(1, 2, 3, 4))
    for (const name of ['tiny.esp', 'renamed.txt']) {
      const path = save(name, text)
      const graph = unwrap(await loadModel(path))
      expect(graph.values.get('w')?.data).toEqual(Int8Array.of(1, 2, 3, 4))
      expect(formatOf(path)).toBe('esp')
    }
  })

  test('missing weights are named', async () => {
    const path = save('lost.esp', text.replace('tiny.esp.bin', 'gone.esp.bin'))
    const result = await loadModel(path)
    expect(result).toMatchObject({
      ok: false,
      diagnostics: [{ code: 'file/not-found', span: { file: join(folder, 'gone.esp.bin') } }],
    })
  })

  test('weights outside the folder are refused', async () => {
    for (const name of ['../tiny.esp.bin', '/etc/passwd', '..', '']) {
      const path = save('sly.esp', text.replace('tiny.esp.bin', name))
      expect(await loadModel(path)).toMatchObject({ ok: false, diagnostics: [{ code: 'text/sidecar-name' }] })
    }
  })
})

describe.skipIf(!hasZoo)('models of the zoo', () => {
  test('a TFLite file is known by its content; printed, it loads as the same graph', async () => {
    const path = zooPath('models/resnet8_int8.tflite')
    const graph = unwrap(await loadModel(path))
    expect(formatOf(path)).toBe('tflite')
    const { text, sidecar, sidecarName } = print(graph)
    save(sidecarName, sidecar)
    expectSameGraph(unwrap(await loadModel(save('resnet8.esp', text))), graph)
    const bytes = new TextEncoder().encode(text)
    expectSameGraph(
      unwrap(await loadModelBytes(bytes, 'resnet8.esp', () => ({ ok: true, value: sidecar }))),
      graph,
    )
  })

  test('an ONNX file is known by its content', async () => {
    const path = save('unnamed', readFileSync(zooPath('models/qonnx_tfc_1w1a.onnx')))
    expect(formatOf(path)).toBe('onnx')
    expect((await loadModel(path)).ok).toBe(true)
  })
})
