// Keys and values: reading in every form, check-and-set, deleting.
import assert from 'node:assert/strict'
import type { RegistryClient } from '../registry-client.ts'
import { freshName, type KeyEntry, type RegistryCheck } from './check.ts'

async function withPrefix(client: RegistryClient, run: (prefix: string) => Promise<void>): Promise<void> {
  const prefix = `${freshName('kv')}/`
  try {
    await run(prefix)
  } finally {
    await client.delete(`/v1/kv/${prefix}?recurse`)
  }
}

async function entry(client: RegistryClient, key: string): Promise<KeyEntry> {
  const [found] = (await client.get(`/v1/kv/${key}`)).json<readonly KeyEntry[]>()
  if (found === undefined) throw new Error(`There is no key ${key}`)
  return found
}

/** Checks of keys. */
export const keyChecks: readonly RegistryCheck[] = [
  {
    title: 'a value is read as base64 with its flags, and raw',
    run: (client) =>
      withPrefix(client, async (prefix) => {
        assert.equal((await client.put(`/v1/kv/${prefix}a?flags=42`, '值 1')).text.trim(), 'true')
        const found = await entry(client, `${prefix}a`)
        assert.deepEqual([Buffer.from(found.Value ?? '', 'base64').toString(), found.Flags], ['值 1', 42])
        assert.deepEqual([found.Key, found.LockIndex, found.CreateIndex], [`${prefix}a`, 0, found.ModifyIndex])
        const raw = await client.get(`/v1/kv/${prefix}a?raw`)
        assert.equal(raw.text, '值 1')
        assert.equal(raw.headers.get('content-security-policy'), 'sandbox')
        assert.equal(raw.index, found.ModifyIndex)
      }),
  },
  {
    title: 'flags may have 64 bits and an empty value is null',
    run: (client) =>
      withPrefix(client, async (prefix) => {
        await client.put(`/v1/kv/${prefix}a?flags=18446744073709551615`, '')
        assert.match((await client.get(`/v1/kv/${prefix}a`)).text, /"Flags": ?18446744073709551615/)
        assert.equal((await entry(client, `${prefix}a`)).Value, null)
      }),
  },
  {
    title: 'a missing key is 404 with an index and no body',
    run: async (client) => {
      const missing = await client.get(`/v1/kv/${freshName('none')}`)
      assert.deepEqual([missing.status, missing.text, missing.index > 0], [404, '', true])
      assert.equal((await client.get(`/v1/kv/${freshName('none')}?recurse`)).status, 404)
      assert.equal((await client.get(`/v1/kv/${freshName('none')}?keys`)).status, 404)
      assert.deepEqual([(await client.get('/v1/kv/')).status, (await client.put('/v1/kv/', 'x')).status], [400, 400])
    },
  },
  {
    title: '?recurse and ?keys list in order, ?separator cuts',
    run: (client) =>
      withPrefix(client, async (prefix) => {
        for (const key of ['b', 'a', 'dir/1', 'dir/2', 'dir/deep/3']) await client.put(`/v1/kv/${prefix}${key}`, key)
        const all = (await client.get(`/v1/kv/${prefix}?recurse`)).json<readonly KeyEntry[]>()
        const sorted = ['a', 'b', 'dir/1', 'dir/2', 'dir/deep/3'].map((key) => prefix + key)
        assert.deepEqual(
          all.map(({ Key }) => Key),
          sorted,
        )
        assert.deepEqual((await client.get(`/v1/kv/${prefix}?keys`)).json(), sorted)
        const cut = await client.get(`/v1/kv/${prefix}?keys&separator=/`)
        assert.deepEqual(
          cut.json(),
          ['a', 'b', 'dir/'].map((key) => prefix + key),
        )
        const dir = await client.get(`/v1/kv/${prefix}dir/?keys&separator=/`)
        assert.deepEqual(
          dir.json(),
          ['dir/1', 'dir/2', 'dir/deep/'].map((key) => prefix + key),
        )
      }),
  },
  {
    title: 'cas=0 creates only, cas=N changes only what was seen',
    run: (client) =>
      withPrefix(client, async (prefix) => {
        const cas = async (index: number, value: string) =>
          (await client.put(`/v1/kv/${prefix}a?cas=${index}`, value)).text.trim()
        assert.equal(await cas(0, '1'), 'true')
        assert.equal(await cas(0, '2'), 'false')
        const { ModifyIndex } = await entry(client, `${prefix}a`)
        assert.equal(await cas(ModifyIndex, '3'), 'true')
        assert.equal(await cas(ModifyIndex, '4'), 'false')
        assert.equal((await client.get(`/v1/kv/${prefix}a?raw`)).text, '3')
      }),
  },
  {
    title: 'of 64 parallel cas puts exactly one is true',
    run: (client) =>
      withPrefix(client, async (prefix) => {
        await client.put(`/v1/kv/${prefix}a`, 'start')
        const { ModifyIndex } = await entry(client, `${prefix}a`)
        const puts = Array.from({ length: 64 }, (_, at) => client.put(`/v1/kv/${prefix}a?cas=${ModifyIndex}`, `${at}`))
        const texts = (await Promise.all(puts)).map(({ text }) => text.trim())
        assert.deepEqual([texts.filter((text) => text === 'true').length, texts.length], [1, 64])
        const winner = texts.indexOf('true')
        assert.equal((await client.get(`/v1/kv/${prefix}a?raw`)).text, String(winner))
      }),
  },
  {
    title: 'the same value again changes no index',
    run: (client) =>
      withPrefix(client, async (prefix) => {
        await client.put(`/v1/kv/${prefix}a`, 'same')
        const before = await entry(client, `${prefix}a`)
        assert.equal((await client.put(`/v1/kv/${prefix}a`, 'same')).text.trim(), 'true')
        assert.deepEqual(await entry(client, `${prefix}a`), before)
      }),
  },
  {
    title: 'deleting: one key, a prefix, only as seen',
    run: (client) =>
      withPrefix(client, async (prefix) => {
        for (const key of ['a', 'b', 'c/1', 'c/2']) await client.put(`/v1/kv/${prefix}${key}`, key)
        assert.equal((await client.delete(`/v1/kv/${prefix}a`)).text.trim(), 'true')
        assert.equal((await client.delete(`/v1/kv/${prefix}a`)).text.trim(), 'true')
        const { ModifyIndex } = await entry(client, `${prefix}b`)
        assert.equal((await client.delete(`/v1/kv/${prefix}b?cas=0`)).text.trim(), 'false')
        assert.equal((await client.delete(`/v1/kv/${prefix}b?cas=1`)).text.trim(), 'false')
        assert.equal((await client.delete(`/v1/kv/${prefix}b?cas=${ModifyIndex}`)).text.trim(), 'true')
        assert.equal((await client.delete(`/v1/kv/${prefix}c?recurse`)).text.trim(), 'true')
        assert.equal((await client.get(`/v1/kv/${prefix}?keys`)).status, 404)
      }),
  },
  {
    title: 'a value above 512 kB is refused with 413, one of 512 kB is kept',
    run: (client) =>
      withPrefix(client, async (prefix) => {
        const most = Buffer.alloc(524_288, 1)
        assert.equal((await client.put(`/v1/kv/${prefix}a`, most)).text.trim(), 'true')
        assert.equal((await client.put(`/v1/kv/${prefix}a`, Buffer.alloc(524_289, 1))).status, 413)
        const [kept] = (await client.get(`/v1/kv/${prefix}a`)).json<readonly KeyEntry[]>()
        assert.ok(Buffer.from(kept?.Value ?? '', 'base64').equals(most))
      }),
  },
  {
    title: 'conditions that conflict are refused',
    run: async (client) => {
      const answer = await client.put(`/v1/kv/${freshName('x')}?cas=0&acquire=x`, '1')
      assert.equal(answer.status, 400)
    },
  },
]
