// What a chest phantom is made of: its grid, its nodules, its voxels.

/** A point in mm in the patient's frame (LPS): x to the left, y to the back, z to the head; the origin is mid-chest. */
export type PointMm = readonly [x: number, y: number, z: number]

/** How dense a nodule is on CT: all solid, a solid core in ground glass, or ground glass alone. */
export type NoduleTexture = 'solid' | 'part-solid' | 'ground-glass'

/** A nodule to place; what is left out is drawn. */
export interface NoduleRequest {
  readonly diameterMm?: number
  readonly texture?: NoduleTexture
  readonly side?: 'left' | 'right'
}

/** A nodule as it was placed: the truth that a detector is held against. */
export interface PhantomNodule {
  /** From 1 on; its voxels carry this number in the phantom's labels. */
  readonly label: number
  readonly centreMm: PointMm
  readonly diameterMm: number
  readonly texture: NoduleTexture
  readonly side: 'left' | 'right'
  /** Volume of its labelled voxels. */
  readonly volumeMm3: number
}

/** The grid of a series: slices from feet to head, rows from front to back, columns from right to left. */
export interface PhantomGrid {
  readonly rows: number
  readonly columns: number
  readonly slices: number
  /** Distance of neighbouring pixel centres, in both directions. */
  readonly pixelMm: number
  /** Distance of slice centres, which is their thickness too. */
  readonly sliceMm: number
}

/** A segment of a vessel or an airway: a tube of one radius between two points. */
export interface Tube {
  readonly from: PointMm
  readonly to: PointMm
  readonly radiusMm: number
}

/** Centre of a voxel's column, row or slice in mm. */
export function centreMm(index: number, count: number, stepMm: number): number {
  return (index - (count - 1) / 2) * stepMm
}
