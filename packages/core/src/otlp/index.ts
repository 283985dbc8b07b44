// OTLP 1.x, OpenTelemetry's wire protocol: spans and metrics as protobuf and as JSON, written and read with bounds.

export { readJsonMetrics, readJsonTraces } from './json.ts'
export { OtlpFault } from './limits.ts'
export { type NumberPoint, type OtlpMetric, type OtlpMetrics, readMetrics, writeMetrics } from './metrics.ts'
export {
  type OtlpAttributes,
  type OtlpSpan,
  type OtlpValue,
  type ResourceSpans,
  spanKinds,
} from './model.ts'
export { readTraces } from './read-traces.ts'
export { writeJsonMetrics, writeJsonTraces } from './write-json.ts'
export { writeTraces } from './write-traces.ts'
