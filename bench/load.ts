// Loads a server with GET requests from a number of keep-alive clients and measures rate, latency and the server's CPU.
import { Agent, request } from 'undici'
import type { BenchTarget } from './target.ts'

/** How to load. */
export interface LoadOptions {
  readonly clients: number
  readonly seconds: number
  /** Path and query below the FHIR base of the n-th request. */
  readonly path: (number: number) => string
  /** Checks the first answer of each client, so that errors are not measured as speed. */
  readonly check: (body: string) => boolean
}

/** What was measured. */
export interface LoadFigures {
  readonly requests: number
  readonly perSecond: number
  readonly ms: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number }
  /** CPU microseconds a request, of the server process and of PostgreSQL. */
  readonly cpuMicros: { readonly server: number; readonly postgres: number }
}

const warmSeconds = 3
const round = (value: number): number => Math.round(value * 100) / 100

async function run(target: BenchTarget, options: LoadOptions, seconds: number): Promise<readonly number[]> {
  const agent = new Agent({ connections: options.clients, pipelining: 1 })
  const headers = target.token === undefined ? {} : { authorization: `Bearer ${target.token}` }
  const until = performance.now() + seconds * 1000
  const took: number[] = []
  const next = { number: 0 }
  const client = async (): Promise<void> => {
    let isChecked = false
    while (performance.now() < until) {
      const path = options.path(next.number++)
      const startedAt = performance.now()
      const answer = await request(`${target.fhirUrl}${path}`, { headers, dispatcher: agent })
      const body = await answer.body.text()
      took.push(performance.now() - startedAt)
      if (answer.statusCode !== 200 || (!isChecked && !options.check(body))) {
        throw new Error(`${path}: ${answer.statusCode} ${body.slice(0, 300)}`)
      }
      isChecked = true
    }
  }
  await Promise.all(Array.from({ length: options.clients }, client))
  await agent.close()
  return took
}

/** Warms up, then measures. */
export async function load(target: BenchTarget, options: LoadOptions): Promise<LoadFigures> {
  await run(target, options, warmSeconds)
  const before = await target.cpuSeconds()
  const startedAt = performance.now()
  const took = (await run(target, options, options.seconds)).toSorted((a, b) => a - b)
  const elapsedSeconds = (performance.now() - startedAt) / 1000
  const after = await target.cpuSeconds()
  const at = (share: number): number => round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0)
  const micros = (seconds: number): number => Math.round((seconds * 1e6) / took.length)
  return {
    requests: took.length,
    perSecond: Math.round(took.length / elapsedSeconds),
    ms: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
    cpuMicros: { server: micros(after.server - before.server), postgres: micros(after.postgres - before.postgres) },
  }
}
