// An interview as a value: complaints, answers in order, the next question, and what it comes to in the end.
import { departmentFor } from './departments.ts'
import type { Department, Finding, Person, Urgency } from './facts.ts'
import type { TriageGraph } from './graph.ts'
import type { Evidence } from './posterior.ts'
import { type NextStep, nextQuestion } from './question.ts'
import { type Ranking, rankConditions } from './rank.ts'
import { conditionReasons, type UrgencyAnswer, urgency, type Vitals } from './urgency.ts'

/** What a person can say to a question. */
export type Reply = 'yes' | 'no' | 'unknown'

/** A question that was answered, and why it was asked. */
export interface Answered {
  readonly finding: string
  readonly reply: Reply
  readonly kind: 'red-flag' | 'tell-apart'
  /** The red-flag rule that the question was asked for. */
  readonly rule?: string
}

/** Everything an interview remembers. */
export interface Interview {
  readonly person: Person
  readonly vitals: Vitals
  /** Ids of the findings that the person came with. */
  readonly complaints: readonly string[]
  /** Findings known to be absent before the first question. */
  readonly absent: readonly string[]
  readonly answers: readonly Answered[]
}

/** What an interview comes to. */
export interface Conclusion {
  readonly urgency: UrgencyAnswer
  readonly ranking: Ranking
  readonly department: Department | undefined
}

/** The findings that an interview has established. */
export function evidenceOf({ complaints, absent, answers }: Interview): Evidence {
  const of = (reply: Reply) => answers.filter((one) => one.reply === reply).map(({ finding }) => finding)
  return { present: [...complaints, ...of('yes')], absent: [...absent, ...of('no')] }
}

/** The urgency so far: red flags and vital signs only, so that further answers can but raise it. */
export function urgencySoFar(graph: TriageGraph, interview: Interview): UrgencyAnswer {
  const { person, vitals } = interview
  return urgency(graph.facts, { evidence: evidenceOf(interview), person, vitals })
}

/** The next question of an interview, or why it stops. */
export function nextStep(graph: TriageGraph, interview: Interview): NextStep {
  const { person, answers } = interview
  return nextQuestion(graph, {
    person,
    evidence: evidenceOf(interview),
    unknown: answers.filter(({ reply }) => reply === 'unknown').map(({ finding }) => finding),
    asked: answers.length,
    askedForRedFlags: answers.filter(({ kind }) => kind === 'red-flag').length,
    urgency: urgencySoFar(graph, interview).level,
  })
}

/** The interview with one more answer to the question that is open. */
export function withAnswer(interview: Interview, step: NextStep, reply: Reply): Interview {
  if (step.kind === 'stop') return interview
  const rule = step.kind === 'red-flag' ? { rule: step.rule.id } : {}
  return {
    ...interview,
    answers: [...interview.answers, { finding: step.finding.id, reply, kind: step.kind, ...rule }],
  }
}

/** The interview without its last answer. */
export function withoutLast(interview: Interview): Interview {
  return { ...interview, answers: interview.answers.slice(0, -1) }
}

/** The finding that a step asks about. */
export function findingOf(step: NextStep): Finding | undefined {
  return step.kind === 'stop' ? undefined : step.finding
}

// An illness without further specification (ICD-10 R69) goes to general practice, a child's to paediatrics.
const unspecified = 'R69'
const emergencyDepartment = 'emergency'
const urgentLevels: readonly Urgency[] = ['emergency', 'ambulance']

function departmentOf(graph: TriageGraph, ranking: Ranking, level: Urgency, person: Person): Department | undefined {
  const { departments } = graph.facts
  if (urgentLevels.includes(level)) return departments.find(({ id }) => id === emergencyDepartment)
  if (ranking.isNoGoodMatch) return departmentFor(graph.facts, unspecified, person)
  const shares = new Map<Department, number>()
  for (const { department, p } of ranking.candidates) {
    if (department !== undefined) shares.set(department, (shares.get(department) ?? 0) + p)
  }
  const [best] = [...shares].toSorted(([, a], [, b]) => b - a)
  return best?.[0] ?? departmentFor(graph.facts, unspecified, person)
}

/** What the interview comes to: urgency (likely conditions may raise it once more), candidates and the department. */
export function conclude(graph: TriageGraph, interview: Interview): Conclusion {
  const { person } = interview
  const soFar = urgencySoFar(graph, interview)
  const ranking = rankConditions(graph, evidenceOf(interview), person)
  const known = { evidence: evidenceOf(interview), person, vitals: interview.vitals }
  const reasons = ranking.isNoGoodMatch ? [] : conditionReasons(ranking.candidates)
  const final = urgency(graph.facts, known, { level: soFar.level, reasons })
  // Neither something that fits nothing known, nor an interview that was broken off before its red flags, ends at home.
  const isBrokenOff = nextStep(graph, interview).kind === 'red-flag'
  const unclear = (ranking.isNoGoodMatch || isBrokenOff) && final.level === 'self-care'
  const level: Urgency = unclear ? 'consultation' : final.level
  return { urgency: { ...final, level }, ranking, department: departmentOf(graph, ranking, level, person) }
}
