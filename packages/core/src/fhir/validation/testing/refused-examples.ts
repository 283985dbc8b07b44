// Official R4 examples (npm hl7.fhir.r4.examples 4.0.1) that break the base specification, by the rule that they break.

/** Examples that are refused for one reason. */
export interface RefusedExamples {
  readonly rule: string
  readonly why: string
  readonly files: readonly string[]
}

/** All official examples that are refused; every other one is accepted. */
export const refusedExamples: readonly RefusedExamples[] = [
  {
    rule: 'attachment.hash',
    why: 'the hash is hexadecimal and of other data',
    files: ['DiagnosticReport-example-pgx'],
  },
  {
    rule: 'binding.required',
    why: 'application/dicom; variant=DICOM WADO-RS is no MIME type: a value with a space must be quoted',
    files: ['Bundle-b0a5e4277-83c4-4adb-87e2-e3efe3369b6f'],
  },
  {
    rule: 'bundle.full-url',
    why: 'the fullUrl names another id than the resource has',
    files: [
      'Bundle-10bb101f-a121-4264-a920-67be9cb82c74',
      'Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe',
      'Bundle-lri-example',
    ],
  },
  {
    rule: 'canonical.contained',
    why: 'answerValueSet names a contained ValueSet that is not there',
    files: ['PlanDefinition-example-cardiology-os'],
  },
  {
    rule: 'canonical.target',
    why: 'binding.valueSet names a CodeSystem',
    files: ['Bundle-resources', 'StructureDefinition-ExplanationOfBenefit'],
  },
  {
    rule: 'primitive.format',
    why: 'an OID with other characters than digits and dots; an id of more than 64 characters',
    files: [
      'Bundle-valueset-expansions',
      'Library-zika-virus-intervention-logic',
      'SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject',
    ],
  },
  {
    rule: 'reference.form',
    why: 'a reference to an id of more than 64 characters',
    files: ['ImplementationGuide-fhir', 'ig-r4'],
  },
  {
    rule: 'reference.target',
    why: 'the element may not refer to a resource of that type',
    files: [
      'DeviceMetric-example',
      'DeviceUseStatement-example',
      'MedicationRequest-medrx0301',
      'Observation-clinical-gender',
    ],
  },
  {
    rule: 'sdf-4',
    why: 'not abstract, but without a baseDefinition',
    files: [
      'StructureDefinition-Definition',
      'StructureDefinition-Event',
      'StructureDefinition-FiveWs',
      'StructureDefinition-Request',
    ],
  },
  {
    rule: 'structure.required',
    why: 'a required element is missing: linkId, base, name',
    files: [
      'ImplementationGuide-fhir',
      'Questionnaire-qs1',
      'SearchParameter-codesystem-extensions-CodeSystem-author',
      'SearchParameter-codesystem-extensions-CodeSystem-effective',
      'SearchParameter-codesystem-extensions-CodeSystem-end',
      'SearchParameter-codesystem-extensions-CodeSystem-keyword',
      'SearchParameter-codesystem-extensions-CodeSystem-workflow',
      'SearchParameter-valueset-extensions-ValueSet-author',
      'SearchParameter-valueset-extensions-ValueSet-effective',
      'SearchParameter-valueset-extensions-ValueSet-end',
      'SearchParameter-valueset-extensions-ValueSet-keyword',
      'SearchParameter-valueset-extensions-ValueSet-workflow',
      'ig-r4',
    ],
  },
  {
    rule: 'txt-2',
    why: 'the narrative has no content',
    files: [
      'ActivityDefinition-blood-tubes-supply',
      'ActivityDefinition-heart-valve-replacement',
      'EventDefinition-example',
      'Questionnaire-zika-virus-exposure-assessment',
    ],
  },
  {
    rule: 'uri.absolute',
    why: 'include.system is a fragment, not an absolute URI',
    files: ['Bundle-valuesets', 'ValueSet-example-hierarchical'],
  },
]
