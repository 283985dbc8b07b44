// The settings of the inference server.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set at the inference server. */
export const inferenceSettings = {
  host: {
    env: 'INFERENCE_HOST',
    kind: 'text',
    fallback: '127.0.0.1',
    about: 'Address the ports of the inference server listen on',
  },
  httpPort: { env: 'INFERENCE_HTTP_PORT', kind: 'port', fallback: 8010, about: 'Port of KServe v2 over HTTP' },
  grpcPort: { env: 'INFERENCE_GRPC_PORT', kind: 'port', fallback: 8011, about: 'Port of KServe v2 over gRPC' },
  metricsPort: {
    env: 'INFERENCE_METRICS_PORT',
    kind: 'port',
    fallback: 8012,
    about: 'Port of the metrics of models, in Prometheus’ format',
  },
  token: {
    env: 'INFERENCE_TOKEN',
    kind: 'text',
    secret: true,
    min: 16,
    about: 'Wanted as Bearer by the inference server’s ports; must be set when they listen beyond loopback',
  },
  allowedHosts: {
    env: 'INFERENCE_ALLOWED_HOSTS',
    kind: 'list',
    fallback: [],
    about: 'Host names with dots by which these ports may be called without a token (wall against DNS rebinding)',
  },
  repository: {
    env: 'MODEL_REPOSITORY',
    kind: 'folder',
    about: 'Folder of own models in Triton’s layout; models/ in the data folder when unset',
  },
  threads: {
    env: 'INFERENCE_THREADS',
    kind: 'integer',
    fallback: 1,
    min: 1,
    max: 64,
    about: 'Threads of each instance of a model',
  },
  memoryMb: {
    env: 'INFERENCE_MEMORY_MB',
    kind: 'integer',
    fallback: 2048,
    min: 128,
    max: 1_048_576,
    about: 'Resident memory above which the process of an instance is ended and started anew',
  },
  idleSeconds: {
    env: 'INFERENCE_IDLE_SECONDS',
    kind: 'integer',
    fallback: 600,
    min: 0,
    max: 86_400,
    about: 'Rest after which the process of an instance ends until it is needed again; 0 keeps it',
  },
  maxBodyMb: {
    env: 'INFERENCE_MAX_BODY_MB',
    kind: 'integer',
    fallback: 96,
    min: 1,
    max: 1024,
    about: 'Largest body of a request with tensors, and largest model that can be registered',
  },
} as const satisfies SettingSpecs
