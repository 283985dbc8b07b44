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

/** What listening takes. */
export interface ListenerOptions {
  readonly connection: pg.ClientConfig
  readonly log: Logger
  /** The class of the connection. */
  readonly Client: typeof pg.Client
}

interface State extends ListenerOptions {
  readonly channels: Map<string, Set<(payload: string) => void>>
  client: pg.Client | undefined
  opening: Promise<void> | undefined
  retry: NodeJS.Timeout | undefined
  isClosed: boolean
}

async function connect(state: State): Promise<void> {
  const client = new state.Client(state.connection)
  client.on('error', (error) => state.log.warn('sql.listen.lost', { code: (error as { code?: string }).code }))
  client.on('notification', ({ channel, payload }) => {
    for (const notify of state.channels.get(channel) ?? []) notify(payload ?? '')
  })
  await client.connect()
  client.once('end', () => {
    if (state.client !== client) return
    state.client = undefined
    reconnectAfter(state, firstRetryMs)
  })
  state.client = client
  for (const channel of state.channels.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
}

function reconnectAfter(state: State, delayMs: number): void {
  if (state.isClosed || state.channels.size === 0) return
  const tellAll = (): void => {
    for (const subscribers of state.channels.values()) for (const notify of subscribers) notify('')
  }
  state.retry = setTimeout(() => {
    connect(state).then(tellAll, () => reconnectAfter(state, Math.min(delayMs * 2, maxRetryMs)))
  }, delayMs)
}

async function ensureOpen(state: State): Promise<void> {
  if (state.client !== undefined || state.isClosed) return
  state.opening ??= connect(state).finally(() => {
    state.opening = undefined
  })
  await state.opening
}

async function subscribe(
  state: State,
  channel: string,
  onNotify: (payload: string) => void,
): Promise<() => Promise<void>> {
  const subscribers = state.channels.get(channel) ?? new Set()
  const isFirst = subscribers.size === 0
  subscribers.add(onNotify)
  state.channels.set(channel, subscribers)
  const wasOpen = state.client !== undefined
  await ensureOpen(state)
  if (isFirst && wasOpen) await state.client?.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
  return async () => {
    subscribers.delete(onNotify)
    if (subscribers.size > 0) return
    state.channels.delete(channel)
    await state.client?.query(`UNLISTEN ${pg.escapeIdentifier(channel)}`)
  }
}

/**
 * Creates a listener; it connects with the first subscription. After a reconnect every subscriber is called with an
 * empty payload, because notifications may have been missed.
 */
export function createListener(options: ListenerOptions): Listener {
  const channels = new Map<string, Set<(payload: string) => void>>()
  const state: State = {
    ...options,
    channels,
    client: undefined,
    opening: undefined,
    retry: undefined,
    isClosed: false,
  }
  return {
    listen: (channel, onNotify) => subscribe(state, channel, onNotify),
    async close() {
      state.isClosed = true
      clearTimeout(state.retry)
      await state.opening?.catch(() => undefined)
      const { client } = state
      state.client = undefined
      await client?.end()
    },
  }
}
