// How likely each condition is, given what is present and what is absent: naive Bayes over the compiled graph.
import type { Condition, Person } from './facts.ts'
import type { TriageGraph } from './graph.ts'

/** What is known of the findings; one that is in neither list is unknown. */
export interface Evidence {
  readonly present: readonly string[]
  readonly absent: readonly string[]
}

/** The share of people who ask for help with something that is none of the conditions (authored). */
export const otherPrior = 0.05

const lastAges = [5, 18, 40, 65]

/** The prior weight of a condition for a person; what is not known of the person changes nothing. */
export function priorWeight(condition: Condition, { ageYears, sex }: Person): number {
  const band = ageYears === undefined ? undefined : lastAges.filter((last) => ageYears >= last).length
  const byAge = band === undefined ? 1 : (condition.ageWeights[band] ?? 1)
  const bySex = sex === undefined ? 1 : sex === 'female' ? condition.femaleWeight : condition.maleWeight
  return condition.weight * byAge * bySex
}

/** Logarithms of the priors, `[conditions + 1]`; the last one is "something else". */
export function logPriors(graph: TriageGraph, person: Person): Float64Array {
  const weights = graph.conditions.map((condition) => priorWeight(condition, person))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const logs = new Float64Array(weights.length + 1)
  for (const [index, weight] of weights.entries()) logs[index] = Math.log(((1 - otherPrior) * weight) / sum)
  logs[weights.length] = Math.log(otherPrior)
  return logs
}

/** Adds what one finding says to the logarithms, in place (they belong to the caller). */
export function addFinding(graph: TriageGraph, logs: Float64Array, finding: number, isPresent: boolean): void {
  const { edgeStart, edgeCondition, edgeP, baseP, otherP } = graph
  const logOf = (p: number): number => Math.log(isPresent ? p : 1 - p)
  const base = logOf(baseP[finding] ?? 0)
  const last = logs.length - 1
  for (let condition = 0; condition < last; condition += 1) logs[condition] = (logs[condition] ?? 0) + base
  for (let edge = edgeStart[finding] ?? 0; edge < (edgeStart[finding + 1] ?? 0); edge += 1) {
    const condition = edgeCondition[edge] ?? 0
    logs[condition] = (logs[condition] ?? 0) + logOf(edgeP[edge] ?? 0) - base
  }
  logs[last] = (logs[last] ?? 0) + logOf(otherP[finding] ?? 0)
}

/** Turns logarithms into probabilities that sum to 1; a new array. */
export function normalise(logs: Float64Array): Float64Array {
  let highest = Number.NEGATIVE_INFINITY
  for (const value of logs) highest = Math.max(highest, value)
  const probabilities = logs.map((value) => Math.exp(value - highest))
  const sum = probabilities.reduce((total, value) => total + value, 0)
  return probabilities.map((value) => value / sum)
}

/**
 * P(condition | evidence, person), `[conditions + 1]`, summing to 1; the last one is "something else".
 * Findings that are not in the graph and those of kind `danger` without edges say nothing about which condition it is.
 */
export function posterior(graph: TriageGraph, evidence: Evidence, person: Person = {}): Float64Array {
  const logs = logPriors(graph, person)
  for (const [ids, isPresent] of [
    [evidence.present, true],
    [evidence.absent, false],
  ] as const) {
    for (const id of ids) {
      const finding = graph.findingIndex.get(id)
      if (finding !== undefined && graph.findings[finding]?.kind !== 'danger')
        addFinding(graph, logs, finding, isPresent)
    }
  }
  return normalise(logs)
}
