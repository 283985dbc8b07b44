// A patient's measurements out of the record store, and the finished assessment into it: FHIR calls on the caller's behalf.
import { AppError, type ErrorCode, errorCatalogue } from '@xinglin/core/errors'
import { loincSystem, vitals } from '@xinglin/core/explain/icu'
import { stayHours } from '@xinglin/core/federated'
import type { Bundle, Resource } from '@xinglin/core/fhir'
import type { Caller } from '../../../kernel/caller.ts'
import type { CallService } from '../../../kernel/ports.ts'

/** On whose behalf the record is read. */
export interface RecordAccess {
  readonly call: CallService
  readonly caller: Caller
  readonly signal: AbortSignal
}

/** Whose risk, and until when. */
export interface Subject {
  /** `Patient/{id}`. */
  readonly patient: string
  /** `Encounter/{id}`. */
  readonly encounter: string | undefined
  readonly endMs: number
}

const pageSize = 1000
const maxPages = 6
const hourMs = 3_600_000

const codeOfStatus = new Map<number, ErrorCode>(
  Object.entries(errorCatalogue).map(([code, { status }]) => [status, code as ErrorCode]), // the keys are the codes
)

async function ask(access: RecordAccess, service: string, path: string, init: RequestInit = {}): Promise<Resource> {
  const { call, caller, signal } = access
  const answer = await call(service)(path, { ...init, caller, signal })
  const body = (await answer.json().catch(() => ({}))) as Resource // FHIR, or nothing that is used
  if (answer.ok) return body
  const issues = Array.isArray(body.issue) ? body.issue : []
  const told = issues.flatMap(({ diagnostics }: { diagnostics?: unknown }) =>
    typeof diagnostics === 'string' ? [diagnostics] : [],
  )
  const code = answer.status === 400 ? 'unprocessable' : (codeOfStatus.get(answer.status) ?? 'bad-gateway')
  throw new AppError(code, told[0] ?? `The record store answered ${answer.status}`)
}

function referenceOf(value: unknown): string | undefined {
  const { reference } = typeof value === 'object' && value !== null ? (value as { reference?: unknown }) : {}
  return typeof reference === 'string' ? reference : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/**
 * Finds whose risk is asked for, and the end of the 48 hours: the given moment, else the end of the encounter, else now.
 * @throws AppError 'not-found', 'deleted' or 'forbidden' as the record store says; 'unprocessable' for a mismatch
 */
export async function findSubject(
  access: RecordAccess,
  asked: { readonly patient?: string; readonly encounter?: string; readonly at?: string },
  nowMs: number,
): Promise<Subject> {
  const encounterId = asked.encounter?.replace(/^Encounter\//, '')
  const found = encounterId === undefined ? undefined : await ask(access, 'emr', `/fhir/Encounter/${encounterId}`)
  const ofEncounter = referenceOf(found?.subject)
  const given = asked.patient?.replace(/^(Patient\/)?/, 'Patient/')
  const patient = given ?? ofEncounter
  if (patient === undefined) throw new AppError('unprocessable', 'Name a patient or an encounter that has one')
  if (given !== undefined && ofEncounter !== undefined && given !== ofEncounter) {
    throw new AppError('unprocessable', 'The encounter belongs to another patient')
  }
  await ask(access, 'patient', `/fhir/${patient}`)
  const period = typeof found?.period === 'object' && found.period !== null ? (found.period as { end?: unknown }) : {}
  const endMs = Date.parse(asked.at ?? textOf(period.end) ?? new Date(nowMs).toISOString())
  if (Number.isNaN(endMs)) throw new AppError('unprocessable', 'The moment in `at` is no date and time')
  return { patient, encounter: encounterId === undefined ? undefined : `Encounter/${encounterId}`, endMs }
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url, 'http://record')
  return `${pathname}${search}`
}

/**
 * The Observations of the 48 hours that end at `endMs` with a code that the model reads, newest first.
 * @throws AppError 'unprocessable' when there are more than six thousand
 */
export async function observationsOf(access: RecordAccess, { patient, endMs }: Subject): Promise<readonly Resource[]> {
  const codes = vitals.flatMap(({ loinc }) => loinc.map((code) => `${loincSystem}|${code}`)).join(',')
  const query = new URLSearchParams([
    ['patient', patient],
    ['combo-code', codes],
    ['date', `gt${new Date(endMs - stayHours * hourMs).toISOString()}`],
    ['date', `le${new Date(endMs).toISOString()}`],
    ['_sort', '-date'],
    ['_count', String(pageSize)],
  ])
  const found: Resource[] = []
  let path: string | undefined = `/fhir/Observation?${query}`
  for (let page = 0; path !== undefined; page += 1) {
    if (page === maxPages)
      throw new AppError('unprocessable', `There are over ${pageSize * maxPages} measurements in 48 hours`)
    const bundle = (await ask(access, 'emr', path)) as Bundle // a searchset, as FHIR says
    found.push(...(bundle.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource])))
    const next: string | undefined = bundle.link?.find(({ relation }) => relation === 'next')?.url
    path = next === undefined ? undefined : pathOf(next)
  }
  return found.filter(({ resourceType }) => resourceType === 'Observation')
}

/** Stores an assessment; gives its reference, `RiskAssessment/{id}`. */
export async function storeAssessment(access: RecordAccess, assessment: Resource): Promise<string> {
  const stored = await ask(access, 'emr', '/fhir/RiskAssessment', {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', prefer: 'return=representation' },
    body: JSON.stringify(assessment),
  })
  if (stored.id === undefined) throw new AppError('bad-gateway', 'The record store gave the assessment no id')
  return `RiskAssessment/${stored.id}`
}
