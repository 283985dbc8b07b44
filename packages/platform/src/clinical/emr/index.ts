// The EMR service: clinical, diagnostic, workflow and financial records, and the FHIR base itself.
import { resourceTypes } from '@xinglin/core/fhir/search'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { type FhirServing, fhirRoutes } from '../../records/index.ts'
import { keepImagingStudies } from './imaging-studies.ts'

export { emrRules } from './rules.ts'

/** What the EMR is told besides how FHIR is served. */
export interface EmrExtra extends FhirServing {
  /** Resource types that other services own. */
  readonly ownedElsewhere: readonly string[]
}

/** The EMR as the composition root sees it; it owns every type that no other service owns. */
export const emr = {
  name: 'emr',
  purpose: 'Keeps encounters, conditions, observations, orders, documents and finance; serves Bundles and metadata',
  paths: ['/fhir'],
  settings: {},
  create: async (
    { events }: Ports,
    _settings: object,
    { ownedElsewhere, ...serving }: EmrExtra,
  ): Promise<RunningService> => {
    keepImagingStudies(events, serving)
    const types = resourceTypes.filter((type) => !ownedElsewhere.includes(type))
    return { routes: fhirRoutes({ ...serving, types, system: true }) }
  },
} as const satisfies Service<Record<never, never>, EmrExtra>
