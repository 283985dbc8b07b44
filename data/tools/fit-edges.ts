// How often a finding presents in a condition, learnt from patients and shrunk to what was chosen where they are few (pure).
import type { DdxplusPatient } from './ddxplus-patients.ts'

/** An edge before it has met patients. */
export interface ChosenEdge {
  readonly finding: string
  readonly condition: string
  /** P(finding | condition) as chosen without figures. */
  readonly chosen: number
}

/** An edge with what patients say of it. */
export interface FittedEdge {
  /** P(finding | condition), from 0.02 to 0.95. */
  readonly p: number
  /** Patients with the condition. */
  readonly patients: number
}

// The choice counts as much as this many patients; 2 instead gave the same within half a percent.
const choiceWeight = 4
// No single answer may rule a condition out or in: the patients are synthetic, and few.
const [leastP, mostP] = [0.02, 0.95]

/**
 * The mean of a Beta posterior whose prior mean is the choice: (k + 4 · chosen) / (n + 4). Without patients it is the choice.
 * O(edges + patients × findings).
 */
export function fitEdges(edges: readonly ChosenEdge[], patients: readonly DdxplusPatient[]): readonly FittedEdge[] {
  const counts = new Map<string, { patients: number; readonly present: Map<string, number> }>()
  for (const { condition, present } of patients) {
    const count = counts.get(condition) ?? { patients: 0, present: new Map<string, number>() }
    count.patients += 1
    for (const finding of present) count.present.set(finding, (count.present.get(finding) ?? 0) + 1)
    counts.set(condition, count)
  }
  return edges.map(({ finding, condition, chosen }) => {
    const count = counts.get(condition)
    if (count === undefined) return { p: chosen, patients: 0 }
    const p = ((count.present.get(finding) ?? 0) + choiceWeight * chosen) / (count.patients + choiceWeight)
    return { p: Math.min(mostP, Math.max(leastP, p)), patients: count.patients }
  })
}
