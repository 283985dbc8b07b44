// JSON Patch: what it does, and that a small patch never is a large piece of work.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import fc from 'fast-check'
import { applyPatch, parsePatch } from './patch.ts'

const record = (more: object = {}): string => JSON.stringify({ resourceType: 'Basic', id: 'b', ...more })
const patched = (content: string, operations: readonly unknown[]): unknown =>
  JSON.parse(applyPatch(content, parsePatch(JSON.stringify(operations))))
function refusal(content: string, operations: readonly unknown[]): string {
  try {
    patched(content, operations)
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
    return `${error.code}: ${error.message}`
  }
  return ''
}

test('moves and copies as RFC 6902 says', () => {
  const content = record({ a: { b: 1 }, list: [1, 2, 3] })
  const move = (from: string, path: string) => patched(content, [{ op: 'move', from, path }]) as Record<string, unknown>
  assert.deepEqual(move('/a/b', '/c'), { resourceType: 'Basic', id: 'b', a: {}, list: [1, 2, 3], c: 1 })
  assert.deepEqual(move('/list/0', '/list/2')['list'], [2, 3, 1])
  assert.deepEqual(move('/a', '/list/1')['list'], [1, { b: 1 }, 2, 3])
  assert.deepEqual(move('/a/b', '/a/b')['a'], { b: 1 })
  const copies = patched(content, [
    { op: 'copy', from: '/a', path: '/c' },
    { op: 'replace', path: '/c/b', value: 2 },
  ]) as Record<string, unknown>
  assert.deepEqual([copies['a'], copies['c']], [{ b: 1 }, { b: 2 }])
})

test('names the operation that does not fit, and changes nothing', () => {
  const content = record({ a: { b: 1 } })
  const test = { op: 'test', path: '/a/b', value: 1 }
  for (const [operation, told] of [
    [{ op: 'move', from: '/x', path: '/a' }, /operation 1/],
    [{ op: 'copy', from: '/x', path: '/a' }, /operation 1: its from does not exist/],
    [{ op: 'move', from: '/a', path: '/a/b/c' }, /operation 1/],
    [{ op: 'remove', path: '/a/c' }, /operation 1/],
    [{ op: 'add', path: '/list/5', value: 1 }, /operation 1/],
    [{ op: 'test', path: '/a/b', value: 2 }, /conflict: .*operation 1/],
    [{ op: 'replace', path: '/resourceType', value: 'Patient' }, /resourceType cannot be changed/],
    [{ op: 'remove', path: '/id' }, /id cannot be changed/],
    [{ op: 'replace', path: '', value: 5 }, /not a resource/],
  ] as const) {
    assert.match(refusal(content, [test, operation]), told)
  }
})

test('copies of copies end before they fill the memory', () => {
  const doubling = Array.from({ length: 20 }, (_, n) => ({ op: 'copy', from: '', path: `/x${n}` }))
  const before = process.cpuUsage() // others use the machine too
  assert.match(refusal(record({ text: 'x'.repeat(1000) }), doubling), /too large/)
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 500_000, `${user + system} CPU-µs`)
})

test('a thousand moves in a large record are a small piece of work', () => {
  const extension = Array.from({ length: 20_000 }, (_, n) => ({ url: `http://x/${n}`, valueString: 'y'.repeat(50) }))
  const moves = Array.from({ length: 1000 }, (_, n) => ({
    op: 'move',
    ...(n % 2 === 0 ? { from: '/extension', path: '/x' } : { from: '/x', path: '/extension' }),
  }))
  const swaps = moves.map(() => ({ op: 'move', from: '/extension/1', path: '/extension/0' }))
  const content = record({ extension })
  const started = performance.now()
  assert.deepEqual(patched(content, moves), JSON.parse(content))
  patched(content, swaps)
  assert.ok(performance.now() - started < 3000)
})

test('no patch breaks anything but itself', () => {
  const pointer = fc
    .array(fc.constantFrom('a', 'b', 'list', '0', '1', '-', 'extension', '~01', ''), { maxLength: 4 })
    .map((parts) => parts.map((part) => `/${part}`).join(''))
  const operation = fc.record({
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
    path: pointer,
    from: pointer,
    value: fc.jsonValue(),
  })
  const content = record({ a: { b: [1] }, list: [{ a: 1 }, 2] })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 6 }), (operations) => {
      refusal(content, operations) // asserts that only AppErrors are thrown
    }),
  )
})
