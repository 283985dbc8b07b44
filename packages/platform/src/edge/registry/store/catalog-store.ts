// SQL of services and their checks: reading.
import type { Queryable } from '../../../kernel/sql.ts'
import type { CheckDefinition, Status } from '../definitions/check.ts'
import type { ServiceDefinition } from '../definitions/service.ts'

/** A registered service. */
export interface RegisteredService {
  readonly id: string
  readonly name: string
  readonly definition: ServiceDefinition
  readonly createIndex: number
  readonly modifyIndex: number
}

/** A registered check; without a service it belongs to the node. */
export interface RegisteredCheck {
  readonly id: string
  readonly serviceId: string | null
  readonly serviceName: string
  readonly serviceTags: readonly string[]
  readonly definition: CheckDefinition
  readonly status: Status
  readonly output: string
  readonly createIndex: number
  readonly modifyIndex: number
}

/** Which services to read. */
export interface ServiceChoice {
  readonly name?: string
  readonly id?: string
}

/** Which checks to read. */
export interface CheckChoice {
  readonly serviceName?: string
  readonly id?: string
  readonly status?: Status
}

/** The most services there may be; lists are complete below it. */
export const maxServices = 10_000

/** The most checks there may be. */
export const maxChecks = 20_000

const serviceColumns = 'id, name, definition, create_index AS "createIndex", modify_index AS "modifyIndex"'
const checkColumns = `c.id, c.service_id AS "serviceId", coalesce(s.name, '') AS "serviceName",
  coalesce(s.definition -> 'tags', '[]') AS "serviceTags", c.definition, c.status, c.output,
  c.create_index AS "createIndex", c.modify_index AS "modifyIndex"`

/** Reads services in the order of name and id. */
export function readServices(sql: Queryable, { name, id }: ServiceChoice = {}): Promise<readonly RegisteredService[]> {
  return sql.query<RegisteredService>({
    text: `SELECT ${serviceColumns} FROM registry.service
           WHERE ($1::text IS NULL OR name = $1) AND ($2::text IS NULL OR id = $2)
           ORDER BY name, id LIMIT $3`,
    values: [name, id, maxServices],
  })
}

/** Reads checks in the order of their ids. */
export function readChecks(sql: Queryable, choice: CheckChoice = {}): Promise<readonly RegisteredCheck[]> {
  return sql.query<RegisteredCheck>({
    text: `SELECT ${checkColumns}
           FROM registry.health_check c LEFT JOIN registry.service s ON s.id = c.service_id
           WHERE ($1::text IS NULL OR s.name = $1) AND ($2::text IS NULL OR c.id = $2)
             AND ($3::text IS NULL OR c.status = $3)
           ORDER BY c.id LIMIT $4`,
    values: [choice.serviceName, choice.id, choice.status, maxChecks],
  })
}

/** Reads the names of the services, each with all tags of its instances. */
export function readServiceNames(
  sql: Queryable,
): Promise<readonly { readonly name: string; readonly tags: readonly string[] }[]> {
  return sql.query({
    text: `SELECT name, coalesce(array_agg(DISTINCT tag ORDER BY tag) FILTER (WHERE tag IS NOT NULL), '{}') AS tags
           FROM registry.service LEFT JOIN LATERAL jsonb_array_elements_text(definition -> 'tags') AS tag ON true
           GROUP BY name ORDER BY name LIMIT $1`,
    values: [maxServices],
  })
}

/** Says how many services and checks there are. */
export async function countCatalog(sql: Queryable): Promise<{ readonly services: number; readonly checks: number }> {
  const [row] = await sql.query<{ services: number; checks: number }>({
    text: `SELECT (SELECT count(*) FROM registry.service) AS services,
                  (SELECT count(*) FROM registry.health_check) AS checks`,
  })
  return row ?? { services: 0, checks: 0 }
}
