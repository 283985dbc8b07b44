// Draws training batches: pieces of crops at any place, turned and mirrored, a little brighter or darker; each step has its own stream of chance.
import { type Random, seededRandom } from '@xinglin/core/cohort'
import { type Crops, cropPixels, cropSize, imageSteps } from './lidc.ts'

/** A batch as the trainer takes it, both `[batch, 1, size, size]`. */
export interface Batch {
  readonly input: Float32Array
  readonly target: Float32Array
}

/** What batches are drawn from. */
export interface BatchSource {
  readonly crops: Crops
  readonly truth: Uint8Array
  /** Numbers of the crops that may be drawn. */
  readonly chosen: readonly number[]
  readonly batch: number
  /** Rows and columns of a piece, at most 128. */
  readonly size: number
}

// Anchoring finds CT numbers to about 100 of the 1400 HU, so the model must not mind that much.
const gainSpread = 0.1
const shiftSpread = 0.06
const noiseSpread = 0.02

// Turns by quarter and mirrors: the eight ways in which a square lies on itself.
function turned(kind: number, row: number, column: number, size: number): number {
  const y = (kind & 1) === 0 ? row : size - 1 - row
  const x = (kind & 2) === 0 ? column : size - 1 - column
  return (kind & 4) === 0 ? y * cropSize + x : x * cropSize + y
}

function drawPiece(source: BatchSource, random: Random, batch: Batch, place: number): void {
  const { crops, truth, chosen, size } = source
  const crop = random.pick(chosen)
  const top = random.integer(0, cropSize - size)
  const left = random.integer(0, cropSize - size)
  const kind = random.integer(0, 7)
  const gain = 1 + gainSpread * (2 * random.unit() - 1)
  const shift = shiftSpread * (2 * random.unit() - 1)
  const noise = noiseSpread * random.unit()
  const from = crop * cropPixels + top * cropSize + left
  const to = place * size * size
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = from + turned(kind, row, column, size)
      const value = ((crops.images[at] ?? 0) / imageSteps) * gain + shift + noise * (2 * random.unit() - 1)
      batch.input[to + row * size + column] = Math.min(1, Math.max(0, value))
      batch.target[to + row * size + column] = truth[at] ?? 0
    }
  }
}

/** The batch of a step: the same for the same seed and step, so that a resumed run draws what an unbroken one would. */
export function drawBatch(source: BatchSource, seed: number, step: number): Batch {
  const { batch, size } = source
  const random = seededRandom(seed * 1_000_003 + step * 7919)
  const drawn = { input: new Float32Array(batch * size * size), target: new Float32Array(batch * size * size) }
  for (let place = 0; place < batch; place++) drawPiece(source, random, drawn, place)
  return drawn
}

/** Splits patients: every patient's crops fall wholly into one of the two lists. */
export function holdOut(
  crops: Crops,
  share: number,
  seed: number,
): { readonly learn: number[]; readonly held: number[] } {
  const random = seededRandom(seed)
  const patients = [...new Set(crops.patients)].toSorted()
  const isHeld = new Map(patients.map((patient) => [patient, random.chance(share)]))
  const numbers = crops.patients.map((_, at) => at)
  return {
    learn: numbers.filter((at) => isHeld.get(crops.patients[at] ?? '') === false),
    held: numbers.filter((at) => isHeld.get(crops.patients[at] ?? '') === true),
  }
}

/** Learning rate of a step: up over the first ones, then down along a cosine to nothing (Loshchilov and Hutter 2017). */
export function learningRateAt(step: number, steps: number, peak: number, warmUp = 100): number {
  if (step < warmUp) return (peak * (step + 1)) / warmUp
  return (peak / 2) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))
}
