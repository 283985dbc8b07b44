// The federated learning service's settings.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set at the federated learning service. */
export const federatedSettings = {
  host: { env: 'FLOWER_HOST', kind: 'text', fallback: '127.0.0.1', about: 'Address on which Flower clients may join' },
  port: { env: 'FLOWER_PORT', kind: 'port', fallback: 9092, about: 'Port on which Flower clients join (gRPC)' },
  openJoin: {
    env: 'FLOWER_OPEN_JOIN',
    kind: 'boolean',
    about: 'Lets clients join without a site token; when unset, only while the port is on loopback',
  },
  certificate: {
    env: 'FLOWER_TLS_CERTIFICATE',
    kind: 'text',
    about: 'PEM file of the certificate chain for the Flower port; without it the port is plain text',
  },
  key: { env: 'FLOWER_TLS_KEY', kind: 'text', about: 'PEM file of the key to that certificate' },
  maxSites: {
    env: 'FLOWER_MAX_SITES',
    kind: 'integer',
    fallback: 100,
    min: 1,
    max: 1000,
    about: 'Flower clients joined at once; more are refused',
  },
} as const satisfies SettingSpecs
