// Reference parameters: by id, by type and id, by URL, by identifier (http://hl7.org/fhir/R4/search.html#reference).
import assert from 'node:assert/strict'
import { checkRefusals, checkSearches, namesFound } from '../fixtures/search-table.ts'
import { chapter } from '../suite/check.ts'

const ofAdam = 'pulse1 pulse2 pressure smoking'

/** The chapter. */
export const searchReferences = chapter('search-reference', (check) => {
  checkSearches(check, [
    ['by id alone (search.html#reference)', 'Observation?subject={adam}', ofAdam],
    ['by Type/id (search.html#reference)', 'Observation?subject=Patient/{adam}', ofAdam],
    ['by Type/id of another type finds nothing (search.html#reference)', 'Observation?subject=Group/{adam}', ''],
    ['by the type as modifier (search.html#reference)', 'Observation?subject:Patient={adam}', ofAdam],
    ['by another type as modifier finds nothing (search.html#reference)', 'Observation?subject:Group={adam}', ''],
    ['alternatives (search.html#combining)', 'Observation?subject={adam},{carl}', `${ofAdam} note`],
    ['patient is the subject that is a Patient (observation.html#search)', 'Observation?patient={adam}', ofAdam],
    ['patient by Patient/id (observation.html#search)', 'Observation?patient=Patient/{carl}', 'note'],
    ['performer (observation.html#search)', 'Observation?performer=Practitioner/{doctor}', 'pulse1'],
    ['encounter (observation.html#search)', 'Observation?encounter={visit}', 'pulse1'],
    ['partof (organization.html#search)', 'Organization?partof={trust}', 'hospital'],
    ['organization of a Patient (patient.html#search)', 'Patient?organization={clinic}', 'adam'],
    ['general-practitioner (patient.html#search)', 'Patient?general-practitioner=Practitioner/{doctor}', 'adam'],
    ['link of a Patient (patient.html#search)', 'Patient?link=Patient/{adam}', 'carl'],
    [
      'a reference inside an array of backbones (appointment.html#search)',
      'Appointment?actor=Patient/{beth}',
      'meeting',
    ],
    [
      'target of a Provenance, which may be of any type (provenance.html#search)',
      'Provenance?target=Observation/{pulse1}',
      'signed',
    ],
    [
      'medication of an order (medicationrequest.html#search)',
      'MedicationRequest?medication=Medication/{metformin}',
      'order',
    ],
    [
      ':identifier matches the identifier in the reference (search.html#reference)',
      'Patient?organization:identifier={sys}%7CORG-X',
      'beth',
    ],
    [':identifier without a system (search.html#reference)', 'Patient?organization:identifier=ORG-X', 'beth'],
    [
      ':identifier does not look at the target (search.html#reference)',
      'Observation?subject:identifier={sys}%7CA-1',
      '',
    ],
    ['an id that does not exist finds nothing (search.html#reference)', 'Observation?subject=Patient/{mark}-none', ''],
    ['with a token (search.html#combining)', 'Observation?subject={adam}&code=8867-4', 'pulse1 pulse2'],
    ['two references (search.html#combining)', 'Observation?subject={adam}&encounter={visit}', 'pulse1'],
    [
      'a canonical by its url (references.html#canonical)',
      'QuestionnaireResponse?questionnaire=http://example.org/{mark}/Questionnaire/poll',
      'answers',
    ],
    [
      'a canonical by url and version (references.html#canonical)',
      'QuestionnaireResponse?questionnaire=http://example.org/{mark}/Questionnaire/poll%7C2.0',
      'answers',
    ],
    [
      'a canonical of another version does not match (references.html#canonical)',
      'QuestionnaireResponse?questionnaire=http://example.org/{mark}/Questionnaire/poll%7C3.0',
      '',
    ],
  ])
  check('by the absolute URL under this base (search.html#reference)', async (client) => {
    const url = encodeURIComponent(`${client.base}/Patient/`)
    assert.deepEqual(await namesFound(client, `Observation?subject=${url}{carl}`), ['note'])
  })
  checkRefusals(check, [
    ['a type that cannot be referred to is refused (search.html#reference)', 'Observation?encounter:Patient=1'],
    [':contains is no modifier of references (search.html#modifiers)', 'Observation?subject:contains=1'],
    ['a text that is no reference is refused (search.html#reference)', 'Observation?subject:Patient=Group/1'],
  ])
})
