// Which gRPC methods of our own services are open at the gateway, to whom, and where they are.
import type { GatewayExtra } from '../edge/gateway/index.ts'
import type { Registry } from '../kernel/ports.ts'

/** What it takes. */
export interface GrpcMethodParts {
  readonly inference: { readonly host: string; readonly grpcPort: number; readonly token: string | undefined }
  /** Whether the inference server lives in this process. */
  readonly isHere: boolean
  readonly registry: Pick<Registry, 'instances'>
}

type OwnMethods = NonNullable<GatewayExtra['grpc']>[number]

const service = 'inference'
// The same roles as over HTTP (ai/inference/registry/access.ts); what changes models is done by HTTP alone.
const read: OwnMethods['roles'] = [
  'admin',
  'clinician',
  'radiologist',
  'pharmacist',
  'compliance',
  'operator',
  'data-scientist',
]
const infer: OwnMethods['roles'] = ['admin', 'clinician', 'radiologist', 'operator', 'data-scientist']
const readMethods = [
  'ServerLive',
  'ServerReady',
  'ServerMetadata',
  'ModelReady',
  'ModelMetadata',
  'ModelConfig',
  'ModelStatistics',
]
const inferMethods = ['ModelInfer', 'ModelStreamInfer']
const pathsOf = (methods: readonly string[]): readonly string[] =>
  methods.map((method) => `/inference.GRPCInferenceService/${method}`)

function originOf({ inference, isHere, registry }: GrpcMethodParts): string | undefined {
  const isAny = inference.host === '0.0.0.0' || inference.host === '::'
  const own = isAny ? '127.0.0.1' : inference.host
  const address = isHere ? own : registry.instances(service).find(({ healthy }) => healthy)?.address
  if (address === undefined) return undefined
  return `http://${address.includes(':') ? `[${address}]` : address}:${inference.grpcPort}`
}

/** The methods for reading about models and for inference. */
export function grpcMethods(parts: GrpcMethodParts): readonly OwnMethods[] {
  const { token } = parts.inference
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const common = { service, headers, origin: () => originOf(parts) }
  return [
    { ...common, paths: pathsOf(readMethods), roles: read },
    { ...common, paths: pathsOf(inferMethods), roles: infer },
  ]
}
