// Who may see and write which types: one table to be read and argued about. The tests walk through it.
import { resourceTypes } from '@xinglin/core/fhir/search'
import type { Role } from '../../kernel/caller.ts'

/** What one role may do. */
export interface Grant {
  readonly read: readonly string[]
  readonly write: readonly string[]
  /** The types of `write` that may be changed or deleted too, where not all may. */
  readonly update?: readonly string[]
  readonly delete?: readonly string[]
  /** True when only records of the caller's own Patient compartment are meant. */
  readonly isBound?: boolean
  /** Confidentiality codes (http://terminology.hl7.org/CodeSystem/v3-Confidentiality) that are hidden. */
  readonly hides?: readonly string[]
}

const all: readonly string[] = [...resourceTypes]
const without = (types: readonly string[]) => all.filter((type) => !types.includes(type))

/** The trail itself is written by the server and read by those who watch over it. */
const trail = ['AuditEvent']
/** What a server's own behaviour is described by. */
const conformance = [
  'CapabilityStatement',
  'StructureDefinition',
  'SearchParameter',
  'OperationDefinition',
  'ImplementationGuide',
]
const clinical = without(trail)

/** Types outside every Patient compartment that a patient-bound caller may still see. */
export const sharedTypes: readonly string[] = [
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'OrganizationAffiliation',
  'Location',
  'HealthcareService',
  'Endpoint',
  'Schedule',
  'Slot',
  'Medication',
  'MedicationKnowledge',
  'Substance',
  'Device',
  'Questionnaire',
  'PlanDefinition',
  'ActivityDefinition',
  'CodeSystem',
  'ValueSet',
]

/** Types that list many patients side by side, so that a caller bound to one of them must not see the others there. */
export const typesOfManyPatients: readonly string[] = ['Group']

const medication = [
  'Medication',
  'MedicationRequest',
  'MedicationDispense',
  'MedicationAdministration',
  'MedicationStatement',
  'MedicationKnowledge',
  'Immunization',
  'ImmunizationEvaluation',
  'ImmunizationRecommendation',
]
const reception = ['Patient', 'RelatedPerson', 'Person', 'Appointment', 'Coverage', 'Consent', 'QuestionnaireResponse']

/** The grants of every role. */
export const grantsByRole: Readonly<Record<Role, Grant>> = {
  system: { read: all, write: all },
  admin: { read: all, write: without(trail) },
  clinician: { read: clinical, write: without([...trail, ...conformance]) },
  radiologist: {
    read: clinical,
    write: [
      'ImagingStudy',
      'DiagnosticReport',
      'Observation',
      'Procedure',
      'ServiceRequest',
      'Media',
      'DocumentReference',
      'Binary',
      'BodyStructure',
      'Communication',
      'Task',
      'Provenance',
    ],
    hides: ['V'],
  },
  pharmacist: {
    read: clinical,
    write: [...medication, 'AllergyIntolerance', 'DetectedIssue', 'Communication', 'Task', 'Provenance'],
    hides: ['V'],
  },
  // What others recorded of a patient is not the patient's to rewrite; nothing is theirs to delete.
  patient: {
    read: without([...trail, ...typesOfManyPatients]),
    write: ['QuestionnaireResponse', 'Appointment', 'AppointmentResponse', 'Communication', 'Observation', 'Consent'],
    update: ['QuestionnaireResponse', 'Appointment', 'AppointmentResponse', 'Consent'],
    delete: [],
    isBound: true,
  },
  compliance: {
    read: [...trail, 'Provenance', 'Consent', 'Practitioner', 'PractitionerRole', 'Organization'],
    write: [],
    hides: ['R', 'V'],
  },
  operator: { read: [], write: [] },
  'data-scientist': { read: [], write: [] },
  frontend: {
    read: [...reception, ...sharedTypes, 'AppointmentResponse', 'Encounter'],
    write: reception,
    hides: ['R', 'V'],
  },
}
