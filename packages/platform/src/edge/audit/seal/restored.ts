// Puts a trail right that was restored into another PostgreSQL cluster, where transaction ids begin anew.
import type { Sql, Tx } from '../../../kernel/sql.ts'

// All events are compared with their seals once.
const limitMs = 30 * 60_000

/**
 * Moves the place where sealing goes on when the trail comes from another cluster: new events there have lower
 * transaction ids than those already sealed and would wait for ever. What was restored is final; of it, events that are
 * not yet sealed and whose ids lie in this cluster's future get the id of the present.
 * @returns whether the trail was moved
 */
export async function rebaseAfterRestore(sql: Sql): Promise<boolean> {
  return sql.transaction(
    async (tx) => {
      const [found] = await tx.query<{ cluster: string | null; isForeign: boolean }>({
        text: `SELECT c.cluster, coalesce(s.cluster <> c.cluster, false)
                      OR s.after_txid >= pg_snapshot_xmax(pg_current_snapshot()) AS "isForeign"
               FROM audit.state s, (SELECT ${await clusterSql(tx)} AS cluster) c FOR UPDATE OF s`,
      })
      if (found?.isForeign === true) await rebase(tx)
      await tx.query({
        text: 'UPDATE audit.state SET cluster = $1 WHERE cluster IS DISTINCT FROM $1',
        values: [found?.cluster ?? null],
      })
      return found?.isForeign === true
    },
    { timeoutMs: limitMs },
  )
}

// Some hosted databases do not tell which cluster they are; then only ids from the future give a restore away.
async function clusterSql(tx: Tx): Promise<string> {
  const [may] = await tx.query<{ isAllowed: boolean }>({
    text: `SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS "isAllowed"`,
  })
  return may?.isAllowed === true ? '(SELECT system_identifier::text FROM pg_control_system())' : 'NULL::text'
}

async function rebase(tx: Tx): Promise<void> {
  await tx.query({
    text: `UPDATE audit.event e SET txid = pg_current_xact_id()
           WHERE txid >= pg_snapshot_xmax(pg_current_snapshot())
             AND NOT EXISTS (SELECT FROM audit.seal s WHERE s.event_id = e.id)`,
  })
  await tx.query({
    text: `UPDATE audit.state SET after_id = 0, after_txid = LEAST(
             pg_snapshot_xmin(pg_current_snapshot()),
             (SELECT min(txid) FROM audit.event e WHERE NOT EXISTS (SELECT FROM audit.seal s WHERE s.event_id = e.id)))`,
  })
}
