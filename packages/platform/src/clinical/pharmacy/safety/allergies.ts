// Whether a medicine is one that the patient is allergic to (pure): the same substance, or a member of the same group.
import type { Resource } from '@xinglin/core/fhir'
import { entriesOf, fieldsOf } from '../elements.ts'
import { type AllergyGroup, type Medicines, plainWords } from '../medicines/medicines.ts'
import { substancesOf, textsOf } from '../medicines/recognise.ts'

/** An allergy that a medicine meets. */
export interface AllergyHit {
  readonly allergy: Resource
  /** The substance of the medicine. */
  readonly drug: string
  /** The group through which it is met; absent for the substance itself. */
  readonly group?: AllergyGroup
  /** False for a known low risk: told, not refused. */
  readonly isSerious: boolean
}

function hasCode(concept: unknown, codes: readonly string[]): boolean {
  return entriesOf(fieldsOf(concept).coding).some(({ code }) => typeof code === 'string' && codes.includes(code))
}

function isCurrent(allergy: Resource): boolean {
  if (hasCode(allergy.verificationStatus, ['refuted', 'entered-in-error'])) return false
  return !hasCode(allergy.clinicalStatus, ['inactive', 'resolved'])
}

// Low criticality, or an intolerance without a severe reaction, is told; everything else is refused.
function isSerious(allergy: Resource): boolean {
  const isSevere = entriesOf(allergy.reaction).some(({ severity }) => severity === 'severe')
  if (isSevere || allergy.criticality === 'high') return true
  return allergy.criticality !== 'low' && allergy.type !== 'intolerance'
}

function groupsOf(medicines: Medicines, drug: string): readonly AllergyGroup[] {
  const codes = medicines.drugs.get(drug)?.atc ?? []
  return medicines.groups.filter(({ atc }) => atc.some((start) => codes.some((code) => code.startsWith(start))))
}

// The substances and texts that an allergy names: its code, and the substances of its reactions.
function named(medicines: Medicines, allergy: Resource) {
  const concepts = [allergy.code, ...entriesOf(allergy.reaction).map(({ substance }) => substance)]
  const texts = concepts.flatMap(textsOf).map(plainWords)
  return {
    drugs: new Set(concepts.flatMap((concept) => substancesOf(medicines, concept))),
    groups: medicines.groups.filter(({ names }) =>
      names.some((name) => texts.some((text) => ` ${text} `.includes(` ${name} `))),
    ),
  }
}

function hitOf(medicines: Medicines, allergy: Resource, drug: string): AllergyHit | undefined {
  const { drugs, groups } = named(medicines, allergy)
  const common = { allergy, drug, isSerious: isSerious(allergy) }
  if (drugs.has(drug)) return common
  const own = groupsOf(medicines, drug)
  const through = new Set([...groups, ...[...drugs].flatMap((id) => groupsOf(medicines, id))].map(({ id }) => id))
  const group = own.find(({ id }) => through.has(id))
  return group === undefined ? undefined : { ...common, group }
}

/** The current allergies that the substances of a medicine meet. */
export function allergyHits(
  medicines: Medicines,
  substances: readonly string[],
  allergies: readonly Resource[],
): readonly AllergyHit[] {
  return allergies
    .filter(isCurrent)
    .flatMap((allergy) => substances.flatMap((drug) => hitOf(medicines, allergy, drug) ?? []))
}
