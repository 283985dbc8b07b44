// The knowledge as typed arrays: what a present or absent finding does to the logarithm of each condition's weight.
import type { Condition, Finding, TriageFacts } from './facts.ts'

/** Compiled knowledge: one row of edges a finding, in the order of the conditions. */
export interface TriageGraph {
  readonly facts: TriageFacts
  readonly conditions: readonly Condition[]
  readonly findings: readonly Finding[]
  readonly findingIndex: ReadonlyMap<string, number>
  readonly conditionIndex: ReadonlyMap<string, number>
  /** `[findings + 1]`: the edges of finding f are `edgeStart[f]` up to `edgeStart[f + 1]`. */
  readonly edgeStart: Int32Array
  readonly edgeCondition: Int32Array
  /** `[edges]`: P(finding | condition), leak included. */
  readonly edgeP: Float64Array
  /** `[findings]`: P(finding) where no edge says more. */
  readonly baseP: Float64Array
  /** `[findings]`: P(finding) when none of the conditions is there but something else is. */
  readonly otherP: Float64Array
}

// Something that is none of our conditions also causes symptoms: of each of them now and then (authored, not tuned).
const otherSymptomP = 0.15
const otherDangerP = 0.02

function otherProbability(finding: Finding): number {
  if (finding.kind === 'risk') return finding.leak
  return Math.max(finding.leak, finding.kind === 'danger' ? otherDangerP : otherSymptomP)
}

/**
 * Compiles facts into typed arrays. P(finding | condition) is the noisy-or of the edge and the leak:
 * 1 − (1 − leak)(1 − p) (Pearl 1988; one condition at a time is considered).
 * @throws Error when an edge names a finding or condition that is not there
 */
export function compileGraph(facts: TriageFacts): TriageGraph {
  const { findings, conditions } = facts
  const findingIndex = new Map(findings.map(({ id }, index) => [id, index]))
  const conditionIndex = new Map(conditions.map(({ id }, index) => [id, index]))
  const edges = facts.presentsIn.map((edge) => {
    const finding = findingIndex.get(edge.finding)
    const condition = conditionIndex.get(edge.condition)
    if (finding === undefined || condition === undefined) {
      throw new Error(`PRESENTS_IN ${edge.finding} → ${edge.condition} names what is not there`)
    }
    return { finding, condition, p: edge.p }
  })
  edges.sort((a, b) => a.finding - b.finding || a.condition - b.condition)
  const edgeStart = new Int32Array(findings.length + 1)
  for (const { finding } of edges) edgeStart[finding + 1] = (edgeStart[finding + 1] ?? 0) + 1
  for (let index = 1; index < edgeStart.length; index += 1) {
    edgeStart[index] = (edgeStart[index] ?? 0) + (edgeStart[index - 1] ?? 0)
  }
  return {
    facts,
    conditions,
    findings,
    findingIndex,
    conditionIndex,
    edgeStart,
    edgeCondition: Int32Array.from(edges, ({ condition }) => condition),
    edgeP: Float64Array.from(edges, ({ finding, p }) => 1 - (1 - (findings[finding]?.leak ?? 0)) * (1 - p)),
    baseP: Float64Array.from(findings, ({ leak }) => leak),
    otherP: Float64Array.from(findings, otherProbability),
  }
}
