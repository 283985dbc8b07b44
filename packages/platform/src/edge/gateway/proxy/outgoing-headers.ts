// The headers of a request that leaves this process, and of one that stays in it.
import type { Identity } from '../authentication.ts'
import type { Exchange } from '../exchange.ts'
import type { Plan } from '../routing/plan.ts'
import { sessionCookie } from '../session/sessions.ts'
import { endToEndHeaders, withoutCookie } from './headers.ts'

/** Headers by lower-case name. */
export type Headers = Record<string, string | string[]>

/** What the edge says of where a request comes from. */
export function forwardedHeaders({ client, request, requestId, traceparent }: Exchange): Headers {
  return {
    'x-forwarded-for': client.forwardedFor,
    'x-forwarded-proto': client.protocol,
    'x-forwarded-host': request.headers.host ?? '',
    'x-request-id': requestId,
    traceparent,
  }
}

function withoutSession(headers: Headers): Headers {
  const { cookie, ...rest } = headers
  if (typeof cookie !== 'string') return headers
  const kept = withoutCookie(cookie, sessionCookie)
  return kept === undefined ? rest : { ...rest, cookie: kept }
}

/** What is sent on of the request's own headers, with the edge's word. */
export function passedHeaders(exchange: Exchange): Headers {
  return Object.assign(withoutSession(endToEndHeaders(exchange.request.headers, true)), forwardedHeaders(exchange))
}

/** Kong's headers for an upstream: who the consumer is, and its groups. */
export function consumerHeaders(identity: Identity | undefined, { acl }: Plan): Headers {
  const token = identity?.token
  if (token === undefined) return {}
  const { consumer, credential } = token
  const groups = acl === undefined || acl.isHidden ? [] : acl.groupsOf(consumer.id)
  return {
    'x-consumer-id': consumer.id,
    ...(consumer.username === null ? {} : { 'x-consumer-username': encodeURI(consumer.username) }),
    ...(consumer.custom_id === null ? {} : { 'x-consumer-custom-id': encodeURI(consumer.custom_id) }),
    'x-credential-identifier': encodeURI(credential.key),
    ...(groups.length === 0 ? {} : { 'x-consumer-groups': groups.map((group) => encodeURI(group)).join(', ') }),
  }
}
