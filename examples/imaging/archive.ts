// An archive of your own: draws a chest CT, stores it over DICOMweb, finds it again, reads one frame in Hounsfield units.
// Usage: node examples/imaging/archive.ts [folder with DICOM files] (a system must run; see README.md beside this file)
import { execFileSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type DicomJson,
  hounsfieldUnits,
  pixelDescription,
  rescaleOf,
  storedValues,
  textOf,
} from '@xinglin/core/dicom/image'
import { createChestPhantom, phantomFiles } from '@xinglin/core/dicom/phantom'

const url = `${process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'}/dicom-web`
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const token =
  process.env['XINGLIN_TOKEN'] ??
  execFileSync(process.execPath, [program, 'token', '--role', 'radiologist'], { encoding: 'utf8' }).trim()
const [folder] = process.argv.slice(2)

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, ...init.headers }
  const answer = await fetch(`${url}${path}`, { ...init, headers })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return answer
}

async function images(): Promise<readonly Uint8Array[]> {
  if (folder !== undefined) {
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.'))
    return await Promise.all(names.map((name) => readFile(join(folder, name))))
  }
  const phantom = createChestPhantom({ seed: 3, size: 128, slices: 20 })
  return [...phantomFiles(phantom, { patientId: 'EXAMPLE-1', patientName: 'Example^Chest' })].map(({ bytes }) => bytes)
}

const files = await images()
const boundary = 'one-after-the-other'
const head = `--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`
const body = new Blob([...files.flatMap((file) => [head, new Uint8Array(file), '\r\n']), `--${boundary}--\r\n`])
const type = `multipart/related; type="application/dicom"; boundary=${boundary}`
const stored = (await (
  await ask('/studies', { method: 'POST', headers: { 'content-type': type }, body })
).json()) as DicomJson
const [first] = (stored['00081199']?.Value ?? []) as readonly DicomJson[]
const address = textOf(first ?? {}, '00081190')?.replace(/^.*\/dicom-web/, '') ?? ''
const series = address.replace(/\/instances\/.*/, '')
console.log(`stored ${stored['00081199']?.Value?.length ?? 0} of ${files.length} files under ${series}`)

const found = (await (
  await ask(`${series}/instances?limit=3&includefield=SliceLocation`)
).json()) as readonly DicomJson[]
console.log(`found again: ${found.map((one) => textOf(one, '00200013')).join(', ')} …`)

const [metadata = {}] = (await (await ask(`${address}/metadata`)).json()) as readonly DicomJson[]
const frame = await ask(`${address}/frames/1`, { headers: { accept: 'application/octet-stream' } })
const description = pixelDescription(metadata)
if (description === undefined) throw new Error('The first object is no image')
const units = hounsfieldUnits(storedValues(new Uint8Array(await frame.arrayBuffer()), description), rescaleOf(metadata))
const sorted = units.toSorted()
const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
console.log(
  `${description.columns} × ${description.rows} pixels: ${at(0)} HU darkest, ${at(0.5)} median, ${at(1)} brightest`,
)
