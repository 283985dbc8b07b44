// Large messages are freed as soon as they were used: requests after their answer, answers once they are written out.
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { freeBytes } from '../../../kernel/free-bytes.ts'

type Method = MethodDefinition<object, object>

interface WithTensors {
  readonly raw_output_contents?: readonly Uint8Array[]
  readonly infer_response?: WithTensors
}

const source = Symbol('the bytes that a message was read from')

function freeTensors({ raw_output_contents: raw = [], infer_response: inner }: WithTensors): void {
  for (const tensor of raw) freeBytes(tensor)
  if (inner !== undefined) freeTensors(inner)
}

function freeing(method: Method): Method {
  return {
    ...method,
    requestDeserialize: (bytes) => Object.assign(method.requestDeserialize(bytes), { [source]: bytes }),
    responseSerialize(answer) {
      const bytes = method.responseSerialize(answer)
      freeTensors(answer)
      setImmediate(freeBytes, bytes) // gRPC copies them into a frame of its own at once
      return bytes
    },
  }
}

/** The service with methods that free what they have written, and whose requests {@link freeMessage} can free. */
export function withFreedMessages(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(Object.entries(service).map(([name, method]) => [name, freeing(method)]))
}

/** Frees the bytes of a request that was answered. */
export function freeMessage(message: object): void {
  const { [source]: bytes } = message as { readonly [source]?: Uint8Array }
  if (bytes !== undefined) freeBytes(bytes)
}
