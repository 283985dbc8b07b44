// Has keys made in a worker, which ends with its answer: what it computed with is gone then.
import type { KeyAnswer, KeyParameters, MadeKeys } from './key-request.ts'

const limitMs = 120_000

/** Makes keys in this browser; nothing of them is sent. @throws Error when the browser cannot */
export async function makeOwnKeys(parameters: KeyParameters): Promise<MadeKeys> {
  const worker = new Worker(new URL('./keys.worker.ts', import.meta.url), { type: 'module' })
  const ended = new AbortController()
  try {
    const answer = await new Promise<KeyAnswer>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('The keys were not made in time')), limitMs)
      ended.signal.addEventListener('abort', () => clearTimeout(limit))
      worker.addEventListener('message', ({ data }: MessageEvent<KeyAnswer>) => resolve(data))
      worker.addEventListener('error', ({ message }) => reject(new Error(message || 'The worker could not start')))
      worker.postMessage({ parameters })
    })
    if (answer.kind === 'made') return answer.keys
    throw new Error(answer.error)
  } finally {
    ended.abort()
    worker.terminate()
  }
}
