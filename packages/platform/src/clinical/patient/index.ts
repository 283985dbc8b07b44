// The patient service: people, organisations and places as FHIR, and the registration form beside it.
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { type FhirServing, fhirRoutes } from '../../records/index.ts'
import { registrationRoutes } from './registration-routes.ts'
import { patientTypes } from './types.ts'

export { patientFromRegistration } from './registration.ts'
export { patientTypes } from './types.ts'

/** The patient service as the composition root sees it. */
export const patient = {
  name: 'patient',
  purpose: 'Registers people; keeps patients, practitioners, organisations, places and consents',
  paths: ['/api/v1/patients', ...patientTypes.map((type) => `/fhir/${type}`)],
  settings: {},
  create: async (ports: Ports, _settings: object, serving: FhirServing): Promise<RunningService> => ({
    routes: async (app) => {
      await app.register(fhirRoutes({ ...serving, types: patientTypes, system: false }))
      await app.register(registrationRoutes({ ...serving, clock: ports.clock }))
    },
  }),
} as const satisfies Service<Record<never, never>, FhirServing>
