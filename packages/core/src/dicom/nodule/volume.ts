// A CT series as one block of numbers, and where its voxels lie in the patient.

/** Where the voxels of an axial series lie; slices are ordered along `sliceDirection`. */
export interface VolumeGrid {
  readonly slices: number
  readonly rows: number
  readonly columns: number
  /** Distance between the centres of neighbouring rows, and of neighbouring columns (DICOM PixelSpacing). */
  readonly rowMm: number
  readonly columnMm: number
  /** Distance between the centres of neighbouring slices. */
  readonly sliceMm: number
  /** Centre of the first voxel in the patient (LPS, mm). */
  readonly originMm: readonly [number, number, number]
  /** Unit vectors along a row (columns ascend), down a column (rows ascend), and from slice to slice. */
  readonly rowDirection: readonly [number, number, number]
  readonly columnDirection: readonly [number, number, number]
  readonly sliceDirection: readonly [number, number, number]
}

/** A volume of CT numbers. */
export interface CtVolume {
  readonly grid: VolumeGrid
  /** HU `[slices, rows, columns]`, row-major. */
  readonly hu: Int16Array
}

/** Volume of one voxel in mm3. */
export function voxelMm3({ rowMm, columnMm, sliceMm }: VolumeGrid): number {
  return rowMm * columnMm * sliceMm
}

/** The place in the patient (LPS, mm) of a voxel given by slice, row and column, which may be fractions. */
export function placeMm(
  grid: VolumeGrid,
  slice: number,
  row: number,
  column: number,
): readonly [number, number, number] {
  const { originMm, columnDirection, rowDirection, sliceDirection, rowMm, columnMm, sliceMm } = grid
  const along = (axis: 0 | 1 | 2): number =>
    originMm[axis] +
    column * columnMm * rowDirection[axis] +
    row * rowMm * columnDirection[axis] +
    slice * sliceMm * sliceDirection[axis]
  return [along(0), along(1), along(2)]
}
