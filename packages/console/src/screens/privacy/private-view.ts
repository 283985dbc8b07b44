// What the screen shows of encrypted computation: sizes, parameters, and the programs behind its forms (pure).
import type { JobWish, PrivateContext, PrivateJob, PrivateVector } from './private-api.ts'

/** Bytes in units that people read; 1 kB is 1,000 bytes. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const [unit, size] = bytes < 1_000_000 ? ['kB', bytes / 1000] : ['MB', bytes / 1e6]
  return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`
}

/** How many times larger a ciphertext is than its numbers. */
export function growth({ sizeBytes, plainBytes }: Pick<PrivateVector, 'sizeBytes' | 'plainBytes'>): number {
  return Math.round(sizeBytes / plainBytes)
}

/** Parameters in one line, e.g. `N = 8192 · 60, 40, 40, 60`. */
export function parametersText({ degree, primeBits }: Pick<PrivateContext, 'degree' | 'primeBits'>): string {
  return `N = ${degree} · ${primeBits.join(', ')}`
}

/** The contributions among vectors. */
export function contributionsOf(vectors: readonly PrivateVector[]): readonly PrivateVector[] {
  return vectors.filter(({ jobId }) => jobId === undefined)
}

/** True while something may change by itself. */
export function isMoving(jobs: readonly PrivateJob[]): boolean {
  return jobs.some(({ state }) => state === 'queued' || state === 'running')
}

/** score = value · factor + offset. */
export function scoreWish(vectorId: string, factor: number, offset: number, label: string): JobWish {
  return {
    label,
    inputs: { x: vectorId },
    steps: [
      { op: 'multiply-plain', of: 'x', values: factor, as: 'product' },
      { op: 'add-plain', of: 'product', values: offset, as: 'score' },
    ],
    outputs: ['score'],
  }
}

/** The sum of contributions, value by value. */
export function totalWish(vectorIds: readonly string[], label: string): JobWish {
  const names = vectorIds.map((_id, index) => `x${index + 1}`)
  return {
    label,
    inputs: Object.fromEntries(names.map((name, index) => [name, vectorIds[index] ?? ''])),
    steps: [{ op: 'total', of: names, as: 'total' }],
    outputs: ['total'],
  }
}
