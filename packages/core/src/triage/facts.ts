// The facts of triage as they are stored, edited and cited: plain rows, one type a table.

/** Two languages of one text. */
export interface Bilingual {
  readonly en: string
  readonly zh: string
}

/** `symptom` and `risk` count in the score; `danger` is asked only because a red-flag rule needs it. */
export type FindingKind = 'symptom' | 'risk' | 'danger'

/** Urgency, from the lowest to the highest. */
export const urgencyLevels = ['self-care', 'consultation', 'urgent', 'emergency', 'ambulance'] as const

/** One of {@link urgencyLevels}. */
export type Urgency = (typeof urgencyLevels)[number]

/** To whom a fact applies; absent means everybody. Ages in years (0.25 = three months), `maxAge` is exclusive. */
export interface Applicability {
  readonly minAge?: number
  readonly maxAge?: number
  readonly sex?: 'F' | 'M'
  readonly pregnant?: boolean
}

/** Something a person can have or not have. */
export interface Finding extends Applicability {
  readonly id: string
  readonly kind: FindingKind
  readonly name: Bilingual
  readonly question: Bilingual
  /** Other names, in both languages. */
  readonly synonyms: readonly string[]
  /** Human Phenotype Ontology id where one fits. */
  readonly hpo?: string
  /** Share of people without any of the conditions who have it, (0, 1). */
  readonly leak: number
}

/** A condition with its prior. */
export interface Condition {
  readonly id: string
  readonly name: Bilingual
  readonly icd10: string
  /** 1 (life-threatening) to 5 (minor), as DDXPlus grades it. */
  readonly severity: number
  /** Relative frequency among people who ask for help. */
  readonly weight: number
  /** Multipliers of the weight at ages 0–4, 5–17, 18–39, 40–64 and 65 on. */
  readonly ageWeights: readonly number[]
  readonly femaleWeight: number
  readonly maleWeight: number
}

/** PRESENTS_IN: the probability that a condition by itself causes a finding, (0, 1). */
export interface PresentsIn {
  readonly finding: string
  readonly condition: string
  readonly p: number
  readonly source: string
}

/** A rule that raises the urgency when all of `allOf` and, where there are any, one of `anyOf` are present. */
export interface RedFlagRule extends Applicability {
  readonly id: string
  readonly level: Urgency
  readonly allOf: readonly string[]
  readonly anyOf: readonly string[]
  /** Complaints that make an interview ask for the missing findings of this rule. */
  readonly askWhen: readonly string[]
  readonly text: Bilingual
  /** Id of a source that was opened; absent: unreviewed. */
  readonly source?: string
}

/** Vital signs that can be given: heart and respiratory rate per minute, saturation in %, °C, mmHg. */
export const vitalNames = ['heart_rate', 'respiratory_rate', 'oxygen_saturation', 'temperature', 'systolic'] as const

/** One of {@link vitalNames}. */
export type VitalName = (typeof vitalNames)[number]

/** A vital sign beyond a limit raises the urgency. */
export interface DangerVital extends Applicability {
  readonly id: string
  readonly vital: VitalName
  readonly above?: number
  readonly below?: number
  readonly level: Urgency
  readonly source?: string
}

/** A department of a hospital. */
export interface Department {
  readonly id: string
  readonly name: Bilingual
}

/** REFERS_TO: a block of ICD-10 categories goes to a department; the first referral that fits stands. */
export interface Referral extends Applicability {
  readonly from: string
  readonly to: string
  readonly department: string
}

/** Where a fact comes from. */
export interface Source {
  readonly id: string
  readonly title: string
  readonly url?: string
  readonly licence: string
  /** Day on which it was opened, `YYYY-MM-DD`; absent: not opened. */
  readonly opened?: string
}

/** An edge of a graph of names without probabilities, as the article draws it. */
export interface NamedEdge {
  readonly symptom: string
  readonly disease: string
  /** The group of the symptom, e.g. `Respiratory`. */
  readonly symptomType?: string
}

/** All facts of one version of the knowledge. */
export interface TriageFacts {
  readonly sources: readonly Source[]
  readonly departments: readonly Department[]
  readonly referrals: readonly Referral[]
  readonly conditions: readonly Condition[]
  readonly findings: readonly Finding[]
  readonly presentsIn: readonly PresentsIn[]
  readonly redFlags: readonly RedFlagRule[]
  readonly dangerVitals: readonly DangerVital[]
}

/** Who is asked about. */
export interface Person {
  readonly ageYears?: number
  readonly sex?: 'female' | 'male'
  readonly pregnant?: boolean
}

const adultAge = 18

/**
 * Whether a fact applies to a person. Somebody of unknown age is taken for an adult of any age, unknown sex rules nothing
 * out, and pregnancy counts only when it is stated.
 */
export function applies(to: Applicability, person: Person): boolean {
  const { ageYears, sex } = person
  if (ageYears === undefined && to.maxAge !== undefined && to.maxAge <= adultAge) return false
  if (ageYears !== undefined && to.minAge !== undefined && ageYears < to.minAge) return false
  if (ageYears !== undefined && to.maxAge !== undefined && ageYears >= to.maxAge) return false
  if (to.sex !== undefined && sex !== undefined && (to.sex === 'F') !== (sex === 'female')) return false
  return to.pregnant === undefined || to.pregnant === (person.pregnant === true)
}
