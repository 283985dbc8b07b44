// The pharmacy service: medicines, prescriptions, what is handed out and given, immunisations, and their safety.
import { resourceTypes } from '@xinglin/core/fhir/search'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { type FhirServing, fhirRoutes } from '../../records/index.ts'
import { cdsHooksRoutes } from './cds-hooks/routes.ts'
import type { MedicinesHolder } from './medicines/holder.ts'

export { createMedicines, type MedicinesHolder } from './medicines/holder.ts'
export { pharmacyRules } from './rules.ts'
export { medicationSafetyRules } from './safety/safety-rules.ts'

/** What the pharmacy is told besides how FHIR is served. */
export interface PharmacyExtra extends FhirServing {
  /** The knowledge of medicines that the write rules ask too. */
  readonly medicines: MedicinesHolder
}

/** Resource types of the pharmacy. */
export const pharmacyTypes: readonly string[] = Object.freeze(
  resourceTypes.filter((type) => /^(Medication|Immunization|MedicinalProduct|Substance)/.test(type)),
)

/** The pharmacy as the composition root sees it. */
export const pharmacy = {
  name: 'pharmacy',
  purpose: 'Keeps medicines, prescriptions, dispenses and immunisations, and refuses what would harm',
  paths: ['/cds-services', ...pharmacyTypes.map((type) => `/fhir/${type}`)],
  settings: {},
  create: async (
    ports: Ports,
    _settings: object,
    { medicines, ...serving }: PharmacyExtra,
  ): Promise<RunningService> => ({
    routes: async (app) => {
      await app.register(fhirRoutes({ ...serving, types: pharmacyTypes, system: false }))
      const { call, audit, ids } = ports
      await app.register(cdsHooksRoutes({ call, audit, ids, medicines: () => medicines.current() }))
    },
  }),
} as const satisfies Service<Record<never, never>, PharmacyExtra>
