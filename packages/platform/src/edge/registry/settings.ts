// The registry's settings.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set at the registry. */
export const registrySettings = {
  host: { env: 'REGISTRY_HOST', kind: 'text', fallback: '127.0.0.1', about: 'Address the registry listens on' },
  port: { env: 'REGISTRY_PORT', kind: 'port', fallback: 8500, about: 'Port of the registry (Consul’s HTTP API)' },
  tlsPort: {
    env: 'REGISTRY_TLS_PORT',
    kind: 'port',
    fallback: 8501,
    about: 'Port of the registry for the processes of a split system that speak TLS (SERVICE_TLS)',
  },
  token: {
    env: 'REGISTRY_TOKEN',
    kind: 'text',
    secret: true,
    min: 16,
    about: 'Wanted as X-Consul-Token or Bearer; must be set when the registry listens beyond loopback',
  },
  allowedHosts: {
    env: 'REGISTRY_ALLOWED_HOSTS',
    kind: 'list',
    fallback: [],
    about: 'Host names with dots by which the registry may be called without a token (wall against DNS rebinding)',
  },
  maxWaiting: {
    env: 'REGISTRY_MAX_WAITING',
    kind: 'integer',
    fallback: 1000,
    min: 1,
    max: 100_000,
    about: 'Blocking queries that may wait at once; more are refused with 429',
  },
} as const satisfies SettingSpecs
