// The gRPC port: opens it, checks who calls, brings calls to their handlers, and answers failures with gRPC's status.
import { fileURLToPath } from 'node:url'
import {
  loadPackageDefinition,
  type Metadata,
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { holdsToken } from '../../../kernel/bearer-token.ts'
import { type OpenGrpcPort, openGrpcServer } from '../../../kernel/grpc-port.ts'
import type { Logger, Span, Telemetry } from '../../../kernel/ports.ts'
import { parseTraceparent } from '../../../kernel/trace.ts'
import { TritonError } from '../protocol/triton-error.ts'
import { type GrpcParts, inferOnce, type Unary, unaryCalls } from './handlers.ts'
import { freeMessage, withFreedMessages } from './message-memory.ts'
import type { InferMessage } from './messages.ts'

/** What the port takes. */
export interface GrpcPortOptions {
  readonly host: string
  readonly port: number
  readonly token: string | undefined
  readonly maxMessageBytes: number
  readonly log: Logger
  readonly telemetry: Telemetry
}

type Call = ServerUnaryCall<never, unknown>
type Stream = ServerDuplexStream<InferMessage, unknown>

const loaderOptions = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true } as const
const rpcService = 'inference.GRPCInferenceService'
const maxUnderWay = 64
const drainMs = 8000

function serviceOf(path: string, name: string): ServiceDefinition {
  const file = fileURLToPath(new URL(path, import.meta.url))
  const found = name
    .split('.')
    .reduce<unknown>(
      (at, part) => (at as Record<string, unknown>)[part],
      loadPackageDefinition(loadSync(file, loaderOptions)),
    )
  return (found as { readonly service: ServiceDefinition }).service // named in the file
}

function checkToken(metadata: Metadata, token: string | undefined): void {
  if (token === undefined || holdsToken(metadata.get('authorization')[0]?.toString(), token)) return
  throw new TritonError('FORBIDDEN', 'a valid token is needed in the metadata authorization')
}

function failure(error: unknown, log: Logger): { readonly code: number; readonly details: string } {
  if (error instanceof TritonError) return { code: error.grpcStatus, details: error.message }
  log.error('inference.grpc.failed', { error })
  return { code: status.INTERNAL, details: 'unexpected failure of the inference server' }
}

// The end of every call is told as 'cancelled'; only the one of a call without its answer is news.
function abortWith(call: Call | Stream): { readonly signal: AbortSignal; readonly forget: () => void } {
  const gone = new AbortController()
  const abort = (): void => gone.abort()
  call.once('cancelled', abort)
  return { signal: gone.signal, forget: () => call.removeListener('cancelled', abort) }
}

// https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
function openSpan(method: string, metadata: Metadata, { telemetry }: GrpcPortOptions): Span {
  const parent = parseTraceparent(String(metadata.get('traceparent')[0] ?? ''))
  const span = telemetry.startEntry(`${rpcService}/${method}`, { service: 'inference', parent })
  span.set('rpc.system.name', 'grpc')
  span.set('rpc.method', `${rpcService}/${method}`)
  return span
}

function unary(method: string, handle: Unary, parts: GrpcParts, options: GrpcPortOptions) {
  return (call: Call, callback: sendUnaryData<unknown>): void => {
    const { signal, forget } = abortWith(call)
    const span = openSpan(method, call.metadata, options)
    const work = async (): Promise<unknown> => {
      checkToken(call.metadata, options.token)
      return handle(parts, call.request, signal)
    }
    options.telemetry.within(span, work).then(
      (answer) => {
        span.end()
        forget()
        freeMessage(call.request)
        callback(null, answer)
      },
      (error: unknown) => {
        const told = failure(error, options.log)
        span.fail(status[told.code] ?? 'UNKNOWN')
        span.end()
        callback(told)
      },
    )
  }
}

// Requests of a stream run side by side; their answers leave in the order of the requests.
function stream(parts: GrpcParts, options: GrpcPortOptions) {
  return (call: Stream): void => {
    const { signal } = abortWith(call)
    const state = { underWay: 0, last: Promise.resolve() }
    try {
      checkToken(call.metadata, options.token)
    } catch (error) {
      call.emit('error', failure(error, options.log))
      return
    }
    call.on('data', (message: InferMessage) => {
      state.underWay += 1
      if (state.underWay >= maxUnderWay) call.pause()
      const answer = inferOnce(parts, message, signal).then(
        (response) => {
          freeMessage(message)
          return { error_message: '', infer_response: response }
        },
        (error: unknown) => ({
          error_message: failure(error, options.log).details,
          infer_response: { id: message.id },
        }),
      )
      state.last = state.last
        .then(() => answer)
        .then((told) => {
          if (!call.cancelled) call.write(told)
          state.underWay -= 1
          if (call.isPaused()) call.resume()
        })
    })
    call.on('end', () => void state.last.then(() => call.end()))
  }
}

function health({ models }: GrpcParts): UntypedServiceImplementation {
  const statusOf = (service: string): string => {
    if (service !== '' && service !== 'inference.GRPCInferenceService') return 'SERVICE_UNKNOWN'
    return models.isLoaded() ? 'SERVING' : 'NOT_SERVING'
  }
  return {
    Check: (call: ServerUnaryCall<{ readonly service: string }, unknown>, callback: sendUnaryData<unknown>) => {
      const told = statusOf(call.request.service)
      if (told === 'SERVICE_UNKNOWN') callback({ code: status.NOT_FOUND, details: 'unknown service' })
      else callback(null, { status: told })
    },
    Watch: (call: {
      readonly request: { readonly service: string }
      write(message: unknown): void
      on(event: string, told: () => void): void
    }) => {
      const shown = { status: statusOf(call.request.service) }
      call.write(shown)
      const look = setInterval(() => {
        const now = statusOf(call.request.service)
        if (now === shown.status) return
        shown.status = now
        call.write({ status: now })
      }, 1000)
      call.on('cancelled', () => clearInterval(look))
    },
  }
}

/** Opens the port. @throws AppError 'unavailable' that names the setting when it cannot be opened */
export async function openGrpcPort(parts: GrpcParts, options: GrpcPortOptions): Promise<OpenGrpcPort> {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': 256,
  })
  const calls = Object.entries(unaryCalls).map(([name, handle]) => [name, unary(name, handle, parts, options)])
  const implementation = { ...Object.fromEntries(calls), ModelStreamInfer: stream(parts, options) }
  const service = withFreedMessages(serviceOf('./inference.proto', rpcService))
  server.addService(service, implementation)
  server.addService(serviceOf('./health.proto', 'grpc.health.v1.Health'), health(parts))
  return openGrpcServer(server, { ...options, setting: 'INFERENCE_GRPC_PORT' }, drainMs)
}
