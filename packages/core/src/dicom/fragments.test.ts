// Compressed frames however they lie: one fragment each, several with or without an offset table, and damaged ones.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../errors/index.ts'
import { compressedFrames } from './fragments.ts'

function item(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + content.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0xe000fffe, true)
  view.setUint32(4, content.length, true)
  bytes.set(content, 8)
  return bytes
}

const end = Uint8Array.of(0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0)
const written = (table: readonly number[], fragments: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([item(new Uint8Array(Uint32Array.from(table).buffer)), ...fragments.map(item), end])
const frame = (...bytes: readonly number[]): Uint8Array => Uint8Array.of(0xff, 0xd8, ...bytes)
const read = (bytes: Uint8Array, frames: number) => compressedFrames(bytes, 0, frames).map((one) => [...one])

test('reads a fragment for each frame', () => {
  assert.deepEqual(read(written([], [frame(1), frame(2)]), 2), [
    [255, 216, 1],
    [255, 216, 2],
  ])
})

test('joins the fragments of the only frame', () => {
  assert.deepEqual(read(written([], [frame(1, 2), Uint8Array.of(3, 4)]), 1), [[255, 216, 1, 2, 3, 4]])
})

test('joins fragments by the offset table, else by how images begin', () => {
  const fragments = [frame(1, 2), Uint8Array.of(3, 4), frame(5, 6)]
  const expected = [
    [255, 216, 1, 2, 3, 4],
    [255, 216, 5, 6],
  ]
  assert.deepEqual(read(written([0, 8 + 4 + 8 + 2], fragments), 2), expected)
  assert.deepEqual(read(written([], fragments), 2), expected)
})

test('refuses fragments that do not add up', () => {
  const whole = written([], [frame(1), frame(2)])
  for (const [bytes, frames] of [
    [whole, 3],
    [whole.subarray(0, 14), 1],
    [new Uint8Array(8), 1],
    [written([], []), 1],
  ] as const) {
    assert.throws(() => compressedFrames(bytes, 0, frames), AppError)
  }
})

test('throws nothing but AppError, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (bytes, frames) => {
      try {
        compressedFrames(Buffer.concat([Uint8Array.of(0xfe, 0xff, 0x00, 0xe0), bytes]), 0, frames)
      } catch (error) {
        assert.ok(error instanceof AppError, String(error))
      }
    }),
    { numRuns: 500, seed: 6 },
  )
})
