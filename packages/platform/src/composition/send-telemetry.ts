// Where the spans and metrics of this process go: to the receiver that OTEL_EXPORTER_OTLP_ENDPOINT names, else to the own telemetry
// room, in this process or in another one.
import {
  createOtlpSender,
  type Deliver,
  type OtlpBody,
  type OtlpSender,
  type OtlpSettings,
  startExporter,
  targetsOf,
} from '../engines/otlp/index.ts'
import type { CallService, Clock, Logger } from '../kernel/ports.ts'
import type { RunningService } from '../kernel/service.ts'
import type { Shutdown } from '../kernel/shutdown.ts'
import type { SpanSink } from '../kernel/telemetry/index.ts'
import type { OpenTelemetry } from './open-telemetry.ts'

/** What sending takes. */
export interface SendTelemetryOptions {
  readonly open: OpenTelemetry
  readonly settings: OtlpSettings
  /** The telemetry room, where it lives here: it takes spans without a detour. */
  readonly room: RunningService | undefined
  readonly call: CallService
  readonly clock: Clock
  readonly log: Logger
  readonly shutdown: Shutdown
}

function toUrl(sender: OtlpSender, url: string | undefined): Deliver | undefined {
  return url === undefined ? undefined : (body) => sender.send(url, body)
}

// Our own processes find the room as they find any other; it is sent what is plain, because their wire is short.
function toRoom(call: CallService, path: string): Deliver {
  return async ({ bytes }: OtlpBody) => {
    const headers = { 'content-type': 'application/x-protobuf' }
    const answer = await call('telemetry')(path, { method: 'POST', headers, body: bytes })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`The telemetry room answered ${answer.status}`)
  }
}

function sinkOf(room: RunningService | undefined): SpanSink | undefined {
  return room !== undefined && 'sink' in room ? (room.sink as SpanSink) : undefined // RunningTelemetryRoom has it
}

/** Begins to send. @throws AppError 'invalid-parameter' for a setting that cannot be used */
export function sendTelemetry(options: SendTelemetryOptions): void {
  const { open, settings, room, call, clock, log, shutdown } = options
  const { telemetry, resource, metrics } = open
  const targets = targetsOf(settings)
  if (metrics === undefined) return
  const sender = createOtlpSender(targets, settings.timeoutMs)
  const ownSink = sinkOf(room)
  const isElsewhere = ownSink === undefined
  const exporter = startExporter({
    ...{ resource, clock, log, metrics },
    isJson: targets.isJson,
    metricIntervalMs: settings.metricIntervalMs,
    deliverTraces: toUrl(sender, targets.traces) ?? (isElsewhere ? toRoom(call, '/v1/traces') : undefined),
    deliverMetrics: toUrl(sender, targets.metrics) ?? (isElsewhere ? toRoom(call, '/v1/metrics') : undefined),
  })
  const sink = exporter.sink ?? ownSink
  if (sink !== undefined) telemetry.sendTo(sink)
  shutdown.add('telemetry exporter', async () => {
    await telemetry.flush()
    await exporter.close()
    await sender.close()
  })
}
