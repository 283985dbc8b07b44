// The adapter of the SQL port on the `pg` driver: pool, transactions with retry, LISTEN, errors in the words of the house.
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from '../../kernel/ports.ts'
import type { Sql, Statement, TransactionOptions, Tx } from '../../kernel/sql.ts'
import { isRetryable, translate, unavailable } from './database-errors.ts'
import { createListener } from './listener.ts'
import { runTransaction, toQuery } from './transaction.ts'
import { typeParsers } from './types.ts'
import { startVigil, type VigilOptions } from './vigil.ts'

/** Options of {@link connectPostgres}. */
export interface PostgresOptions {
  readonly url: string
  readonly poolSize: number
  readonly log: Logger
  /** Longest run of one statement; default 30 s. A transaction with `timeoutMs` sets its own. */
  readonly statementTimeoutMs?: number
  /** Longest wait for a free connection; default 10 s. */
  readonly connectTimeoutMs?: number
  /** Times of the watch over a silent server, for tests. */
  readonly vigil?: VigilOptions['times']
}

const idleInTransactionMs = 60_000
const defaultRetries = 3
const firstRetryMs = 5

/** Connects to PostgreSQL; the first connection is made with the first statement. */
export function connectPostgres(options: PostgresOptions): Sql {
  const { log } = options
  const connection: pg.ClientConfig = {
    connectionString: options.url,
    application_name: 'xinglin',
    keepAlive: true,
    types: typeParsers as unknown as pg.CustomTypesConfig, // pg's type lists every builtin OID; any number is served
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: idleInTransactionMs,
  }
  const pool = new pg.Pool({
    ...connection,
    max: options.poolSize,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMillis: 60_000,
  })
  const lost = new WeakSet<object>()
  const state = { isClosing: false }
  // Without these listeners an ended server would end this process too. A server that stops right after us is no loss.
  pool.on('error', (error) => {
    if (!state.isClosing) log.warn('sql.connection.lost', { code: (error as { code?: string }).code })
  })
  pool.on('connect', (client) => {
    client.on('error', () => lost.add(client))
    client.on('end', () => lost.add(client))
  })
  const listener = createListener(connection, log)
  const vigil = startVigil({ connection, log, ...(options.vigil === undefined ? {} : { times: options.vigil }) })

  const withConnection = async <T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    if (vigil.isSilent()) throw unavailable(new Error('The server gives no answer'))
    const client = await pool.connect().catch((error: unknown) => {
      throw translate(error, true)
    })
    vigil.began(client)
    try {
      const result = await use(client)
      vigil.heard()
      return result
    } catch (error) {
      throw isRetryable(error) ? error : translate(error, lost.has(client) || isConnectionError(error))
    } finally {
      vigil.ended(client)
      // A transaction that is still open (failed ROLLBACK) must not go back to the pool.
      client.release(lost.has(client) || client.getTransactionStatus() !== 'I')
    }
  }

  return {
    query: async <Row>(statement: Statement) => {
      const result = await withConnection((client) => client.query(toQuery(statement))).catch((error: unknown) => {
        throw translate(error, false)
      })
      return result.rows as readonly Row[]
    },
    transaction: <T>(work: (tx: Tx) => Promise<T>, txOptions: TransactionOptions = {}) =>
      retried(txOptions.retries ?? defaultRetries, () =>
        withConnection((client) => runTransaction(client, work, txOptions, log)),
      ),
    listen: (channel, onNotify) => listener.listen(channel, onNotify),
    async close() {
      state.isClosing = true
      vigil.close()
      await listener.close()
      await pool.end()
    },
  }
}

function isConnectionError(error: unknown): boolean {
  const syscall = (error as { syscall?: unknown }).syscall
  return typeof syscall === 'string'
}

async function retried<T>(retries: number, run: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (!isRetryable(error) || attempt >= retries) throw translate(error, false)
      await delay(firstRetryMs * 2 ** attempt * (0.5 + Math.random()))
    }
  }
}
