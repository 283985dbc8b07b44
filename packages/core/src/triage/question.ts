// The next question of an interview: red flags first, then what tells the likely conditions apart best.
import { applies, type Finding, type Person, type RedFlagRule, type Urgency, urgencyLevels } from './facts.ts'
import type { TriageGraph } from './graph.ts'
import { type Evidence, posterior } from './posterior.ts'

/** What an interview knows. */
export interface InterviewState {
  readonly person: Person
  readonly evidence: Evidence
  /** Findings that were asked and not known. */
  readonly unknown: readonly string[]
  /** How many questions were asked. */
  readonly asked: number
  /** How many of them for a red flag. */
  readonly askedForRedFlags: number
  readonly urgency: Urgency
}

/** The next question, or why there is none. */
export type NextStep =
  | { readonly kind: 'red-flag'; readonly finding: Finding; readonly rule: RedFlagRule }
  | { readonly kind: 'tell-apart'; readonly finding: Finding; readonly bits: number }
  | { readonly kind: 'stop'; readonly why: 'sure' | 'nothing-to-gain' | 'enough-questions' | 'ambulance' }

/** When an interview stops: p > .95, no gain, or 12 questions beside those for red flags, which never cost one of them. */
export const interviewLimits = Object.freeze({ sure: 0.95, leastBits: 0.01, questions: 12, redFlagQuestions: 6 })

// A question about the past or the way of life costs a little more patience than one about how it feels now.
const riskCost = 1.3

const entropy = (p: number): number => (p <= 0 || p >= 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p)))

/** Mutual information between a finding and which condition it is, in bits; O(edges of the finding). */
export function informationOf(graph: TriageGraph, finding: number, probabilities: Float64Array): number {
  const { edgeStart, edgeCondition, edgeP, baseP, otherP } = graph
  const other = probabilities.at(-1) ?? 0
  const base = baseP[finding] ?? 0
  const elsewhere = otherP[finding] ?? 0
  let mean = (1 - other) * base + other * elsewhere
  let inside = (1 - other) * entropy(base) + other * entropy(elsewhere)
  for (let edge = edgeStart[finding] ?? 0; edge < (edgeStart[finding + 1] ?? 0); edge += 1) {
    const weight = probabilities[edgeCondition[edge] ?? 0] ?? 0
    const p = edgeP[edge] ?? 0
    mean += weight * (p - base)
    inside += weight * (entropy(p) - entropy(base))
  }
  return Math.max(0, entropy(mean) - inside)
}

function isOpen(id: string, { evidence, unknown }: InterviewState): boolean {
  return !evidence.present.includes(id) && !evidence.absent.includes(id) && !unknown.includes(id)
}

// A rule is worth a question when a complaint points to it, one finding is missing, and it would raise the level.
function missingFinding(rule: RedFlagRule, state: InterviewState): string | undefined {
  const { present } = state.evidence
  const missing = rule.allOf.filter((id) => !present.includes(id))
  const [only] = missing
  if (missing.length !== 1 || only === undefined || !isOpen(only, state)) return undefined
  const isPointedTo = rule.askWhen.some((id) => present.includes(id))
  return isPointedTo ? only : undefined
}

// The most urgent rules first, and of these the ones that belong to few complaints.
function redFlagQuestion(graph: TriageGraph, state: InterviewState): NextStep | undefined {
  if (state.askedForRedFlags >= interviewLimits.redFlagQuestions) return undefined
  const rank = (level: Urgency): number => urgencyLevels.indexOf(level)
  const rules = graph.facts.redFlags
    .filter((rule) => rank(rule.level) > rank(state.urgency) && rank(rule.level) >= rank('emergency'))
    .filter((rule) => applies(rule, state.person))
    .toSorted((a, b) => rank(b.level) - rank(a.level) || a.askWhen.length - b.askWhen.length)
  for (const rule of rules) {
    const missing = missingFinding(rule, state)
    const finding = missing === undefined ? undefined : graph.findings[graph.findingIndex.get(missing) ?? -1]
    if (finding !== undefined && applies(finding, state.person)) return { kind: 'red-flag', finding, rule }
  }
  return undefined
}

function tellingQuestion(graph: TriageGraph, state: InterviewState, probabilities: Float64Array): NextStep {
  const candidates = graph.findings.flatMap((finding, index) => {
    if (finding.kind === 'danger' || !isOpen(finding.id, state) || !applies(finding, state.person)) return []
    const bits = informationOf(graph, index, probabilities)
    return [{ finding, bits, worth: bits / (finding.kind === 'risk' ? riskCost : 1) }]
  })
  const [best] = candidates.toSorted((a, b) => b.worth - a.worth || (a.finding.id < b.finding.id ? -1 : 1))
  if (best === undefined || best.bits < interviewLimits.leastBits) return { kind: 'stop', why: 'nothing-to-gain' }
  return { kind: 'tell-apart', finding: best.finding, bits: best.bits }
}

/** Decides the next question of an interview. */
export function nextQuestion(graph: TriageGraph, state: InterviewState): NextStep {
  if (state.urgency === 'ambulance') return { kind: 'stop', why: 'ambulance' }
  if (state.asked - state.askedForRedFlags >= interviewLimits.questions)
    return { kind: 'stop', why: 'enough-questions' }
  const redFlag = redFlagQuestion(graph, state)
  if (redFlag !== undefined) return redFlag
  const probabilities = posterior(graph, state.evidence, state.person)
  const highest = probabilities.reduce((max, value) => Math.max(max, value), 0)
  if (highest > interviewLimits.sure) return { kind: 'stop', why: 'sure' }
  return tellingQuestion(graph, state, probabilities)
}
