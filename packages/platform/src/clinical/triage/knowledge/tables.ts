// Which tables the knowledge has: the columns of each, in the order of its TSV file, and what identifies a row.

/** A column; `number` is stored as a number, an empty cell as null. */
export interface Column {
  readonly name: string
  readonly kind: 'text' | 'number'
}

/** A table of the knowledge. */
export interface KnowledgeTable {
  /** Name in the schema `triage`. */
  readonly name: string
  /** File under data/. */
  readonly file: string
  readonly columns: readonly Column[]
  readonly key: readonly string[]
}

/** One row as in its TSV file: texts by column, empty where there is nothing. */
export type KnowledgeRow = Readonly<Record<string, string>>

/** All rows of a version, by table. */
export type KnowledgeRows = ReadonlyMap<string, readonly KnowledgeRow[]>

const numbers: ReadonlySet<string> = new Set(
  'position min_age max_age severity weight age_0 age_5 age_18 age_40 age_65 female male leak p above below'.split(' '),
)

function table(name: string, file: string, columns: string, key: string): KnowledgeTable {
  return {
    name,
    file,
    columns: columns.split(' ').map((column) => ({ name: column, kind: numbers.has(column) ? 'number' : 'text' })),
    key: key.split(' '),
  }
}

/** The tables, in an order in which what refers comes after what is referred to. */
export const knowledgeTables: readonly KnowledgeTable[] = Object.freeze([
  table('source', 'triage/sources.tsv', 'id title url licence opened', 'id'),
  table('department', 'triage/departments.tsv', 'id en zh', 'id'),
  table(
    'referral',
    'triage/referrals.tsv',
    'position icd10_from icd10_to min_age max_age sex pregnant department',
    'position',
  ),
  table(
    'condition',
    'triage/conditions.tsv',
    'id ddxplus en zh icd10 severity weight age_0 age_5 age_18 age_40 age_65 female male',
    'id',
  ),
  table(
    'finding',
    'triage/findings.tsv',
    'id kind en zh question_en question_zh synonyms hpo ddxplus leak sex min_age max_age',
    'id',
  ),
  table('presents_in', 'triage/presents_in.tsv', 'finding condition p source', 'finding condition'),
  table(
    'red_flag',
    'triage/red_flags.tsv',
    'id level all_of any_of min_age max_age sex pregnant ask_when en zh source',
    'id',
  ),
  table('danger_vital', 'triage/danger_vitals.tsv', 'id vital min_age max_age above below level source', 'id'),
  table('named_edge', 'article/graph.tsv', 'symptom symptom_type disease', 'symptom disease'),
  table('drug', 'medicines/drugs.tsv', 'id name names rxnorm atc', 'id'),
  table('drug_class', 'medicines/classes.tsv', 'id name drugs', 'id'),
  table(
    'interaction',
    'medicines/interactions.tsv',
    'position left_side right_side severity description advice source',
    'position',
  ),
  table('allergy_group', 'medicines/allergy_groups.tsv', 'id en zh names atc', 'id'),
])
