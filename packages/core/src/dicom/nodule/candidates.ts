// From probabilities per voxel to nodules: connected voxels in the lungs that the model believes in and that are no tubes.

import { elongationOf } from './elongation.ts'
import { flood } from './flood.ts'
import { type VolumeGrid, voxelMm3 } from './volume.ts'

/** Voxels that together may be a nodule. */
export interface Candidate {
  /** Indices into the volume, ascending. */
  readonly voxels: Int32Array
  readonly volumeMm3: number
  /** Mean probability of its voxels, 0 to 1. */
  readonly meanProbability: number
  readonly peakProbability: number
  /** Length by width, from its principal axes; 1 for a ball. */
  readonly elongation: number
}

/** What counts as a nodule. */
export interface CandidateRules {
  /** Voxels at or above it belong to a candidate; 0 to 1. */
  readonly threshold: number
  /** A candidate needs a voxel at or above it. */
  readonly leastPeak: number
  /** Smallest volume; that of a sphere of 3 mm by default, below which Fleischner and LUNA16 do not count nodules. */
  readonly leastVolumeMm3: number
  /** Longer shapes are vessels; a ball has 1. */
  readonly mostElongation: number
  /** The best of more are kept. */
  readonly most: number
}

/** The rules that the reader uses. */
export const candidateRules: CandidateRules = Object.freeze({
  threshold: 0.5,
  leastPeak: 0.5,
  leastVolumeMm3: (Math.PI / 6) * 3 ** 3,
  mostElongation: 2.2,
  most: 20,
})

const fullProbability = 255

/**
 * Gathers candidates from probabilities (0 to 255) inside the lungs, joined over corners, the largest belief
 * (probability summed over its volume) first. Costs O(voxels).
 */
export function findCandidates(
  grid: VolumeGrid,
  probabilities: Uint8Array,
  lungs: Uint8Array,
  rules: CandidateRules = candidateRules,
): readonly Candidate[] {
  const level = Math.max(1, Math.ceil(rules.threshold * fullProbability))
  const seen = new Uint8Array(probabilities.length)
  const oneMm3 = voxelMm3(grid)
  const found: Candidate[] = []
  for (let seed = 0; seed < probabilities.length; seed++) {
    if ((probabilities[seed] ?? 0) < level || lungs[seed] === 0 || seen[seed] === 1) continue
    const voxels: number[] = []
    let sum = 0
    let peak = 0
    flood(grid, seed, 26, (index) => {
      const probability = probabilities[index] ?? 0
      if (probability < level || lungs[index] === 0 || seen[index] === 1) return false
      seen[index] = 1
      voxels.push(index)
      sum += probability
      peak = Math.max(peak, probability)
      return true
    })
    const volumeMm3 = voxels.length * oneMm3
    if (volumeMm3 < rules.leastVolumeMm3 || peak < rules.leastPeak * fullProbability) continue
    const elongation = elongationOf(grid, voxels)
    if (elongation > rules.mostElongation) continue
    found.push({
      voxels: Int32Array.from(voxels).sort(),
      volumeMm3,
      elongation,
      meanProbability: sum / voxels.length / fullProbability,
      peakProbability: peak / fullProbability,
    })
  }
  const belief = (one: Candidate): number => one.meanProbability * one.volumeMm3
  return found.toSorted((a, b) => belief(b) - belief(a)).slice(0, rules.most)
}
