// The profiles of the R4 core: slices, fixed values and narrower cardinalities, for resources that claim them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '../types.ts'
import { type Example, errorsOf } from './testing/examples.ts'

const patient = (more: Record<string, unknown> = {}): Resource => ({ resourceType: 'Patient', id: 'p1', ...more })
const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
const pressure = (code: string, unit = 'mm[Hg]') => ({
  code: loinc(code),
  valueQuantity: { value: 120, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: unit },
})
const vitalSigns = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }],
}
const bloodPressure = (more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Observation',
  meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bp'] },
  status: 'final',
  category: [vitalSigns, { text: 'x' }],
  code: loinc('85354-9'),
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: '2026-01-01',
  component: [pressure('8480-6'), pressure('8462-4')],
  ...more,
})

const agent = (code: string) => ({
  type: {
    coding: [
      { system: 'http://x.org', code },
      { system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code, display: 'x' },
    ],
  },
  who: { display: 'x' },
})
const provenance = (agents: readonly unknown[]): Resource => ({
  resourceType: 'Provenance',
  meta: { profile: ['http://hl7.org/fhir/StructureDefinition/provenance-relevant-history'] },
  target: [{ reference: 'Patient/p1' }],
  occurredDateTime: '2026-01-01',
  recorded: '2026-01-01T00:00:00Z',
  activity: { text: 'x' },
  agent: agents,
})
const lipidCode = {
  coding: [{ system: 'http://loinc.org', code: '57698-3', display: 'Lipid panel with direct LDL - Serum or Plasma' }],
}
const lipids = (code: unknown): Resource => ({
  resourceType: 'DiagnosticReport',
  meta: { profile: ['http://hl7.org/fhir/StructureDefinition/lipidprofile'] },
  status: 'final',
  code,
  result: [1, 2, 3].map((id) => ({ reference: `Observation/${id}` })),
})

const examples: readonly Example[] = [
  [
    'a blood pressure without its diastolic slice',
    bloodPressure({ component: [pressure('8480-6'), pressure('8867-4')] }),
    'profile Observation.component',
    bloodPressure({ component: [pressure('8867-4'), pressure('8480-6'), pressure('8462-4')] }),
  ],
  [
    'a slice twice',
    bloodPressure({ component: [pressure('8480-6'), pressure('8480-6'), pressure('8462-4')] }),
    'profile Observation.component',
    bloodPressure(),
  ],
  [
    'another unit in a slice',
    bloodPressure({ component: [pressure('8480-6', 'kPa'), pressure('8462-4')] }),
    'profile Observation.component[0].value.code',
    bloodPressure({
      meta: { profile: ['http://x.org/StructureDefinition/bp'] },
      component: [pressure('8480-6', 'kPa')],
    }),
  ],
  [
    'a vital sign without its category',
    bloodPressure({ category: [{ text: 'x' }] }),
    'profile Observation.category',
    bloodPressure({ category: [vitalSigns] }),
  ],
  [
    'a vital sign of no certain day',
    bloodPressure({ effectiveDateTime: '2026-01' }),
    'vs-1 Observation.effective',
    bloodPressure({ effectiveDateTime: undefined, effectivePeriod: { start: '2026-01' } }),
  ],
  [
    'a profile of another type',
    patient({ meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bp'] } }),
    'profile Patient',
    patient({ meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bp|5.0.0'] } }),
  ],
  [
    'a first author that is not one, where a pattern says who is',
    provenance([agent('AUT'), agent('AUT')]),
    'profile Provenance.agent',
    provenance([agent('AUT'), agent('PERF')]),
  ],
  [
    'another code than the fixed one',
    lipids({ ...lipidCode, text: 'x' }),
    'profile DiagnosticReport.code',
    lipids({ coding: lipidCode.coding }),
  ],
]

for (const [what, refused, error, accepted] of examples) {
  test(`refuses ${what}`, () => {
    assert.deepEqual(errorsOf(refused), [error])
    assert.deepEqual(errorsOf(accepted), [])
  })
}
