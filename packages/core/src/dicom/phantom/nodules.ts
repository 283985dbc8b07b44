// The nodules of a phantom: diameters after LUNA16's annotations, places in the lung where they touch neither wall nor each other.

import type { Random } from '../../cohort/index.ts'
import { AppError } from '../../errors/index.ts'
import { isLung } from './anatomy.ts'
import type { NoduleRequest, NoduleTexture, PointMm } from './types.ts'

/** A nodule before its voxels are counted. */
export interface PlacedNodule {
  readonly centreMm: PointMm
  readonly diameterMm: number
  readonly texture: NoduleTexture
  readonly side: 'left' | 'right'
  /** Phases of the bumps on its surface. */
  readonly phases: readonly [number, number]
}

// 1,186 nodules of LUNA16 (annotations.csv): 8.31 +/- 4.76 mm, none below 3 mm. Their excess over 3 mm is taken as
// log-normal with the same mean (5.31) and deviation.
const smallestMm = 3
const largestMm = 33
const excessVariance = Math.log(1 + (4.76 / 5.31) ** 2)
const excessMean = Math.log(5.31) - excessVariance / 2
const marginMm = 2
const placeAttempts = 4000

/** Draws a diameter in mm, 3 to 33, from the distribution published with LUNA16 (8.31 +/- 4.76 mm). */
export function drawDiameterMm(random: Random): number {
  const drawn = smallestMm + Math.exp(random.normal(excessMean, Math.sqrt(excessVariance)))
  return drawn <= largestMm ? drawn : drawDiameterMm(random)
}

// About a quarter of nodules found in screening are subsolid (Henschke et al., AJR 2002: 19 %).
function drawTexture(random: Random): NoduleTexture {
  const unit = random.unit()
  if (unit < 0.81) return 'solid'
  return unit < 0.9 ? 'part-solid' : 'ground-glass'
}

const corners: readonly PointMm[] = [-1, 0, 1].flatMap((x) =>
  [-1, 0, 1].flatMap((y) => [-1, 0, 1].map((z): PointMm => [x, y, z])),
)

function fits([x, y, z]: PointMm, radiusMm: number): boolean {
  return corners.every(([dx, dy, dz]) => {
    const length = Math.hypot(dx, dy, dz) || 1
    const reach = (radiusMm + marginMm) / length
    return isLung(x + dx * reach, y + dy * reach, z + dz * reach)
  })
}

function isApart(centre: PointMm, radiusMm: number, placed: readonly PlacedNodule[]): boolean {
  return placed.every((other) => {
    const [x, y, z] = other.centreMm
    const apart = Math.hypot(centre[0] - x, centre[1] - y, centre[2] - z)
    return apart > radiusMm + other.diameterMm / 2 + 3 * marginMm
  })
}

function place(random: Random, request: NoduleRequest, placed: readonly PlacedNodule[], reachMm: number): PlacedNodule {
  const diameterMm = request.diameterMm ?? drawDiameterMm(random)
  const texture = request.texture ?? drawTexture(random)
  const side = request.side ?? (random.chance(0.5) ? 'left' : 'right')
  const sign = side === 'left' ? 1 : -1
  for (let attempt = 0; attempt < placeAttempts; attempt++) {
    const centre: PointMm = [
      sign * (20 + 105 * random.unit()),
      170 * (random.unit() - 0.5),
      2 * reachMm * (random.unit() - 0.5),
    ]
    if (!fits(centre, diameterMm / 2) || !isApart(centre, diameterMm / 2, placed)) continue
    const phases = [2 * Math.PI * random.unit(), 2 * Math.PI * random.unit()] as const
    return { centreMm: centre, diameterMm, texture, side, phases }
  }
  throw new AppError('invalid-parameter', `A nodule of ${diameterMm.toFixed(1)} mm has no room in the phantom's lungs`)
}

/**
 * Places nodules one after the other, so that an earlier one does not move when another follows.
 * @param reachMm greatest distance of a centre from mid-chest towards head or feet
 * @throws AppError 'invalid-parameter' when one finds no room
 */
export function placeNodules(
  random: Random,
  requests: readonly NoduleRequest[],
  reachMm: number,
): readonly PlacedNodule[] {
  const placed: PlacedNodule[] = []
  for (const request of requests) placed.push(place(random, request, placed, reachMm))
  return placed
}
