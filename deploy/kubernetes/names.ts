// Names that the manifests share: the namespace, the image, the secrets that operators make, and the settings of all pods.
import { servicePort } from './groups.ts'

/** Namespace of everything. */
export const namespace = 'xinglin'
/** The image of every pod. */
export const image = 'your-registry/xinglin:0.1.0'
/** User and group of the image. */
export const userId = 10_001

/** Port of the gateway in its pod. */
export const gatewayPort = 8080
/** Port of the registry. */
export const registryPort = 8500
/** Port on which Flower clients join. */
export const flowerPort = 9092
/** Port on which scanners send images (DIMSE). */
export const dimsePort = 11_112

/** A value of a Secret that operators make; no manifest holds one. */
export interface SecretValue {
  /** Setting that takes it. */
  readonly env: string
  readonly secret: string
  readonly key: string
  /** Whether pods start without it. */
  readonly isOptional?: true
}

/** Secrets that every pod takes. */
export const secrets: readonly SecretValue[] = [
  { env: 'DATABASE_URL', secret: 'xinglin-database', key: 'url' },
  { env: 'INTERNAL_KEY', secret: 'xinglin-keys', key: 'internal' },
  { env: 'CONSUL_HTTP_TOKEN', secret: 'xinglin-keys', key: 'registry' },
]

/** Secrets of the edge besides. */
export const edgeSecrets: readonly SecretValue[] = [{ env: 'REGISTRY_TOKEN', secret: 'xinglin-keys', key: 'registry' }]

/** Secrets of pods that keep blobs. */
export const blobSecrets: readonly SecretValue[] = [
  { env: 'BLOBS_S3_ACCESS_KEY', secret: 'xinglin-blobs', key: 'access-key' },
  { env: 'BLOBS_S3_SECRET_KEY', secret: 'xinglin-blobs', key: 'secret-key' },
]

/** Secret of the graph database, where one is used. */
export const graphSecrets: readonly SecretValue[] = [
  { env: 'NEO4J_PASSWORD', secret: 'xinglin-neo4j', key: 'password', isOptional: true },
]

/** Certificate of the Flower port: a Secret of type kubernetes.io/tls. */
export const flowerCertificate = { secret: 'xinglin-flower-tls', folder: '/etc/xinglin/flower' } as const

/** Settings of all pods. */
export const settings: Readonly<Record<string, string>> = {
  PUBLIC_URL: 'https://xinglin.example.org',
  SERVICE_DNS: `{service}:${servicePort}`,
  CONSUL_HTTP_ADDR: `http://registry:${registryPort}`,
  SERVICE_TLS: 'false',
  DATABASE_POOL: '10',
  LOG_LEVEL: 'info',
  BLOBS_S3_BUCKET: 'xinglin',
  BLOBS_S3_URL: 'http://s3.engines.svc.cluster.local:9000',
}

/** Settings for a Triton in place of the own inference service; a ConfigMap that pods take where it is there. */
export const tritonSettings: Readonly<Record<string, string>> = {
  TRITON_URL: 'http://triton.engines.svc.cluster.local:8000',
}

/** Settings for a Neo4j that also holds the graph of triage. */
export const graphSettings: Readonly<Record<string, string>> = {
  NEO4J_URL: 'neo4j://neo4j.engines.svc.cluster.local:7687',
  NEO4J_USER: 'neo4j',
}

/** Settings for a Consul in place of our registry: live settings are kept there; names still lead to services. */
export const consulSettings: Readonly<Record<string, string>> = {
  CONSUL_HTTP_ADDR: 'http://consul.engines.svc.cluster.local:8500',
}
