// The OTLP receiver's port for gRPC: the services that collect traces and metrics; what comes in is read as over HTTP.
// https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
import {
  type Metadata,
  Server,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import { holdsToken } from '../../../kernel/bearer-token.ts'
import { type OpenGrpcPort, openGrpcServer } from '../../../kernel/grpc-port.ts'
import type { Logger } from '../../../kernel/ports.ts'
import type { Intake } from './intake.ts'
import { bodyLimits } from './otlp-request.ts'
import { takeMetrics, takeTraces } from './take.ts'

/** What the port takes. */
export interface OtlpGrpcOptions {
  readonly intake: Intake
  readonly log: Logger
  readonly host: string
  readonly port: number
  readonly token: string | undefined
}

type Call = ServerUnaryCall<Buffer, Buffer>
type Take = (body: Buffer) => Promise<Buffer>

const collectorPackage = 'opentelemetry.proto.collector'
const maxStreams = 64
const drainMs = 2000
const statuses: Partial<Record<ErrorCode, status>> = {
  'malformed-body': status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
}

const asItIs = (bytes: Buffer): Buffer => bytes

function collector(name: string): ServiceDefinition {
  return {
    Export: {
      path: `/${collectorPackage}.${name}/Export`,
      ...{ requestStream: false, responseStream: false },
      ...{
        requestSerialize: asItIs,
        requestDeserialize: asItIs,
        responseSerialize: asItIs,
        responseDeserialize: asItIs,
      },
    },
  }
}

function checkSender(metadata: Metadata, token: string | undefined): void {
  if (token === undefined || holdsToken(metadata.get('authorization')[0]?.toString(), token)) return
  throw new AppError('unauthenticated', 'Send the metadata authorization: Bearer with the token of OTLP_TOKEN')
}

function exporting(take: Take, { token, log }: OtlpGrpcOptions) {
  const work = async ({ metadata, request }: Call): Promise<Buffer> => {
    checkSender(metadata, token)
    return take(request)
  }
  return {
    Export(call: Call, callback: sendUnaryData<Buffer>): void {
      work(call).then(
        (answer) => callback(null, answer),
        (error: unknown) => {
          const code = error instanceof AppError ? statuses[error.code] : undefined
          if (code === undefined) log.warn('telemetry.receiver.failed', { error })
          const details = code === undefined ? 'The receiver failed' : (error as AppError).message
          callback({ code: code ?? status.INTERNAL, details })
        },
      )
    },
  }
}

/** Opens the port. @throws AppError 'unavailable' that names the setting when it cannot be opened */
export async function openOtlpGrpc(options: OtlpGrpcOptions): Promise<OpenGrpcPort> {
  const { intake, host, port } = options
  const server = new Server({
    'grpc.max_receive_message_length': bodyLimits.sentBytes,
    'grpc.max_concurrent_streams': maxStreams,
  })
  const traces: Take = (body) => takeTraces(intake, body, 'protobuf')
  const metrics: Take = async (body) => takeMetrics(intake, body, 'protobuf')
  server.addService(collector('trace.v1.TraceService'), exporting(traces, options))
  server.addService(collector('metrics.v1.MetricsService'), exporting(metrics, options))
  return openGrpcServer(server, { host, port, setting: 'OTLP_GRPC_PORT' }, drainMs)
}
