// The gateway of a process: its routes are those of all services, wherever they live.
import { gateway, type RunningGateway } from '../edge/gateway/index.ts'
import { attachCaller } from '../kernel/attached-caller.ts'
import { signInternalToken } from '../kernel/internal-token.ts'
import type { Transport } from '../kernel/transport.ts'
import { services } from '../services.ts'
import type { EdgeTls } from './edge-tls.ts'
import { grpcMethods } from './grpc-methods.ts'
import { readinessOf } from './readiness.ts'
import { publicUrlOf, type Wiring } from './wiring.ts'

/** Creates it; nothing listens yet. */
export function createGateway(wiring: Wiring, upstream: Transport, edgeTls: EdgeTls): Promise<RunningGateway> {
  const { settings, ports, keys, registry, names, local, engines, consoleFolder } = wiring
  const routes = services.flatMap((service) => {
    const openPaths = 'openPaths' in service ? service.openPaths : []
    return service.paths.length === 0 ? [] : [{ service: service.name, paths: [...service.paths], openPaths }]
  })
  const elsewhere = routes.map(({ service }) => service).filter((service) => !names.includes(service))
  const readiness = readinessOf({
    sql: engines.database.sql,
    local: () => [...local.values()].filter(({ name }) => name !== 'gateway'),
    elsewhere,
    registry: registry.port,
  })
  // A gateway that has just started is not ready before it knows where to send requests.
  const unknownReasons = (): Readonly<Record<string, readonly string[]>> => {
    const unknown = elsewhere.filter((name) => !registry.isKnown(name))
    return unknown.length === 0 ? {} : { gateway: [`the registry has not told yet where ${unknown.join(', ')} is`] }
  }
  return gateway.create(ports, settings.gateway, {
    localHandler: (service) => local.get(service)?.app?.routing,
    routes,
    signCaller: (caller) => signInternalToken(caller, keys.internal),
    attachCaller,
    transport: upstream,
    ...edgeTls,
    publicUrl: publicUrlOf(settings),
    consoleFolder,
    readiness: async () => ({ ...(await readiness()), ...unknownReasons() }),
    grpc: grpcMethods({ ...settings, isHere: names.includes('inference'), registry: registry.port }),
  })
}
