// Work is done until there is none; a wake is never lost, a failure never ends the loop, and a stop is waited for.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { createWorkLoop } from './work-loop.ts'

const never = 3_600_000

test('works everything off, then rests until it is woken', async () => {
  const queue = [1, 2, 3]
  const done: number[] = []
  const idle = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const loop = createWorkLoop({
    lookEveryMs: never,
    onFailure: (error) => assert.fail(String(error)),
    work: async () => {
      const next = queue.shift()
      if (next === undefined) idle[done.length === 3 ? 0 : 1]?.resolve()
      else done.push(next)
      return next !== undefined
    },
  })
  loop.start()
  await idle[0]?.promise
  assert.deepEqual(done, [1, 2, 3])
  queue.push(4)
  loop.wake()
  await idle[1]?.promise
  assert.deepEqual(done, [1, 2, 3, 4])
  await loop.close()
})

test('a wake during a look that finds nothing leads to another look', async () => {
  const second = Promise.withResolvers<void>()
  const looks = { count: 0 }
  const loop = createWorkLoop({
    lookEveryMs: never,
    onFailure: (error) => assert.fail(String(error)),
    work: async () => {
      looks.count += 1
      if (looks.count === 1) loop.wake()
      else second.resolve()
      return false
    },
  })
  loop.start()
  await second.promise
  await loop.close()
  assert.equal(looks.count, 2)
})

test('tells a failure and goes on', async () => {
  const failures: unknown[] = []
  const again = Promise.withResolvers<void>()
  const loop = createWorkLoop({
    lookEveryMs: 1,
    onFailure: (error) => failures.push(error),
    work: async () => {
      if (failures.length === 0) throw new Error('once')
      again.resolve()
      return false
    },
  })
  loop.start()
  await again.promise
  await loop.close()
  assert.equal(failures.length, 1)
})

test('close stops the piece under way with the reason, and waits for it', async () => {
  const stopReason = new Error('the server is stopping')
  const begun = Promise.withResolvers<void>()
  const seen: { reason?: unknown } = {}
  const loop = createWorkLoop({
    lookEveryMs: never,
    stopReason,
    onFailure: (error) => assert.fail(String(error)),
    work: async (stop) => {
      begun.resolve()
      await once(stop, 'abort')
      seen.reason = stop.reason
      return true
    },
  })
  loop.start()
  await begun.promise
  await loop.close()
  assert.equal(seen.reason, stopReason)
})
