// Turns of costly searches: bounded in all and for each caller, in order, refused when they do not come.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { createTurns } from './turns.ts'

const limits = { atOnce: 3, ofOne: 2, waiting: 4, waitMs: 60_000 }
const isBusy = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'unavailable' && error.retryAfterSeconds === 2

/** Work that ends when it is told to, and a list of what has begun. */
function workshop(turns: ReturnType<typeof createTurns>) {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const take = (name: string, holder: string): Promise<void> =>
    turns.take(holder, () => {
      begun.push(name)
      return new Promise<void>((resolve) => ends.set(name, resolve))
    })
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { begun, take, end }
}

test('nobody has all turns, and the next who may comes first', async () => {
  const { begun, take, end } = workshop(createTurns(limits))
  const all = [take('a1', 'a'), take('a2', 'a'), take('a3', 'a'), take('b1', 'b'), take('b2', 'b')]
  assert.deepEqual(begun, ['a1', 'a2', 'b1'])
  await end('b1')
  assert.deepEqual(begun, ['a1', 'a2', 'b1', 'b2'])
  await end('a1')
  assert.deepEqual(begun.at(-1), 'a3')
  for (const name of ['a2', 'a3', 'b2']) await end(name)
  await Promise.all(all)
})

test('what overflows and what waits too long is refused, and a failure gives its turn back', async () => {
  const { begun, take, end } = workshop(createTurns({ ...limits, atOnce: 1, waiting: 1, waitMs: 20 }))
  const first = take('1', 'a')
  const second = take('2', 'b')
  await assert.rejects(take('3', 'c'), isBusy)
  await assert.rejects(second, isBusy)
  await end('1')
  await first
  const turns = createTurns({ ...limits, atOnce: 1 })
  await assert.rejects(
    turns.take('a', () => Promise.reject(new Error('x'))),
    /x/,
  )
  assert.equal(await turns.take('b', async () => 7), 7)
  assert.deepEqual(begun, ['1'])
})
