/** Digits as a hand draws them: lines of points in a square of side 1, x to the right and y down. */
type Point = readonly [x: number, y: number]

/** Points on an ellipse; angles in degrees, from the right over the bottom. */
function arc(x: number, y: number, rx: number, ry: number, from: number, to: number): Point[] {
  const steps = 24
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)] as const
  })
}

export const STROKES: readonly (readonly (readonly Point[])[])[] = [
  [arc(0.5, 0.5, 0.2, 0.33, -90, 270)],
  [[...line(0.55, 0.15, 0.47, 0.85)]],
  [[...arc(0.48, 0.34, 0.2, 0.18, -170, 50), [0.27, 0.82], [0.75, 0.82]]],
  [[...arc(0.46, 0.32, 0.19, 0.17, -150, 90), ...arc(0.46, 0.66, 0.22, 0.18, -90, 150)]],
  [
    [
      [0.36, 0.15],
      [0.28, 0.52],
      [0.72, 0.52],
    ],
    [...line(0.66, 0.2, 0.62, 0.88)],
  ],
  [[[0.7, 0.17], [0.36, 0.17], [0.33, 0.45], ...arc(0.48, 0.62, 0.21, 0.2, -120, 140)]],
  [[[0.62, 0.14], [0.42, 0.36], ...arc(0.48, 0.66, 0.17, 0.18, -160, 200)]],
  [
    [
      [0.27, 0.18],
      [0.74, 0.18],
      [0.45, 0.86],
    ],
  ],
  [[...arc(0.5, 0.32, 0.15, 0.16, 90, -270), ...arc(0.5, 0.67, 0.19, 0.19, -90, 270)]],
  [[...arc(0.48, 0.34, 0.18, 0.17, 0, -360), [0.65, 0.5], [0.6, 0.88]]],
]

function line(x1: number, y1: number, x2: number, y2: number): Point[] {
  return Array.from({ length: 9 }, (_, i) => [x1 + ((x2 - x1) * i) / 8, y1 + ((y2 - y1) * i) / 8] as const)
}
