// Cross-origin rules: what to tell a browser, and preflights answered at the edge (Fetch standard; pure).
import type { IncomingHttpHeaders } from 'node:http'
import type { CorsPlan } from './routing/plugin-plans.ts'

type Headers = Readonly<Record<string, string>>

function allows(plan: CorsPlan, origin: string): boolean {
  return plan.origins === 'all' || plan.origins.includes(origin)
}

/** Says whether a request is a preflight. */
export function isPreflight(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}

function originHeaders(plan: CorsPlan, origin: string): Headers {
  if (plan.origins === 'all' && !plan.hasCredentials) return { 'access-control-allow-origin': '*' }
  return {
    'access-control-allow-origin': origin,
    vary: 'Origin',
    ...(plan.hasCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
  }
}

/** Headers for the answer to an ordinary request; none when its origin may not read it. */
export function corsHeaders(plan: CorsPlan | undefined, origin: string | undefined): Headers {
  if (plan === undefined || origin === undefined || !allows(plan, origin)) return {}
  const exposed = plan.exposed.length === 0 ? {} : { 'access-control-expose-headers': plan.exposed.join(',') }
  return { ...originHeaders(plan, origin), ...exposed }
}

/** Headers for the answer to a preflight. */
export function preflightHeaders(plan: CorsPlan | undefined, headers: IncomingHttpHeaders): Headers {
  const { origin } = headers
  if (plan === undefined || origin === undefined || !allows(plan, origin)) return {}
  const wanted = headers['access-control-request-headers']
  const allowed = plan.headers?.join(',') ?? (typeof wanted === 'string' ? wanted : undefined)
  return {
    ...originHeaders(plan, origin),
    'access-control-allow-methods': plan.methods.join(','),
    ...(allowed === undefined ? {} : { 'access-control-allow-headers': allowed }),
    ...(plan.maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(plan.maxAgeSeconds) }),
  }
}
