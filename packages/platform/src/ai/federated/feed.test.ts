// The feed under strain: many readers, one that takes nothing, and a database that cannot be listened to at first.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { Sql } from '../../kernel/sql.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createFeed, type Feed, maxReaders } from './feed.ts'

interface Served {
  readonly feed: Feed
  readonly port: number
  /** How many events were asked for. */
  readonly asked: () => number
  readonly refusals: unknown[]
  /** Tells what the database tells. */
  readonly notify: (federation: string) => void
  /** Adds an event. */
  readonly add: () => void
}

const ends: (() => void)[] = []
after(() => {
  for (const end of ends) end()
})

// Serves a feed of `count` events of 10 kB each, over a database that refuses to be listened to some times.
async function serve(count: number, listenFailures = 0): Promise<Served> {
  const told = { asked: 0, failures: listenFailures, count, notify: (_federation: string): void => undefined }
  const refusals: unknown[] = []
  const page = (first: number, size: number) =>
    Array.from({ length: Math.max(0, Math.min(size, told.count - first)) }, (_, index) => ({
      ...{ id: first + index + 1, at: new Date(0), kind: 'site-dropped', round: 1, site: 'north' },
      detail: { reason: 'x'.repeat(10_000) },
    }))
  const sql = {
    async listen(_channel: string, notify: (federation: string) => void) {
      told.notify = notify
      if (told.failures-- > 0) throw new Error('no connection')
      return async () => undefined
    },
    async query({ values: [, first, size] }: { readonly values: readonly [string, number, number] }) {
      const rows = page(first, size)
      told.asked += rows.length
      return rows
    },
  } as unknown as Sql // all that the feed asks for
  const feed = createFeed({ sql, log: silentLogger })
  const server = createServer((_request, response) => {
    feed.stream({ raw: response, hijack: () => response as never }, 'one', 0).catch((error: unknown) => {
      refusals.push(error)
      response.writeHead(error instanceof AppError ? error.status : 500).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return {
    feed,
    port: (server.address() as AddressInfo).port,
    asked: () => told.asked,
    refusals,
    notify: (federation) => told.notify(federation),
    add() {
      told.count += 1
    },
  }
}

async function read(port: number) {
  const sent = request({ port, host: '127.0.0.1', agent: false }).end()
  const [answer] = await once(sent, 'response')
  return { status: answer.statusCode as number, answer }
}

test('a reader that takes nothing does not fill the memory', async () => {
  const { port, asked, feed } = await serve(20_000)
  const { answer } = await read(port)
  answer.pause()
  for (let turn = 0; turn < 500; turn++) await nextTurn() // in which all 200 MB would have been asked for
  assert.ok(asked() < 5000, `${asked()} events of 10 kB were asked for`)
  answer.destroy()
  await feed.close()
})

test('a feed that could not listen is well again with the next reader', async () => {
  const { port, refusals, feed } = await serve(1, 1)
  assert.equal((await read(port)).status, 500)
  assert.equal(refusals.length, 1)
  const { status, answer } = await read(port)
  assert.equal(status, 200)
  assert.match(String((await once(answer, 'data'))[0]), /^id: 1\nevent: site-dropped\n/)
  await feed.close()
  await once(answer.resume(), 'end')
})

test('what happened while the database could not be heard is told after it comes back', async () => {
  const { port, feed, add, notify } = await serve(0)
  const { answer } = await read(port)
  add()
  notify('another')
  notify('')
  assert.match(String((await once(answer, 'data'))[0]), /^id: 1\n/)
  await feed.close()
})

test('more readers than the limit are told to come later', async () => {
  const { port, refusals, feed } = await serve(0)
  const open = await Promise.all(Array.from({ length: maxReaders }, () => read(port)))
  assert.equal((await read(port)).status, 429)
  assert.ok(refusals[0] instanceof AppError && refusals[0].retryAfterSeconds !== undefined)
  open[0]?.answer.destroy()
  // The server hears of the end a moment later.
  const statuses: number[] = []
  while (!statuses.includes(200) && statuses.length < 100) statuses.push((await read(port)).status)
  assert.equal(statuses.at(-1), 200)
  await feed.close()
})
