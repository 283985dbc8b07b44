// The classification extension: the best classes of an output instead of its numbers (pure).
// Source: triton-inference-server/server, docs/protocol/extension_classification.md
import type { Tensor } from '../../../kernel/ports.ts'
import { invalid } from './triton-error.ts'

/** The classes of one output, `value:index[:label]`, best first, for each element of the batch. */
export interface Classified {
  readonly shape: readonly number[]
  readonly texts: readonly string[]
}

interface Ranked {
  readonly value: number
  readonly index: number
}

function best(data: ArrayLike<number | bigint>, start: number, size: number, count: number): readonly Ranked[] {
  const ranked = Array.from({ length: size }, (_, index) => ({ value: Number(data[start + index]), index }))
  return ranked.sort((a, b) => b.value - a.value || a.index - b.index).slice(0, count)
}

/**
 * Ranks the classes of an output.
 * @param isBatched whether the first dimension is the batch
 * @param labels names of the classes by index, may be shorter
 * @throws TritonError when the element type cannot be ranked
 */
export function classify(
  tensor: Tensor,
  count: number,
  isBatched: boolean,
  labels: readonly string[] = [],
): Classified {
  if (tensor.datatype === 'FP16' || tensor.datatype === 'BOOL') {
    throw invalid(`classes of ${tensor.datatype} cannot be ranked`)
  }
  const rows = isBatched ? (tensor.shape[0] ?? 1) : 1
  const size = rows === 0 ? 0 : tensor.data.length / rows
  const kept = Math.min(count, size)
  const texts = Array.from({ length: rows }, (_, row) =>
    best(tensor.data as ArrayLike<number | bigint>, row * size, size, kept).map(({ value, index }) => {
      const label = labels[index]
      return `${value.toFixed(6)}:${index}${label === undefined || label === '' ? '' : `:${label}`}`
    }),
  ).flat()
  return { shape: isBatched ? [rows, kept] : [kept], texts }
}
