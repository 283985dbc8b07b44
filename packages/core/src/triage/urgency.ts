// Urgency: deterministic rules that can only raise the level; each says why and where that comes from.
import {
  applies,
  type Bilingual,
  type Condition,
  type DangerVital,
  type Person,
  type RedFlagRule,
  type TriageFacts,
  type Urgency,
  urgencyLevels,
  type VitalName,
} from './facts.ts'
import type { Evidence } from './posterior.ts'

/** Measured vital signs, in the units of {@link VitalName}. */
export type Vitals = Readonly<Partial<Record<VitalName, number>>>

/** Why the level is at least so high. */
export interface UrgencyReason {
  readonly rule: string
  readonly level: Urgency
  readonly text: Bilingual
  /** Id of a source that was opened; absent: unreviewed. */
  readonly source?: string
}

/** A level with its reasons, the highest first. */
export interface UrgencyAnswer {
  readonly level: Urgency
  readonly reasons: readonly UrgencyReason[]
}

const rank = (level: Urgency): number => urgencyLevels.indexOf(level)

/** The higher of two levels. */
export function higher(a: Urgency, b: Urgency): Urgency {
  return rank(a) >= rank(b) ? a : b
}

/** Whether a rule's findings are all there. */
export function fires(rule: RedFlagRule, present: ReadonlySet<string>): boolean {
  const hasAll = rule.allOf.every((finding) => present.has(finding))
  return hasAll && (rule.anyOf.length === 0 || rule.anyOf.some((finding) => present.has(finding)))
}

const vitalWords: Readonly<Record<VitalName, Bilingual>> = {
  heart_rate: { en: 'heart rate', zh: '心率' },
  respiratory_rate: { en: 'breathing rate', zh: '呼吸频率' },
  oxygen_saturation: { en: 'oxygen saturation', zh: '血氧饱和度' },
  temperature: { en: 'temperature', zh: '体温' },
  systolic: { en: 'systolic blood pressure', zh: '收缩压' },
}

function isBeyond({ vital, above, below }: DangerVital, vitals: Vitals): boolean {
  const value = vitals[vital]
  if (value === undefined) return false
  return (above !== undefined && value > above) || (below !== undefined && value < below)
}

function vitalReason(danger: DangerVital, vitals: Vitals): UrgencyReason {
  const word = vitalWords[danger.vital]
  const value = vitals[danger.vital]
  return {
    rule: danger.id,
    level: danger.level,
    text: { en: `The ${word.en} of ${value} is in the danger zone.`, zh: `${word.zh} ${value} 处于危险范围。` },
    ...(danger.source === undefined ? {} : { source: danger.source }),
  }
}

function ruleReason({ id, level, text, source }: RedFlagRule): UrgencyReason {
  return { rule: id, level, text, ...(source === undefined ? {} : { source }) }
}

function severityLevel(severity: number): Urgency {
  if (severity <= 2) return 'emergency'
  return severity === 3 ? 'urgent' : severity === 4 ? 'consultation' : 'self-care'
}

// A dangerous condition counts from a fifth of the probability on, any other one from three tenths (authored).
const dangerousShare = 0.2
const likelyShare = 0.3

/** What likely conditions ask for by their severity. */
export function conditionReasons(
  likely: readonly { readonly condition: Condition; readonly p: number }[],
): readonly UrgencyReason[] {
  return likely
    .filter(({ condition, p }) => p >= (condition.severity <= 2 ? dangerousShare : likelyShare))
    .map(({ condition }) => ({
      rule: `condition.${condition.id}`,
      level: severityLevel(condition.severity),
      text: {
        en: `${condition.name.en} is possible and is seen with this urgency.`,
        zh: `可能为${condition.name.zh}，按此紧急程度就诊。`,
      },
      source: 'ddxplus',
    }))
}

/**
 * The urgency by red flags and vital signs; further present findings and reasons never lower it.
 * @param floor a level that was reached before, and reasons from elsewhere
 */
export function urgency(
  facts: Pick<TriageFacts, 'redFlags' | 'dangerVitals'>,
  known: { readonly evidence: Pick<Evidence, 'present'>; readonly person: Person; readonly vitals?: Vitals },
  floor: { readonly level?: Urgency; readonly reasons?: readonly UrgencyReason[] } = {},
): UrgencyAnswer {
  const present = new Set(known.evidence.present)
  const { person, vitals = {} } = known
  const reasons = [
    ...facts.redFlags.filter((rule) => applies(rule, person) && fires(rule, present)).map(ruleReason),
    ...facts.dangerVitals
      .filter((danger) => applies(danger, person) && isBeyond(danger, vitals))
      .map((danger) => vitalReason(danger, vitals)),
    ...(floor.reasons ?? []),
  ].toSorted((a, b) => rank(b.level) - rank(a.level))
  const start: Urgency = floor.level ?? 'self-care'
  return { level: reasons.reduce((level, reason) => higher(level, reason.level), start), reasons }
}
