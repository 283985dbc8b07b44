// A trail to be attacked, and what somebody needs who knows the procedure; for the tests of this room.
import assert from 'node:assert/strict'
import type { Logger } from '../../../kernel/ports.ts'
import type { Sql, Tx } from '../../../kernel/sql.ts'
import { sealRipeEvents } from '../seal/seal-events.ts'
import { lockState } from '../seal/seal-store.ts'
import { chainOf, commitmentOf, leafOf, recordBytesOf } from '../seal/sealed-record.ts'
import { keysOf } from '../trail/payload.ts'
import type { TrailReport } from '../verify/report.ts'
import { verifyTrail } from '../verify/verify.ts'
import { type TrailUnderTest, trailUnderTest } from './trail.ts'

/** How many events were sealed at each checkpoint, and in the end. */
export const checkpointSizes = [10, 20, 30, 37]
/** Events 1 to 40 stand at the places 0 to 39. */
export const totalEvents = 40

/** Makes the trail. */
export async function attackedTrail(sql: Sql, log: Logger): Promise<TrailUnderTest> {
  // Checkpoints only when they are asked for.
  const trail = await trailUnderTest(sql, log, { checkpointEveryMs: Number.POSITIVE_INFINITY })
  let made = 0
  for (const size of checkpointSizes) {
    await trail.readAll(Array.from({ length: size - made }, (_, at) => `p-${made + at}`))
    await trail.sealer.sealNow()
    made = size
  }
  await trail.readAll(Array.from({ length: totalEvents - made }, (_, at) => `p-${made + at}`))
  await sql.transaction(async (tx) => {
    await sealRipeEvents(tx, await lockState(tx), 1000)
  })
  return trail
}

class Undo extends Error {
  readonly report: TrailReport
  constructor(report: TrailReport) {
    super('undo')
    this.report = report
  }
}

/** Verifies the trail as an attack leaves it, and undoes the attack. */
export async function afterAttack(
  { sql, folder }: Pick<TrailUnderTest, 'sql' | 'folder'>,
  attack: (tx: Tx) => Promise<unknown>,
): Promise<TrailReport> {
  try {
    return await sql.transaction(async (tx) => {
      await attack(tx)
      throw new Undo(await verifyTrail({ sql: tx, folder }))
    })
  } catch (error) {
    if (error instanceof Undo) return error.report
    throw error
  }
}

/** Runs a statement. */
export const run = (tx: Tx, text: string, values: readonly unknown[] = []) => tx.query({ text, values })

/** A sealed event. */
export interface Row {
  readonly seq: number
  readonly eventId: number
  readonly recordedUs: number
  readonly salt: string
  readonly payload: string
  readonly chain: Buffer
}

/** The sealed event at a place. */
export async function rowAt(tx: Tx, seq: number): Promise<Row> {
  const [row] = await tx.query<Row>({
    text: `SELECT s.seq, e.id AS "eventId", (extract(epoch FROM e.recorded) * 1000000)::bigint AS "recordedUs", e.salt, e.payload, s.chain
           FROM audit.seal s JOIN audit.event e ON e.id = s.event_id WHERE seq = $1`,
    values: [seq],
  })
  assert.ok(row)
  return row
}

/** Changes what an event says, with its search keys. */
export async function rewritePayload(tx: Tx, seq: number): Promise<string> {
  const row = await rowAt(tx, seq)
  const payload = row.payload.replaceAll(`p-${seq}`, 'p-nobody')
  assert.notEqual(payload, row.payload)
  const values = [row.eventId, payload, keysOf(JSON.parse(payload))]
  await run(tx, 'UPDATE audit.event SET payload = $2, keys = $3::bigint[] WHERE id = $1', values)
  return payload
}

/** Computes commitment, link and leaf of one row again, as somebody who knows the procedure. */
export async function resealOne(tx: Tx, seq: number): Promise<void> {
  const [row, previous] = [await rowAt(tx, seq), await rowAt(tx, seq - 1)]
  const commitment = commitmentOf(row.salt, row.payload)
  const record = recordBytesOf({ ...row, commitment })
  await run(
    tx,
    'UPDATE audit.seal SET commitment = $2, chain = $3, nodes = overlay(nodes placing $4::bytea from 1 for 32) WHERE seq = $1',
    [seq, commitment, chainOf(previous.chain, record), leafOf(record)],
  )
}

/** Computes all seals again. */
export async function resealAll(tx: Tx): Promise<void> {
  await run(tx, 'DELETE FROM audit.seal')
  await run(
    tx,
    `UPDATE audit.state SET size = 0, chain = decode(repeat('00', 32), 'hex'), frontier = '', after_txid = '0', after_id = 0`,
  )
  await sealRipeEvents(tx, await lockState(tx), 1000)
}
