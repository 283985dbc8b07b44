// Blocking queries: they wake for a change of what was asked, and for nothing else.
import assert from 'node:assert/strict'
import { type RegistryClient, until } from '../registry-client.ts'
import { freshName, type HealthEntry, type RegistryCheck } from './check.ts'

interface Woken {
  readonly ms: number
  readonly index: number
  readonly status: number
}

// The server's timer may fire this much early or late.
const slackMs = 50

async function timed(client: RegistryClient, path: string): Promise<Woken> {
  const begun = performance.now()
  const { index, status } = await client.get(path)
  return { ms: performance.now() - begun, index, status }
}

/** Checks of blocking queries. */
export const blockingChecks: readonly RegistryCheck[] = [
  {
    title: 'every read tells its index, the leader and the last contact',
    run: async (client) => {
      for (const path of [
        '/v1/catalog/services',
        '/v1/catalog/nodes',
        '/v1/health/state/any',
        '/v1/session/list',
        `/v1/health/service/${freshName('none')}`,
        `/v1/catalog/service/${freshName('none')}`,
        '/v1/kv/?keys',
      ]) {
        const { index, headers } = await client.get(path)
        assert.ok(index > 0, path)
        assert.equal(headers.get('x-consul-knownleader'), 'true')
        assert.equal(headers.get('x-consul-lastcontact'), '0')
      }
    },
  },
  {
    title: 'a key that is waited for wakes by its change, not by another key',
    run: async (client) => {
      const key = freshName('key')
      await client.put(`/v1/kv/${key}`, '1')
      const { index } = await client.get(`/v1/kv/${key}`)
      const waiting = timed(client, `/v1/kv/${key}?index=${index}&wait=20s`)
      await client.put(`/v1/kv/${freshName('other')}`, 'x')
      const early = await Promise.race([waiting, until(() => performance.now(), later(300))])
      assert.equal(typeof early, 'number', 'it was woken by another key')
      await client.put(`/v1/kv/${key}`, '2')
      const woken = await waiting
      assert.ok(woken.index > index && woken.ms < 10_000, JSON.stringify(woken))
      await client.delete(`/v1/kv/${key}`)
    },
  },
  {
    title: 'a key that is not there yet can be waited for, and so can its deletion',
    run: async (client) => {
      const key = freshName('key')
      const { index } = await client.get(`/v1/kv/${key}`)
      const coming = timed(client, `/v1/kv/${key}?index=${index}&wait=20s`)
      await client.put(`/v1/kv/${key}`, '1')
      const came = await coming
      assert.ok(came.status === 200 && came.index > index)
      const going = timed(client, `/v1/kv/${key}?index=${came.index}&wait=20s`)
      await client.delete(`/v1/kv/${key}`)
      const gone = await going
      assert.ok(gone.status === 404 && gone.index > came.index && gone.ms < 10_000, JSON.stringify(gone))
    },
  },
  {
    title: 'a prefix wakes by any key under it, also by a deletion',
    run: async (client) => {
      const prefix = `${freshName('prefix')}/`
      await client.put(`/v1/kv/${prefix}a`, '1')
      const first = await client.get(`/v1/kv/${prefix}?recurse`)
      const coming = timed(client, `/v1/kv/${prefix}?recurse&index=${first.index}&wait=20s`)
      await client.put(`/v1/kv/${prefix}deep/b`, '2')
      const came = await coming
      assert.ok(came.index > first.index && came.ms < 10_000)
      const going = timed(client, `/v1/kv/${prefix}?keys&index=${came.index}&wait=20s`)
      await client.delete(`/v1/kv/${prefix}deep?recurse`)
      const gone = await going
      assert.ok(gone.index > came.index && gone.ms < 10_000)
      await client.delete(`/v1/kv/${prefix}?recurse`)
    },
  },
  {
    title: 'a prefix without keys also ends its wait when a key beside it changes',
    run: async (client) => {
      const folder = freshName('folder')
      await client.put(`/v1/kv/${folder}/app/a`, '1')
      const { index, status } = await client.get(`/v1/kv/${folder}/app,default/?recurse`)
      assert.equal(status, 404)
      const waiting = timed(client, `/v1/kv/${folder}/app,default/?recurse&index=${index}&wait=20s`)
      await client.put(`/v1/kv/${folder}/app/a`, '2')
      const woken = await waiting
      assert.ok(woken.status === 404 && woken.index > index && woken.ms < 10_000, JSON.stringify(woken))
      await client.delete(`/v1/kv/${folder}?recurse`)
    },
  },
  {
    title: 'without a change the time given is waited for, and little more',
    run: async (client) => {
      const key = freshName('key')
      await client.put(`/v1/kv/${key}`, '1')
      const { index } = await client.get(`/v1/kv/${key}`)
      const waited = await timed(client, `/v1/kv/${key}?index=${index}&wait=500ms`)
      assert.equal(waited.index, index)
      assert.ok(waited.ms >= 500 - slackMs && waited.ms < 15_000, JSON.stringify(waited))
      await client.delete(`/v1/kv/${key}`)
    },
  },
  {
    title: 'an older index is answered at once',
    run: async (client) => {
      const key = freshName('key')
      await client.put(`/v1/kv/${key}`, '1')
      const waited = await timed(client, `/v1/kv/${key}?index=1&wait=20s`)
      assert.ok(waited.index > 1 && waited.ms < 15_000)
      await client.delete(`/v1/kv/${key}`)
    },
  },
  {
    title: 'the health of a service wakes by its check, its coming and its going',
    run: async (client) => {
      const name = freshName('service')
      const path = (index: number) => `/v1/health/service/${name}?index=${index}&wait=20s`
      const nobody = await client.get(`/v1/health/service/${name}`)
      const coming = client.get(path(nobody.index))
      await client.put('/v1/agent/service/register', { Name: name, Check: { TTL: '30s' } })
      let seen = await coming
      while (seen.json<readonly HealthEntry[]>().length === 0) seen = await client.get(path(seen.index))
      const passing = client.get(path(seen.index))
      await client.put(`/v1/agent/check/pass/service:${name}`)
      let well = await passing
      const isWell = (entries: readonly HealthEntry[]): boolean =>
        entries[0]?.Checks.find(({ ServiceID }) => ServiceID === name)?.Status === 'passing'
      while (!isWell(well.json<readonly HealthEntry[]>())) well = await client.get(path(well.index))
      assert.ok(well.index > seen.index)
      const going = client.get(path(well.index))
      await client.put(`/v1/agent/service/deregister/${name}`)
      let gone = await going
      while (gone.json<readonly HealthEntry[]>().length > 0) gone = await client.get(path(gone.index))
      assert.ok(gone.index > well.index)
    },
  },
  {
    title: 'an index or a wait that is none is refused',
    run: async (client) => {
      const index = await client.get('/v1/catalog/nodes?index=x')
      assert.deepEqual([index.status, index.text], [400, 'Invalid index'])
      const wait = await client.get('/v1/catalog/nodes?index=1&wait=x')
      assert.deepEqual([wait.status, wait.text], [400, 'Invalid wait time'])
    },
  },
]

function later(ms: number): (now: number) => boolean {
  const end = performance.now() + ms
  return (now) => now > end
}
