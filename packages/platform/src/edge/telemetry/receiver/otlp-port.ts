// The port of the OTLP receiver: /v1/traces and /v1/metrics from programs of this machine or with the token, /metrics for Prometheus.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@xinglin/core/errors'
import { holdsToken } from '../../../kernel/bearer-token.ts'
import { isOwnRequest, originOf } from '../../../kernel/local-request.ts'
import type { Logger, Metrics } from '../../../kernel/ports.ts'
import { errorAnswer } from '../../../kernel/problem.ts'
import { newTraceId } from '../../../kernel/trace.ts'
import type { Intake } from './intake.ts'
import { bodyLimits, contentTypes, encodingOf, type OtlpEncoding, plainBody, statusOf } from './otlp-request.ts'
import { takeMetrics, takeTraces } from './take.ts'

/** What the port needs. */
export interface OtlpPortOptions {
  readonly intake: Intake
  readonly metrics: Metrics
  readonly log: Logger
  readonly token: string | undefined
}

const paths: ReadonlySet<string> = new Set(['/v1/traces', '/v1/metrics'])

function checkSender(request: IncomingMessage, token: string | undefined): void {
  if (token !== undefined) {
    if (holdsToken(request.headers.authorization, token)) return
    throw new AppError('unauthenticated', 'Send Authorization: Bearer with the token of OTLP_TOKEN')
  }
  if (isOwnRequest(originOf(request))) return
  throw new AppError('forbidden', 'The receiver answers programs of this machine, not pages of other sites')
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyLimits.sentBytes) {
      throw new AppError('too-large', `An OTLP request holds at most ${bodyLimits.sentBytes} bytes`)
    }
    chunks.push(chunk)
  }
  return plainBody(Buffer.concat(chunks), request.headers['content-encoding'])
}

async function take(request: IncomingMessage, response: ServerResponse, { intake }: OtlpPortOptions): Promise<void> {
  const encoding = encodingOf(request.headers['content-type'])
  const body = await readBody(request)
  const answer =
    request.url === '/v1/traces' ? await takeTraces(intake, body, encoding) : takeMetrics(intake, body, encoding)
  response.writeHead(200, { 'content-type': contentTypes[encoding] }).end(answer)
}

async function expose(response: ServerResponse, { metrics, intake }: OtlpPortOptions): Promise<void> {
  const { contentType, text } = await metrics.exposition()
  response.writeHead(200, { 'content-type': contentType }).end(text + intake.receivedMetrics())
}

function encodingOrJson(request: IncomingMessage): OtlpEncoding | undefined {
  try {
    return encodingOf(request.headers['content-type'])
  } catch {
    return undefined // answered as problem details
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const { status, headers, body } = errorAnswer(error, { style: 'problem', traceId: newTraceId() })
  if (!request.complete) response.setHeader('connection', 'close')
  const encoding = paths.has(request.url ?? '') ? encodingOrJson(request) : undefined
  if (encoding === undefined) return void response.writeHead(status, { ...headers }).end(body)
  const message = error instanceof AppError && status < 500 ? error.message : 'The receiver failed'
  response.writeHead(status, { ...headers, 'content-type': contentTypes[encoding] }).end(statusOf(encoding, message))
}

async function answer(request: IncomingMessage, response: ServerResponse, options: OtlpPortOptions): Promise<void> {
  checkSender(request, options.token)
  const isMetrics = request.url === '/metrics'
  const isIntake = paths.has(request.url ?? '')
  if (!isMetrics && !isIntake) {
    throw new AppError('not-found', 'The receiver has /v1/traces, /v1/metrics and /metrics')
  }
  const method = isMetrics ? 'GET' : 'POST'
  if (request.method !== method) {
    response.setHeader('allow', method)
    throw new AppError('method-not-allowed', `This address takes ${method}`)
  }
  await (isMetrics ? expose(response, options) : take(request, response, options))
}

/** Creates the listener of the port. */
export function createOtlpHandler(
  options: OtlpPortOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    response.setHeader('x-content-type-options', 'nosniff')
    answer(request, response, options).catch((error: unknown) => {
      if (!(error instanceof AppError) && !request.destroyed) options.log.warn('telemetry.receiver.failed', { error })
      refuse(request, response, error)
    })
  }
}
