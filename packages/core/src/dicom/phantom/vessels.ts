// The vessels of the lungs and the great airways: branching tubes drawn from a seed.
import type { Random } from '../../cohort/index.ts'
import { isLung } from './anatomy.ts'
import type { PointMm, Tube } from './types.ts'

const trunksPerLung = 8
const maxDepth = 5
const firstRadiusMm = 3.6
const firstLengthMm = 34
const radiusShrink = 0.76
const lengthShrink = 0.8
const branchSpread = 0.75

const hilum = (side: number): PointMm => [side * 32, 8, -12]

function direction(random: Random, towards: PointMm, spread: number): PointMm {
  const mixed = towards.map((part) => part + random.normal(0, spread))
  const length = Math.hypot(...mixed) || 1
  const [x = 0, y = 0, z = 0] = mixed.map((part) => part / length)
  return [x, y, z]
}

interface Branch {
  readonly from: PointMm
  readonly towards: PointMm
  readonly radiusMm: number
  readonly lengthMm: number
  readonly depth: number
}

function grow(random: Random, branch: Branch, tubes: Tube[]): void {
  const { from, towards, radiusMm, lengthMm, depth } = branch
  const to: PointMm = [
    from[0] + towards[0] * lengthMm,
    from[1] + towards[1] * lengthMm,
    from[2] + towards[2] * lengthMm,
  ]
  tubes.push({ from, to, radiusMm })
  if (depth === maxDepth || !isLung(...to)) return
  for (const _branch of [0, 1]) {
    grow(
      random,
      {
        from: to,
        towards: direction(random, towards, branchSpread),
        radiusMm: radiusMm * radiusShrink * (0.85 + 0.3 * random.unit()),
        lengthMm: lengthMm * lengthShrink * (0.8 + 0.4 * random.unit()),
        depth: depth + 1,
      },
      tubes,
    )
  }
}

/** Draws the vessels of both lungs, from the hilum outwards; a branch ends where it leaves the lung. */
export function drawVessels(random: Random): readonly Tube[] {
  const tubes: Tube[] = []
  for (const side of [-1, 1]) {
    for (let trunk = 0; trunk < trunksPerLung; trunk++) {
      const towards = direction(random, [side, 0, 0], 0.9)
      const outwards: PointMm = [side * Math.abs(towards[0]), towards[1], towards[2]]
      const radiusMm = firstRadiusMm * (0.7 + 0.6 * random.unit())
      grow(random, { from: hilum(side), towards: outwards, radiusMm, lengthMm: firstLengthMm, depth: 0 }, tubes)
    }
  }
  return tubes
}

/** Trachea and main bronchi: tubes of air. */
export const airways: readonly Tube[] = Object.freeze([
  { from: [0, 12, 130], to: [0, 12, 22], radiusMm: 8.5 },
  { from: [0, 12, 22], to: [-38, 10, -12], radiusMm: 6 },
  { from: [0, 12, 22], to: [38, 10, -12], radiusMm: 6 },
])
