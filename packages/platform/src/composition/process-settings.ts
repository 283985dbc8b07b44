// Settings of the process itself: where data lies, which database, which services, how much it says.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SettingSpecs, Settings } from '../kernel/config.ts'
import type { LogLevel } from '../kernel/log.ts'

const minKeyCharacters = 32
const consulPort = 8500

// As SQLAlchemy writes it, the driver's name follows the database's: postgresql+psycopg2://…
const withoutDriver = (url: string): string => url.replace(/^([a-z]+)\+[a-z0-9_]+:\/\//i, '$1://')

/** What can be set for a process. */
export const processSettings = {
  dataFolder: {
    env: 'XINGLIN_DATA',
    kind: 'folder',
    fallback: '.xinglin',
    about: 'Folder of all data; a relative path starts at the folder of the clone',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    also: { DB_CONNECTION_STRING: withoutDriver },
    kind: 'text',
    secret: true,
    about: 'PostgreSQL (15 or newer) to use instead of the embedded one, e.g. postgres://user:password@host:5432/name',
  },
  databasePool: {
    env: 'DATABASE_POOL',
    kind: 'integer',
    fallback: 16,
    min: 2,
    max: 200,
    about: 'Most connections of this process to PostgreSQL',
  },
  databasePort: {
    env: 'XINGLIN_POSTGRES_PORT',
    kind: 'port',
    about: 'Loopback port of the embedded PostgreSQL; a free one is taken when unset',
  },
  services: {
    env: 'SERVICES',
    kind: 'list',
    fallback: [],
    about: 'Services of this process, all when unset; names given to `xinglin start` go before it',
  },
  publicUrl: {
    env: 'PUBLIC_URL',
    kind: 'text',
    about: 'Address of the gateway as clients see it; http://127.0.0.1:PORT when unset',
  },
  serviceHost: {
    env: 'SERVICE_HOST',
    kind: 'text',
    fallback: '127.0.0.1',
    about: 'Address on which services listen for other processes when they are split',
  },
  servicePort: {
    env: 'SERVICE_PORT',
    kind: 'port',
    fallback: 0,
    about: 'First port of this process’ services when they are split, one after the other; 0 takes free ones',
  },
  serviceTags: {
    env: 'SERVICE_TAGS',
    kind: 'list',
    fallback: [],
    about:
      'Tags of this process’ services in the registry, e.g. v2, by which an upstream of the gateway weighs versions',
  },
  serviceAddress: {
    env: 'SERVICE_ADDRESS',
    kind: 'text',
    about:
      'Address that other processes are told; SERVICE_HOST when unset, this machine’s first one where that is 0.0.0.0',
  },
  serviceDns: {
    env: 'SERVICE_DNS',
    kind: 'text',
    about:
      'Where names lead to services (Kubernetes): host and port with {service} for the name, e.g. {service}:8000; the registry is then not asked where they are',
  },
  drainSeconds: {
    env: 'DRAIN_SECONDS',
    kind: 'integer',
    fallback: 0,
    min: 0,
    max: 300,
    about: 'How long a stopping gateway still serves while it says that it is not ready, for a load balancer to notice',
  },
  internalKey: {
    env: 'INTERNAL_KEY',
    kind: 'text',
    secret: true,
    min: minKeyCharacters,
    about: 'Secret shared by all processes of a split system; made and kept in the data folder when unset',
  },
  registryUrl: {
    env: 'CONSUL_HTTP_ADDR',
    also: { CONSUL_HOST: (host: string) => `http://${host}:${consulPort}` },
    kind: 'text',
    about:
      'Registry in Consul’s HTTP shape to use instead of the own one, e.g. http://127.0.0.1:8500; of several with commas between each will do',
  },
  registryToken: {
    env: 'CONSUL_HTTP_TOKEN',
    kind: 'text',
    secret: true,
    about: 'Token for that registry',
  },
  tritonUrl: {
    env: 'TRITON_URL',
    kind: 'text',
    about: 'HTTP address of a Triton (or other KServe v2) server to use instead of the own inference service',
  },
  workers: {
    env: 'WORKER_THREADS',
    kind: 'integer',
    fallback: 2,
    min: 1,
    max: 64,
    about: 'Threads that parse, validate and index bodies over 16 kB',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    kind: 'text',
    fallback: 'warn',
    oneOf: ['debug', 'info', 'warn', 'error', 'silent'],
    about: 'What is logged: debug, info, warn, error or silent',
    isLive: true,
  },
  searchPath: { env: 'PATH', kind: 'text', about: 'Searched for PostgreSQL when no packaged one fits this system' },
} as const satisfies SettingSpecs

/** The process' settings as read. */
export type ProcessSettings = Settings<typeof processSettings>

const root = fileURLToPath(new URL('../../../../', import.meta.url))
/** The data folder as an absolute path. */
export function dataFolderOf(settings: Pick<ProcessSettings, 'dataFolder'>): string {
  return resolve(root, settings.dataFolder)
}

/** The level of the log now. */
export function logLevelOf({ logLevel }: Pick<ProcessSettings, 'logLevel'>): LogLevel {
  return logLevel as LogLevel // read with `oneOf`
}
