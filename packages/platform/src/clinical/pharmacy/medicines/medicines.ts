// What is known of medicines, compiled for asking: names and codes to substances, pairs to interactions, allergies to groups.

/** A row of a knowledge table: texts by column. */
export type MedicineRow = Readonly<Record<string, string>>

/** Rows by table: `drug`, `drug_class`, `interaction`, `allergy_group`. */
export type MedicineRows = ReadonlyMap<string, readonly MedicineRow[]>

/** How serious an interaction is, from the lowest to the highest (the four degrees of the ANSM thesaurus). */
export const severities = ['take-into-account', 'precaution', 'not-recommended', 'contraindicated'] as const

/** One of {@link severities}. */
export type Severity = (typeof severities)[number]

/** An active substance. */
export interface Drug {
  readonly id: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly rxnorm: readonly string[]
  readonly atc: readonly string[]
}

/** An interaction between two substances, by themselves or through their classes. */
export interface Interaction {
  readonly severity: Severity
  readonly description: string
  readonly advice: string
  readonly source: string
}

/** A group within which an allergy counts for every member. */
export interface AllergyGroup {
  readonly id: string
  readonly en: string
  readonly zh: string
  readonly names: readonly string[]
  /** ATC codes that begin so. */
  readonly atc: readonly string[]
}

/** Compiled knowledge of medicines. */
export interface Medicines {
  readonly drugs: ReadonlyMap<string, Drug>
  readonly byRxnorm: ReadonlyMap<string, readonly string[]>
  readonly byAtc: ReadonlyMap<string, readonly string[]>
  /** Names in plain form, by their first word; Chinese names stand under the empty text. */
  readonly byFirstWord: ReadonlyMap<string, readonly NamedDrug[]>
  readonly classesOf: ReadonlyMap<string, readonly string[]>
  readonly interactions: ReadonlyMap<string, readonly Interaction[]>
  readonly groups: readonly AllergyGroup[]
  /** Substances of concepts that were looked at before: a prescription is compared with each of a patient's others. */
  readonly recognised: WeakMap<object, readonly string[]>
}

/** A name of a substance. */
export interface NamedDrug {
  readonly words: string
  readonly drug: string
}

/** A text in plain form: lower case, words of letters and digits, one space between them. */
export function plainWords(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

const listOf = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(';')
    .map((item) => item.trim())
    .filter((item) => item !== '')

function groupedBy(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(pairs, ([key]) => key)
  return new Map([...groups].map(([key, own]) => [key, [...new Set(own.map(([, value]) => value))]]))
}

const isChinese = (name: string): boolean => /\p{Script=Han}/u.test(name)
// Shorter names would be found inside of other words.
const shortestName = 4

function namesOf(drugs: readonly Drug[]): ReadonlyMap<string, readonly NamedDrug[]> {
  const all = drugs.flatMap(({ id, name, aliases }) =>
    [name, ...aliases].map((text) => ({ words: plainWords(text), drug: id })),
  )
  const usable = all.filter(({ words }) => isChinese(words) || words.length >= shortestName)
  const longestFirst = usable.toSorted((a, b) => b.words.length - a.words.length)
  return Map.groupBy(longestFirst, ({ words }) => (isChinese(words) ? '' : (words.split(' ')[0] ?? '')))
}

const pairKey = (left: string, right: string): string => (left < right ? `${left}|${right}` : `${right}|${left}`)

function interactionsOf(rows: readonly MedicineRow[]): ReadonlyMap<string, readonly Interaction[]> {
  const grouped = Map.groupBy(rows, (row) => pairKey(row.left_side ?? '', row.right_side ?? ''))
  const read = (row: MedicineRow): readonly Interaction[] => {
    const severity = severities.find((known) => known === row.severity)
    if (severity === undefined) return []
    const { description = '', advice = '', source = '' } = row
    return [{ severity, description, advice, source }]
  }
  return new Map([...grouped].map(([key, own]) => [key, own.flatMap(read)]))
}

/** Compiles the rows of the knowledge tables. */
export function compileMedicines(rows: MedicineRows): Medicines {
  const drugs: readonly Drug[] = (rows.get('drug') ?? []).map((row) => ({
    id: row.id ?? '',
    name: row.name ?? '',
    aliases: listOf(row.names),
    rxnorm: listOf(row.rxnorm),
    atc: listOf(row.atc),
  }))
  const members = (rows.get('drug_class') ?? []).flatMap((row) =>
    listOf(row.drugs).map((drug) => [drug, `class:${row.id ?? ''}`] as const),
  )
  return {
    drugs: new Map(drugs.map((drug) => [drug.id, drug])),
    byRxnorm: groupedBy(drugs.flatMap(({ id, rxnorm }) => rxnorm.map((code) => [code, id] as const))),
    byAtc: groupedBy(drugs.flatMap(({ id, atc }) => atc.map((code) => [code, id] as const))),
    byFirstWord: namesOf(drugs),
    classesOf: groupedBy(members),
    interactions: interactionsOf(rows.get('interaction') ?? []),
    groups: (rows.get('allergy_group') ?? []).map((row) => ({
      id: row.id ?? '',
      en: row.en ?? '',
      zh: row.zh ?? '',
      names: listOf(row.names).map(plainWords),
      atc: listOf(row.atc),
    })),
    recognised: new WeakMap(),
  }
}

/** The interactions of two substances, the most serious first; none of a substance with itself. */
export function interactionsBetween(medicines: Medicines, a: string, b: string): readonly Interaction[] {
  if (a === b) return []
  const sides = (drug: string): readonly string[] => [`drug:${drug}`, ...(medicines.classesOf.get(drug) ?? [])]
  const keys = new Set(sides(a).flatMap((left) => sides(b).map((right) => pairKey(left, right))))
  return [...keys]
    .flatMap((key) => medicines.interactions.get(key) ?? [])
    .toSorted((first, second) => severities.indexOf(second.severity) - severities.indexOf(first.severity))
}
