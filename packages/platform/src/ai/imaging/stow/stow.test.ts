// Storing: original bytes kept, once; conflicts and unreadable objects told one by one; nothing half stored.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { DicomJson } from '@xinglin/core/dicom'
import { createChestPhantom, phantomFiles } from '@xinglin/core/dicom/phantom'
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { createIds } from '../../../kernel/ids.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { ingest } from '../store/ingest.ts'
import { drawnSeries, type ImagingUnderTest, imagingUnderTest, multipart, partsOf } from '../under-test/service.ts'
import { chunksOf } from '../wado/bytes.ts'

let service: ImagingUnderTest
before(async () => {
  service = await imagingUnderTest()
})
after(() => service.close())

const dicom = 'multipart/related; type="application/dicom"; transfer-syntax=*'
const failures = (body: unknown, tag = '00081198') =>
  ((body as DicomJson)[tag]?.Value ?? []).map((item) => (item as DicomJson)['00081197']?.Value?.[0])
const references = (body: unknown) => (body as DicomJson)['00081199']?.Value?.length ?? 0

async function stored(): Promise<number> {
  const [row] = await service.sql.query<{ count: number }>({ text: 'SELECT count(*) FROM imaging.instance' })
  return row?.count ?? -1
}

test('keeps the original bytes, gives them back, and stores them once', async () => {
  const files = drawnSeries(1)
  const answer = await service.store(files.map(({ bytes }) => bytes))
  assert.equal(answer.status, 200)
  assert.equal(references(answer.json()), 3)
  const [first] = files
  assert.ok(first)
  const [study] = (await service.ask('/dicom-web/studies?PatientID=MRN-1')).json() as readonly DicomJson[]
  const uid = study?.['0020000D']?.Value?.[0]
  const back = partsOf(await service.ask(`/dicom-web/studies/${uid}`, { accept: dicom }))
  assert.deepEqual(
    back.map(({ bytes }) => bytes.toString('hex')).sort(),
    files.map(({ bytes }) => Buffer.from(bytes).toString('hex')).sort(),
  )
  const again = await service.store(files.map(({ bytes }) => bytes))
  assert.equal(again.status, 200)
  assert.equal(references(again.json()), 3)
  assert.equal(await stored(), 3)
})

test('refuses other bytes under a known UID, and keeps the rest of the request', async () => {
  const [first] = drawnSeries(1)
  const [other] = drawnSeries(2, 'MRN-2', 1)
  assert.ok(first && other)
  const changed = Buffer.from(first.bytes)
  changed[changed.length - 5] = (changed[changed.length - 5] ?? 0) ^ 0xff
  const answer = await service.store([changed, other.bytes, other.bytes])
  assert.equal(answer.status, 202)
  assert.deepEqual(failures(answer.json()), [0x0111])
  assert.equal(references(answer.json()), 2)
  const alone = await service.store([changed])
  assert.equal(alone.status, 409)
  assert.equal(await stored(), 4)
})

test('tells unreadable objects by DICOM status, and objects of another study', async () => {
  const [file] = drawnSeries(3, 'MRN-3', 1)
  assert.ok(file)
  const broken = await service.store([Buffer.from('not dicom at all'), file.bytes.subarray(0, file.bytes.length - 100)])
  assert.equal(broken.status, 409)
  assert.deepEqual(failures(broken.json(), '0008119A'), [0xc000])
  assert.deepEqual(failures(broken.json()), [0xc000])
  const elsewhere = await service.store([file.bytes], { path: '/dicom-web/studies/1.2.3' })
  assert.equal(elsewhere.status, 409)
  assert.deepEqual(failures(elsewhere.json()), [0xa900])
  assert.equal(await stored(), 4)
})

test('refuses bodies that are no store request, in problem details', async () => {
  const cases: readonly (readonly [number, string, string | Buffer])[] = [
    [415, 'application/json', '{}'],
    [415, 'text/plain', 'x'],
    [400, 'multipart/related', 'x'],
    [400, 'multipart/related; boundary=b', 'no boundary in here'],
    [400, 'multipart/related; boundary=b', '--b\r\nContent-Type: application/dicom\r\n\r\nhalf'],
    [415, 'multipart/related; boundary=b', '--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--'],
    [400, 'multipart/related; boundary=b', '--b--'],
  ]
  for (const [status, type, payload] of cases) {
    const answer = await service.ask('/dicom-web/studies', {
      method: 'POST',
      headers: { 'content-type': type },
      payload,
    })
    assert.equal(answer.status, status, `${type} ${payload}`)
    assert.match(String(answer.headers['content-type']), /problem\+json/)
  }
  assert.equal(await stored(), 4)
})

test('a refused body does not keep the next request of its connection waiting', async () => {
  await service.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = service.app.server.address() as AddressInfo
  const head = (length: number) =>
    `POST /dicom-web/studies HTTP/1.1\r\nhost: x\r\nx-xinglin-caller: test\r\ncontent-length: ${length}\r\n` +
    'content-type: multipart/related; boundary=b\r\n\r\n'
  const endless = `--b\r\nx: ${'y'.repeat(400_000)}`
  const socket = connect(port, '127.0.0.1')
  const answers = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (text.split('HTTP/1.1 400').length === 3) resolve(text)
    })
  })
  socket.write([head(endless.length), endless, head(5), '--b--'].join(''))
  const limit = AbortSignal.timeout(60_000)
  await Promise.race([answers, once(limit, 'abort').then(() => assert.fail('the second request has no answer'))])
  socket.destroy()
})

test('keeps every byte of large objects that the network cuts into pieces', async () => {
  if (!service.app.server.listening) await service.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = service.app.server.address() as AddressInfo
  // Half a megabyte each, then one that is longer than what is read as its header.
  const files = [512, 512, 512, 1536].flatMap((size, at) => {
    const phantom = createChestPhantom({ seed: 60 + at, size, slices: 1 })
    return [...phantomFiles(phantom, { patientId: `MRN-6${at}` })].map(({ bytes }) => bytes)
  })
  const answer = await fetch(`http://127.0.0.1:${port}/dicom-web/studies`, {
    method: 'POST',
    headers: {
      'content-type': 'multipart/related; type="application/dicom"; boundary=b',
      'x-xinglin-caller': 'test',
    },
    body: new Uint8Array(multipart(files, 'b')),
  })
  assert.equal(answer.status, 200)
  for (const [at, file] of files.entries()) {
    const [study] = (await service.ask(`/dicom-web/studies?PatientID=MRN-6${at}`)).json() as readonly DicomJson[]
    const [back] = partsOf(
      await service.ask(`/dicom-web/studies/${study?.['0020000D']?.Value?.[0]}`, { accept: dicom }),
    )
    assert.ok(back !== undefined && Buffer.from(file).equals(back.bytes), `object ${at}`)
  }
})

test('a sender that goes away in the middle has sent a bad request, and is no failure of the server', async () => {
  if (!service.app.server.listening) await service.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = service.app.server.address() as AddressInfo
  const recorded = service.audits.length
  for (const [path, type] of [
    ['/dicom-web/studies', 'multipart/related; boundary=b'],
    ['/dicom-web/studies', 'application/dicom'],
    ['/predict/lung-nodule', 'multipart/form-data; boundary=b'],
  ]) {
    const socket = connect(port, '127.0.0.1')
    const part = '--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nhalf'
    const head = `host: x\r\nx-xinglin-caller: test\r\ncontent-length: 900000\r\ncontent-type: ${type}`
    socket.write(`POST ${path} HTTP/1.1\r\n${head}\r\n\r\n${part}`)
    await delay(100)
    socket.destroy()
  }
  for (let waited = 0; service.audits.length < recorded + 3 && waited < 60_000; waited += 20) await delay(20)
  assert.deepEqual(
    service.audits.slice(recorded).map(({ status }) => status),
    [400, 400, 400],
  )
})

test('stores a single object sent as it is', async () => {
  const [file] = drawnSeries(4, 'MRN-4', 1)
  assert.ok(file)
  const headers = { 'content-type': 'application/dicom' }
  const answer = await service.ask('/dicom-web/studies', { method: 'POST', headers, payload: Buffer.from(file.bytes) })
  assert.equal(answer.status, 200)
})

test('lets nobody store who may not, and writes every store down', async () => {
  const [file] = drawnSeries(5, 'MRN-5', 1)
  assert.ok(file)
  for (const how of [
    { role: 'patient', patient: 'p1' },
    { role: 'pharmacist' },
    { role: 'clinician', scopes: ['user/ImagingStudy.rs'] },
  ] as const) {
    assert.equal((await service.store([file.bytes], how)).status, 403)
  }
  const entries = service.audits.filter(({ interaction }) => interaction === 'dicom-store')
  assert.equal(entries.filter(({ outcome }) => outcome === 'refused').length >= 3, true)
  assert.ok(
    entries.some(({ outcome, entities }) => outcome === 'success' && entities?.[0]?.startsWith('ImagingStudy/')),
  )
})

test('stores the same objects sent by four at once only once', async () => {
  const files = drawnSeries(6, 'MRN-6', 4).map(({ bytes }) => bytes)
  const answers = await Promise.all(
    Array.from({ length: 4 }, (_none, at) => service.store(at % 2 ? files.toReversed() : files)),
  )
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200],
  )
  const [study] = (await service.ask('/dicom-web/studies?PatientID=MRN-6')).json() as readonly DicomJson[]
  assert.deepEqual(study?.['00201208']?.Value, [4])
  assert.deepEqual(study?.['00201206']?.Value, [1])
})

test('keeps neither bytes nor rows when the transaction fails', async () => {
  const [file] = drawnSeries(7, 'MRN-7', 1)
  assert.ok(file)
  const countBefore = await stored()
  const id = '01a21562-49db-72eb-a5bf-c625003578b5'
  const failing = ingest(
    {
      caller: { subject: 's', name: 's', roles: ['system'], scopes: [], purpose: 'TREAT' },
      incoming: (async function* () {
        yield chunksOf(file.bytes)
      })(),
    },
    {
      ...{ sql: service.sql, blobs: service.blobs, log: silentLogger, ids: { uuid: () => id } },
      audit: { append: () => Promise.reject(new Error('the trail is full')), record: async () => undefined },
      events: { publish: async () => undefined, subscribe: () => undefined },
      limits: { maxInstanceBytes: 1_000_000, maxInstances: 10 },
    },
  )
  await assert.rejects(failing, /the trail is full/)
  assert.equal(await stored(), countBefore)
  assert.equal(await service.blobs.has(`imaging/${id.slice(0, 5)}/${id}`), false)
})

test('refuses what is larger than an object or a request may be', async () => {
  const [first, second] = drawnSeries(8, 'MRN-8', 2)
  assert.ok(first && second)
  const ports = {
    ...{ sql: service.sql, blobs: service.blobs, log: silentLogger, ids: createIds(systemClock) },
    audit: { append: async () => undefined, record: async () => undefined },
    events: { publish: async () => undefined, subscribe: () => undefined },
  }
  const caller: Caller = { subject: 's', name: 's', roles: ['system'], scopes: [], purpose: 'TREAT' }
  const both = async function* () {
    yield chunksOf(first.bytes)
    yield chunksOf(second.bytes)
  }
  const isTooLarge = (error: unknown) => error instanceof AppError && error.code === 'too-large'
  for (const limits of [
    { maxInstanceBytes: 1000, maxInstances: 10 },
    { maxInstanceBytes: 1_000_000, maxInstances: 1 },
  ]) {
    await assert.rejects(ingest({ caller, incoming: both() }, { ...ports, limits }), isTooLarge)
  }
  assert.equal((await service.ask('/dicom-web/studies?PatientID=MRN-8')).status, 204)
})

test('deletes for an administrator only, with the bytes that nothing points to', async () => {
  const [study] = (await service.ask('/dicom-web/studies?PatientID=MRN-6')).json() as readonly DicomJson[]
  const path = `/dicom-web/studies/${study?.['0020000D']?.Value?.[0]}`
  const [row] = await service.sql.query<{ blob: string }>({
    text: 'SELECT DISTINCT blob FROM imaging.instance WHERE study_uid = $1',
    values: [path.split('/').at(-1)],
  })
  assert.ok(row && (await service.blobs.has(row.blob)))
  assert.equal((await service.ask(path, { method: 'DELETE' })).status, 403)
  assert.equal((await service.ask(path, { method: 'DELETE', role: 'admin' })).status, 204)
  assert.equal((await service.ask(path, { method: 'DELETE', role: 'admin' })).status, 404)
  assert.equal(await service.blobs.has(row.blob), false)
  assert.equal((await service.ask('/dicom-web/studies?PatientID=MRN-6')).status, 204)
})
