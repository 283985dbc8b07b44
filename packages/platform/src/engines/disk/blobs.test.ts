// Blobs on disk: whole or absent, readable as written, and never outside their folder.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import type { Blobs, ByteRange } from '../../kernel/ports.ts'
import { openDiskBlobs } from './blobs.ts'

let folder: string
let blobs: Blobs
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin blobs '))
  blobs = await openDiskBlobs(folder)
})
after(() => rm(folder, { recursive: true, force: true }))

async function read(key: string, range?: ByteRange): Promise<string | undefined> {
  const body = await blobs.get(key, range)
  if (body === undefined) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('gives back what was put, with its size and hash', async () => {
  async function* parts() {
    yield Buffer.from('杏')
    yield Buffer.from('林')
  }
  const sha256 = createHash('sha256').update('杏林').digest('hex')
  assert.deepEqual(await blobs.put('study/1.2.3/a.dcm', parts()), { sizeBytes: 6, sha256 })
  assert.equal(await read('study/1.2.3/a.dcm'), '杏林')
  await blobs.put('study/1.2.3/a.dcm', Buffer.from('new'))
  assert.equal(await read('study/1.2.3/a.dcm'), 'new')
})

test('gives a stretch of a blob', async () => {
  await blobs.put('pack', Buffer.from('0123456789'))
  assert.equal(await read('pack', { start: 2, end: 5 }), '234')
  assert.equal(await read('pack', { start: 9, end: 20 }), '9')
  assert.equal(await read('none', { start: 0, end: 1 }), undefined)
})

test('knows what is absent and forgets what was deleted', async () => {
  assert.deepEqual(
    [await blobs.has('none'), await read('none'), await blobs.has('study'), await read('study')],
    [false, undefined, false, undefined],
  )
  await blobs.put('x', Buffer.from('1'))
  await blobs.delete('x')
  await blobs.delete('x')
  assert.equal(await blobs.has('x'), false)
})

test('leaves nothing behind when the source breaks off, nor after a crash', async () => {
  async function* broken() {
    yield Buffer.from('half')
    throw new Error('the sender went away')
  }
  await assert.rejects(blobs.put('half', broken()), /went away/)
  assert.equal(await blobs.has('half'), false)
  await writeFile(join(folder, '.unfinished', 'left'), 'x')
  await openDiskBlobs(folder)
  assert.deepEqual(await readdir(join(folder, '.unfinished')), [])
})

test('refuses keys that could leave the folder', async () => {
  for (const key of [
    '',
    '.',
    '..',
    '../x',
    'a/../b',
    '/etc/passwd',
    'a//b',
    'a\\..\\b',
    'a\0b',
    '.unfinished/x',
    'C:x',
    'x'.repeat(600),
  ]) {
    await assert.rejects(
      blobs.put(key, Buffer.from('')),
      (error) => error instanceof AppError && error.code === 'invalid-parameter',
      key,
    )
  }
})
