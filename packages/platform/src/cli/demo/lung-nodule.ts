// From a CT to a signed report: a drawn chest is sent, the model marks its nodule, a radiologist decides and signs.
import { setTimeout as delay } from 'node:timers/promises'
import {
  type ChestPhantom,
  createChestPhantom,
  type PhantomIdentity,
  phantomFile,
  phantomFiles,
  phantomUids,
} from '@xinglin/core/dicom/phantom'
import { AppError } from '@xinglin/core/errors'
import { type Answer, expectStatus, type Stage } from './stage.ts'

const chapter = 'From a CT to a signed report'
const readings = '/api/v1/imaging/readings'
const readingLimitMs = 300_000
const lookEveryMs = 500

/** Whose chest it is: the demo's patient. */
const zhangSan: PhantomIdentity = {
  patientId: 'MRN-000001',
  patientName: 'Zhang^San=张^三',
  birthDate: '19900101',
  sex: 'M',
  accessionNumber: 'DEMO-CT-1',
  studyDate: '20260715',
}

const anatomy = {
  ...{ seed: 7, size: 256, slices: 16, sliceMm: 6 },
  nodules: [{ diameterMm: 14, texture: 'solid', side: 'right' }],
} as const

interface Nodule {
  readonly number: number
  readonly sentence: string
  readonly evidence: { readonly centreMm: readonly number[] }
}

interface Reading {
  readonly id: string
  readonly state: string
  readonly progress: { readonly step: string; readonly done: number; readonly total: number }
  readonly failure?: { readonly detail: string }
  readonly nodules?: readonly Nodule[]
  readonly report: string | null
}

const readingOf = ({ body }: Answer): Reading => body as unknown as Reading // the route's own schema

async function send(stage: Stage, path: string, form: { type: string; body: Uint8Array }): Promise<Answer> {
  const answer = await fetch(`${stage.addresses.gatewayUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await stage.token('radiologist')}`, 'content-type': form.type },
    body: new Uint8Array(form.body),
    signal: AbortSignal.timeout(readingLimitMs),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) }
}

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}

async function store(stage: Stage, phantom: ChestPhantom): Promise<string> {
  const files = [...phantomFiles(phantom, zhangSan)]
  const head = '--slice\r\nContent-Type: application/dicom\r\n\r\n'
  const body = joined([...files.flatMap(({ bytes }) => [head, bytes, '\r\n']), '--slice--\r\n'])
  const type = 'multipart/related; type="application/dicom"; boundary=slice'
  expectStatus(await send(stage, '/dicom-web/studies', { type, body }), 200)
  return `${files.length} slices of ${phantom.grid.rows} × ${phantom.grid.columns}, ${Math.round(body.length / 1024)} kB by STOW-RS`
}

async function predictOne(stage: Stage, phantom: ChestPhantom): Promise<string> {
  const [nodule] = phantom.nodules
  const { slices, sliceMm } = phantom.grid
  const slice = Math.round((nodule?.centreMm[2] ?? 0) / sliceMm + (slices - 1) / 2)
  const { bytes, name } = phantomFile(phantom, slice, zhangSan)
  const head = `--f\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/dicom\r\n\r\n`
  const body = joined([head, bytes, '\r\n--f--\r\n'])
  const answer = await send(stage, '/predict/lung-nodule', { type: 'multipart/form-data; boundary=f', body })
  expectStatus(answer, 200)
  const { mask_shape: shape, marked_pixels: pixels, confidence } = answer.body
  return `${name}: mask ${JSON.stringify(shape)}, ${pixels} pixels marked, confidence ${confidence}`
}

async function read(stage: Stage, phantom: ChestPhantom, token: string): Promise<Reading> {
  const { study, series } = phantomUids(phantom, zhangSan)
  const asked = await stage.ask(readings, { method: 'POST', body: { study, series }, token })
  expectStatus(asked, 200, 202)
  for (let waitedMs = 0; waitedMs < readingLimitMs; waitedMs += lookEveryMs) {
    const answer = await stage.ask(`${readings}/${readingOf(asked).id}`, { token })
    expectStatus(answer, 200)
    const reading = readingOf(answer)
    const { step, done, total } = reading.progress
    stage.progress(`${step}: ${done} of ${total}`)
    if (reading.state === 'ready') return reading
    if (reading.failure !== undefined) throw new AppError('internal', reading.failure.detail)
    await delay(lookEveryMs)
  }
  throw new AppError('timeout', 'The reading was not ready in time')
}

function nearestTo(phantom: ChestPhantom, nodules: readonly Nodule[]): Nodule | undefined {
  const [known] = phantom.nodules
  const away = ({ evidence }: Nodule): number =>
    Math.hypot(...evidence.centreMm.map((value, axis) => value - (known?.centreMm[axis] ?? 0)))
  return nodules.find((nodule) => away(nodule) < (known?.diameterMm ?? 0) / 2)
}

async function signAs(stage: Stage, reading: Reading, real: Nodule, token: string): Promise<Answer> {
  for (const { number } of reading.nodules ?? []) {
    const decision = number === real.number ? 'accepted' : 'rejected'
    const path = `${readings}/${reading.id}/nodules/${number}`
    expectStatus(await stage.ask(path, { method: 'PUT', body: { decision }, token }), 200)
  }
  const body = { conclusion: 'Solitary pulmonary nodule of the right lung; follow-up by CT.' }
  return await stage.ask(`${readings}/${reading.id}/sign`, { method: 'POST', body, token })
}

/** Plays the chapter; Zhang San's records must be there. */
export async function playReading(stage: Stage): Promise<void> {
  const phantom = createChestPhantom(anatomy)
  const token = await stage.token('radiologist')
  const held: { reading?: Reading; real?: Nodule } = {}
  await stage.scene(chapter, 'the scanner sends a chest CT of Zhang San (drawn, with one nodule of 14 mm)', () =>
    store(stage, phantom),
  )
  await stage.scene(chapter, 'one slice, one call: POST /predict/lung-nodule', () => predictOne(stage, phantom))
  await stage.scene(chapter, 'the whole series is read: lungs, slices, nodules, measures', async () => {
    const reading = await read(stage, phantom, token)
    const real = nearestTo(phantom, reading.nodules ?? [])
    if (real === undefined)
      throw new AppError('internal', `none of ${reading.nodules?.length ?? 0} marks is the nodule`)
    Object.assign(held, { reading, real })
    return `${reading.nodules?.length} marks, among them the nodule. ${real.sentence}`
  })
  await stage.scene(chapter, 'a clinician may not sign the draft', async () => {
    const clinician = await stage.token('clinician')
    const answer = await stage.ask(`${readings}/${held.reading?.id}/sign`, {
      method: 'POST',
      body: {},
      token: clinician,
    })
    expectStatus(answer, 403)
    return `403 ${String(answer.body.detail)}`
  })
  await stage.scene(chapter, 'the radiologist accepts the nodule, rejects the rest, and signs', async () => {
    const { reading, real } = held
    if (reading === undefined || real === undefined) throw new AppError('internal', 'there is no draft')
    expectStatus(await signAs(stage, reading, real, token), 200)
    const report = await stage.ask(`/fhir/${reading.report}`, { token })
    expectStatus(report, 200)
    return `${reading.report?.split('/')[0]} is ${String(report.body.status)}: ${String(report.body.conclusion).split('\n')[0]}`
  })
}
