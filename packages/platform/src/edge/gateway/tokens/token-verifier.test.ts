// Tokens: every algorithm with its own key and none other, times, audiences, sizes; a new state forgets what it knew.
import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import fc from 'fast-check'
import { hmacToken, nowSeconds, signedToken, unsignedToken } from '../../../../../../conformance/gateway/tokens.ts'
import { emptyState, type KongConsumer, type KongJwtSecret, type KongState } from '../kong/entities.ts'
import { createTokenVerifier, type TokenRules } from './token-verifier.ts'

const rules: TokenRules = {
  isExpiryRequired: true,
  isNotBeforeRequired: false,
  maxLifetimeSeconds: 3600,
  audience: 'xinglin',
  keyClaim: 'iss',
  isSecretBase64: false,
}
const times = { created_at: 1, updated_at: 1 }
const consumer: KongConsumer = { id: 'c1', username: 'lab', custom_id: null, tags: ['role:clinician'], ...times }
const other: KongConsumer = { ...consumer, id: 'c2', username: 'shop', tags: null }

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function credential(key: string, algorithm: string, more: Partial<KongJwtSecret> = {}): KongJwtSecret {
  const base = { id: key, consumer: { id: 'c1' }, key, secret: `secret of ${key}`, rsa_public_key: null, tags: null }
  return { ...base, ...times, algorithm, ...more }
}

const hs = credential('hs-key', 'HS256')
const rs = credential('rs-key', 'RS256', { rsa_public_key: pem(rsa.publicKey) })
const es = credential('es-key', 'ES256', { rsa_public_key: pem(ec.publicKey) })
const shop = credential('shop-key', 'HS256', { consumer: { id: 'c2' } })
const state: KongState = { ...emptyState, consumers: [consumer, other], jwt_secrets: [hs, rs, es, shop] }
const verifier = createTokenVerifier(state)

const rsToken = (claims = {}) => signedToken({ key: 'rs-key', algorithm: 'RS256', privateKey: rsa.privateKey }, claims)
const esToken = (claims = {}) => signedToken({ key: 'es-key', algorithm: 'ES256', privateKey: ec.privateKey }, claims)

function fault(token: string, changed: Partial<TokenRules> = {}, at = nowSeconds()): unknown {
  try {
    verifier.verify(token, { ...rules, ...changed }, at)
    return undefined
  } catch (error) {
    assert.ok(error instanceof AppError)
    // What is told does not depend on the reason.
    if (error.code === 'unauthenticated') assert.equal(error.message, 'The token is not valid; get a new one')
    return error.cause
  }
}

test('HS256, RS256 and ES256 tokens name their consumer', () => {
  for (const token of [hmacToken(hs), rsToken(), esToken()]) {
    const { consumer: found, caller } = verifier.verify(token, rules, nowSeconds())
    assert.equal(found.username, 'lab')
    assert.deepEqual(caller.roles, ['clinician'])
    assert.ok(Object.isFrozen(caller) && Object.isFrozen(caller.roles))
  }
})

test('a public key never serves as a shared secret, nor one algorithm for another', () => {
  const confused = hmacToken({ key: 'rs-key', secret: rs.rsa_public_key ?? '' })
  assert.equal(fault(confused), 'signature')
  assert.equal(fault(hmacToken(hs, {}, { alg: 'HS512' })), 'signature')
  assert.equal(fault(signedToken({ key: 'hs-key', algorithm: 'RS256', privateKey: rsa.privateKey })), 'signature')
  assert.equal(fault(signedToken({ key: 'rs-key', algorithm: 'ES256', privateKey: ec.privateKey })), 'signature')
})

test('a token without signature is none, however it spells it', () => {
  for (const algorithm of ['none', 'None', 'NONE', 'HS256'])
    assert.equal(fault(unsignedToken('hs-key', algorithm)), 'malformed')
  assert.equal(fault(`${unsignedToken('hs-key')}AA`), 'signature')
})

test('the secret of another consumer does not open this one', () => {
  assert.equal(fault(hmacToken({ key: 'hs-key', secret: shop.secret })), 'signature')
  assert.equal(fault(hmacToken({ key: 'nobody', secret: 'x' })), 'unknown-key')
  assert.equal(fault(hmacToken({ key: '__proto__', secret: 'x' })), 'unknown-key')
})

test('times are numbers and are obeyed, with five seconds for clocks', () => {
  const now = nowSeconds()
  assert.equal(fault(hmacToken(hs, { exp: now - 6 })), 'expired')
  assert.equal(fault(hmacToken(hs, { exp: now - 3 })), undefined)
  assert.equal(fault(hmacToken(hs, { nbf: now + 30 })), 'not-yet')
  assert.equal(fault(hmacToken(hs, { iat: now + 30 })), 'issued-later')
  assert.equal(fault(hmacToken(hs, { exp: undefined })), 'no-exp')
  assert.equal(fault(hmacToken(hs), { isNotBeforeRequired: true }), 'no-nbf')
  assert.equal(fault(hmacToken(hs, { exp: now + 7200 })), 'too-long')
  for (const exp of ['9999999999', null, [], {}, true, -1]) assert.equal(fault(hmacToken(hs, { exp })), 'claim-type')
})

test('a remembered token expires all the same', () => {
  const token = hmacToken(hs)
  assert.equal(fault(token), undefined)
  assert.equal(fault(token, {}, nowSeconds() + 120), 'expired')
})

test('a token for another audience is not for us', () => {
  assert.equal(fault(hmacToken(hs, { aud: 'elsewhere' })), 'audience')
  assert.equal(fault(hmacToken(hs, { aud: ['elsewhere', 'xinglin'] })), undefined)
  assert.equal(fault(hmacToken(hs, { aud: 7 })), 'audience')
})

test('claims narrow what the consumer may and never widen it', () => {
  assert.equal(fault(hmacToken(hs, { role: 'admin' })), 'role')
  assert.equal(fault(hmacToken(hs, { patient: '../x' })), 'patient')
  for (const role of [5, {}, [], [5], '', true]) assert.equal(fault(hmacToken(hs, { role })), 'role')
  for (const scope of [5, {}, [], [5], '', '  ']) assert.equal(fault(hmacToken(hs, { scope })), 'scope')
  const { caller } = verifier.verify(hmacToken(shop, { role: 'clinician frontend' }), rules, nowSeconds())
  assert.deepEqual(caller.roles, ['frontend'])
})

test('a consumer bound to a patient is that patient, unless its tags name a role', () => {
  const callerWith = (tags: readonly string[]) => {
    const bound = createTokenVerifier({ ...state, consumers: [{ ...other, tags }] })
    const { roles, patient } = bound.verify(hmacToken(shop), rules, nowSeconds()).caller
    return [roles, patient]
  }
  assert.deepEqual(callerWith(['patient:p1']), [['patient'], 'p1'])
  assert.deepEqual(callerWith(['patient:p1', 'role:clinician']), [['clinician'], 'p1'])
})

test('huge and malformed texts are refused without being read', () => {
  const [head, body, mac] = hmacToken(hs).split('.')
  const odd = [
    '',
    '.',
    '..',
    'a.b',
    'a.b.c.d',
    `${head}.${body}.`,
    `${head}. .${mac}`,
    `${head}.${body}.${mac}.x`,
    'ü.ü.ü',
  ]
  for (const text of [...odd, 'x'.repeat(1_000_000), `${head}.${'A'.repeat(9000)}.${mac}`])
    assert.equal(fault(text), 'malformed', text.slice(0, 40))
  assert.equal(fault(hmacToken(hs, {}, { crit: ['exp'] })), 'malformed')
})

test('any change of a token makes it another one', () => {
  const token = hmacToken(hs)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const change = fc.record({ at: fc.nat(token.length - 2), to: fc.constantFrom(...alphabet) })
  fc.assert(
    fc.property(change, ({ at, to }) => {
      fc.pre(token[at] !== to && token[at] !== '.')
      assert.notEqual(fault(`${token.slice(0, at)}${to}${token.slice(at + 1)}`), undefined)
    }),
    { seed: 5, numRuns: 300 },
  )
})

test('keys rotate: both open while both are defined, the old one not a moment longer', () => {
  const fresh = credential('hs-key-2', 'HS256')
  const both = createTokenVerifier({ ...state, jwt_secrets: [hs, fresh] })
  for (const one of [hs, fresh]) assert.equal(both.verify(hmacToken(one), rules, nowSeconds()).consumer.id, 'c1')
  const after = createTokenVerifier({ ...state, jwt_secrets: [fresh] })
  assert.throws(() => after.verify(hmacToken(hs), rules, nowSeconds()))
})
