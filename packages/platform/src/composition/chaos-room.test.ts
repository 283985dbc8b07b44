// What the chaos room is given of an address as CONSUL_HTTP_ADDR has it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chaosRoom } from './chaos-room.ts'

test('of several registries one is asked, and an address needs no scheme', () => {
  const parts = {
    ...{ all: [], here: [], local: () => [], dataFolder: '/data', registryToken: undefined },
    ...({ sql: {}, registry: {} } as Pick<Parameters<typeof chaosRoom>[0], 'sql' | 'registry'>), // asked nothing here
  }
  const urlOf = (registryUrl: string): string => chaosRoom({ ...parts, registryUrl }).registry.url
  assert.equal(urlOf('http://127.0.0.1:8500,http://127.0.0.1:8600'), 'http://127.0.0.1:8500')
  assert.equal(urlOf('consul:8500'), 'http://consul:8500')
})
