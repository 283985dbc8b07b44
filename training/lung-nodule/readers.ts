// How well radiologists agree with each other on the same slices: the bar that a model is held against.
import { type Crops, cropPixels, truthOf } from './lidc.ts'
import { diceOf } from './overlap.ts'

/** Agreement of pairs of readers who both marked a slice. */
export interface ReaderAgreement {
  readonly pairs: number
  readonly meanDice: number
  readonly medianDice: number
}

const readerCount = 4

function pairDice(readers: Uint8Array, first: number, second: number): number | undefined {
  let [ofFirst, ofSecond, both] = [0, 0, 0]
  for (const bits of readers) {
    const [a, b] = [(bits >> first) & 1, (bits >> second) & 1]
    ofFirst += a
    ofSecond += b
    both += a & b
  }
  return ofFirst === 0 || ofSecond === 0 ? undefined : diceOf({ truth: ofFirst, marked: ofSecond, both })
}

/** Dice of every pair of readers who both marked a slice, over the slices on which at least two agree on a pixel. */
export function readerAgreement(crops: Crops): ReaderAgreement {
  const found: number[] = []
  for (let crop = 0; crop < crops.count; crop++) {
    const readers = crops.readers.subarray(crop * cropPixels, (crop + 1) * cropPixels)
    if (truthOf(readers).every((pixel) => pixel === 0)) continue
    for (let first = 0; first < readerCount; first++) {
      for (let second = first + 1; second < readerCount; second++) {
        const dice = pairDice(readers, first, second)
        if (dice !== undefined) found.push(dice)
      }
    }
  }
  const ordered = found.toSorted((a, b) => a - b)
  return {
    pairs: found.length,
    meanDice: found.reduce((sum, one) => sum + one, 0) / found.length,
    medianDice: ordered[Math.floor(ordered.length / 2)] ?? 0,
  }
}
