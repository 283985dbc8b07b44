// HTTP of the registration form: a small JSON surface over FHIR Patients.
import { AppError } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import type { Clock } from '../../kernel/ports.ts'
import { type Records, requestContext } from '../../records/index.ts'
import { patientFromRegistration, registrationFromPatient } from './registration.ts'

/** What the routes need. */
export interface RegistrationOptions {
  readonly records: Records
  readonly clock: Clock
  /** Absolute FHIR base as clients see it. */
  readonly baseUrl: string
}

const formBytes = 65_536
// The article's own service is reached under `/patients`, the gateway's route under `/api/v1/patients`.
const bases = ['/api/v1/patients', '/patients']

const Registration = Type.Object({
  resource_type: Type.Literal('Patient'),
  id: Type.Union([Type.String(), Type.Null()]),
  active: Type.Boolean(),
  name: Type.Array(Type.Object({ use: Type.String(), family: Type.String(), given: Type.Array(Type.String()) })),
  gender: Type.String(),
  birth_date: Type.Union([Type.String(), Type.Null()]),
  email: Type.Union([Type.String(), Type.Null()]),
})

function parsed(content: string | undefined): Resource {
  if (content === undefined) throw new Error('A stored Patient came back without content')
  return JSON.parse(content) as Resource // the store wrote it
}

/** The routes: `POST` registers a patient, `GET /{id}` shows one in the form. */
export function registrationRoutes({ records, clock, baseUrl }: RegistrationOptions): FastifyPluginAsync {
  const context = requestContext(baseUrl)
  return async (app) => {
    for (const base of bases) {
      const created = {
        config: { errors: 'problem' },
        bodyLimit: formBytes,
        schema: { response: { 201: Registration } },
      } as const
      app.post(base, created, async (request, reply) => {
        const today = clock.now().toISOString().slice(0, 10)
        const content = patientFromRegistration(request.body, today)
        const { version } = await records.create(context(request), { type: 'Patient', content })
        if (version === undefined) throw new Error('A create without a condition yielded no version')
        const patient = parsed(version.content)
        reply.code(201).header('location', `${base}/${version.id}`)
        return registrationFromPatient(patient)
      })
      const shown = { config: { errors: 'problem' }, schema: { response: { 200: Registration } } } as const
      app.get<{ Params: { id: string } }>(`${base}/:id`, shown, async (request) => {
        const found = await records.read(context(request), 'Patient', request.params.id).catch((error: unknown) => {
          if (!(error instanceof AppError) || !['not-found', 'gone'].includes(error.code)) throw error
          throw new AppError('not-found', 'There is no patient with this id', { cause: error })
        })
        return registrationFromPatient(parsed(found.content))
      })
    }
  }
}
