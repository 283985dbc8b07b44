// Closing of a plane by a disc: gaps up to twice its radius are filled, such as a nodule that sits on the lung's wall.

/** A binary plane, row-major, 1 where it is set. */
export interface BinaryPlane {
  readonly rows: number
  readonly columns: number
  readonly pixels: Uint8Array
}

const far = 1e9

// Squared distances along one line to the lower envelope of parabolas (Felzenszwalb and Huttenlocher, Theory of Computing 2012).
function transformLine(
  values: Float64Array,
  count: number,
  line: { vertex: Int32Array; bound: Float64Array; out: Float64Array },
): void {
  const { vertex, bound, out } = line
  let last = 0
  vertex[0] = 0
  bound[0] = -far
  bound[1] = far
  const crossing = (a: number, b: number): number =>
    ((values[a] ?? 0) + a * a - (values[b] ?? 0) - b * b) / (2 * a - 2 * b)
  for (let at = 1; at < count; at++) {
    let cross = crossing(at, vertex[last] ?? 0)
    while (last > 0 && cross <= (bound[last] ?? 0)) cross = crossing(at, vertex[--last] ?? 0)
    last++
    vertex[last] = at
    bound[last] = cross
    bound[last + 1] = far
  }
  let piece = 0
  for (let at = 0; at < count; at++) {
    while ((bound[piece + 1] ?? far) < at) piece++
    const from = vertex[piece] ?? 0
    out[at] = (at - from) ** 2 + (values[from] ?? 0)
  }
}

/** Squared distance in pixels from each pixel to the nearest one whose value is `to`; O(pixels). */
function squaredDistances({ rows, columns, pixels }: BinaryPlane, to: 0 | 1): Float64Array {
  const distances = Float64Array.from(pixels, (pixel) => (pixel === to ? 0 : far))
  const longest = Math.max(rows, columns)
  const values = new Float64Array(longest)
  const line = { vertex: new Int32Array(longest), bound: new Float64Array(longest + 1), out: new Float64Array(longest) }
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) values[row] = distances[row * columns + column] ?? far
    transformLine(values, rows, line)
    for (let row = 0; row < rows; row++) distances[row * columns + column] = line.out[row] ?? far
  }
  for (let row = 0; row < rows; row++) {
    values.set(distances.subarray(row * columns, (row + 1) * columns))
    transformLine(values, columns, line)
    distances.set(line.out.subarray(0, columns), row * columns)
  }
  return distances
}

/** Grows a plane by a disc of the given radius in pixels. */
export function dilate(plane: BinaryPlane, radius: number): BinaryPlane {
  const distances = squaredDistances(plane, 1)
  return { ...plane, pixels: Uint8Array.from(distances, (squared) => (squared <= radius * radius ? 1 : 0)) }
}

function erode(plane: BinaryPlane, radius: number): BinaryPlane {
  const distances = squaredDistances(plane, 0)
  return { ...plane, pixels: Uint8Array.from(distances, (squared) => (squared > radius * radius ? 1 : 0)) }
}

/** Grows by a disc, then shrinks by it; beyond the plane's edge nothing is set, and the plane must keep that distance. */
export function close(plane: BinaryPlane, radius: number): BinaryPlane {
  return erode(dilate(plane, radius), radius)
}
