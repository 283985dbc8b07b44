// Field names, defaults and limits of Kong 3.9's upstreams, targets, groups and memberships (Kong admin API reference; pure).
import type { FieldRule, FieldRules } from './fields.ts'
import { badHost, badText, name, tags } from './schemas.ts'

const maxWeight = 65_535
const defaultTargetPort = 8000
const maxSeconds = 65_535
const maxCount = 255

const record = (fields: FieldRules): FieldRule => ({ kind: 'record', fields })
const count = { kind: 'integer', fallback: 0, max: maxCount } as const
const seconds = (fallback: number): FieldRule => ({ kind: 'number', fallback, max: maxSeconds })
const statuses = (fallback: readonly number[]): FieldRule => ({ kind: 'integers', fallback, min: 100, max: 999 })
const off = (fallback: unknown = null): FieldRule => ({ kind: 'text', fallback, isFixed: true })
const checkPath = (text: string): string | undefined =>
  /^\/[\x21-\x7e]*$/.test(text) ? undefined : 'should start with: / and have no spaces'

const passing = [200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308]

const failures = { http_failures: count, tcp_failures: count, timeouts: count }

const healthchecks = record({
  active: record({
    type: { kind: 'text', fallback: 'http', oneOf: ['http', 'https', 'tcp'] },
    timeout: { kind: 'number', fallback: 1, min: 0.01, max: maxSeconds },
    concurrency: { kind: 'integer', fallback: 10, min: 1, max: 2_147_483_648 },
    http_path: { kind: 'text', fallback: '/', max: 1024, check: checkPath },
    https_verify_certificate: { kind: 'boolean', fallback: true },
    https_sni: off(),
    headers: { kind: 'record', fields: {} },
    healthy: record({ interval: seconds(0), successes: count, http_statuses: statuses([200, 302]) }),
    unhealthy: record({
      interval: seconds(0),
      ...failures,
      http_statuses: statuses([429, 404, 500, 501, 502, 503, 504, 505]),
    }),
  }),
  passive: record({
    type: { kind: 'text', fallback: 'http', oneOf: ['http', 'https', 'tcp'] },
    healthy: record({ successes: count, http_statuses: statuses(passing) }),
    unhealthy: record({ ...failures, http_statuses: statuses([429, 500, 503]) }),
  }),
  threshold: { kind: 'number', fallback: 0, max: 100 },
})

/** Fields of an upstream; hashing is not supported, so its fields take only their defaults. */
export const upstreamFields: FieldRules = {
  name: { kind: 'text', isRequired: true, max: 255, check: badHost },
  algorithm: { kind: 'text', fallback: 'round-robin', oneOf: ['round-robin', 'least-connections'] },
  hash_on: off('none'),
  hash_fallback: off('none'),
  hash_on_header: off(),
  hash_fallback_header: off(),
  hash_on_cookie: off(),
  hash_on_cookie_path: off('/'),
  hash_on_query_arg: off(),
  hash_fallback_query_arg: off(),
  hash_on_uri_capture: off(),
  hash_fallback_uri_capture: off(),
  slots: { kind: 'integer', fallback: 10_000, min: 10, max: 65_536 },
  host_header: { kind: 'text', max: 255, check: badHost },
  client_certificate: off(),
  use_srv_name: { kind: 'boolean', fallback: false, isFixed: true },
  healthchecks,
  tags,
}

/** Host and port of a target as it is written; undefined when it cannot be one. */
export function parseTarget(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || badHost(host) !== undefined) return undefined
  const number = Number(port ?? defaultTargetPort)
  return number > 0 && number < 65_536 ? { host, port: number } : undefined
}

/** Fields of a target. */
export const targetFields: FieldRules = {
  target: {
    kind: 'text',
    isRequired: true,
    max: 300,
    check: (text) =>
      parseTarget(text) === undefined ? `Invalid target; not a valid hostname or ip address` : undefined,
  },
  weight: { kind: 'integer', fallback: 100, max: maxWeight },
  upstream: { kind: 'reference', isRequired: true },
  tags,
}

/** Fields of a consumer's group by name. */
export const aclFields: FieldRules = {
  group: { kind: 'text', isRequired: true, max: 256, check: badText },
  consumer: { kind: 'reference', isRequired: true },
  tags,
}

/** Fields of a consumer group. */
export const consumerGroupFields: FieldRules = { name: { ...name, isRequired: true }, tags }

/** Fields of a consumer's place in a consumer group. */
export const membershipFields: FieldRules = {
  consumer: { kind: 'reference', isRequired: true },
  consumer_group: { kind: 'reference', isRequired: true },
  tags,
}
