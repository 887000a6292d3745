/** A graph from top to bottom, laid out by dagre, in a box that scrolls; it can be made larger and smaller. */
import { Graph, layout } from '@dagrejs/dagre'
import { button, h, s } from '../kit/dom.ts'
import { makeNoted, type NotedMark } from '../kit/noted.ts'
import type { Note } from '../kit/tooltip.ts'

export interface GraphNode {
  /** Also the id of its element. */
  readonly id: string
  readonly title: string
  readonly text: string
  /** Of the strip at its left; without one it is drawn as an end of the graph. */
  readonly colour?: string
  /** Of the whole: the length of the bar below its text. */
  readonly share?: number
  readonly note: () => Note
  readonly choose?: () => void
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
}

const WIDTH = 268
const HEIGHT = 46
const END_HEIGHT = 26
const ZOOM = 1.25

export function graphView(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  label: string,
): HTMLElement {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'TB', ranksep: 20, nodesep: 26, marginx: 8, marginy: 8 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id, colour } of nodes)
    graph.setNode(id, { width: WIDTH, height: colour === undefined ? END_HEIGHT : HEIGHT })
  for (const { from, to } of edges) graph.setEdge(from, to)
  layout(graph)

  const { width = 0, height = 0 } = graph.graph()
  const paths = graph.edges().map((edge: { readonly v: string; readonly w: string }) => {
    const { points } = graph.edge(edge) as {
      readonly points: readonly { readonly x: number; readonly y: number }[]
    }
    return s('path', {
      class: 'edge',
      d: points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${x},${y}`).join(''),
    })
  })
  const marks = nodes.map((node): NotedMark => {
    const place = graph.node(node.id) as { readonly x: number; readonly y: number }
    const { note, choose } = node
    const text = `${node.title} ${node.text}`.trim()
    return { element: drawnNode(node, place), note, text, ...(choose ? { choose } : {}) }
  })
  const svg = s(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': label },
    ...paths,
    ...marks.map(({ element }) => element),
  )
  makeNoted(marks)
  let scale = 1
  const resize = (by: number): void => {
    scale = Math.min(2, Math.max(0.2, scale * by))
    svg.setAttribute('width', String(width * scale))
    svg.setAttribute('height', String(height * scale))
  }
  resize(1)
  const box = h('div', { class: 'scroll graph', tabindex: 0, role: 'region', 'aria-label': label }, svg)
  return h(
    'div',
    {},
    h(
      'div',
      { class: 'controls' },
      button('+', 'Larger', () => resize(ZOOM)),
      button('−', 'Smaller', () => resize(1 / ZOOM)),
      button('all', 'Show all of it', () =>
        resize(Math.min(box.clientWidth / width, box.clientHeight / height) / scale),
      ),
    ),
    box,
  )
}

function drawnNode(node: GraphNode, { x, y }: { readonly x: number; readonly y: number }): SVGGElement {
  const { id, title, text, colour, share } = node
  const at = {
    id,
    class: 'node',
    transform: `translate(${x - WIDTH / 2},${y - (colour ? HEIGHT : END_HEIGHT) / 2})`,
  }
  if (colour === undefined) {
    return s(
      'g',
      at,
      s('rect', { class: 'box end', width: WIDTH, height: END_HEIGHT, rx: END_HEIGHT / 2 }),
      s(
        'text',
        {
          x: WIDTH / 2,
          y: END_HEIGHT / 2 + 4,
          'text-anchor': 'middle',
          class: 'small',
          'aria-hidden': 'true',
        },
        title,
      ),
    )
  }
  const strip = s('rect', { width: 5, height: HEIGHT, rx: 2 })
  strip.style.fill = colour
  const bar = s('rect', { x: 14, y: HEIGHT - 7, width: Math.max(1, (WIDTH - 24) * (share ?? 0)), height: 3 })
  bar.style.fill = colour
  return s(
    'g',
    at,
    s('rect', { class: 'box', width: WIDTH, height: HEIGHT, rx: 3 }),
    strip,
    s('text', { x: 14, y: 17 }, title),
    // Apart for those who hear it, too.
    ' ',
    s('text', { x: 14, y: 33, class: 'small' }, text),
    ...(share === undefined ? [] : [bar]),
  )
}
