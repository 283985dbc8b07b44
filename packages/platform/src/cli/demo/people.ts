// The people of the demo get their records, so that each finds something behind their login.
import { expectStatus, type Stage } from './stage.ts'

const chapter = '2. A day in the clinic'

const practitioners = [
  { id: 'dr-chen', family: '陈', given: '伟', latin: 'Chen Wei' },
  { id: 'dr-lin', family: '林', given: '月', latin: 'Lin Yue' },
  { id: 'pharmacist-wu', family: '吴', given: '敏', latin: 'Wu Min' },
]

const entryOf = (resource: { readonly resourceType: string; readonly id: string }) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})

const subject = { reference: 'Patient/zhang-san', display: '张三' }

/** Blood glucose of half a year, mmol/L: enough for a trend to be seen. */
const glucose = [6.1, 6.4, 6.2, 6.9, 7.3, 7.1, 7.8]

function recordsOfZhangSan() {
  const observations = glucose.map((value, month) => ({
    resourceType: 'Observation',
    id: `zhang-san-glucose-${month + 1}`,
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '15074-8', display: 'Glucose [Moles/volume] in Blood' }] },
    subject,
    effectiveDateTime: `2026-0${month + 1}-15T08:30:00+08:00`,
    valueQuantity: { value, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
  }))
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
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
    },
    verificationStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification', code: 'confirmed' }],
    },
    criticality: 'high',
    code: { coding: [{ system: 'http://snomed.info/sct', code: '764146007', display: 'Penicillin' }] },
    patient: subject,
  }
  return [patient, allergy, ...observations]
}

/** Stores the records of the demo's people. */
export async function playPeople(stage: Stage): Promise<void> {
  await stage.scene(chapter, 'the people of the demo get their records', async () => {
    const staff = practitioners.map(({ id, family, given, latin }) => ({
      resourceType: 'Practitioner',
      id,
      active: true,
      name: [
        { use: 'official', text: `${family}${given}`, family, given: [given] },
        { use: 'usual', text: latin },
      ],
    }))
    const entry = [...staff, ...recordsOfZhangSan()].map(entryOf)
    const body = { resourceType: 'Bundle', type: 'transaction', entry }
    expectStatus(await stage.ask('/fhir', { method: 'POST', body, token: await stage.token('admin') }), 200)
    return `${entry.length} resources in one transaction; zhang-san now sees his own chart`
  })
}
