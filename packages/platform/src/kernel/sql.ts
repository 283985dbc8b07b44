// The port to PostgreSQL: what a store may ask for. The adapter is engines/postgres.

/** One statement with parameters only; a `name` makes it a named prepared statement. */
export interface Statement {
  readonly text: string
  readonly values?: readonly unknown[]
  /** Must be the same text every time it is used; leave out for text that is generated. */
  readonly name?: string
}

/** Anything that can run a statement: the pool or an open transaction. */
export interface Queryable {
  /** Runs one statement and returns its rows. int8 arrives as number (safe range), timestamptz as Date, text[] as array. */
  query<Row = Record<string, unknown>>(statement: Statement): Promise<readonly Row[]>
}

/** An open transaction; it is one connection, use it from one flow at a time. */
export interface Tx extends Queryable {
  /** Streams rows into `COPY target FROM STDIN` (text format); each value is escaped by the adapter. */
  copyIn(target: string, rows: Iterable<readonly (string | number | boolean | null)[]>): Promise<void>
  /** Registers work to run after a successful commit (wake a consumer, release a cache); it must not throw. */
  afterCommit(work: () => void): void
}

/** Options of a transaction. */
export interface TransactionOptions {
  /** Default is READ COMMITTED. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable'
  /** How many times a serialization failure or deadlock (40001, 40P01) is retried with jitter; default 3. */
  readonly retries?: number
  readonly timeoutMs?: number
  /** Longest run of each statement, where the transaction as a whole has no limit of its own. */
  readonly statementTimeoutMs?: number
}

/** The pool. */
export interface Sql extends Queryable {
  /** Runs `work` in a transaction: commits when it resolves, rolls back when it rejects. */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Listens on a channel; returns a function that ends it. Reconnects by itself. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** The SQL that a service owns: its PostgreSQL schema and the folder of its numbered migrations (`0001_name.sql`, …). */
export interface OwnedSql {
  readonly schema: string
  readonly folder: URL
}
