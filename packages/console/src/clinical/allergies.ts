// Which allergies a banner shows, and what an empty list means (pure).
import type { AllergyIntolerance } from '../api/fhir.ts'
import { codeOf } from './concepts.ts'

/** What the banner says about allergies. */
export type AllergyView =
  | { readonly kind: 'listed'; readonly allergies: readonly AllergyIntolerance[] }
  /** Somebody asked, and the patient has none. */
  | { readonly kind: 'denied' }
  /** Nobody has written anything: not the same as none. */
  | { readonly kind: 'none' }

// SNOMED CT: no known allergy, no known drug allergy, no known food allergy, no known environmental allergy.
const denials: ReadonlySet<string> = new Set(['716186003', '409137002', '429625007', '428607008'])
const overStates: ReadonlySet<string> = new Set(['inactive', 'resolved'])
const wrongStates: ReadonlySet<string> = new Set(['entered-in-error', 'refuted'])
const order = ['high', 'unable-to-assess', 'low']

function isCurrent({ clinicalStatus, verificationStatus }: AllergyIntolerance): boolean {
  return !overStates.has(codeOf(clinicalStatus) ?? '') && !wrongStates.has(codeOf(verificationStatus) ?? '')
}

const isDenial = ({ code }: AllergyIntolerance): boolean =>
  code?.coding?.some((coding) => denials.has(coding.code ?? '')) === true

const rankOf = ({ criticality }: AllergyIntolerance): number => {
  const rank = order.indexOf(criticality ?? '')
  return rank === -1 ? 1 : rank
}

/** The allergies to be shown, those of high criticality first. */
export function allergyView(recorded: readonly AllergyIntolerance[]): AllergyView {
  const current = recorded.filter(isCurrent)
  const allergies = current.filter((allergy) => !isDenial(allergy)).sort((a, b) => rankOf(a) - rankOf(b))
  if (allergies.length > 0) return { kind: 'listed', allergies }
  return { kind: current.length > 0 ? 'denied' : 'none' }
}
