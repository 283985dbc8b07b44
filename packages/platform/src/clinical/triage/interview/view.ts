// How an interview is shown: the open question with why it is asked, the urgency so far, and the conclusion when finished.
import {
  conclude,
  evidenceOf,
  type Finding,
  interviewLimits,
  type NextStep,
  nextStep,
  urgencySoFar,
} from '@xinglin/core/triage'
import type { CompiledKnowledge } from '../knowledge/knowledge.ts'
import { disclaimer } from '../schemas.ts'
import { shownCandidate, shownUrgency } from '../suggest.ts'
import { adviceFor } from './advice.ts'
import type { InterviewRow } from './store.ts'

const tellApart = {
  en: 'Your answer helps to find the department that fits best.',
  zh: '您的回答有助于找到最合适的科室。',
}

function whyOf(step: NextStep) {
  if (step.kind !== 'red-flag') return tellApart
  return {
    en: `We ask so that nothing urgent is missed. ${step.rule.text.en}`,
    zh: `这是为了不遗漏紧急情况。${step.rule.text.zh}`,
  }
}

function shownStep(step: NextStep) {
  if (step.kind === 'stop') return null
  const { id, name, question } = step.finding
  return { finding: id, name, text: question, kind: step.kind, why: whyOf(step) }
}

function shownConclusion(knowledge: CompiledKnowledge, row: InterviewRow) {
  const { graph } = knowledge
  const { urgency, ranking, department } = conclude(graph, row.state)
  const known = { evidence: evidenceOf(row.state), person: row.state.person }
  return {
    urgency: shownUrgency(graph.facts, urgency),
    candidates: ranking.candidates.slice(0, 5).map((one) => shownCandidate(knowledge, one, known)),
    no_good_match: ranking.isNoGoodMatch,
    something_else: ranking.other,
    department: department === undefined ? null : { id: department.id, ...department.name },
    advice: adviceFor(urgency.level),
    records: row.outcome?.records ?? null,
  }
}

/** An interview as its routes show it. */
export function shownInterview(knowledge: CompiledKnowledge, row: InterviewRow) {
  const { graph } = knowledge
  const named = (id: string): Finding | undefined => graph.findings[graph.findingIndex.get(id) ?? -1]
  const nameOf = (id: string) => named(id)?.name ?? { en: id, zh: id }
  const step = nextStep(graph, row.state)
  const { person, complaints, answers } = row.state
  return {
    id: row.id,
    revision: row.revision,
    status: row.status,
    patient: row.patient ?? null,
    person: { age: person.ageYears ?? null, sex: person.sex ?? null, pregnant: person.pregnant ?? null },
    complaints: complaints.map((id) => ({ finding: id, name: nameOf(id) })),
    answers: answers.map(({ finding, reply, kind }) => ({
      finding,
      name: nameOf(finding),
      text: named(finding)?.question ?? nameOf(finding),
      answer: reply,
      kind,
    })),
    question: row.status === 'open' ? shownStep(step) : null,
    stopped: step.kind === 'stop' ? step.why : null,
    progress: { asked: answers.length, most: interviewLimits.questions },
    urgency: shownUrgency(graph.facts, urgencySoFar(graph, row.state)),
    conclusion: row.status === 'finished' || row.status === 'finishing' ? shownConclusion(knowledge, row) : null,
    knowledge_version: row.knowledgeVersion,
    created_at: row.createdAt.toISOString(),
    changed_at: row.changedAt.toISOString(),
    disclaimer,
  }
}
