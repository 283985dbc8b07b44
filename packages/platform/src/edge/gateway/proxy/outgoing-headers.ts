// The headers of a request that leaves this process, and of one that stays in it.
import type { IncomingHttpHeaders } from 'node:http'
import type { Identity } from '../authentication.ts'
import type { Exchange } from '../exchange.ts'
import type { Fields } from '../http1/index.ts'
import type { Plan } from '../routing/plan.ts'
import { sessionCookie } from '../session/sessions.ts'
import type { VerifiedToken } from '../tokens/token-verifier.ts'
import { connectionOptions, isEdgeHeader, isHopByHop, withoutCookie } from './headers.ts'

/** Headers by lower-case name. */
export type Headers = Record<string, string | string[]>

/** What the edge says of where a request comes from, to a handler in this process. */
export function forwardedHeaders({ client, request, requestId, traceparent }: Exchange): Headers {
  return {
    'x-forwarded-for': client.forwardedFor,
    'x-forwarded-proto': client.protocol,
    'x-forwarded-host': request.headers.host ?? '',
    'x-request-id': requestId,
    traceparent,
  }
}

// Said anew for each request.
const ownWords: ReadonlySet<string> = new Set(['host', 'x-request-id', 'traceparent'])

function passedValue(name: string, value: IncomingHttpHeaders[string]): string | readonly string[] | undefined {
  if (name === 'cookie' && typeof value === 'string') return withoutCookie(value, sessionCookie)
  return value
}

/** What is sent on of the request's own headers, with the edge's word: names and values in turn, Host first and still empty. */
export function passedFields({ request, client, requestId, traceparent }: Exchange): string[] {
  const { headers } = request
  const named = connectionOptions(headers.connection)
  const fields: string[] = ['host', '']
  for (const name in headers) {
    if (isHopByHop(name) || ownWords.has(name) || isEdgeHeader(name) || named?.has(name) === true) continue
    const value = passedValue(name, headers[name])
    if (typeof value === 'string') fields.push(name, value)
    else for (const one of value ?? []) fields.push(name, one)
  }
  fields.push('x-forwarded-for', client.forwardedFor, 'x-forwarded-proto', client.protocol)
  fields.push('x-forwarded-host', headers.host ?? '', 'x-request-id', requestId, 'traceparent', traceparent)
  return fields
}

const consumers = new WeakMap<VerifiedToken, Fields>()

function consumerOf(token: VerifiedToken): Fields {
  const known = consumers.get(token)
  if (known !== undefined) return known
  const { consumer, credential } = token
  const fields = [
    ...['x-consumer-id', consumer.id],
    ...(consumer.username === null ? [] : ['x-consumer-username', encodeURI(consumer.username)]),
    ...(consumer.custom_id === null ? [] : ['x-consumer-custom-id', encodeURI(consumer.custom_id)]),
    ...['x-credential-identifier', encodeURI(credential.key)],
  ]
  consumers.set(token, fields)
  return fields
}

/** Kong's headers for an upstream, names and values in turn: who the consumer is, and its groups. */
export function consumerFields(identity: Identity | undefined, { acl }: Plan): Fields {
  const token = identity?.token
  if (token === undefined) return []
  const groups = acl === undefined || acl.isHidden ? [] : acl.groupsOf(token.consumer.id)
  if (groups.length === 0) return consumerOf(token)
  return [...consumerOf(token), 'x-consumer-groups', groups.map((group) => encodeURI(group)).join(', ')]
}

/** The same as {@link consumerFields} by name, for gRPC. */
export function consumerHeaders(identity: Identity | undefined, plan: Plan): Headers {
  const fields = consumerFields(identity, plan)
  return Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] ?? '']] : [])))
}
