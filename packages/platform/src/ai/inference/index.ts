// The inference server: models over KServe v2 (HTTP and gRPC, as Triton speaks it), and the registry of their versions.
import type { Ports } from '../../kernel/ports.ts'
import type { Service } from '../../kernel/service.ts'
import { createInference, type InferenceExtra, type InferenceSettings, type RunningInference } from './inference.ts'
import { inferenceSettings } from './settings.ts'

export type { InferenceAddresses, InferenceExtra, RunningInference } from './inference.ts'

/** The inference server as the composition root sees it. */
export const inference = {
  name: 'inference',
  purpose: 'Serves models over KServe v2 and keeps the registry of their versions',
  paths: ['/v2', '/api/v1/models'],
  settings: inferenceSettings,
  sql: { schema: 'inference', folder: new URL('./sql/', import.meta.url) },
  create: (ports: Ports, settings: InferenceSettings, extra: InferenceExtra): Promise<RunningInference> =>
    createInference(ports, settings, extra),
} as const satisfies Service<typeof inferenceSettings, InferenceExtra>
