// Sends one OTLP request over HTTP and tries again where the receiver says that it may.
// https://opentelemetry.io/docs/specs/otlp/#failures-1
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Agent, fetch as httpFetch } from 'undici'
import type { OtlpTargets } from './targets.ts'

/** A body to send. */
export interface OtlpBody {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly isJson: boolean
}

/** Sends bodies to receivers; `close` ends the connections. */
export interface OtlpSender {
  /** Resolves when the receiver took it. @throws Error when it did not, within the time limit */
  send(url: string, body: OtlpBody): Promise<void>
  close(): Promise<void>
}

const compress = promisify(gzip)
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504])
const firstRetryMs = 500
const maxRetryMs = 5000
const compressFromBytes = 1024

function waitOf(retryAfter: string | null, attempt: number): number {
  const asked = Number(retryAfter) * 1000
  const own = Math.min(firstRetryMs * 2 ** attempt, maxRetryMs) * (0.5 + Math.random() / 2)
  return asked > 0 ? Math.min(asked, maxRetryMs) : own
}

/** Creates a sender. */
export function createOtlpSender(
  { headers, isCompressed }: Pick<OtlpTargets, 'headers' | 'isCompressed'>,
  timeoutMs: number,
): OtlpSender {
  const agent = new Agent({ connections: 2, keepAliveTimeout: 30_000, connect: { timeout: 2000 } })
  return {
    async send(url, { bytes, isJson }) {
      const signal = AbortSignal.timeout(timeoutMs)
      const isLarge = isCompressed && bytes.length >= compressFromBytes
      const init = {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': isJson ? 'application/json' : 'application/x-protobuf',
          ...(isLarge ? { 'content-encoding': 'gzip' } : {}),
        },
        body: isLarge ? await compress(bytes) : bytes,
        signal,
        redirect: 'error',
        dispatcher: agent,
      } as const
      for (let attempt = 0; ; attempt++) {
        const answer = await httpFetch(url, init).catch((error: unknown) => {
          if (signal.aborted) throw error
          return undefined // not reached: try again until the time is over
        })
        await answer?.body?.cancel()
        if (answer?.ok === true) return
        if (answer !== undefined && !retryable.has(answer.status)) {
          throw new Error(`The OTLP receiver answered ${answer.status}`)
        }
        await delay(waitOf(answer?.headers.get('retry-after') ?? null, attempt), undefined, { signal, ref: false })
      }
    },
    close: () => agent.close(),
  }
}
