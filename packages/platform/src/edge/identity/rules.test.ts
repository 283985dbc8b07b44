// The pure rules: scopes within scopes, accounts, clients, passwords, keys in time, sealed values, pages that escape.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import fc from 'fast-check'
import { demandAccount, demandPassword } from './accounts/account.ts'
import { hashPassword, passwordFits } from './accounts/passwords.ts'
import { type Client, demandClient } from './clients/client.ts'
import { isDue, orderKeys } from './keys/signing-keys.ts'
import { redirectToIssuer, withConsent } from './own-request.ts'
import { scopeWords } from './pages/consent-page.ts'
import { signInPage } from './pages/sign-in-page.ts'
import { languageOf, wordsOf } from './pages/words.ts'
import { isWithin, levelOf, needsPatient } from './scopes.ts'
import { createSealing } from './sealing.ts'

function faults(work: () => void): readonly string[] {
  try {
    work()
    return []
  } catch (error) {
    assert.ok(error instanceof AppError)
    assert.equal(error.status, 422)
    return error.issues.map(({ expression }) => String(expression))
  }
}

test('a scope lies within another when level, type and every verb do', () => {
  const verbs = fc.subarray(['c', 'r', 'u', 'd', 's'], { minLength: 1 })
  fc.assert(
    fc.property(verbs, verbs, fc.boolean(), (asked, given, isAny) => {
      const allowed = [`patient/${isAny ? '*' : 'Observation'}.${given.join('')}`]
      const isAllowed = asked.every((verb) => given.includes(verb))
      assert.equal(isWithin(`patient/Observation.${asked.join('')}`, allowed), isAllowed)
      assert.equal(isWithin(`user/Observation.${asked.join('')}`, allowed), false)
      assert.equal(isWithin(`patient/*.${asked.join('')}`, allowed), isAllowed && isAny)
    }),
  )
  assert.ok(isWithin('patient/Patient.read', ['patient/*.rs']))
  assert.ok(!isWithin('patient/Patient.*', ['patient/*.rs']))
  for (const none of [
    'patient/*.',
    'patient/*.sr',
    'patient/observation.r',
    'launch',
    'Patient/*.r',
    'patient/*.r?x=y',
  ]) {
    assert.equal(levelOf(none), undefined, none)
  }
  assert.ok(needsPatient(['openid', 'patient/Observation.r']))
  assert.ok(!needsPatient(['openid', 'user/*.rs']))
})

test('an account names every faulty field at once', () => {
  const right = { username: 'he.li', name: '何丽 He Li', roles: ['clinician'] as const }
  assert.deepEqual(
    faults(() => demandAccount(right)),
    [],
  )
  assert.deepEqual(
    faults(() =>
      demandAccount({ ...right, username: ' x', name: '', roles: ['system'], patient: 'Patient/1', actor: 'me' }),
    ),
    ['username', 'name', 'roles', 'patient', 'actor'],
  )
  assert.deepEqual(
    faults(() => demandAccount({ ...right, roles: ['patient'] })),
    ['patient'],
  )
})

test('a password is long, not one character, and not the name', () => {
  assert.deepEqual(
    faults(() => demandPassword('five quiet herons', 'he.li')),
    [],
  )
  for (const weak of ['short one', 'a'.repeat(20), 'this is he.li speaking', 'x'.repeat(200)]) {
    assert.ok(faults(() => demandPassword(weak, 'he.li')).includes('password'), weak)
  }
})

test('a password fits its hash alone, however its letters were composed', async () => {
  const stored = await hashPassword('Crème brûlée für 杏林')
  assert.match(stored, /^argon2id\$19456,2,1\$/)
  assert.ok(await passwordFits('Crème brûlée für 杏林'.normalize('NFD'), stored))
  assert.ok(!(await passwordFits('creme brulee fur 杏林', stored)))
  assert.ok(!(await passwordFits('', undefined)))
})

test('a client names every faulty field at once', () => {
  const app: Client = {
    id: 'app',
    name: 'App',
    kind: 'public',
    redirectUris: ['https://app.example.org/after'],
    scopes: ['openid', 'launch/patient', 'patient/*.rs'],
    roles: [],
  }
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k' }
  const backend: Client = {
    ...{ ...app, kind: 'backend', redirectUris: [], scopes: ['system/*.rs'], roles: ['clinician'] },
    jwks: { keys: [jwk] },
  }
  for (const right of [app, backend])
    assert.deepEqual(
      faults(() => demandClient(right)),
      [],
    )
  const wrong: readonly (readonly [Client, string])[] = [
    [{ ...app, redirectUris: ['http://app.example.org/'] }, 'redirectUris'],
    [{ ...app, redirectUris: ['https://app.example.org/#x'] }, 'redirectUris'],
    [{ ...app, redirectUris: [] }, 'redirectUris'],
    [{ ...app, scopes: ['system/*.rs'] }, 'scopes'],
    [{ ...app, scopes: ['xinglin'] }, 'scopes'],
    [{ ...app, roles: ['admin'] }, 'roles'],
    [{ ...app, jwksUri: 'https://app.example.org/keys' }, 'jwks'],
    [{ ...backend, roles: ['system'] }, 'roles'],
    [{ ...backend, roles: [] }, 'roles'],
    [{ ...backend, jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k' }] } }, 'jwks'],
    [{ ...backend, jwks: { keys: [{ ...jwk, kid: undefined }] } }, 'jwks'],
    [{ ...backend, jwks: { keys: [{ kty: 'EC', crv: 'P-384', kid: 'k' }] } }, 'jwks'],
    [{ ...backend, jwks: { keys: [{ kty: 'RSA', n: 'A'.repeat(400), e: 'AQAB', kid: 'k' }] } }, 'jwks'],
    [{ ...backend, jwks: { keys: [{ ...jwk, alg: { a: 1 } }] } }, 'jwks'],
    [{ ...backend, redirectUris: ['https://x.example.org/'] }, 'redirectUris'],
  ]
  for (const [client, field] of wrong)
    assert.deepEqual(
      faults(() => demandClient(client)),
      [field],
      JSON.stringify(client),
    )
})

test('a key is published a day before it signs, and a day after the next one signs', () => {
  const at = (day: number) => new Date(Date.UTC(2026, 0, 1) + day * 86_400_000)
  const [first, second] = [{ createdAt: at(0) }, { createdAt: at(89) }]
  assert.ok(isDue(undefined, at(0), 90))
  assert.ok(!isDue(at(0), at(88), 90))
  assert.ok(isDue(at(0), at(89), 90))
  assert.deepEqual(orderKeys([first], at(0)), { inUse: [first], over: [] })
  assert.deepEqual(orderKeys([second, first], at(89.5)), { inUse: [first, second], over: [] })
  assert.deepEqual(orderKeys([second, first], at(90)), { inUse: [second, first], over: [] })
  assert.deepEqual(orderKeys([second, first], at(91)), { inUse: [second], over: [first] })
})

test('what is sealed is opened with the same secret, and not when touched', () => {
  const [one, other] = [createSealing(new Uint8Array(32).fill(1)), createSealing(new Uint8Array(32).fill(2))]
  const sealed = one.seal({ token: '杏' })
  assert.deepEqual(one.open(sealed), { token: '杏' })
  assert.equal(other.open(sealed), undefined)
  for (const at of [0, 15, sealed.length - 1]) {
    const touched = Buffer.from(sealed)
    touched[at] = (touched[at] ?? 0) ^ 1
    assert.equal(one.open(touched), undefined)
  }
  assert.equal(one.open(Buffer.alloc(3)), undefined)
  assert.ok(!one.hash('x').equals(other.hash('x')))
})

test('pages say in both languages what was put in as text, and nothing of it is HTML', () => {
  for (const language of ['en', 'zh'] as const) {
    const page = signInPage({ language, app: '<script>1</script>', path: '/oidc/interaction/x', username: '"><b>' })
    assert.doesNotMatch(page, /<script|<b>/)
    assert.match(page, /&lt;script&gt;/)
    assert.match(page, language === 'zh' ? /lang="zh-CN"><head>/ : /lang="en"><head>/)
    const say = wordsOf(language)
    assert.ok(scopeWords('patient/Observation.rs', say)?.includes('Observation'))
    assert.equal(scopeWords('launch/patient', say), undefined)
  }
  assert.equal(languageOf(undefined, undefined, 'fr, zh-CN;q=0.9, en;q=0.8'), 'zh')
  assert.equal(languageOf('en', 'zh-CN'), 'en')
  assert.equal(
    scopeWords('patient/*.cruds', wordsOf('en')),
    'read, add, change and delete all records of the chosen patient',
  )
  assert.equal(scopeWords('user/Observation.read', wordsOf('en')), 'read Observation that you may see yourself')
  assert.equal(
    scopeWords('user/Observation.write', wordsOf('en')),
    'add, change and delete Observation that you may see yourself',
  )
})

test('offline access asks for consent, and a launch begins at the public address', () => {
  assert.equal(
    withConsent('/oidc/auth?scope=openid%20offline_access'),
    '/oidc/auth?scope=openid%20offline_access&prompt=consent',
  )
  for (const same of [
    '/oidc/auth?scope=openid',
    '/oidc/auth?scope=offline_access&prompt=none',
    '/oidc/token?scope=offline_access',
  ]) {
    assert.equal(withConsent(same), same)
  }
  const request = (host: string) =>
    ({ headers: { host }, url: '/oidc/auth?a=b' }) as Parameters<typeof redirectToIssuer>[0]
  assert.equal(
    redirectToIssuer(request('localhost:8080'), 'http://127.0.0.1:8080'),
    'http://127.0.0.1:8080/oidc/auth?a=b',
  )
  assert.equal(redirectToIssuer(request('127.0.0.1:8080'), 'http://127.0.0.1:8080'), undefined)
})
