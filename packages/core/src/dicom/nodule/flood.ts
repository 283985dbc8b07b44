// Filling connected voxels from seeds: the one way by which lungs, holes and nodules are found.

/** The size of a grid `[slices, rows, columns]`. */
export interface GridSize {
  readonly slices: number
  readonly rows: number
  readonly columns: number
}

/** Which neighbours are connected: sharing a side in the slice (4), a side in space (6), or a corner in space (26). */
export type Connectivity = 4 | 6 | 26

type Step = readonly [slice: number, row: number, column: number]

const around = [-1, 0, 1]
const all: readonly Step[] = around.flatMap((slice) =>
  around.flatMap((row) => around.map((column): Step => [slice, row, column])),
)
const stepsOf: Readonly<Record<Connectivity, readonly Step[]>> = {
  4: all.filter(([slice, row, column]) => slice === 0 && Math.abs(row) + Math.abs(column) === 1),
  6: all.filter(([slice, row, column]) => Math.abs(slice) + Math.abs(row) + Math.abs(column) === 1),
  26: all.filter(([slice, row, column]) => slice !== 0 || row !== 0 || column !== 0),
}

/** A stack of voxel indices that grows as needed. */
export interface VoxelStack {
  push(index: number): void
  /** The last one, or -1 when it is empty. */
  pop(): number
}

/** Makes an empty stack. */
export function createVoxelStack(): VoxelStack {
  let held = new Int32Array(4096)
  let count = 0
  return {
    push(index) {
      if (count === held.length) {
        const larger = new Int32Array(held.length * 2)
        larger.set(held)
        held = larger
      }
      held[count++] = index
    },
    pop: () => (count === 0 ? -1 : (held[--count] ?? -1)),
  }
}

/**
 * Visits everything connected to a seed. `enter` is asked for each voxel met: it returns true for one that belongs and
 * was not met before, and must remember that it was (it is the caller's mark). Costs O(voxels visited).
 */
export function flood(
  size: GridSize,
  seed: number,
  connectivity: Connectivity,
  enter: (index: number) => boolean,
): void {
  const { slices, rows, columns } = size
  const area = rows * columns
  const steps = stepsOf[connectivity]
  const stack = createVoxelStack()
  if (enter(seed)) stack.push(seed)
  for (let index = stack.pop(); index !== -1; index = stack.pop()) {
    const slice = Math.floor(index / area)
    const row = Math.floor((index - slice * area) / columns)
    const column = index - slice * area - row * columns
    for (const [ds, dr, dc] of steps) {
      const [s, r, c] = [slice + ds, row + dr, column + dc]
      if (s < 0 || s >= slices || r < 0 || r >= rows || c < 0 || c >= columns) continue
      const next = (s * rows + r) * columns + c
      if (enter(next)) stack.push(next)
    }
  }
}
