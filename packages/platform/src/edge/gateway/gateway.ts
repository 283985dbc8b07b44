// The running gateway: puts the parts together, follows changes of the definitions, opens and closes the two ports.
import { Agent } from 'undici'
import type { Settings } from '../../kernel/config.ts'
import { type OpenPort, openPort } from '../../kernel/listener.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService } from '../../kernel/service.ts'
import { createPools } from './balancing/pools.ts'
import { createTargets } from './balancing/targets.ts'
import { type ConsoleFiles, loadConsole } from './console/console-files.ts'
import { type Compiled, compileDefinitions, createReload, type Definitions } from './definitions.ts'
import { createEdge, type EdgeParts } from './edge-handler.ts'
import { checkExposure, isDemoOn } from './exposure.ts'
import type { GatewayExtra } from './extra.ts'
import { type AdminParts, handleAdmin } from './kong/admin-api.ts'
import { emptyState } from './kong/entities.ts'
import { gatewayChannel } from './kong/store.ts'
import { createLoad } from './limits/load-shedding.ts'
import { createRateLimits } from './limits/rate-limits.ts'
import { createOwnPages } from './own-pages.ts'
import { createRetryBudgets } from './proxy/attempts.ts'
import { createBodyBudget } from './proxy/body-budget.ts'
import { createOrigins } from './proxy/origins.ts'
import { createRefusals } from './refusals.ts'
import { ensureDemoAccounts } from './session/demo-accounts.ts'
import { createSessions, type Sessions } from './session/sessions.ts'
import { createSignIn } from './session/sign-in.ts'
import type { gatewaySettings } from './settings.ts'
import type { GrpcParts } from './streams/grpc-call.ts'
import { type GrpcPort, openGrpcPort } from './streams/grpc-port.ts'
import { createGrpcSessions } from './streams/grpc-sessions.ts'
import { createOpenStreams } from './streams/open-streams.ts'
import { createWebSockets } from './streams/websocket.ts'
import { ensureBuiltInConsumer } from './tokens/issue-token.ts'
import { createTrafficMetrics } from './traffic-metrics.ts'
import { createTrust } from './trust.ts'

/** The gateway's settings as read. */
export type GatewaySettings = Settings<typeof gatewaySettings>

/** A created gateway; its addresses are known after `start`. */
export interface RunningGateway extends RunningService {
  /** @throws Error before `start` */
  readonly addresses: () => {
    readonly url: string
    readonly adminUrl: string
    /** For gRPC calls. */
    readonly grpcUrl: string
    /** Of the port for other machines, where there is one. */
    readonly tlsUrl?: string
    /** Own authority behind it, in PEM. */
    readonly authority?: string | undefined
    readonly isDemo: boolean
  }
  /** Says from now on that it is not ready, and keeps no connection after its answer; it still serves until `close`. */
  readonly drain: () => void
}

interface State {
  compiled: Compiled
  console: ConsoleFiles
  isLoaded: boolean
  isDraining: boolean
  port: OpenPort | undefined
  adminPort: OpenPort | undefined
  tlsPort: OpenPort | undefined
  grpcPort: GrpcPort | undefined
  readonly stops: (() => Promise<void>)[]
}

const pruneEveryMs = 600_000
const reloadRetryMs = 500

async function followChanges(
  ports: Ports,
  reload: () => Promise<void>,
  sessions: Sessions,
): Promise<() => Promise<void>> {
  const reloadUntilDone = (): void => {
    reload().catch((error: unknown) => {
      ports.log.warn('gateway.reload.failed', { error })
      setTimeout(reloadUntilDone, reloadRetryMs).unref()
    })
  }
  return ports.sql.listen(gatewayChannel, (payload) => {
    const [kind, hash] = payload.split(':')
    if (kind === 'session') sessions.forget(hash)
    else {
      if (payload === '') sessions.forget() // notifications may have been missed
      reloadUntilDone()
    }
  })
}

function startPruning(ports: Ports, sessions: Sessions): () => Promise<void> {
  const timer = setInterval(() => {
    sessions.prune().catch((error: unknown) => ports.log.warn('gateway.prune.failed', { error }))
  }, pruneEveryMs)
  timer.unref()
  return async () => clearInterval(timer)
}

/** Creates a gateway; nothing listens yet. */
export async function createGateway(
  ports: Ports,
  settings: GatewaySettings,
  extra: GatewayExtra,
): Promise<RunningGateway> {
  checkExposure(settings)
  const isDemo = isDemoOn(settings)
  const agent = new Agent({ connections: 256, keepAliveTimeout: 20_000, connect: { timeout: 3000 }, pipelining: 1 })
  const origins = createOrigins(ports.registry)
  const targets = createTargets(ports.clock)
  const pools = createPools({ targets, clock: ports.clock, instancesOf: origins.instancesOf, agent })
  const definitions: Definitions = { ports, settings, extra, origins, pools }
  const load = createLoad(settings, ports.clock, (why) => metrics.shed(why))
  const metrics = createTrafficMetrics(ports.telemetry, { pools, inFlight: load.inFlight })
  const state: State = {
    compiled: compileDefinitions(definitions, emptyState),
    console: () => false,
    isLoaded: false,
    isDraining: false,
    port: undefined,
    adminPort: undefined,
    tlsPort: undefined,
    grpcPort: undefined,
    stops: [],
  }
  const sessions = createSessions({ sql: ports.sql, clock: ports.clock, log: ports.log, isDemo })
  const refusals = createRefusals(ports.audit, ports.log, ports.clock)
  const reload = createReload(definitions, (compiled) => Object.assign(state, { compiled, isLoaded: true }))
  const isDraining = (): boolean => state.isDraining
  const {
    issuers,
    oidc,
    start: followRevocations,
  } = createTrust({
    ...{ ports, settings, sessions, publicUrl: extra.publicUrl },
  })
  const signIn = createSignIn({
    ...{ ports, sessions, isDemo, allowedHosts: settings.allowedHosts },
    ...(oidc === undefined ? {} : { oidc }),
  })
  const parts: EdgeParts = {
    compiled: () => state.compiled,
    sessions,
    issuers,
    limits: createRateLimits(() => ({ ratePerSecond: settings.ratePerSecond, burst: settings.rateBurst }), ports.clock),
    bodies: createBodyBudget(settings.maxBodiesBytes),
    refusals,
    load,
    metrics,
    delivery: {
      extra,
      agent,
      origins,
      pools,
      targets,
      budgets: createRetryBudgets(ports.clock),
      onRetry: metrics.retried,
      timeoutMs: settings.upstreamTimeoutMs,
    },
    pages: createOwnPages({
      ...{ console: () => state.console, signIn, isDraining },
      ...{ readiness: extra.readiness, authority: extra.authority },
    }),
    clock: ports.clock,
    telemetry: ports.telemetry,
    log: ports.log,
    trustedProxies: settings.trustedProxies,
    isDraining,
  }
  const edge = createEdge(parts)
  const streams = createOpenStreams(settings.maxStreams, metrics.streams)
  const onUpgrade = createWebSockets(parts, streams)
  const grpc: GrpcParts = { edge: parts, streams, sessions: createGrpcSessions() }
  const health = { pools, targets }
  const admin: AdminParts = { ports, reload, health, allowedHosts: settings.allowedHosts, token: settings.adminToken }

  const openTlsPort = async (): Promise<void> => {
    const { tlsHost: host, tlsPort: port } = settings
    if (host === undefined || extra.tls === undefined) return
    state.tlsPort = await openPort({ host, port, setting: 'GATEWAY_TLS_PORT', tls: extra.tls, onUpgrade }, edge)
    state.stops.push(state.tlsPort.close)
  }

  const start = async (): Promise<void> => {
    state.stops.push(async () => {
      await agent.close()
      await refusals.close()
      load.close()
      pools.close()
      origins.close()
    })
    await ensureBuiltInConsumer(ports.sql)
    if (isDemo) await ensureDemoAccounts(ports)
    state.console = await loadConsole(extra.consoleFolder)
    state.stops.push(await followChanges(ports, reload, sessions), startPruning(ports, sessions))
    state.stops.push(await followRevocations())
    await reload()
    state.port = await openPort({ host: settings.host, port: settings.port, setting: 'PORT', onUpgrade }, edge)
    state.stops.push(state.port.close)
    state.stops.push(async () => streams.closeAll())
    await openTlsPort()
    state.grpcPort = await openGrpcPort(settings.host, settings.grpcPort, grpc)
    state.stops.push(state.grpcPort.close)
    const onAdmin = (...[request, response]: Parameters<typeof edge>): void => {
      handleAdmin(admin, request, response).catch(() => response.destroy())
    }
    state.adminPort = await openPort(
      { host: settings.adminHost, port: settings.adminPort, setting: 'KONG_ADMIN_PORT' },
      onAdmin,
    )
    state.stops.push(state.adminPort.close)
  }

  return {
    start,
    ready: async () => (state.isLoaded ? [] : ['the definitions of the gateway are not loaded yet']),
    drain() {
      state.isDraining = true
    },
    async close() {
      state.isDraining = true
      for (const stop of state.stops.splice(0).reverse()) await stop()
    },
    addresses() {
      const { port, adminPort, tlsPort, grpcPort } = state
      if (port === undefined || adminPort === undefined || grpcPort === undefined) {
        throw new Error('The gateway has not been started')
      }
      const open = tlsPort === undefined ? {} : { tlsUrl: tlsPort.url, authority: extra.authority }
      return { url: port.url, adminUrl: adminPort.url, grpcUrl: grpcPort.url, isDemo, ...open }
    },
  }
}
