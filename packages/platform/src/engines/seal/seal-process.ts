// The computing process: takes one task after the other from its channel. It has no network of ours, no key and no secrets.
import { AppError } from '@xinglin/core/errors'
import { openSeal } from './open-seal.ts'
import type { SealAnswer, SealLimits, SealRequest } from './protocol.ts'
import { createSealWork } from './work.ts'

const progressEveryMs = 200

const limits = JSON.parse(process.argv[2] ?? '{}') as SealLimits // written by the engine
const work = createSealWork(await openSeal(), limits)

function say(answer: SealAnswer): void {
  process.send?.(answer)
}

async function answer({ id, task }: SealRequest): Promise<SealAnswer> {
  const told = { at: 0 }
  try {
    const result = await work.run(task, (done, total) => {
      if (performance.now() - told.at < progressEveryMs) return
      told.at = performance.now()
      say({ id, kind: 'progress', done, total })
    })
    return { id, kind: 'done', result }
  } catch (error) {
    if (error instanceof AppError) return { id, kind: 'refused', code: error.code, message: error.message }
    return { id, kind: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
}

process.on('message', (request: SealRequest) => {
  void answer(request).then(say) // it never rejects
})
process.on('disconnect', () => process.exit(0))
