// What is kept in PostgreSQL: the last administrator stays, codes and assertions are of one use, another secret opens nothing.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import type { AccessToken } from 'oidc-provider'
import type { Caller } from '../../kernel/caller.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { OutboxEvent } from '../../kernel/ports.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createAccounts } from './accounts/accounts.ts'
import { insertAccount } from './accounts/store.ts'
import { createClients, secretHashOf } from './clients/clients.ts'
import { signingKeys } from './keys/signing-keys.ts'
import { createAdapter } from './provider/adapter.ts'
import { putLaunch } from './provider/artifacts.ts'
import { accessTokenClaims, activeAccount } from './provider/people.ts'
import { createSealing } from './sealing.ts'

const by: Caller = { subject: 'tester', name: 'Tester', roles: ['admin'], scopes: [], purpose: 'HOPERAT' }
const password = 'five quiet herons wading'
const told: OutboxEvent[] = []
const noted: string[] = []
const events = { publish: async (_tx: unknown, list: readonly OutboxEvent[]) => void told.push(...list) }
const audit = {
  append: async (_tx: unknown, list: readonly { readonly interaction: string }[]) =>
    void noted.push(...list.map(({ interaction }) => interaction)),
}

let database: TestDatabase

before(async () => {
  database = await testDatabase([{ schema: 'identity', folder: new URL('./sql/', import.meta.url) }])
})

after(() => database?.close())

const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : String(error))

test('two administrators cannot remove one another at the same time', async () => {
  const accounts = createAccounts({ sql: database.sql, events, audit })
  for (const username of ['ann', 'bea'])
    await accounts.add(by, { username, name: username, roles: ['admin'] }, password)
  const change = { roles: ['clinician'] as const, isEnabled: true }
  const outcomes = await Promise.allSettled(
    ['ann', 'bea'].map((username) => accounts.change(by, username, { ...change, name: username })),
  )
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  const [refused] = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.equal(codeOf(refused?.reason), 'conflict')
  assert.deepEqual(
    told.map(({ payload }) => payload['kind']),
    ['account'],
  )
  assert.deepEqual(noted.toSorted(), ['identity-user-add', 'identity-user-add', 'identity-user-change'])
})

test('a demo person exists only while the demo is on, a disabled one not at all', async () => {
  const { sql } = database
  await insertAccount(sql, { username: 'demo', name: 'Demo', roles: ['clinician'] }, { password: 'x', isDemo: true })
  assert.equal((await activeAccount({ sql, isDemo: true }, 'demo'))?.username, 'demo')
  assert.equal(await activeAccount({ sql, isDemo: false }, 'demo'), undefined)
  const accounts = createAccounts({ sql, events, audit })
  await accounts.change(by, 'demo', { name: 'Demo', roles: ['clinician'], isEnabled: false })
  assert.equal(await activeAccount({ sql, isDemo: true }, 'demo'), undefined)
})

test('a code is used once, an assertion is seen once, and another secret opens nothing', async () => {
  const { sql } = database
  const usedBefore = (model: string) => new Error(`used ${model}`)
  const adapterOf = (fill: number) =>
    createAdapter({ sql, events, usedBefore, sealing: createSealing(new Uint8Array(32).fill(fill)) })
  const codes = adapterOf(1)('AuthorizationCode')
  await codes.upsert('code-one', { grantId: 'g1', accountId: 'ann', clientId: 'app', jti: 'code-one' }, 60)
  const uses = await Promise.allSettled([
    codes.consume('code-one'),
    codes.consume('code-one'),
    codes.consume('code-one'),
  ])
  assert.equal(uses.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal(typeof (await codes.find('code-one'))?.consumed, 'number')
  assert.equal(await adapterOf(2)('AuthorizationCode').find('code-one'), undefined)
  const seen = adapterOf(1)('ReplayDetection')
  const twice = await Promise.allSettled([
    seen.upsert('jti-one', { jti: 'jti-one' }, 60),
    seen.upsert('jti-one', { jti: 'jti-one' }, 60),
  ])
  assert.deepEqual(twice.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  told.splice(0)
  await adapterOf(1)('Grant').destroy('g1')
  assert.equal(await codes.find('code-one'), undefined)
  assert.deepEqual(
    told.map(({ payload }) => payload),
    [{ kind: 'grant', id: 'g1' }],
  )
  const [row] = await sql.query<{ text: string }>({
    text: 'SELECT string_agg(a::text, $1) AS text FROM identity.artifact a',
    values: [' '],
  })
  assert.doesNotMatch(row?.text ?? '', /code-one|jti-one/)
})

test('a secret is told once and kept as a hash; keys are made once by all processes together', async () => {
  const { sql } = database
  const clients = createClients({ sql, events, audit })
  const app = { name: 'App', redirectUris: ['https://a.example.org/'], scopes: ['openid'], roles: [] }
  const { client, secret = '' } = await clients.add(by, { id: 'app', kind: 'confidential', ...app })
  assert.equal(client.secretHash, secretHashOf(secret))
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() }
  const sealing = createSealing(new Uint8Array(32).fill(1))
  const make = () => signingKeys({ sql, sealing, clock, log: silentLogger, keyDays: 90 })
  const [first, second] = await Promise.all([make(), make()])
  assert.deepEqual(
    first.map(({ kid }) => kid),
    second.map(({ kid }) => kid),
  )
  assert.deepEqual(
    first.map(({ alg }) => alg),
    ['RS256', 'ES256'],
  )
  const later = { ...clock, now: () => new Date(Date.now() + 89.5 * 86_400_000) }
  const overlapping = await signingKeys({ sql, sealing, clock: later, log: silentLogger, keyDays: 90 })
  assert.equal(overlapping.length, 4)
  assert.equal(overlapping[0]?.['kid'], first[0]?.['kid'])
})

test('a text that can be no client names none, whatever bytes it has', async () => {
  const sealing = createSealing(Buffer.alloc(32, 7))
  const adapter = createAdapter({ sql: database.sql, events, sealing, usedBefore: () => new Error('used') })
  for (const id of ['a\0b', '', 'x'.repeat(100_000), "a'; --"])
    assert.equal(await adapter('Client').find(id), undefined)
})

test('staff who are patients too are none where another patient is in context', async () => {
  const { sql } = database
  const both = { username: 'both', name: 'Both', roles: ['frontend', 'patient'], patient: 'own' } as const
  await insertAccount(sql, both, { password: 'x', isDemo: false })
  const claimsOf = async (patient: string, scope: string) => {
    const launch = { grantId: `${patient} ${scope}`, account: 'both', client: 'app', patient, scopes: [scope] }
    await putLaunch(sql, launch, 60)
    const token = { accountId: 'both', grantId: launch.grantId, scope } as unknown as AccessToken
    const { roles, patient: claimed } = await accessTokenClaims(
      { sql, isDemo: false, clock: systemClock, fhirBase: '' },
      token,
    )
    return [roles, claimed]
  }
  assert.deepEqual(await claimsOf('other', 'patient/*.rs'), [['frontend'], 'other'])
  assert.deepEqual(await claimsOf('own', 'patient/*.rs'), [['frontend', 'patient'], 'own'])
  assert.deepEqual(await claimsOf('other', 'user/*.rs'), [['frontend', 'patient'], 'own'])
})
