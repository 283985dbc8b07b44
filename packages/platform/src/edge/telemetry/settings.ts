// The settings of the telemetry room.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set of the OTLP receiver and of what it keeps. */
export const telemetrySettings = {
  isReceiving: {
    env: 'OTLP_RECEIVER',
    kind: 'boolean',
    fallback: true,
    about: 'Whether the OTLP receiver listens; false where a collector of your own has its port',
  },
  host: { env: 'OTLP_HOST', kind: 'text', fallback: '127.0.0.1', about: 'Address the OTLP receiver listens on' },
  port: { env: 'OTLP_PORT', kind: 'port', fallback: 4318, about: 'Port of the OTLP receiver (HTTP) and of /metrics' },
  grpcPort: {
    env: 'OTLP_GRPC_PORT',
    kind: 'port',
    fallback: 4317,
    about: 'Port of the OTLP receiver for gRPC',
  },
  token: {
    env: 'OTLP_TOKEN',
    kind: 'text',
    secret: true,
    min: 16,
    about: 'Wanted as Bearer by the OTLP receiver; must be set when it listens beyond loopback',
  },
  maxSpans: {
    env: 'TRACES_MAX_SPANS',
    kind: 'integer',
    fallback: 500_000,
    min: 1000,
    max: 1_000_000_000,
    about: 'Spans that are kept for the trace page; the oldest eighth goes when they are reached',
  },
  keepHours: {
    env: 'TRACES_KEEP_HOURS',
    kind: 'integer',
    fallback: 48,
    min: 1,
    max: 8760,
    about: 'Hours that spans are kept',
  },
} as const satisfies SettingSpecs
