// The feed of a federation as it happens: server-sent events that go on where a reader left off.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { AppError } from '@xinglin/core/errors'
import type { FastifyReply } from 'fastify'
import type { Logger } from '../../kernel/ports.ts'
import type { Sql } from '../../kernel/sql.ts'
import type { StoredEvent } from './federation.ts'
import { sentenceOf } from './feed-sentence.ts'
import { feedChannel, listEvents } from './round-store.ts'

/** Keeps readers of feeds up to date. */
export interface Feed {
  /**
   * Takes the reply over and streams events after the given one until the reader goes away.
   * @throws AppError 'too-many-requests' before the reply is taken over, when {@link maxReaders} read already
   */
  stream(reply: Pick<FastifyReply, 'hijack' | 'raw'>, federation: string, after: number): Promise<void>
  close(): Promise<void>
}

/** Most readers at once in a process: each asks the database at every event of its federation. */
export const maxReaders = 200

const heartbeatMs = 10_000
const pageSize = 500
// A reader that takes nothing for so long has gone without saying so.
const drainLimitMs = 30_000

interface Reader {
  readonly federation: string
  readonly response: ServerResponse
  /** Aborted when the reader goes away or the feed closes. */
  readonly gone: AbortController
  isDue: boolean
  wake: () => void
}

function frame(event: StoredEvent): string {
  const data = JSON.stringify({ ...event, sentence: sentenceOf(event) })
  return `id: ${event.id}\nevent: ${event.kind}\ndata: ${data}\n\n`
}

function openReader(response: ServerResponse, federation: string): Reader {
  const reader: Reader = { federation, response, gone: new AbortController(), isDue: false, wake: () => undefined }
  response.once('close', () => reader.gone.abort())
  reader.gone.signal.addEventListener('abort', () => reader.wake(), { once: true })
  return reader
}

// What a slow reader has not taken yet stays in the database, not in our memory.
async function send({ response, gone }: Reader, text: string): Promise<void> {
  if (response.write(text)) return
  await once(response, 'drain', { signal: AbortSignal.any([gone.signal, AbortSignal.timeout(drainLimitMs)]) })
}

async function pump(sql: Sql, reader: Reader, after: number): Promise<void> {
  let last = after
  while (!reader.gone.signal.aborted) {
    reader.isDue = false
    const events = await listEvents(sql, reader.federation, { after: last, count: pageSize })
    for (const event of events) await send(reader, frame(event))
    last = events.at(-1)?.id ?? last
    if (events.length === pageSize || reader.isDue || reader.gone.signal.aborted) continue
    await new Promise<void>((resolve) => {
      reader.wake = resolve
    })
  }
}

/** Creates the feed; it listens to the database from the first reader on. */
export function createFeed({ sql, log }: { readonly sql: Sql; readonly log: Logger }): Feed {
  const readers = new Set<Reader>()
  const state: { listening?: Promise<() => Promise<void>> } = {}
  const notify = (federation: string): void => {
    for (const reader of readers) {
      // An empty word comes after a lost connection: anything may have been missed.
      if (federation !== '' && reader.federation !== federation) continue
      reader.isDue = true
      reader.wake()
    }
  }
  const listen = async (): Promise<void> => {
    state.listening ??= sql.listen(feedChannel, notify)
    try {
      await state.listening
    } catch (error) {
      delete state.listening // the next reader tries again
      throw error
    }
  }
  const serve = async (reader: Reader, after: number): Promise<void> => {
    const { response, gone, federation } = reader
    const heartbeat = setInterval(() => {
      if (!response.writableNeedDrain) response.write(': still here\n\n')
    }, heartbeatMs)
    try {
      await pump(sql, reader, after)
    } catch (error) {
      if (!gone.signal.aborted) log.warn('federated.feed.broken', { federation, error })
    } finally {
      clearInterval(heartbeat)
    }
    if (response.writableNeedDrain) response.destroy()
    else response.end()
  }
  return {
    async stream(reply, federation, after) {
      if (readers.size >= maxReaders) {
        throw new AppError('too-many-requests', `${maxReaders} readers follow feeds already; ask for pages instead`, {
          retryAfterSeconds: 10,
        })
      }
      const reader = openReader(reply.raw, federation)
      readers.add(reader)
      try {
        await listen()
        reply.hijack()
        reader.response.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
          'x-accel-buffering': 'no',
        })
        reader.response.flushHeaders()
        await serve(reader, after)
      } finally {
        readers.delete(reader)
      }
    },
    async close() {
      for (const { gone } of readers) gone.abort()
      await (await state.listening?.catch(() => undefined))?.()
    },
  }
}
