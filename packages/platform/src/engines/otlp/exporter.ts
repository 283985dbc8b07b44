// The OTLP exporter of a process: takes batches of spans, and sends the metrics at an interval.
import type { Clock, Logger } from '../../kernel/ports.ts'
import type { RegisteredMetrics, SpanSink } from '../../kernel/telemetry/index.ts'
import { metricRequest } from './metrics.ts'
import type { OtlpBody } from './send.ts'
import { traceRequest } from './traces.ts'

/** Delivers a body; rejects when it was not taken. */
export type Deliver = (body: OtlpBody) => Promise<void>

/** What the exporter needs. */
export interface ExporterOptions {
  readonly resource: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly log: Logger
  readonly isJson: boolean
  readonly deliverTraces: Deliver | undefined
  readonly deliverMetrics: Deliver | undefined
  readonly metrics: RegisteredMetrics
  readonly metricIntervalMs: number
}

/** A running exporter. */
export interface OtlpExporter {
  /** Undefined where traces go nowhere. */
  readonly sink: SpanSink | undefined
  /** Sends the metrics a last time and ends the interval. */
  close(): Promise<void>
}

/** Starts exporting. */
export function startExporter(options: ExporterOptions): OtlpExporter {
  const { resource, clock, log, isJson, deliverTraces, deliverMetrics, metrics } = options
  const sinceMs = clock.now().getTime()
  const sendMetrics = async (): Promise<void> => {
    if (deliverMetrics === undefined) return
    try {
      await deliverMetrics(await metricRequest(metrics, { resource, atMs: clock.now().getTime(), sinceMs, isJson }))
    } catch (error) {
      log.warn('otlp.metrics.failed', { error })
    }
  }
  const state: { sending: Promise<void>; lastWarnedMs: number } = {
    sending: Promise.resolve(),
    lastWarnedMs: Number.NEGATIVE_INFINITY,
  }
  const timer = setInterval(() => {
    state.sending = state.sending.then(sendMetrics)
  }, options.metricIntervalMs).unref()
  const warn = (spans: number, error: unknown): void => {
    const nowMs = clock.monotonicMs()
    if (nowMs - state.lastWarnedMs < 60_000) return // a receiver that is away is told once a minute; the loss is counted
    state.lastWarnedMs = nowMs
    log.warn('otlp.traces.failed', { spans, error })
  }
  return {
    sink:
      deliverTraces === undefined
        ? undefined
        : async (spans) => {
            const offsetMs = clock.now().getTime() - clock.monotonicMs()
            try {
              await deliverTraces(traceRequest(spans, { resource, offsetMs, isJson }))
            } catch (error) {
              warn(spans.length, error)
              throw error
            }
          },
    async close() {
      clearInterval(timer)
      await state.sending
      await sendMetrics()
    },
  }
}
