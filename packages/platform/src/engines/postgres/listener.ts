// LISTEN on a connection of its own that comes back by itself after a loss.
import pg from 'pg'
import type { Logger } from '../../kernel/ports.ts'

/** The connection that listens. */
export interface Listener {
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

const firstRetryMs = 50
const maxRetryMs = 2000

/**
 * Creates a listener; it connects with the first subscription. After a reconnect every subscriber is called with an
 * empty payload, because notifications may have been missed.
 */
export function createListener(connection: pg.ClientConfig, log: Logger): Listener {
  const channels = new Map<string, Set<(payload: string) => void>>()
  const state: { client?: pg.Client; opening?: Promise<void>; retry?: NodeJS.Timeout; closed: boolean } = {
    closed: false,
  }

  const connect = async (): Promise<void> => {
    const client = new pg.Client(connection)
    client.on('error', (error) => log.warn('sql.listen.lost', { code: (error as { code?: string }).code }))
    client.on('notification', ({ channel, payload }) => {
      for (const notify of channels.get(channel) ?? []) notify(payload ?? '')
    })
    await client.connect()
    client.once('end', () => {
      if (state.client !== client) return
      delete state.client
      reconnectAfter(firstRetryMs)
    })
    state.client = client
    for (const channel of channels.keys()) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`)
  }

  const reconnectAfter = (delayMs: number): void => {
    if (state.closed || channels.size === 0) return
    state.retry = setTimeout(() => {
      connect().then(
        () => {
          for (const subscribers of channels.values()) for (const notify of subscribers) notify('')
        },
        () => reconnectAfter(Math.min(delayMs * 2, maxRetryMs)),
      )
    }, delayMs)
  }

  const opened = async (): Promise<void> => {
    if (state.client !== undefined || state.closed) return
    state.opening ??= connect().finally(() => {
      delete state.opening
    })
    await state.opening
  }

  return {
    async listen(channel, onNotify) {
      const subscribers = channels.get(channel) ?? new Set()
      const isFirst = subscribers.size === 0
      subscribers.add(onNotify)
      channels.set(channel, subscribers)
      const wasOpen = state.client !== undefined
      await opened()
      if (isFirst && wasOpen) await state.client?.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
      return async () => {
        subscribers.delete(onNotify)
        if (subscribers.size > 0) return
        channels.delete(channel)
        await state.client?.query(`UNLISTEN ${pg.escapeIdentifier(channel)}`)
      }
    },
    async close() {
      state.closed = true
      clearTimeout(state.retry)
      await state.opening?.catch(() => undefined)
      const client = state.client
      delete state.client
      await client?.end()
    },
  }
}
