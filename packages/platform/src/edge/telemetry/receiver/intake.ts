// What comes in, from other processes as OTLP or from this one as spans: bounded, cleaned, kept.
import type { OtlpAttributes, OtlpMetrics, ResourceSpans } from '@xinglin/core/otlp'
import type { Clock, Logger, Metrics } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import type { FinishedSpan } from '../../../kernel/telemetry/index.ts'
import { type KeptSpan, withoutPersonal } from '../store/kept-span.ts'
import { keepParts, type RingLimits } from '../store/ring.ts'
import { partsOf } from '../store/trace-part.ts'
import { createReceivedMetrics } from './received-metrics.ts'

/** What the intake needs. */
export interface IntakeOptions {
  readonly sql: Sql
  readonly log: Logger
  readonly clock: Clock
  readonly metrics: Metrics
  readonly limits: RingLimits
}

/** The intake. */
export interface Intake {
  /** Keeps spans of this process. */
  takeOwn(spans: readonly FinishedSpan[]): Promise<void>
  /** Keeps spans of others; returns how many could not be taken. */
  takeTraces(groups: readonly ResourceSpans[]): Promise<number>
  /** Keeps metrics of others; returns how many points could not be taken. */
  takeMetrics(groups: readonly OtlpMetrics[]): number
  readonly receivedMetrics: () => string
}

// Batches that wait for the database while another is written; beyond, they are lost and counted.
const maxWaitingBatches = 8

function textOf(attributes: OtlpAttributes, name: string): string | undefined {
  const at = attributes.findIndex((value, index) => index % 2 === 0 && value === name)
  return at === -1 ? undefined : String(attributes[at + 1])
}

function receivedSpans(groups: readonly ResourceSpans[]): readonly KeptSpan[] {
  return groups.flatMap(({ resource, spans }) => {
    const service = textOf(resource, 'service.name') ?? 'unknown_service'
    return spans.map((span) => ({ ...span, service, attributes: withoutPersonal(span.attributes) }))
  })
}

/** Creates the intake. */
export function createIntake({ sql, log, clock, metrics, limits }: IntakeOptions): Intake {
  const kept = metrics.counter({
    name: 'xinglin.telemetry.spans.kept',
    help: 'Spans written for the trace page',
    labels: [],
  })
  const received = createReceivedMetrics(() => clock.monotonicMs())
  const state: { tail: Promise<unknown>; waiting: number } = { tail: Promise.resolve(), waiting: 0 }
  // Writers take turns at the ring anyway; one connection of the pool is enough for them.
  const keep = async (spans: readonly KeptSpan[]): Promise<void> => {
    if (state.waiting >= maxWaitingBatches) throw new Error('Too many batches of spans are waiting')
    state.waiting += 1
    const work = state.tail.then(() => keepParts(sql, partsOf(spans), limits))
    state.tail = work.catch(() => undefined)
    try {
      await work
      kept({}, spans.length)
    } finally {
      state.waiting -= 1
    }
  }
  return {
    async takeOwn(spans) {
      const offsetMs = clock.now().getTime() - clock.monotonicMs()
      await keep(
        spans.map((span) => ({
          traceId: span.traceId,
          spanId: span.spanId,
          parentId: span.parentId,
          service: span.service,
          name: span.name,
          kind: span.kind,
          startMs: span.startMs + offsetMs,
          endMs: span.endMs + offsetMs,
          attributes: span.attributes,
          failure: span.failure,
        })),
      )
    },
    async takeTraces(groups) {
      const spans = receivedSpans(groups)
      try {
        await keep(spans)
        return 0
      } catch (error) {
        log.warn('telemetry.unkept', { spans: spans.length, error })
        return spans.length
      }
    },
    takeMetrics: (groups) => received.take(groups),
    receivedMetrics: () => received.exposition(),
  }
}
