// Asks one service whether it is well, over HTTP or TCP, within its time and a small answer.
import { connect } from 'node:net'
import { Agent, type Dispatcher, request } from 'undici'
import { guardedCode, guardedReason, socketRules } from '../../../kernel/guarded-address.ts'
import { lateLook } from '../../../kernel/late-looks.ts'
import {
  createWaryConnector,
  distrustOf,
  type Reach,
  serviceOfHostName,
  type Transport,
} from '../../../kernel/transport.ts'
import type { Probe } from '../definitions/check.ts'
import { type CheckResult, maxOutputLength } from '../store/check-store.ts'

/** A check that can be run. */
export type ActiveProbe = Extract<Probe, { kind: 'http' | 'tcp' }>

/** Runs probes; its connections are its own. */
export interface Prober {
  run(probe: ActiveProbe, signal: AbortSignal): Promise<CheckResult>
  close(): Promise<void>
}

interface Agents {
  readonly strict: Agent
  readonly lenient: Agent
  readonly transport: Transport | undefined
}

const tooManyRequests = 429
const connectMs = 60_000 // the time of the check ends it

function statusOf(code: number): CheckResult['status'] {
  if (code >= 200 && code < 300) return 'passing'
  return code === tooManyRequests ? 'warning' : 'critical'
}

async function readSome(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, maxOutputLength - size))
    size += chunk.length
    if (size >= maxOutputLength) break // leaving the loop ends the connection
  }
  return Buffer.concat(chunks).toString('utf8')
}

// Our own certificate is shown only to those who must show one of the service that they say they are.
function dispatcherFor(probe: Extract<Probe, { kind: 'http' }>, agents: Agents): Dispatcher {
  const { tlsServerName: servername = '', skipsTlsVerify } = probe
  const service = serviceOfHostName(servername)
  if (service !== undefined && agents.transport?.protocol === 'https') return agents.transport.dispatcher(service)
  const agent = skipsTlsVerify ? agents.lenient : agents.strict
  if (servername === '') return agent
  return agent.compose((dispatch) => (options, handler) => {
    return dispatch({ ...options, servername } as Dispatcher.DispatchOptions, handler)
  })
}

// Redirects are not followed: an instance must not send the registry elsewhere.
async function probeHttp(
  probe: Extract<Probe, { kind: 'http' }>,
  agents: Agents,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { statusCode, body } = await request(probe.url, {
    method: probe.method as 'GET', // one of the methods that readCheck allows
    headers: {
      'user-agent': 'Consul Health Check',
      accept: 'text/plain, text/*, */*',
      ...Object.fromEntries(Object.entries(probe.headers).map(([name, values]) => [name, [...values]])),
      // A probe goes where a stranger says: ports that trust their machine, such as the admin API, must not answer it.
      'sec-fetch-site': 'cross-site',
    },
    ...(probe.body === '' ? {} : { body: probe.body }),
    dispatcher: dispatcherFor(probe, agents),
    signal,
  })
  const text = await readSome(body)
  return { status: statusOf(statusCode), output: `HTTP ${probe.method} ${probe.url}: ${statusCode} Output: ${text}` }
}

function probeTcp(
  { address }: Extract<Probe, { kind: 'tcp' }>,
  { allowsLinkLocal = false }: Reach,
  signal: AbortSignal,
): Promise<CheckResult> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  const port = Number(address.slice(colon + 1))
  const { refusalOf, ...options } = socketRules(allowsLinkLocal)
  const refusal = refusalOf(host)
  if (refusal !== undefined) return Promise.reject(refusal)
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal, ...options })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve({ status: 'passing', output: `TCP connect ${address}: Success` })
    })
  })
}

function failureOf(probe: ActiveProbe, error: unknown, signal: AbortSignal): CheckResult {
  const target = probe.kind === 'http' ? `HTTP ${probe.method} ${probe.url}` : `TCP connect ${probe.address}`
  const code = (error as { code?: unknown }).code
  const answered = code === guardedCode ? guardedReason : (distrustOf(error) ?? String(code ?? 'failed'))
  const reason = signal.aborted ? lateLook(probe.timeoutMs) : answered
  return { status: 'critical', output: `${target}: ${reason}` }
}

/** Creates a prober; services of the system that listen with TLS are reached by the transport. */
export function createProber(transport?: Transport, reach: Reach = {}): Prober {
  const options = { maxHeaderSize: 16_384, pipelining: 0 } // no kept connections: a probe asks as a new client would
  const agents: Agents = {
    strict: new Agent({ ...options, connect: createWaryConnector(connectMs, reach) }),
    lenient: new Agent({
      ...options,
      connect: createWaryConnector(connectMs, { ...reach, rejectUnauthorized: false }),
    }),
    transport,
  }
  return {
    async run(probe, closing) {
      const signal = AbortSignal.any([closing, AbortSignal.timeout(probe.timeoutMs)])
      try {
        return await (probe.kind === 'http' ? probeHttp(probe, agents, signal) : probeTcp(probe, reach, signal))
      } catch (error) {
        return failureOf(probe, error, signal)
      }
    },
    async close() {
      await Promise.all([agents.strict.destroy(), agents.lenient.destroy()])
    },
  }
}
