// Traffic by minute and service in PostgreSQL; kept for a day.
import type { Queryable } from '../../../kernel/sql.ts'
import type { ServiceCounts } from './gateway-counts.ts'

/** What a service answered in some time. */
export interface ServiceTraffic extends ServiceCounts {
  readonly service: string
}

/** Adds what was counted to the minute. */
export async function addTraffic(sql: Queryable, minute: Date, { service, ...counts }: ServiceTraffic): Promise<void> {
  await sql.query({
    name: 'chaos.traffic.add',
    text: `INSERT INTO chaos.traffic AS t (minute, service, requests, failed, bounds, buckets)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (minute, service) DO UPDATE SET
             requests = t.requests + excluded.requests,
             failed = t.failed + excluded.failed,
             bounds = excluded.bounds,
             buckets = CASE WHEN t.bounds = excluded.bounds
               THEN ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0)
                     FROM unnest(t.buckets, excluded.buckets) WITH ORDINALITY AS u(a, b, n) ORDER BY n)
               ELSE excluded.buckets END`,
    values: [minute, service, counts.requests, counts.failed, [...counts.bounds], [...counts.buckets]],
  })
}

/** The traffic since a moment by service and minute, oldest first. */
export function readTraffic(
  sql: Queryable,
  since: Date,
): Promise<readonly (ServiceTraffic & { readonly minute: Date })[]> {
  return sql.query({
    name: 'chaos.traffic.read',
    text: `SELECT minute, service, requests, failed, bounds, buckets FROM chaos.traffic
           WHERE minute >= $1 ORDER BY minute, service LIMIT 10000`,
    values: [since],
  })
}

/** Drops what is older. */
export async function dropTraffic(sql: Queryable, before: Date): Promise<void> {
  await sql.query({ text: 'DELETE FROM chaos.traffic WHERE minute < $1', values: [before] })
}
