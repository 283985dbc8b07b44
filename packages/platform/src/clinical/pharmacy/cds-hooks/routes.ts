// CDS Hooks 2.0: discovery, and the service that checks orders about to be signed.
import { AppError } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { failureOf } from '../../../kernel/audited-failure.ts'
import type { Role } from '../../../kernel/caller.ts'
import type { Audit, CallService, Ids } from '../../../kernel/ports.ts'
import type {} from '../../../kernel/service.ts'
import type { Medicines } from '../medicines/medicines.ts'
import { cardsFor } from './cards.ts'
import { type Asking, resourcesOf, searchAll } from './patient-medicines.ts'

/** What the routes need. */
export interface CdsHooksParts {
  readonly call: CallService
  readonly audit: Audit
  readonly ids: Ids
  readonly medicines: () => Medicines
}

const prescribers: readonly Role[] = ['clinician', 'pharmacist', 'radiologist', 'admin', 'system']
const bodyLimit = 1_048_576
const maxDrafts = 100
const serviceId = 'medication-safety'
const prefetch = {
  medications: 'MedicationRequest?patient={{context.patientId}}&status=active,on-hold',
  allergies: 'AllergyIntolerance?patient={{context.patientId}}',
}

/** The discovery document. */
export const discovery = {
  services: [
    {
      hook: 'order-sign',
      id: serviceId,
      title: 'Medication safety',
      description: 'Interactions (ANSM thesaurus) and allergies of medicines that are about to be signed',
      prefetch,
    },
  ],
}

// Hooks may carry more than is read here, and later versions add fields: open objects on purpose.
const Open = { additionalProperties: true }
const Hook = Type.Object(
  {
    hook: Type.Literal('order-sign'),
    hookInstance: Type.String({ minLength: 1, maxLength: 100 }),
    context: Type.Object(
      {
        patientId: Type.String({ pattern: '^(Patient/)?[A-Za-z0-9\\-.]{1,64}$' }),
        userId: Type.Optional(Type.String({ maxLength: 200 })),
        encounterId: Type.Optional(Type.String({ maxLength: 200 })),
        draftOrders: Type.Object(
          { resourceType: Type.Literal('Bundle'), entry: Type.Optional(Type.Array(Type.Any())) },
          Open,
        ),
      },
      Open,
    ),
    prefetch: Type.Optional(Type.Record(Type.String(), Type.Any())),
  },
  Open,
)
type HookBody = Static<typeof Hook>

function draftsOf({ context }: HookBody): readonly Resource[] {
  const drafts = resourcesOf(context.draftOrders).filter(({ resourceType }) => resourceType === 'MedicationRequest')
  if (drafts.length > maxDrafts) throw new AppError('too-large', `At most ${maxDrafts} orders are checked at once`)
  const patient = context.patientId.replace(/^Patient\//, '')
  const strange = drafts.find(({ subject }) => {
    const { reference } = (typeof subject === 'object' && subject !== null ? subject : {}) as { reference?: unknown }
    return reference !== undefined && reference !== `Patient/${patient}`
  })
  if (strange !== undefined)
    throw new AppError('invalid-request', 'An order of draftOrders is not for context.patientId')
  return drafts
}

async function medicinesOf(parts: CdsHooksParts, asking: Asking, { context, prefetch: given = {} }: HookBody) {
  const patient = context.patientId.replace(/^Patient\//, '')
  const query = (template: string): string => template.replace('{{context.patientId}}', patient)
  const isBundle = (value: unknown): boolean => resourceTypeOf(value) === 'Bundle'
  const requests = isBundle(given.medications)
    ? resourcesOf(given.medications)
    : await searchAll(parts.call, asking, 'pharmacy', query(prefetch.medications))
  const allergies = isBundle(given.allergies)
    ? resourcesOf(given.allergies)
    : await searchAll(parts.call, asking, 'emr', query(prefetch.allergies))
  return { requests, allergies, medication: () => undefined }
}

function resourceTypeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { resourceType?: unknown }).resourceType : undefined
}

/** The routes under `/cds-services`. */
export function cdsHooksRoutes(parts: CdsHooksParts): FastifyPluginAsync {
  return async (app) => {
    app.get('/cds-services', { config: { public: true } }, async () => discovery)
    app.post<{ Body: HookBody }>(
      `/cds-services/${serviceId}`,
      { bodyLimit, schema: { body: Hook } },
      async ({ body, caller, traceId }) => {
        const asking = { caller, traceId }
        if (!caller.roles.some((role) => prescribers.includes(role))) {
          const refusal = new AppError('forbidden', `Orders are checked for the roles ${prescribers.join(', ')}`)
          await parts.audit.record({ ...asking, action: 'E', interaction: 'cds-order-sign', ...failureOf(refusal) })
          throw refusal
        }
        const drafts = draftsOf(body)
        const patient = await medicinesOf(parts, asking, body)
        const cards = cardsFor(parts.medicines(), drafts, patient, () => parts.ids.uuid())
        await parts.audit.record({
          ...asking,
          action: 'E',
          interaction: 'cds-order-sign',
          outcome: 'success',
          status: 200,
          patients: [body.context.patientId.replace(/^Patient\//, '')],
        })
        return { cards }
      },
    )
  }
}
