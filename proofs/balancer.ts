// A client with several gateways before it, as a load balancer has them: it asks those that say that they themselves are ready.
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** A request to whichever gateway is ready. */
export interface BalancedRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** The balancer. */
export interface Balancer {
  /** Sends it once, to one gateway, without a second try. */
  send(asked: BalancedRequest): Promise<{ readonly status: number; readonly text: string }>
  close(): Promise<void>
}

const lookEveryMs = 100
const lookLimitMs = 2000

/** Looks at the gateways and shares requests among the ready ones, in turn. */
export function createBalancer(urls: readonly string[]): Balancer {
  const agent = new Agent({ connections: 32, pipelining: 1 })
  const state = { ready: [] as readonly string[], turn: 0, isClosed: false }
  const isReady = async (url: string): Promise<boolean> => {
    try {
      const { body } = await request(`${url}/health/ready`, { signal: AbortSignal.timeout(lookLimitMs) })
      // A service that is away is answered 503 by both gateways: that takes neither of them away.
      const { services } = (await body.json()) as {
        readonly services: { readonly gateway: { readonly status: string } }
      }
      return services.gateway.status === 'ready'
    } catch {
      return false
    }
  }
  const follow = async (): Promise<void> => {
    while (!state.isClosed) {
      const looks = await Promise.all(urls.map(async (url) => ({ url, isReady: await isReady(url) })))
      state.ready = looks.filter((look) => look.isReady).map(({ url }) => url)
      await delay(lookEveryMs)
    }
  }
  const following = follow()
  return {
    async send({ method, path, headers, body }) {
      const url = state.ready[state.turn++ % state.ready.length]
      if (url === undefined) throw new Error('no gateway is ready')
      const answer = await request(`${url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        dispatcher: agent,
        headersTimeout: 30_000,
      })
      return { status: answer.statusCode, text: await answer.body.text() }
    },
    async close() {
      state.isClosed = true
      await following
      await agent.close()
    },
  }
}
