// Signing in to the console and out of it, as an attacker would: guesses, foreign pages, stolen and ended sessions.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type OwnGateway, startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { limitKeyOf } from '../proxy/client-address.ts'
import { demoPassword } from './personas.ts'
import { createSessions } from './sessions.ts'
import { findAccount } from './store.ts'

const shared: { own?: OwnGateway } = {}
const own = (): OwnGateway => {
  assert.ok(shared.own)
  return shared.own
}
before(async () => {
  shared.own = await startOwnGateway({ settings: { TRUSTED_PROXIES: '127.0.0.1' } })
})
after(() => shared.own?.close())

// Each test comes from an address of its own, so that none eats the tries of another.
const from = (address: string) => ({ 'x-forwarded-for': address })

async function signIn(body: unknown, headers: Record<string, string> = from('192.0.2.1')) {
  const answer = await fetch(`${own().url}/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const { csrfToken } = (await answer.json()) as { csrfToken?: string }
  const cookie = answer.headers.get('set-cookie') ?? ''
  return { status: answer.status, cookie, csrfToken: csrfToken ?? '', sent: cookie.split(';')[0] ?? '' }
}

const statusOf = async (method: string, path: string, headers: Record<string, string>): Promise<number> =>
  (await fetch(`${own().url}${path}`, { method, headers })).status

test('the cookie is out of reach of scripts and other sites, and never the one that was brought along', async () => {
  const planted = `xinglin_session=${'A'.repeat(43)}`
  const { status, cookie, sent } = await signIn({ persona: 'dr-chen' }, { ...from('192.0.2.2'), cookie: planted })
  assert.equal(status, 200)
  assert.match(cookie, /; HttpOnly; SameSite=Strict; Max-Age=\d+$/)
  assert.notEqual(sent, planted)
  assert.equal(await statusOf('GET', '/auth/session', { cookie: planted }), 401)
})

test('a change needs the token of the session in a header', async () => {
  const { sent, csrfToken } = await signIn({ persona: 'dr-chen' }, from('192.0.2.3'))
  const post = (more: Record<string, string>) => statusOf('POST', '/fhir/Patient', { cookie: sent, ...more })
  assert.equal(await post({}), 403)
  assert.equal(await post({ 'x-csrf-token': `${csrfToken}x` }), 403)
  assert.equal(await post({ 'x-csrf-token': csrfToken }), 200)
  assert.equal(await statusOf('POST', '/auth/sign-out', { cookie: sent }), 403)
})

test('a page of another site signs nobody in', async () => {
  const body = { username: 'dr-chen', password: demoPassword }
  for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
    assert.equal((await signIn(body, { ...from('192.0.2.4'), ...headers } as Record<string, string>)).status, 403)
  }
  assert.equal((await signIn(body, { ...from('192.0.2.4'), origin: own().url })).status, 200)
})

test('guesses are counted by name and by address; successes give back those of the name', async () => {
  const wrong = { username: 'admin', password: 'wrong' }
  const guess = (address: string) => signIn(wrong, from(address)).then(({ status }) => status)
  const guesses = await Promise.all(Array.from({ length: 8 }, () => guess('192.0.2.10')))
  assert.equal(guesses.filter((status) => status === 401).length, 5)
  assert.equal((await signIn({ username: 'admin', password: demoPassword }, from('192.0.2.10'))).status, 429)
  const elsewhere = await signIn({ username: 'admin', password: demoPassword }, from('192.0.2.30'))
  assert.equal(elsewhere.status, 200, 'who guesses from one place locks nobody out elsewhere')
  const spread = await Promise.all(Array.from({ length: 60 }, (_, n) => guess(`198.51.100.${n}`)))
  assert.ok(spread.filter((status) => status === 429).length >= 4, 'guesses from many places are counted together')
  for (let n = 0; n < 8; n++) {
    assert.equal((await signIn({ username: 'dr-lin', password: demoPassword }, from('192.0.2.31'))).status, 200)
  }
  const sprayed = await Promise.all(
    Array.from({ length: 24 }, (_, n) =>
      signIn({ username: `nobody-${n}`, password: 'x' }, from(`2001:db8:0:1::${n + 1}`)).then(({ status }) => status),
    ),
  )
  assert.equal(sprayed.filter((status) => status === 401).length, 20)
})

test('addresses of one IPv6 subscriber count as one', () => {
  const key = '2001:db8:0:0::/64'
  for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:5::', '2001:0db8:0000::abcd:1']) {
    assert.equal(limitKeyOf(address), key)
  }
  for (const address of ['2001:db8:0:1::1', '::1', '64:ff9b::192.0.2.1']) assert.notEqual(limitKeyOf(address), key)
  assert.equal(limitKeyOf('192.0.2.1'), '192.0.2.1')
})

test('an ended session ends at once, also for requests under way', async () => {
  const { sent, csrfToken } = await signIn({ persona: 'dr-lin' }, from('192.0.2.40'))
  assert.equal(await statusOf('GET', '/fhir/Patient', { cookie: sent }), 200)
  assert.equal(await statusOf('POST', '/auth/sign-out', { cookie: sent, 'x-csrf-token': csrfToken }), 204)
  assert.equal(await statusOf('GET', '/fhir/Patient', { cookie: sent }), 401)

  const sessions = createSessions({ sql: own().sql, clock: systemClock, log: silentLogger, isDemo: true })
  const account = await findAccount(own().sql, 'dr-lin')
  assert.ok(account)
  const { id } = await sessions.open(account)
  const [looking] = await Promise.all([sessions.find(id), sessions.end(id)])
  assert.equal(looking, undefined)
  assert.equal(await sessions.find(id), undefined)
})
