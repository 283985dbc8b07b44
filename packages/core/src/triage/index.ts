// The door to triage: facts, their compiled form, scores, departments, urgency, explanations and the next question.
export { type ArticleScore, articleScores } from './article.ts'
export { departmentFor } from './departments.ts'
export { type Contribution, type Explanation, explain } from './explain.ts'
export type * from './facts.ts'
export { applies, urgencyLevels, vitalNames } from './facts.ts'
export { compileGraph, type TriageGraph } from './graph.ts'
export {
  type Answered,
  type Conclusion,
  conclude,
  evidenceOf,
  findingOf,
  type Interview,
  nextStep,
  type Reply,
  urgencySoFar,
  withAnswer,
  withoutLast,
} from './interview.ts'
export { type FindingNames, indexNames, type ReadNames, type UnknownName } from './names.ts'
export { type Evidence, posterior } from './posterior.ts'
export { type InterviewState, interviewLimits, type NextStep, nextQuestion } from './question.ts'
export { type Candidate, type Ranking, rankConditions } from './rank.ts'
export { conditionReasons, higher, type UrgencyAnswer, type UrgencyReason, urgency, type Vitals } from './urgency.ts'
