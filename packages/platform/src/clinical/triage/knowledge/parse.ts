// From rows to typed facts: the one place where the texts of the tables are understood.
import {
  type Applicability,
  type FindingKind,
  type NamedEdge,
  type TriageFacts,
  type Urgency,
  urgencyLevels,
  type VitalName,
  vitalNames,
} from '@xinglin/core/triage'
import type { KnowledgeRow, KnowledgeRows } from './tables.ts'

/** Typed knowledge of one version. */
export interface ParsedKnowledge {
  readonly facts: TriageFacts
  /** The article's graph. */
  readonly articleEdges: readonly NamedEdge[]
}

const text = (row: KnowledgeRow, column: string): string => row[column] ?? ''

function list(row: KnowledgeRow, column: string, separator: string): readonly string[] {
  return text(row, column)
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function number(row: KnowledgeRow, column: string): number {
  const value = Number(text(row, column))
  if (text(row, column) === '' || !Number.isFinite(value)) {
    throw new Error(`${column} of ${JSON.stringify(row).slice(0, 200)} is not a number`)
  }
  return value
}

function optionalNumber<Name extends string>(
  row: KnowledgeRow,
  column: string,
  name: Name,
): { readonly [K in Name]?: number } {
  return text(row, column) === '' ? {} : ({ [name]: number(row, column) } as { readonly [K in Name]?: number }) // one known key
}

function oneOf<T extends string>(row: KnowledgeRow, column: string, known: readonly T[]): T {
  const found = known.find((value) => value === text(row, column))
  if (found === undefined) {
    throw new Error(`${column} of ${JSON.stringify(row).slice(0, 200)} must be one of ${known.join(', ')}`)
  }
  return found
}

function applicability(row: KnowledgeRow): Applicability {
  const sex = text(row, 'sex')
  const pregnant = text(row, 'pregnant')
  return {
    ...optionalNumber(row, 'min_age', 'minAge'),
    ...optionalNumber(row, 'max_age', 'maxAge'),
    ...(sex === '' ? {} : { sex: oneOf(row, 'sex', ['F', 'M']) }),
    ...(pregnant === '' ? {} : { pregnant: oneOf(row, 'pregnant', ['yes', 'no']) === 'yes' }),
  }
}

const optionalText = <Name extends string>(
  row: KnowledgeRow,
  column: string,
  name: Name,
): { readonly [K in Name]?: string } =>
  text(row, column) === '' ? {} : ({ [name]: text(row, column) } as { readonly [K in Name]?: string }) // one known key

const kinds: readonly FindingKind[] = ['symptom', 'risk', 'danger']
const levels: readonly Urgency[] = urgencyLevels
const vitals: readonly VitalName[] = vitalNames
const bilingual = (row: KnowledgeRow) => ({ en: text(row, 'en'), zh: text(row, 'zh') })

/**
 * Understands the rows of a version.
 * @throws Error that names the row and column that cannot be understood
 */
export function parseKnowledge(rows: KnowledgeRows): ParsedKnowledge {
  const of = (table: string): readonly KnowledgeRow[] => rows.get(table) ?? []
  const facts: TriageFacts = {
    sources: of('source').map((row) => ({
      id: text(row, 'id'),
      title: text(row, 'title'),
      licence: text(row, 'licence'),
      ...optionalText(row, 'url', 'url'),
      ...optionalText(row, 'opened', 'opened'),
    })),
    departments: of('department').map((row) => ({ id: text(row, 'id'), name: bilingual(row) })),
    referrals: of('referral').map((row) => ({
      from: text(row, 'icd10_from'),
      to: text(row, 'icd10_to'),
      department: text(row, 'department'),
      ...applicability(row),
    })),
    conditions: of('condition').map((row) => ({
      id: text(row, 'id'),
      name: bilingual(row),
      icd10: text(row, 'icd10'),
      severity: number(row, 'severity'),
      weight: number(row, 'weight'),
      ageWeights: ['age_0', 'age_5', 'age_18', 'age_40', 'age_65'].map((column) => number(row, column)),
      femaleWeight: number(row, 'female'),
      maleWeight: number(row, 'male'),
    })),
    findings: of('finding').map((row) => ({
      id: text(row, 'id'),
      kind: oneOf(row, 'kind', kinds),
      name: bilingual(row),
      question: { en: text(row, 'question_en'), zh: text(row, 'question_zh') },
      synonyms: list(row, 'synonyms', ';'),
      leak: number(row, 'leak'),
      ...optionalText(row, 'hpo', 'hpo'),
      ...applicability(row),
    })),
    presentsIn: of('presents_in').map((row) => ({
      finding: text(row, 'finding'),
      condition: text(row, 'condition'),
      p: number(row, 'p'),
      source: text(row, 'source'),
    })),
    redFlags: of('red_flag').map((row) => ({
      id: text(row, 'id'),
      level: oneOf(row, 'level', levels),
      allOf: list(row, 'all_of', ','),
      anyOf: list(row, 'any_of', ','),
      askWhen: list(row, 'ask_when', ','),
      text: bilingual(row),
      ...applicability(row),
      ...optionalText(row, 'source', 'source'),
    })),
    dangerVitals: of('danger_vital').map((row) => ({
      id: text(row, 'id'),
      vital: oneOf(row, 'vital', vitals),
      level: oneOf(row, 'level', levels),
      ...optionalNumber(row, 'above', 'above'),
      ...optionalNumber(row, 'below', 'below'),
      ...applicability(row),
      ...optionalText(row, 'source', 'source'),
    })),
  }
  const articleEdges = of('named_edge').map((row) => ({
    symptom: text(row, 'symptom'),
    disease: text(row, 'disease'),
    ...optionalText(row, 'symptom_type', 'symptomType'),
  }))
  return { facts, articleEdges }
}
