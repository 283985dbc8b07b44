// Settings of TLS between the processes of a split system.
import type { SettingSpecs, Settings } from '../kernel/config.ts'

/** What can be set. */
export const tlsSettings = {
  isOn: {
    env: 'SERVICE_TLS',
    kind: 'boolean',
    about:
      'Mutual TLS between processes; default on when certificates are there (`xinglin certs init`, SERVICE_TLS_CERT). False says that a mesh or a trusted network takes its place',
  },
  authority: {
    env: 'SERVICE_TLS_CA',
    kind: 'text',
    about:
      'PEM file of the authority (or several) that other processes must be vouched for by; certs/ca.pem when unset',
  },
  certificate: {
    env: 'SERVICE_TLS_CERT',
    kind: 'text',
    about: 'PEM file of this process’ certificate for all its services; one of each service from certs when unset',
  },
  key: { env: 'SERVICE_TLS_KEY', kind: 'text', about: 'PEM file of the private key of that certificate' },
} as const satisfies SettingSpecs

/** The settings as read. */
export type TlsSettings = Settings<typeof tlsSettings>
