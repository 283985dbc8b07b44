// The door to OTLP: sends spans and metrics of this process to a receiver over HTTP.
export { type Deliver, type OtlpExporter, startExporter } from './exporter.ts'
export { createOtlpSender, type OtlpBody, type OtlpSender } from './send.ts'
export { type OtlpSettings, otlpSettings } from './settings.ts'
export { type OtlpTargets, targetsOf } from './targets.ts'
