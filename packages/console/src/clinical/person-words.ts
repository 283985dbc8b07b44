// Age and sex of a patient in the reader's words (pure).
import type { Patient } from '../api/fhir.ts'
import { fill } from '../language/fill.ts'
import { type Age, ageOn } from './age.ts'
import { dayText } from './dates.ts'
import type { ClinicalText } from './text.ts'

/** An age in words, e.g. `46 y` or `约76岁`. */
export function ageWords(age: Age, text: ClinicalText): string {
  const words = fill(text[`age.${age.unit}`], { age: age.amount })
  return age.isExact ? words : fill(text.about, { age: words })
}

/** The age today, or at death; undefined when no birth date is recorded. */
export function patientAge(patient: Patient, today: string): Age | undefined {
  return ageOn(patient.birthDate, dayText(patient.deceasedDateTime) ?? today)
}

/** The recorded sex in words; undefined when none is recorded. */
export function sexWords(gender: string | undefined, text: ClinicalText): string | undefined {
  switch (gender) {
    case 'male':
    case 'female':
    case 'other':
    case 'unknown':
      return text[`sex.${gender}`]
    default:
      return gender
  }
}

/** Says whether the record tells of the patient's death. */
export function isDeceased({ deceasedBoolean, deceasedDateTime }: Patient): boolean {
  return deceasedBoolean === true || deceasedDateTime !== undefined
}

const recordNumberSystem = 'urn:xinglin:mrn'

/**
 * The medical record number: an identifier of type MR (HL7 table 0203), else one of our own system, else the first one;
 * old ones never.
 */
export function recordNumberOf({ identifier }: Patient): string | undefined {
  const valid = (identifier ?? []).filter(({ use, value }) => use !== 'old' && value !== undefined && value !== '')
  const typed = valid.find(({ type }) => type?.coding?.some(({ code }) => code === 'MR') === true)
  return (typed ?? valid.find(({ system }) => system === recordNumberSystem) ?? valid[0])?.value
}
