// Writes checkpoints: to the file outside the database first, then into the database, under the lock of the trail's state.
import type { Clock, Logger } from '../../../kernel/ports.ts'
import type { Queryable, Sql, Tx } from '../../../kernel/sql.ts'
import { lockState, type SealState } from '../seal/seal-store.ts'
import { rootOf } from '../seal/tree.ts'
import { type Checkpoint, isSigned, parseLine, signCheckpoint, toLine } from './checkpoint.ts'
import { appendLines, checkpointFileEnd } from './checkpoint-file.ts'
import type { SigningKeys } from './signing-key.ts'

/** What checkpoints are written with. */
export interface CheckpointTools {
  readonly sql: Sql
  readonly log: Logger
  readonly clock: Clock
  readonly folder: string
  readonly keys: SigningKeys
}

/**
 * `current` when file and database agree; `rolled-back` when the file knows of more than the database has, or of another
 * trail: nothing is appended then, so that the proof of it stays.
 */
export type CheckpointOutcome = 'current' | 'rolled-back'

const maxCopied = 10_000

/** The newest checkpoint in the database. */
export async function lastStored(sql: Queryable): Promise<Checkpoint | undefined> {
  const [row] = await sql.query<{ line: string }>({
    text: 'SELECT line FROM audit.checkpoint ORDER BY number DESC LIMIT 1',
  })
  return row === undefined ? undefined : parseLine(row.line)
}

async function insertLine(tx: Tx, { number }: Checkpoint, line: string): Promise<void> {
  await tx.query({
    text: 'INSERT INTO audit.checkpoint (number, line) VALUES ($1, $2) ON CONFLICT (number) DO UPDATE SET line = EXCLUDED.line',
    values: [number, line],
  })
}

/** Lines that the database has and the file lacks: it was copied before the database was dumped, or shortened. */
async function missingLines(tx: Tx, after: number, tools: CheckpointTools): Promise<readonly string[]> {
  const rows = await tx.query<{ line: string }>({
    text: 'SELECT line FROM audit.checkpoint WHERE number > $1 ORDER BY number LIMIT $2',
    values: [after, maxCopied],
  })
  const ours = rows.filter(({ line }) => {
    const checkpoint = parseLine(line)
    return checkpoint !== undefined && isSigned(checkpoint, tools.keys.publicKey)
  })
  if (rows.length > 0) tools.log.warn('audit.checkpoints.completed', { missing: rows.length, copied: ours.length })
  return ours.map(({ line }) => line)
}

function isAhead(last: Checkpoint | undefined, state: SealState): boolean {
  return last !== undefined && (last.trail !== state.trail || last.size > state.size)
}

async function writeUnderLock(tx: Tx, tools: CheckpointTools): Promise<CheckpointOutcome> {
  const state = await lockState(tx)
  const end = await checkpointFileEnd(tools.folder)
  if (isAhead(end.last, state)) return 'rolled-back'
  const stored = await lastStored(tx)
  const completed = await missingLines(tx, end.last?.number ?? -1, tools)
  const newest = completed.length > 0 ? stored : end.last
  const body = {
    number: Math.max(newest?.number ?? -1, stored?.number ?? -1) + 1,
    trail: state.trail,
    size: state.size,
    root: Buffer.from(rootOf(state)).toString('hex'),
    chain: state.chain.toString('hex'),
    at: tools.clock.now().toISOString(),
  }
  const isNews = state.size > (newest?.size ?? 0)
  const checkpoint = isNews ? signCheckpoint(body, tools.keys) : undefined
  const lines = [...completed, ...(checkpoint === undefined ? [] : [toLine(checkpoint)])]
  if (lines.length === 0) return 'current'
  if (await appendLines(tools.folder, lines)) tools.log.warn('audit.checkpoints.torn-line-removed')
  if (checkpoint !== undefined) await insertLine(tx, checkpoint, toLine(checkpoint))
  return 'current'
}

/** Signs how long the trail is now, unless the last checkpoint says so already; completes a file that is behind. */
export function writeCheckpoint(tools: CheckpointTools): Promise<CheckpointOutcome> {
  return tools.sql.transaction((tx) => writeUnderLock(tx, tools), { retries: 0 })
}
