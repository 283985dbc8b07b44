// OpenTelemetry's own environment variables, as far as they are honoured.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
import type { SettingSpecs, Settings } from '../config.ts'

/** What can be set of traces and metrics for a process. */
export const openTelemetrySettings = {
  isDisabled: {
    env: 'OTEL_SDK_DISABLED',
    kind: 'boolean',
    fallback: false,
    about: 'Turns spans and exported metrics off',
  },
  serviceName: {
    env: 'OTEL_SERVICE_NAME',
    kind: 'text',
    about: 'service.name of all spans and metrics of this process; the name of the room that did the work when unset',
  },
  resourceAttributes: {
    env: 'OTEL_RESOURCE_ATTRIBUTES',
    kind: 'text',
    max: 8192,
    about: 'Attributes of this process, e.g. deployment.environment.name=ward,host.name=one',
  },
  sampler: {
    env: 'OTEL_TRACES_SAMPLER',
    kind: 'text',
    fallback: 'parentbased_traceidratio',
    about: 'Which traces are recorded: always_on, always_off, traceidratio, each also with parentbased_ before it',
  },
  samplerArgument: {
    env: 'OTEL_TRACES_SAMPLER_ARG',
    kind: 'text',
    fallback: '0.1', // recording every trace costs 11 to 23 % of a read's CPU (bench/telemetry.ts)
    about: 'Share of new traces that is recorded, 0 to 1, for the samplers by ratio',
  },
  queueSize: {
    env: 'OTEL_BSP_MAX_QUEUE_SIZE',
    kind: 'integer',
    fallback: 8192,
    min: 1,
    max: 1_000_000,
    about: 'Ended spans that wait at most; more are dropped and counted',
  },
  batchSize: {
    env: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
    kind: 'integer',
    fallback: 1024,
    min: 1,
    max: 65_536,
    about: 'Spans that are sent together at most',
  },
  delayMs: {
    env: 'OTEL_BSP_SCHEDULE_DELAY',
    kind: 'integer',
    fallback: 2000,
    min: 10,
    max: 600_000,
    about: 'Longest wait of an ended span before it is sent, in milliseconds',
  },
} as const satisfies SettingSpecs

/** OpenTelemetry's settings as read. */
export type OpenTelemetrySettings = Settings<typeof openTelemetrySettings>
