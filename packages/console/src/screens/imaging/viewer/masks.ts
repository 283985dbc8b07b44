// The masks of a reading's nodules as they come from the server, made pixels of a slice or of a cut (pure).

/** A run of pixels: index of the first in its slice, row-major, and how many. */
export type Run = readonly [start: number, length: number]

/** The masks of a reading. */
export interface ReadingMasks {
  readonly rows: number
  readonly columns: number
  /** SOP Instance UIDs of the slices that `runs` counts by. */
  readonly instances: readonly string[]
  readonly nodules: readonly {
    readonly number: number
    readonly decision: string
    /** By slice, from 0; slices without pixels are left out. */
    readonly runs: Readonly<Record<string, readonly Run[]>>
  }[]
}

/** Masks by SOP Instance UID: 1 inside. Rejected nodules are left out. */
export type MasksByInstance = ReadonlyMap<string, Uint8Array>

function fill(mask: Uint8Array, runs: readonly Run[]): void {
  for (const [start, length] of runs) mask.fill(1, start, start + length)
}

/** The masks of each slice that has one. */
export function masksByInstance({ rows, columns, instances, nodules }: ReadingMasks): MasksByInstance {
  const masks = new Map<string, Uint8Array>()
  for (const { decision, runs } of nodules) {
    if (decision === 'rejected') continue
    for (const [slice, ofSlice] of Object.entries(runs)) {
      const instance = instances[Number(slice)]
      if (instance === undefined || ofSlice.length === 0) continue
      const mask = masks.get(instance) ?? new Uint8Array(rows * columns)
      fill(mask, ofSlice)
      masks.set(instance, mask)
    }
  }
  return masks
}

/** The mask of the cut along one row of all slices, the last slice on top; undefined when nothing is there. */
export function coronalMask(
  slices: readonly (Uint8Array | undefined)[],
  { row, columns }: { readonly row: number; readonly columns: number },
): Uint8Array | undefined {
  const mask = new Uint8Array(slices.length * columns)
  let isEmpty = true
  for (const [index, slice] of slices.entries()) {
    const line = slice?.subarray(row * columns, (row + 1) * columns)
    if (line === undefined || !line.includes(1)) continue
    mask.set(line, (slices.length - 1 - index) * columns)
    isEmpty = false
  }
  return isEmpty ? undefined : mask
}
