// Rounds in PostgreSQL: what each site returned, what came of it, how good it is, and the feed of it all.
import type { SiteEvaluation } from '@xinglin/core/federated'
import type { Queryable, Tx } from '../../kernel/sql.ts'
import type { FeedEvent, Round, RoundSite, StoredEvaluation, StoredEvent } from './federation.ts'

/** The channel that is notified with the federation's id after each event. */
export const feedChannel = 'federated_event'

const roundColumns = `number, state, opened_at AS "openedAt", closed_at AS "closedAt", asked, returned,
  weights_key AS "weightsKey", moments_key AS "momentsKey", loss, metrics`

/** The rounds of a federation from `after` on, in order. */
export function listRounds(
  sql: Queryable,
  id: string,
  page: { readonly after: number; readonly count: number },
): Promise<readonly Round[]> {
  return sql.query<Round>({
    text: `SELECT ${roundColumns} FROM federated.round WHERE federation = $1 AND number > $2 ORDER BY number LIMIT $3`,
    values: [id, page.after, page.count],
  })
}

/** The newest round, or the one with the given number. */
export async function readRound(sql: Queryable, id: string, number?: number): Promise<Round | undefined> {
  const [row] = await sql.query<Round>({
    text: `SELECT ${roundColumns} FROM federated.round WHERE federation = $1 AND ($2::int IS NULL OR number = $2)
           ORDER BY number DESC LIMIT 1`,
    values: [id, number ?? null],
  })
  return row
}

/** Opens a round, or opens it again with a new deadline. */
export async function openRound(
  tx: Tx,
  id: string,
  round: { readonly number: number; readonly at: Date; readonly deadlineAt: Date; readonly asked: number },
): Promise<void> {
  await tx.query({
    text: `INSERT INTO federated.round (federation, number, state, opened_at, deadline_at, asked)
           VALUES ($1, $2, 'fit', $3, $4, $5)
           ON CONFLICT (federation, number) DO UPDATE SET deadline_at = $4, asked = $5`,
    values: [id, round.number, round.at, round.deadlineAt, round.asked],
  })
}

/** Closes the training of a round with its weights; round 0 is made this way alone. */
export async function closeTraining(
  tx: Tx,
  id: string,
  round: {
    readonly number: number
    readonly at: Date
    readonly returned: number
    readonly weightsKey: string
    readonly momentsKey: string | null
  },
): Promise<void> {
  const { number, at, returned, weightsKey, momentsKey } = round
  await tx.query({
    text: `INSERT INTO federated.round (federation, number, state, opened_at, closed_at, returned, weights_key, moments_key)
           VALUES ($1, $2, 'aggregated', $3, $3, $4, $5, $6)
           ON CONFLICT (federation, number) DO UPDATE SET state = 'aggregated', closed_at = $3, returned = $4,
             weights_key = $5, moments_key = $6`,
    values: [id, number, at, returned, weightsKey, momentsKey],
  })
  await tx.query({
    text: 'UPDATE federated.site_update SET weights_key = NULL WHERE federation = $1 AND round = $2',
    values: [id, number],
  })
}

/** Ends a round with what the sites said of it. */
export async function finishRound(
  tx: Tx,
  id: string,
  round: { readonly number: number; readonly pooled: SiteEvaluation | undefined },
): Promise<void> {
  const { number, pooled } = round
  await tx.query({
    text: `UPDATE federated.round SET state = 'done', loss = $3, metrics = $4 WHERE federation = $1 AND number = $2`,
    values: [id, number, pooled?.loss ?? null, pooled === undefined ? null : JSON.stringify(pooled.metrics)],
  })
}

/** Forgets where the weights of a round are, before they are deleted. */
export async function forgetWeights(tx: Tx, id: string, number: number): Promise<void> {
  await tx.query({
    text: 'UPDATE federated.round SET weights_key = NULL, moments_key = NULL WHERE federation = $1 AND number = $2',
    values: [id, number],
  })
}

/** Stores what a site did in a round; what it did before in the same round is replaced. */
export async function putUpdate(tx: Tx, id: string, update: RoundSite, at: Date): Promise<void> {
  const { round, site, outcome, reason, examples, metrics, weightsKey, seconds, bytesSent, bytesReceived } = update
  const values = [id, round, site, outcome, reason, examples, metrics === null ? null : JSON.stringify(metrics)]
  await tx.query({
    text: `INSERT INTO federated.site_update (federation, round, site, outcome, reason, examples, metrics, weights_key,
             seconds, bytes_sent, bytes_received, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           ON CONFLICT (federation, round, site) DO UPDATE SET outcome = $4, reason = $5, examples = $6, metrics = $7,
             weights_key = $8, seconds = $9, bytes_sent = $10, bytes_received = $11, at = $12`,
    values: [...values, weightsKey, seconds, bytesSent, bytesReceived, at],
  })
}

/** Drops what sites returned that cannot be told apart after a restart. */
export async function dropUnrecognisable(tx: Tx, id: string, round: number): Promise<void> {
  await tx.query({
    text: `DELETE FROM federated.site_update u USING federated.site s
           WHERE u.federation = $1 AND u.round = $2 AND s.federation = u.federation AND s.name = u.site
             AND NOT s.is_recognisable`,
    values: [id, round],
  })
}

/** What the sites did in the rounds from `from` to `to`. */
export function listUpdates(
  sql: Queryable,
  id: string,
  range: { readonly from: number; readonly to: number },
): Promise<readonly RoundSite[]> {
  return sql.query<RoundSite>({
    text: `SELECT round, site, outcome, reason, examples, metrics, weights_key AS "weightsKey", seconds,
             bytes_sent AS "bytesSent", bytes_received AS "bytesReceived"
           FROM federated.site_update WHERE federation = $1 AND round BETWEEN $2 AND $3 ORDER BY round, site LIMIT 100000`,
    values: [id, range.from, range.to],
  })
}

/** Stores a site's word on a round's model. */
export async function putEvaluation(tx: Tx, id: string, evaluation: StoredEvaluation, at: Date): Promise<void> {
  const { round, site, examples, loss, metrics } = evaluation
  await tx.query({
    text: `INSERT INTO federated.evaluation (federation, round, site, examples, loss, metrics, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (federation, round, site) DO UPDATE SET examples = $4, loss = $5, metrics = $6, at = $7`,
    values: [id, round, site, examples, loss, JSON.stringify(metrics), at],
  })
}

/** What the sites said in the rounds from `from` to `to`. */
export function listEvaluations(
  sql: Queryable,
  id: string,
  range: { readonly from: number; readonly to: number },
): Promise<readonly StoredEvaluation[]> {
  return sql.query<StoredEvaluation>({
    text: `SELECT round, site, examples, loss, metrics FROM federated.evaluation
           WHERE federation = $1 AND round BETWEEN $2 AND $3 ORDER BY round, site LIMIT 100000`,
    values: [id, range.from, range.to],
  })
}

/** Adds to the feed and wakes its readers when the transaction is committed. */
export async function addEvent(tx: Tx, id: string, event: FeedEvent, at: Date): Promise<void> {
  await tx.query({
    text: `INSERT INTO federated.event (federation, at, kind, round, site, detail) VALUES ($1, $2, $3, $4, $5, $6)`,
    values: [id, at, event.kind, event.round ?? null, event.site ?? null, JSON.stringify(event.detail ?? {})],
  })
  await tx.query({ text: 'SELECT pg_notify($1, $2)', values: [feedChannel, id] })
}

interface EventRow extends Omit<StoredEvent, 'round' | 'site'> {
  readonly round: number | null
  readonly site: string | null
}

/** The feed after an event, oldest first. */
export async function listEvents(
  sql: Queryable,
  id: string,
  page: { readonly after: number; readonly count: number },
): Promise<readonly StoredEvent[]> {
  const rows = await sql.query<EventRow>({
    text: `SELECT id, at, kind, round, site, detail FROM federated.event WHERE federation = $1 AND id > $2
           ORDER BY id LIMIT $3`,
    values: [id, page.after, page.count],
  })
  return rows.map(({ round, site, ...event }) => ({
    ...event,
    ...(round === null ? {} : { round }),
    ...(site === null ? {} : { site }),
  }))
}
