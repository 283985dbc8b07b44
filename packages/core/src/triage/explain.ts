// What speaks for a condition and what against it: log-odds, finding by finding, that add up exactly.
import type { Person } from './facts.ts'
import type { TriageGraph } from './graph.ts'
import { addFinding, type Evidence, logPriors, normalise } from './posterior.ts'

/** What one finding did to the log-odds of a condition (natural logarithm); above 0 speaks for it. */
export interface Contribution {
  readonly finding: string
  readonly isPresent: boolean
  readonly logOdds: number
}

/** Prior + sum of the contributions = posterior, all in log-odds against everything else. */
export interface Explanation {
  readonly prior: number
  readonly contributions: readonly Contribution[]
  readonly posterior: number
}

function logOdds(probabilities: Float64Array, condition: number): number {
  const p = probabilities[condition] ?? 0
  const others = probabilities.reduce((sum, value, index) => (index === condition ? sum : sum + value), 0)
  return Math.log(p) - Math.log(others)
}

/** Explains one condition; findings are counted in the order of the evidence, present ones first. */
export function explain(graph: TriageGraph, condition: number, evidence: Evidence, person: Person = {}): Explanation {
  const logs = logPriors(graph, person)
  const prior = logOdds(normalise(logs), condition)
  const steps = [
    ...evidence.present.map((finding) => ({ finding, isPresent: true })),
    ...evidence.absent.map((finding) => ({ finding, isPresent: false })),
  ]
  const contributions: Contribution[] = []
  let before = prior
  for (const { finding, isPresent } of steps) {
    const index = graph.findingIndex.get(finding)
    if (index === undefined || graph.findings[index]?.kind === 'danger') continue
    addFinding(graph, logs, index, isPresent)
    const after = logOdds(normalise(logs), condition)
    contributions.push({ finding, isPresent, logOdds: after - before })
    before = after
  }
  return { prior, contributions, posterior: before }
}
