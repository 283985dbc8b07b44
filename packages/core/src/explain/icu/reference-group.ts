// The stays that an estimate is compared with: synthetic ones of four kinds of ICU, the same everywhere.
import { caseMixes, drawIcuCohort } from '../../federated/icu/cohort.ts'

const seed = 20_120_101

/** Draws `[count, 24 * 12]` stays, shared evenly among the case mixes; `count` is rounded up to a multiple of four. */
export function referenceStays(count: number): Float32Array {
  const each = Math.ceil(count / caseMixes.length)
  const parts = caseMixes.map((mix, at) => drawIcuCohort({ seed: seed + at, stays: each, mix }).values)
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let start = 0
  for (const part of parts) {
    all.set(part, start)
    start += part.length
  }
  return all
}
