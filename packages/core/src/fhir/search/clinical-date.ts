// Which date parameter of a type says when the matter happened to the patient; records are kept in its order.
import { searchParameter } from './parameters.ts'

// Beside these, a type's parameter called `date` is its clinical date.
const clinicalDates: Readonly<Record<string, readonly string[]>> = {
  Account: ['period'],
  Basic: ['created'],
  Bundle: ['timestamp'],
  ChargeItem: ['occurrence'],
  Claim: ['created'],
  ClaimResponse: ['created'],
  Communication: ['sent', 'received'],
  CommunicationRequest: ['authored'],
  Condition: ['onset-date', 'recorded-date'],
  Contract: ['issued'],
  CoverageEligibilityRequest: ['created'],
  CoverageEligibilityResponse: ['created'],
  DetectedIssue: ['identified'],
  DeviceRequest: ['authored-on'],
  DocumentManifest: ['created'],
  ExplanationOfBenefit: ['created'],
  Goal: ['start-date'],
  ImagingStudy: ['started'],
  Media: ['created'],
  MedicationAdministration: ['effective-time'],
  MedicationDispense: ['whenhandedover', 'whenprepared'],
  MedicationRequest: ['authoredon'],
  MedicationStatement: ['effective'],
  NutritionOrder: ['datetime'],
  Patient: ['birthdate'],
  PaymentNotice: ['created'],
  PaymentReconciliation: ['created'],
  Person: ['birthdate'],
  Provenance: ['recorded'],
  QuestionnaireResponse: ['authored'],
  RelatedPerson: ['birthdate'],
  RequestGroup: ['authored'],
  ServiceRequest: ['authored'],
  Slot: ['start'],
  Specimen: ['collected'],
  Task: ['authored-on'],
  TestReport: ['issued'],
  VisionPrescription: ['datewritten'],
}

/** The codes of the date parameters whose earliest value is the clinical date, in order of preference. */
export function clinicalDateCodes(type: string): readonly string[] {
  return (clinicalDates[type] ?? ['date']).filter((code) => searchParameter(type, code)?.type === 'date')
}

/** The code of the date parameter whose lower bound is the type's clinical date, or undefined when it has none. */
export function clinicalDateParameter(type: string): string | undefined {
  return clinicalDateCodes(type)[0]
}
