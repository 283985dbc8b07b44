// Key sets of clients are fetched where they may be, and nowhere else.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { guardedCode } from '../../../kernel/guarded-address.ts'
import { createKeySetFetch } from './key-set-fetch.ts'

test('a key set at a guarded address is not asked for, unless the operator allows it', async (context) => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(String(request.headers['accept']))
    response.end('{"keys":[]}')
  })
  context.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const fetchKeys = createKeySetFetch({})
  const unspecified = `http://0.0.0.0:${port}/` // leads to this machine
  for (const url of [unspecified, `http://0:${port}/`, 'http://2852039166/', 'https://[fd00:ec2::254]/'])
    await assert.rejects(fetchKeys(url), ({ cause }: Error) => (cause as NodeJS.ErrnoException).code === guardedCode)
  assert.deepEqual(asked, [])
  const headers = new Headers({ accept: 'application/json' })
  for (const [fetchIt, url] of [
    [fetchKeys, `http://localhost:${port}/`],
    [createKeySetFetch({ allowsLinkLocal: true }), unspecified],
  ] as const)
    assert.deepEqual(await (await fetchIt(url, { headers, redirect: 'manual' })).json(), { keys: [] })
  assert.deepEqual(asked, ['application/json', 'application/json'])
})
