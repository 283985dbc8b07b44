// One call of the KServe protocol over HTTP, wherever it came in: the own port or the gateway.
import type { IncomingHttpHeaders } from 'node:http'

/** What a call may be allowed to do. */
export type Use = 'read' | 'infer' | 'control'

/** A call. */
export interface KserveCall {
  readonly method: string
  /** Decoded segments of the path after `/v2`. */
  readonly path: readonly string[]
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
  /** Fires when the client goes away. */
  readonly signal: AbortSignal
  /** Refuses a use that this caller may not make. @throws an error that tells so */
  readonly allow: (use: Use) => void
}

/** An answer. */
export interface KserveAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly parts: readonly Uint8Array[]
  /** Gives back the memory of request and answer; to be called when the parts were sent, or not at all. */
  readonly free?: () => void
}

/** An answer of JSON. */
export function jsonAnswer(value: unknown, status = 200): KserveAnswer {
  return { status, headers: { 'content-type': 'application/json' }, parts: [Buffer.from(JSON.stringify(value))] }
}

/** An answer without content. */
export const emptyAnswer = (status: number): KserveAnswer => ({ status, headers: {}, parts: [] })
