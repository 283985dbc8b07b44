// Sending a folder: batches that fit, files that are none skipped, counts that add up, a stop that stops.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchesOf, isDicomFile, type UploadProgress, uploadFiles } from './upload.ts'

const dicom = new Blob([new Uint8Array(128), 'DICM', new Uint8Array(100)])
const other = new Blob(['DICOMDIR of another kind, long enough to be looked at'.repeat(5)])
const never = new AbortController().signal

test('tells DICOM files by their mark', async () => {
  assert.equal(await isDicomFile(dicom), true)
  assert.equal(await isDicomFile(other), false)
  assert.equal(await isDicomFile(new Blob([])), false)
})

test('makes batches that fit, in order, and one of a file that fits in none', () => {
  const sized = (size: number) => ({ size })
  const megabyte = 1_048_576
  const batches = batchesOf([20, 5, 30, 1, 1].map((size) => sized(size * megabyte)))
  assert.deepEqual(
    batches.map((batch) => batch.map(({ size }) => size / megabyte)),
    [[20], [5], [30], [1, 1]],
  )
  assert.deepEqual(
    batchesOf(Array.from({ length: 130 }, () => sized(1))).map(({ length }) => length),
    [64, 64, 2],
  )
  assert.deepEqual(batchesOf([]), [])
})

test('counts what was stored, refused and skipped', async () => {
  const seen: UploadProgress[] = []
  const result = await uploadFiles([dicom, other, dicom, dicom], {
    csrfToken: '',
    signal: never,
    onProgress: (progress) => seen.push(progress),
    send: async (files) => ({ stored: files.length - 1, refused: 1 }),
  })
  assert.deepEqual(result, { files: 4, done: 4, stored: 2, refused: 1, skipped: 1 })
  assert.equal(seen[0]?.done, 0)
  assert.equal(seen.at(-1)?.done, 4)
})

test('stops between batches when it is told to', async () => {
  const stop = new AbortController()
  const files = Array.from({ length: 200 }, () => dicom)
  const sending = uploadFiles(files, {
    csrfToken: '',
    signal: stop.signal,
    onProgress: ({ done }) => {
      if (done > 0) stop.abort()
    },
    send: async (batch) => ({ stored: batch.length, refused: 0 }),
  })
  await assert.rejects(sending, { name: 'AbortError' })
})
