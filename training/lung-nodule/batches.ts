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
}

/** How pieces are cut. */
export interface Cut {
  readonly batch: number
  /** Rows and columns of a piece, at most 128. */
  readonly size: number
  /** How far a piece may reach over the edge of its crop, where the crop goes on mirrored. */
  readonly beyond: number
}

// Anchoring finds CT numbers to about 100 of the 1400 HU, so the model must not mind that much.
const gainSpread = 0.1
const shiftSpread = 0.06
const noiseSpread = 0.02

function mirrored(at: number): number {
  const inside = at < 0 ? -1 - at : at
  return inside < cropSize ? inside : 2 * cropSize - 1 - inside
}

interface Corner {
  readonly top: number
  readonly left: number
  readonly size: number
}

// Turns by quarter and mirrors: the eight ways in which a square lies on itself.
function pixelAt({ top, left, size }: Corner, kind: number, row: number, column: number): number {
  const y = (kind & 1) === 0 ? row : size - 1 - row
  const x = (kind & 2) === 0 ? column : size - 1 - column
  const [down, along] = (kind & 4) === 0 ? [y, x] : [x, y]
  return mirrored(top + down) * cropSize + mirrored(left + along)
}

interface Drawing {
  readonly source: BatchSource
  readonly cut: Cut
  readonly random: Random
  readonly batch: Batch
}

function drawPiece({ source, cut, random, batch }: Drawing, place: number): void {
  const { crops, truth, chosen } = source
  const { size, beyond } = cut
  const crop = random.pick(chosen)
  const top = random.integer(-beyond, cropSize - size + beyond)
  const left = random.integer(-beyond, cropSize - size + beyond)
  const kind = random.integer(0, 7)
  const gain = 1 + gainSpread * (2 * random.unit() - 1)
  const shift = shiftSpread * (2 * random.unit() - 1)
  const noise = noiseSpread * random.unit()
  const from = crop * cropPixels
  const to = place * size * size
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = from + pixelAt({ top, left, size }, kind, row, column)
      const value = ((crops.images[at] ?? 0) / imageSteps) * gain + shift + noise * (2 * random.unit() - 1)
      batch.input[to + row * size + column] = Math.min(1, Math.max(0, value))
      batch.target[to + row * size + column] = truth[at] ?? 0
    }
  }
}

/** The batch of a step: the same for the same seed and step, so that a resumed run draws what an unbroken one would. */
export function drawBatch(source: BatchSource, cut: Cut, seed: number, step: number): Batch {
  const pixels = cut.batch * cut.size * cut.size
  const random = seededRandom(seed * 1_000_003 + step * 7919)
  const batch = { input: new Float32Array(pixels), target: new Float32Array(pixels) }
  for (let place = 0; place < cut.batch; place++) drawPiece({ source, cut, random, batch }, place)
  return batch
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
