// GET /fhir/openapi.json: OpenAPI 3.1 of the record store, generated from the same facts as the CapabilityStatement.
import { createHash } from 'node:crypto'
import type { SearchParameter } from '@xinglin/core/fhir/search'
import type { FastifyPluginAsync } from 'fastify'
import { type CapabilityOptions, resultParameters } from './capability.ts'

type Json = Readonly<Record<string, unknown>>

const fhirContent = (schema: string): Json => ({
  'application/fhir+json': { schema: { $ref: `#/components/schemas/${schema}` } },
})
const answerOf = (description: string, schema: string): Json => ({ description, content: fhirContent(schema) })
const refused: Json = { $ref: '#/components/responses/Refused' }
const shared = (name: string): Json => ({ $ref: `#/components/parameters/${name}` })

/** Builds the document for a FHIR base. */
export function openApiDocument(options: CapabilityOptions, baseUrl: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Xinglin FHIR R4 records',
      version: options.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: baseUrl }],
    security: [{ bearer: [] }],
    paths: {
      '/': { post: operation('Runs a batch or transaction Bundle', { body: 'Resource', answer: 'Bundle' }) },
      '/metadata': { get: { ...operation('The CapabilityStatement', { answer: 'Resource' }), security: [] } },
      ...Object.fromEntries(options.types.flatMap((type) => pathsOf(options, type))),
      ...Object.fromEntries(options.operations.map(operationPath)),
    },
    components,
  }
}

interface Shape {
  readonly answer: string
  readonly body?: string
  readonly parameters?: readonly Json[]
}

function operation(summary: string, shape: Shape): Json {
  return {
    summary,
    ...(shape.parameters === undefined ? {} : { parameters: shape.parameters }),
    ...(shape.body === undefined ? {} : { requestBody: { required: true, content: fhirContent(shape.body) } }),
    responses: { '2XX': answerOf('Done', shape.answer), default: refused },
  }
}

function pathsOf(options: CapabilityOptions, type: string): readonly (readonly [string, Json])[] {
  const can = (interaction: string) => options.typeInteractions.includes(interaction)
  const when = (interaction: string, method: string, made: Json): Json => (can(interaction) ? { [method]: made } : {})
  const id = shared('id')
  const search = [...options.parameters(type).map(queryParameter), ...resultParameters.map((name) => shared(name))]
  return [
    [
      `/${type}`,
      {
        ...when('search-type', 'get', operation(`Searches ${type}`, { answer: 'Bundle', parameters: search })),
        ...when(
          'create',
          'post',
          operation(`Creates a ${type}`, {
            body: 'Resource',
            answer: 'Resource',
            parameters: [shared('If-None-Exist')],
          }),
        ),
      },
    ],
    [
      `/${type}/{id}`,
      {
        parameters: [id],
        ...when('read', 'get', operation(`Reads a ${type}`, { answer: 'Resource' })),
        ...when(
          'update',
          'put',
          operation(`Updates a ${type}`, { body: 'Resource', answer: 'Resource', parameters: [shared('If-Match')] }),
        ),
        ...when('patch', 'patch', patchOperation(type)),
        ...when('delete', 'delete', operation(`Deletes a ${type}`, { answer: 'Resource' })),
      },
    ],
    ...(can('history-instance') ? [history(`/${type}/{id}/_history`, [id])] : []),
    ...(can('history-type') ? [history(`/${type}/_history`, [])] : []),
    ...(can('vread')
      ? [
          [
            `/${type}/{id}/_history/{version}`,
            {
              get: operation(`Reads a version of a ${type}`, {
                answer: 'Resource',
                parameters: [id, shared('version')],
              }),
            },
          ] as const,
        ]
      : []),
  ]
}

function history(path: string, parameters: readonly Json[]): readonly [string, Json] {
  return [
    path,
    {
      get: operation('The versions, newest first', {
        answer: 'Bundle',
        parameters: [...parameters, shared('_since'), shared('_count')],
      }),
    },
  ]
}

function patchOperation(type: string): Json {
  const patch = {
    required: true,
    content: { 'application/json-patch+json': { schema: { type: 'array', items: { type: 'object' } } } },
  }
  return {
    ...operation(`Patches a ${type}`, { answer: 'Resource', parameters: [shared('If-Match')] }),
    requestBody: patch,
  }
}

function operationPath(op: { readonly type: string; readonly name: string }): readonly [string, Json] {
  const path = op.type === '*' ? `/{type}/$${op.name}` : `/${op.type}/{id}/$${op.name}`
  const parameter =
    op.type === '*' ? { name: 'type', in: 'path', required: true, schema: { type: 'string' } } : shared('id')
  return [
    path,
    { post: operation(`The operation $${op.name}`, { body: 'Resource', answer: 'Resource', parameters: [parameter] }) },
  ]
}

function queryParameter(parameter: SearchParameter): Json {
  return {
    name: parameter.code,
    in: 'query',
    description: `${parameter.type}: ${parameter.url}`,
    schema: { type: 'string' },
  }
}

const named = (name: string, place: 'query' | 'header' | 'path', description: string): Json => ({
  name,
  in: place,
  description,
  required: place === 'path',
  schema: { type: 'string' },
})

const components: Json = {
  securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  schemas: {
    Resource: {
      type: 'object',
      required: ['resourceType'],
      properties: { resourceType: { type: 'string' }, id: { type: 'string' } },
    },
    Bundle: {
      type: 'object',
      required: ['resourceType', 'type'],
      properties: { resourceType: { const: 'Bundle' }, type: { type: 'string' } },
    },
    OperationOutcome: {
      type: 'object',
      required: ['resourceType', 'issue'],
      properties: { resourceType: { const: 'OperationOutcome' }, issue: { type: 'array' } },
    },
  },
  responses: { Refused: answerOf('Why it was refused, and how to mend it', 'OperationOutcome') },
  parameters: {
    id: named('id', 'path', 'Logical id'),
    version: named('version', 'path', 'Version id'),
    _since: named('_since', 'query', 'Only versions at or after this instant'),
    'If-Match': named('If-Match', 'header', 'The version that is to be changed, e.g. W/"3"'),
    'If-None-Exist': named('If-None-Exist', 'header', 'Creates only when this search finds nothing'),
    ...Object.fromEntries(
      resultParameters.map((name) => [name, named(name, 'query', 'http://hl7.org/fhir/R4/search.html')]),
    ),
  },
}

/** Serves the document, built once. */
export function openApiRoutes(options: CapabilityOptions): FastifyPluginAsync {
  return async (app) => {
    const text = JSON.stringify(openApiDocument(options, '/fhir'))
    const etag = `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
    app.get('/fhir/openapi.json', { config: { public: true, errors: 'fhir' } }, async (request, reply) => {
      reply.header('etag', etag).header('cache-control', 'public, max-age=300')
      if (request.headers['if-none-match'] === etag) return await reply.code(304).send()
      return await reply.type('application/json; charset=utf-8').send(text)
    })
  }
}
