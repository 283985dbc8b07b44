// Sessions and locks: who holds a key, and what becomes of it when the holder is gone.
import assert from 'node:assert/strict'
import type { RegistryClient } from '../registry-client.ts'
import { freshName, type KeyEntry, type RegistryCheck } from './check.ts'

interface Session {
  readonly ID: string
  readonly Name: string
  readonly LockDelay: number
  readonly Behavior: string
  readonly TTL: string
}

const create = async (client: RegistryClient, body: unknown): Promise<string> => {
  const answer = await client.put('/v1/session/create', body)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<{ ID: string }>().ID
}

async function entry(client: RegistryClient, key: string): Promise<KeyEntry | undefined> {
  const answer = await client.get(`/v1/kv/${key}`)
  return answer.status === 404 ? undefined : answer.json<readonly KeyEntry[]>()[0]
}

const put = async (client: RegistryClient, path: string): Promise<string> =>
  (await client.put(`/v1/kv/${path}`, 'v')).text.trim()

/** Checks of sessions. */
export const sessionChecks: readonly RegistryCheck[] = [
  {
    title: 'a session is shown with what it was given',
    run: async (client) => {
      const id = await create(client, { Name: 'n', TTL: '15s', LockDelay: '5s', Behavior: 'delete' })
      const [info] = (await client.get(`/v1/session/info/${id}`)).json<readonly Session[]>()
      assert.deepEqual(
        [info?.ID, info?.Name, info?.LockDelay, info?.Behavior, info?.TTL],
        [id, 'n', 5_000_000_000, 'delete', '15s'],
      )
      const list = (await client.get('/v1/session/list')).json<readonly Session[]>()
      assert.ok(list.some(({ ID }) => ID === id))
      const [renewed] = (await client.put(`/v1/session/renew/${id}`)).json<readonly Session[]>()
      assert.equal(renewed?.ID, id)
      assert.equal((await client.put(`/v1/session/destroy/${id}`)).text.trim(), 'true')
      assert.deepEqual((await client.get(`/v1/session/info/${id}`)).json(), [])
      assert.equal((await client.put(`/v1/session/renew/${id}`)).status, 404)
    },
  },
  {
    title: 'without a body a session has the usual lock delay and releases',
    run: async (client) => {
      const id = await create(client, undefined)
      const [info] = (await client.get(`/v1/session/info/${id}`)).json<readonly Session[]>()
      assert.deepEqual([info?.LockDelay, info?.Behavior, info?.TTL], [15_000_000_000, 'release', ''])
      await client.put(`/v1/session/destroy/${id}`)
    },
  },
  {
    title: 'one session at a time holds a key; releasing lets the next take it',
    run: async (client) => {
      const key = freshName('lock')
      const [one, two] = [await create(client, { LockDelay: '0s' }), await create(client, { LockDelay: '0s' })]
      assert.equal(await put(client, `${key}?acquire=${one}`), 'true')
      assert.equal(await put(client, `${key}?acquire=${two}`), 'false')
      assert.equal(await put(client, `${key}?release=${two}`), 'false')
      const held = await entry(client, key)
      assert.deepEqual([held?.Session, held?.LockIndex], [one, 1])
      assert.equal(await put(client, `${key}?acquire=${one}`), 'true')
      assert.equal(await put(client, `${key}?release=${one}`), 'true')
      assert.equal(await put(client, `${key}?acquire=${two}`), 'true')
      assert.equal((await entry(client, key))?.LockIndex, 2)
      for (const id of [one, two]) await client.put(`/v1/session/destroy/${id}`)
      await client.delete(`/v1/kv/${key}`)
    },
  },
  {
    title: 'a destroyed session releases its keys; the lock delay keeps others off',
    run: async (client) => {
      const key = freshName('lock')
      const lost = await create(client, { LockDelay: '30s' })
      await put(client, `${key}?acquire=${lost}`)
      const before = await entry(client, key)
      await client.put(`/v1/session/destroy/${lost}`)
      const after = await entry(client, key)
      assert.equal(after?.Session, undefined)
      assert.ok((after?.ModifyIndex ?? 0) > (before?.ModifyIndex ?? 0))
      const next = await create(client, {})
      assert.equal(await put(client, `${key}?acquire=${next}`), 'false')
      await client.put(`/v1/session/destroy/${next}`)
      await client.delete(`/v1/kv/${key}`)
    },
  },
  {
    title: 'a session with behavior delete takes its keys with it',
    run: async (client) => {
      const key = freshName('lock')
      const id = await create(client, { Behavior: 'delete', LockDelay: '0s' })
      await put(client, `${key}?acquire=${id}`)
      await client.put(`/v1/session/destroy/${id}`)
      assert.equal(await entry(client, key), undefined)
    },
  },
  {
    title: 'a session stands on its checks: critical ones end it',
    run: async (client) => {
      const name = freshName('service')
      const check = { CheckID: `${name}-ttl`, TTL: '30s', Status: 'passing' }
      await client.put('/v1/agent/service/register', { Name: name, Check: check })
      const body = { NodeChecks: ['serfHealth'], ServiceChecks: [{ ID: `${name}-ttl` }], LockDelay: '0s' }
      // A real Consul knows the check a moment later.
      let made = await client.put('/v1/session/create', body)
      for (let tries = 0; made.status !== 200 && tries < 50; tries++)
        made = await client.put('/v1/session/create', body)
      const { ID: id } = made.json<{ ID: string }>()
      const seen = await client.get(`/v1/session/info/${id}`)
      await client.put(`/v1/agent/check/fail/${name}-ttl`)
      let info = seen
      while (info.json<readonly Session[]>().length > 0) {
        info = await client.get(`/v1/session/info/${id}?index=${info.index}&wait=10s`)
      }
      await client.put(`/v1/agent/service/deregister/${name}`)
    },
  },
  {
    title: 'a session that is not there cannot take a key',
    run: async (client) => {
      const key = freshName('lock')
      const answer = await client.put(`/v1/kv/${key}?acquire=${crypto.randomUUID()}`, 'v')
      assert.equal(answer.status, 500)
      assert.match(answer.text, /invalid session/)
    },
  },
]
