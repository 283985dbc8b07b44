// Patients whom a person may choose for an app: found by the patient service with the person's own rights.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../kernel/caller.ts'
import type { CallService } from '../../kernel/ports.ts'
import type { PatientChoice } from './pages/consent-page.ts'

/** Looks for patients as a person. */
export interface Patients {
  search(caller: Caller, name: string): Promise<readonly PatientChoice[]>
  /** Whether the person may see this patient. */
  isOpen(caller: Caller, id: string): Promise<boolean>
}

type Fields = Readonly<Record<string, unknown>>

const maxFound = 10
const minCharacters = 2
const timeoutMs = 10_000
const idPattern = /^[A-Za-z0-9\-.]{1,64}$/
const refused: ReadonlySet<number> = new Set([403, 404, 410])

const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value : [])

function nameOf(patient: Fields): string {
  const [name = {}] = list(patient['name'])
  if (typeof name['text'] === 'string') return name['text']
  const given = Array.isArray(name['given']) ? name['given'].join(' ') : ''
  return `${given} ${typeof name['family'] === 'string' ? name['family'] : ''}`.trim()
}

function choiceOf(entry: Fields): readonly PatientChoice[] {
  const patient = entry['resource'] as Fields | undefined // the patient service answered with a Bundle
  if (typeof patient?.['id'] !== 'string') return []
  return [{ id: patient['id'], name: nameOf(patient), birthDate: String(patient['birthDate'] ?? '') }]
}

/** Creates the search. */
export function createPatients(call: CallService): Patients {
  return {
    async search(caller, name) {
      if ([...name.trim()].length < minCharacters) return []
      const query = new URLSearchParams({ name: name.trim(), _count: String(maxFound) })
      const answer = await call('patient')(`/fhir/Patient?${query}`, { caller, timeoutMs })
      if (refused.has(answer.status)) return []
      if (!answer.ok) throw new AppError('unavailable', 'Patients cannot be looked up now', { retryAfterSeconds: 5 })
      const bundle = (await answer.json()) as Fields
      return list(bundle['entry']).flatMap(choiceOf)
    },
    async isOpen(caller, id) {
      if (!idPattern.test(id)) return false
      const answer = await call('patient')(`/fhir/Patient/${id}`, { caller, timeoutMs })
      await answer.body?.cancel()
      if (answer.ok || refused.has(answer.status)) return answer.ok
      throw new AppError('unavailable', 'Patients cannot be looked up now', { retryAfterSeconds: 5 })
    },
  }
}
