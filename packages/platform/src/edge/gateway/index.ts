// The gateway: the one door to the platform for browsers, hospital systems and consumers.
import type { Ports } from '../../kernel/ports.ts'
import type { Service } from '../../kernel/service.ts'
import type { GatewayExtra } from './extra.ts'
import { createGateway, type GatewaySettings, type RunningGateway } from './gateway.ts'
import { gatewaySettings } from './settings.ts'

export { type ExportFormat, routeFiles } from './export/index.ts'
export { checkExposure, isDemoOn } from './exposure.ts'
export type { GatewayExtra } from './extra.ts'
export type { RunningGateway } from './gateway.ts'
export { demoPassword, personas } from './session/personas.ts'
export { issueToken, type TokenRequest } from './tokens/issue-token.ts'

/** The gateway as the composition root sees it. */
export const gateway = {
  name: 'gateway',
  purpose: 'Checks credentials, limits and routes every request; serves the console; answers Kong’s admin calls',
  paths: [],
  settings: gatewaySettings,
  sql: { schema: 'gateway', folder: new URL('./sql/', import.meta.url) },
  create: (ports: Ports, settings: GatewaySettings, extra: GatewayExtra): Promise<RunningGateway> =>
    createGateway(ports, settings, extra),
} as const satisfies Service<typeof gatewaySettings, GatewayExtra>
