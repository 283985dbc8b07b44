// Long and short axis of a shape in a slice, as radiologists measure them: the longest diameter, and the longest across it.

/** A point in mm. */
type Point = readonly [x: number, y: number]

/** Two diameters at right angles, in mm; `angle` is that of the long one to the row, in radians. */
export interface Axes {
  readonly longMm: number
  readonly shortMm: number
  readonly angle: number
}

const cross = (o: Point, a: Point, b: Point): number => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])

function halfHull(points: readonly Point[]): Point[] {
  const hull: Point[] = []
  for (const point of points) {
    for (;;) {
      const [before, last] = [hull.at(-2), hull.at(-1)]
      if (before === undefined || last === undefined || cross(before, last, point) > 0) break
      hull.pop()
    }
    hull.push(point)
  }
  hull.pop()
  return hull
}

// Convex hull by monotone chains (Andrew, Inf. Proc. Letters 1979).
function hullOf(points: readonly Point[]): readonly Point[] {
  const ordered = points.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])
  return ordered.length < 3 ? ordered : [...halfHull(ordered), ...halfHull(ordered.toReversed())]
}

/**
 * Axes of a set of pixels, measured from edge to edge: the long axis joins the two farthest corners of pixels less
 * half a pixel at each end, the short one is the extent across it.
 * @param pixels rows and columns
 */
export function axesOf(
  pixels: readonly (readonly [row: number, column: number])[],
  rowMm: number,
  columnMm: number,
): Axes {
  const hull = hullOf(pixels.map(([row, column]): Point => [column * columnMm, row * rowMm]))
  let longest = 0
  let direction: Point = [1, 0]
  for (const a of hull) {
    for (const b of hull) {
      const length = Math.hypot(b[0] - a[0], b[1] - a[1])
      if (length > longest) [longest, direction] = [length, [(b[0] - a[0]) / length, (b[1] - a[1]) / length]]
    }
  }
  // From centre to centre one pixel is missing: half of it at each end, as wide as a pixel is in that direction.
  const pixelAlong = Math.hypot(direction[0] * columnMm, direction[1] * rowMm)
  const pixelAcross = Math.hypot(direction[1] * columnMm, direction[0] * rowMm)
  const across = hull.map(([x, y]) => y * direction[0] - x * direction[1])
  const width = hull.length === 0 ? 0 : Math.max(...across) - Math.min(...across)
  return {
    longMm: longest + pixelAlong,
    shortMm: Math.min(longest + pixelAlong, width + pixelAcross),
    angle: Math.atan2(direction[1], direction[0]),
  }
}
