// The chart of the demo's patient Zhang San: half a year of rising glucose, a visit, its diagnosis and its prescription.

const subject = { reference: 'Patient/zhang-san', display: '张三' }
const doctor = { reference: 'Practitioner/dr-chen', display: '陈伟' }
const encounter = { reference: 'Encounter/zhang-san-visit' }
const visitDay = '2026-07-15'

const coded = (system: string, code: string, display?: string) => ({
  coding: [{ system, code, ...(display === undefined ? {} : { display }) }],
})
const terminology = (name: string): string => `http://terminology.hl7.org/CodeSystem/${name}`

const patient = {
  resourceType: 'Patient',
  id: 'zhang-san',
  identifier: [{ system: 'urn:xinglin:mrn', value: 'MRN-000001' }],
  active: true,
  name: [
    { use: 'official', text: '张三', family: '张', given: ['三'] },
    { use: 'usual', family: 'Zhang', given: ['San'] },
  ],
  gender: 'male',
  birthDate: '1990-01-01',
}

const allergy = {
  resourceType: 'AllergyIntolerance',
  id: 'zhang-san-penicillin',
  clinicalStatus: coded(terminology('allergyintolerance-clinical'), 'active'),
  verificationStatus: coded(terminology('allergyintolerance-verification'), 'confirmed'),
  criticality: 'high',
  code: coded('http://snomed.info/sct', '91936005', 'Allergy to penicillin'),
  patient: subject,
}

/** Blood glucose of half a year, mg/dL: enough for a trend to be seen. */
const glucose = [108, 115, 112, 124, 131, 128, 140].map((value, month) => ({
  resourceType: 'Observation',
  id: `zhang-san-glucose-${month + 1}`,
  status: 'final',
  category: [coded(terminology('observation-category'), 'laboratory')],
  code: coded('http://loinc.org', '2345-7', 'Glucose [Mass/volume] in Serum or Plasma'),
  subject,
  effectiveDateTime: `2026-0${month + 1}-15T08:30:00+08:00`,
  valueQuantity: { value, unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' },
  referenceRange: [{ low: { value: 70, unit: 'mg/dL' }, high: { value: 99, unit: 'mg/dL' } }],
}))

const visit = {
  resourceType: 'Encounter',
  id: 'zhang-san-visit',
  status: 'finished',
  class: { system: terminology('v3-ActCode'), code: 'AMB', display: 'ambulatory' },
  type: [coded('http://snomed.info/sct', '185349003', 'Encounter for check up (procedure)')],
  subject,
  participant: [{ individual: doctor }],
  period: { start: `${visitDay}T09:00:00+08:00`, end: `${visitDay}T09:20:00+08:00` },
}

const diabetes = {
  resourceType: 'Condition',
  id: 'zhang-san-diabetes',
  clinicalStatus: coded(terminology('condition-clinical'), 'active'),
  verificationStatus: coded(terminology('condition-ver-status'), 'confirmed'),
  category: [coded(terminology('condition-category'), 'encounter-diagnosis')],
  code: coded('http://snomed.info/sct', '44054006', 'Diabetes mellitus type 2'),
  subject,
  encounter,
  onsetDateTime: visitDay,
  recordedDate: visitDay,
}

const metformin = {
  resourceType: 'MedicationRequest',
  id: 'zhang-san-metformin',
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: coded(
    'http://www.nlm.nih.gov/research/umls/rxnorm',
    '860975',
    '24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet',
  ),
  subject,
  encounter,
  authoredOn: visitDay,
  requester: doctor,
  reasonReference: [{ reference: 'Condition/zhang-san-diabetes' }],
  dosageInstruction: [
    { text: '1 tablet with the evening meal', timing: { repeat: { frequency: 1, period: 1, periodUnit: 'd' } } },
  ],
}

/** His records, in an order in which each refers only to those before it. */
export const recordsOfZhangSan = [patient, allergy, ...glucose, visit, diabetes, metformin]
