// Makes the store's context of an HTTP request.
import type { FastifyRequest } from 'fastify'
import type {} from '../../kernel/service.ts'
import { accessFor } from '../access/index.ts'
import type { RecordContext } from '../types.ts'

// As other FHIR servers (LinuxForHealth) read it; one that does not know it makes a version.
const ifModified = 'x-fhir-update-if-modified'

/** Returns the function that reads a request's context; `baseUrl` is the FHIR base as clients see it. */
export function requestContext(baseUrl: string): (request: FastifyRequest) => RecordContext {
  return (request) => ({
    caller: request.caller,
    access: accessFor(request.caller),
    traceId: request.traceId,
    deadline: request.deadline,
    baseUrl,
    isUpdateIfModified: request.headers[ifModified] === 'true',
  })
}
