// The telemetry of a process. The active span travels with the asynchronous flow (AsyncLocalStorage): it is never asked who
// somebody is or what they may do, only below which span a new one belongs. Who calls is always passed as an argument.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { EntryOptions, Metrics, Span, SpanOptions, Telemetry } from '../ports.ts'
import { newTraceId } from '../trace.ts'
import type { Sampler } from './sampler.ts'
import { RecordedSpan, type SpanStart, UnrecordedSpan } from './span.ts'
import { createSpanQueue, type SpanQueueOptions, type SpanSink } from './span-queue.ts'

/** What the telemetry of a process is made of. */
export interface TelemetryOptions extends Omit<SpanQueueOptions, 'onLoss'> {
  readonly sampler: Sampler
  readonly metrics: Metrics
}

/** The telemetry of a process, as the composition root holds it. */
export interface RunningTelemetry extends Telemetry {
  /** Sets where ended spans go; until then they wait in the bounded queue. */
  sendTo(sink: SpanSink): void
  /** Sends what waits. */
  flush(): Promise<void>
  close(): Promise<void>
}

const none = new UnrecordedSpan('', '')

/** Creates the telemetry of a process. */
export function createTelemetry(options: TelemetryOptions): RunningTelemetry {
  const { sampler, metrics } = options
  const lost = metrics.counter({
    name: 'xinglin.telemetry.spans.lost',
    help: 'Ended spans that never reached their receiver',
    labels: ['reason'],
  })
  const queue = createSpanQueue({ ...options, onLoss: (count, reason) => lost({ reason }, count) })
  const flow = new AsyncLocalStorage<Span | undefined>()
  const record = (start: SpanStart, attributes: SpanOptions['attributes']): RecordedSpan => {
    const span = new RecordedSpan(start, queue.push)
    if (attributes !== undefined) for (const name in attributes) span.set(name, attributes[name] ?? '')
    return span
  }
  return {
    metrics,
    startEntry(name: string, { parent, kind = 'server', service, attributes }: EntryOptions) {
      const traceId = parent?.traceId ?? newTraceId()
      if (!sampler(traceId, parent)) return new UnrecordedSpan(traceId)
      return record({ traceId, parentId: parent?.spanId ?? '', name, kind, service }, attributes)
    },
    startSpan(name: string, given: SpanOptions = {}) {
      const parent = flow.getStore()
      // Work that a request left behind, such as a loop it woke, is no longer part of it.
      if (!(parent instanceof RecordedSpan) || parent.hasEnded) return parent instanceof UnrecordedSpan ? parent : none
      const { kind = 'internal', service = parent.service, attributes } = given
      return record({ traceId: parent.traceId, parentId: parent.spanId, name, kind, service }, attributes)
    },
    active: () => flow.getStore(),
    within: (span, work) => flow.run(span, work),
    // Sending is no part of the trace that happened to ask for it; spans of its own would never come to an end.
    sendTo: (sink) => queue.sendTo((batch) => flow.run(undefined, () => sink(batch))),
    flush: queue.flush,
    close: queue.close,
  }
}
