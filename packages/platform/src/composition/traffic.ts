// The requests at one service's port: counted, so that a stop can wait until nobody sends any more.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../kernel/ports.ts'

/** The requests of a port. */
export interface Traffic {
  readonly listener: RequestListener
  /** Says from now on that this instance leaves: unready, and no connection is kept after its answer. */
  leave(): void
  /** Milliseconds since the last request began that was no look at its health; 0 while one is under way. */
  quietMs(): number
}

/** How long nobody may have asked before a stop goes on, and how long it waits for that. */
export interface QuietOptions {
  readonly quietMs: number
  readonly limitMs: number
}

const lookEveryMs = 20

const isHealth = ({ url = '' }: IncomingMessage): boolean => url === '/health' || url.startsWith('/health/')

function answerLeaving(service: string, response: ServerResponse): void {
  const body = JSON.stringify({ status: 'unready', service, reasons: ['it is stopping'] })
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end(body)
}

/** Counts the requests of a service. */
export function createTraffic(service: string, serve: RequestListener, clock: Clock): Traffic {
  const state = { isLeaving: false, underWay: 0, lastMs: clock.monotonicMs() }
  return {
    listener(request, response) {
      if (state.isLeaving) response.setHeader('connection', 'close')
      if (isHealth(request)) {
        if (state.isLeaving && request.url !== '/health/live') return answerLeaving(service, response)
        return serve(request, response)
      }
      state.underWay += 1
      state.lastMs = clock.monotonicMs()
      response.once('close', () => {
        state.underWay -= 1
      })
      serve(request, response)
    },
    leave() {
      state.isLeaving = true
      state.lastMs = clock.monotonicMs()
    },
    quietMs: () => (state.underWay > 0 ? 0 : clock.monotonicMs() - state.lastMs),
  }
}

/** Waits until nobody asks any more at any of the ports. */
export async function untilQuiet(all: readonly Traffic[], { quietMs, limitMs }: QuietOptions): Promise<void> {
  const signal = AbortSignal.timeout(limitMs)
  while (!signal.aborted && all.some((one) => one.quietMs() < quietMs)) await delay(lookEveryMs)
}
