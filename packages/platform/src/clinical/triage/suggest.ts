// The answer of `POST /triage` from compiled knowledge (pure): by default Bayes over the graph, by name the article's formula.
import { AppError } from '@xinglin/core/errors'
import {
  type ArticleScore,
  articleScores,
  type Candidate,
  departmentFor,
  type Evidence,
  explain,
  type Person,
  type ReadNames,
  rankConditions,
  type TriageFacts,
  type UrgencyAnswer,
  urgency,
  type Vitals,
} from '@xinglin/core/triage'
import type { CompiledKnowledge } from './knowledge/knowledge.ts'
import { disclaimer } from './schemas.ts'

/** What is asked. */
export interface TriageQuestion {
  readonly symptoms: readonly string[]
  readonly absent: readonly string[]
  readonly person: Person
  readonly vitals: Vitals
  readonly limit: number
}

// Names that nothing is known by, with what may have been meant.
type Unknown = ReadNames['unknown']

const defaultNearest = 5

/** @throws AppError 'unprocessable' that names what may have been meant, when not one name is known */
export function requireKnown(symptoms: readonly string[], unknown: Unknown): void {
  if (unknown.length < symptoms.length) return
  const issues = unknown.map(({ name, suggestions }) => ({
    severity: 'error' as const,
    code: 'value' as const,
    expression: 'symptoms',
    diagnostics:
      suggestions.length === 0
        ? `No symptom is known as ${JSON.stringify(name)}: see /api/v1/triage/findings`
        : `No symptom is known as ${JSON.stringify(name)}: perhaps ${suggestions.join(', ')}`,
  }))
  throw new AppError('unprocessable', issues.map(({ diagnostics }) => diagnostics).join('; '), { issues })
}

/** An urgency as answers show it, with the titles of its sources. */
export function shownUrgency(facts: Pick<TriageFacts, 'sources'>, { level, reasons }: UrgencyAnswer) {
  return {
    level,
    reasons: reasons.map(({ source: id, ...reason }) => {
      const source = facts.sources.find((one) => one.id === id)
      return {
        ...reason,
        source: source === undefined ? null : { title: source.title, url: source.url ?? null },
        reviewed: source?.opened !== undefined,
      }
    }),
  }
}

function shownDepartment(department: Candidate['department']) {
  return {
    department: department?.name.en ?? null,
    department_zh: department?.name.zh ?? null,
    department_id: department?.id ?? null,
  }
}

/** A candidate as answers show it, with what speaks for and against it. */
export function shownCandidate(
  { graph }: Pick<CompiledKnowledge, 'graph'>,
  { condition, index, p, department }: Candidate,
  known: { readonly evidence: Evidence; readonly person: Person },
) {
  const { contributions } = explain(graph, index, known.evidence, known.person)
  return {
    disease: condition.name.en,
    confidence: p,
    disease_zh: condition.name.zh,
    condition: condition.id,
    icd10: condition.icd10,
    ...shownDepartment(department),
    explanation: contributions.map(({ finding, isPresent, logOdds }) => ({
      finding,
      name: graph.findings[graph.findingIndex.get(finding) ?? -1]?.name ?? { en: finding, zh: finding },
      present: isPresent,
      log_odds: logOdds,
    })),
  }
}

/** Bayes over the whole graph, with urgency and explanations. */
export function suggestByBayes(knowledge: CompiledKnowledge, question: TriageQuestion) {
  const { graph, names, version } = knowledge
  const { person, vitals, limit } = question
  const present = names.read(question.symptoms)
  requireKnown(question.symptoms, present.unknown)
  const absent = names.read(question.absent)
  const ids = (read: ReadNames): readonly string[] => read.findings.map(({ id }) => id)
  const evidence = { present: ids(present), absent: ids(absent).filter((id) => !ids(present).includes(id)) }
  const ranking = rankConditions(graph, evidence, person, { limit })
  return {
    input_symptoms: question.symptoms,
    suggested_departments: ranking.candidates.map((one) => shownCandidate(knowledge, one, { evidence, person })),
    scoring: 'bayes',
    graph: 'xinglin',
    no_good_match: ranking.isNoGoodMatch,
    something_else: ranking.other,
    urgency: shownUrgency(graph.facts, urgency(graph.facts, { evidence, person, vitals })),
    unknown_symptoms: [...present.unknown, ...absent.unknown],
    knowledge_version: version,
    disclaimer,
  }
}

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase()

// A name counts in the article's graph as drawn there, or by any name of the finding that is called so.
function drawnNames({ articleEdges, names }: CompiledKnowledge, symptoms: readonly string[]) {
  const drawn = [...new Set(articleEdges.map(({ symptom }) => symptom))]
  return symptoms.map((name) => {
    const called = names.read([name]).findings[0]?.name.en
    return { name, drawn: drawn.find((known) => same(known, name) || (called !== undefined && same(known, called))) }
  })
}

// The article's diseases in ICD-10 (https://icd.who.int/browse10/2019/en), because its graph has names only.
const articleIcd10: ReadonlyMap<string, string> = new Map([
  ['Common Cold', 'J00'],
  ['Pneumonia', 'J18'],
  ['COVID-19', 'U07.1'],
])

/** The article's formula on the article's graph. */
export function suggestByArticle(knowledge: CompiledKnowledge, question: TriageQuestion) {
  const { articleEdges, graph, names, version } = knowledge
  const read = drawnNames(knowledge, question.symptoms)
  const all = [...new Set(articleEdges.map(({ symptom }) => symptom))]
  const unknown = read.flatMap(({ name, drawn }) =>
    drawn === undefined ? [{ name, suggestions: all.slice(0, defaultNearest) }] : [],
  )
  requireKnown(question.symptoms, unknown)
  const scores = articleScores(
    articleEdges,
    read.flatMap(({ drawn }) => drawn ?? []),
  )
  return {
    input_symptoms: question.symptoms,
    suggested_departments: scores.slice(0, question.limit).map(({ disease, score }) => {
      const code = articleIcd10.get(disease) ?? graph.conditions.find(({ name }) => same(name.en, disease))?.icd10
      const department = code === undefined ? undefined : departmentFor(graph.facts, code, question.person)
      return {
        disease,
        confidence: score,
        ...shownDepartment(department),
      }
    }),
    scoring: 'article',
    graph: 'article',
    unknown_symptoms: unknown,
    knowledge_version: version,
    disclaimer,
    urgency: shownUrgency(
      graph.facts,
      urgency(graph.facts, {
        evidence: { present: names.read(question.symptoms).findings.map(({ id }) => id) },
        person: question.person,
        vitals: question.vitals,
      }),
    ),
  }
}

/**
 * The article's formula on the whole graph: every finding that presents in a condition counts as one of its symptoms.
 * @param given scores of Neo4j where it was asked
 */
export function suggestByArticleOnAll(
  knowledge: CompiledKnowledge,
  question: TriageQuestion,
  given?: readonly ArticleScore[],
) {
  const { graph, names, version } = knowledge
  const { presentsIn } = graph.facts
  const read = names.read(question.symptoms)
  requireKnown(question.symptoms, read.unknown)
  const scores =
    given ??
    articleScores(
      presentsIn.map(({ finding, condition }) => ({ symptom: finding, disease: condition })),
      read.findings.map(({ id }) => id),
    )
  return {
    input_symptoms: question.symptoms,
    suggested_departments: scores.slice(0, question.limit).flatMap(({ disease, score }) => {
      const condition = graph.conditions[graph.conditionIndex.get(disease) ?? -1]
      if (condition === undefined) return []
      const department = departmentFor(graph.facts, condition.icd10, question.person)
      return [
        {
          disease: condition.name.en,
          confidence: score,
          disease_zh: condition.name.zh,
          condition: condition.id,
          icd10: condition.icd10,
          ...shownDepartment(department),
        },
      ]
    }),
    scoring: 'article',
    graph: 'xinglin',
    engine: given === undefined ? 'arrays' : 'neo4j',
    unknown_symptoms: read.unknown,
    knowledge_version: version,
    disclaimer,
  }
}
