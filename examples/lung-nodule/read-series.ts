// A CT series from your own program: sent by DICOMweb, one slice predicted, the whole read for nodules.
// Usage: node examples/lung-nodule/read-series.ts [folder of DICOM files] (a system must run; see README.md beside this file)
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { metadataOf, readHeader, textOf } from '@xinglin/core/dicom'
import { createChestPhantom, phantomFiles } from '@xinglin/core/dicom/phantom'

const url = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const token =
  process.env['XINGLIN_TOKEN'] ??
  execFileSync(process.execPath, [program, 'token', '--role', 'radiologist'], { encoding: 'utf8' }).trim()

interface Nodule {
  readonly sentence: string
}

interface Reading {
  readonly id: string
  readonly state: string
  readonly progress: { readonly step: string; readonly done: number; readonly total: number }
  readonly failure?: { readonly detail: string }
  readonly nodules?: readonly Nodule[]
  readonly notice: string
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

function readFiles(folder: string | undefined): readonly Uint8Array<ArrayBuffer>[] {
  if (folder !== undefined) return readdirSync(folder).map((name) => new Uint8Array(readFileSync(join(folder, name))))
  const nodules = [{ diameterMm: 13, texture: 'solid', side: 'left' }] as const
  const phantom = createChestPhantom({ seed: 4, size: 256, slices: 16, sliceMm: 5, nodules })
  return [...phantomFiles(phantom, { patientId: 'EXAMPLE', patientName: 'Example^Chest' })].map(({ bytes }) => bytes)
}

async function send(files: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
  const head = '--part\r\nContent-Type: application/dicom\r\n\r\n'
  const body = new Blob([...files.flatMap((file) => [head, file, '\r\n']), '--part--\r\n'])
  const type = 'multipart/related; type="application/dicom"; boundary=part'
  await ask('/dicom-web/studies', { method: 'POST', headers: { 'content-type': type }, body })
  console.log(`${files.length} images sent`)
}

async function predict(file: Uint8Array<ArrayBuffer>): Promise<void> {
  const form = new FormData()
  form.set('file', new Blob([file]), 'slice.dcm')
  const path = '/predict/lung-nodule'
  const answer = await ask<{ mask_shape: readonly number[]; marked_pixels: number }>(path, {
    method: 'POST',
    body: form,
  })
  console.log(`one slice: mask of ${answer.mask_shape.join(' × ')}, ${answer.marked_pixels} pixels marked`)
}

async function read(study: string, series: string): Promise<Reading> {
  const base = '/api/v1/imaging/readings'
  const headers = { 'content-type': 'application/json' }
  const { id } = await ask<Reading>(base, { method: 'POST', headers, body: JSON.stringify({ study, series }) })
  for (let last = ''; ; ) {
    const reading = await ask<Reading>(`${base}/${id}`)
    const { step, done, total } = reading.progress
    const line = `${reading.state}: ${step} ${done} of ${total}`
    if (line !== last) console.log(line)
    last = line
    if (reading.failure !== undefined) throw new Error(reading.failure.detail)
    if (!['queued', 'running'].includes(reading.state)) return reading
    await delay(1000)
  }
}

const files = readFiles(process.argv[2])
const middle = files[files.length >> 1]
if (middle === undefined) throw new Error('There are no files to send')
await send(files)
await predict(middle)
const metadata = metadataOf(readHeader(middle), { bulkDataUri: (path) => path })
const reading = await read(textOf(metadata, '0020000D') ?? '', textOf(metadata, '0020000E') ?? '')
for (const { sentence } of reading.nodules ?? []) console.log(sentence)
console.log(reading.notice)
console.log(`Decide and sign in the console: ${url}/app/imaging`)
