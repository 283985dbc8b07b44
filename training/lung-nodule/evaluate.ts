// Runs a trained model over crops and counts its pixels against the truth.
import type { GraphSession, OpenSession } from '@xinglin/core/learn'
import { inferenceGraph, type Model } from '@xinglin/core/learn'
import { type Crops, cropPixels, cropSize, imageSteps, truthOf } from './lidc.ts'
import { countPixels, type SliceCounts } from './overlap.ts'

/** What is evaluated. */
export interface Evaluation {
  readonly model: Model
  readonly weights: Float32Array
  readonly crops: Crops
  /** Numbers of the crops to run. */
  readonly chosen: readonly number[]
  readonly open: OpenSession
  /** Probability from which a pixel is marked; default 0.5. */
  readonly from?: number
  /** Told how many crops are done. */
  readonly onProgress?: (done: number) => void
}

/** Probability from which a pixel is marked by whoever uses the model: the article's 0.5. */
export const markedFrom = 0.5

const batch = 8

interface Marking {
  readonly session: GraphSession
  readonly crops: Crops
  readonly from: number
}

async function markBatch(
  { session, crops, from }: Marking,
  numbers: readonly number[],
): Promise<readonly Uint8Array[]> {
  const data = new Float32Array(numbers.length * cropPixels)
  for (const [place, crop] of numbers.entries()) {
    for (let at = 0; at < cropPixels; at++) {
      data[place * cropPixels + at] = (crops.images[crop * cropPixels + at] ?? 0) / imageSteps
    }
  }
  const shape = [numbers.length, 1, cropSize, cropSize]
  const { output } = await session.run({ input: { datatype: 'FP32', shape, data } })
  const values = output?.data ?? new Float32Array()
  return numbers.map((_, place) =>
    Uint8Array.from({ length: cropPixels }, (__, at) => (Number(values[place * cropPixels + at] ?? 0) > from ? 1 : 0)),
  )
}

/** Marks each chosen crop and counts. @param evaluation its model must take crops of 128 x 128 */
export async function evaluateCrops(evaluation: Evaluation): Promise<readonly SliceCounts[]> {
  const { model, weights, crops, chosen, open, from: least = markedFrom, onProgress } = evaluation
  const session = await open(inferenceGraph(model, weights))
  const counts: SliceCounts[] = []
  try {
    for (let from = 0; from < chosen.length; from += batch) {
      const numbers = chosen.slice(from, from + batch)
      const marked = await markBatch({ session, crops, from: least }, numbers)
      for (const [place, crop] of numbers.entries()) {
        const truth = truthOf(crops.readers.subarray(crop * cropPixels, (crop + 1) * cropPixels))
        const names = { patient: crops.patients[crop] ?? '', nodule: crops.nodules[crop] ?? '' }
        counts.push(countPixels(truth, marked[place] ?? new Uint8Array(), names))
      }
      onProgress?.(Math.min(chosen.length, from + batch))
    }
  } finally {
    await session.close()
  }
  return counts
}
