// OpenTelemetry's environment variables for the OTLP exporter.
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
import type { SettingSpecs, Settings } from '../../kernel/config.ts'

/** What can be set of the exporter. */
export const otlpSettings = {
  endpoint: {
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    kind: 'text',
    about:
      'OTLP receiver (HTTP) to send traces and metrics to, e.g. http://127.0.0.1:4318; the own telemetry room when unset',
  },
  tracesEndpoint: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    kind: 'text',
    about: 'Whole address for traces, instead of OTEL_EXPORTER_OTLP_ENDPOINT with /v1/traces',
  },
  metricsEndpoint: {
    env: 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
    kind: 'text',
    about: 'Whole address for metrics, instead of OTEL_EXPORTER_OTLP_ENDPOINT with /v1/metrics',
  },
  headers: {
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    kind: 'text',
    secret: true,
    about: 'Headers for the receiver, e.g. authorization=Bearer%20token',
  },
  protocol: {
    env: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    kind: 'text',
    fallback: 'http/protobuf',
    about: 'http/protobuf or http/json',
  },
  compression: {
    env: 'OTEL_EXPORTER_OTLP_COMPRESSION',
    kind: 'text',
    fallback: 'gzip',
    about: 'gzip or none',
  },
  timeoutMs: {
    env: 'OTEL_EXPORTER_OTLP_TIMEOUT',
    kind: 'integer',
    fallback: 10_000,
    min: 10,
    max: 600_000,
    about: 'Longest wait for the receiver, with all tries, in milliseconds',
  },
  metricIntervalMs: {
    env: 'OTEL_METRIC_EXPORT_INTERVAL',
    kind: 'integer',
    fallback: 60_000,
    min: 100,
    max: 3_600_000,
    about: 'Time between two exports of the metrics, in milliseconds',
  },
} as const satisfies SettingSpecs

/** The exporter's settings as read. */
export type OtlpSettings = Settings<typeof otlpSettings>
