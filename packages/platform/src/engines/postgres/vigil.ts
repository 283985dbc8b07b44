// Watches whether the server still answers: behind a line that is cut without a word, every statement would wait for its full time.
import type { Socket } from 'node:net'
import pg from 'pg'
import type { Logger } from '../../kernel/ports.ts'

/** What watching takes. */
export interface VigilOptions {
  readonly connection: pg.ClientConfig
  readonly log: Logger
  readonly times?: Partial<typeof usualTimes>
}

/** A watch over the connections of a pool. */
export interface Vigil {
  /** True while the server gives no answer to anybody; statements are then refused at once. */
  readonly isSilent: () => boolean
  /** A connection is in use from here… */
  began(client: pg.PoolClient): void
  /** …until here. */
  ended(client: pg.PoolClient): void
  /** The server has answered somebody: it is not silent, however long others wait. */
  heard(): void
  close(): void
}

const usualTimes = {
  lookEveryMs: 1000,
  /** A connection that is in use for so long is a reason to ask. */
  suspiciousMs: 2000,
  /** How long a question waits. Two that stay unanswered in a row are silence. */
  answerMs: 2500,
  /** A process that was itself so late must not blame the server. */
  lateMs: 500,
}
const unansweredUntilSilent = 2

type Outcome = 'answered' | 'silence' | 'unsure'

// An error is an answer too: the server, or its machine, is there. Only nothing is silence.
async function ask(connection: pg.ClientConfig, times: typeof usualTimes): Promise<Outcome> {
  const client = new pg.Client({ ...connection, application_name: 'xinglin-vigil' })
  const begunMs = performance.now()
  const limit = Promise.withResolvers<Outcome>()
  const timer = setTimeout(() => {
    const lateMs = performance.now() - begunMs - times.answerMs
    limit.resolve(lateMs > times.lateMs ? 'unsure' : 'silence')
  }, times.answerMs)
  client.on('error', () => limit.resolve('answered'))
  const asked = client
    .connect()
    .then(() => client.query('SELECT 1'))
    .then(
      (): Outcome => 'answered',
      (): Outcome => 'answered',
    )
  const outcome = await Promise.race([asked, limit.promise])
  clearTimeout(timer)
  streamOf(client)?.destroy()
  return outcome
}

// pg tells no other way to let go of a connection that does not answer.
function streamOf(client: object): Socket | undefined {
  return (client as { readonly connection?: { readonly stream?: Socket } }).connection?.stream
}

/** Starts watching. */
export function startVigil({ connection, log, times: given = {} }: VigilOptions): Vigil {
  const times = { ...usualTimes, ...given }
  const since = new Map<pg.PoolClient, number>()
  const state = { isSilent: false, isAsking: false, unanswered: 0, heardMs: Number.NEGATIVE_INFINITY }

  const conclude = (outcome: Outcome, askedMs: number): void => {
    if (outcome === 'unsure') return
    // On a machine that has too much to do, a question may wait for long while statements still come back.
    const isSilence = outcome === 'silence' && state.heardMs < askedMs
    state.unanswered = isSilence ? state.unanswered + 1 : 0
    if (outcome === 'answered' && state.isSilent) {
      state.isSilent = false
      log.warn('sql.answers-again')
    }
    if (state.unanswered < unansweredUntilSilent) return
    if (!state.isSilent) log.error('sql.silent', { connections: since.size })
    state.isSilent = true
    for (const client of since.keys()) streamOf(client)?.destroy() // their statements fail as a lost connection's do
  }

  const look = async (): Promise<void> => {
    const oldest = Math.min(...since.values())
    const isSuspicious = performance.now() - oldest > times.suspiciousMs
    if (state.isAsking || (!state.isSilent && !isSuspicious)) return
    state.isAsking = true
    const askedMs = performance.now()
    try {
      conclude(await ask(connection, times), askedMs)
    } finally {
      state.isAsking = false
    }
  }

  const timer = setInterval(() => {
    look().catch((error: unknown) => log.warn('sql.vigil.failed', { error }))
  }, times.lookEveryMs)
  timer.unref()
  return {
    isSilent: () => state.isSilent,
    began: (client) => void since.set(client, performance.now()),
    ended: (client) => void since.delete(client),
    heard() {
      state.heardMs = performance.now()
    },
    close: () => clearInterval(timer),
  }
}
