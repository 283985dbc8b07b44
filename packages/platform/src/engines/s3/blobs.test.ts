// Blobs on S3, against a real server of its protocol: the same promises as on disk, in one request and in parts.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { freePort } from '../../kernel/free-port.ts'
import type { ByteRange } from '../../kernel/ports.ts'
import { type OpenBlobs, openS3Blobs, type S3Settings } from './index.ts'

const program = process.env['XINGLIN_S3RVER'] ?? ''
const skip = existsSync(program)
  ? false
  : 'needs an S3-compatible server: npm install s3rver in any folder, and XINGLIN_S3RVER=<folder>/node_modules/.bin/s3rver'

interface Server {
  readonly child: ChildProcess
  readonly folder: string
  readonly settings: S3Settings
}

const state: { server?: Server; blobs?: OpenBlobs } = {}

async function startServer(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-s3-'))
  const port = await freePort()
  const args = [program, '--directory', folder, '--port', String(port), '--address', '127.0.0.1', '--silent']
  const child = spawn(process.execPath, [...args, '--configure-bucket', 'xinglin'], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  for (let turn = 0; turn < 300; turn++) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break
    await delay(50)
  }
  const keys = { accessKey: 'S3RVER', secretKey: 'S3RVER' }
  return { child, folder, settings: { url, bucket: 'xinglin', region: 'us-east-1', prefix: 'house/', ...keys } }
}

before(async () => {
  if (skip !== false) return
  state.server = await startServer()
  state.blobs = await openS3Blobs(state.server.settings)
})
after(async () => {
  state.blobs?.close()
  const { server } = state
  if (server === undefined) return
  const ended = once(server.child, 'exit')
  server.child.kill()
  await ended
  await rm(server.folder, { recursive: true, force: true })
})

function opened(): OpenBlobs {
  assert.ok(state.blobs)
  return state.blobs
}

async function read(key: string, range?: ByteRange): Promise<Buffer | undefined> {
  const body = await opened().get(key, range)
  if (body === undefined) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

test('gives a stretch of a blob', { skip }, async () => {
  await opened().put('pack', Buffer.from('0123456789'))
  assert.equal((await read('pack', { start: 2, end: 5 }))?.toString(), '234')
})

test('gives back what was put, with its size and hash, and writes over it', { skip }, async () => {
  const bytes = Buffer.from('杏林')
  assert.deepEqual(await opened().put('study/1.2.3/a.dcm', bytes), { sizeBytes: 6, sha256: hashOf(bytes) })
  assert.deepEqual(await read('study/1.2.3/a.dcm'), bytes)
  await opened().put('study/1.2.3/a.dcm', Buffer.from('new'))
  assert.equal(String(await read('study/1.2.3/a.dcm')), 'new')
  await opened().put('empty', new Uint8Array(0))
  assert.equal((await read('empty'))?.byteLength, 0)
})

test('uploads what is large in parts, whatever the size of the chunks', { skip }, async () => {
  const partBytes = 8_388_608
  for (const size of [partBytes, partBytes + 1, 2 * partBytes + 12_345]) {
    const bytes = Buffer.alloc(size, 7)
    bytes.writeUInt32LE(size, size - 4)
    const stored = await opened().put('large/one', inChunks(bytes, 1_000_003))
    assert.deepEqual(stored, { sizeBytes: size, sha256: hashOf(bytes) })
    const back = await read('large/one')
    assert.equal(back === undefined ? '' : hashOf(back), stored.sha256)
  }
})

test('knows what is absent and forgets what was deleted', { skip }, async () => {
  assert.deepEqual([await opened().has('none'), await read('none')], [false, undefined])
  await opened().put('x', Buffer.from('1'))
  assert.equal(await opened().has('x'), true)
  await opened().delete('x')
  await opened().delete('x')
  assert.equal(await opened().has('x'), false)
})

test('leaves nothing behind when the source breaks off', { skip }, async () => {
  async function* broken(chunks: number) {
    for (let at = 0; at < chunks; at++) yield Buffer.alloc(6_000_000)
    throw new Error('the sender went away')
  }
  for (const chunks of [1, 4]) await assert.rejects(opened().put('half', broken(chunks)), /went away/)
  assert.equal(await opened().has('half'), false)
  const left = await readdir(join(state.server?.folder ?? '', 'xinglin', 'house'))
  assert.deepEqual(
    left.filter((name) => name.startsWith('half')),
    [],
  )
})

test('refuses odd keys, wrong credentials, and a bucket that is not there', { skip }, async () => {
  const isRefused = (code: string) => (error: unknown) => error instanceof AppError && error.code === code
  for (const key of ['', '..', '../x', '/x', 'a//b', 'a b', 'x'.repeat(600)]) {
    await assert.rejects(opened().put(key, Buffer.from('')), isRefused('invalid-parameter'), key)
  }
  assert.ok(state.server)
  const { settings } = state.server
  await assert.rejects(openS3Blobs({ ...settings, bucket: 'nowhere' }), /does not exist/)
  await assert.rejects(openS3Blobs({ ...settings, accessKey: 'NOBODY' }), isRefused('unavailable'))
  await assert.rejects(openS3Blobs({ ...settings, secretKey: undefined }), isRefused('invalid-parameter'))
})

test('says so when the server cannot be reached', async () => {
  const port = await freePort()
  const keys = { accessKey: 'a', secretKey: 'b' }
  const settings = { url: `http://127.0.0.1:${port}`, bucket: 'x', region: 'us-east-1', prefix: '', ...keys }
  await assert.rejects(openS3Blobs(settings), (error) => error instanceof AppError && error.code === 'unavailable')
})
