// Multipart bodies, however they are cut into chunks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import fc from 'fast-check'
import { boundaryOf, multipartParts } from './multipart.ts'

// A chunk is spoiled when the next is asked for, as the network's memory is.
async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = Uint8Array.from(bytes.subarray(at, at + size))
    yield chunk
    chunk.fill(0xff)
  }
}

async function read(bytes: Uint8Array, size = 7): Promise<readonly (readonly [string | undefined, Buffer])[]> {
  const found: (readonly [string | undefined, Buffer])[] = []
  for await (const { headers, body } of multipartParts(cut(bytes, size), 'b')) {
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(Buffer.from(chunk))
    found.push([headers.get('content-type'), Buffer.concat(chunks)])
  }
  return found
}

const written = (parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat([
    ...parts.flatMap((part) => [
      Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n'),
      part,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('--b--\r\n'),
  ])

test('gives back the parts that were written, wherever the chunks end', async () => {
  const part = fc.uint8Array({ maxLength: 60 }).filter((bytes) => !Buffer.from(bytes).includes('\r\n--b'))
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 4 }), fc.integer({ min: 1, max: 64 }), async (parts, size) => {
      const found = await read(written(parts), size)
      assert.deepEqual(
        found.map(([, bytes]) => [...bytes]),
        parts.map((bytes) => [...bytes]),
      )
    }),
    { numRuns: 200, seed: 3 },
  )
})

test('skips a preamble and parts that nobody reads, and takes a part without headers', async () => {
  const body = Buffer.from('before\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: a/b\r\n\r\ntwo\r\n--b--after')
  assert.deepEqual(await read(body), [
    [undefined, Buffer.from('one')],
    ['a/b', Buffer.from('two')],
  ])
  const skipped: (string | undefined)[] = []
  for await (const { headers } of multipartParts(cut(body, 5), 'b')) skipped.push(headers.get('content-type'))
  assert.deepEqual(skipped, [undefined, 'a/b'])
})

test('refuses what ends early, has another boundary, or headers without end', async () => {
  const whole = written([Buffer.from('abc')])
  for (const bytes of [
    whole.subarray(0, 20),
    Buffer.from(''),
    Buffer.from('--c\r\n\r\n--c--'),
    whole.subarray(0, -6),
  ]) {
    await assert.rejects(read(bytes), (error) => error instanceof AppError && error.code === 'malformed-body')
  }
  const endless = Buffer.from(`--b\r\n${'X: y\r\n'.repeat(3000)}`)
  await assert.rejects(read(endless), /longer headers/)
})

test('finds the boundary of a content type', () => {
  assert.equal(boundaryOf('multipart/related; type="application/dicom"; boundary="a b"'), 'a b')
  assert.equal(boundaryOf('multipart/related; boundary=--x; type=y'), '--x')
  assert.equal(boundaryOf('multipart/related'), undefined)
})
