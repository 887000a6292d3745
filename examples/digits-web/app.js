/** A canvas to draw on, and what the network thinks of the drawing, after each movement of the pointer. */
import { asMnist } from './mnist.js'
import { load } from './model/index.js'

/** In pixels of the canvas: about two of the network's, as in its training pictures. */
const PEN_WIDTH = 22

const element = (id) => document.getElementById(id)
const paper = element('paper')
const ink = paper.getContext('2d', { willReadFrequently: true })
ink.lineWidth = PEN_WIDTH
ink.lineCap = 'round'
ink.lineJoin = 'round'

const bars = Array.from({ length: 10 }, () => element('scores').appendChild(document.createElement('li')))

const model = await load().catch((error) => {
  element('answer').value = `The model cannot be loaded: ${error.message}`
  throw error
})

function classify() {
  const start = performance.now()
  const picture = asMnist(ink.getImageData(0, 0, paper.width, paper.height))
  if (picture === undefined) {
    show([])
    return
  }
  const prepared = performance.now()
  const scores = model.dequantize(model.run(model.quantize(picture)))
  const done = performance.now()
  show([...scores])
  const ms = (time) => `${time.toFixed(1)} ms`
  element('time').textContent = `picture ${ms(prepared - start)}, network ${ms(done - prepared)}`
}

/** Shows ten probabilities, or none. */
function show(scores) {
  const best = scores.indexOf(Math.max(...scores))
  for (const [digit, bar] of bars.entries()) {
    const score = scores[digit] ?? 0
    bar.style.setProperty('--share', score)
    bar.textContent = `${(100 * score).toFixed(1)} %`
    bar.classList.toggle('best', digit === best)
  }
  element('answer').value = best < 0 ? 'Draw a digit from 0 to 9.' : `This is a ${best}.`
  element('time').textContent = ''
}

/** At most once a frame, however many movements come. */
let frame = 0
function classifySoon() {
  cancelAnimationFrame(frame)
  frame = requestAnimationFrame(classify)
}

let last
function stroke(event) {
  const { left, top } = paper.getBoundingClientRect()
  const scale = paper.width / paper.clientWidth
  // Browsers bundle movements; all of them are drawn.
  const moves = event.getCoalescedEvents?.() ?? []
  for (const { clientX, clientY } of moves.length > 0 ? moves : [event]) {
    const point = [clientX - left - paper.clientLeft, clientY - top - paper.clientTop].map((c) => c * scale)
    ink.beginPath()
    ink.moveTo(...(last ?? point))
    ink.lineTo(...point)
    ink.stroke()
    last = point
  }
  classifySoon()
}

paper.addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return
  paper.setPointerCapture(event.pointerId)
  last = undefined
  stroke(event)
})
paper.addEventListener('pointermove', (event) => {
  if (paper.hasPointerCapture(event.pointerId)) stroke(event)
})
element('clear').addEventListener('click', () => {
  ink.clearRect(0, 0, paper.width, paper.height)
  classifySoon()
})

classify()
