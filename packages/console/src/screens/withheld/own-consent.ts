// The patient's own choice as a FHIR Consent: from which groups of staff the record is withheld (pure).
import type { Consent } from '../../api/fhir.ts'

/** Groups from whom a patient may withhold. */
export const groups = ['clinician', 'radiologist', 'pharmacist'] as const

/** A group of {@link groups}. */
export type Group = (typeof groups)[number]

const terminology = 'http://terminology.hl7.org/CodeSystem'
const concept = (system: string, code: string) => ({ coding: [{ system, code }] })

/** Id of the one Consent that this page keeps; others are the front desk's. */
export const ownConsentId = (patientId: string): string => `own-${patientId}`.slice(0, 64)

/** The groups that a Consent withholds from. */
export function withheldFrom(consent: Consent | undefined): readonly Group[] {
  if (consent?.status !== 'active') return []
  const named = consent.provision?.actor?.map(({ reference }) => reference?.identifier?.value) ?? []
  return groups.filter((group) => named.includes(group))
}

/** The Consent that withholds from the groups; from nobody, it is no longer active. */
export function consentFor(patientId: string, from: readonly Group[]) {
  return {
    resourceType: 'Consent',
    id: ownConsentId(patientId),
    status: from.length > 0 ? 'active' : 'inactive',
    scope: concept(`${terminology}/consentscope`, 'patient-privacy'),
    category: [concept('http://loinc.org', '59284-0')],
    patient: { reference: `Patient/${patientId}` },
    policyRule: concept(`${terminology}/v3-ActCode`, 'OPTIN'),
    ...(from.length === 0
      ? {}
      : {
          provision: {
            type: 'deny',
            actor: from.map((value) => ({
              role: concept(`${terminology}/v3-ParticipationType`, 'IRCP'),
              reference: { identifier: { system: 'urn:xinglin:role', value } },
            })),
          },
        }),
  }
}
