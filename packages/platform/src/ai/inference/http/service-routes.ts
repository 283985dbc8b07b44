// The protocol behind the gateway: the same calls under /v2, with the caller's role instead of the trust in this machine.
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../kernel/caller.ts'
import type {} from '../../../kernel/service.ts'
import { TritonError } from '../protocol/triton-error.ts'
import type { KserveAnswer, KserveCall, Use } from './call.ts'
import { segmentsOf } from './port.ts'
import { answerCall, errorAnswer, type RouteParts } from './routes.ts'

/** What the routes take besides the server. */
export interface ServiceRouteOptions {
  readonly maxBodyBytes: number
  /** @throws AppError 'forbidden' */
  readonly checkUse: (caller: Caller, use: Use) => void
}

const inferMs = 120_000
const noBytes = new Uint8Array(0)

function callOf(request: FastifyRequest, { checkUse }: ServiceRouteOptions): KserveCall {
  return {
    method: request.method,
    path: segmentsOf(request.url),
    headers: request.headers,
    body: request.body instanceof Uint8Array ? request.body : noBytes,
    signal: request.deadline,
    allow: (use) => checkUse(request.caller, use),
  }
}

async function answerTo(
  parts: RouteParts,
  request: FastifyRequest,
  options: ServiceRouteOptions,
): Promise<KserveAnswer> {
  try {
    return await answerCall(parts, callOf(request, options))
  } catch (error) {
    if (error instanceof TritonError) return errorAnswer(error)
    if (error instanceof AppError && error.code === 'forbidden') {
      return errorAnswer(new TritonError('FORBIDDEN', error.message))
    }
    throw error
  }
}

function send(reply: FastifyReply, { status, headers, parts }: KserveAnswer): FastifyReply {
  const [first = noBytes, ...rest] = parts
  const body = rest.length === 0 ? Buffer.from(first.buffer, first.byteOffset, first.byteLength) : Buffer.concat(parts)
  return reply.code(status).headers(headers).send(body)
}

/** The routes under `/v2`. */
export function kserveRoutes(parts: RouteParts, options: ServiceRouteOptions): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const route = { bodyLimit: options.maxBodyBytes, handlerTimeout: inferMs }
    const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      send(reply, await answerTo(parts, request, options))
    for (const path of ['/v2', '/v2/*']) {
      app.get(path, route, handle)
      app.post(path, route, handle)
    }
  }
}
