// How long a shape is for its width: what tells a vessel from a nodule.
import type { VolumeGrid } from './volume.ts'

type Symmetric = readonly [xx: number, yy: number, zz: number, xy: number, xz: number, yz: number]

// Spread of the voxels in mm2; each voxel fills its box, whose own spread is a twelfth of its side squared.
function covariance({ rows, columns, rowMm, columnMm, sliceMm }: VolumeGrid, voxels: readonly number[]): Symmetric {
  const sums = { x: 0, y: 0, z: 0, xx: 0, yy: 0, zz: 0, xy: 0, xz: 0, yz: 0 }
  for (const voxel of voxels) {
    const slice = Math.floor(voxel / (rows * columns))
    const x = (voxel % columns) * columnMm
    const y = (Math.floor(voxel / columns) - slice * rows) * rowMm
    const z = slice * sliceMm
    sums.x += x
    sums.y += y
    sums.z += z
    sums.xx += x * x
    sums.yy += y * y
    sums.zz += z * z
    sums.xy += x * y
    sums.xz += x * z
    sums.yz += y * z
  }
  const n = voxels.length
  const [x, y, z] = [sums.x / n, sums.y / n, sums.z / n]
  return [
    sums.xx / n - x * x + columnMm ** 2 / 12,
    sums.yy / n - y * y + rowMm ** 2 / 12,
    sums.zz / n - z * z + sliceMm ** 2 / 12,
    sums.xy / n - x * y,
    sums.xz / n - x * z,
    sums.yz / n - y * z,
  ]
}

// Eigenvalues of a symmetric 3 x 3 matrix, largest first, by the trigonometric solution (Smith, Comm. ACM 1961).
function eigenvalues([xx, yy, zz, xy, xz, yz]: Symmetric): readonly [number, number, number] {
  const mean = (xx + yy + zz) / 3
  const [a, b, c] = [xx - mean, yy - mean, zz - mean]
  const size = Math.sqrt((a * a + b * b + c * c + 2 * (xy * xy + xz * xz + yz * yz)) / 6)
  if (size < 1e-12) return [mean, mean, mean]
  const determinant = (a * (b * c - yz * yz) - xy * (xy * c - yz * xz) + xz * (xy * yz - b * xz)) / size ** 3
  const angle = Math.acos(Math.min(1, Math.max(-1, determinant / 2))) / 3
  const first = mean + 2 * size * Math.cos(angle)
  const last = mean + 2 * size * Math.cos(angle + (2 * Math.PI) / 3)
  return [first, 3 * mean - first - last, last]
}

/** Length by width of a shape: the ratio of its two greatest principal deviations; 1 for a ball, large for a tube. */
export function elongationOf(grid: VolumeGrid, voxels: readonly number[]): number {
  const [first, second] = eigenvalues(covariance(grid, voxels))
  return Math.sqrt(first / second)
}
