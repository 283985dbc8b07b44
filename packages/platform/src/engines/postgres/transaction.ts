// One transaction on one connection: statements in turn, COPY, work after the commit, a deadline.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '@xinglin/core/errors'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Logger } from '../../kernel/ports.ts'
import type { Statement, TransactionOptions, Tx } from '../../kernel/sql.ts'
import { copyChunks } from './copy-text.ts'

const isolations = {
  'read committed': 'READ COMMITTED',
  'repeatable read': 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
} as const

interface OpenTx {
  readonly tx: Tx
  readonly work: (() => void)[]
  /** Ends the use of `tx`; later statements are refused. */
  end(): Promise<void>
}

function openTx(client: pg.PoolClient, timeoutMs: number | undefined): OpenTx {
  const work: (() => void)[] = []
  const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs
  const state: { ended: boolean; tail: Promise<unknown> } = { ended: false, tail: Promise.resolve() }
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const next = state.tail.then(() => {
      if (state.ended) throw new Error('The transaction has ended; a statement came too late')
      if (performance.now() > until) throw new AppError('timeout', 'The transaction took too long and was rolled back')
      return run()
    })
    state.tail = next.catch(() => undefined)
    return next
  }
  return {
    work,
    async end() {
      await state.tail
      state.ended = true
    },
    tx: {
      query: <Row>(statement: Statement) =>
        inTurn(async () => (await client.query(toQuery(statement))).rows as readonly Row[]),
      copyIn: (target, rows) =>
        inTurn(() => pipeline(Readable.from(copyChunks(rows)), client.query(copyFrom(`COPY ${target} FROM STDIN`)))),
      afterCommit(later) {
        work.push(later)
      },
    },
  }
}

/** A statement as pg takes it. */
export function toQuery(statement: Statement): pg.QueryConfig {
  return {
    text: statement.text,
    ...(statement.values === undefined ? {} : { values: statement.values as unknown[] }), // pg does not change it
    ...(statement.name === undefined ? {} : { name: statement.name }),
  }
}

/** Runs `work` between BEGIN and COMMIT on the given connection; rolls back when it rejects. */
export async function runTransaction<T>(
  client: pg.PoolClient,
  work: (tx: Tx) => Promise<T>,
  options: TransactionOptions,
  log: Logger,
): Promise<T> {
  const isolation = options.isolation === undefined ? '' : ` ISOLATION LEVEL ${isolations[options.isolation]}`
  const statementMs = options.statementTimeoutMs ?? options.timeoutMs
  const timeout = statementMs === undefined ? '' : `; SET LOCAL statement_timeout = ${Math.ceil(statementMs)}`
  await client.query(`BEGIN${isolation}${timeout}`)
  const open = openTx(client, options.timeoutMs)
  const result = await rollBackOnFailure(client, open, work)
  const committed = await client.query('COMMIT')
  // An error that the work swallowed leaves an aborted transaction, and COMMIT then rolls back without an error.
  if (committed.command !== 'COMMIT') throw new Error('A statement of the transaction failed, so nothing was committed')
  for (const later of open.work) {
    try {
      later()
    } catch (error) {
      log.error('sql.after-commit.failed', { error })
    }
  }
  return result
}

async function rollBackOnFailure<T>(client: pg.PoolClient, open: OpenTx, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    const result = await work(open.tx)
    await open.end()
    return result
  } catch (error) {
    await open.end()
    await client.query('ROLLBACK')
    throw error
  }
}
