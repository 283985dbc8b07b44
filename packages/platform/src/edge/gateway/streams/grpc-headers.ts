// Headers and refusals of gRPC calls (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md; pure).
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import { isEdgeHeader } from '../proxy/headers.ts'

const { HTTP2_HEADER_STATUS, HTTP2_HEADER_CONTENT_TYPE } = constants

// gRPC's status codes for ours; what is not named is an unknown failure.
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  'invalid-request': 3,
  'invalid-parameter': 3,
  'not-found': 12, // a method that nobody has is not implemented
  timeout: 4,
  forbidden: 7,
  'too-many-requests': 8,
  'too-large': 8,
  unavailable: 14,
  'bad-gateway': 14,
  unauthenticated: 16,
}
const unknown = 2
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

// Printable ASCII stays, all else is written as escaped bytes of UTF-8.
function percentEncoded(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]+/g, (part) => encodeURIComponent(part))
}

/** The answer that refuses a call: its headers are its trailers. */
export function grpcRefusal(error: unknown, traceId: string): OutgoingHttpHeaders {
  const status = error instanceof AppError ? (statuses[error.code] ?? unknown) : unknown
  const message = error instanceof AppError && error.status < 500 ? error.message : `failed, trace ${traceId}`
  const shown = error instanceof AppError && error.code === 'unavailable' ? error.message : message
  return {
    [HTTP2_HEADER_STATUS]: 200,
    [HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
    'grpc-status': String(status),
    'grpc-message': percentEncoded(shown),
  }
}

/** The metadata of a call that is sent on: all but pseudo headers, and what only the edge may say. */
export function callHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':') || hopByHop.has(name) || isEdgeHeader(name)) continue
    kept[name] = value
  }
  return kept
}

/** The headers or trailers of an answer that are passed. */
export function passedFields(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !hopByHop.has(name) && name !== 'set-cookie')
  return Object.fromEntries(kept.map(([name, value]) => [name, name === HTTP2_HEADER_STATUS ? Number(value) : value]))
}
