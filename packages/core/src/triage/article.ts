// The article's score by name: of all symptoms that a disease is drawn with, the share that the person has.
import type { NamedEdge } from './facts.ts'

/** A disease with its score, 0 to 1. */
export interface ArticleScore {
  readonly disease: string
  readonly score: number
}

/**
 * Scores as the article's Cypher query does: matched symptoms / all symptoms of the disease, highest first; diseases of
 * equal score in the order of their names; a disease without a match is left out. A name given twice counts once.
 */
export function articleScores(edges: readonly NamedEdge[], symptoms: readonly string[]): readonly ArticleScore[] {
  const wanted = new Set(symptoms)
  const byDisease = Map.groupBy(edges, ({ disease }) => disease)
  return [...byDisease]
    .map(([disease, own]) => ({
      disease,
      score: own.filter(({ symptom }) => wanted.has(symptom)).length / own.length,
    }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || (a.disease.toLowerCase() < b.disease.toLowerCase() ? -1 : 1))
}
