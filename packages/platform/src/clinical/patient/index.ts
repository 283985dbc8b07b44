// The patient service: people, organisations and places as FHIR, the registration form beside it, and broken glasses.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { breakGlassRoutes, type FhirServing, fhirRoutes } from '../../records/index.ts'
import { registrationRoutes } from './registration-routes.ts'
import { patientSettings } from './settings.ts'
import { patientTypes } from './types.ts'

export { patientFromRegistration } from './registration.ts'
export { patientTypes } from './types.ts'

type PatientSettings = Settings<typeof patientSettings>

/** The patient service as the composition root sees it. */
export const patient = {
  name: 'patient',
  purpose: 'Registers people; keeps patients, practitioners, organisations, places and consents',
  paths: ['/api/v1/patients', ...patientTypes.map((type) => `/fhir/${type}`)],
  settings: patientSettings,
  create: async (ports: Ports, settings: PatientSettings, serving: FhirServing): Promise<RunningService> => ({
    routes: async (app) => {
      const { sql, audit, ids, clock } = ports
      const { breakGlassMinutes: minutes, breakGlassPerHour: perHour } = settings
      await app.register(fhirRoutes({ ...serving, types: patientTypes, system: false }))
      await app.register(registrationRoutes({ ...serving, clock }))
      await app.register(breakGlassRoutes({ sql, audit, ids, minutes, perHour, baseUrl: serving.baseUrl }))
    },
  }),
} as const satisfies Service<typeof patientSettings, FhirServing>
