// Identity through the gateway of a running system: a SMART app launched by people, backend services, revocation, the console.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { type Browser, openBrowser, type Page } from '../packages/platform/src/cli/identity/browser.ts'
import {
  type App,
  askToken,
  assertion,
  backendFields,
  begin,
  exchange,
  returned,
} from '../packages/platform/src/cli/identity/smart-app.ts'
import { issueLocalToken } from '../packages/platform/src/cli/local.ts'
import { freePorts, type StartedSystem, startSystem } from '../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'
import { xinglin } from './xinglin.ts'

const password = 'apricot-grove'
const redirectUri = 'https://app.example.org/after'
const scope = 'openid fhirUser launch/patient offline_access patient/*.rs'
const publicApp: App = { clientId: 'growth-chart', redirectUri }

let folder: string
let system: StartedSystem
let settings: Record<string, string>
let base: string
let fhir: string
let admin: string
let keySets: Server | undefined

type Body = Readonly<Record<string, unknown>>

async function ask(path: string, token: string, init: { method?: string; body?: unknown; headers?: object } = {}) {
  const answer = await fetch(`${base}${path}`, {
    method: init.method ?? 'GET',
    headers: {
      authorization: `Bearer ${token}`,
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...init.headers,
    },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    signal: AbortSignal.timeout(60_000),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as Body }
}

async function register(client: Body): Promise<Body> {
  const fields = { redirectUris: [], roles: [], scopes: scope.split(' '), ...client }
  const { status, body } = await ask('/api/v1/identity/clients', admin, { method: 'POST', body: fields })
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

async function addPatient(id: string, family: string): Promise<void> {
  const patient = { resourceType: 'Patient', id, name: [{ family, given: ['San'] }], birthDate: '1990-01-01' }
  const headers = { 'content-type': 'application/fhir+json' }
  const { status } = await ask(`/fhir/Patient/${id}`, admin, { method: 'PUT', body: patient, headers })
  assert.ok(status === 201 || status === 200, String(status))
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-identity-'))
  await prepareFolder(folder)
  settings = { ...(await freePorts()), LOG_LEVEL: 'warn', XINGLIN_DATA: folder }
  system = await startSystem(folder, settings)
  base = system.state.gatewayUrl
  fhir = `${base}/fhir`
  admin = await issueLocalToken(system.state, { role: 'admin', subject: 'tester' })
  await addPatient('zhang-san', 'Zhang')
  await addPatient('li-si', 'Li')
  await register({ id: 'growth-chart', name: 'Growth Chart', kind: 'public', redirectUris: [redirectUri] })
})

after(async () => {
  keySets?.close()
  await system?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function signIn(browser: Browser, url: string, username: string, secret = password): Promise<Page> {
  const page = await browser.open(url)
  assert.match(page.text, /name="password"/, `${page.status} ${page.url} ${page.text.slice(-400)}`)
  return browser.submit(page, { username, password: secret, decision: 'sign-in' })
}

/** A whole launch; gives the tokens. */
async function launch(username: string, app: App = publicApp, patient?: string): Promise<Body> {
  const browser = openBrowser()
  const begun = await begin(fhir, app, { scope })
  const consent = await signIn(browser, begun.url, username)
  assert.equal(consent.status, 200, consent.text)
  const allowed = ['fhirUser', 'offline_access', 'patient/*.rs']
  const choice = patient === undefined ? {} : { patient }
  const end = await browser.submit(consent, { decision: 'allow', scope: allowed, ...choice })
  const answer = returned(end)
  assert.equal(answer.get('state'), begun.state, `${end.status} ${end.text.slice(-500)}`)
  assert.equal(answer.get('iss'), base)
  const code = answer.get('code')
  assert.ok(code !== null, String(answer))
  const { status, body } = await exchange(fhir, app, { code, verifier: begun.verifier })
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

test('discovery says what OpenID and SMART ask for', async () => {
  const read = async (path: string) => (await (await fetch(`${base}${path}`)).json()) as Body
  const openid = await read('/.well-known/openid-configuration')
  const smart = await read('/fhir/.well-known/smart-configuration')
  assert.equal(openid.issuer, base)
  assert.deepEqual(openid.code_challenge_methods_supported, ['S256'])
  assert.deepEqual(openid.token_endpoint_auth_signing_alg_values_supported, ['RS384', 'ES384'])
  const endpoints = ['authorization', 'token', 'revocation', 'introspection'].map((name) => `${name}_endpoint`)
  for (const field of ['issuer', 'jwks_uri', ...endpoints]) {
    assert.ok(typeof smart[field] === 'string' && smart[field].startsWith(base), field)
    assert.equal(smart[field], openid[field], field)
  }
  assert.ok((smart.capabilities as string[]).includes('launch-standalone'))
  const { keys } = await read('/oidc/jwks')
  assert.deepEqual(
    (keys as Body[]).map(({ alg, d }) => [alg, d]),
    [
      ['RS256', undefined],
      ['ES256', undefined],
    ],
  )
})

test('a patient launches an app, which reads this patient and nobody else', async () => {
  const tokens = await launch('zhang-san')
  assert.equal(tokens.patient, 'zhang-san')
  assert.equal(tokens.token_type, 'Bearer')
  assert.deepEqual(new Set(String(tokens.scope).split(' ')), new Set(scope.split(' ')))
  const identity = decodeJwt(String(tokens.id_token))
  assert.equal(identity.fhirUser, `${fhir}/Patient/zhang-san`)
  const access = String(tokens.access_token)
  assert.equal((await ask('/fhir/Patient/zhang-san', access)).status, 200)
  assert.equal((await ask('/fhir/Patient/li-si', access)).status, 404)
  const body = { resourceType: 'Patient', id: 'zhang-san', name: [{ family: 'X' }] }
  const headers = { 'content-type': 'application/fhir+json' }
  assert.equal((await ask('/fhir/Patient/zhang-san', access, { method: 'PUT', body, headers })).status, 403)
  assert.equal((await ask('/api/v1/identity/users', access)).status, 403)
  assert.equal((await ask('/fhir/Patient/zhang-san', String(tokens.id_token))).status, 401)
})

test('a clinician chooses the patient; the app is bound to this one', async () => {
  const browser = openBrowser()
  const begun = await begin(fhir, publicApp, { scope, ui_locales: 'zh-CN' })
  const consent = await signIn(browser, begun.url, 'dr-chen')
  assert.match(consent.text, /<html lang="zh-CN">/)
  const without = await browser.submit(consent, { decision: 'allow', scope: [] })
  assert.equal(without.status, 422)
  const found = await browser.open(`${consent.url.origin}${consent.url.pathname}?q=Zhang&lang=en`)
  assert.match(found.text, /value="zhang-san"/)
  const missing = await browser.submit(found, { decision: 'allow', scope: ['patient/*.rs'], patient: 'nobody-there' })
  assert.equal(missing.status, 422)
  const tokens = await launch('dr-chen', publicApp, 'li-si')
  assert.equal(tokens.patient, 'li-si')
  const access = String(tokens.access_token)
  assert.equal((await ask('/fhir/Patient/li-si', access)).status, 200)
  assert.equal((await ask('/fhir/Patient/zhang-san', access)).status, 404)
})

test('a refresh token works once; the second use ends everything given with it', async () => {
  const first = await launch('zhang-san')
  const refresh = (token: unknown) =>
    askToken(fhir, { grant_type: 'refresh_token', refresh_token: String(token) }, publicApp)
  const second = await refresh(first.refresh_token)
  assert.equal(second.status, 200, JSON.stringify(second.body))
  assert.notEqual(second.body.refresh_token, first.refresh_token)
  assert.equal(second.body.patient, 'zhang-san')
  const access = String(second.body.access_token)
  assert.equal((await ask('/fhir/Patient/zhang-san', access)).status, 200)
  const stolen = await refresh(first.refresh_token)
  assert.deepEqual([stolen.status, stolen.body.error], [400, 'invalid_grant'])
  assert.equal((await refresh(second.body.refresh_token)).status, 400)
  await untilRefused(access)
})

/** Waits until an access token is refused; gateways hear of it within moments, on a busy machine later. */
async function untilRefused(access: string): Promise<void> {
  const until = Date.now() + 20_000
  for (;;) {
    const { status } = await ask('/fhir/Patient/zhang-san', access)
    if (status === 401) return
    assert.ok(Date.now() < until, 'still accepted twenty seconds after it was revoked')
    await delay(20)
  }
}

test('PKCE, the audience, the address and the code are demanded as they were', async () => {
  const at = async (more: Readonly<Record<string, string>>, app: App = publicApp) =>
    returned(await openBrowser().open((await begin(fhir, app, { scope, ...more })).url)).get('error')
  assert.equal(await at({ code_challenge_method: 'plain' }), 'invalid_request')
  assert.equal(await at({ code_challenge: '' }), 'invalid_request')
  assert.equal(await at({ aud: 'https://elsewhere.example.org/fhir' }), 'invalid_request')
  assert.equal(await at({ launch: 'xyz' }), 'invalid_request')
  assert.equal(await at({ scope: `${scope} xinglin` }), 'invalid_scope')
  assert.equal(await at({ response_type: 'token' }), 'unsupported_response_type')
  const foreign = await openBrowser().open(
    (await begin(fhir, { ...publicApp, redirectUri: 'https://evil.example.org/' }, { scope })).url,
  )
  assert.deepEqual([foreign.status, foreign.headers.get('location')], [400, null])
  assert.match(foreign.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  const browser = openBrowser()
  const begun = await begin(fhir, publicApp, { scope })
  const consent = await signIn(browser, begun.url, 'zhang-san')
  const code = returned(await browser.submit(consent, { decision: 'allow', scope: ['patient/*.rs'] })).get('code') ?? ''
  const wrong = await exchange(fhir, publicApp, { code, verifier: 'x'.repeat(43) })
  assert.deepEqual([wrong.status, wrong.body.error], [400, 'invalid_grant'])
  const denied = openBrowser()
  const again = await signIn(denied, (await begin(fhir, publicApp, { scope })).url, 'zhang-san')
  assert.equal(returned(await denied.submit(again, { decision: 'deny' })).get('error'), 'access_denied')
})

async function introspect(token: string, { clientId, secret }: App): Promise<Body> {
  const fields = { token, ...(secret === undefined ? { client_id: clientId } : {}) }
  const basic = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
  const answer = await fetch(`${base}/oidc/token/introspection`, {
    method: 'POST',
    ...(secret === undefined ? {} : { headers: { authorization: basic } }),
    body: new URLSearchParams(fields),
  })
  return (await answer.json()) as Body
}

test('a confidential app proves itself by its secret, and a new one ends the old', async () => {
  const made = await register({
    id: 'ward-board',
    name: 'Ward Board',
    kind: 'confidential',
    redirectUris: [redirectUri],
  })
  const app: App = { clientId: 'ward-board', redirectUri, secret: String(made.secret) }
  const tokens = await launch('zhang-san', app)
  const state = await introspect(String(tokens.access_token), app)
  assert.deepEqual([state.active, state.client_id, state.patient], [true, 'ward-board', 'zhang-san'])
  assert.deepEqual(new Set(String(state.scope).split(' ')), new Set(String(tokens.scope).split(' ')))
  assert.equal(state.fhirUser, decodeJwt(String(tokens.id_token)).fhirUser)
  assert.equal((await introspect(String(tokens.access_token), publicApp)).error, 'invalid_client')
  const fields = { grant_type: 'refresh_token', refresh_token: String(tokens.refresh_token) }
  assert.equal((await askToken(fhir, fields, { ...app, secret: 'guessed' })).status, 401)
  const renewed = await ask('/api/v1/identity/clients/ward-board/secret', admin, { method: 'POST' })
  assert.equal(renewed.status, 200)
  assert.equal((await askToken(fhir, fields, app)).status, 401)
  await untilRefused(String(tokens.access_token))
})

test('a backend service gets its token by a signed assertion of one use', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES384', use: 'sig' }
  await register({
    id: 'registry-feed',
    name: 'Registry feed',
    kind: 'backend',
    scopes: ['system/Patient.rs'],
    roles: ['clinician'],
    jwks: { keys: [jwk] },
  })
  const key = { privateKey, kid: 'k1' }
  const claims = { iss: 'registry-feed', sub: 'registry-feed', aud: `${base}/oidc/token` }
  const get = (signed: string, wish = 'system/Patient.rs') => askToken(fhir, backendFields(signed, wish))
  const signed = assertion(claims, key)
  const given = await get(signed)
  assert.equal(given.status, 200, JSON.stringify(given.body))
  assert.equal(given.body.scope, 'system/Patient.rs')
  assert.equal(given.body.refresh_token, undefined)
  const access = String(given.body.access_token)
  assert.equal((await ask('/fhir/Patient?name=Zhang', access)).status, 200)
  assert.equal((await ask('/fhir/Observation', access)).status, 403)
  const refusals: Readonly<Record<string, string>> = {
    'used before': signed,
    'other key': assertion(claims, { ...key, privateKey: other.privateKey }),
    'wrong audience': assertion({ ...claims, aud: 'https://elsewhere.example.org/token' }, key),
    expired: assertion({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 }, key),
    'far ahead': assertion({ ...claims, exp: Math.floor(Date.now() / 1000) + 3600 }, key),
    'other subject': assertion({ ...claims, sub: 'growth-chart' }, key),
    'no algorithm': `${Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url')}.${signed.split('.')[1]}.`,
  }
  for (const [why, wrong] of Object.entries(refusals)) {
    const { status, body } = await get(wrong)
    assert.deepEqual([status, body.error], [401, 'invalid_client'], `${why}: ${JSON.stringify(body)}`)
  }
  const beyond = await get(assertion(claims, key), 'system/*.cruds')
  assert.deepEqual([beyond.status, beyond.body.error], [400, 'invalid_scope'])
  const { body: rsa } = await get(assertion({ ...claims, iss: 'rsa-feed', sub: 'rsa-feed' }, await rsaFeed()))
  assert.equal((await ask('/fhir/Patient?name=Zhang', String(rsa.access_token))).status, 200, JSON.stringify(rsa))
  const twice = assertion(claims, key)
  const both = await Promise.all([get(twice), get(twice)])
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 401])
})

// A service whose RSA key is found at an address of its own.
async function rsaFeed() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'r1', alg: 'RS384', use: 'sig' }]
  keySets = createServer((_request, response) => response.end(JSON.stringify({ keys })))
  await new Promise<void>((resolve) => keySets?.listen(0, '127.0.0.1', resolve))
  const { port } = keySets.address() as AddressInfo
  const fields = { scopes: ['system/Patient.rs'], roles: ['clinician'], jwksUri: `http://127.0.0.1:${port}/jwks` }
  await register({ id: 'rsa-feed', name: 'RSA feed', kind: 'backend', ...fields })
  return { privateKey, kid: 'r1' }
}

test('a page may call the token endpoint from the origin of its app alone', async () => {
  const from = async (origin: string) => {
    const answer = await fetch(`${base}/oidc/token`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=authorization_code&client_id=growth-chart&code=x&code_verifier=y&redirect_uri=z',
    })
    return [answer.status, answer.headers.get('access-control-allow-origin')]
  }
  assert.deepEqual(await from('https://app.example.org'), [400, 'https://app.example.org'])
  assert.deepEqual((await from('https://evil.example.org'))[1], null)
})

test('a disabled user’s tokens and sessions end', async () => {
  const secret = 'five quiet herons wading'
  const user = { username: 'nurse-he', name: 'He Li', roles: ['clinician'], password: secret }
  const made = await ask('/api/v1/identity/users', admin, { method: 'POST', body: user })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const browser = openBrowser()
  const console = await signIn(browser, `${base}/auth/oidc/sign-in`, 'nurse-he', secret)
  assert.match(console.url.pathname, /^\/app\//, `${console.status} ${console.url}`)
  const session = async () => JSON.parse((await browser.open(`${base}/auth/session`)).text) as Body
  assert.deepEqual(((await session()).caller as Body).roles, ['clinician'])
  const app: App = publicApp
  const other = openBrowser()
  const begun = await begin(fhir, app, { scope })
  const consent = await signIn(other, begun.url, 'nurse-he', secret)
  const end = await other.submit(consent, { decision: 'allow', scope: ['patient/*.rs'], patient: 'zhang-san' })
  const code = returned(end).get('code') ?? ''
  const { body: tokens } = await exchange(fhir, app, { code, verifier: begun.verifier })
  const access = String(tokens.access_token)
  assert.equal((await ask('/fhir/Patient/zhang-san', access)).status, 200)
  const change = { name: 'He Li', roles: ['clinician'], enabled: false }
  const stale = await ask('/api/v1/identity/users/nurse-he', admin, {
    method: 'PUT',
    body: change,
    headers: { 'if-match': 'W/"99"' },
  })
  assert.equal(stale.status, 412)
  assert.equal((await ask('/api/v1/identity/users/nurse-he', admin, { method: 'PUT', body: change })).status, 200)
  await untilRefused(access)
  assert.equal((await browser.open(`${base}/auth/session`)).status, 401)
  const refused = await signIn(openBrowser(), (await begin(fhir, app, { scope })).url, 'nurse-he', secret)
  assert.equal(refused.status, 401)
})

test('users and clients are administered from the command line', async () => {
  const run = (...words: string[]) => xinglin(words, settings)
  const client = ['notes', '--name', 'Notes', '--kind', 'confidential', '--redirect', redirectUri]
  const [added, twice, registered] = await Promise.all([
    run('user', 'add', 'wang-wu', '--name', 'Wang Wu', '--role', 'pharmacist,clinician'),
    run('user', 'add', 'dr-chen', '--name', 'Chen', '--role', 'pharmacist'),
    run('client', 'add', ...client, '--scope', 'openid,user/*.rs'),
  ])
  assert.equal(added.code, 0, added.err)
  const [, made = ''] = /told this once: (\S+)/.exec(added.out) ?? []
  const page = await signIn(openBrowser(), `${base}/auth/oidc/sign-in`, 'wang-wu', made)
  assert.match(page.url.pathname, /^\/app\//)
  const { body } = await ask('/api/v1/identity/users?q=wang', admin)
  assert.deepEqual(
    (body.users as Body[]).map(({ username, roles }) => [username, roles]),
    [['wang-wu', ['pharmacist', 'clinician']]],
  )
  assert.equal(twice.code, 1)
  assert.match(twice.err, /already/)
  assert.match(registered.out, /Secret, told this once: \S{43}/)
})

test('guessing a password is bounded, and the page says how long to wait', async () => {
  const browser = openBrowser()
  const page = await browser.open((await begin(fhir, publicApp, { scope })).url)
  const statuses: number[] = []
  for (let count = 0; count < 7; count += 1) {
    const answer = await browser.submit(page, { username: 'dr-lin', password: `guess ${count}`, decision: 'sign-in' })
    statuses.push(answer.status)
  }
  assert.deepEqual(statuses.slice(0, 5), [401, 401, 401, 401, 401])
  assert.deepEqual(statuses.slice(5), [429, 429])
})
