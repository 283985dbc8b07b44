// Ended spans on their way out: gathered into batches, bounded, dropped and counted rather than ever holding up work.
import type { FinishedSpan } from './span.ts'

/** Where ended spans go; resolves when a batch was taken, rejects when it was lost. */
export type SpanSink = (batch: readonly FinishedSpan[]) => Promise<void>

/** Options of {@link createSpanQueue}. */
export interface SpanQueueOptions {
  readonly queueSize: number
  readonly batchSize: number
  readonly delayMs: number
  /** Told how many spans were lost, and why. */
  readonly onLoss: (count: number, reason: 'full' | 'refused') => void
}

/** The queue. */
export interface SpanQueue {
  push(span: FinishedSpan): void
  /** Sets where spans go; until then they wait. */
  sendTo(sink: SpanSink): void
  /** Sends what waits. */
  flush(): Promise<void>
  /** Sends what waits; later spans are dropped. */
  close(): Promise<void>
}

/** Creates the queue; no timer runs while it is empty. */
export function createSpanQueue({ queueSize, batchSize, delayMs, onLoss }: SpanQueueOptions): SpanQueue {
  const state: {
    waiting: FinishedSpan[]
    sink: SpanSink | undefined
    timer: NodeJS.Timeout | undefined
    sending: Promise<void> | undefined
    isClosed: boolean
  } = { waiting: [], sink: undefined, timer: undefined, sending: undefined, isClosed: false }

  const send = async (sink: SpanSink): Promise<void> => {
    while (state.waiting.length > 0) {
      const batch = state.waiting.length <= batchSize ? state.waiting : state.waiting.slice(0, batchSize)
      state.waiting = state.waiting.length <= batchSize ? [] : state.waiting.slice(batchSize)
      await sink(batch).catch(() => onLoss(batch.length, 'refused'))
    }
  }
  const flush = async (): Promise<void> => {
    clearTimeout(state.timer)
    state.timer = undefined
    const { sink } = state
    if (sink === undefined) return
    state.sending ??= send(sink).finally(() => {
      state.sending = undefined
    })
    await state.sending
  }
  const schedule = (): void => {
    state.timer ??= setTimeout(() => void flush(), delayMs).unref() // flush never rejects
  }
  return {
    push(span) {
      if (state.isClosed || state.waiting.length >= queueSize) return onLoss(1, 'full')
      state.waiting.push(span)
      if (state.waiting.length === 1) schedule()
      else if (state.waiting.length === batchSize && state.sending === undefined) void flush()
    },
    sendTo(sink) {
      state.sink = sink
      if (state.waiting.length > 0) schedule()
    },
    flush,
    async close() {
      await flush()
      await flush() // what came while the first was on its way
      state.isClosed = true
      clearTimeout(state.timer)
    },
  }
}
