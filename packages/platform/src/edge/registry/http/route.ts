// What a route is, and how the many reads of it share waiting and headers.
import type { IncomingMessage } from 'node:http'
import type { Ids, Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { badRequest } from '../consul-error.ts'
import type { Shortest } from '../definitions/check.ts'
import type { RegistryNode } from '../node.ts'
import type { WakeUps } from '../wake-ups.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { type BlockingRead, type Indexed, indexHeaders, readBlockingly } from './blocking.ts'
import { readBlocking } from './query.ts'

/** What the routes stand on. */
export interface RouteParts {
  readonly sql: Sql
  readonly ids: Ids
  readonly log: Logger
  readonly wakeUps: WakeUps
  readonly node: RegistryNode
  /** host:port of this registry. */
  readonly ownAddress: () => string
  readonly shortest: Shortest
  readonly random: () => number
  /** Whether the caller may write the keys of the system itself. */
  readonly mayConfigure: (call: Pick<Call, 'request' | 'query'>) => boolean
  /** Whether services may lie at link-local and cloud metadata addresses. */
  readonly allowsLinkLocal: boolean
}

/** One call of a route. */
export interface Call {
  readonly request: IncomingMessage
  readonly query: URLSearchParams
  /** The named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Fires when the client goes away. */
  readonly signal: AbortSignal
}

/** A route; `:name` takes one part of the path, a last `*name` all that is left. */
export interface Route {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly path: string
  /** The parameters it takes beside the common ones. */
  readonly query?: readonly string[]
  readonly handle: (parts: RouteParts, call: Call) => Promise<Answer>
}

/** A named part of the path. @throws ConsulError 400 when it is empty */
export function param(call: Call, name: string): string {
  const value = call.params[name] ?? ''
  if (value === '') throw badRequest(`Missing ${name} in the path`)
  return value
}

/** Reads, waiting when the client asks for it. */
export function readIndexed<T>(parts: RouteParts, call: Call, read: BlockingRead<T>): Promise<Indexed<T>> {
  return readBlockingly(parts.wakeUps, read, readBlocking(call.query, parts.random), call.signal)
}

/** Answers a read of topics as JSON. The index is read first: what is answered is never older than it. */
export async function answerTopics(
  parts: RouteParts,
  call: Call,
  topics: readonly string[],
  reads: { readonly index: () => Promise<number>; readonly value: () => Promise<unknown> },
): Promise<Answer> {
  const { index, value } = await readIndexed(parts, call, {
    interest: { kind: 'topics', topics },
    read: async () => {
      const at = await reads.index()
      return { index: at, value: await reads.value() }
    },
  })
  return jsonAnswer(value, indexHeaders(index))
}
