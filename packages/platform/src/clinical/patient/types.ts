// The resource types that the patient service owns: people, organisations, places, and what people consent to.

/** Resource types of the patient service. */
export const patientTypes: readonly string[] = Object.freeze([
  'Patient',
  'Person',
  'RelatedPerson',
  'Group',
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'OrganizationAffiliation',
  'Location',
  'HealthcareService',
  'Endpoint',
  'Consent',
])
