// Makes the Consents rule that were stored before this store compiled Consents: once, before anything is answered, resumable.
import { AppError } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Logger } from '../../kernel/ports.ts'
import type { Sql, Tx } from '../../kernel/sql.ts'
import { contentsOf } from '../store/contents.ts'
import { consentSource } from './keep-restrictions.ts'
import { everything } from './restriction.ts'
import { replaceRestrictions } from './restriction-store.ts'

interface ConsentHead {
  readonly id: string
  readonly rid: number
  readonly pat: string | null
  readonly pats: readonly string[] | null
}

const usualBatch = 100

/**
 * Compiles what is left of them, batch by batch in transactions of their own, so that a process that is stopped goes on where
 * it was. Returns how many there were; rejects rather than to leave one that does not rule.
 */
export async function compileConsentsOfBefore(sql: Sql, log: Logger): Promise<number> {
  let size = usualBatch
  for (let compiled = 0; ; ) {
    try {
      const batch = await sql.transaction((tx) => compileSome(tx, size))
      if (batch.compiled === 0) return compiled
      compiled += batch.compiled
      log.info('records.consents.compiled', { compiled, unclear: batch.unclear })
    } catch (error) {
      const isTooMuch = error instanceof AppError && error.code === 'too-large'
      if (!isTooMuch || size === 1) throw error
      size = 1 // Consents may carry documents; what one write could hold, one batch of one can
    }
  }
}

interface Batch {
  readonly compiled: number
  /** Of these, what could not be understood and withholds everything until it is written anew. */
  readonly unclear: number
}

async function compileSome(tx: Tx, size: number): Promise<Batch> {
  // Another process that starts at the same time waits here, and finds the rest.
  const left = await tx.query<{ readonly id: string }>({
    text: 'SELECT id FROM records.consent_backlog ORDER BY id LIMIT $1 FOR UPDATE',
    values: [size],
  })
  const ids = left.map(({ id }) => id)
  if (ids.length === 0) return { compiled: 0, unclear: 0 }
  const heads = await tx.query<ConsentHead>({
    text: `SELECT id, rid, pat, pats FROM records.resource
      WHERE type = 'Consent' AND id = ANY($1::text[]) AND NOT deleted ORDER BY id FOR UPDATE`,
    values: [ids],
  })
  const contents = await contentsOf(
    tx,
    heads.map(({ rid }) => rid),
  )
  const sources = heads.map(({ id, rid, pat, pats }) => {
    const consent = JSON.parse(contents.get(rid) ?? 'null') as Resource
    return consentSource(`Consent/${id}`, consent, pats ?? (pat === null ? [] : [pat]))
  })
  await replaceRestrictions(tx, sources)
  await tx.query({ text: 'DELETE FROM records.consent_backlog WHERE id = ANY($1::text[])', values: [ids] })
  return {
    compiled: ids.length,
    unclear: sources.filter(({ restrictions }) => restrictions.includes(everything)).length,
  }
}
