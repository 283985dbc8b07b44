// Keeps the restrictions in step with the Consents and labelled Patients that a commit writes.
import { AppError } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Tx } from '../../kernel/sql.ts'
import { resourceOf } from '../prepare/prepare-record.ts'
import type { AccessFilter } from '../types.ts'
import type { Decided } from '../write/changes.ts'
import { compileConsent } from './compile-consent.ts'
import { everything, roleIdentity } from './restriction.ts'
import { replaceRestrictions, type Source } from './restriction-store.ts'

/** Writes what the changed Consents and Patients withhold from now on. */
export async function keepRestrictions(tx: Tx, made: readonly Decided[]): Promise<void> {
  const sources = made.flatMap((one): readonly Source[] => {
    if (one.pending.type === 'Consent') return [sourceOfConsent(one)]
    return one.pending.type === 'Patient' && hasLabels(one) ? [sourceOfPatient(one)] : []
  })
  await replaceRestrictions(tx, sources)
}

function hasLabels({ head, record }: Decided): boolean {
  return (record?.labels.length ?? 0) > 0 || (head?.lbl?.length ?? 0) > 0
}

function sourceOfPatient({ pending, record }: Decided): Source {
  const common = { reference: `Patient/${pending.id}`, patients: [pending.id], restrictions: [] }
  return { ...common, hides: record?.labels ?? [] }
}

function sourceOfConsent({ pending, record }: Decided): Source {
  const reference = `Consent/${pending.id}`
  if (record === undefined) return { reference, patients: [], restrictions: [], hides: [] }
  return consentSource(reference, resourceOf(record), record.patients)
}

/** What a stored Consent withholds about its patients. */
export function consentSource(reference: string, consent: Resource, patients: readonly string[]): Source {
  const { restrictions, unenforceable } = compileConsent(consent)
  // The write rule refuses these; whoever wrote without it gets the cautious reading.
  const isUnclear = unenforceable.length > 0
  return { reference, patients, restrictions: isUnclear ? [everything] : restrictions, hides: [] }
}

// Who takes down what a patient decides, on paper or by word, also when it concerns everybody.
const registering = [roleIdentity('frontend'), roleIdentity('admin')]

/**
 * Throws `forbidden` where a caller would change or delete a Consent by which something is withheld from that caller: what
 * a patient denied is not for those to lift from whom it was denied.
 */
export async function refuseLiftingOwn(tx: Tx, made: readonly Decided[], access: AccessFilter): Promise<void> {
  const { restrictedAs } = access
  const changed = made.filter(({ pending, kind }) => pending.type === 'Consent' && kind !== 'create')
  if (restrictedAs === undefined || changed.length === 0) return
  if (registering.some((identity) => restrictedAs.identities.includes(identity))) return
  const [found] = await tx.query<{ readonly source: string }>({
    name: 'records_own_restrictions',
    text: `SELECT c.source FROM records.restriction c WHERE c.source = ANY($1::text[]) AND c.lifts IS NULL
      AND (c.identities IS NULL OR c.identities && $2::text[]) AND now() < c.ends
      AND NOT EXISTS (SELECT 1 FROM records.restriction e WHERE e.source = c.source AND e.lifts = c.nr
        AND e.identities && $2::text[] AND e.purposes IS NULL AND e.types IS NULL AND e.records IS NULL
        AND e.labels IS NULL AND e.begins <= now() AND now() < e.ends)
      LIMIT 1`,
    values: [changed.map(({ pending }) => `Consent/${pending.id}`), restrictedAs.identities],
  })
  if (found === undefined) return
  throw new AppError('forbidden', `${found.source} withholds records from you; the patient or others may change it`)
}
