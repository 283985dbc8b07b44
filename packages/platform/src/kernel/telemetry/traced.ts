// Work with a span around it.
import type { Span, SpanOptions, Telemetry } from '../ports.ts'

/** Runs work within a span of its own, which ends and fails with the work. */
export async function traced<T>(
  telemetry: Telemetry,
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = telemetry.startSpan(name, options)
  if (!span.isSampled) return work(span)
  try {
    return await telemetry.within(span, () => work(span))
  } catch (error) {
    span.fail(error)
    throw error
  } finally {
    span.end()
  }
}
