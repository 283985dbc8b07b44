// Measures the services that an experiment meets: their health by the same calls that other services make.
import { setTimeout as pause } from 'node:timers/promises'
import type { CallService } from '../../../kernel/ports.ts'
import type { Sample } from '../load/sample.ts'

/** Probes under way. */
export interface Probes {
  readonly samples: readonly Sample[]
  stop(): Promise<void>
}

const everyMs = 100
const limitMs = 10_000

/** Starts probing; every service is asked ten times a second, one question at a time. */
export function startProbes(call: CallService, services: readonly string[]): Probes {
  const samples: Sample[] = []
  const stopping = new AbortController()
  const ask = async (service: string): Promise<number> => {
    try {
      const answer = await call(service)('/health/live', { timeoutMs: limitMs })
      await answer.body?.cancel()
      return answer.status
    } catch {
      return 0 // the sample tells it
    }
  }
  const probe = async (service: string): Promise<void> => {
    while (!stopping.signal.aborted) {
      const atMs = performance.now()
      const status = await ask(service)
      const ms = performance.now() - atMs
      samples.push({
        atMs,
        ms,
        step: service,
        isIdempotent: true,
        status,
        isGood: status === 200,
        hasRetryAfter: false,
      })
      await pause(Math.max(1, everyMs - ms), undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const running = services.map(probe)
  return {
    samples,
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}
