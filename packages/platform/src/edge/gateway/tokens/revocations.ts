// Tokens that end before their time: told by the identity service's events, kept in the database, known to every gateway.
import type { Events, Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'

/** What a token is known by when it is to end early. */
export interface RevocableToken {
  readonly account: string | undefined
  readonly client: string | undefined
  readonly grant: string | undefined
  readonly issuedAtMs: number
}

/** The revocations that this gateway knows. */
export interface Revocations {
  isRevoked(token: RevocableToken): boolean
  /** Loads them and follows changes; returns what ends it. */
  follow(onChange: () => void): Promise<() => Promise<void>>
}

interface RevocationRow {
  readonly kind: 'account' | 'client' | 'grant'
  readonly id: string
  readonly up_to: Date
}

const channel = 'gateway_revoked'
const topic = 'identity.revoked'
// The longest life of an access token of ours is an hour; a second one covers clocks and a late event.
const keepHours = 2
const retryMs = 500

function parse(payload: Readonly<Record<string, unknown>>): Omit<RevocationRow, 'up_to'> | undefined {
  const { kind, id } = payload
  if (typeof id !== 'string' || (kind !== 'account' && kind !== 'client' && kind !== 'grant')) return undefined
  return { kind, id }
}

async function keep(sql: Sql, { kind, id, up_to: upTo }: RevocationRow): Promise<void> {
  await sql.transaction(async (tx) => {
    await tx.query({
      text: `INSERT INTO gateway.revocation (kind, id, up_to, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(hours => ${keepHours}))
             ON CONFLICT (kind, id) DO UPDATE SET up_to = GREATEST(revocation.up_to, excluded.up_to),
               expires_at = excluded.expires_at`,
      values: [kind, id, upTo],
    })
    if (kind === 'account') {
      await tx.query({ text: 'DELETE FROM gateway.session WHERE username = $1', values: [id] })
    }
    await tx.query({ text: 'DELETE FROM gateway.revocation WHERE expires_at < now()' })
    await tx.query({ text: 'SELECT pg_notify($1, $2)', values: [channel, kind] })
  })
}

/** Creates it; the consumer of the events is registered at once. */
export function createRevocations({
  sql,
  events,
  log,
}: {
  readonly sql: Sql
  readonly events: Pick<Events, 'subscribe'>
  readonly log: Logger
}): Revocations {
  const known = { upToMs: new Map<string, number>() }
  events.subscribe('gateway.revocations', [topic], async ({ payload, at }) => {
    const revoked = parse(payload)
    if (revoked !== undefined) await keep(sql, { ...revoked, up_to: at })
  })
  const load = async (): Promise<void> => {
    const rows = await sql.query<RevocationRow>({
      text: 'SELECT kind, id, up_to FROM gateway.revocation WHERE expires_at > now() ORDER BY kind, id',
    })
    known.upToMs = new Map(rows.map(({ kind, id, up_to: upTo }) => [`${kind} ${id}`, upTo.getTime()]))
  }
  const loadUntilDone = (onChange: () => void): void => {
    load().then(onChange, (error: unknown) => {
      log.warn('gateway.revocations.failed', { error })
      setTimeout(() => loadUntilDone(onChange), retryMs).unref()
    })
  }
  return {
    isRevoked({ account, client, grant, issuedAtMs }) {
      const { upToMs } = known
      if (upToMs.size === 0) return false
      const isOver = (kind: string, id: string | undefined): boolean =>
        id !== undefined && (upToMs.get(`${kind} ${id}`) ?? -1) >= issuedAtMs
      return isOver('account', account) || isOver('client', client) || isOver('grant', grant)
    },
    async follow(onChange) {
      const stop = await sql.listen(channel, () => loadUntilDone(onChange))
      await load()
      return stop
    },
  }
}
