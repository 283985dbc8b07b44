// The pool of worker threads: answers and errors arrive as they were, limits hold, dead threads are replaced.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { createWorkerPool, type WorkerPool } from './workers.ts'

interface Ask {
  readonly kind: string
  readonly bytes?: Uint8Array
}
interface Answer {
  readonly sum: number
  readonly bytes: Uint8Array
}

const pool = (extra: { size?: number; queueLimit?: number; timeoutMs?: number } = {}): WorkerPool<Ask, Answer> =>
  createWorkerPool({ module: new URL('../testing/sample-worker.ts', import.meta.url), size: 2, memoryMb: 64, ...extra })

const hasCode = (code: string) => (error: unknown) => error instanceof AppError && error.code === code

test('runs many jobs on few threads and moves buffers instead of copying them', async () => {
  const workers = pool()
  const bytes = new Uint8Array([1, 2, 3])
  const answer = await workers.run({ kind: 'sum', bytes }, { transfer: [bytes.buffer] })
  assert.deepEqual([answer.sum, bytes.byteLength, answer.bytes.byteLength], [6, 0, 3])
  const all = await Promise.all(
    Array.from({ length: 50 }, (_, n) => workers.run({ kind: 'sum', bytes: new Uint8Array([n]) })),
  )
  assert.deepEqual(
    all.map(({ sum }) => sum),
    Array.from({ length: 50 }, (_, n) => n),
  )
  await workers.close()
})

test('gives errors of the house with their issues and bugs as they are', async () => {
  const workers = pool()
  await assert.rejects(
    workers.run({ kind: 'refuse' }),
    (error) => hasCode('invalid-resource')(error) && (error as AppError).issues[0]?.diagnostics === 'why',
  )
  await assert.rejects(workers.run({ kind: 'fail' }), TypeError)
  await workers.close()
})

test('ends what hangs, what eats memory and what exits, and goes on with new threads', async () => {
  const workers = pool({ size: 1, timeoutMs: 1500 })
  await assert.rejects(workers.run({ kind: 'hang' }), hasCode('timeout'))
  await assert.rejects(
    workers.run({ kind: 'eat' }),
    (error) => hasCode('too-large')(error) || hasCode('timeout')(error),
  )
  await assert.rejects(workers.run({ kind: 'exit' }), /ended with code 3/)
  assert.equal((await workers.run({ kind: 'sum' })).sum, 0)
  await workers.close()
})

test('refuses what overflows the queue and drops what is no longer wanted', async () => {
  const workers = pool({ size: 1, queueLimit: 1 })
  const stop = new AbortController()
  const hanging = workers.run({ kind: 'hang' }, { signal: stop.signal })
  const waiting = workers.run({ kind: 'sum' })
  await assert.rejects(workers.run({ kind: 'sum' }), hasCode('unavailable'))
  stop.abort(new AppError('timeout', 'gone'))
  await assert.rejects(hanging, hasCode('timeout'))
  assert.equal((await waiting).sum, 0)
  await workers.close()
  await assert.rejects(workers.run({ kind: 'sum' }), hasCode('unavailable'))
})

test('takes the lightest waiting job first', async () => {
  const workers = pool({ size: 1 })
  const done: number[] = []
  const run = async (weight: number) => {
    await workers.run({ kind: 'sum' }, { weight })
    done.push(weight)
  }
  await Promise.all([run(9), run(5), run(1), run(3), run(1)])
  assert.deepEqual(done, [9, 1, 1, 3, 5])
  await workers.close()
})
