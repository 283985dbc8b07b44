// Safety findings as CDS Hooks cards (https://cds-hooks.hl7.org/2.0/): what, how serious, from where, and why one may override.
import type { Resource } from '@xinglin/core/fhir'
import type { Medicines } from '../medicines/medicines.ts'
import {
  findingsAbout,
  isRefusing,
  medicineName,
  type PatientMedicines,
  type SafetyFinding,
  sentenceOf,
} from '../safety/findings.ts'

/** A card. */
export interface Card {
  readonly uuid: string
  /** At most 140 characters. */
  readonly summary: string
  readonly detail: string
  readonly indicator: 'info' | 'warning' | 'critical'
  readonly source: { readonly label: string; readonly url?: string; readonly topic: Coding }
  readonly overrideReasons?: readonly Coding[]
}

interface Coding {
  readonly system: string
  readonly code: string
  readonly display: string
}

const maxSummary = 140
const statement = 'Decision support: the prescriber decides. 仅供决策支持，由处方医生决定。'
const thesaurus = {
  label: 'ANSM, Thesaurus des interactions médicamenteuses (September 2016)',
  url: 'https://ansm.sante.fr',
}
const recorded = { label: 'The patient’s recorded allergies' }
const reasons: readonly Coding[] = [
  { system: 'urn:xinglin:override-reason', code: 'monitored', display: 'The patient is monitored for this' },
  { system: 'urn:xinglin:override-reason', code: 'tolerated', display: 'The patient has tolerated this before' },
  { system: 'urn:xinglin:override-reason', code: 'no-alternative', display: 'There is no safer alternative' },
]

function indicatorOf(finding: SafetyFinding): Card['indicator'] {
  if (isRefusing(finding)) return 'critical'
  if (finding.kind === 'allergy') return 'warning'
  return finding.interaction.severity === 'take-into-account' ? 'info' : 'warning'
}

function cardOf(medicines: Medicines, request: Resource, finding: SafetyFinding, uuid: string): Card {
  const words = sentenceOf(medicines, finding)
  const what =
    finding.kind === 'allergy' ? 'Allergy' : `Interaction (${finding.interaction.severity.replaceAll('-', ' ')})`
  const topic = { system: 'urn:xinglin:rule', code: `medication-request.${finding.kind}`, display: what }
  const summary = `${what}: ${words}`
  return {
    uuid,
    summary: summary.length <= maxSummary ? summary : `${summary.slice(0, maxSummary - 1)}…`,
    detail: `**${medicineName(request)}**\n\n${words}\n\n${statement}`,
    indicator: indicatorOf(finding),
    source: { ...(finding.kind === 'allergy' ? recorded : thesaurus), topic },
    ...(isRefusing(finding) ? { overrideReasons: reasons } : {}),
  }
}

/** The cards about orders that are about to be signed, also against each other; each pair is told once. */
export function cardsFor(
  medicines: Medicines,
  drafts: readonly Resource[],
  patient: PatientMedicines,
  newId: () => string,
): readonly Card[] {
  const named = drafts.map((draft, index) => ({ ...draft, id: draft.id ?? `draft-${index}` }))
  const ids = new Set(named.map(({ id }) => id))
  const known = patient.requests.filter(({ id }) => id === undefined || !ids.has(id))
  return named.flatMap((draft, index) => {
    const earlier = named.slice(0, index).map((one) => ({ ...one, status: 'active' }))
    const requests = [...known, ...earlier]
    return findingsAbout(medicines, draft, { ...patient, requests }).map((finding) =>
      cardOf(medicines, draft, finding, newId()),
    )
  })
}
