// The whole system as an attacker meets it: every role on every route, one patient's eyes on another's records, forged
// credentials, requests made through others, and what is left in the log.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { hmacToken, unsignedToken } from '../conformance/gateway/tokens.ts'
import { freePorts, type StartedSystem, startSystem } from '../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'

const staff = ['admin', 'clinician', 'radiologist', 'pharmacist'] as const
const roles = [...staff, 'frontend', 'compliance', 'operator', 'data-scientist', 'patient'] as const
type Who = (typeof roles)[number]

const credential = { key: 'attacker', secret: 'a secret that only the attacker and the gateway know' }
const canary = 'Geheimnis'
const birthDate = '1931-07-13'
const log: string[] = []
let folder: string
let system: StartedSystem

const tokenOf = (role: Who, patient = 'pat-a', claims = {}): string =>
  hmacToken(credential, { role, ...(role === 'patient' ? { patient } : {}), ...claims })

async function ask(token: string | undefined, method: string, path: string, body?: unknown) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  if (body !== undefined)
    headers['content-type'] = path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json'
  const sent = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  const answer = await fetch(`${system.state.gatewayUrl}${path}`, sent)
  return { status: answer.status, text: await answer.text() }
}

async function admin(method: string, path: string, body?: unknown): Promise<number> {
  const sent = { headers: { 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) }
  return (await fetch(`${system.state.adminUrl}${path}`, { method, ...sent })).status
}

const about = (id: string) => ({ reference: `Patient/${id}` })
const bundleOf = (type: string, urls: readonly string[]) => ({
  resourceType: 'Bundle',
  type,
  entry: urls.map((url) => ({ request: { method: 'GET', url } })),
})

/** Records of a patient, each with the canary where a text may stand. */
function recordsOf(id: string): readonly (Record<string, unknown> & { resourceType: string; id: string })[] {
  const text = `${canary} ${id}`
  const code = { text, coding: [{ system: 'urn:code', code: 'c' }] }
  const performer = [{ reference: 'Practitioner/dr' }]
  return [
    { resourceType: 'Patient', id, name: [{ family: text }], birthDate, generalPractitioner: performer },
    { resourceType: 'Observation', id: `o-${id}`, status: 'final', code, subject: about(id), performer },
    { resourceType: 'Condition', id: `c-${id}`, code, subject: about(id) },
    { resourceType: 'Device', id: `d-${id}`, patient: about(id), note: [{ text }] },
    {
      resourceType: 'Communication',
      id: `m-${id}`,
      status: 'completed',
      subject: about(id),
      payload: [{ contentString: text }],
    },
    { resourceType: 'List', id: `l-${id}`, status: 'current', mode: 'working', title: text, subject: about(id) },
  ]
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-security-'))
  await prepareFolder(folder)
  system = await startSystem(folder, { ...(await freePorts()), LOG_LEVEL: 'debug' })
  for (const stream of [system.child.stdout, system.child.stderr])
    stream?.on('data', (chunk) => log.push(String(chunk)))
  assert.equal(
    await admin('POST', '/consumers', { username: 'attacker', tags: roles.map((role) => `role:${role}`) }),
    201,
  )
  assert.equal(await admin('POST', '/consumers/attacker/jwt', credential), 201)
  const member = ['pat-a', 'pat-b'].map((id) => ({ entity: about(id) }))
  const all = [
    { resourceType: 'Practitioner', id: 'dr' },
    { resourceType: 'Group', id: 'g', type: 'person', actual: true, name: canary, member },
    ...recordsOf('pat-a'),
    ...recordsOf('pat-b'),
  ]
  const entry = all.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }))
  const made = await ask(tokenOf('admin'), 'POST', '/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
  assert.equal(made.status, 200, made.text)
})

after(async () => {
  await system?.stop()
  await rm(folder, { recursive: true, force: true })
})

const condition = { resourceType: 'Condition', code: { text: 'x' }, subject: about('pat-a') }
const person = {
  name: [{ use: 'official', family: 'A', given: ['B'] }],
  gender: 'male',
  birth_date: '2000-01-01',
  email: 'a@example.org',
}

/** Who gets through; all others are forbidden. Whoever brings no credential is a stranger everywhere. */
const matrix: readonly (readonly [string, string, unknown, readonly Who[]])[] = [
  ['GET', '/fhir/Condition?_count=1', undefined, [...staff, 'patient']],
  ['GET', '/fhir/Patient?_count=1', undefined, [...staff, 'frontend', 'patient']],
  ['GET', '/fhir/AuditEvent?_count=1', undefined, ['admin', 'compliance']],
  ['POST', '/fhir/Patient', { resourceType: 'Patient' }, ['admin', 'clinician', 'frontend']],
  ['POST', '/fhir/Condition', condition, ['admin', 'clinician']],
  ['POST', '/fhir/AuditEvent', { resourceType: 'AuditEvent' }, []],
  ['DELETE', '/fhir/Observation/none', undefined, ['admin', 'clinician', 'radiologist']],
  ['PUT', '/fhir/Condition/c-pat-a', { ...condition, id: 'c-pat-a' }, ['admin', 'clinician']],
  ['POST', '/api/v1/patients', person, ['admin', 'clinician', 'frontend']],
  ['GET', '/audit/state', undefined, ['admin', 'compliance']],
  ['GET', '/audit/events?_count=1', undefined, ['admin', 'compliance']],
  ['POST', '/audit/events/999999/$erase', { reason: 'by law' }, ['admin']],
]

describe('every role on every route', () => {
  for (const [method, path, body, allowed] of matrix) {
    test(`${method} ${path} is for ${allowed.join(', ') || 'nobody'}`, async () => {
      assert.equal((await ask(undefined, method, path, body)).status, 401)
      for (const role of roles) {
        const { status, text } = await ask(tokenOf(role), method, path, body)
        if (allowed.includes(role))
          assert.ok(status < 300 || status === 404, `${role}: ${status} ${text.slice(0, 200)}`)
        else assert.ok(status === 403 || (status === 422 && allowed.length === 0), `${role}: ${status}`)
      }
    })
  }
})

const types = ['Patient', 'Observation', 'Condition', 'Device', 'Communication', 'List', 'Group']
const probes: readonly string[] = [
  ...recordsOf('pat-b').flatMap(({ resourceType, id }) => [
    ...[`${resourceType}/${id}`, `${resourceType}/${id}/_history`, `${resourceType}/${id}/_history/1`],
    ...[`${resourceType}?_id=${id}`, `${resourceType}/${id}?_summary=text`, `Patient/pat-b/${resourceType}`],
  ]),
  ...types.flatMap((type) => [type, `${type}?_sort=_lastUpdated`, `${type}/_history`, `${type}?_elements=id`]),
  ...['', `?_type=${types.join(',')}`, '_history', 'Group/g', 'Patient/pat-a/Group', 'Practitioner/dr/Observation'],
  'Practitioner?_revinclude=Observation:performer&_revinclude=Patient:general-practitioner',
  'Practitioner?_revinclude=Patient:general-practitioner&_revinclude:iterate=Condition:subject',
  `Practitioner?_has:Patient:general-practitioner:family=${canary}%20pat-b`,
  'Practitioner?_has:Observation:performer:patient=pat-b',
  'Observation?patient=pat-b',
  'Observation?subject:Patient._id=pat-b&_include=*',
]

/** What an answer holds beside its own links, which repeat the question. */
const held = (text: string): string => text.replace(/"(?:url|diagnostics|detail|instance)":"(?:[^"\\]|\\.)*"/g, '')

describe('one patient asks for another', () => {
  test('no read, version, history, search, chain, include or compartment shows anything', async () => {
    const token = tokenOf('patient', 'pat-a')
    for (const probe of probes) {
      const { status, text } = await ask(token, 'GET', `/fhir/${probe}`)
      assert.ok(status < 500, `${probe}: ${status}`)
      assert.doesNotMatch(held(text), /pat-b/, probe)
    }
    const own = await ask(token, 'GET', '/fhir/Observation')
    assert.match(own.text, new RegExp(`${canary} pat-a`))
  })

  test('nor does a Bundle, an operation, the registration form or a page of another caller', async () => {
    const token = tokenOf('patient', 'pat-a')
    const batch = await ask(token, 'POST', '/fhir', bundleOf('batch', probes))
    assert.equal(batch.status, 200)
    assert.doesNotMatch(held(batch.text), /pat-b/)
    for (const url of ['Patient/pat-b', 'Observation/o-pat-b']) {
      assert.equal((await ask(token, 'POST', '/fhir', bundleOf('transaction', [url]))).status, 404)
    }
    for (const path of ['/fhir/Patient/pat-b/$everything', '/api/v1/patients/pat-b']) {
      assert.equal((await ask(token, 'GET', path)).status, 404, path)
    }
    assert.doesNotMatch(held((await ask(token, 'GET', '/fhir/Patient/$everything')).text), /pat-b/)
    const page = await ask(tokenOf('clinician'), 'GET', '/fhir/Observation?_count=1')
    const next = /"relation":"next","url":"[^"]*(\/fhir[^"]*)"/.exec(page.text)?.[1]
    assert.ok(next)
    assert.equal((await ask(token, 'GET', next)).status, 400)
  })

  test('no write reaches over, and none tells what is there', async () => {
    const token = tokenOf('patient', 'pat-a')
    const observation = (id: string, patient: string) => ({
      ...{ resourceType: 'Observation', id, status: 'final', code: { text: 'x' } },
      subject: about(patient),
    })
    const statuses = async (id: string) => [
      (await ask(token, 'PUT', `/fhir/Observation/${id}`, observation(id, 'pat-b'))).status,
      (await ask(token, 'DELETE', `/fhir/Observation/${id}`)).status,
      (await ask(token, 'PATCH', `/fhir/Observation/${id}`, [])).status,
    ]
    assert.deepEqual(await statuses('o-pat-b'), await statuses('nothing-here'))
    assert.equal((await ask(token, 'PUT', '/fhir/Observation/o-pat-a', observation('o-pat-a', 'pat-b'))).status, 403)
    assert.equal((await ask(token, 'PUT', '/fhir/Observation/o-pat-b', observation('o-pat-b', 'pat-a'))).status, 403)
    const kept = await ask(tokenOf('clinician'), 'GET', '/fhir/Observation/o-pat-b')
    assert.match(kept.text, /"versionId":"1"/)
  })
})

describe('forged and widened credentials', () => {
  test('no token but that of a credential, and no claim beyond its consumer', async () => {
    const wrong = { ...credential, secret: 'guessed' }
    const asked = (claims = {}, header = {}, by = credential) => hmacToken(by, { role: 'clinician', ...claims }, header)
    const refused = [
      ...[unsignedToken('attacker'), asked({}, {}, wrong), asked({ exp: 1 }), asked({ aud: 'x' }), asked({ nbf: 4e9 })],
      ...[asked({ exp: '9999999999' }), asked({}, { alg: 'HS384' }), 'x', 'a.b.c'],
    ]
    assert.equal((await ask(asked(), 'GET', '/fhir/Patient')).status, 200)
    for (const token of refused)
      assert.equal((await ask(token, 'GET', '/fhir/Patient')).status, 401, token.slice(0, 40))
    for (const claims of [
      { role: 'system' },
      { role: {} },
      { role: 'admin', scope: '' },
      { role: 'patient', patient: '../x' },
    ]) {
      assert.equal(
        (await ask(hmacToken(credential, claims), 'GET', '/fhir/Patient')).status,
        403,
        JSON.stringify(claims),
      )
    }
    const scoped = tokenOf('admin', undefined, { scope: 'user/Patient.rs' })
    for (const path of ['/fhir/Condition', '/audit/state']) assert.equal((await ask(scoped, 'GET', path)).status, 403)
  })

  test('the caller’s own headers say nothing, and a request has one meaning', async () => {
    const { hostname, port } = new URL(system.state.gatewayUrl)
    const raw = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => socket.end(text))
        let answer = ''
        socket.on('data', (chunk) => {
          answer += chunk
        })
        socket.on('error', reject)
        socket.on('close', () => resolve(answer))
      })
    const line = (path: string, ...more: string[]) =>
      [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...more, '', ''].join('\r\n')
    for (const name of ['X-Xinglin-Caller', 'X_Xinglin_Caller', 'X-Consumer-Username'])
      assert.match(await raw(line('/fhir/Patient', `${name}: admin`)), /^HTTP\/1.1 401/)
    for (const path of ['/fhir/../audit/state', '/fhir/%2e%2e/audit/state', '/fhir%2fPatient', '/fhir/Patient/%00'])
      assert.match(await raw(line(path)), /^HTTP\/1.1 400/, path)
    const both = line('/fhir/Patient', 'Content-Length: 5', 'Transfer-Encoding: chunked')
    assert.match(await raw(`${both}0\r\n\r\n`), /^HTTP\/1.1 400/)
  })
})

test('a health check of the registry cannot act at the admin port', async () => {
  const check = (path: string, more: object) => ({ HTTP: `${system.state.adminUrl}${path}`, Interval: '1s', ...more })
  const body = { Method: 'POST', Body: '{"username":"smuggled"}', Header: { 'Content-Type': ['application/json'] } }
  for (const [ID, Check] of [
    ['reads', check('/consumers/attacker/jwt', { Header: { 'Sec-Fetch-Site': ['none'] } })],
    ['writes', check('/consumers', body)],
  ] as const) {
    const payload = JSON.stringify({ ID, Name: ID, Check })
    const { registryUrl } = system.state
    assert.equal(
      (await fetch(`${registryUrl}/v1/agent/service/register`, { method: 'PUT', body: payload })).status,
      200,
    )
    for (let turn = 0; turn < 50; turn++) {
      const seen = await (await fetch(`${registryUrl}/v1/health/checks/${ID}`)).text()
      assert.doesNotMatch(seen, new RegExp(credential.secret))
      if (/HTTP (GET|POST)/.test(seen)) break
      await delay(100)
    }
  }
  assert.equal(await admin('GET', '/consumers/smuggled'), 404)
})

test('neither the log nor a refusal holds what is in the records, or a secret', async () => {
  await ask(tokenOf('clinician'), 'GET', `/fhir/Patient?family=${canary}&birthdate=${birthDate}`)
  await ask(tokenOf('clinician'), 'POST', '/fhir/Patient', {
    resourceType: 'Patient',
    birthDate: `${birthDate}x`,
    [canary]: 1,
  })
  await delay(200)
  const all = log.join('')
  assert.match(all, /http.request/)
  for (const secret of [canary, birthDate, credential.secret, 'eyJ', 'pat-b']) assert.ok(!all.includes(secret), secret)
})
