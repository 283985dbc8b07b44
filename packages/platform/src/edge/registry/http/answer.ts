// What a route answers, and how it goes onto the wire.
import type { ServerResponse } from 'node:http'

/** An answer; `json` is encoded, `text` and `bytes` go as they are. */
export type Answer =
  | { readonly kind: 'json'; readonly status: number; readonly value: unknown; readonly headers?: AnswerHeaders }
  | { readonly kind: 'encoded'; readonly status: number; readonly text: string; readonly headers?: AnswerHeaders }
  | { readonly kind: 'text'; readonly status: number; readonly text: string; readonly headers?: AnswerHeaders }
  | { readonly kind: 'bytes'; readonly status: number; readonly bytes: Buffer; readonly headers?: AnswerHeaders }

/** Headers of an answer. */
export type AnswerHeaders = Readonly<Record<string, string>>

const json = 'application/json'
const plain = 'text/plain; charset=utf-8'

/** An answer of JSON. */
export const jsonAnswer = (value: unknown, headers: AnswerHeaders = {}): Answer => ({
  kind: 'json',
  status: 200,
  value,
  headers,
})

/** An answer without content. */
export const emptyAnswer: Answer = Object.freeze({ kind: 'text', status: 200, text: '' })

function contentOf(answer: Answer, isPretty: boolean): { readonly type: string; readonly body: string | Buffer } {
  switch (answer.kind) {
    case 'json':
      return { type: json, body: JSON.stringify(answer.value, null, isPretty ? 4 : undefined) }
    case 'encoded':
      return { type: json, body: answer.text }
    case 'text':
      return { type: plain, body: answer.text }
    case 'bytes':
      return { type: plain, body: answer.bytes }
    default:
      return answer satisfies never
  }
}

/** Sends an answer. */
export function sendAnswer(response: ServerResponse, answer: Answer, isPretty: boolean): void {
  const { type, body } = contentOf(answer, isPretty)
  response.writeHead(answer.status, {
    'content-length': Buffer.byteLength(body),
    ...(body.length === 0 ? {} : { 'content-type': type }),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    ...answer.headers,
  })
  response.end(body)
}
