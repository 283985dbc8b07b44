// The adapter of the SQL port on the `pg` driver: pool, transactions with retry, LISTEN, errors in the words of the house.
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from '../../kernel/ports.ts'
import type { Sql, Statement, TransactionOptions, Tx } from '../../kernel/sql.ts'
import { isRetryable, translate, unavailable } from './database-errors.ts'
import { createLines } from './lines.ts'
import { createListener } from './listener.ts'
import { runTransaction, toQuery } from './transaction.ts'
import { typeParsers } from './types.ts'
import { type Use, Vigil, type VigilOptions } from './vigil.ts'

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
const usualStatementMs = 30_000
const defaultRetries = 3
const firstRetryMs = 5
const keepAliveMs = 10_000

function connectionOf({ url, statementTimeoutMs = usualStatementMs }: PostgresOptions): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'xinglin',
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    types: typeParsers as unknown as pg.CustomTypesConfig, // pg's type lists every builtin OID; any number is served
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
  }
}

// Waits for a connection, but no longer than the server is known to be there.
function acquire(pool: pg.Pool, use: Use): Promise<pg.PoolClient> {
  if (pool.idleCount > pool.waitingCount) return pool.connect()
  return new Promise((resolve, reject) => {
    use.giveUp = reject
    pool.connect().then((client) => {
      if (use.giveUp === undefined) return client.release()
      use.giveUp = undefined
      resolve(client)
    }, reject)
  })
}

type WithConnection = <T>(allowedMs: number, work: (client: pg.PoolClient) => Promise<T>) => Promise<T>

function connections(pool: pg.Pool, vigil: Vigil): WithConnection {
  const lost = new WeakSet<object>()
  pool.on('connect', (client) => {
    client.on('error', () => lost.add(client))
    client.on('end', () => lost.add(client))
  })
  return async (allowedMs, work) => {
    if (vigil.isSilent) throw unavailable(new Error('The server gives no answer'))
    const use = vigil.begin(allowedMs)
    const client = await acquire(pool, use).catch((error: unknown) => {
      vigil.end(use)
      throw translate(error, true)
    })
    use.client = client
    try {
      return await work(client)
    } catch (error) {
      throw isRetryable(error) ? error : translate(error, lost.has(client) || isConnectionError(error))
    } finally {
      vigil.end(use)
      // A transaction that is still open (failed ROLLBACK) must not go back to the pool.
      client.release(lost.has(client) || client.getTransactionStatus() !== 'I')
    }
  }
}

/** Connects to PostgreSQL; the first connection is made with the first statement. */
export function connectPostgres(options: PostgresOptions): Sql {
  const { log, statementTimeoutMs = usualStatementMs } = options
  const connection = connectionOf(options)
  const lines = createLines()
  const pool = new pg.Pool({
    ...connection,
    Client: lines.Client,
    max: options.poolSize,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMillis: 60_000,
  })
  const state = { isClosing: false }
  // Without this listener an ended server would end this process too. A server that stops right after us is no loss.
  pool.on('error', (error) => {
    if (!state.isClosing) log.warn('sql.connection.lost', { code: (error as { code?: string }).code })
  })
  const listener = createListener({ connection, log, Client: lines.Client })
  const vigil = new Vigil({ connection, lines, log, ...(options.vigil === undefined ? {} : { times: options.vigil }) })
  const withConnection = connections(pool, vigil)
  const allowedOf = ({ timeoutMs = 0, statementTimeoutMs: ownMs = 0 }: TransactionOptions): number =>
    Math.max(statementTimeoutMs, timeoutMs, ownMs, idleInTransactionMs)
  return {
    query: async <Row>(statement: Statement) => {
      const asked = withConnection(statementTimeoutMs, (client) => client.query(toQuery(statement)))
      const result = await asked.catch((error: unknown) => {
        throw translate(error, false)
      })
      return result.rows as readonly Row[]
    },
    transaction: <T>(work: (tx: Tx) => Promise<T>, txOptions: TransactionOptions = {}) =>
      retried(txOptions.retries ?? defaultRetries, () =>
        withConnection(allowedOf(txOptions), (client) => runTransaction(client, work, txOptions, log)),
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
