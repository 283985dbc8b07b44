// Laws of keys and sessions: against a model, indexes that never go backwards, wake-ups, sessions that run out.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import type { KeyEntry } from '../../../../../conformance/registry/chapters/check.ts'
import { startOwnRegistry } from '../../../../../conformance/registry/own-registry.ts'
import { until } from '../../../../../conformance/registry/registry-client.ts'

const own = await startOwnRegistry({
  extra: {
    timing: { sweepEveryMs: 40, leaseMs: 800, memoryMs: 1, forgivenGapMs: 60_000 },
    shortest: { sessionTtlMs: 1 },
  },
})
after(() => own.close())
const { client } = own

const keyNames = ['a', 'a/', 'a/b', 'a/b/c', 'ab', 'b', '值', 'A%', 'a b', 'a_b'] as const
const path = (key: string): string => `/v1/kv/${key.split('/').map(encodeURIComponent).join('/')}`

type Step =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'cas'; readonly key: string; readonly value: string; readonly isRight: boolean }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'delete-all'; readonly prefix: string }

const key = fc.constantFrom(...keyNames)
const value = fc.constantFrom('', '1', '2', '三')
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value }),
  fc.record({ kind: fc.constant('cas' as const), key, value, isRight: fc.boolean() }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('delete-all' as const), prefix: fc.constantFrom('a', 'a/', 'b', '值') }),
)

async function indexOf(name: string): Promise<number> {
  const answer = await client.get(path(name))
  return answer.status === 404 ? 0 : (answer.json<readonly KeyEntry[]>()[0]?.ModifyIndex ?? 0)
}

async function apply(step: Step, model: Map<string, string>): Promise<void> {
  switch (step.kind) {
    case 'put':
      assert.equal((await client.put(path(step.key), step.value)).text, 'true')
      model.set(step.key, step.value)
      return
    case 'cas': {
      const index = (await indexOf(step.key)) + (step.isRight ? 0 : 1)
      assert.equal((await client.put(`${path(step.key)}?cas=${index}`, step.value)).text, String(step.isRight))
      if (step.isRight) model.set(step.key, step.value)
      return
    }
    case 'delete':
      assert.equal((await client.delete(path(step.key))).text, 'true')
      model.delete(step.key)
      return
    case 'delete-all':
      await client.delete(`${path(step.prefix)}?recurse`)
      for (const name of [...model.keys()]) if (name.startsWith(step.prefix)) model.delete(name)
      return
    default:
      return step satisfies never
  }
}

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other))

async function read(prefix: string): Promise<{ readonly index: number; readonly found: ReadonlyMap<string, string> }> {
  const answer = await client.get(`${path(prefix)}?recurse`)
  const entries = answer.status === 404 ? [] : answer.json<readonly KeyEntry[]>()
  const found = new Map(entries.map(({ Key, Value }) => [Key, Buffer.from(Value ?? '', 'base64').toString()]))
  return { index: answer.index, found }
}

describe('keys', () => {
  test('hold what a plain map holds after any steps, and no index goes backwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 12 }), async (all) => {
        await client.delete('/v1/kv/?recurse')
        const model = new Map<string, string>()
        const seen = new Map<string, number>()
        for (const step of all) {
          await apply(step, model)
          for (const prefix of ['', 'a', 'a/']) {
            const { index, found } = await read(prefix)
            const expected = [...model].filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => byBytes(a, b))
            assert.deepEqual([...found], expected)
            assert.ok(index >= (seen.get(prefix) ?? 0), 'the index of a prefix went backwards')
            seen.set(prefix, index)
          }
        }
      }),
      { numRuns: 25, seed: 1 },
    )
  })

  test('their number is kept right, and bounded', async () => {
    const { sql } = own.database
    const text = `SELECT index AS kept, (SELECT count(*) FROM registry.kv) AS real
                  FROM registry.topic WHERE topic = 'count/kv'`
    const [row] = await sql.query<{ kept: number; real: number }>({ text })
    assert.equal(row?.kept, row?.real)
    await sql.query({
      text: `UPDATE registry.topic SET index = index + 99999 - $1 WHERE topic = 'count/kv'`,
      values: [row?.real],
    })
    assert.equal((await client.put('/v1/kv/last', 'x')).text, 'true')
    const refused = await client.put('/v1/kv/beyond', 'x')
    assert.deepEqual([refused.status, (await client.get('/v1/kv/beyond')).status], [429, 404])
    assert.match(refused.text, /There are 100000 keys/)
    assert.equal((await client.put('/v1/kv/last', 'y')).text, 'true')
    await client.delete('/v1/kv/last')
    assert.equal((await client.put('/v1/kv/beyond', 'x')).text, 'true')
    await sql.query({
      text: `UPDATE registry.topic SET index = (SELECT count(*) FROM registry.kv) WHERE topic = 'count/kv'`,
    })
  })

  test('an index does not go backwards when deletions are forgotten', async () => {
    await client.put('/v1/kv/gone', '1')
    await client.delete('/v1/kv/gone')
    const { index } = await client.get('/v1/kv/gone')
    const list = await client.get('/v1/kv/go?recurse')
    await own.database.sql.query({ text: `UPDATE registry.kv_tombstone SET at = at - interval '1 hour'` })
    const { pruneMemory } = await import('./store/pruning.ts')
    await pruneMemory(own.database.sql, 1)
    const [row] = await own.database.sql.query<{ count: number }>({
      text: 'SELECT count(*) AS count FROM registry.kv_tombstone',
    })
    assert.equal(row?.count, 0)
    assert.ok((await client.get('/v1/kv/gone')).index >= index)
    assert.ok((await client.get('/v1/kv/go?recurse')).index >= list.index)
  })

  test('a hundred who wait for a hundred keys are each woken by their own', async () => {
    const names = Array.from({ length: 100 }, (_, at) => `herd/${at}`)
    await Promise.all(names.map((name) => client.put(`/v1/kv/${name}`, 'before')))
    const waits = await Promise.all(
      names.map(async (name) => {
        const { index } = await client.get(`/v1/kv/${name}`)
        return { name, index, woken: client.get(`/v1/kv/${name}?index=${index}&wait=25s`) }
      }),
    )
    const order: string[] = []
    for (const { name, woken } of waits) void woken.then(() => order.push(name))
    for (const { name, index, woken } of waits.toReversed()) {
      await client.put(`/v1/kv/${name}`, 'after')
      const answer = await woken
      assert.ok(answer.index > index)
      assert.equal(Buffer.from(answer.json<readonly KeyEntry[]>()[0]?.Value ?? '', 'base64').toString(), 'after')
    }
    assert.deepEqual(order, names.toReversed())
  })

  test('a key follows every one of many quick changes in order, missing none that it was told of', async () => {
    await client.put('/v1/kv/quick', '0')
    const writing = (async () => {
      for (let at = 1; at <= 100; at++) await client.put('/v1/kv/quick', String(at))
    })()
    const seen: number[] = []
    let index = 0
    while (seen.at(-1) !== 100) {
      const answer = await client.get(`/v1/kv/quick?index=${index}&wait=10s`)
      assert.ok(answer.index > index, 'a blocking query came back without news')
      index = answer.index
      seen.push(Number(Buffer.from(answer.json<readonly KeyEntry[]>()[0]?.Value ?? '', 'base64').toString()))
    }
    await writing
    assert.deepEqual(
      seen,
      seen.toSorted((one, other) => one - other),
    )
  })
})

describe('sessions', () => {
  const create = async (body: unknown) => (await client.put('/v1/session/create', body)).json<{ ID: string }>().ID

  test('one whose time runs out loses its keys, and those who wait hear of it', async () => {
    const id = await create({ TTL: '150ms', LockDelay: '0s' })
    await client.put(`/v1/kv/leader?acquire=${id}`, 'me')
    const { index } = await client.get('/v1/kv/leader')
    const woken = await client.get(`/v1/kv/leader?index=${index}&wait=20s`)
    assert.equal(woken.json<readonly KeyEntry[]>()[0]?.Session, undefined)
    assert.deepEqual((await client.get(`/v1/session/info/${id}`)).json(), [])
  })

  test('one that is renewed lives on', async () => {
    const id = await create({ TTL: '400ms' })
    const end = performance.now() + 1200
    while (performance.now() < end) {
      assert.equal((await client.put(`/v1/session/renew/${id}`)).status, 200)
      await until(
        () => performance.now(),
        (now) => now % 100 < 50,
      )
    }
    assert.equal((await client.get(`/v1/session/info/${id}`)).json<readonly unknown[]>().length, 1)
    await client.put(`/v1/session/destroy/${id}`)
  })

  test('the lock delay ends by itself', async () => {
    const lost = await create({ LockDelay: '300ms' })
    await client.put(`/v1/kv/delayed?acquire=${lost}`, 'x')
    await client.put(`/v1/session/destroy/${lost}`)
    const next = await create({ LockDelay: '0s' })
    const take = async () => (await client.put(`/v1/kv/delayed?acquire=${next}`, 'y')).text
    assert.equal(await take(), 'false')
    await until(take, (text) => text === 'true')
    await client.put(`/v1/session/destroy/${next}`)
  })

  test('of 32 sessions that want one lock exactly one has it', async () => {
    const ids = await Promise.all(Array.from({ length: 32 }, () => create({ LockDelay: '0s' })))
    const taken = await Promise.all(ids.map(async (id) => (await client.put(`/v1/kv/race?acquire=${id}`, id)).text))
    assert.equal(taken.filter((text) => text === 'true').length, 1)
    const [entry] = (await client.get('/v1/kv/race')).json<readonly KeyEntry[]>()
    assert.equal(entry?.Session, ids[taken.indexOf('true')])
    await Promise.all(ids.map((id) => client.put(`/v1/session/destroy/${id}`)))
  })
})
