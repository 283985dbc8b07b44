// All HTTP of the record store as one plugin: a service registers it with the types that it owns.
import { parseSearch, resourceTypes, searchParametersOf } from '@xinglin/core/fhir/search'
import type { FastifyPluginAsync } from 'fastify'
import type { Audit } from '../../kernel/ports.ts'
import type { Records } from '../records.ts'
import type { Search } from '../search/search.ts'
import { capabilityRoutes } from './capability.ts'
import { everythingRoutes } from './everything.ts'
import { openApiRoutes } from './openapi.ts'
import { readRoutes } from './read-routes.ts'
import { requestContext } from './request-context.ts'
import { searchRoutes } from './search.ts'
import { type WriteLimits, writeRoutes } from './write-routes.ts'

/** What the plugin is made with. */
export interface FhirRoutesOptions {
  readonly records: Records
  readonly search: Search
  readonly audit: Audit
  /** The types that this service owns. */
  readonly types: readonly string[]
  /** Whether the base itself is served here: Bundles, history of everything, metadata. One service does. */
  readonly system: boolean
  /** Absolute FHIR base as clients see it, e.g. `http://127.0.0.1:8080/fhir`. */
  readonly baseUrl: string
  /** Version of the software and the moment since which it is served so, for the CapabilityStatement. */
  readonly version: string
  readonly date: Date
  readonly limits?: WriteLimits
}

const typeInteractions = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'create',
  'search-type',
]

/** The plugin. */
export function fhirRoutes(options: FhirRoutesOptions): FastifyPluginAsync {
  const { records, search, audit, types, system, baseUrl } = options
  const context = requestContext(baseUrl)
  return async (app) => {
    const common = { records, types, system, context }
    await app.register(readRoutes(common))
    await app.register(writeRoutes(common, options.limits))
    await app.register(
      searchRoutes({
        search,
        audit,
        context,
        parse: ({ types: asked, pairs, handling, compartment }) =>
          parseSearch({
            types: asked,
            parameters: pairs,
            lenient: handling === 'lenient',
            baseUrl,
            ...(compartment === undefined ? {} : { compartment }),
          }),
      }),
    )
    if (types.includes('Patient'))
      await app.register(everythingRoutes({ search, audit, context, types: resourceTypes }))
    if (system) await registerMetadata(app, options)
  }
}

async function registerMetadata(app: Parameters<FastifyPluginAsync>[0], options: FhirRoutesOptions): Promise<void> {
  const capability = {
    types: resourceTypes,
    parameters: searchParametersOf,
    typeInteractions,
    systemInteractions: ['transaction', 'batch', 'history-system', 'search-system'],
    operations: [
      { type: '*', name: 'validate', definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate' },
      { type: 'Patient', name: 'everything', definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything' },
    ],
    version: options.version,
    date: options.date,
  }
  await app.register(capabilityRoutes(capability, () => options.baseUrl))
  await app.register(openApiRoutes(capability))
}
