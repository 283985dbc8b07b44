// Blobs of a bucket go into a backup and from there into another bucket, byte for byte, against a real server of S3's protocol.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openS3Blobs } from '../../engines/s3/index.ts'
import { freePort } from '../../kernel/free-port.ts'
import { copyBucket, fillBucket } from './bucket.ts'

const program = process.env['XINGLIN_S3RVER'] ?? ''
const skip = existsSync(program)
  ? false
  : 'needs an S3-compatible server: npm install s3rver in any folder, and XINGLIN_S3RVER=<folder>/node_modules/.bin/s3rver'
const folder = await mkdtemp(join(tmpdir(), 'xinglin-bucket-'))
const silent = (): void => undefined
const state = { url: '', stop: async (): Promise<void> => undefined }

const settingsOf = (bucket: string) => {
  const keys = { accessKey: 'S3RVER', secretKey: 'S3RVER' }
  return { blobs: { ...keys, bucket, url: state.url, region: 'us-east-1', prefix: 'house/' } }
}

before(async () => {
  if (skip !== false) return
  const port = await freePort()
  const place = join(folder, 'server')
  await mkdir(place)
  const words = [program, '--directory', place, '--port', String(port), '--address', '127.0.0.1', '--silent']
  const buckets = ['--configure-bucket', 'scans', '--configure-bucket', 'copy']
  const legacy = '--openssl-legacy-provider' // its pages of keys are sealed with an old cipher
  const child = spawn(process.execPath, [legacy, ...words, ...buckets], { stdio: 'ignore' })
  state.url = `http://127.0.0.1:${port}`
  state.stop = async () => {
    const ended = once(child, 'exit')
    child.kill()
    await ended
  }
  const answers = (): Promise<boolean> =>
    fetch(state.url).then(
      () => true,
      () => false,
    )
  for (let turn = 0; turn < 200 && !(await answers()); turn++) await delay(50)
})
after(async () => {
  await state.stop()
  await rm(folder, { recursive: true, force: true })
})

test('every key of more than one page comes along, and nothing that is no blob of ours', { skip }, async () => {
  const blobs = await openS3Blobs(settingsOf('scans').blobs)
  const keys = Array.from({ length: 1100 }, (_, at) => `studies/${at % 7}/${at}`)
  for (let at = 0; at < keys.length; at += 20) {
    await Promise.all(keys.slice(at, at + 20).map((key) => blobs.put(key, Buffer.from(`bytes of ${key}`))))
  }
  const other = await openS3Blobs({ ...settingsOf('scans').blobs, prefix: 'elsewhere/' })
  await other.put('not-ours', Buffer.from('x'))
  const target = join(folder, 'backup')
  const files = await copyBucket(settingsOf('scans'), target, silent)
  assert.deepEqual(files.map(({ path }) => path).toSorted(), keys.map((key) => `blobs/${key}`).toSorted())
  assert.equal(await readFile(join(target, 'blobs/studies/3/10'), 'utf8'), 'bytes of studies/3/10')

  await fillBucket(settingsOf('copy'), target, files, silent)
  const copy = await openS3Blobs(settingsOf('copy').blobs)
  const back: string[] = []
  for await (const key of copy.keys()) back.push(key)
  assert.deepEqual(back.toSorted(), keys.toSorted())
  await writeFile(join(target, 'blobs/studies/0/0'), 'changed meanwhile')
  await assert.rejects(fillBucket(settingsOf('copy'), target, files, silent), { code: 'invalid-request' })
  for (const one of [blobs, other, copy]) one.close()
})
