// The pharmacy service: medicines, prescriptions, what is handed out and given, and immunisations.
import { resourceTypes } from '@xinglin/core/fhir/search'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { type FhirServing, fhirRoutes } from '../../records/index.ts'

export { pharmacyRules } from './rules.ts'

/** Resource types of the pharmacy. */
export const pharmacyTypes: readonly string[] = Object.freeze(
  resourceTypes.filter((type) => /^(Medication|Immunization|MedicinalProduct|Substance)/.test(type)),
)

/** The pharmacy as the composition root sees it. */
export const pharmacy = {
  name: 'pharmacy',
  purpose: 'Keeps medicines, prescriptions, dispenses and immunisations, and refuses what would harm',
  paths: pharmacyTypes.map((type) => `/fhir/${type}`),
  settings: {},
  create: async (_ports: Ports, _settings: object, serving: FhirServing): Promise<RunningService> => ({
    routes: fhirRoutes({ ...serving, types: pharmacyTypes, system: false }),
  }),
} as const satisfies Service<Record<never, never>, FhirServing>
