// The article's call over HTTP: real DICOM and bare numbers in, a mask out; everything else is refused in plain words.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { createChestPhantom, phantomFile } from '@xinglin/core/dicom/phantom'
import { watchTurns } from '@xinglin/core/under-test'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { createDicomCodecs } from '../../../engines/dicom-codecs/index.ts'
import type { Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import type { AuditEntry, Models } from '../../../kernel/ports.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { createGuard } from '../guarded.ts'
import { predict } from './predict.ts'
import { predictionText } from './predict-answer.ts'
import { addPredictRoutes } from './predict-routes.ts'
import { type Gate, localModels, whyNoModel } from './under-test/local-models.ts'

const skip = whyNoModel
const size = 512
const codec = createDicomCodecs({ log: silentLogger })
const audits: AuditEntry[] = []
const gate: Gate = { pass: async () => undefined, asked: 0 }
const state: { app?: FastifyInstance; role: Role } = { role: 'radiologist' }

before(async () => {
  if (skip !== false) return
  const audit = { append: async () => undefined, record: async (entry: AuditEntry) => void audits.push(entry) }
  const guard = createGuard({ audit, clock: systemClock, withheldFrom: async () => [] })
  const models = await localModels(gate)
  state.app = buildServiceApp({
    service: 'imaging',
    running: { routes: async (app) => addPredictRoutes(app, { ports: { models, codec }, guard }) },
    verifyCaller: () => ({ subject: 's', name: 's', roles: [state.role], scopes: [], purpose: 'TREAT' }),
    log: silentLogger,
    clock: systemClock,
  })
  await state.app.ready()
})
after(async () => {
  await state.app?.close()
  await codec.close()
})

interface Predicted {
  readonly filename: string
  readonly mask_shape: readonly number[]
  readonly mask_data: readonly (readonly (readonly (readonly number[])[])[])[]
  readonly confidence: number | null
  readonly marked_pixels: number
  readonly notice: string
  readonly code: string
}

async function send(payload: Buffer, contentType: string, role: Role = 'radiologist') {
  state.role = role
  const answer = await state.app?.inject({
    method: 'POST',
    url: '/predict/lung-nodule',
    payload,
    headers: { 'x-xinglin-caller': 'test', 'content-type': contentType },
  })
  return {
    status: answer?.statusCode,
    type: answer?.headers['content-type'],
    body: JSON.parse(answer?.body ?? '{}') as Predicted,
  }
}

function form(bytes: Uint8Array, field = 'file', name = 'slice.dcm') {
  const head = `--b\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--b--\r\n')])
}
const sendFile = (bytes: Uint8Array, field?: string, role?: Role) =>
  send(form(bytes, field), 'multipart/form-data; boundary=b', role)

const nodule = { diameterMm: 14, texture: 'solid', side: 'right' } as const
const phantom = createChestPhantom({ seed: 5, size, slices: 3, sliceMm: 4, nodules: [nodule] })
const [known] = phantom.nodules
const slice = Math.round((known?.centreMm[2] ?? 0) / phantom.grid.sliceMm + 1)

test('marks the nodule of a DICOM slice, in the shape of the article', { skip }, async () => {
  const { status, body } = await sendFile(phantomFile(phantom, slice).bytes)
  assert.equal(status, 200)
  assert.equal(body.filename, 'slice.dcm')
  assert.deepEqual(body.mask_shape, [1, 1, size, size])
  const [[mask = []] = []] = body.mask_data
  assert.deepEqual([mask.length, mask[0]?.length], [size, size])
  const flat: readonly number[] = mask.flat()
  assert.ok(flat.every((pixel) => [0, 1].includes(pixel)))
  assert.equal(
    flat.reduce((sum, pixel) => sum + pixel, 0),
    body.marked_pixels,
  )
  const area = size * size
  const truth = phantom.labels.subarray(slice * area, (slice + 1) * area)
  const inTruth = [...truth.keys()].filter((at) => truth[at] === 1)
  const hit = inTruth.filter((at) => flat[at] === 1).length
  assert.ok(hit / inTruth.length > 0.6, `${hit} of ${inTruth.length} pixels of the nodule are marked`)
  assert.ok((body.confidence ?? 0) > 0.5)
  assert.match(body.notice, /not a diagnosis/)
  const entry = audits.at(-1)
  assert.deepEqual([entry?.interaction, entry?.outcome], ['predict-lung-nodule', 'success'])
})

test('takes 512 x 512 bare numbers, in HU or from 0 to 1, with the same result', { skip }, async () => {
  const area = size * size
  const hu = Float32Array.from(phantom.hu.subarray(slice * area, (slice + 1) * area))
  const scaled = hu.map((value) => Math.min(1, Math.max(0, (value + 1000) / 1400)))
  const asHu = await sendFile(new Uint8Array(hu.buffer))
  const asShare = await sendFile(new Uint8Array(scaled.buffer))
  assert.equal(asHu.status, 200)
  // Scaling to 0..1 and back rounds CT numbers by a thousandth.
  assert.ok(Math.abs(asHu.body.marked_pixels - asShare.body.marked_pixels) <= 3)
  const other = hu.slice()
  other[7] = Number.NaN
  assert.equal((await sendFile(new Uint8Array(other.buffer))).status, 422)
})

test('writes the mask as JSON does', () => {
  const mask = Uint8Array.from({ length: 12 }, (_, at) => (at % 5 === 0 ? 1 : 0))
  const prediction = { filename: 'a "name".dcm', mask_shape: [1, 1, 3, 4], confidence: null, marked_pixels: 3 }
  const whole = { ...prediction, model: 'm', notice: 'n' }
  const rows = [0, 4, 8].map((from) => [...mask.subarray(from, from + 4)])
  const text = predictionText({ prediction: whole, mask }).toString()
  assert.deepEqual(JSON.parse(text), { ...whole, mask_data: [[rows]] })
})

test('an answer holds up the event loop for less than 50 ms', async () => {
  const bytes = phantomFile(phantom, slice).bytes
  const probabilities = new Float32Array(size * size).fill(0.7)
  const models = {
    infer: async () => ({ output__0: { datatype: 'FP32', shape: [1, 1, size, size], data: probabilities } }),
  } as unknown as Models // only this is asked
  const once = async (): Promise<number> => {
    const longest = watchTurns()
    const marked = await predict({ name: 'a', bytes }, { models, codec }, new AbortController().signal)
    assert.equal(predictionText(marked).length > size * size * 2, true)
    return longest()
  }
  await once() // the first is compiled on the way
  const measured = [await once(), await once(), await once()]
  assert.ok(Math.min(...measured) < 50, `${measured.map(Math.round).join(', ')} ms`)
})

const compressed = new URL(
  '../../../../../../../shared/data/dicom/transfer-syntaxes/CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm',
  import.meta.url,
)
const noFile = skip || (existsSync(compressed) ? false : 'the compressed CT of ../shared/data/dicom is not there')

test('decodes a compressed slice', { skip: noFile }, async () => {
  const { status, body } = await sendFile(readFileSync(compressed))
  assert.equal(status, 200, JSON.stringify(body).slice(0, 300))
})

test('refuses what is no image, no form, no file, or not allowed', { skip }, async () => {
  const asked = gate.asked
  const refused: readonly [() => ReturnType<typeof send>, number][] = [
    [() => sendFile(Buffer.from('not an image')), 415],
    [() => sendFile(Buffer.alloc(0)), 422],
    [() => sendFile(phantomFile(phantom, 0).bytes.subarray(0, 5000)), 422],
    [() => sendFile(phantomFile(phantom, 0).bytes, 'image'), 400],
    [() => send(Buffer.from('{}'), 'application/json'), 415],
    [() => send(Buffer.from('--b\r\nhalf a for'), 'multipart/form-data; boundary=b'), 400],
    [() => send(Buffer.from('--b--\r\n'), 'multipart/form-data; boundary=b'), 400],
    [() => sendFile(phantomFile(phantom, 0).bytes, 'file', 'pharmacist'), 403],
  ]
  for (const [answer, expected] of refused) {
    const { status, type, body } = await answer()
    assert.equal(status, expected, JSON.stringify(body))
    assert.match(String(type), /problem\+json/)
  }
  assert.equal(gate.asked, asked)
})

test('answers hostile bytes with a refusal, never a failure', { skip }, async () => {
  const good = phantomFile(createChestPhantom({ seed: 1, size: 32, slices: 1, nodules: [] }), 0).bytes
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 }),
      fc.nat(good.length),
      async (changes, length) => {
        const bytes = good.slice()
        for (const [at, value] of changes) bytes[at] = value
        const { status } = await sendFile(bytes.subarray(0, length))
        assert.ok(status === 200 || (status !== undefined && status >= 400 && status < 500), String(status))
      },
    ),
    { numRuns: 25 },
  )
})
