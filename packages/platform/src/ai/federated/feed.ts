// The feed of a federation as it happens: server-sent events that go on where a reader left off.
import type { ServerResponse } from 'node:http'
import type { Logger } from '../../kernel/ports.ts'
import type { Sql } from '../../kernel/sql.ts'
import type { StoredEvent } from './federation.ts'
import { sentenceOf } from './feed-sentence.ts'
import { feedChannel, listEvents } from './round-store.ts'

/** Keeps readers of feeds up to date. */
export interface Feed {
  /** Streams events after the given one until the reader goes away. */
  stream(response: ServerResponse, federation: string, after: number): Promise<void>
  close(): Promise<void>
}

const heartbeatMs = 10_000
const pageSize = 500

function frame(event: StoredEvent): string {
  const data = JSON.stringify({ ...event, sentence: sentenceOf(event) })
  return `id: ${event.id}\nevent: ${event.kind}\ndata: ${data}\n\n`
}

interface Reader {
  readonly federation: string
  readonly wake: () => void
}

/** Creates the feed; it listens to the database while somebody reads. */
export function createFeed({ sql, log }: { readonly sql: Sql; readonly log: Logger }): Feed {
  const readers = new Set<Reader>()
  const state: { listening?: Promise<() => Promise<void>>; isClosed: boolean } = { isClosed: false }
  const listen = async (): Promise<void> => {
    state.listening ??= sql.listen(feedChannel, (federation) => {
      for (const reader of readers) if (reader.federation === federation) reader.wake()
    })
    await state.listening
  }
  const pump = async (response: ServerResponse, federation: string, after: number): Promise<void> => {
    let last = after
    const woken: { resolve: () => void; isDue: boolean } = { resolve: () => undefined, isDue: false }
    const wake = (): void => {
      woken.isDue = true
      woken.resolve()
    }
    const reader = { federation, wake }
    readers.add(reader)
    response.once('close', wake)
    const heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMs)
    try {
      while (!response.destroyed && !state.isClosed) {
        woken.isDue = false
        const events = await listEvents(sql, federation, { after: last, count: pageSize })
        for (const event of events) response.write(frame(event))
        last = events.at(-1)?.id ?? last
        if (events.length === pageSize || woken.isDue) continue
        await new Promise<void>((resolve) => {
          woken.resolve = resolve
        })
      }
    } finally {
      clearInterval(heartbeat)
      readers.delete(reader)
    }
  }
  return {
    async stream(response, federation, after) {
      await listen()
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-accel-buffering': 'no',
      })
      response.flushHeaders()
      try {
        await pump(response, federation, after)
      } catch (error) {
        log.warn('federated.feed.broken', { federation, error })
      }
      response.end()
    },
    async close() {
      state.isClosed = true
      for (const { wake } of readers) wake()
      await (await state.listening)?.()
    },
  }
}
