/** The picture that examples/digits-web makes of a drawing: as MNIST's makers describe theirs. */
import { expect, test } from 'vitest'
import { asMnist, SIDE } from '../../examples/digits-web/mnist.js'
import { unwrap } from '../../ir/diagnostic.ts'
import { openExecutable } from '../../src/executable.ts'
import { runFeed } from '../../src/run.ts'
import { readArray } from '../../src/tensors/array-files.ts'
import { feed } from '../../src/tensors/feed.ts'

const WIDTH = 280

/** A canvas with ink, 0 to 255, where a function says so. */
function drawing(ink: (x: number, y: number) => number) {
  const data = new Uint8ClampedArray(WIDTH * WIDTH * 4)
  for (let i = 0; i < WIDTH * WIDTH; i++) data[i * 4 + 3] = ink(i % WIDTH, Math.floor(i / WIDTH))
  return { data, width: WIDTH, height: WIDTH }
}

const rectangle = (left: number, top: number, width: number, height: number) =>
  drawing((x, y) => (x >= left && x < left + width && y >= top && y < top + height ? 255 : 0))

/** Rows and columns of the picture that hold ink. */
function extent(picture: Float32Array) {
  const inked = [...picture.keys()].filter((i) => (picture[i] ?? 0) > 1e-6)
  const [rows, columns] = [inked.map((i) => Math.floor(i / SIDE)), inked.map((i) => i % SIDE)]
  return [Math.min(...rows), Math.max(...rows), Math.min(...columns), Math.max(...columns)]
}

test('nothing comes of nothing', () => {
  expect(asMnist(drawing(() => 0))).toBeUndefined()
})

test('the longer side becomes 20 pixels, the middle is in the middle, wherever it was drawn', () => {
  for (const [left, top, scale] of [
    [0, 0, 10],
    [60, 30, 5],
    [250, 20, 2],
  ] as const) {
    const picture = asMnist(rectangle(left, top, 10 * scale, 20 * scale)) ?? new Float32Array()
    expect(extent(picture)).toEqual([4, 23, 9, 18])
    expect(picture.reduce((sum, ink) => sum + ink)).toBeCloseTo(200, 3)
  }
})

test('pixels that are partly covered are grey', () => {
  // 200 x 30: a pixel is 10 x 10, and the 3 rows of them straddle the middle.
  const picture = asMnist(rectangle(40, 100, 200, 30)) ?? new Float32Array()
  const column = [12, 13, 14, 15].map((row) => picture[row * SIDE + 14])
  expect(column).toEqual([0.5, 1, 1, 0.5])
})

test('the centre of mass is in the middle, not that of the box', () => {
  // A long thin leg on a heavy foot.
  const picture = asMnist(drawing((x, y) => (y < 200 ? (x < 20 ? 255 : 0) : x < 100 && y < 240 ? 255 : 0)))
  let [mass, x, y] = [0, 0, 0]
  for (const [i, ink] of (picture ?? []).entries()) {
    mass += ink
    x += ink * ((i % SIDE) + 0.5)
    y += ink * (Math.floor(i / SIDE) + 0.5)
  }
  expect([x / mass, y / mass]).toEqual([expect.closeTo(SIDE / 2, 1), expect.closeTo(SIDE / 2, 1)])
})

test('digits of MNIST, enlarged and made again, are still read', async () => {
  const model = unwrap(await openExecutable('examples/digits/digits_int8.tflite', 'reference'))
  const file = 'examples/digits/data/digits_test.npy'
  const { shape, data } = unwrap(readArray(file))
  const labels = unwrap(readArray('examples/digits/data/digits_test.labels.npy')).data
  const count = 50
  const again = Float32Array.from({ length: count * SIDE * SIDE })
  for (let n = 0; n < count; n++) {
    const pixel = (x: number, y: number) =>
      Number(data[(n * SIDE + Math.floor(y / 10)) * SIDE + Math.floor(x / 10)])
    again.set(asMnist(drawing(pixel)) ?? [], n * SIDE * SIDE)
  }
  const array = { dtype: 'f32', shape: [count, ...shape.slice(1)], data: again } as const
  const [scores] = [...runFeed(model, unwrap(feed(model.inputs, [{ file, array }]))).values()]
  const read = Array.from({ length: count }, (_, n) => {
    const of10 = Array.from(scores?.data.subarray(n * 10, n * 10 + 10) ?? [], Number)
    return of10.indexOf(Math.max(...of10))
  })
  expect(read).toEqual(Array.from(labels.subarray(0, count), Number))
})
