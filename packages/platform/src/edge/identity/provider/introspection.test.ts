// What introspection says of tokens as they are given, taken back and forged, over HTTP to a real provider on a database.
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Caller } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { createAccounts } from '../accounts/accounts.ts'
import { createClients } from '../clients/clients.ts'
import { ownRequest } from '../own-request.ts'
import { createSealing } from '../sealing.ts'
import { putLaunch } from './artifacts.ts'
import type { ProviderOptions } from './parts.ts'
import { createProviders } from './provider.ts'

type Body = Readonly<Record<string, unknown>>

const by: Caller = { subject: 'tester', name: 'Tester', roles: ['admin'], scopes: [], purpose: 'HOPERAT' }
const issuer = 'https://house.example.org'
const fhirBase = `${issuer}/fhir`
const told = {
  events: { publish: async () => undefined },
  audit: { append: async () => undefined, record: async () => undefined },
}
const redirectUris = ['https://app.example.org/after']
const scopes = ['openid', 'fhirUser', 'launch/patient', 'offline_access', 'patient/*.rs']
const clockAt = { aheadMs: 0 }
const clock = { ...systemClock, now: () => new Date(Date.now() + clockAt.aheadMs) }

const shared = {} as {
  database: TestDatabase
  server: Server
  base: string
  providers: ReturnType<typeof createProviders>
  secrets: Record<string, string>
}
const accounts = () => createAccounts({ sql: shared.database.sql, ...told })
const clients = () => createClients({ sql: shared.database.sql, ...told })

async function register(id: string, kind: 'public' | 'confidential'): Promise<void> {
  const { secret } = await clients().add(by, { id, name: id, kind, redirectUris, scopes, roles: [] })
  if (secret !== undefined) shared.secrets[id] = secret
}

before(async () => {
  const database = await testDatabase([{ schema: 'identity', folder: new URL('../sql/', import.meta.url) }])
  const secret = new Uint8Array(32).fill(7)
  const settings = { accessTokenSeconds: 300, refreshTokenDays: 30, sessionHours: 8, keyDays: 90 }
  const providers = createProviders({
    ...{ sql: database.sql, ...told, clock, log: silentLogger, secret, sealing: createSealing(secret) },
    ...{ settings, issuer, fhirBase, isDemo: false, allowsLinkLocal: false, isFirstParty: () => false },
    pages: { renderError: () => undefined },
  } as unknown as ProviderOptions)
  const server = createServer(async (request, response) => {
    const { handle } = await providers.current()
    await handle(ownRequest(request, issuer), response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  Object.assign(shared, { database, server, base, providers, secrets: {} })
  for (const id of ['ward-board', 'pharmacy-board']) await register(id, 'confidential')
  await register('growth-chart', 'public')
  const person = { username: 'he.li', name: 'He Li', roles: ['clinician'], actor: 'Practitioner/he-li' } as const
  await accounts().add(by, person, 'five quiet herons wading')
})
after(async () => {
  shared.server?.close()
  await shared.database?.close()
})

const basic = (id: string, secret = shared.secrets[id]): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

async function post(path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>) {
  const answer = await fetch(`${shared.base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  })
  const text = await answer.text()
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Body, headers: answer.headers }
}

const introspect = (token: string, headers = basic('ward-board'), more: Readonly<Record<string, string>> = {}) =>
  post('/oidc/token/introspection', { token, ...more }, headers)
const isActive = async (token: string): Promise<unknown> => (await introspect(token)).body['active']

/** What a launch of an app by a person ends with: an access token about a patient, and a refresh token. */
async function launched(clientId = 'ward-board') {
  const { provider } = await shared.providers.current()
  const client = await provider.Client.find(clientId)
  assert.ok(client !== undefined)
  const grant = new provider.Grant({ accountId: 'he.li', clientId })
  grant.addOIDCScope('openid fhirUser offline_access')
  grant.addResourceScope(fhirBase, 'patient/*.rs')
  const grantId = await grant.save()
  await putLaunch(shared.database.sql, { grantId, account: 'he.li', client: clientId, patient: 'li-si', scopes }, 600)
  const common = { accountId: 'he.li', client, grantId, gty: 'authorization_code' }
  const token = new provider.AccessToken({ ...common, scope: 'patient/*.rs' } as never)
  const jwt = { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } } as const
  Object.assign(token, {
    resourceServer: new provider.ResourceServer(fhirBase, { scope: 'patient/*.rs', audience: fhirBase, ...jwt }),
  })
  const refresh = new provider.RefreshToken({ ...common, scope: scopes.join(' ') } as never)
  return { access: await token.save(), refresh: await refresh.save(), grantId }
}

test('of an access token it says what was granted, to whom, until when, and about which patient', async () => {
  const { access } = await launched()
  const { status, body, headers } = await introspect(access)
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(headers.get('cache-control'), 'no-store')
  const { exp, iat, jti, ...rest } = body
  assert.equal(Number(exp) - Number(iat), 300)
  assert.equal(typeof jti, 'string')
  assert.deepEqual(rest, {
    ...{ active: true, token_type: 'Bearer', client_id: 'ward-board', iss: issuer, sub: 'he.li', aud: fhirBase },
    ...{ scope: 'openid fhirUser launch/patient offline_access patient/*.rs', patient: 'li-si' },
    fhirUser: `${fhirBase}/Practitioner/he-li`,
  })
  const other = await introspect(access, basic('pharmacy-board'), { token_type_hint: 'refresh_token' })
  assert.equal(other.body['active'], true, 'who holds a token may ask, whatever it takes it for')
})

test('it answers those alone who prove who they are', async () => {
  const { access } = await launched()
  const withoutSecret = await introspect(access, {}, { client_id: 'growth-chart' })
  assert.deepEqual([withoutSecret.status, withoutSecret.body['error']], [401, 'invalid_client'])
  for (const headers of [{}, basic('ward-board', 'guessed'), basic('nobody', 'x')]) {
    const { status, body } = await introspect(access, headers)
    assert.ok(status === 401 || status === 400, String(status))
    assert.equal(body['active'], undefined)
    assert.match(String(body['error']), /^invalid_(client|request)$/)
  }
  const { status, body } = await post('/oidc/token/introspection', {}, basic('ward-board'))
  assert.deepEqual([status, body['error']], [400, 'invalid_request'])
})

test('what is no token of ours, or none any more, is inactive without a reason', async () => {
  const { access } = await launched()
  const [head = '', body = '', signature = ''] = access.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Body
  const forged = (changes: Body): string => Buffer.from(JSON.stringify({ ...claims, ...changes })).toString('base64url')
  const { privateKey } = await generateKeyPair('ES256')
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { readonly kid: string }
  const byOther = new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
  const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
  const wrong = {
    'other claims': `${head}.${forged({ sub: 'admin' })}.${signature}`,
    'other key': await byOther.sign(privateKey),
    'no signature': `${none}.${body}.`,
    'not whole': access.slice(0, -10),
    'no token': 'abc',
    'no JSON': 'e30.e30.e30',
  }
  for (const [why, token] of Object.entries(wrong)) {
    const { status, body: answer } = await introspect(token)
    assert.deepEqual([status, answer], [200, { active: false }], why)
  }
  clockAt.aheadMs = 301_000
  assert.equal(await isActive(access), false, 'expired')
  clockAt.aheadMs = 0
  assert.equal(await isActive(access), true)
})

test('a refresh token is told of to its own app alone, and revoking it ends the access tokens of its grant', async () => {
  const { access, refresh } = await launched()
  const own = await introspect(refresh)
  assert.deepEqual([own.body['active'], own.body['client_id']], [true, 'ward-board'])
  assert.deepEqual((await introspect(refresh, basic('pharmacy-board'))).body, { active: false })
  const strange = await post('/oidc/token/revocation', { token: refresh }, basic('pharmacy-board'))
  assert.equal(strange.status, 200)
  assert.equal(await isActive(access), true, 'another app revokes nothing')
  assert.equal((await post('/oidc/token/revocation', { token: refresh }, basic('ward-board'))).status, 200)
  assert.equal(await isActive(refresh), false)
  assert.equal(await isActive(access), false)
})

test('a disabled person’s and a changed app’s tokens are inactive at once', async () => {
  const first = await launched()
  const change = { name: 'He Li', roles: ['clinician'], actor: 'Practitioner/he-li' } as const
  await accounts().change(by, 'he.li', { ...change, isEnabled: false })
  assert.equal(await isActive(first.access), false)
  await accounts().change(by, 'he.li', { ...change, isEnabled: true })
  assert.equal(await isActive(first.access), false, 'what was ended does not come back')
  const second = await launched('growth-chart')
  assert.equal(await isActive(second.access), true)
  const app = { id: 'growth-chart', name: 'Growth', kind: 'public', redirectUris, scopes, roles: [] } as const
  await clients().change(by, app, { isEnabled: true })
  assert.equal(await isActive(second.access), false)
})

test('a service’s token holds until the service is changed', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES384', use: 'sig' }] }
  const feed = { id: 'feed', name: 'Feed', kind: 'backend', redirectUris: [], roles: ['clinician'] } as const
  const client = { ...feed, scopes: ['system/Patient.rs'], jwks }
  await clients().add(by, client)
  const proof = async (): Promise<Readonly<Record<string, string>>> => {
    const claims = { iss: 'feed', sub: 'feed', aud: `${issuer}/oidc/token`, jti: `${performance.now()}` }
    const signing = new SignJWT(claims).setProtectedHeader({ alg: 'ES384', kid: 'k1' }).setIssuedAt()
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    return { client_assertion_type: type, client_assertion: await signing.setExpirationTime('2m').sign(privateKey) }
  }
  const wish = { grant_type: 'client_credentials', scope: 'system/Patient.rs' }
  const given = await post('/oidc/token', { ...wish, ...(await proof()) }, {})
  assert.equal(given.status, 200, JSON.stringify(given.body))
  const token = String(given.body['access_token'])
  const { body } = await introspect(token, {}, await proof())
  assert.deepEqual(
    [body['active'], body['client_id'], body['scope'], body['patient']],
    [true, 'feed', 'system/Patient.rs', undefined],
  )
  await clients().change(by, client, { isEnabled: true })
  assert.equal(await isActive(token), false)
})
