// GET /fhir/metadata: the CapabilityStatement, generated from the types, parameters and interactions that are really there.
import { createHash } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import type { SearchParameter } from '@xinglin/core/fhir/search'
import type { FastifyPluginAsync } from 'fastify'
import { fhirJson } from './fhir-json.ts'
import { type Wishes, wishesOf, written } from './negotiation.ts'

/** What the statement is generated from. */
export interface CapabilityOptions {
  readonly types: readonly string[]
  readonly parameters: (type: string) => readonly SearchParameter[]
  /** FHIR restful-interaction codes that every type has, e.g. `read`, `create`, `history-instance`. */
  readonly typeInteractions: readonly string[]
  /** `transaction`, `batch`, `history-system`, `search-system`. */
  readonly systemInteractions: readonly string[]
  /** Operations by type; `*` holds for every type. */
  readonly operations: readonly { readonly type: string; readonly name: string; readonly definition: string }[]
  readonly version: string
  /** When this software was released or started; part of the statement. */
  readonly date: Date
}

/** Builds the CapabilityStatement for a FHIR base. */
export function capabilityStatement(options: CapabilityOptions, baseUrl: string) {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: options.date.toISOString(),
    kind: 'instance',
    software: { name: 'Xinglin', version: options.version },
    implementation: { description: 'Xinglin record store', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        security: {
          cors: true,
          service: [
            {
              coding: [
                { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' },
              ],
            },
          ],
          description: 'A bearer token at the gateway; what it may see is part of every query.',
        },
        resource: options.types.map((type) => resourceOf(options, type)),
        interaction: options.systemInteractions.map((code) => ({ code })),
        searchParam: [
          { name: '_type', type: 'special', documentation: 'The types to search, for searches at the base' },
        ],
      },
    ],
  }
}

/** Parameters of the search itself, which every type takes. */
export const resultParameters = [
  '_sort',
  '_count',
  '_total',
  '_summary',
  '_elements',
  '_include',
  '_revinclude',
  '_has',
  '_cursor',
] as const

function resourceOf(options: CapabilityOptions, type: string) {
  const parameters = options.parameters(type)
  const references = parameters.filter((parameter) => parameter.type === 'reference')
  const operations = options.operations.filter((operation) => operation.type === type || operation.type === '*')
  return {
    type,
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    interaction: options.typeInteractions.map((code) => ({ code })),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: 'single',
    referencePolicy: ['literal', 'logical'],
    searchInclude: ['*', ...references.map((parameter) => `${type}:${parameter.code}`)],
    searchRevInclude: revIncludes(options, type),
    searchParam: parameters.map(({ code, type: kind, url }) => ({ name: code, definition: url, type: kind })),
    ...(operations.length === 0 ? {} : { operation: operations.map(({ name, definition }) => ({ name, definition })) }),
  }
}

function revIncludes(options: CapabilityOptions, target: string): readonly string[] {
  return options.types.flatMap((type) =>
    options
      .parameters(type)
      .filter((parameter) => parameter.type === 'reference' && parameter.targets.includes(target))
      .map((parameter) => `${type}:${parameter.code}`),
  )
}

// Of the modes of http://hl7.org/fhir/R4/http.html#capabilities the statement itself is served.
function requireMode({ pairs }: Wishes): void {
  const stranger = pairs.find(([name, value]) => name !== 'mode' || !['full', 'normative'].includes(value))
  if (stranger === undefined) return
  const message = `metadata takes mode=full, _format and _pretty, not ${stranger.join('=').slice(0, 60)}`
  throw new AppError('unknown-parameter', message)
}

/** Serves the statement, built once per base address, with an ETag. */
export function capabilityRoutes(
  options: CapabilityOptions,
  baseUrlOf: (request: { readonly headers: object }) => string,
): FastifyPluginAsync {
  const built = new Map<string, { readonly text: string; readonly etag: string }>()
  const statementFor = (baseUrl: string) => {
    const known = built.get(baseUrl)
    if (known !== undefined) return known
    const text = JSON.stringify(capabilityStatement(options, baseUrl))
    const made = { text, etag: `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
    // Addresses come from outside: the cache must not grow with them.
    if (built.size < 8) built.set(baseUrl, made)
    return made
  }
  return async (app) => {
    app.get('/fhir/metadata', { config: { public: true, errors: 'fhir' } }, async (request, reply) => {
      const wishes = wishesOf(request)
      requireMode(wishes)
      const { text, etag } = statementFor(baseUrlOf(request))
      reply.header('etag', etag).header('cache-control', 'public, max-age=300').header('vary', 'host')
      if (request.headers['if-none-match'] === etag) return await reply.code(304).send()
      return await reply.type(fhirJson).send(written(text, wishes))
    })
  }
}
