// FlowerService.Join as gRPC knows it: our own .proto, messages as values, and the size of each on the wire.
import { fileURLToPath } from 'node:url'
import type { ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import {
  type Answer,
  answerFromWire,
  answerToWire,
  type Question,
  questionFromWire,
  questionToWire,
  type WireMessage,
} from './messages.ts'

/** A message with the bytes that it took on the wire. */
export interface Sized<T> {
  readonly message: T
  readonly sizeBytes: number
}

/** A message that is about to be sent; `onSized` is told its size. */
export interface Outgoing<T> {
  readonly message: T
  readonly onSized?: (sizeBytes: number) => void
}

/** The largest message that Flower sends: 512 MB. */
export const maxMessageBytes = 536_870_912

/** Options of both ends: sizes, and pings that notice a dead peer behind a silent connection. */
export const channelOptions = Object.freeze({
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
})

const path = '/flwr.proto.FlowerService/Join'

function loadMethod() {
  const file = fileURLToPath(new URL('./transport.proto', import.meta.url))
  const service = loadSync(file, { keepCase: true, longs: String, oneofs: true })['flwr.proto.FlowerService']
  if (service === undefined || !('Join' in service)) throw new Error('transport.proto does not define FlowerService')
  return service.Join as unknown as {
    readonly requestSerialize: (wire: WireMessage) => Buffer
    readonly requestDeserialize: (bytes: Buffer) => WireMessage
    readonly responseSerialize: (wire: WireMessage) => Buffer
    readonly responseDeserialize: (bytes: Buffer) => WireMessage
  }
}

function sized<T>({ message, onSized }: Outgoing<T>, write: (message: T) => Buffer): Buffer {
  const bytes = write(message)
  onSized?.(bytes.length)
  return bytes
}

/** The definition of the service; the `.proto` is read when it is first asked for. */
export function joinDefinition(): ServiceDefinition & { readonly Join: JoinMethod } {
  const method = loadMethod()
  return {
    Join: {
      path,
      originalName: 'join',
      requestStream: true,
      responseStream: true,
      requestSerialize: (answer) => sized(answer, (message) => method.requestSerialize(answerToWire(message))),
      requestDeserialize: (bytes) => ({
        message: answerFromWire(method.requestDeserialize(bytes)),
        sizeBytes: bytes.length,
      }),
      responseSerialize: (question) => sized(question, (message) => method.responseSerialize(questionToWire(message))),
      responseDeserialize: (bytes) => ({
        message: questionFromWire(method.responseDeserialize(bytes)),
        sizeBytes: bytes.length,
      }),
    },
  }
}

/** How Join reads and writes. */
export interface JoinMethod {
  readonly path: string
  readonly originalName: string
  readonly requestStream: true
  readonly responseStream: true
  readonly requestSerialize: (answer: Outgoing<Answer>) => Buffer
  readonly requestDeserialize: (bytes: Buffer) => Sized<Answer>
  readonly responseSerialize: (question: Outgoing<Question>) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => Sized<Question>
}
