// From the spans of a trace to the rows of its waterfall (pure).
import type { Trace, TraceSpan } from '../../api/traces.ts'

/** A row of the waterfall. */
export interface WaterfallRow {
  readonly span: TraceSpan
  /** Steps below the first one. */
  readonly depth: number
  /** Where its bar begins, and how long it is, as shares of the trace (0 to 1). */
  readonly from: number
  readonly share: number
}

const leastShare = 0.002

function childrenByParent(spans: readonly TraceSpan[]): ReadonlyMap<string, readonly TraceSpan[]> {
  const known = new Set(spans.map(({ spanId }) => spanId))
  // A span whose parent is not there (it is elsewhere, or was dropped) stands at the top.
  return Map.groupBy(spans, ({ parentId }) => (parentId !== undefined && known.has(parentId) ? parentId : ''))
}

/** Rows in the order of a tree, each level by its start. */
export function waterfallOf({ spans, durationMs }: Pick<Trace, 'spans' | 'durationMs'>): readonly WaterfallRow[] {
  const children = childrenByParent(spans)
  const whole = Math.max(durationMs, Number.EPSILON)
  const rows: WaterfallRow[] = []
  const seen = new Set<string>()
  const add = (span: TraceSpan, depth: number): void => {
    if (seen.has(span.spanId)) return // a sender may name spans in a circle
    seen.add(span.spanId)
    const from = Math.min(1, Math.max(0, span.startMs / whole))
    rows.push({ span, depth, from, share: Math.min(1 - from, Math.max(leastShare, span.durationMs / whole)) })
    for (const child of children.get(span.spanId) ?? []) add(child, depth + 1)
  }
  for (const top of children.get('') ?? []) add(top, 0)
  for (const span of spans) add(span, 0)
  return rows
}

/** A duration in words of fitting size: `0.42 ms`, `12.3 ms`, `1.53 s`. */
export function durationText(ms: number): string {
  if (ms >= 10_000) return `${Math.round(ms / 1000)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  if (ms >= 100) return `${Math.round(ms)} ms`
  return `${ms.toFixed(ms >= 10 ? 1 : 2)} ms`
}
