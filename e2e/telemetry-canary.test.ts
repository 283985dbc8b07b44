// Unusual words pushed through every room, with good and bad input: none of them may come out in logs, traces, metrics, or in what
// others are told.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createChestPhantom, phantomFiles } from '@xinglin/core/dicom/phantom'
import { issueLocalToken } from '../packages/platform/src/cli/local.ts'
import type { RunState } from '../packages/platform/src/cli/run-state.ts'
import { freePorts, type SystemProcess, startServices, untilReady } from '../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'

// Nothing of the product says these words by itself.
const canaries = {
  family: 'Quzhwantheq',
  given: 'Yrsaelinox',
  chinese: '鱻龘靐',
  record: 'pt-zzq-93f1',
  number: 'MRN-QX77-8841',
  birthDate: '1907-02-29',
  day: '1907-03-17',
  text: 'glubnarfic tremor of the vexilloma',
  street: 'Wyxenbad Lane',
  phone: '+49-555-0173-9911',
  pixels: 'PXQZPXQZPXQZPXQZ',
  token: 'cnry-tok-5f1e9b77aa',
  password: 'cnry-pass-77aa5f1e9b',
  query: 'frobnizzle',
  model: 'modelquux-9917',
} as const

const caught: { log: string[]; sent: string[] } = { log: [], sent: [] }
// A receiver of OTLP that writes down all it is sent, as JSON.
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    caught.sent.push(Buffer.concat(chunks).toString('utf8'))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
const held: { folder: string; process?: SystemProcess; state?: RunState; otlp?: string } = { folder: '' }
const answers: { readonly status: number; readonly sent: string; readonly body: string }[] = []

function here(): RunState {
  if (held.state === undefined) throw new Error('The system has not been started')
  return held.state
}

async function token(role: 'admin' | 'clinician' | 'radiologist' | 'data-scientist' | 'compliance'): Promise<string> {
  return issueLocalToken(here(), { role, subject: `canary-${role}` })
}

interface Sent {
  readonly method?: string
  readonly body?: unknown
  readonly type?: string
  readonly bearer?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function send(
  path: string,
  { method, body, type = 'application/json', bearer, headers = {} }: Sent = {},
): Promise<number> {
  const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const answer = await fetch(path.startsWith('/') ? `${here().gatewayUrl}${path}` : path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body === undefined ? {} : { 'content-type': type }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    ...(raw === undefined ? {} : { body: raw as string }),
  })
  answers.push({ status: answer.status, sent: path, body: await answer.text() })
  return answer.status
}

const person = {
  resourceType: 'Patient',
  id: canaries.record,
  identifier: [{ system: 'urn:canary', value: canaries.number }],
  name: [{ family: canaries.family, given: [canaries.given] }, { text: canaries.chinese }],
  telecom: [{ system: 'phone', value: canaries.phone }],
  address: [{ line: [canaries.street] }],
  birthDate: canaries.day,
}

const observation = (subject: string) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: canaries.text },
  subject: { reference: subject },
  note: [{ text: `${canaries.text} of ${canaries.family}` }],
})

async function throughRecords(): Promise<void> {
  const bearer = await token('admin')
  const fhir = 'application/fhir+json'
  const at = `/fhir/Patient/${canaries.record}`
  assert.ok((await send(at, { method: 'PUT', body: person, type: fhir, bearer })) < 300)
  assert.ok(
    (await send('/fhir/Observation', { body: observation(`Patient/${canaries.record}`), type: fhir, bearer })) < 300,
  )
  await send(`${at}`, { bearer })
  await send(`/fhir/Patient?name=${canaries.family}&identifier=${canaries.number}&birthdate=${canaries.day}`, {
    bearer,
  })
  await send(`/fhir/Patient?${canaries.query}=${canaries.given}`, { bearer })
  await send(`/fhir/Observation?code:text=${encodeURIComponent(canaries.text)}`, { bearer })
  await send(`/fhir/Patient/${canaries.family}/_history/7`, { bearer })
  await send(`/fhir/${canaries.family}/1`, { bearer })
  await send(at, { method: 'PUT', body: { ...person, birthDate: canaries.birthDate }, type: fhir, bearer })
  await send(at, { method: 'PUT', body: { ...person, [canaries.query]: canaries.text }, type: fhir, bearer })
  await send(at, {
    method: 'PATCH',
    body: [{ op: 'test', path: '/name/0/family', value: canaries.given }],
    type: 'application/json-patch+json',
    bearer,
  })
  await send('/fhir/Patient', {
    body: `{"resourceType":"Patient","name":[{"family":"${canaries.family}"`,
    type: fhir,
    bearer,
  })
  const entry = [
    {
      request: { method: 'POST', url: `Patient?identifier=${canaries.number}` },
      resource: { ...person, gender: canaries.text },
    },
  ]
  await send('/fhir', { body: { resourceType: 'Bundle', type: 'transaction', entry }, type: fhir, bearer })
  const name = [{ use: 'official', family: canaries.family, given: [canaries.given] }]
  const form = {
    resource_type: 'Patient',
    id: null,
    active: true,
    name,
    gender: 'female',
    email: `${canaries.query}@example.org`,
  }
  assert.ok((await send('/api/v1/patients', { body: { ...form, birth_date: canaries.day }, bearer })) < 300)
  await send('/api/v1/patients', { body: { ...form, birth_date: canaries.birthDate, gender: canaries.text }, bearer })
  await send(at, { bearer: await token('data-scientist') })
}

async function throughRooms(): Promise<void> {
  const bearer = await token('admin')
  const triage = {
    symptoms: [canaries.text],
    text: `${canaries.family} has ${canaries.text}`,
    patient: canaries.record,
  }
  for (const body of [triage, { symptoms: ['fever'], age: canaries.text }, `{"symptoms": "${canaries.text}`]) {
    await send('/triage', { body, bearer })
    await send('/api/v1/triage', { body, bearer })
  }
  const interview = { symptoms: ['fever'], patient: canaries.record, complaint: canaries.text }
  await send('/triage/interviews', { body: interview, bearer })
  await send('/api/v1/explain/risk', { body: { patient: canaries.record }, bearer })
  assert.equal(await send('/triage', { body: { symptoms: ['咳嗽', '发烧'], age: 68, sex: 'female' }, bearer }), 200)
  await send('/explain', { body: { model: canaries.model, features: { [canaries.query]: canaries.text } }, bearer })
  await send('/explain', { body: { patient: canaries.family, note: canaries.text }, bearer })
  await send('/api/v1/federations', {
    body: { name: canaries.text, model: canaries.model, sites: [canaries.family] },
    bearer,
  })
  await send('/api/v1/private/contexts', { body: { context: canaries.token }, bearer })
  await send(`/v2/models/${canaries.model}/infer`, {
    body: { inputs: [{ name: 'x', datatype: 'BYTES', shape: [1], data: [canaries.text] }] },
    bearer,
  })
  await send('/cds-services/patient-view', {
    body: { hook: canaries.query, context: { patientId: canaries.record, note: canaries.text } },
    bearer,
  })
  await send(`/api/v1/risk/${canaries.family}`, { body: { note: canaries.text }, bearer })
}

async function throughImages(): Promise<void> {
  const bearer = await token('radiologist')
  const identity = {
    patientId: canaries.number,
    patientName: `${canaries.family}^${canaries.given}`,
    birthDate: canaries.day.replaceAll('-', ''),
  }
  const files = [...phantomFiles(createChestPhantom({ seed: 4, size: 64, slices: 3 }), identity)].map(({ bytes }) =>
    Buffer.from(bytes),
  )
  files[0]?.write(canaries.pixels, (files[0]?.length ?? 0) - 64, 'latin1')
  const parts = (all: readonly Uint8Array[]): Buffer =>
    Buffer.concat([
      ...all.flatMap((file) => [
        Buffer.from('--cut\r\nContent-Type: application/dicom\r\n\r\n'),
        file,
        Buffer.from('\r\n'),
      ]),
      Buffer.from('--cut--\r\n'),
    ])
  const type = 'multipart/related; type="application/dicom"; boundary=cut'
  assert.equal(await send('/dicom-web/studies', { body: parts(files), type, bearer }), 200)
  await send('/dicom-web/studies', {
    body: parts([Buffer.from(`DICM${canaries.pixels}${canaries.family}`)]),
    type,
    bearer,
  })
  await send(`/dicom-web/studies?PatientName=${canaries.family}&${canaries.query}=1`, { bearer })
  await send(`/dicom-web/studies/${canaries.family}/metadata`, { bearer })
}

async function throughTheDoor(): Promise<void> {
  await send('/fhir/Patient', { bearer: canaries.token })
  await send('/auth/sign-in', { body: { name: canaries.family, password: canaries.password } })
  await send('/auth/login', { body: { username: canaries.family, password: canaries.password } })
  await send(`/nowhere/${canaries.family}?${canaries.query}=${canaries.token}`)
  await send('/fhir/Patient', {
    headers: { cookie: `xinglin_session=${canaries.token}`, 'x-request-id': canaries.token.replaceAll('-', '_') },
  })
  await send(`/audit/events?patient=${canaries.record}`, { bearer: await token('compliance') })
  await send(`/audit/events?agent=${canaries.family}&entity=Patient/${canaries.record}`, {
    bearer: await token('compliance'),
  })
}

before(async () => {
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  held.folder = await mkdtemp(join(tmpdir(), 'xinglin-canary-'))
  await prepareFolder(held.folder)
  const ports = await freePorts()
  held.otlp = `http://127.0.0.1:${ports['OTLP_PORT']}`
  held.process = startServices([], held.folder, {
    ...ports,
    LOG_LEVEL: 'debug',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
    OTEL_METRIC_EXPORT_INTERVAL: '500',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_TRACES_SAMPLER_ARG: '1',
  })
  for (const stream of [held.process.child.stdout, held.process.child.stderr]) {
    stream?.on('data', (chunk: Buffer) => caught.log.push(chunk.toString('utf8')))
  }
  held.state = await untilReady([held.process], held.folder)
})

after(async () => {
  await held.process?.end('SIGTERM')
  receiver.close()
  receiver.closeAllConnections()
  await rm(held.folder, { recursive: true, force: true, maxRetries: 20 })
})

function absentFrom(what: string, text: string): void {
  const lines = text.split('\n')
  const found = Object.entries(canaries).flatMap(([name, word]) => {
    const line = lines.find((one) => one.toLowerCase().includes(word.toLowerCase()))
    return line === undefined ? [] : [`${name} in ${what}: ${line.slice(0, 400)}`]
  })
  assert.deepEqual(found, [])
}

test('words of people go into every room and come out in no log, trace, metric or stranger’s error', async () => {
  await throughRecords()
  await throughRooms()
  await throughImages()
  await throughTheDoor()
  const own = answers.length
  // What others are told afterwards.
  const bearer = await token('clinician')
  await send('/fhir/Patient/somebody-else', { bearer })
  await send('/fhir/Patient', { body: '{', type: 'application/fhir+json', bearer })
  await send('/triage', { body: {}, bearer })
  await send('/dicom-web/studies/1.2.3/metadata', { bearer })
  await send('/health/ready')
  for (const [address, what] of [
    [`${held.otlp}/metrics`, '/metrics'],
    [`${here().adminUrl}/metrics`, 'the admin port’s /metrics'],
  ] as const) {
    absentFrom(what, await (await fetch(address)).text())
  }
  await held.process?.end('SIGTERM') // the last spans and metrics are sent on the way out
  const log = caught.log.join('')
  const sent = caught.sent.join('\n')
  assert.ok(log.includes('"event":"http.request"') && log.includes('"level":"debug"'), 'the log is there')
  assert.ok(sent.includes('resourceSpans') && sent.includes('resourceMetrics'), 'spans and metrics were sent')
  for (const name of [
    'gateway',
    'patient',
    'emr',
    'triage',
    'imaging',
    'explain',
    'federated',
    'privacy',
    'inference',
    'audit',
    'pharmacy',
  ]) {
    assert.ok(sent.includes(`{"key":"service.name","value":{"stringValue":"${name}"}}`), `spans of ${name} were sent`)
  }
  absentFrom('the log', log)
  absentFrom('OTLP', sent)
  absentFrom(
    'what others are told',
    answers
      .slice(own)
      .map(({ body }) => body)
      .join('\n'),
  )
  absentFrom(
    'answers of our own failures',
    answers
      .filter(({ status }) => status >= 500)
      .map(({ body, sent: path }) => `${path}: ${body}`.slice(path.length + 2))
      .join('\n'),
  )
  assert.ok(
    answers.filter(({ status }) => status >= 200 && status < 300).length >= 8,
    'most of the good input was taken',
  )
})
