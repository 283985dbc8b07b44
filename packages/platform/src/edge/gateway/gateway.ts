// The running gateway: puts the parts together, opens its ports, and closes them.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService } from '../../kernel/service.ts'
import type { AdmissionParts } from './admission.ts'
import { followChanges, startPruning } from './changes.ts'
import { type ConsoleFiles, loadConsole } from './console/console-files.ts'
import { type Compiled, compileDefinitions, createReload, type Definitions } from './definitions.ts'
import type { EdgeParts } from './edge-handler.ts'
import { type EdgePorts, openEdgePorts } from './edge-ports.ts'
import { checkExposure, isDemoOn } from './exposure.ts'
import type { GatewayExtra } from './extra.ts'
import { emptyState } from './kong/entities.ts'
import { createRateLimits } from './limits/rate-limits.ts'
import { createOwnPages } from './own-pages.ts'
import { createBodyBudget } from './proxy/body-budget.ts'
import { createRefusals } from './refusals.ts'
import { ensureDemoAccounts } from './session/demo-accounts.ts'
import { createSessions } from './session/sessions.ts'
import { createSignIn } from './session/sign-in.ts'
import type { gatewaySettings } from './settings.ts'
import { createTargetPage } from './target-page.ts'
import { ensureBuiltInConsumer } from './tokens/issue-token.ts'
import { createTraffic, type Traffic } from './traffic.ts'
import { createTrust, type Trust } from './trust.ts'

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
  ports: EdgePorts | undefined
  readonly stops: (() => Promise<void>)[]
}

interface Given {
  readonly ports: Ports
  readonly settings: GatewaySettings
  readonly extra: GatewayExtra
  readonly state: State
}

interface Edge {
  readonly parts: EdgeParts
  readonly followRevocations: Trust['start']
}

function edgeOf({ ports, settings, extra, state }: Given, traffic: Traffic): Edge {
  const { clock, log, sql, telemetry } = ports
  const isDemo = isDemoOn(settings)
  const sessions = createSessions({ sql, clock, log, isDemo })
  const isDraining = (): boolean => state.isDraining
  const { issuers, oidc, start } = createTrust({ ports, settings, sessions, publicUrl: extra.publicUrl })
  const known = { ports, sessions, isDemo, allowedHosts: settings.allowedHosts }
  const signIn = createSignIn({ ...known, ...(oidc === undefined ? {} : { oidc }) })
  const { readiness, authority } = extra
  const limits = createRateLimits(() => ({ ratePerSecond: settings.ratePerSecond, burst: settings.rateBurst }), clock)
  const admission: AdmissionParts = { sessions, issuers, clock, limits, compiled: () => state.compiled }
  const targets = createTargetPage({ ...traffic, extra, admission })
  const parts: EdgeParts = {
    ...{ ...admission, telemetry, log, isDraining },
    ...{ load: traffic.load, metrics: traffic.metrics, delivery: traffic.delivery },
    bodies: createBodyBudget(settings.maxBodiesBytes),
    refusals: createRefusals(ports.audit, log, clock),
    pages: createOwnPages({ console: () => state.console, signIn, isDraining, readiness, authority, targets }),
    trustedProxies: settings.trustedProxies,
  }
  return { parts, followRevocations: start }
}

function addressesOf({ ports, extra }: { ports: EdgePorts | undefined; extra: GatewayExtra }, isDemo: boolean) {
  if (ports === undefined) throw new Error('The gateway has not been started')
  const open = ports.tls === undefined ? {} : { tlsUrl: ports.tls.url, authority: extra.authority }
  return { url: ports.http.url, adminUrl: ports.admin.url, grpcUrl: ports.grpc.url, isDemo, ...open }
}

/** Creates a gateway; nothing listens yet. */
export async function createGateway(
  ports: Ports,
  settings: GatewaySettings,
  extra: GatewayExtra,
): Promise<RunningGateway> {
  checkExposure(settings)
  const isDemo = isDemoOn(settings)
  const traffic = createTraffic(ports, settings, extra)
  const definitions: Definitions = { ports, settings, extra, origins: traffic.origins, pools: traffic.pools }
  const state: State = {
    compiled: compileDefinitions(definitions, emptyState),
    console: () => false,
    isLoaded: false,
    isDraining: false,
    ports: undefined,
    stops: [],
  }
  const { parts, followRevocations } = edgeOf({ ports, settings, extra, state }, traffic)
  const reload = createReload(definitions, (compiled) => Object.assign(state, { compiled, isLoaded: true }))
  const { allowedHosts, adminToken: token, allowsLinkLocal } = settings
  const admin = { ports, reload, health: traffic, allowedHosts, token, allowsLinkLocal }

  const start = async (): Promise<void> => {
    state.stops.push(traffic.close, parts.refusals.close)
    traffic.start()
    await ensureBuiltInConsumer(ports.sql)
    if (isDemo) await ensureDemoAccounts(ports)
    state.console = await loadConsole(extra.consoleFolder)
    state.stops.push(await followChanges(ports, reload, parts.sessions), startPruning(ports, parts.sessions))
    state.stops.push(await followRevocations())
    await reload()
    const onOpen = (close: () => Promise<void>): void => void state.stops.push(close)
    state.ports = await openEdgePorts({ settings, edge: parts, admin, tls: extra.tls, onOpen })
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
    addresses: () => addressesOf({ ports: state.ports, extra }, isDemo),
  }
}
