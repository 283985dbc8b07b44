// Voxels of a phantom: tissue, then vessels, airways and nodules with the blur of partial volume, then noise.
import type { Random } from '../../cohort/index.ts'
import { tissueHu } from './anatomy.ts'
import type { PlacedNodule } from './nodules.ts'
import { centreMm, type PhantomGrid, type PointMm, type Tube } from './types.ts'

/** CT numbers and labels of a phantom, both `[slices, rows, columns]`, row-major. */
export interface PhantomVoxels {
  /** HU, clipped to what 12 bits hold (-1024 to 3071). */
  readonly hu: Int16Array
  /** 0, or the label of the nodule that fills at least half of the voxel. */
  readonly labels: Uint8Array
}

/** What is drawn into the grid. */
export interface PhantomContent {
  readonly vessels: readonly Tube[]
  readonly airways: readonly Tube[]
  readonly nodules: readonly PlacedNodule[]
  readonly noiseHu: number
}

interface Box {
  readonly low: PointMm
  readonly high: PointMm
}

const bloodHu = 45
const airHu = -985
const solidHu = 35
const groundGlassHu = -580
const openLungHu = -500
const lowestHu = -1024
const highestHu = 3071
// Thick slices average what they cut through: each voxel is asked at these heights, in parts of its thickness.
const heights = [-1 / 3, 0, 1 / 3]

function indexRange(low: number, high: number, count: number, stepMm: number): readonly [number, number] {
  const half = (count - 1) / 2
  return [Math.max(0, Math.floor(low / stepMm + half)), Math.min(count - 1, Math.ceil(high / stepMm + half))]
}

/** Calls `visit` for each voxel of the box with the coverage in (0, 1] that `coverage` gives at its heights. */
function forCovered(
  grid: PhantomGrid,
  box: Box,
  coverage: (x: number, y: number, z: number) => number,
  visit: (at: number, covered: number) => void,
): void {
  const [firstX, lastX] = indexRange(box.low[0], box.high[0], grid.columns, grid.pixelMm)
  const [firstY, lastY] = indexRange(box.low[1], box.high[1], grid.rows, grid.pixelMm)
  const [firstZ, lastZ] = indexRange(
    box.low[2] - grid.sliceMm / 2,
    box.high[2] + grid.sliceMm / 2,
    grid.slices,
    grid.sliceMm,
  )
  for (let slice = firstZ; slice <= lastZ; slice++) {
    const z = centreMm(slice, grid.slices, grid.sliceMm)
    for (let row = firstY; row <= lastY; row++) {
      const y = centreMm(row, grid.rows, grid.pixelMm)
      for (let column = firstX; column <= lastX; column++) {
        const x = centreMm(column, grid.columns, grid.pixelMm)
        let covered = 0
        for (const height of heights) covered += coverage(x, y, z + height * grid.sliceMm) / heights.length
        if (covered > 0) visit((slice * grid.rows + row) * grid.columns + column, covered)
      }
    }
  }
}

const fraction = (value: number): number => Math.min(1, Math.max(0, value))

function tubeBox({ from, to, radiusMm }: Tube, marginMm: number): Box {
  const reach = radiusMm + marginMm
  const side = (pick: (...of: number[]) => number, by: number): PointMm => [
    pick(from[0], to[0]) + by,
    pick(from[1], to[1]) + by,
    pick(from[2], to[2]) + by,
  ]
  return { low: side(Math.min, -reach), high: side(Math.max, reach) }
}

function distanceToTube({ from, to }: Tube, x: number, y: number, z: number): number {
  const [dx, dy, dz] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]]
  const along = ((x - from[0]) * dx + (y - from[1]) * dy + (z - from[2]) * dz) / (dx * dx + dy * dy + dz * dz)
  const t = fraction(along)
  return Math.hypot(x - from[0] - t * dx, y - from[1] - t * dy, z - from[2] - t * dz)
}

function drawTube(hu: Float32Array, grid: PhantomGrid, tube: Tube, kind: 'vessel' | 'airway'): void {
  const coverage = (x: number, y: number, z: number): number =>
    fraction((tube.radiusMm - distanceToTube(tube, x, y, z)) / grid.pixelMm + 0.5)
  forCovered(grid, tubeBox(tube, grid.pixelMm), coverage, (at, covered) => {
    const before = hu[at] ?? airHu
    if (kind === 'airway') hu[at] = before + covered * (airHu - before)
    // Vessels show where the lung is air; the hilum around them is soft tissue already.
    else if (before < openLungHu) hu[at] = before + covered * (bloodHu - before)
    else hu[at] = Math.max(before, bloodHu * covered + before * (1 - covered))
  })
}

function surfaceMm({ diameterMm, phases }: PlacedNodule, dx: number, dy: number, dz: number): number {
  const turn = Math.atan2(dy, dx)
  const rise = Math.atan2(dz, Math.hypot(dx, dy))
  return (diameterMm / 2) * (1 + 0.07 * Math.sin(3 * turn + phases[0]) * Math.cos(2 * rise + phases[1]))
}

function drawNodule(
  voxels: { hu: Float32Array; labels: Uint8Array },
  grid: PhantomGrid,
  nodule: PlacedNodule,
  label: number,
): void {
  const [cx, cy, cz] = nodule.centreMm
  const coverageOf =
    (part: number) =>
    (x: number, y: number, z: number): number => {
      const surface = part * surfaceMm(nodule, x - cx, y - cy, z - cz)
      return fraction((surface - Math.hypot(x - cx, y - cy, z - cz)) / grid.pixelMm + 0.5)
    }
  const reach = nodule.diameterMm * 0.55 + grid.pixelMm
  const box: Box = { low: [cx - reach, cy - reach, cz - reach], high: [cx + reach, cy + reach, cz + reach] }
  const { hu, labels } = voxels
  forCovered(grid, box, coverageOf(1), (at, covered) => {
    const before = hu[at] ?? airHu
    const target = nodule.texture === 'solid' ? solidHu : Math.max(groundGlassHu, before)
    hu[at] = before + covered * (target - before)
    if (covered >= 0.5) labels[at] = label
  })
  if (nodule.texture !== 'part-solid') return
  forCovered(grid, box, coverageOf(0.5), (at, covered) => {
    const before = hu[at] ?? airHu
    hu[at] = before + covered * (solidHu - before)
  })
}

function drawTissue(hu: Float32Array, grid: PhantomGrid): void {
  let at = 0
  for (let slice = 0; slice < grid.slices; slice++) {
    const z = centreMm(slice, grid.slices, grid.sliceMm)
    for (let row = 0; row < grid.rows; row++) {
      const y = centreMm(row, grid.rows, grid.pixelMm)
      for (let column = 0; column < grid.columns; column++) {
        hu[at++] = tissueHu(centreMm(column, grid.columns, grid.pixelMm), y, z)
      }
    }
  }
}

/** Draws a phantom; costs O(voxels). */
export function renderPhantom(grid: PhantomGrid, content: PhantomContent, random: Random): PhantomVoxels {
  const count = grid.slices * grid.rows * grid.columns
  const drawn = new Float32Array(count)
  const labels = new Uint8Array(count)
  drawTissue(drawn, grid)
  for (const tube of content.vessels) drawTube(drawn, grid, tube, 'vessel')
  for (const tube of content.airways) drawTube(drawn, grid, tube, 'airway')
  for (const [index, nodule] of content.nodules.entries()) drawNodule({ hu: drawn, labels }, grid, nodule, index + 1)
  const hu = new Int16Array(count)
  for (let at = 0; at < count; at++) {
    // The sum of three uniform draws is near enough to normal for noise, and several times as fast.
    const noise = (random.unit() + random.unit() + random.unit() - 1.5) * 2 * content.noiseHu
    hu[at] = Math.min(highestHu, Math.max(lowestHu, Math.round((drawn[at] ?? 0) + noise)))
  }
  return { hu, labels }
}
