// Telemetry: receives spans and metrics over OTLP, keeps a bounded number of them, and shows the way of a request.
import { AppError } from '@xinglin/core/errors'
import type { Settings } from '../../kernel/config.ts'
import type { OpenGrpcPort } from '../../kernel/grpc-port.ts'
import { type OpenPort, openPort } from '../../kernel/listener.ts'
import { isLoopback } from '../../kernel/loopback.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import type { SpanSink } from '../../kernel/telemetry/index.ts'
import { createIntake } from './receiver/intake.ts'
import { createOtlpHandler } from './receiver/otlp-port.ts'
import { telemetryRoutes } from './routes/routes.ts'
import { telemetrySettings } from './settings.ts'
import { dropOld } from './store/ring.ts'

/** The room, as the composition root holds it. */
export interface RunningTelemetryRoom extends RunningService {
  /** Takes spans of this process without a detour over the network. */
  readonly sink: SpanSink
  /** Address of the receiver. @throws Error before `start`, or where it does not listen */
  readonly address: () => string
  /** Port of the receiver for gRPC. @throws Error before `start`, or where it does not listen */
  readonly grpcPort: () => number
}

/** What the composition root hands to this room alone. */
export interface TelemetryExtra {
  /** Sends on what this process has gathered. */
  readonly flush: () => Promise<void>
}

const sweepEveryMs = 60_000

async function createTelemetryRoom(
  ports: Ports,
  settings: Settings<typeof telemetrySettings>,
  { flush }: TelemetryExtra,
): Promise<RunningTelemetryRoom> {
  const { sql, clock } = ports
  const { metrics } = ports.telemetry
  const { host, port, grpcPort, token, isReceiving } = settings
  const log = ports.log.child({ service: 'telemetry' })
  if (isReceiving && !isLoopback(host) && token === undefined) {
    throw new AppError('invalid-parameter', 'OTLP_TOKEN must be set when OTLP_HOST is not a loopback address')
  }
  const intake = createIntake({ sql, log, clock, metrics, limits: settings })
  const state: { port?: OpenPort; grpc?: OpenGrpcPort; timer?: NodeJS.Timeout; sweeping: Promise<unknown> } = {
    sweeping: Promise.resolve(),
  }
  const sweep = (): void => {
    state.sweeping = dropOld(sql, settings).then(
      (emptied) => (emptied > 0 ? log.debug('telemetry.swept', { segments: emptied }) : undefined),
      (error: unknown) => log.warn('telemetry.sweep.failed', { error }),
    )
  }
  return {
    sink: intake.takeOwn,
    address() {
      if (state.port === undefined) throw new Error('The OTLP receiver does not listen')
      return state.port.url
    },
    grpcPort() {
      if (state.grpc === undefined) throw new Error('The OTLP receiver does not listen')
      return state.grpc.port
    },
    routes: telemetryRoutes({ sql, clock, intake, flush }),
    async start() {
      state.timer = setInterval(sweep, sweepEveryMs).unref()
      if (!isReceiving) return
      const handler = createOtlpHandler({ intake, metrics, log, token })
      state.port = await openPort({ host, port, setting: 'OTLP_PORT' }, handler)
      const { openOtlpGrpc } = await import('./receiver/otlp-grpc.ts')
      state.grpc = await openOtlpGrpc({ intake, log, host, port: grpcPort, token })
    },
    async close() {
      clearInterval(state.timer)
      await flush() // the rooms that ended before have left their last spans
      await Promise.all([state.port?.close(), state.grpc?.close()])
      await state.sweeping
    },
  }
}

/** The telemetry room as the composition root sees it. */
export const telemetry = {
  name: 'telemetry',
  purpose: 'Receives traces and metrics over OTLP, keeps a bounded number, and shows the way of a request',
  paths: ['/telemetry'],
  settings: telemetrySettings,
  sql: { schema: 'telemetry', folder: new URL('./sql/', import.meta.url) },
  create: createTelemetryRoom,
} as const satisfies Service<typeof telemetrySettings, TelemetryExtra>
