// The telemetry of a process, as OpenTelemetry's environment variables ask for it.
import type { Ids } from '../kernel/ports.ts'
import type { Shutdown } from '../kernel/shutdown.ts'
import {
  createMetrics,
  createTelemetry,
  noTelemetry,
  type OpenTelemetrySettings,
  type RegisteredMetrics,
  type RunningTelemetry,
  readSampler,
  resourceOf,
} from '../kernel/telemetry/index.ts'

/** What opening takes. */
export interface TelemetryParts {
  readonly settings: OpenTelemetrySettings
  readonly version: string
  readonly ids: Ids
  readonly shutdown: Shutdown
}

/** The telemetry, and what it is about. */
export interface OpenTelemetry {
  readonly telemetry: RunningTelemetry
  readonly resource: Readonly<Record<string, string>>
  /** Undefined where telemetry is off. */
  readonly metrics: RegisteredMetrics | undefined
}

const silent: RunningTelemetry = Object.freeze({
  ...noTelemetry,
  sendTo: () => undefined,
  flush: async () => undefined,
  close: async () => undefined,
})

/** Opens it; spans wait until they are told where to go. @throws AppError 'invalid-parameter' for a faulty setting */
export function openTelemetry({ settings, version, ids, shutdown }: TelemetryParts): OpenTelemetry {
  const { serviceName, resourceAttributes: attributes, queueSize, batchSize, delayMs } = settings
  const resource = resourceOf({ attributes, serviceName, version, instanceId: ids.uuid() })
  const sampler = readSampler(settings.sampler, settings.samplerArgument)
  if (settings.isDisabled) return { telemetry: silent, resource, metrics: undefined }
  const metrics = createMetrics({ resource })
  const telemetry = createTelemetry({ sampler, metrics, queueSize, batchSize, delayMs })
  shutdown.add('telemetry', () => telemetry.close())
  return { telemetry, resource, metrics }
}
