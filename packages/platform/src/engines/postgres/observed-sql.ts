// Statements as telemetry sees them: a span and a duration each, with what is done to which table, never with text or values.
// https://opentelemetry.io/docs/specs/semconv/database/postgresql/
import type { Span, Telemetry } from '../../kernel/ports.ts'
import type { Queryable, Sql, Statement, Tx } from '../../kernel/sql.ts'
import { traced } from '../../kernel/telemetry/index.ts'

/** What a statement does to which table. */
export interface StatementSummary {
  /** e.g. `SELECT records.resource`. */
  readonly text: string
  /** e.g. `SELECT`. */
  readonly operation: string
}

const system = 'postgresql'
const maxKnown = 1000
const searched = 4000
const msPerSecond = 1000
const operations =
  /\b(SELECT|INSERT|UPDATE|DELETE|MERGE|COPY|WITH|CREATE|ALTER|DROP|TRUNCATE|LISTEN|SET|LOCK|ANALYZE|VACUUM)\b/i
// Our tables have their schema before the name; what stands in FROM without one is an alias, a function or a common table.
const table = /\b(?:FROM|INTO|UPDATE|JOIN|TABLE|TRUNCATE|ONLY)\s+([a-z_]+\.[a-z_0-9]+)/i

/** Summarises a statement by its words; only names of our schemas and tables can come out. */
export function summarise(text: string): StatementSummary {
  const head = text.slice(0, searched)
  const first = operations.exec(head)?.[1]?.toUpperCase() ?? 'OTHER'
  // A common table expression is told by what it writes, or that it reads.
  const operation = first === 'WITH' ? (/\b(INSERT|UPDATE|DELETE)\b/.exec(head)?.[1] ?? 'SELECT') : first
  const target = table.exec(head)?.[1]
  return Object.freeze({ operation, text: target === undefined ? operation : `${operation} ${target.toLowerCase()}` })
}

// Named statements have the same text every time; generated ones come in more variants than are worth keeping.
function createSummaries(): (statement: Statement) => StatementSummary {
  const known = new Map<string, StatementSummary>()
  return ({ text, name }) => {
    if (name === undefined) return summarise(text)
    const found = known.get(name)
    if (found !== undefined) return found
    const summary = summarise(text)
    if (known.size < maxKnown) known.set(name, summary)
    return summary
  }
}

type Observe = <T>(summary: StatementSummary, work: () => Promise<T>) => Promise<T>

function createObserve(telemetry: Telemetry): Observe {
  const duration = telemetry.metrics.histogram({
    name: 'db.client.operation.duration',
    help: 'Duration of statements, with the wait for a connection',
    unit: 's',
    labels: ['db.system.name', 'db.query.summary', 'error.type'],
  })
  const finish = (summary: StatementSummary, span: Span, startedMs: number, failure: string): void => {
    duration((performance.now() - startedMs) / msPerSecond, {
      db_system_name: system,
      db_query_summary: summary.text,
      error_type: failure,
    })
    if (!span.isSampled) return
    span.set('db.system.name', system)
    span.set('db.operation.name', summary.operation)
    span.end()
  }
  return async (summary, work) => {
    const span = telemetry.startSpan(summary.text, { kind: 'client' })
    const startedMs = performance.now()
    try {
      const result = await work()
      finish(summary, span, startedMs, '')
      return result
    } catch (error) {
      span.fail(error)
      finish(summary, span, startedMs, error instanceof Error ? error.name : 'unknown')
      throw error
    }
  }
}

/** The same database, observed. */
export function observedSql(sql: Sql, telemetry: Telemetry): Sql {
  const observe = createObserve(telemetry)
  const summaryOf = createSummaries()
  const queryOn =
    (on: Queryable): Queryable['query'] =>
    (statement) =>
      observe(summaryOf(statement), () => on.query(statement))
  const observedTx = (tx: Tx): Tx => ({
    query: queryOn(tx),
    copyIn: (target, rows) => {
      const text = `COPY ${target.slice(0, target.search(/[\s(]|$/))}`
      return observe({ operation: 'COPY', text }, () => tx.copyIn(target, rows))
    },
    afterCommit: (work) => tx.afterCommit(work),
  })
  return {
    query: queryOn(sql),
    transaction: (work, options) =>
      traced(telemetry, 'transaction', {}, () => sql.transaction((tx) => work(observedTx(tx)), options)),
    listen: (channel, onNotify) => sql.listen(channel, onNotify),
    close: () => sql.close(),
  }
}
