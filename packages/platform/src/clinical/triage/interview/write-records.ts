// Hands a finished interview to the records: one transaction Bundle through the EMR.
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Caller } from '../../../kernel/caller.ts'
import type { CallService } from '../../../kernel/ports.ts'
import { isClinicalStaff } from '../access.ts'
import type { WrittenRecords } from './store.ts'

const names: Readonly<Record<string, string>> = {
  QuestionnaireResponse: 'questionnaire_response',
  RiskAssessment: 'risk_assessment',
  ServiceRequest: 'service_request',
  Location: 'location',
  Encounter: 'encounter',
}

interface BundleAnswer {
  readonly entry?: readonly { readonly response?: { readonly location?: string } }[]
  readonly issue?: readonly { readonly diagnostics?: string }[]
}

// What a finished interview is written as, and no more than that.
const written = Object.keys(names).map((type) => `user/${type}.crus`)

// Patients and the front desk may not order or book by themselves in general; this room does it for them, for the record
// that the interview is about (patientOf has checked it), and the trail still names them.
function writing(caller: Caller): Caller {
  if (isClinicalStaff(caller)) return { ...caller, scopes: [] }
  const { patient: _own, ...rest } = caller
  return { ...rest, roles: [...caller.roles, 'clinician'], scopes: written }
}

function refusal(status: number, answer: BundleAnswer): AppError {
  const issues: readonly Issue[] = (answer.issue ?? []).slice(0, 10).map(({ diagnostics = 'refused' }) => ({
    severity: 'error',
    code: 'processing',
    diagnostics,
  }))
  const why = issues.map(({ diagnostics }) => diagnostics).join('; ')
  return new AppError(status === 403 ? 'forbidden' : 'unprocessable', `The records refused the interview: ${why}`, {
    issues,
  })
}

/**
 * Writes the Bundle and returns the references by kind.
 * @throws AppError 'unprocessable' or 'forbidden' when the records refuse it, 'unavailable' when they cannot be reached
 */
export async function writeRecords(
  call: CallService,
  asking: { readonly caller: Caller; readonly traceId: string },
  bundle: unknown,
): Promise<WrittenRecords> {
  const answer = await call('emr')('/fhir', {
    method: 'POST',
    caller: writing(asking.caller),
    headers: {
      'content-type': 'application/fhir+json',
      traceparent: `00-${asking.traceId}-${asking.traceId.slice(0, 16)}-01`,
    },
    body: JSON.stringify(bundle),
  })
  const body = (await answer.json()) as BundleAnswer // the EMR answers FHIR JSON
  if (answer.status >= 500)
    throw new AppError('unavailable', 'The records cannot take the interview now', { retryAfterSeconds: 2 })
  if (!answer.ok) throw refusal(answer.status, body)
  const references = (body.entry ?? []).flatMap(({ response }) => {
    const [, type = '', id = ''] =
      /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]+)(?:\/_history\/|$)/.exec(response?.location ?? '') ?? []
    const name = names[type]
    return name === undefined ? [] : [[name, `${type}/${id}`] as const]
  })
  return Object.fromEntries(references)
}

/** @throws AppError 'unprocessable' when the caller sees no such patient */
export async function requirePatient(
  call: CallService,
  asking: { readonly caller: Caller; readonly traceId: string },
  patient: string,
): Promise<void> {
  const traceparent = `00-${asking.traceId}-${asking.traceId.slice(0, 16)}-01`
  const answer = await call('patient')(`/fhir/Patient/${patient}`, { caller: asking.caller, headers: { traceparent } })
  await answer.body?.cancel()
  if (answer.ok) return
  if (answer.status >= 500)
    throw new AppError('unavailable', 'The patient cannot be looked up now', { retryAfterSeconds: 2 })
  throw new AppError(
    'unprocessable',
    `There is no patient ${patient} that you may see: leave it out, or register first`,
  )
}
