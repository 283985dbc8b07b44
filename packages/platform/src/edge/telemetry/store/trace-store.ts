// SQL of the trace page: lists, one trace, and what the services did lately.
import type { Queryable } from '../../../kernel/sql.ts'
import type { KeptSpan } from './kept-span.ts'
import { readSpans } from './trace-part.ts'

/** What is looked for. */
export interface TraceFilter {
  /** A service that took part. */
  readonly service: string | undefined
  /** Words in the name of the topmost span, e.g. of a route. */
  readonly name: string | undefined
  readonly minMs: number | undefined
  readonly isFailed: boolean | undefined
  readonly from: Date | undefined
  readonly to: Date | undefined
  /** Continue after this place. */
  readonly after: { readonly started: string; readonly traceId: string } | undefined
  readonly limit: number
}

/** A trace in a list. */
export interface ListedTrace {
  /** 32 hex digits. */
  readonly traceId: string
  /** ISO time with microseconds, UTC. */
  readonly started: string
  readonly durationMs: number
  readonly service: string
  readonly name: string
  readonly failure: string | undefined
  readonly spans: number
  readonly services: readonly string[]
}

interface Row {
  readonly trace_id: string
  readonly place: string
  readonly started: string
  readonly duration_us: number
  readonly service: string
  readonly name: string
  readonly failure: string | null
  readonly spans: number
  readonly services: readonly string[]
}

const hexOf = (uuid: string): string => uuid.replaceAll('-', '')
const isoMicros = (time: string): string => `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
const maxParts = 200
const pattern = (words: string): string => `%${words.replace(/[\\%_]/g, '\\$&')}%`

/** A page of a list, and where the next one goes on. */
export interface TracePage {
  readonly traces: readonly ListedTrace[]
  readonly next: { readonly started: string; readonly traceId: string } | undefined
}

/** Traces, newest first; one that came in several parts is told by its beginning, once a page. */
export async function listTraces(sql: Queryable, filter: TraceFilter): Promise<TracePage> {
  const rows = await sql.query<Row>({
    text: `WITH found AS (
             SELECT trace_id, started FROM telemetry.part
             WHERE ($1::text IS NULL OR services @> ARRAY[$1])
               AND ($2::text IS NULL OR name ILIKE $2)
               AND ($3::bigint IS NULL OR duration_us >= $3)
               AND ($4::boolean IS NULL OR (failure IS NOT NULL) = $4)
               AND ($5::timestamptz IS NULL OR started >= $5)
               AND ($6::timestamptz IS NULL OR started < $6)
               AND ($7::timestamptz IS NULL OR (started, trace_id) < ($7, $8::uuid))
             ORDER BY started DESC, trace_id DESC LIMIT $9)
           SELECT f.trace_id, ${isoMicros('f.started')} AS place, whole.*,
                  array(SELECT DISTINCT s FROM telemetry.part p, unnest(p.services) s WHERE p.trace_id = f.trace_id
                        ORDER BY s LIMIT 50) AS services
           FROM found f CROSS JOIN LATERAL (
             SELECT ${isoMicros('min(p.started)')} AS started,
                    (array_agg(p.service ORDER BY p.is_root DESC, p.started))[1] AS service,
                    (array_agg(p.name ORDER BY p.is_root DESC, p.started))[1] AS name,
                    (extract(epoch FROM max(p.started + p.duration_us * interval '1 microsecond') - min(p.started)) * 1e6)::bigint
                      AS duration_us,
                    min(p.failure) AS failure, sum(p.spans)::int AS spans
             FROM telemetry.part p WHERE p.trace_id = f.trace_id) whole
           ORDER BY f.started DESC, f.trace_id DESC`,
    values: [
      filter.service ?? null,
      filter.name === undefined ? null : pattern(filter.name),
      filter.minMs === undefined ? null : Math.round(filter.minMs * 1000),
      filter.isFailed ?? null,
      filter.from ?? null,
      filter.to ?? null,
      filter.after?.started ?? null,
      filter.after?.traceId ?? null,
      filter.limit,
    ],
  })
  const all = rows.map(({ trace_id, duration_us, failure, place: _place, ...row }) => ({
    ...row,
    traceId: hexOf(trace_id),
    durationMs: duration_us / 1000,
    failure: failure ?? undefined,
  }))
  const last = rows.length < filter.limit ? undefined : rows.at(-1)
  return {
    traces: all.filter(({ traceId }, at) => all.findIndex((one) => one.traceId === traceId) === at),
    next: last === undefined ? undefined : { started: last.place, traceId: hexOf(last.trace_id) },
  }
}

/** All spans of a trace that are kept, by their start; empty when there is none. */
export async function readTrace(sql: Queryable, traceId: string): Promise<readonly KeptSpan[]> {
  const rows = await sql.query<{ body: string }>({
    text: 'SELECT body FROM telemetry.part WHERE trace_id = $1::uuid ORDER BY started LIMIT $2',
    values: [traceId, maxParts],
  })
  const spans = rows.flatMap(({ body }) => readSpans(traceId, body))
  const once = new Map(spans.map((span) => [span.spanId, span])) // a batch that was sent twice tells the same twice
  return [...once.values()].toSorted((a, b) => a.startMs - b.startMs || b.endMs - a.endMs)
}

/** What a service did lately. */
export interface ServiceFigures {
  readonly service: string
  readonly traces: number
  readonly failed: number
  readonly p50Ms: number
  readonly p95Ms: number
}

/** Figures by the service at the top of each part, over the newest `sample` parts since a time. */
export async function serviceFigures(sql: Queryable, since: Date, sample: number): Promise<readonly ServiceFigures[]> {
  return sql.query<ServiceFigures>({
    text: `SELECT service, count(*)::int AS traces, count(failure)::int AS failed,
                  percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_us)::float8 / 1000 AS "p50Ms",
                  percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_us)::float8 / 1000 AS "p95Ms"
           FROM (SELECT service, failure, duration_us FROM telemetry.part WHERE started >= $1
                 ORDER BY started DESC LIMIT $2) newest
           GROUP BY service ORDER BY count(*) DESC, service LIMIT 100`,
    values: [since, sample],
  })
}
