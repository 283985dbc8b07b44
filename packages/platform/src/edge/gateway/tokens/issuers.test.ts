// Tokens of issuers outside: their own keys and none other, the named algorithms, audience, times, roles; keys rotated; revoked.
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { createIssuers, type Issuers } from './issuers.ts'
import { parseTrustedIssuers } from './trusted-issuers.ts'

type Fields = Readonly<Record<string, unknown>>
type Made = {
  readonly kid: string
  readonly alg: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const issuer = 'https://idp.hospital.example.org/realms/house'
const now = Math.floor(Date.now() / 1000)
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const make = (alg: string, kid: string): Made => ({
  kid,
  alg,
  ...(alg.startsWith('ES')
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })),
})
const rsa = make('RS256', 'rsa-1')
const ec = make('ES256', 'ec-1')
const stranger = make('RS256', 'rsa-1')
const later = make('ES256', 'ec-2')

const published = { keys: [rsa, ec], body: undefined as string | undefined, requests: 0, status: 200 }
let server: Server
let jwksUrl: string

before(async () => {
  server = createServer((_request, response) => {
    published.requests += 1
    const keys = published.keys.map(({ publicKey, kid, alg }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg }))
    response.writeHead(published.status, { 'content-type': 'application/json' })
    response.end(published.body ?? JSON.stringify({ keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
})

after(() => server.close())

function issuers(more: Fields = {}, isRevoked = (_token: { readonly issuedAtMs: number }) => false): Issuers {
  const setting = {
    issuer,
    jwksUrl,
    audience: 'xinglin',
    roleClaim: 'realm_access.roles',
    roles: { arzt: 'clinician', mta: 'radiologist' },
    ...more,
  }
  return createIssuers({
    trusted: parseTrustedIssuers(JSON.stringify([setting])),
    call: () => () => Promise.reject(new Error('there is no identity service here')),
    revocations: { isRevoked },
    maxLifetimeSeconds: () => 3600,
  })
}

const usual = { iss: issuer, aud: 'xinglin', sub: 'chen', iat: now, exp: now + 300, realm_access: { roles: ['arzt'] } }

function token(key: Made, claims: Fields = {}, header: Fields = {}): string {
  const signed = `${encode({ alg: key.alg, kid: key.kid, ...header })}.${encode({ ...usual, scope: 'user/*.rs', ...claims })}`
  const signing = key.alg.startsWith('ES')
    ? ({ key: key.privateKey, dsaEncoding: 'ieee-p1363' } as const)
    : key.privateKey
  return `${signed}.${sign('sha256', Buffer.from(signed), signing).toString('base64url')}`
}

async function told(text: string, from: Issuers = issuers()) {
  try {
    const caller = await from.callerOf(text, now)
    return caller ?? 'not ours'
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
    return error.code
  }
}

test('a token of a trusted issuer makes a caller with our words for its roles', async () => {
  const roles = { realm_access: { roles: ['arzt', 'offline_access', 'system', 'pharmacist'] } }
  for (const key of [rsa, ec]) {
    assert.deepEqual(await told(token(key, { ...roles, name: 'Chen Wei', azp: 'his' })), {
      subject: 'chen@idp.hospital.example.org',
      name: 'Chen Wei via his',
      roles: ['clinician', 'pharmacist'],
      scopes: ['user/*.rs'],
      purpose: 'TREAT',
    })
  }
})

test('everything else is refused, and never with a word of why', async () => {
  const hmac = (secret: string): string => {
    const signed = `${encode({ alg: 'HS256', kid: 'rsa-1' })}.${encode(usual)}`
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
  }
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const refusals: Readonly<Record<string, string>> = {
    'another key of the same name': token(stranger),
    'no signature': `${token(rsa).split('.').slice(0, 2).join('.')}.`,
    'the algorithm none': `${encode({ alg: 'none' })}.${encode(usual)}.x`,
    'the public key as a secret': hmac(pem),
    'an algorithm that is not named': token(rsa, {}, { alg: 'RS512' }),
    'another audience': token(rsa, { aud: 'account' }),
    'no audience': token(rsa, { aud: undefined }),
    expired: token(rsa, { exp: now - 10 }),
    'not yet valid': token(rsa, { nbf: now + 60 }),
    'no expiry': token(rsa, { exp: undefined }),
    'a year long': token(rsa, { exp: now + 31_536_000 }),
    'no subject': token(rsa, { sub: undefined }),
    'an unknown critical header': token(rsa, {}, { crit: ['b64'], b64: false }),
  }
  for (const [why, text] of Object.entries(refusals)) {
    const outcome = await told(text)
    assert.ok(outcome === 'unauthenticated' || outcome === 'not ours', `${why}: ${JSON.stringify(outcome)}`)
  }
  assert.equal(await told(token(rsa, { realm_access: { roles: ['guest'] } })), 'forbidden')
  assert.equal(await told(token(rsa, { realm_access: { roles: ['patient'] } })), 'forbidden')
  assert.equal(await told(token(rsa, { patient: '../p2' })), 'forbidden')
  assert.equal(await told(token(rsa, { iss: 'https://elsewhere.example.org' })), 'not ours')
})

test('a token without SMART scopes opens no record, unless the issuer’s roles are to decide', async () => {
  const plain = { scope: 'openid email' }
  const strict = await told(token(rsa, plain))
  assert.ok(typeof strict === 'object')
  assert.deepEqual(strict.scopes, ['openid'])
  const loose = await told(token(rsa, plain), issuers({ scopesRequired: false }))
  assert.ok(typeof loose === 'object')
  assert.deepEqual(loose.scopes, [])
})

test('a new key is fetched when its id first comes; made-up ids make us ask only once', async () => {
  const from = issuers()
  assert.equal(typeof (await told(token(rsa), from)), 'object')
  const before = published.requests
  for (let count = 0; count < 20; count += 1) {
    assert.equal(await told(token({ ...rsa, kid: `made-up-${count}` }), from), 'unauthenticated')
  }
  assert.ok(published.requests - before <= 1, String(published.requests - before))
  published.keys = [rsa, ec, later]
  assert.equal(typeof (await told(token(later), issuers())), 'object')
})

test('a revoked token is refused although it is remembered', async () => {
  const revoked = { isSo: false }
  const from = issuers({}, () => revoked.isSo)
  const text = token(rsa, { sub: 'wu' })
  assert.equal(typeof (await told(text, from)), 'object')
  revoked.isSo = true
  assert.equal(await told(text, from), 'unauthenticated')
})

test('keys that cannot be had, are too large or no key set are said to be unavailable', async () => {
  published.status = 500
  assert.equal(await told(token(rsa), issuers()), 'unavailable')
  published.status = 200
  published.body = JSON.stringify({ keys: [], more: 'x'.repeat(300_000) })
  assert.equal(await told(token(rsa), issuers()), 'unavailable')
  published.body = undefined
  assert.equal(typeof (await told(token(rsa), issuers())), 'object')
})
