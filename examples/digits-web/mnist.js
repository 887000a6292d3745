/**
 * Makes a drawing into what the network was trained on. From the description of MNIST (http://yann.lecun.com/exdb/mnist):
 * digits were scaled to fit a box of 20 x 20 pixels with their proportions kept, with grey levels where a pixel is partly
 * covered, and put into 28 x 28 pixels with their centre of mass in the middle.
 */

export const SIDE = 28
const BOX = 20

/**
 * @param {{ readonly data: Uint8ClampedArray, readonly width: number, readonly height: number }} drawing RGBA, as a canvas
 *   gives it; its alpha is the ink
 * @returns {Float32Array | undefined} 28 x 28 amounts of ink, 0 to 1, row-major; nothing if there is no ink
 */
export function asMnist(drawing) {
  const ink = measure(drawing)
  if (ink === undefined) return undefined
  const scale = Math.max(ink.right - ink.left, ink.bottom - ink.top) / BOX
  const columns = coverage(drawing.width, ink.x, scale)
  const rows = coverage(drawing.height, ink.y, scale)
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    let sum = 0
    for (const [y, tall] of rows[Math.floor(i / SIDE)])
      for (const [x, wide] of columns[i % SIDE]) sum += tall * wide * alpha(drawing, x, y)
    return sum / (scale * scale * 255)
  })
}

const alpha = ({ data, width }, x, y) => data[(y * width + x) * 4 + 3]

/** The box around the ink and its centre of mass, in pixels of the drawing; a pixel's own centre is at + 0.5. */
function measure(drawing) {
  const { width, height } = drawing
  const box = { left: width, right: 0, top: height, bottom: 0 }
  let [mass, x, y] = [0, 0, 0]
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const amount = alpha(drawing, column, row)
      if (amount === 0) continue
      box.left = Math.min(box.left, column)
      box.right = Math.max(box.right, column + 1)
      box.top = Math.min(box.top, row)
      box.bottom = Math.max(box.bottom, row + 1)
      mass += amount
      x += amount * (column + 0.5)
      y += amount * (row + 0.5)
    }
  return mass === 0 ? undefined : { ...box, x: x / mass, y: y / mass }
}

/**
 * For each of the 28 pixels along one direction: the drawing's pixels that it covers, and how much of each.
 * `centre` comes to lie in the middle; a pixel is `scale` of the drawing's.
 */
function coverage(length, centre, scale) {
  return Array.from({ length: SIDE }, (_, i) => {
    const from = centre + (i - SIDE / 2) * scale
    const to = from + scale
    const covered = []
    for (let at = Math.max(0, Math.floor(from)); at < Math.min(length, to); at++)
      covered.push([at, Math.min(to, at + 1) - Math.max(from, at)])
    return covered
  })
}
