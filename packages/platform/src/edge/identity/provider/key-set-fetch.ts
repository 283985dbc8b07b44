// How the provider fetches the key sets of clients: in a hospital's own network too, but at no link-local or metadata address.
import { Agent, fetch as httpFetch } from 'undici'
import { createWaryConnector, type Reach } from '../../../kernel/transport.ts'

const connectMs = 2500 // as long as the provider waits for the whole

/** Makes a `fetch` for addresses that clients were registered with; no connection is kept. */
export function createKeySetFetch(reach: Reach): typeof fetch {
  const dispatcher = new Agent({ pipelining: 0, connect: createWaryConnector(connectMs, reach) })
  return async (input, { method = 'GET', headers, signal, redirect = 'error' } = {}) => {
    const answer = await httpFetch(input instanceof Request ? input.url : input, {
      ...{ method, redirect, dispatcher },
      headers: Object.fromEntries(new Headers(headers)),
      signal: signal ?? null,
    })
    return answer as unknown as Response // undici's is fetch's
  }
}
