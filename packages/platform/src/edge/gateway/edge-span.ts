// The span of a request at the edge: the route that takes it, never its address.
import type { IncomingMessage } from 'node:http'
import type { Span, Telemetry } from '../../kernel/ports.ts'
import { noTelemetry } from '../../kernel/telemetry/index.ts'
import { parseTraceparent } from '../../kernel/trace.ts'
import type { Exchange } from './exchange.ts'

// What watches the system, the files of the console and its asking who is signed in would bury the requests of people.
const untraced = /^\/(?:app|auth|health|telemetry)(?=\/|$)/

/** Begins it; the sender's trace goes on, where it sent one. */
export function openSpan(telemetry: Telemetry, { method = '', headers }: IncomingMessage, path: string): Span {
  const parent = parseTraceparent(headers.traceparent)
  return (untraced.test(path) ? noTelemetry : telemetry).startEntry(method, { service: 'gateway', parent })
}

/** Ends it when the answer is out, or will never be. */
export function endSpan(span: Span, { method, found, response }: Exchange): void {
  if (!span.isSampled) return
  const { statusCode: status, writableFinished: isComplete } = response
  span.rename(`${method} ${found.plan?.name ?? 'gateway'}`)
  span.set('http.request.method', method)
  span.set('http.response.status_code', status)
  if (found.plan !== undefined) span.set('peer.service', found.plan.service)
  if (status >= 500) span.fail(String(status))
  else if (!isComplete && status !== 101) span.fail('aborted')
  span.end()
}
