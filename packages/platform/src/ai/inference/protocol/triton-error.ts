// Refusals in Triton's words: one of its error codes, with the HTTP and gRPC status each has there.

// Source: triton-inference-server/server, docs/protocol (error codes) and src/http_server.cc (HTTP status of each).
const statuses = {
  UNKNOWN: { http: 500, grpc: 2 },
  INTERNAL: { http: 500, grpc: 13 },
  NOT_FOUND: { http: 404, grpc: 5 },
  INVALID_ARG: { http: 400, grpc: 3 },
  UNAVAILABLE: { http: 503, grpc: 14 },
  UNSUPPORTED: { http: 501, grpc: 12 },
  CANCELLED: { http: 499, grpc: 1 },
  FORBIDDEN: { http: 403, grpc: 7 },
  TOO_LARGE: { http: 413, grpc: 8 },
} as const

/** One of Triton's error codes, and two of our own edge. */
export type TritonCode = keyof typeof statuses

/** A refusal; the message is what the client reads. */
export class TritonError extends Error {
  readonly code: TritonCode

  constructor(code: TritonCode, message: string, options: ErrorOptions = {}) {
    super(message, options)
    this.name = 'TritonError'
    this.code = code
  }

  /** Status over HTTP. */
  get httpStatus(): number {
    return statuses[this.code].http
  }

  /** Status over gRPC. */
  get grpcStatus(): number {
    return statuses[this.code].grpc
  }
}

/** A refusal of something the client can mend. */
export const invalid = (message: string, options: ErrorOptions = {}): TritonError =>
  new TritonError('INVALID_ARG', message, options)
