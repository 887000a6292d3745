/** examples/digits-web as its own server gives it: digits drawn with the mouse are read, while they are drawn. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../../ir/diagnostic.ts'
import { closeBrowser, hasChromium, newPage, type Watched } from './chromium.ts'
import { STROKES } from './strokes.ts'

let server: ChildProcess
let address: string

async function open(): Promise<Watched> {
  const watched = await newPage()
  await watched.page.goto(address)
  await answerIs(watched.page, 'Draw a digit from 0 to 9.')
  return watched
}

/** Waits for the answer, which comes a frame after what it is about. */
async function answerIs(page: Page, text: string): Promise<void> {
  await expect.poll(() => page.textContent('#answer'), { timeout: 5000 }).toBe(text)
}

async function draw(page: Page, digit: number): Promise<void> {
  const box = must((await page.locator('#paper').boundingBox()) ?? undefined, 'the canvas')
  for (const stroke of must(STROKES[digit], 'strokes')) {
    for (const [i, [x, y]] of stroke.entries()) {
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height)
      if (i === 0) await page.mouse.down()
    }
    await page.mouse.up()
  }
}

/** The ten probabilities that are shown, in per cent. */
async function scores(page: Page): Promise<number[]> {
  return (await page.locator('#scores li').allTextContents()).map((text) => Number.parseFloat(text))
}

describe.skipIf(!hasChromium)('examples/digits-web', () => {
  beforeAll(async () => {
    server = spawn(process.execPath, ['examples/digits-web/serve.mjs', '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface(must(server.stdout ?? undefined, 'standard output'))
    address = await new Promise((resolve, reject) => {
      lines.once('line', resolve)
      lines.once('close', () => reject(new Error('the server said no address')))
    })
  })
  afterAll(async () => {
    await closeBrowser()
    server.kill()
  })

  test('reads every digit', async () => {
    const { page, complaints } = await open()
    for (const digit of STROKES.keys()) {
      await draw(page, digit)
      await answerIs(page, `This is a ${digit}.`)
      const shown = await scores(page)
      expect(shown.indexOf(Math.max(...shown))).toBe(digit)
      expect(shown.reduce((sum, score) => sum + score)).toBeCloseTo(100, -1)
      await page.click('#clear')
      await answerIs(page, 'Draw a digit from 0 to 9.')
      expect(await scores(page)).toEqual(Array(10).fill(0))
    }
    expect(complaints).toEqual([])
  })

  test('answers while the pointer is still down', async () => {
    const { page } = await open()
    const box = must((await page.locator('#paper').boundingBox()) ?? undefined, 'the canvas')
    await page.mouse.move(box.x + 150, box.y + 40)
    await page.mouse.down()
    await page.mouse.move(box.x + 130, box.y + 240, { steps: 10 })
    await answerIs(page, 'This is a 1.')
  })

  test('is cleared with the keyboard', async () => {
    const { page } = await open()
    await draw(page, 7)
    await answerIs(page, 'This is a 7.')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await answerIs(page, 'Draw a digit from 0 to 9.')
  })

  test('reads a finger', async () => {
    const { page, complaints } = await open()
    const box = must((await page.locator('#paper').boundingBox()) ?? undefined, 'the canvas')
    const session = await page.context().newCDPSession(page)
    const touch = (
      type: 'touchStart' | 'touchMove' | 'touchEnd',
      points: readonly (readonly [number, number])[],
    ) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: points.map(([x, y]) => ({ x: box.x + x * box.width, y: box.y + y * box.height })),
      })
    for (const stroke of must(STROKES[3], 'strokes')) {
      for (const [i, point] of stroke.entries()) await touch(i === 0 ? 'touchStart' : 'touchMove', [point])
      await touch('touchEnd', [])
    }
    await answerIs(page, 'This is a 3.')
    expect(complaints).toEqual([])
  })

  test('sends the strict policy with every file', async () => {
    const { page } = await newPage()
    const policies = new Set<string | undefined>()
    page.on('response', (response) => policies.add(response.headers()['content-security-policy']))
    await page.goto(address)
    await answerIs(page, 'Draw a digit from 0 to 9.')
    expect([...policies]).toEqual([
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self'",
    ])
  })

  test('serves nothing that is not of the page', async () => {
    for (const path of ['serve.mjs', '../digits/digits_int8.tflite', '%2e%2e/digits/README.md', 'missing.js'])
      expect((await fetch(`${address}${path}`)).status).toBe(404)
  })
})
