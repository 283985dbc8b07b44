// A joined client as telemetry sees it: how long it stayed, and each question with its time and its bytes, never a weight.
import type { Telemetry } from '../../../kernel/ports.ts'
import { traced } from '../../../kernel/telemetry/index.ts'
import type { Question } from './messages.ts'
import type { SiteStream } from './site-stream.ts'

// https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
const method = 'flwr.proto.FlowerService/Join'
const rpc = { 'rpc.system.name': 'grpc', 'rpc.method': method } as const

/** The same stream, observed. Its own span ends when the client goes; questions belong to the round that asks them. */
export function observedStream(stream: SiteStream, telemetry: Telemetry): SiteStream {
  const stay = telemetry.startEntry(method, { service: 'federated', parent: undefined, attributes: rpc })
  const questions = { count: 0 }
  const end = (): void => {
    stay.set('xinglin.federation.questions', questions.count)
    stay.end()
  }
  if (stream.gone.aborted) end()
  else stream.gone.addEventListener('abort', end, { once: true })
  return {
    peer: stream.peer,
    token: stream.token,
    gone: stream.gone,
    get isOpen() {
      return stream.isOpen
    },
    get isLate() {
      return stream.isLate
    },
    ask(question, signal) {
      questions.count += 1
      const { kind }: Question = question
      return traced(telemetry, `ask ${kind}`, { kind: 'client', attributes: rpc }, async (span) => {
        const answered = await stream.ask(question, signal)
        span.set('xinglin.federation.sent_bytes', answered.sentBytes)
        span.set('xinglin.federation.received_bytes', answered.receivedBytes)
        return answered
      })
    },
    dismiss: () => stream.dismiss(),
    refuse: (code, details) => {
      stay.fail(String(code))
      stream.refuse(code, details)
    },
  }
}
