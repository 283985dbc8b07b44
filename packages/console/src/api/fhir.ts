// The parts of FHIR R4 that the console reads; everything is optional because a record may lack it.

/** http://hl7.org/fhir/R4/datatypes.html#Coding */
export interface Coding {
  readonly system?: string
  readonly code?: string
  readonly display?: string
}

/** http://hl7.org/fhir/R4/datatypes.html#CodeableConcept */
export interface CodeableConcept {
  readonly coding?: readonly Coding[]
  readonly text?: string
}

/** http://hl7.org/fhir/R4/datatypes.html#Quantity */
export interface Quantity {
  readonly value?: number
  readonly comparator?: string
  readonly unit?: string
  readonly code?: string
}

/** http://hl7.org/fhir/R4/datatypes.html#Period */
export interface Period {
  readonly start?: string
  readonly end?: string
}

/** http://hl7.org/fhir/R4/references.html */
export interface Reference {
  readonly reference?: string
  readonly display?: string
  readonly identifier?: { readonly value?: string }
}

/** http://hl7.org/fhir/R4/datatypes.html#HumanName */
export interface HumanName {
  readonly use?: string
  readonly text?: string
  readonly family?: string
  readonly given?: readonly string[]
  readonly prefix?: readonly string[]
}

interface Resource<Type extends string> {
  readonly resourceType: Type
  readonly id: string
  readonly meta?: { readonly lastUpdated?: string; readonly versionId?: string }
}

/** http://hl7.org/fhir/R4/patient.html */
export interface Patient extends Resource<'Patient'> {
  readonly active?: boolean
  readonly identifier?: readonly {
    readonly system?: string
    readonly value?: string
    readonly use?: string
    readonly type?: CodeableConcept
  }[]
  readonly name?: readonly HumanName[]
  readonly gender?: string
  readonly birthDate?: string
  readonly deceasedBoolean?: boolean
  readonly deceasedDateTime?: string
  readonly telecom?: readonly { readonly system?: string; readonly value?: string; readonly use?: string }[]
  readonly address?: readonly { readonly city?: string; readonly country?: string; readonly text?: string }[]
}

/** http://hl7.org/fhir/R4/allergyintolerance.html */
export interface AllergyIntolerance extends Resource<'AllergyIntolerance'> {
  readonly clinicalStatus?: CodeableConcept
  readonly verificationStatus?: CodeableConcept
  readonly criticality?: string
  readonly category?: readonly string[]
  readonly code?: CodeableConcept
  readonly recordedDate?: string
  readonly onsetDateTime?: string
}

/** http://hl7.org/fhir/R4/condition.html */
export interface Condition extends Resource<'Condition'> {
  readonly clinicalStatus?: CodeableConcept
  readonly verificationStatus?: CodeableConcept
  readonly code?: CodeableConcept
  readonly onsetDateTime?: string
  readonly abatementDateTime?: string
  readonly recordedDate?: string
}

/** http://hl7.org/fhir/R4/encounter.html */
export interface Encounter extends Resource<'Encounter'> {
  readonly status?: string
  readonly class?: Coding
  readonly type?: readonly CodeableConcept[]
  readonly reasonCode?: readonly CodeableConcept[]
  readonly period?: Period
  readonly serviceProvider?: Reference
}

/** The value of an Observation or one of its components. */
export interface ObservedValue {
  readonly code?: CodeableConcept
  readonly valueQuantity?: Quantity
  readonly valueString?: string
  readonly valueCodeableConcept?: CodeableConcept
  readonly valueInteger?: number
  readonly valueBoolean?: boolean
  readonly interpretation?: readonly CodeableConcept[]
  readonly referenceRange?: readonly { readonly low?: Quantity; readonly high?: Quantity; readonly text?: string }[]
}

/** http://hl7.org/fhir/R4/observation.html */
export interface Observation extends Resource<'Observation'>, ObservedValue {
  readonly status?: string
  readonly category?: readonly CodeableConcept[]
  readonly effectiveDateTime?: string
  readonly effectivePeriod?: Period
  readonly issued?: string
  readonly component?: readonly ObservedValue[]
}

/** http://hl7.org/fhir/R4/medicationrequest.html */
export interface MedicationRequest extends Resource<'MedicationRequest'> {
  readonly status?: string
  readonly intent?: string
  readonly medicationCodeableConcept?: CodeableConcept
  readonly medicationReference?: Reference
  readonly authoredOn?: string
  readonly requester?: Reference
  readonly dosageInstruction?: readonly {
    readonly text?: string
    readonly asNeededBoolean?: boolean
    readonly timing?: {
      readonly repeat?: { readonly frequency?: number; readonly period?: number; readonly periodUnit?: string }
    }
    readonly doseAndRate?: readonly { readonly doseQuantity?: Quantity }[]
  }[]
  readonly dispenseRequest?: { readonly numberOfRepeatsAllowed?: number; readonly quantity?: Quantity }
}

/** http://hl7.org/fhir/R4/procedure.html */
export interface Procedure extends Resource<'Procedure'> {
  readonly status?: string
  readonly code?: CodeableConcept
  readonly performedDateTime?: string
  readonly performedPeriod?: Period
}

/** http://hl7.org/fhir/R4/consent.html */
export interface Consent extends Resource<'Consent'> {
  readonly status?: string
  readonly provision?: {
    readonly type?: string
    readonly actor?: readonly { readonly role?: CodeableConcept; readonly reference?: Reference }[]
  }
}

/** http://hl7.org/fhir/R4/immunization.html */
export interface Immunization extends Resource<'Immunization'> {
  readonly status?: string
  readonly vaccineCode?: CodeableConcept
  readonly occurrenceDateTime?: string
}

/** http://hl7.org/fhir/R4/auditevent.html */
export interface AuditEvent extends Resource<'AuditEvent'> {
  readonly recorded?: string
  readonly action?: string
  readonly outcome?: string
  readonly outcomeDesc?: string
  readonly type?: Coding
  readonly subtype?: readonly Coding[]
  readonly agent?: readonly {
    readonly who?: Reference
    readonly name?: string
    readonly altId?: string
    readonly requestor?: boolean
    readonly role?: readonly CodeableConcept[]
    readonly purposeOfUse?: readonly CodeableConcept[]
    readonly network?: { readonly address?: string }
  }[]
  readonly entity?: readonly {
    readonly what?: Reference
    readonly role?: Coding
    readonly query?: string
    readonly detail?: readonly { readonly type?: string; readonly valueString?: string }[]
  }[]
  readonly extension?: readonly {
    readonly url?: string
    readonly valueInteger?: number
    readonly valueDecimal?: number
    readonly valueString?: string
  }[]
}

/** Every type that the console asks for. */
export type FhirResource =
  | Patient
  | AllergyIntolerance
  | Condition
  | Encounter
  | Observation
  | MedicationRequest
  | Procedure
  | Immunization
  | AuditEvent
  | Consent

/** A searchset. */
export interface Bundle<T extends FhirResource> {
  readonly resourceType: 'Bundle'
  readonly total?: number
  readonly link?: readonly { readonly relation?: string; readonly url?: string }[]
  readonly entry?: readonly { readonly resource?: T; readonly search?: { readonly mode?: string } }[]
}
