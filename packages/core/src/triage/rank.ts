// The answer of triage: conditions by probability, with their departments, or that nothing here fits well.

import { departmentFor } from './departments.ts'
import type { Condition, Department, Person } from './facts.ts'
import type { TriageGraph } from './graph.ts'
import { type Evidence, posterior } from './posterior.ts'

/** A condition that may be there. */
export interface Candidate {
  readonly condition: Condition
  readonly index: number
  /** P(condition | evidence, person). */
  readonly p: number
  readonly department: Department | undefined
}

/** Candidates, most likely first. */
export interface Ranking {
  readonly candidates: readonly Candidate[]
  /** P(something that is none of the conditions). */
  readonly other: number
  /** True when "something else" is likelier than every condition. */
  readonly isNoGoodMatch: boolean
}

/** Ranks the conditions; at most `limit` of them, none below `least`. */
export function rankConditions(
  graph: TriageGraph,
  evidence: Evidence,
  person: Person = {},
  { limit = 10, least = 0.005 }: { readonly limit?: number; readonly least?: number } = {},
): Ranking {
  const probabilities = posterior(graph, evidence, person)
  const other = probabilities.at(-1) ?? 0
  const candidates = graph.conditions
    .map((condition, index) => ({ condition, index, p: probabilities[index] ?? 0 }))
    .toSorted((a, b) => b.p - a.p || (a.condition.id < b.condition.id ? -1 : 1))
    .slice(0, limit)
    .filter(({ p }) => p >= least)
    .map((one) => ({ ...one, department: departmentFor(graph.facts, one.condition.icd10, person) }))
  return { candidates, other, isNoGoodMatch: other > (candidates[0]?.p ?? 0) }
}
