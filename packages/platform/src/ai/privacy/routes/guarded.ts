// Every route asks first who calls; refusals are in the audit trail.
import { AppError } from '@xinglin/core/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Asker, PrivacyParts } from '../parts.ts'
import { demandParty } from '../rules.ts'

/** The name of the use in the audit trail. */
export type Use = 'private-context' | 'private-vector' | 'private-compute'

/** A handler that checks the caller, then the request, then works. */
export function guarded<T>(
  { audit }: Pick<PrivacyParts, 'audit'>,
  interaction: Use,
  work: (asker: Asker, request: FastifyRequest, reply: FastifyReply) => Promise<T>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<T> {
  return async (request, reply) => {
    const { caller, traceId } = request
    try {
      demandParty(caller)
      if (request.validationError !== undefined) throw request.validationError
      return await work({ caller, traceId, signal: request.deadline }, request, reply)
    } catch (error) {
      if (error instanceof AppError && error.code === 'forbidden') {
        const query = `${request.method} ${request.url}`
        const what = { action: 'E', interaction, outcome: 'refused', status: 403, reason: error.code, query } as const
        await audit.record({ caller, traceId, ...what })
      }
      throw error
    }
  }
}

/** The bytes of a body. @throws AppError 'unsupported-media-type' for anything but application/octet-stream */
export function bodyBytes({ body }: FastifyRequest): Uint8Array {
  if (!Buffer.isBuffer(body)) {
    throw new AppError('unsupported-media-type', 'Send the bytes as application/octet-stream')
  }
  if (body.length === 0) throw new AppError('malformed-body', 'The body is empty')
  return new Uint8Array(body.buffer, body.byteOffset, body.length)
}
